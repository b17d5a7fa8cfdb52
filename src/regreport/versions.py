"""Which version of each source record stands, and what became of the others.

A firm loads a day more than once: the same file again, a corrected record, a withdrawal. Nothing is edited in place.
Records are told apart by `transaction_id`; a later batch corrects an earlier one, record by record; two different
records with one id inside one batch contradict each other, and then neither is guessed to be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

import polars as pl

from regreport.engine.spool import used_columns

KEY: Final = ("batch_id", "source_line")
NOT_CONTENT: Final = frozenset({"batch_id", "batch_number", "source_line"})
"""Columns that say where a row stands. What could not be understood of a value is content: garbage is no blank."""
_HASHES: Final = {"content_1": 1, "content_2": 2}
"""Column and seed of the hashes that stand for a row's content."""


class Standing(StrEnum):
    """What a row of a batch is by now."""

    LIVE = "LIVE"
    DUPLICATE = "DUPLICATE"
    SUPERSEDED = "SUPERSEDED"
    WITHDRAWAL = "WITHDRAWAL"
    CONFLICT = "CONFLICT"
    ORPHAN = "ORPHAN"
    """Withdraws a record that was never loaded."""


def stand(rows: pl.LazyFrame, chunks: Callable[[], Iterable[pl.DataFrame]]) -> pl.DataFrame:
    """Every source row of a day with its standing.

    `rows`: landed columns (text) and `batch_number`; `chunks` gives the same rows in parts. Returns batch_id,
    source_line, transaction_id, standing and standing_reason (null for LIVE), in order of batch and line. Only rows
    whose id occurs more than once, or that withdraw, are looked at in full.
    """
    keys = (
        rows.select("batch_number", *KEY, "transaction_id", "withdrawn").collect().sort("batch_number", "source_line")
    )
    unusual = (
        keys.filter(pl.col("transaction_id").is_duplicated() | (pl.col("withdrawn") == "true"))
        .select("transaction_id")
        .unique()
        .with_row_index("record")
    )
    if unusual.is_empty():
        return keys.select(
            *KEY, "transaction_id", standing=pl.lit(Standing.LIVE.value), standing_reason=pl.lit(None, dtype=pl.String)
        )
    contents = [_with_content(c.join(unusual, on="transaction_id", how="inner")) for c in chunks()]
    judged = _judge(pl.concat(contents).sort("batch_number", "source_line"))
    plain = keys.join(judged, on=KEY, how="left", maintain_order="left")
    return plain.select(*KEY, "transaction_id", pl.col("standing").fill_null(Standing.LIVE.value), "standing_reason")


def _with_content(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the number of their record, and two independent 64-bit hashes of their content as text (a blank
    adds nothing to it).

    A day that is loaded again as a whole has every row here, and the texts themselves would not fit in memory; the
    hashes are only ever compared with each other.
    """
    columns = sorted(c for c in used_columns(rows).columns if c not in NOT_CONTENT and c != "record")
    given = [pl.when(pl.col(c).is_not_null()).then(pl.struct(c).struct.json_encode()) for c in columns]
    text = pl.concat_str(given, ignore_nulls=True) if given else pl.lit("")
    return rows.select(
        "batch_number",
        *KEY,
        "record",
        *(text.hash(seed).alias(name) for name, seed in _HASHES.items()),
        takes_back=(pl.col("withdrawn") == "true").fill_null(False),
    )


def _judge(rows: pl.DataFrame) -> pl.DataFrame:
    """Standing of the rows that share an id with another, or withdraw.

    First who contradicts whom inside one batch, then what merely repeats the version before it, then which version is
    the last. A row that contradicts another is no version: the next batch is compared with what stood before it.
    """
    own_batch = ("record", "batch_number")
    differs = [pl.col(c).min().over(own_batch) != pl.col(c).max().over(own_batch) for c in _HASHES]
    rows = rows.with_columns(conflict=pl.any_horizontal(differs))
    same = [pl.col(c) == _version_before(c) for c in _HASHES]
    rows = rows.with_columns(duplicate=~pl.col("conflict") & pl.all_horizontal(same).fill_null(False))
    kept = ~pl.col("duplicate") & ~pl.col("conflict")
    rows = rows.with_columns(
        place=pl.int_range(pl.len()).over("record"),
        records_before=(~pl.col("takes_back")).cum_sum().over("record"),
    )
    rows = rows.with_columns(last_kept=pl.when(kept).then("place").max().over("record"))
    followed = (pl.col("place") < pl.col("last_kept")).fill_null(False)
    standing = (
        pl.when("duplicate").then(pl.lit(Standing.DUPLICATE.value))
        .when(pl.col("conflict") & ~followed).then(pl.lit(Standing.CONFLICT.value))
        .when(pl.col("takes_back") & (pl.col("records_before") > 0)).then(pl.lit(Standing.WITHDRAWAL.value))
        .when(followed).then(pl.lit(Standing.SUPERSEDED.value))
        .when("takes_back").then(pl.lit(Standing.ORPHAN.value))
        .otherwise(pl.lit(Standing.LIVE.value))
    )  # fmt: skip
    return rows.with_columns(standing=standing).select(*KEY, "standing", standing_reason=_reason())


def _version_before(column: str) -> pl.Expr:
    """A column of the last row before this one that is a version of the same record; null for the first."""
    return pl.when(~pl.col("conflict")).then(column).forward_fill().shift(1).over("record")


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
