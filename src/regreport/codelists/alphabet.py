"""The letters of ISO identifiers as numbers: A is 10, B is 11 ... Z is 35, written out in place.

LEI (ISO 17442) and ISIN (ISO 6166) both compute their check digits over the code in which every letter has been
replaced by its two-digit number.
"""

from __future__ import annotations

import polars as pl

LETTERS = [chr(ord("A") + place) for place in range(26)]
NUMBERS = [str(10 + place) for place in range(26)]
DIGITS_AND_LETTERS = "0123456789" + "".join(LETTERS)


def letters_as_numbers(code: pl.Expr) -> pl.Expr:
    """Text in which every capital letter is replaced by its number; digits stay."""
    return code.str.replace_many(LETTERS, NUMBERS)


def number_of(code: str) -> str:
    """The same for one code, for those who make identifiers."""
    return "".join(str(DIGITS_AND_LETTERS.index(letter)) for letter in code)
