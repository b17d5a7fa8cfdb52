"""A text column by its distinct values, where those are few: what they are, and which of them each row has."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import polars as pl

SHORT_ROWS: Final = 2_048
"""Up to so many rows, looking for distinct values costs more than it saves."""
SAMPLE_ROWS: Final = 1_000
SHARE_MAX: Final = 4
"""Distinct values are few where they are at most one in so many rows."""

Part = tuple[str, int | None]
"""A column, and how many first characters of it count (None: all)."""


class Distinct:
    """`series` is the column (or its head), `values` its distinct values in order, a null last."""

    def __init__(self, series: pl.Series, values: pl.Series) -> None:
        self.series = series
        self.values = values

    @cached_property
    def texts(self) -> tuple[str | None, ...]:
        """The values as Python has them."""
        return tuple(self.values) if self.series.dtype == pl.String else (None,)

    @cached_property
    def places(self) -> pl.Series:
        """The position of each row's value in `values`, as UInt32."""
        if len(self.values) == 1:
            return pl.repeat(0, len(self.series), dtype=pl.UInt32, eager=True)
        texts = self.values.drop_nulls()
        position = pl.col(self.series.name).cast(pl.Enum(texts)).to_physical().cast(pl.UInt32)
        return self.series.to_frame().select(position.fill_null(len(texts))).to_series()


def distinct(column: pl.Series, part: Part) -> Distinct | None:
    """The distinct values of a column (or of its head, as `part` says); None where there are many, or few rows."""
    height = len(column)
    if column.null_count() == height:
        return Distinct(column, column.head(1))
    if column.dtype != pl.String or height <= SHORT_ROWS:
        return None
    series = column if part[1] is None else column.str.slice(0, part[1])
    if series.gather_every(height // SAMPLE_ROWS).n_unique() > SAMPLE_ROWS // SHARE_MAX:
        return None
    values = series.unique()
    if len(values) > height // SHARE_MAX:
        return None
    return Distinct(series, values.sort(nulls_last=True))
