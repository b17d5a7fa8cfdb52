"""Parquet as rows of text: exact types are written out exactly, binary floating point is marked as inexact.

A decimal keeps its scale, a timestamp with a zone becomes UTC, one without stays local (the mapping declares its zone).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from regreport.errors import BadInput
from regreport.sources.bytestream import digest_of
from regreport.sources.rows import SourceRows

CHUNK_ROWS = 50_000


def read_parquet(path: Path) -> SourceRows:
    """The rows of a Parquet file. Raises BadInput where it is damaged or a column has a type that is no text."""
    try:
        schema = pl.read_parquet_schema(path)
    except PolarsError as fault:
        raise BadInput(f"not a readable Parquet file: {fault}", "Export it again", file=path.name) from None
    texts = [as_text(name, dtype, path.name) for name, dtype in schema.items()]
    inexact = frozenset(name for name, dtype in schema.items() if dtype.is_float())
    return SourceRows(path.name, digest_of(path), tuple(schema), lambda: _chunks(path, texts), inexact)


def _chunks(path: Path, texts: list[pl.Expr]) -> Iterator[pl.DataFrame]:
    try:
        rows = pl.scan_parquet(path).select(pl.len()).collect().item()
        for start in range(0, rows, CHUNK_ROWS):
            yield pl.scan_parquet(path).slice(start, CHUNK_ROWS).select(texts).collect()
    except PolarsError as fault:
        raise BadInput(f"damaged Parquet: {fault}", "Export it again", file=path.name) from None


def as_text(name: str, dtype: pl.DataType, file: str) -> pl.Expr:
    """The column as text. Lists are parted by `|`, as in CSV. Raises BadInput for types that have no text."""
    column = pl.col(name)
    if isinstance(dtype, pl.List) and dtype.inner in (pl.String, pl.Categorical):
        return column.cast(pl.List(pl.String)).list.join("|")
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone:
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        digits = {"ms": "%.3f", "us": "%.6f", "ns": "%.9f"}[dtype.time_unit]
        text = column.dt.to_string(f"%Y-%m-%dT%H:%M:%S{digits}").str.replace(r"(\.[0-9]*?)0+$", "$1")
        return (text.str.strip_suffix(".") + ("Z" if dtype.time_zone else "")).alias(name)
    if dtype == pl.Date:
        return column.dt.to_string("%Y-%m-%d")
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Duration, pl.Time):
        remedy = "Export it as text, number, date, timestamp or list of text"
        raise BadInput(f"the column has the type {dtype}, which has no text", remedy, file=file, field=name)
    return column.cast(pl.String)
