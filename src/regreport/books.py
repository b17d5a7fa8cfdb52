"""What the authority's books should hold by now: the last thing reported of each reference, and what was said of it.

Worked out from the indexes of the submissions and the outcomes that feedback gave them, never from memory; stored
compacted beside the obligation, so that the history can be asked about a reference without reading every report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import polars as pl

from regreport.model.feedback import Outcome
from regreport.model.report import Action, Status, Submission
from regreport.ports import Store

INDEX_SCHEMA: Final = pl.Schema(
    {
        "position": pl.UInt32,
        "file": pl.UInt32,
        "record": pl.UInt32,
        "action": pl.String,
        "reference": pl.String,
        "record_id": pl.String,
        "batch_id": pl.String,
        "source_line": pl.UInt32,
    }
)
"""One row a record of a submission: position in it (1-based), file and record in that file, action, reference, the id
that feedback will use, and the source row it came from (for a cancellation: the row whose report it cancels)."""

ACCOUNT_SCHEMA: Final = pl.Schema(
    {
        "batch_id": pl.String,
        "source_line": pl.UInt32,
        "transaction_id": pl.String,
        "category": pl.String,
        "rule": pl.String,
        "reason": pl.String,
        "missing": pl.String,
        "reference": pl.String,
    }
)
"""One row a source record of the day: how it is accounted for. `category`: NOT_REPORTABLE, HELD, DUPLICATE, SUPERSEDED
(replaced or withdrawn) or REPORTABLE (then `reference` leads to its line in a report)."""

OUTCOME_SCHEMA: Final = pl.Schema(
    {"position": pl.UInt32, "outcome": pl.String, "rule": pl.String, "message": pl.String}
)
"""One row a record of a submission that was answered; rule and message of the first reason given."""

BOOKS_SCHEMA: Final = pl.Schema(
    {
        "reference": pl.String,
        "standing": pl.String,
        "action": pl.String,
        "outcome": pl.String,
        "report_id": pl.String,
        "position": pl.UInt32,
        "batch_id": pl.String,
        "source_line": pl.UInt32,
        "tried_report_id": pl.String,
        "tried_position": pl.UInt32,
    }
)
"""One row a reference: whether it is ACTIVE, REJECTED or GONE in the authority's books, the line that says so, and the
line of a later new report that was refused (null where there is none)."""


HISTORY_SCHEMA: Final = pl.Schema({"reference": pl.String, "standing": pl.String, "report_date": pl.String})


class BookStanding(StrEnum):
    """How a reference stands with the authority."""

    ACTIVE = "ACTIVE"
    REJECTED = "REJECTED"
    GONE = "GONE"


CORRECTION: Final = "correction"
CANCELLATION: Final = "cancellation"
"""Kinds of approval (see model.approval) by what a submission does to the authority's books."""

NEVER_SENT: Final = frozenset({Status.PLANNED, Status.VALIDATION_FAILED})


def index(store: Store, submission: Submission) -> pl.DataFrame:
    """The index of a submission with outcome, rule and message (SENT and null where nobody answered yet)."""
    if not submission.index_digest:
        return pl.DataFrame(schema=INDEX_SCHEMA).with_columns(outcome=pl.lit(""), rule=pl.lit(""), message=pl.lit(""))
    rows = pl.read_parquet(store.local(submission.index_digest))
    if not submission.outcomes_digest:
        nothing = pl.lit(None, dtype=pl.String)
        return rows.with_columns(outcome=pl.lit(Outcome.SENT.value), rule=nothing, message=nothing)
    said = pl.read_parquet(store.local(submission.outcomes_digest))
    joined = rows.join(said, on="position", how="left", maintain_order="left")
    return joined.with_columns(pl.col("outcome").fill_null(Outcome.SENT.value))


def count(store: Store, submission: Submission, outcome: Outcome) -> int:
    """How many records of a submission have this outcome."""
    return index(store, submission).filter(pl.col("outcome") == outcome.value).height


def read(store: Store, submissions: Iterable[Submission]) -> pl.DataFrame:
    """BOOKS_SCHEMA over the submissions of one obligation, in order of their numbers."""
    return next(iter(read_each(store, submissions).values()), pl.DataFrame(schema=BOOKS_SCHEMA))


def read_each(store: Store, submissions: Iterable[Submission]) -> dict[str, pl.DataFrame]:
    """BOOKS_SCHEMA of each obligation that these submissions belong to, by its id; without those that have nothing."""
    frames = [
        index(store, s).with_columns(report_id=pl.lit(s.report_id), obligation=pl.lit(s.obligation_id))
        for s in sorted(submissions, key=lambda s: s.number)
        if s.status not in NEVER_SENT
    ]
    if not frames:
        return {}
    every = pl.concat(frames, rechunk=True).with_row_index("@event")
    key = ["obligation", "reference"]
    refused = pl.col("outcome") == Outcome.REJECTED.value
    # What the authority refused changed nothing in its books: what it took before it still stands.
    taken = every.filter(~refused).group_by(key, maintain_order=True).last()
    tried = every.filter(refused & (pl.col("action") == Action.NEW.value)).group_by(key, maintain_order=True).last()
    both = taken.join(tried, on=key, how="full", coalesce=True, suffix="_tried", maintain_order="left_right")
    later = pl.col("@event_tried").is_not_null() & (pl.col("@event_tried") > pl.col("@event")).fill_null(value=True)
    active = (pl.col("action") == Action.NEW.value).fill_null(value=False)
    standing = (
        pl.when(active).then(pl.lit(BookStanding.ACTIVE.value))
        .when(later).then(pl.lit(BookStanding.REJECTED.value))
        .otherwise(pl.lit(BookStanding.GONE.value))
    )  # fmt: skip
    shown = ("action", "outcome", "report_id", "position", "batch_id", "source_line")
    books = both.select(
        "obligation",
        "reference",
        standing=standing,
        tried_report_id=pl.when(later).then("report_id_tried"),
        tried_position=pl.when(later).then("position_tried"),
        **{c: pl.when(~active & later).then(pl.col(f"{c}_tried")).otherwise(pl.col(c)) for c in shown},
    )
    columns = books.select("obligation", *BOOKS_SCHEMA).cast(pl.Schema({"obligation": pl.String(), **BOOKS_SCHEMA}))
    by_obligation = columns.partition_by("obligation", as_dict=True, include_key=False, maintain_order=True)
    return {str(key[0]): rows for key, rows in by_obligation.items()}


