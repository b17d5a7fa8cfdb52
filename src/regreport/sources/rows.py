"""Rows as they came: every value as text, in chunks, with the digest of the bytes that they came from.

A chunk bounds the memory of a load, whatever the size of the file. A fault inside the file may show only while the
chunks are read; whoever reads them stores nothing before the last one has come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True)
class SourceRows:
    """`name` is for messages and the ledger: a file name without its folder, or a database URL without its password.

    `digest` is the SHA-256 of the file's bytes (of the rows' text where there is no file). `chunks()` yields tables of
    text columns named as in `columns`, in the order of the file, never an empty one; it raises BadInput where the file
    turns out to be unusable. `inexact` names the columns that came as binary floating point.
    """

    name: str
    digest: str
    columns: tuple[str, ...]
    chunks: Callable[[], Iterator[pl.DataFrame]]
    inexact: frozenset[str] = field(default_factory=frozenset)

    def table(self) -> pl.DataFrame:
        """All rows at once, for small files."""
        empty = pl.DataFrame(schema=dict.fromkeys(self.columns, pl.String))
        return pl.concat([empty, *self.chunks()])


def filled(texts: pl.Series) -> pl.Series:
    """The texts with null for an empty one: a cell without text holds no value."""
    return texts.to_frame("text").select(pl.when(pl.col("text") != "").then("text").alias(texts.name)).to_series()
