"""UTI: the Unique Transaction Identifier, up to 52 characters that both sides of a derivative report.

It begins with the LEI of whoever made it, followed by up to 32 capital letters or digits of the maker's choice. There
is no check digit of its own; the LEI at its head has two. Trades from before the standard may carry other forms (such
as the US legacy USI of 42 characters): those are not UTIs, and a regime that still takes them says so itself.

Source: ISO 23897:2020; CPMI-IOSCO technical guidance on the UTI (2017).

>>> import polars as pl
>>> column = pl.DataFrame({"uti": ["529900T8BM49AURSDO55TRADE0001", "529900T8BM49AURSDO56TRADE0001", None]})
>>> column.select(is_valid("uti"))["uti"].to_list()
[True, False, None]
"""

from __future__ import annotations

import polars as pl

from regreport.codelists import lei
from regreport.codelists.column import Column, as_expr

PATTERN = r"^[0-9A-Z]{18}[0-9]{2}[0-9A-Z]{0,32}$"
LENGTH_MAX = 52
LEI_LENGTH = 20


def well_formed(values: Column) -> pl.Expr:
    """Whether a text column has a UTI's shape: 20 characters shaped as an LEI, then up to 32 more."""
    return as_expr(values).str.contains(PATTERN)


def generating_entity(values: Column) -> pl.Expr:
    """The LEI at the head of each UTI, as text: its first 20 characters, whatever they are."""
    return as_expr(values).str.head(LEI_LENGTH)


def is_valid(values: Column) -> pl.Expr:
    """Whether a text column holds well-formed UTIs that begin with an LEI whose check digits are right."""
    return well_formed(values) & lei.is_valid(generating_entity(values))
