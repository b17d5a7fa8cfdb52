"""MIC: the Market Identifier Code, four characters that name a trading venue or one of its segments.

Only the shape can be known from the code itself; which ones exist, since when and until when, is in the list that the
registration authority publishes every month, loaded as a dated snapshot of reference data. Transaction reports use a
few codes in a venue's place that name no venue: they are listed in ISO 10383 but are never a market.

Source: ISO 10383:2012 (list: SWIFT as registration authority); RTS 22 (EU) 2017/590 Annex I field 36 for the stand-ins.

>>> import polars as pl
>>> column = pl.DataFrame({"venue": ["XPAR", "xpar", None]})
>>> column.select(well_formed("venue"))["venue"].to_list()
[True, False, None]
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from regreport.codelists.column import Column, as_expr

PATTERN = r"^[0-9A-Z]{4}$"
STAND_INS = {
    "XOFF": "off exchange: an instrument that is traded on a venue or has a traded underlying, traded elsewhere",
    "XXXX": "no market: the instrument is not traded on any venue",
    "SINT": "a systematic internaliser, where its own code may not be named",
}


def well_formed(values: Column) -> pl.Expr:
    """Whether a text column has a MIC's shape: 4 capital letters or digits."""
    return as_expr(values).str.contains(PATTERN)


def is_valid(values: Column) -> pl.Expr:
    """The same as `well_formed`: a MIC has no check digit. Whether it exists is `is_listed`."""
    return well_formed(values)


def is_stand_in(values: Column) -> pl.Expr:
    """Whether a text column holds a code that stands in a venue's place without naming one (`STAND_INS`)."""
    return as_expr(values).is_in(list(STAND_INS))


def is_listed(values: Column, mics: pl.Series | Iterable[str]) -> pl.Expr:
    """Whether a text column holds codes of the given list, usually the snapshot of the report's date."""
    listed = mics if isinstance(mics, pl.Series) else pl.Series(list(mics), dtype=pl.String)
    return as_expr(values).is_in(listed.implode())
