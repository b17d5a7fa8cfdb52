"""Which version of each source record stands, and what became of the others.

A firm loads a day more than once: the same file again, a corrected record, a withdrawal. Nothing is edited in place.
Records are told apart by `transaction_id`; a later batch corrects an earlier one, record by record; two different
records with one id inside one batch contradict each other, and then neither is guessed to be right.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import polars as pl

KEY: Final = ("batch_id", "source_line")
NOT_CONTENT: Final = frozenset({"batch_id", "batch_number", "source_line", "source_faults"})


class Standing(StrEnum):
    """What a row of a batch is by now."""

    LIVE = "LIVE"
    DUPLICATE = "DUPLICATE"
    SUPERSEDED = "SUPERSEDED"
    WITHDRAWAL = "WITHDRAWAL"
    CONFLICT = "CONFLICT"
    ORPHAN = "ORPHAN"
    """Withdraws a record that was never loaded."""


def stand(rows: pl.LazyFrame) -> pl.DataFrame:
    """Every source row of a day with its standing.

    `rows`: landed columns (text) and `batch_number`. Returns batch_id, source_line, transaction_id, standing and
    standing_reason (null for LIVE), in order of batch and line. Only rows whose id occurs more than once, or that
    withdraw, are looked at in full.
    """
    keys = (
        rows.select("batch_number", *KEY, "transaction_id", "withdrawn").collect().sort("batch_number", "source_line")
    )
    unusual = (
        keys.filter(pl.col("transaction_id").is_duplicated() | (pl.col("withdrawn") == "true"))
        .select("transaction_id")
        .unique()
    )
    if unusual.is_empty():
        return keys.select(
            *KEY, "transaction_id", standing=pl.lit(Standing.LIVE.value), standing_reason=pl.lit(None, dtype=pl.String)
        )
    full = (
        rows.join(unusual.lazy(), on="transaction_id", how="semi")
        .collect(engine="streaming")
        .sort("batch_number", "source_line")
    )
    judged = _judge(full)
    plain = keys.join(judged, on=KEY, how="left", maintain_order="left")
    return plain.select(*KEY, "transaction_id", pl.col("standing").fill_null(Standing.LIVE.value), "standing_reason")


def _judge(full: pl.DataFrame) -> pl.DataFrame:
    """Standing of the rows that share an id with another, or withdraw."""
    content = sorted(c for c in full.columns if c not in NOT_CONTENT)
    rows = full.select(
        "batch_number", *KEY, "transaction_id", "withdrawn", content=pl.struct(content).struct.json_encode()
    )
    same = pl.col("content") == pl.col("content").shift(1).over("transaction_id")
    rows = rows.with_columns(duplicate=same.fill_null(False))
    rows = rows.with_columns(
        conflict=~pl.col("duplicate") & ((~pl.col("duplicate")).sum().over("transaction_id", "batch_number") > 1)
    )
    kept = ~pl.col("duplicate") & ~pl.col("conflict")
    rows = rows.with_columns(
        kept=kept,
        rank=pl.when(kept).then(1).cum_sum().over("transaction_id"),
        kept_count=kept.sum().over("transaction_id"),
    )
    takes_back = pl.col("withdrawn") == "true"
    last = pl.col("rank") == pl.col("kept_count")
    standing = (
        pl.when("duplicate").then(pl.lit(Standing.DUPLICATE.value))
        .when("conflict").then(pl.lit(Standing.CONFLICT.value))
        .when(takes_back.fill_null(False) & (pl.col("rank") == 1)).then(pl.lit(Standing.ORPHAN.value))
        .when(takes_back.fill_null(False)).then(pl.lit(Standing.WITHDRAWAL.value))
        .when(last).then(pl.lit(Standing.LIVE.value))
        .otherwise(pl.lit(Standing.SUPERSEDED.value))
    )  # fmt: skip
    return rows.with_columns(standing=standing).select(*KEY, "standing", standing_reason=_reason())


def _reason() -> pl.Expr:
    words = {
        Standing.DUPLICATE: "The same record was loaded before, without any difference",
        Standing.CONFLICT: "Two different records of one file carry this transaction_id; load the right one again",
        Standing.ORPHAN: "Withdraws a transaction_id that was never loaded; check the id",
        Standing.WITHDRAWAL: "Takes back an earlier record",
        Standing.SUPERSEDED: "Replaced by a later version of the same record",
    }
    return pl.col("standing").replace_strict(
        {k.value: v for k, v in words.items()}, default=None, return_dtype=pl.String
    )
