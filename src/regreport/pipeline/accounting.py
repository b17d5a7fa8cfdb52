"""balance over a home: the account of an obligation's day from what store and ledger hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from regreport import balance as balancing
from regreport import books, inputs
from regreport.balance import Account
from regreport.errors import ConfigurationError, IntegrityError, NotFound, UnknownRegime
from regreport.model.feedback import Outcome
from regreport.model.ledger import ObligationState
from regreport.model.report import Status, Submission
from regreport.pipeline.home import Home, cell_of
from regreport.plan import plan

HANDED_OVER: Final = frozenset(
    {Status.DELIVERED, Status.ACKNOWLEDGED, Status.CONFIRMED, Status.PARTIALLY_ACCEPTED, Status.REJECTED}
)
ACCOUNTED: Final = "accounted"
"""Kind of the event of a generate; its `report` is the submission that it made, empty where nothing was to be sent."""
NO_ANSWER: Final = "no-answer"
PENDING: Final = "pending"
"""Kinds of alert: the authority has said nothing, or has not decided."""
UNDECIDED: Final = "Loaded, and nothing has been decided about it yet; regreport run does"
UNPLANNED: Final = "Loaded, and no report of its day is planned yet; regreport run does"
UNOWED: Final = "No role in regreport.toml is in force for this entity and day, so nobody is ever told of it"


@dataclass(frozen=True)
class Unplanned:
    """A day with records that no obligation looks at. `owed`: planning it would give one; else no role covers it."""

    entity: str
    on: date
    owed: bool
    account: Account


def account(home: Home, state: ObligationState) -> Account:
    """Where every source record of the obligation's day is by now; what came after the last generate is held."""
    landed = inputs.ingested(home.store, home.batches(state))
    accounts = balancing.accounts(home.store, state.decisions_digest)
    if is_due(home, state):
        accounts = balancing.waiting(landed, accounts, UNDECIDED)
    submissions = home.submissions(state.obligation.obligation_id)
    told = [s for s in submissions if s.status not in books.NEVER_SENT]
    stopped = [s for s in submissions[-1:] if s.status is Status.VALIDATION_FAILED and _still_tells(home, s)]
    sent = balancing.with_stopped(_lines(home, told), _lines(home, stopped))
    return balancing.balance(landed, accounts, sent)


def _lines(home: Home, submissions: Sequence[Submission]) -> Any:
    return balancing.sent(
        [(books.index(home.store, s), s.report_id, s.number, s.status in HANDED_OVER) for s in submissions]
    )


def _still_tells(home: Home, submission: Submission) -> bool:
    """Whether a stopped submission says what its records wait for: not where its own index is what was broken, nor
    where a later generate found nothing to send any more."""
    try:
        home.store.verify(submission.index_digest)
    except (IntegrityError, NotFound):
        return False
    made = [e.detail.get("report") for e in home.ledger.events(submission.obligation_id) if e.kind == ACCOUNTED]
    return made[-1:] == [submission.report_id]


def is_due(home: Home, state: ObligationState) -> bool:
    """Whether generate would decide anew; never for an entity that has left the settings."""
    try:
        return home.fingerprint(state) != state.batches_seen
    except ConfigurationError:
        return False


def unplanned(home: Home, on: date | None = None) -> Iterator[Unplanned]:
    """Days with records and without an obligation that looks at them (of one date, or all), accounted for as held."""
    states = home.ledger.obligations(report_date=on) if on else home.ledger.obligations()
    seen = {(home.regime(o.cell).source_kind, o.entity, o.report_date) for o in (s.obligation for s in states)}
    for kind, entity, day in home.ledger.batch_days():
        if (kind, entity, day) in seen or day != (on or day):
            continue
        batches = home.ledger.batches(kind, entity, day)
        if home.is_ended(*(b.digest for b in batches)):
            continue
        landed = inputs.ingested(home.store, batches)
        owed = _is_owed(home, kind, entity, day)
        nothing = balancing.accounts(home.store, "")
        accounts = balancing.waiting(landed, nothing, UNPLANNED if owed else UNOWED)
        yield Unplanned(entity, day, owed, balancing.balance(landed, accounts, balancing.sent([])))


def _is_owed(home: Home, kind: str, entity: str, on: date) -> bool:
    try:
        planned = plan(home.settings, on)
    except (ConfigurationError, UnknownRegime):
        return False
    return any(o.entity == entity and home.regime(o.cell).source_kind == kind for o in planned)


class Overdue(NamedTuple):
    """What an authority should have said by now: the kind of alert that it is worth, and words."""

    kind: str
    words: str


def overdue_answer(home: Home, submission: Submission) -> str:
    """What the authority should have said of a submission by now, in words; '' where it owes nothing."""
    found = overdue(home, submission)
    return found.words if found else ""


def overdue(home: Home, submission: Submission) -> Overdue | None:
    """What the authority should have said of a submission by now.

    No answer, at all or for some of the records (one file of two, a mere receipt), after the destination's hours; or
    records that are still pending after the regime's days.
    """
    now, handed_over, name = home.now(), submission.delivered_at, submission.report_id
    known = {d.name: d.answer_hours for d in home.settings.destinations}
    if handed_over is None or submission.destination not in known or home.is_ended(submission.index_digest):
        return None
    hours = known[submission.destination]
    due = now > handed_over + timedelta(hours=hours)
    if submission.status is Status.DELIVERED and due:
        return Overdue(NO_ANSWER, f"{name}: no answer within {hours} hours")
    if submission.status not in (Status.ACKNOWLEDGED, Status.PARTIALLY_ACCEPTED):
        return None
    silent = books.count(home.store, submission, Outcome.SENT) if due else 0
    if silent:
        return Overdue(NO_ANSWER, f"{name}: no answer within {hours} hours for {_records(silent)}")
    days = home.regime(cell_of(submission)).pending_days
    first = min(e.received_at for e in home.ledger.feedback(name) if not e.quarantine)
    waiting = books.count(home.store, submission, Outcome.PENDING) if days and now > first + timedelta(days=days) else 0
    return Overdue(PENDING, f"{name}: {_records(waiting)} still pending after {days} days") if waiting else None


def _records(count: int) -> str:
    return f"{count} record{'' if count == 1 else 's'}"
