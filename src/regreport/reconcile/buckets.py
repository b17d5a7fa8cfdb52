"""Four buckets: aligned, differing, only ours, only theirs; each break with what is known of its reason.

The key is executing entity and reference. Of several lines of one key in an extract the last counts, and a cancellation
takes back what came before it, as it does with the authority.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import polars as pl

KEY: Final = ["entity", "reference"]


class Bucket(StrEnum):
    """Where a reference stands after the comparison."""

    ALIGNED = "aligned"
    DIFFERING = "differing"
    ONLY_OURS = "only_ours"
    ONLY_THEIRS = "only_theirs"


OURS_SCHEMA: Final = pl.Schema(
    {
        "entity": pl.String,
        "reference": pl.String,
        "day": pl.String,
        "standing": pl.String,
        "status": pl.String,
        "since": pl.String,
        "report_id": pl.String,
        "position": pl.UInt32,
        "batch_id": pl.String,
        "source_line": pl.UInt32,
        "print": pl.UInt64,
    }
)
"""One row a reference of our books: `standing` as there, `status` in words (accepted, pending, ...), `since` when it
was delivered (else its trade date), where its line and its source row stand, and its fingerprint."""
THEIRS_SCHEMA: Final = pl.Schema(
    {
        "row": pl.UInt32,
        "entity": pl.String,
        "reference": pl.String,
        "day": pl.String,
        "cancels": pl.Boolean,
        "print": pl.UInt64,
    }
)
"""One row a line of the extract, `row` from 1 in its order."""
SOURCE_SCHEMA: Final = pl.Schema(
    {
        "reference": pl.String,
        "entity": pl.String,
        "day": pl.String,
        "category": pl.String,
        "why": pl.String,
        "batch_id": pl.String,
        "source_line": pl.UInt32,
    }
)
"""One row a source record of the range that has no line of ours: what the account of its day says of it."""
BREAKS_SCHEMA: Final = pl.Schema(
    {
        "bucket": pl.String,
        "entity": pl.String,
        "reference": pl.String,
        "status": pl.String,
        "why": pl.String,
        "day": pl.String,
        "since": pl.String,
        "report_id": pl.String,
        "position": pl.UInt32,
        "row": pl.UInt32,
        "batch_id": pl.String,
        "source_line": pl.UInt32,
    }
)

_ONLY_OURS: Final = {
    "accepted": "They accepted it, and do not have it",
    "unanswered": "Sent, not answered yet, and they do not have it",
    "pending": "They keep it pending until its instrument is known",
    "not delivered": "In a report that is not known to have been handed over",
    "rejected": "They rejected it, and nothing of it has been accepted since",
}
_EXCLUDED: Final = {
    "not_reportable": "not reportable",
    "held": "held",
    "duplicate": "duplicate",
    "cancelled": "cancelled",
}


def compare(ours: pl.DataFrame, theirs: pl.DataFrame, source: pl.DataFrame, entities: list[str]) -> pl.DataFrame:
    """BREAKS_SCHEMA, one row a reference (two where the authority holds it twice), by bucket, entity and reference.

    `ours`: OURS_SCHEMA; `theirs`: THEIRS_SCHEMA of the range; `source`: SOURCE_SCHEMA; `entities`: LEIs of ours.
    """
    held, twice, taken_back = _held(theirs)
    active = ours.filter(pl.col("standing") == "ACTIVE")
    both = active.join(held, on=KEY, how="inner", suffix="_theirs")
    same = (pl.col("print") == pl.col("print_theirs")).fill_null(value=False)
    matched = both.with_columns(
        bucket=pl.when(same).then(pl.lit(Bucket.ALIGNED.value)).otherwise(pl.lit(Bucket.DIFFERING.value)),
        why=pl.lit(None, dtype=pl.String),
    )
    found = [
        matched,
        _missing_there(ours, held, taken_back),
        _never_sent(source, ours, held),
        _unexpected(held.join(active, on=KEY, how="anti"), ours, source, entities),
        twice.with_columns(
            bucket=pl.lit(Bucket.ONLY_THEIRS.value),
            status=pl.lit("twice"),
            why=pl.lit("They hold this reference more than once"),
        ),
    ]
    whole = pl.concat([pl.DataFrame(schema=BREAKS_SCHEMA), *(_shaped(f) for f in found)])
    order = pl.col("bucket").replace_strict({b.value: n for n, b in enumerate(Bucket)}, return_dtype=pl.Int64)
    return whole.sort(order, "entity", "reference", "row")


def _shaped(frame: pl.DataFrame) -> pl.DataFrame:
    lacking = [pl.lit(None, dtype=t).alias(c) for c, t in BREAKS_SCHEMA.items() if c not in frame.columns]
    return frame.with_columns(lacking).select(list(BREAKS_SCHEMA)).cast(BREAKS_SCHEMA)


def _held(theirs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """(what the extract says they hold, further lines of the same key, keys that they say were cancelled)."""
    cancelled = theirs.filter("cancels").group_by(KEY).agg(pl.max("row").alias("until"))
    told = theirs.filter(~pl.col("cancels")).join(cancelled, on=KEY, how="left", maintain_order="left")
    standing = told.filter(pl.col("until").is_null() | (pl.col("row") > pl.col("until"))).drop("until", "cancels")
    last = standing.unique(KEY, keep="last", maintain_order=True)
    more = standing.join(last.select("row"), on="row", how="anti", maintain_order="left")
    return last, more, cancelled.join(last, on=KEY, how="anti").select(KEY)


def _missing_there(ours: pl.DataFrame, held: pl.DataFrame, taken_back: pl.DataFrame) -> pl.DataFrame:
    missing = ours.filter(pl.col("standing") != "GONE").join(held, on=KEY, how="anti", maintain_order="left")
    marked = missing.join(taken_back.with_columns(back=pl.lit(value=True)), on=KEY, how="left", maintain_order="left")
    words = pl.col("status").replace_strict(_ONLY_OURS, default=pl.col("status"), return_dtype=pl.String)
    return marked.with_columns(
        bucket=pl.lit(Bucket.ONLY_OURS.value),
        why=pl.when("back")
        .then(pl.lit("They say that it was cancelled; our books say that it stands"))
        .otherwise(words),
    )


def _never_sent(source: pl.DataFrame, ours: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Source records that are held, and that neither our books nor theirs have under their reference."""
    waiting = source.filter(pl.col("category") == "held")
    for known in (ours.filter(pl.col("standing") != "GONE"), held):
        waiting = waiting.join(known.select("reference"), on="reference", how="anti", maintain_order="left")
    return waiting.with_columns(bucket=pl.lit(Bucket.ONLY_OURS.value), status=pl.lit("held"), since="day")


