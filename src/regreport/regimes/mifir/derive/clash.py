"""One way in which the terms of a trade and a filled column may contradict each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Clash:
    """True in `wrong` where it happens; told by the value of a source column. `fields`: the regulator's numbers."""

    fields: str
    column: str
    wrong: pl.Expr
    message: str


def given(rows: pl.DataFrame, column: str) -> bool:
    """Whether some row has a value in the column; where none has, nothing needs to be worked out."""
    return column in rows.columns and rows.get_column(column).null_count() < rows.height


def unknown_word(column: str, fields: str, words: Iterable[str]) -> Clash:
    """A code that is none of these."""
    known = list(words)
    wrong = pl.col(column).is_not_null() & ~pl.col(column).is_in(known)
    return Clash(fields, column, wrong, f"Not one of {', '.join(known)}. Translate it in the mapping of the source")
