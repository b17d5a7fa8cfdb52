"""Currency: the three capital letters of ISO 4217, and which of them existed on a given day.

`currency.csv` holds the codes in force with the number of digits after the decimal point that the standard gives them
(none for metals and units of account), and those that ended, with the first day on which they were no longer in force.
The codes and digits in force agree with the standard's list of 1 January 2026. The day on which a code ended is the end
of legal tender or of the code in the standard's amendments; for codes that ended before 2018, when transaction reports
in the present form began, it may be off by weeks.

Prices are quoted on several markets in a hundredth or a thousandth of the unit, under codes that are not of the
standard (GBX, ZAc, ILA): reports take the major unit only. `minor_unit.csv` lists the ones in use.

Source: ISO 4217:2015 as amended up to 1 January 2026 (maintenance agency: SIX); minor units: exchanges' usage.

>>> import polars as pl
>>> from datetime import date
>>> column = pl.DataFrame({"currency": ["EUR", "BGN", "eur", None]})
>>> column.select(is_valid("currency", on=date(2026, 1, 2)))["currency"].to_list()
[True, False, False, None]
"""

from __future__ import annotations

from functools import cache

import polars as pl

from regreport.codelists.column import Column, as_expr, code_list
from regreport.codelists.dated import Day, in_force, periods

PATTERN = r"^[A-Z]{3}$"
NO_MONEY = "special"  # XTS is for tests, XXX says that no currency is involved: nothing is worth an amount of either


def well_formed(values: Column) -> pl.Expr:
    """Whether a text column has a currency code's shape: 3 capital letters."""
    return as_expr(values).str.contains(PATTERN)


def is_valid(values: Column, on: Day) -> pl.Expr:
    """Whether a text column holds currencies, metals or units of account in force on `on` (a date, or a column)."""
    return in_force(values, _spans(), on)


def is_known(values: Column) -> pl.Expr:
    """Whether a text column holds codes that are or once were a currency: tells an ended code from a misspelt one."""
    return as_expr(values).is_in(_spans()["code"].implode())


def minor_digits(values: Column) -> pl.Expr:
    """Digits after the decimal point of each currency (UInt8), null for metals, units of account and unknown codes."""
    listed = code_list("currency")
    digits = listed["minor_digits"].cast(pl.UInt8)
    return as_expr(values).replace_strict(listed["code"], digits, default=None, return_dtype=pl.UInt8)


def is_minor_unit(values: Column) -> pl.Expr:
    """Whether a text column holds a quotation code for a part of a currency, such as GBX for a hundredth of GBP."""
    return as_expr(values).is_in(code_list("minor_unit")["code"].implode())


def major_unit(values: Column) -> pl.Expr:
    """The currency of which each minor quotation code is a part (GBX gives GBP), null for any other code."""
    listed = code_list("minor_unit")
    return as_expr(values).replace_strict(listed["code"], listed["major"], default=None, return_dtype=pl.String)


@cache
def _spans() -> pl.DataFrame:
    return periods(code_list("currency").filter(pl.col("kind") != NO_MONEY), since="from", until="until")
