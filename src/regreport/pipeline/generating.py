"""generate over a home: which days have changed, their drafts, their submissions, and the account of every record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from regreport import books, inputs
from regreport import generate as generating
from regreport.engine.spool import parquet_bytes
from regreport.model.ledger import Accounting, Change, ObligationState, Opening
from regreport.model.obligation import ObligationStatus
from regreport.model.report import Status, Submission
from regreport.pipeline.accounting import ACCOUNTED, account
from regreport.pipeline.home import Contexts, Home
from regreport.regime import Regime

REJECTED = (Status.REJECTED, Status.PARTIALLY_ACCEPTED)
ROWS_PER_PART = 200_000
REPORTS_PER_PART = 1_000
"""Source records and reports that are worked together before their results are committed."""
_DIGESTS = ("fields_digest", "index_digest", "manifest_digest", "findings_digest")
_MADE = (*_DIGESTS, "records", "errors", "warnings", "approval")
"""Columns of a submission that generate sets."""
_WORDS = "It takes back or replaces what was reported before"


def generate(home: Home, states: Sequence[ObligationState], again: frozenset[str] = frozenset()) -> list[Submission]:
    """Account for the day of each obligation and generate what has to be sent; what has not changed is left alone.

    `again`: submissions that a person asks for by id. One that is its obligation's last and was stopped by validate is
    replaced by a new one; of one that was rejected, wholly or in part, what the authority rejected goes again in a new
    one, as it is. Nothing else would ever move them on.
    """
    ours = {e.lei for e in home.settings.entities}
    contexts = Contexts(home)
    fresh = [
        s
        for s in states
        if s.obligation.entity in ours
        and contexts.batches(s)
        and (contexts.fingerprint(s) != s.batches_seen or _asked_again(home, s, again))
    ]
    done: list[Submission] = []
    for (cell, on), group in groupby(fresh, key=lambda s: (s.obligation.cell, s.obligation.report_date)):
        with TemporaryDirectory(dir=home.scratch, prefix="generate-") as scratch:
            day = _Day(home, contexts, home.regime(cell), on, Path(scratch), again)
            for part in _parts(contexts, group):
                done += day.run(part)
    return done


def _asked_again(home: Home, state: ObligationState, asked: frozenset[str]) -> bool:
    last = home.submissions(state.obligation.obligation_id)[-1:] if asked else []
    return any(s.report_id in asked and s.status in (Status.VALIDATION_FAILED, *REJECTED) for s in last)


def _parts(contexts: Contexts, states: Iterable[ObligationState]) -> Iterator[list[ObligationState]]:
    """Obligations that are worked together: many small ones, so that they share passes and commits; a large one alone,
    so that no two of them are in memory at once."""
    part: list[ObligationState] = []
    rows = 0
    for state in states:
        more = sum(b.rows for b in contexts.batches(state))
        if part and (rows + more > ROWS_PER_PART or len(part) == REPORTS_PER_PART):
            yield part
            part, rows = [], 0
        part.append(state)
        rows += more
    if part:
        yield part


class _Day:
    """One regime's reports of one date, for any number of entities."""

    def __init__(
        self, home: Home, contexts: Contexts, regime: Regime, on: date, scratch: Path, again: frozenset[str]
    ) -> None:
        self._home = home
        self._contexts = contexts
        self._regime = regime
        self._scratch = scratch
        self._again = again
        self._retain = home.retain_until(regime, on)
        self._next: dict[str, int] = {}
        """Obligation -> number of the submission that its draft is for."""

    def run(self, states: Sequence[ObligationState]) -> list[Submission]:
        """Draft, judge, plan, write and record; one commit for the plans, one for the results."""
        home = self._home
        self._contexts.prepare(states)
        drafts = []
        for number, state in enumerate(states):
            home.progress("generate", number, len(states))
            drafts.append(self._draft(state))
        judged = generating.judge(self._regime, drafts, hold_by=home.settings.hold, scratch=self._scratch)
        drafts.clear()  # their accounts have been taken over
        planned = self._plan(states, judged)
        with home.store.batch():
            written = {
                s.obligation_id: replace(s, approval=self._approval(s))
                for s in generating.write(self._regime, list(planned.values()), home.store, self._retain)
            }
            accounts = self._accounts(states, judged, written)
        self._record(written, accounts)
        self._discharge([s for s in states if s.obligation.obligation_id not in written])
        home.progress("generate", len(states), len(states))
        return list(written.values())

    def _discharge(self, unchanged: Sequence[ObligationState]) -> None:
        """A day that has nothing new to send, and of which everything sent was accepted, stays discharged."""
        home = self._home
        for state in (home.state(s.obligation.obligation_id) for s in unchanged):
            if state.status is ObligationStatus.OPEN and account(home, state).done:
                columns = {"status": ObligationStatus.DISCHARGED}
                home.ledger.account(state.obligation.obligation_id, home.actor, "answered", columns)

    def _draft(self, state: ObligationState) -> generating.Draft:
        home, owed = self._home, state.obligation
        submissions = self._contexts.submissions(owed.obligation_id)
        finished = [s for s in submissions if s.status is not Status.PLANNED]
        self._next[owed.obligation_id] = len(finished) + 1
        held = books.read(home.store, submissions)
        day = inputs.source_day(home.store, self._contexts.batches(state))
        context = self._contexts.of(state, home.now(), lambda: books.asked_of_source(day.rows), submissions)
        tables = {s.report_id: s.fields_digest for s in submissions if s.fields_digest}
        resend = any(s.report_id in self._again and s.status in REJECTED for s in submissions[-1:])
        return generating.draft(self._regime, context, day, held, home.store, tables, self._scratch, resend=resend)

    def _plan(
        self, states: Sequence[ObligationState], judged: Sequence[generating.Judged]
    ) -> dict[str, generating.Planned]:
        """Submissions for the reports that have something to send, their file numbers reserved in one commit."""
        home = self._home
        cut = [(s, r, b) for s, r in zip(states, judged, strict=True) if (b := generating.file_bounds(self._regime, r))]
        openings = [
            Opening(
                state.obligation.obligation_id,
                report.context.created_at,
                f"{state.obligation.destination}/{report.context.created_at.year}",
                len(bounds),
                self._next[state.obligation.obligation_id],
            )
            for state, report, bounds in cut
        ]
        opened = home.ledger.plan_submissions(openings, home.actor)
        return {
            state.obligation.obligation_id: generating.Planned(submission, report, bounds, first, self._sources(state))
            for (state, report, bounds), (submission, first) in zip(cut, opened, strict=True)
        }

    def _approval(self, submission: Submission) -> str:
        """The kind of approval that it needs: whether it takes back, or replaces, what was reported before."""
        kind = books.changes_what_was_reported(self._home.store, submission) if submission.number > 1 else ""
        return kind if kind in self._home.settings.approval.required else ""

    def _sources(self, state: ObligationState) -> dict[str, object]:
        """What the manifest says of where the records came from."""
        return {
            b.batch_id: {"sha256": b.digest, "rows": b.rows, "totals": {c: str(t) for c, t in sorted(b.totals.items())}}
            for b in self._contexts.batches(state)
        }

    def _accounts(
        self,
        states: Sequence[ObligationState],
        judged: Sequence[generating.Judged],
        written: Mapping[str, Submission],
    ) -> dict[str, dict[str, object]]:
        """Columns of each obligation after this generate: where every record is, and what the books should hold."""
        sent = {s.obligation.obligation_id: self._sent(s, written.get(s.obligation.obligation_id)) for s in states}
        held = books.read_each(self._home.store, [s for of_obligation in sent.values() for s in of_obligation])
        nothing = books.read(self._home.store, [])
        accounts: dict[str, dict[str, object]] = {}
        for state, report in zip(states, judged, strict=True):
            key = state.obligation.obligation_id
            submission = written.get(key)
            findings = submission.findings_digest if submission else self._put(state, "findings", report.findings)
            accounts[key] = {
                "decisions_digest": self._put(state, "accounts", report.accounts),
                "findings_digest": findings,
                "state_digest": self._put(state, "books", held.get(key, nothing)),
                "batches_seen": self._contexts.fingerprint(state, report.findings),
                "status": _status(report, sent[key]),
            }
        return accounts

    def _sent(self, state: ObligationState, written: Submission | None) -> list[Submission]:
        """The submissions of an obligation with the one that was written now."""
        before = self._contexts.submissions(state.obligation.obligation_id)
        if written is None:
            return before
        return [s for s in before if s.report_id != written.report_id] + [replace(written, status=Status.GENERATED)]

    def _put(self, state: ObligationState, name: str, table: Any) -> str:
        owed = state.obligation
        folder = f"accounts/{owed.cell.jurisdiction}/{owed.report_date.isoformat()}/{owed.obligation_id}"
        return self._home.store.put(parquet_bytes(table), f"{folder}/{name}.parquet", self._retain, self._regime.scope)

    def _record(self, written: dict[str, Submission], accounts: dict[str, dict[str, object]]) -> None:
        home = self._home
        with home.ledger.transaction():
            home.ledger.advance([_generated(s) for s in written.values()], home.actor)
            for submission in written.values():
                if submission.approval:
                    home.ledger.ask(
                        submission.approval, submission.report_id, submission.manifest_digest, _WORDS, home.actor
                    )
            reports = {o: {"report": written[o].report_id if o in written else ""} for o in accounts}
            home.ledger.account_all([Accounting(o, ACCOUNTED, c, reports[o]) for o, c in accounts.items()], home.actor)


def _status(report: generating.Judged, sent: Iterable[Submission]) -> ObligationStatus:
    """NIL is asserted where there is nothing to report, nothing held back and nothing ever sent."""
    nothing = not report.accounts["category"].is_in(["REPORTABLE", "HELD"]).any()
    return ObligationStatus.NIL if nothing and not list(sent) else ObligationStatus.OPEN


def _generated(submission: Submission) -> Change:
    columns = {name: value for name, value in asdict(submission).items() if name in _MADE}
    detail = {
        "records": str(submission.records),
        "fields": submission.fields_digest,
        "index": submission.index_digest,
        "manifest": submission.manifest_digest,
        "files": " ".join(f"{f.name}:{f.digest}" for f in submission.files),
    }
    return Change(
        submission.report_id, Status.PLANNED, Status.GENERATED, "generated", detail, columns, submission.files
    )
