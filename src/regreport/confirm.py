"""confirm: what the authority answered, record by record; nothing else ever moves a report to CONFIRMED.

The outcome of a submission is always worked out again from all its stored answers in order of their creation, so that
duplicates and any order of arrival give the same result. An answer that cannot be tied to a submission, or whose
counts do not agree, is quarantined with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from regreport.books import OUTCOME_SCHEMA
from regreport.model.feedback import FileAnswer, FileStatus, Outcome
from regreport.model.report import Action, Status, Submission


@dataclass(frozen=True)
class Answered:
    """A submission after its answers: `outcomes` (OUTCOME_SCHEMA, one row a record that has one), and the status."""

    submission: Submission
    outcomes: pl.DataFrame
    status: Status
    unknown_records: int
    """Records that the answers name and that this submission never had."""


_OPEN: Final = (Outcome.PENDING.value, Outcome.SENT.value)
"""What an authority says of a record that it has not decided on."""
NOT_SENT: Final = frozenset({Status.PLANNED, Status.GENERATED, Status.VALIDATED, Status.VALIDATION_FAILED})
"""Statuses in which no authority can have seen the file."""


def quarantine_reason(answer: FileAnswer, submission: Submission | None, destination: str = "") -> str:
    """Why an answer may not be used; empty where it may. `destination`: whose inbox it came from."""
    if submission is None or submission.status in NOT_SENT:
        return f"names file {answer.message_id!r}, which this ledger never sent"
    if destination and submission.destination != destination:
        return f"names file {answer.message_id!r}, which went to {submission.destination} and not to {destination}"
    if answer.quarantine:
        return answer.quarantine
    file = next(f for f in submission.files if f.message_id == answer.message_id)
    if answer.records_total is not None and answer.records_total != file.records:
        return f"counts {answer.records_total} records, but {file.name} holds {file.records}"
    return ""


def stranger_reason(answer: FileAnswer, submission: Submission, index: pl.DataFrame) -> str:
    """Why the silence of an accepting answer may not be used: it lists records that its file does not hold, so that
    its counts do not speak of this file. Empty where it may. `index`: INDEX_SCHEMA."""
    if answer.status not in (FileStatus.ACCEPTED, FileStatus.PARTIAL):
        return ""
    file = next(f for f in submission.files if f.message_id == answer.message_id)
    strangers = _listed(answer).join(
        index.filter(pl.col("file") == file.number), left_on="reference", right_on="record_id", how="anti"
    )
    if strangers.is_empty():
        return ""
    return f"lists {strangers.height} records that {file.name} does not hold, such as {strangers['reference'][0]!r}"


def _listed(answer: FileAnswer) -> pl.DataFrame:
    """The records that an answer lists, once each."""
    listed = answer.outcomes
    assert isinstance(listed, pl.DataFrame)  # the model names no column library; this room does
    return listed.unique("reference", keep="first", maintain_order=True)


def settle(
    submission: Submission,
    answers: Sequence[FileAnswer],
    index: pl.DataFrame,
    of_cancellations: frozenset[str] = frozenset(),
) -> Answered:
    """Outcomes and status of a submission from all its usable answers.

    `index`: INDEX_SCHEMA. Later answers (by creation, then id) override earlier ones record by record. 'Everything not
    listed is accepted' reaches records that no answer has named, and those that were only said to be waiting: an answer
    whose counts agree would list them if they still did. `of_cancellations`: codes that speak of a cancellation.
    """
    rows = index.select("position", "file", "record_id", "action")
    said = pl.DataFrame(schema=OUTCOME_SCHEMA)
    unknown = 0
    for answer in sorted(answers, key=lambda a: (a.created_at, a.feedback_id)):
        file = next(f.number for f in submission.files if f.message_id == answer.message_id)
        of_file = rows.filter(pl.col("file") == file)
        named, strangers = _named(answer, of_file, of_cancellations)
        unknown += strangers
        final = said.filter(~pl.col("outcome").is_in(_OPEN))
        accepted = _unlisted(answer, of_file, pl.concat([final, named]))
        told = pl.concat([named, accepted])
        said = pl.concat([said.join(told, on="position", how="anti"), told])
    return Answered(submission, said.sort("position"), status_of(submission, said, answers, index.height), unknown)


def _named(answer: FileAnswer, rows: pl.DataFrame, of_cancellations: frozenset[str]) -> tuple[pl.DataFrame, int]:
    """Outcomes of the records that an answer lists, and how many of those this file does not hold."""
    if answer.status is FileStatus.REJECTED:
        code, words = answer.reasons[0] if answer.reasons else ("", "File rejected")
        return rows.select(
            "position", outcome=pl.lit(Outcome.REJECTED.value), rule=pl.lit(code), message=pl.lit(words)
        ).cast(OUTCOME_SCHEMA), 0
    listed = answer.outcomes
    assert isinstance(listed, pl.DataFrame)  # the model names no column library; this room does
    lines = rows.with_columns(twice=pl.col("record_id").is_duplicated())
    joined = listed.join(lines, left_on="reference", right_on="record_id", how="left", maintain_order="left")
    # A record that is cancelled and sent anew in one file is named by one id. What is said of it is about the new
    # report, for a cancellation has hardly a field to be wrong, unless the code speaks of cancellations.
    cancels = pl.col("rule").is_in(sorted(of_cancellations)).fill_null(value=False)
    about = pl.when(cancels).then(pl.lit(Action.CANCEL.value)).otherwise(pl.lit(Action.NEW.value))
    meant = joined.filter(~pl.col("twice") | (pl.col("action") == about))
    first = meant.unique("position", keep="first", maintain_order=True)
    strangers = joined.filter(pl.col("position").is_null())["reference"].n_unique()
    return first.select(list(OUTCOME_SCHEMA)).cast(OUTCOME_SCHEMA), strangers


def _unlisted(answer: FileAnswer, rows: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """Acceptance of what a complete answer does not list."""
    if answer.quarantine or answer.status not in (FileStatus.ACCEPTED, FileStatus.PARTIAL):
        return pl.DataFrame(schema=OUTCOME_SCHEMA)
    silent = rows.join(said, on="position", how="anti")
    nothing = pl.lit(None, dtype=pl.String)
    return silent.select("position", outcome=pl.lit(Outcome.ACCEPTED.value), rule=nothing, message=nothing)


def status_of(submission: Submission, said: pl.DataFrame, answers: Sequence[FileAnswer], records: int) -> Status:
    """The submission's status by what was said of its records."""
    counts = dict(said.group_by("outcome").len().rows())
    good = counts.get(Outcome.ACCEPTED.value, 0) + counts.get(Outcome.WARNED.value, 0)
    bad = counts.get(Outcome.REJECTED.value, 0)
    if said.is_empty():
        return Status.ACKNOWLEDGED if answers else submission.status
    if good == records:
        return Status.CONFIRMED
    if bad == records:
        return Status.REJECTED
    return Status.PARTIALLY_ACCEPTED
