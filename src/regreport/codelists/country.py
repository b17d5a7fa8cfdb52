"""Country: the two capital letters of ISO 3166-1, and which countries are in the European Economic Area on a day.

`country.csv` holds the 249 officially assigned codes. Codes that are only reserved or left to users (EU, UK, XK) are
not countries here. Membership of the EEA decides under which nationality a person is reported; the United Kingdom
counts as a member until the transition period ended, that is up to and including 31 December 2020.

Source: ISO 3166-1:2020 (maintenance agency: ISO); EEA Agreement and the accession treaties for the dates (Croatia,
Bulgaria and Romania from provisional application).

>>> import polars as pl
>>> column = pl.DataFrame({"country": ["FR", "UK", "fr", None]})
>>> column.select(is_valid("country"))["country"].to_list()
[True, False, False, None]
"""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl

from regreport.codelists.column import Column, as_expr, code_list
from regreport.codelists.dated import Day, in_force, periods

PATTERN = r"^[A-Z]{2}$"


def well_formed(values: Column) -> pl.Expr:
    """Whether a text column has a country code's shape: 2 capital letters."""
    return as_expr(values).str.contains(PATTERN)


def is_valid(values: Column) -> pl.Expr:
    """Whether a text column holds officially assigned country codes."""
    return as_expr(values).is_in(code_list("country")["code"].implode())


def is_eea(values: Column, on: Day) -> pl.Expr:
    """Whether a text column holds countries that are in the European Economic Area on `on` (a date, or a column)."""
    return in_force(values, _membership(), on)


def eea_members(on: date) -> list[str]:
    """The codes of the countries in the European Economic Area on that day, in order."""
    members = _membership().filter(pl.col("since") <= on, pl.col("until") > on)
    return members["code"].sort().to_list()


@cache
def _membership() -> pl.DataFrame:
    members = code_list("country").filter(pl.col("eea_from").is_not_null())
    return periods(members, since="eea_from", until="eea_until")
