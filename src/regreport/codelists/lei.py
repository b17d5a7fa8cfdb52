"""LEI: the Legal Entity Identifier, twenty characters that name one legal entity in the world.

Eighteen capital letters or digits (the first four name the issuer that opened the range) and two check digits chosen
so that the whole, with A = 10 ... Z = 35 written out, leaves the remainder 1 when divided by 97. The pair catches
every digit put in place of a digit, every letter in place of a letter, and every swap of two neighbours of one kind;
a letter and a digit mistaken for one another shift what follows, and about one such mistake in 97 goes unseen.

Expanded, an LEI has at most 38 digits and fits a 128-bit integer, so the definition itself is the fastest check.

Source: ISO 17442-1:2020; ISO/IEC 7064 system MOD 97-10; the list of those issued is GLEIF's.

>>> import polars as pl
>>> column = pl.DataFrame({"lei": ["529900T8BM49AURSDO55", "529900T8BM49AURSDO56", None]})
>>> column.select(is_valid("lei"))["lei"].to_list()
[True, False, None]
"""

from __future__ import annotations

import re

import polars as pl

from regreport.codelists.alphabet import letters_as_numbers, number_of
from regreport.codelists.column import Column, as_expr, judged

PATTERN = r"^[0-9A-Z]{18}[0-9]{2}$"


def well_formed(values: Column) -> pl.Expr:
    """Whether a text column has an LEI's shape: 18 capital letters or digits, then 2 digits."""
    return as_expr(values).str.contains(PATTERN)


def check_digits(values: Column) -> pl.Expr:
    """Whether a text column holds LEIs whose check digits are right; false also where the shape is wrong."""
    code = as_expr(values)
    remainder = letters_as_numbers(code).cast(pl.Int128, strict=False) % 97
    return judged(well_formed(code), remainder == 1)


def is_valid(values: Column) -> pl.Expr:
    """Whether a text column holds well-formed LEIs with the right check digits. Not whether they were ever issued."""
    return check_digits(values)


def with_check_digits(first_18: str) -> str:
    """The LEI that begins with these 18 characters. Raises ValueError where they are not 18 letters or digits.

    >>> with_check_digits("529900T8BM49AURSDO")
    '529900T8BM49AURSDO55'
    """
    if not re.fullmatch(r"[0-9A-Z]{18}", first_18, re.ASCII):
        raise ValueError(f"an LEI begins with 18 capital letters or digits, not {first_18!r}")
    return f"{first_18}{98 - int(number_of(first_18) + '00') % 97:02d}"
