"""CFI: the Classification of Financial Instruments, six letters that say what kind of instrument a code names.

The first letter is the category (E equity, D debt, C funds, R rights, O listed options, F futures, S swaps, H other
options, I spot, J forwards, K strategies, L financing, T reference instruments, M the rest), the second the group
within it, and the last four are attributes whose letters mean something else in every group. X in an attribute's place
means that it does not apply or is not known, and may stand in any of the four.

What is checked, and how sure it is: the categories and groups are those of the 2021 edition (high). The letters allowed
for each attribute (`cfi.csv`) are the union of what the editions since 2015 allow, written down without the standard's
text at hand: high for E, D, C, R, O, F and SR, SE, SC, HE; medium for the rest of S, H and J, where editions differ and
where HF, JF, HT, HM, JT and ST carry letters that were seen in one secondary list only. A finding on an attribute is
therefore worth a warning, one on category or group an error.

Source: ISO 10962:2021 (maintenance agency: SIX).

>>> import polars as pl
>>> column = pl.DataFrame({"cfi": ["ESVUFR", "SRCCSP", "ESVUFQ", "ZZVUFR", None]})
>>> column.select(is_valid("cfi"))["cfi"].to_list()
[True, True, False, False, None]
"""

from __future__ import annotations

from functools import cache

import polars as pl

from regreport.codelists.column import Column, as_expr, code_list

PATTERN = r"^[A-Z]{6}$"
NOT_APPLICABLE = "X"
ATTRIBUTES = ("first", "second", "third", "fourth")


def well_formed(values: Column) -> pl.Expr:
    """Whether a text column has a CFI code's shape: 6 capital letters."""
    return as_expr(values).str.contains(PATTERN)


def group_is_known(values: Column) -> pl.Expr:
    """Whether a text column holds well-formed codes whose first two letters are a category and a group of it."""
    return as_expr(values).str.contains(_pattern_of_groups())


def is_valid(values: Column) -> pl.Expr:
    """Whether a text column holds codes of a known group whose attributes are letters that the group allows."""
    return as_expr(values).str.contains(_pattern_of_codes())


def category(values: Column) -> pl.Expr:
    """The first letter of each code, as text."""
    return as_expr(values).str.head(1)


def group(values: Column) -> pl.Expr:
    """The first two letters of each code, as text."""
    return as_expr(values).str.head(2)


@cache
def _pattern_of_groups() -> str:
    groups = "|".join(code_list("cfi")["group"])
    return rf"^(?:{groups})[A-Z]{{4}}$"


@cache
def _pattern_of_codes() -> str:
    """One pattern for all groups: the regular expression engine turns it into a single automaton."""
    allowed = [pl.format("[{}" + NOT_APPLICABLE + "]", pl.col(name).fill_null("")) for name in ATTRIBUTES]
    codes = code_list("cfi").select(pl.concat_str("group", *allowed))
    return rf"^(?:{'|'.join(codes.to_series())})$"
