"""validate over a home: GENERATED submissions become VALIDATED or VALIDATION_FAILED, their findings stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from regreport import books
from regreport import validate as validating
from regreport.engine.spool import parquet_bytes
from regreport.model.ledger import Change, ObligationState
from regreport.model.report import Status, Submission
from regreport.pipeline.home import Contexts, Home, cell_of
from regreport.regime import ReportContext

RECORDS_PER_PART = 200_000
REPORTS_PER_PART = 1_000
"""Records and submissions that are judged and committed together; a larger submission is judged alone."""


def validate(home: Home, submissions: Sequence[Submission]) -> list[Submission]:
    """Judge every GENERATED submission among these; the others are left alone. Returns those that were judged."""
    due = [s for s in submissions if s.status is Status.GENERATED]
    judged: list[Submission] = []
    contexts = Contexts(home)
    for _, group in groupby(due, key=lambda s: (cell_of(s), s.report_date)):
        for part in _parts(list(group)):
            home.progress("validate", len(judged), len(due))
            judged += _together(home, contexts, part)
    return judged


def _parts(submissions: Sequence[Submission]) -> Iterator[list[Submission]]:
    part: list[Submission] = []
    records = 0
    for submission in submissions:
        if part and (records + submission.records > RECORDS_PER_PART or len(part) == REPORTS_PER_PART):
            yield part
            part, records = [], 0
        part.append(submission)
        records += submission.records
    if part:
        yield part


def _together(home: Home, contexts: Contexts, submissions: Sequence[Submission]) -> list[Submission]:
    regime = home.regime(cell_of(submissions[0]))
    owed = home.ledger.obligations(obligation_id=[s.obligation_id for s in submissions])
    contexts.prepare(owed)
    states = {state.obligation.obligation_id: state for state in owed}
    sent = home.ledger.find_files([f.message_id for s in submissions for f in s.files])
    pairs = [(s, _context(home, contexts, states[s.obligation_id], s, sent)) for s in submissions]
    verdicts = validating.validate(regime, pairs, home.store)
    with home.store.batch():
        changes = [_change(home, v) for v in verdicts]
    home.ledger.advance(changes, home.actor)
    return home.ledger.submissions(report_id=[v.submission.report_id for v in verdicts])


def _context(
    home: Home, contexts: Contexts, state: ObligationState, submission: Submission, sent: Mapping[str, tuple[str, int]]
) -> ReportContext:
    """The context of a stored submission; `sent`: which submission each message identifier leads to."""
    before = [s for s in contexts.submissions(submission.obligation_id) if s.number < submission.number]
    context = contexts.of(
        state, submission.created_at, lambda: books.asked_of_index(home.store, submission.index_digest), before
    )
    others = (f for f in submission.files if sent.get(f.message_id, (submission.report_id,))[0] != submission.report_id)
    return replace(context, names_sent=tuple(name for f in others for name in (f.message_id, f.name)))


def _change(home: Home, verdict: validating.Validated) -> Change:
    submission = verdict.submission
    regime = home.regime(cell_of(submission))
    until = home.retain_until(regime, submission.report_date)
    digest = home.store.put(
        parquet_bytes(verdict.findings), f"{submission.folder}/validation.parquet", until, regime.scope
    )
    failed = verdict.errors > 0
    return Change(
        submission.report_id,
        Status.GENERATED,
        Status.VALIDATION_FAILED if failed else Status.VALIDATED,
        "validation failed" if failed else "validated",
        {"errors": str(verdict.errors), "warnings": str(verdict.warnings), "findings": digest},
        {
            "errors": verdict.errors,
            "warnings": verdict.warnings,
            "findings_digest": digest,
            "validated_at": home.now(),
        },
    )
