"""Prices with their sign apart, as the message has them: an amount is unsigned, its sign a field of its own."""

from __future__ import annotations

import polars as pl

MINUS = "false"
"""What the message says of an amount below zero (PlusOrMinusIndicator); above zero it says nothing."""


def signed(column: str, kind: pl.Expr | None = None) -> dict[str, pl.Expr]:
    """`column` without its minus, `<column>_sign`, and `<column>_type` where a kind is given.

    Prices in percent, as a yield or in basis points keep their minus, as the message has no sign for them.
    """
    value = pl.col(column)
    below = value.str.starts_with("-")
    if kind is not None:
        below = below & (kind == "MNTR")
    fields = {
        column: pl.when(below).then(value.str.strip_prefix("-")).otherwise(value),
        f"{column}_sign": pl.when(below).then(pl.lit(MINUS)),
    }
    return fields if kind is None else fields | {f"{column}_type": kind}
