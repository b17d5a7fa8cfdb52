"""Identifiers and code lists of regulatory reports, checked on whole columns.

One module is one rule of the world: `lei`, `isin`, `mic`, `cfi`, `uti`, `upi`, `currency`, `country`, `national_id`
and `concat`. Each says what the identifier is, who issues it, and offers the same verbs: `well_formed` (the shape),
`check_digits` (where there are any), `is_valid` (both). A verb takes a Polars expression or a column name and returns
a Boolean expression: null stays null, anything else is true or false, and no value is ever corrected on the way in:
lower case, blanks, full-width digits and look-alike letters are invalid. `distinct.judged_once` makes any of them
cheap on columns that repeat themselves. Lists with dates are CSV files in this folder.
"""
