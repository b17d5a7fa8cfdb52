"""The four steps over Store and Ledger: load what a step needs, call it, write what it found; idempotent everywhere.

Objects are stored first and the row that names them commits second, so a crash leaves at most an orphan object and
never a row without its bytes. Running a step again finds nothing to do. Many small reports share passes and commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from regreport.errors import Permanent
from regreport.failpoints import during
from regreport.model.ledger import ObligationState
from regreport.model.obligation import ObligationStatus
from regreport.model.report import Submission
from regreport.pipeline.accounting import Unplanned, account, overdue_answer, unplanned
from regreport.pipeline.alerting import raise_alerts
from regreport.pipeline.approving import waits_for_approval
from regreport.pipeline.confirming import confirm
from regreport.pipeline.delivering import check_ways, deliver
from regreport.pipeline.generating import generate
from regreport.pipeline.home import Home
from regreport.pipeline.retrying import in_words as retry_in_words
from regreport.pipeline.validating import validate
from regreport.plan import Wanted, is_late, plan

__all__ = [
    "STEPS",
    "Home",
    "Ran",
    "Unplanned",
    "account",
    "check_ways",
    "confirm",
    "deliver",
    "generate",
    "overdue_answer",
    "planned",
    "retry_in_words",
    "run",
    "run_step",
    "states_of",
    "unplanned",
    "validate",
    "waits_for_approval",
]

STEPS: Final = ("generate", "validate", "deliver", "confirm")
ASKED_AT_ONCE: Final = 1_000
"""Obligations that one question to the ledger names."""


@dataclass(frozen=True)
class Ran:
    """What one step did: the submissions that it moved."""

    step: str
    moved: tuple[str, ...]


def planned(home: Home, on: date, wanted: Wanted | None = None) -> list[ObligationState]:
    """The obligations of a date, recorded; one that is past its due time with nothing handed over is marked late."""
    with during("plan"):
        states = home.ledger.plan(plan(home.settings, on, wanted), home.actor)
        _mark_late(home, states)
    return states


def _mark_late(home: Home, states: Sequence[ObligationState]) -> None:
    now = home.now()
    for state in states:
        open_ = state.status is ObligationStatus.OPEN and not state.late
        if open_ and is_late(state.obligation.due_at, now) and home.batches(state) and not _handed_over(home, state):
            home.ledger.account(state.obligation.obligation_id, home.actor, "late", {"late": True})


def _handed_over(home: Home, state: ObligationState) -> bool:
    return any(s.delivered_at is not None for s in home.submissions(state.obligation.obligation_id))


def run(home: Home, on: date, wanted: Wanted | None = None) -> list[Ran]:
    """All four steps for a date. Running it again changes nothing. What stops it keeps no alert from being raised."""
    try:
        states = planned(home, on, wanted)
        check_ways(home, [(s.obligation.cell, s.obligation.destination) for s in states])
        return [run_step(home, step, states) for step in STEPS]
    except Permanent:
        raise_alerts(home)
        raise


def _submissions(home: Home, states: Sequence[ObligationState]) -> list[Submission]:
    """Every submission of these obligations, in their order and by number; the ledger is asked for many at a time."""
    found: dict[str, list[Submission]] = {s.obligation.obligation_id: [] for s in states}
    ids = list(found)
    for start in range(0, len(ids), ASKED_AT_ONCE):
        for submission in home.ledger.submissions(obligation_id=ids[start : start + ASKED_AT_ONCE]):
            found[submission.obligation_id].append(submission)
    return [submission for of_obligation in found.values() for submission in of_obligation]


def run_step(home: Home, step: str, states: Sequence[ObligationState], only: frozenset[str] = frozenset()) -> Ran:
    """One step for the obligations given; `only` narrows it to these submissions.

    confirm takes in every answer that lies ready, whatever it is about.
    """
    with during(step):
        return _run_step(home, step, states, only)


def _run_step(home: Home, step: str, states: Sequence[ObligationState], only: frozenset[str]) -> Ran:
    every = _submissions(home, states)
    if step == "generate":
        # What an earlier generate left is judged first: a correction has to know whether it will stand.
        with during("validate"):
            validate(home, every)
        return Ran(step, tuple(s.report_id for s in generate(home, states, only)))
    if step == "confirm":
        try:
            return Ran(step, tuple(confirm(home)))
        finally:
            raise_alerts(home)
    wanted = [s for s in every if not only or s.report_id in only]
    moved = deliver(home, wanted, only) if step == "deliver" else validate(home, wanted)
    return Ran(step, tuple(s.report_id for s in moved))


def states_of(home: Home, report_ids: Sequence[str], on: date | None) -> list[ObligationState]:
    """The obligations of some submissions, of a date (planned if need be), or all. Raises NotFound."""
    if report_ids:
        wanted = dict.fromkeys(home.ledger.submission(r).obligation_id for r in report_ids)
        return [home.state(o) for o in wanted]
    return planned(home, on) if on is not None else home.ledger.obligations()