def standing_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Of lines in the order they were sent (reference, action, outcome), the one of each reference that tells how it
    stands.

    A refused cancellation changed nothing, and so did a new report that was refused while an earlier one stood; one
    that was refused where nothing stood is what there is to say.
    """
    rejected = pl.col("outcome") == Outcome.REJECTED.value
    new = pl.col("action") == Action.NEW.value
    said = lines.filter(new | ~rejected)
    last = said.group_by("reference", maintain_order=True).last()
    taken = said.filter(~rejected).group_by("reference", maintain_order=True).last()
    stands = taken.filter(new).select(lines.columns)
    others = last.join(stands, on="reference", how="anti", maintain_order="left").select(lines.columns)
    return pl.concat([stands, others])


def first_reports(store: Store, submission: Submission) -> int:
    """How many records a submission reports without cancelling an earlier report of theirs."""
    rows = pl.scan_parquet(store.local(submission.index_digest)).select("reference", "action")
    cancelled = rows.filter(pl.col("action") == Action.CANCEL.value)
    new = rows.filter(pl.col("action") == Action.NEW.value).join(cancelled, on="reference", how="anti")
    return int(new.select(pl.len()).collect().item())


def history(store: Store, states: Iterable[tuple[str, str]], references: pl.LazyFrame) -> pl.DataFrame:
    """Of these references, those that other days have reported: reference, standing, report_date (text).

    `states`: (report date as text, digest of the stored books of that day); two columns of each are read, one day after
    the other. `references`: a column `reference`.
    """
    asked = references.select("reference").drop_nulls().unique()
    if not (days := list(states)):
        return pl.DataFrame(schema=HISTORY_SCHEMA)
    wanted = asked.collect().lazy()
    found = [
        pl.scan_parquet(store.local(digest))
        .select("reference", "standing")
        .join(wanted, on="reference", how="semi")
        .with_columns(report_date=pl.lit(day))
        .collect()
        for day, digest in days
    ]
    return pl.concat(found)


def said_elsewhere(
    store: Store, states: Iterable[tuple[str, str]], findings: pl.LazyFrame, rules: Iterable[str]
) -> list[str]:
    """What other days have said, in words, of the references that these rules have found something about.

    A record that is held because of another day must be looked at again when that day has changed. `findings`: columns
    rule and reference; `states` as in `history`.
    """
    asked = findings.filter(pl.col("rule").is_in(sorted(rules))).select("reference").drop_nulls().collect()
    if asked.is_empty():
        return []
    told = history(store, states, asked.lazy()).sort("reference", "report_date")
    return [f"{reference} {standing} {on}" for reference, standing, on in told.rows()]


def known(
    store: Store, days: Sequence[tuple[str, str]], own: pl.DataFrame, on: str, references: pl.LazyFrame | None
) -> pl.DataFrame:
    """HISTORY_SCHEMA of these references: of other days (see `history`) and of the obligation's own submissions.

    `references` may be None where there is neither.
    """
    if references is None:
        return pl.DataFrame(schema=HISTORY_SCHEMA)
    return with_own(history(store, days, references), own, on, references)


def with_own(history_of_others: pl.DataFrame, own: pl.DataFrame, on: str, references: pl.LazyFrame) -> pl.DataFrame:
    """HISTORY_SCHEMA of other days, and of this obligation's own earlier submissions (BOOKS_SCHEMA)."""
    if own.is_empty():
        return history_of_others
    asked = references.select("reference").drop_nulls().unique()
    mine = own.lazy().select("reference", "standing").join(asked, on="reference", how="semi").collect()
    return pl.concat([history_of_others, mine.with_columns(report_date=pl.lit(on)).select(list(HISTORY_SCHEMA))])


def asked_of_source(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The references that source rows will be reported under: their own, else the transaction_id."""
    return rows.select(reference=pl.coalesce("transaction_reference", "transaction_id"))


def scan(store: Store, digest: str) -> pl.LazyFrame:
    """A stored table, to ask for a few of its rows and columns."""
    return pl.scan_parquet(store.local(digest))


def asked_of_index(store: Store, digest: str) -> pl.LazyFrame:
    """The references of a stored index."""
    return pl.scan_parquet(store.local(digest)).select("reference")


def changes_what_was_reported(store: Store, submission: Submission) -> str:
    """CORRECTION where a submission takes back and sends anew, CANCELLATION where it only takes back, else ''."""
    actions = set(index(store, submission)["action"].unique())
    if Action.CANCEL.value not in actions:
        return ""
    return CORRECTION if Action.NEW.value in actions else CANCELLATION
