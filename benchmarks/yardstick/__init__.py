"""The usual row-by-row program: rows as dicts, an lxml tree a report, libxml2, a loop over rules, a commit a report.

Written plainly and without waste, as a firm's own reporting program would be: schemas and reference data are read once,
look-ups are dictionaries, and nothing is done twice.
"""
