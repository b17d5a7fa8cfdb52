"""ISIN: the International Securities Identification Number, twelve characters that name one instrument.

A two-letter prefix (the country of the issuer or its agency; XS for international securities, EZ for OTC derivatives,
EU), nine capital letters or digits, and a check digit by Luhn's method over the code with its letters written out as
numbers (A = 10 ... Z = 35): from the right, every second digit is doubled, the digits of all are added, and the sum
ends in zero. It catches every digit put in place of another; of two letters some pairs look alike to it.

The expanded code is padded to 24 digits on the left, so that the doubled places are the same in every row.

Source: ISO 6166:2021 (Annex on check digits); numbers are issued by the national numbering agencies (ANNA).

>>> import polars as pl
>>> column = pl.DataFrame({"isin": ["US0378331005", "US0378331006", None]})
>>> column.select(is_valid("isin"))["isin"].to_list()
[True, False, None]
"""

from __future__ import annotations

import re

import polars as pl

from regreport.codelists.alphabet import letters_as_numbers, number_of
from regreport.codelists.column import Column, as_expr, judged

PATTERN = r"^[A-Z]{2}[0-9A-Z]{9}[0-9]$"
DIGITS_MAX = 24  # eleven letters of two digits each, one check digit, and one more to make the count even
_DIGITS = pl.Array(pl.UInt8, DIGITS_MAX)
_DOUBLED = pl.Series([[1, 0] * (DIGITS_MAX // 2)], dtype=_DIGITS)


def well_formed(values: Column) -> pl.Expr:
    """Whether a text column has an ISIN's shape: 2 letters, 9 capital letters or digits, 1 digit."""
    return as_expr(values).str.contains(PATTERN)


def check_digits(values: Column) -> pl.Expr:
    """Whether a text column holds ISINs whose check digit is right; false also where the shape is wrong."""
    code = as_expr(values)
    padded = letters_as_numbers(code).str.zfill(DIGITS_MAX).cast(pl.Binary)
    digits = padded.bin.reinterpret(dtype=_DIGITS, endianness="little") - ord("0")
    doubled = digits * pl.lit(_DOUBLED)
    # A digit d counts d; a doubled one the digits of 2d: 2d below five, from five on 2d - 9, which ends as 2d + 1.
    total = (digits + doubled + doubled // 5).arr.sum()
    return judged(well_formed(code), total % 10 == 0)


def is_valid(values: Column) -> pl.Expr:
    """Whether a text column holds well-formed ISINs with the right check digit. Not whether they were ever issued."""
    return check_digits(values)


def with_check_digit(first_11: str) -> str:
    """The ISIN that begins with these 11 characters. Raises ValueError where they are not 2 letters and 9 more.

    >>> with_check_digit("US037833100")
    'US0378331005'
    """
    if not re.fullmatch(r"[A-Z]{2}[0-9A-Z]{9}", first_11, re.ASCII):
        raise ValueError(f"an ISIN begins with 2 capital letters and 9 letters or digits, not {first_11!r}")
    digits = [int(digit) for digit in reversed(number_of(first_11))]
    total = sum(digit if place % 2 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits))
    return f"{first_11}{-total % 10}"
