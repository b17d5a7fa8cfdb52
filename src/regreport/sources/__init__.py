"""The firm's own records and the reference data, from file or query to landed columns.

Two steps: `read` gives rows as text, exactly as they came; `land` takes them through the firm's mapping to the
canonical columns (columns.csv), where each value is understood or named as a fault. Nothing is guessed in between.
"""