def _unexpected(there: pl.DataFrame, ours: pl.DataFrame, source: pl.DataFrame, entities: list[str]) -> pl.DataFrame:
    """What they hold and our books do not, with the reason as far as ledger and source tell one."""
    books = ours.select(*KEY, "standing", "report_id", "position", "batch_id", "source_line", delivered="since").unique(
        KEY, keep="last", maintain_order=True
    )
    claims = source.select("reference", "category", said="why", own_batch="batch_id", own_line="source_line")
    claims = claims.unique("reference", keep="last", maintain_order=True)
    told = there.join(books, on=KEY, how="left", maintain_order="left")
    told = told.join(claims, on="reference", how="left", maintain_order="left")
    gone, refused = pl.col("standing") == "GONE", pl.col("standing") == "REJECTED"
    foreign = ~pl.col("entity").is_in(entities)
    excluded = pl.col("category").replace_strict(_EXCLUDED, default=None, return_dtype=pl.String)
    by_source = pl.format("Our source has it as {}: {}", excluded, pl.col("said").fill_null(""))
    return told.with_columns(
        bucket=pl.lit(Bucket.ONLY_THEIRS.value),
        status=pl.when(gone).then(pl.lit("cancelled"))
        .when(refused).then(pl.lit("rejected"))
        .when(foreign).then(pl.lit("not our entity"))
        .otherwise(pl.coalesce(excluded, pl.lit("unknown"))),
        why=pl.when(gone).then(pl.lit("We cancelled it, and they still hold it"))
        .when(refused).then(pl.lit("They told us that they rejected it, and they hold it"))
        .when(foreign).then(pl.lit("Its executing entity is none of ours"))
        .when(excluded.is_not_null()).then(by_source)
        .otherwise(pl.lit("Neither our books nor our source know this reference")),
        since=pl.coalesce("delivered", "day"),
        batch_id=pl.coalesce("batch_id", "own_batch"),
        source_line=pl.coalesce("source_line", "own_line"),
    )  # fmt: skip
