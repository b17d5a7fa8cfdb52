"""Raising alerts: what needs a person and will not come right by itself, each once, however often it is met again.

A late answer still counts; the alert stays as a fact of the day. What is told outside is ids and counts, never the name
of a file or a value of a record: both come from outside, and a person may stand in them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from regreport.errors import ChannelUnavailable, ConfigurationError, DeliveryRefused, DeliveryUnknown, RegreportError
from regreport.model.ledger import ObligationState
from regreport.model.obligation import ObligationStatus
from regreport.model.report import Status, Submission
from regreport.model.signed import Alert
from regreport.pipeline.accounting import NO_ANSWER, overdue
from regreport.pipeline.home import Home
from regreport.pipeline.mailing import mail_sign_offs
from regreport.plan import is_late
from regreport.ports import Alarm

LATE: Final = "late"
UNKNOWN: Final = "unknown-delivery"
PARKED: Final = "parked"
EXHAUSTED: Final = "retry-exhausted"
QUARANTINE: Final = "quarantine"
STRAY: Final = "stray"
TOLD: Final = "alert told"
NOT_TOLD: Final = "alert not told"
_AWAITED: Final = (Status.DELIVERED, Status.ACKNOWLEDGED, Status.PARTIALLY_ACCEPTED)
_ASKED_AT_ONCE: Final = 1_000


class Due(NamedTuple):
    """Something that an alert is due for now."""

    kind: str
    subject: str
    words: str


def raise_alerts(home: Home) -> list[Alert]:
    """Raise what is to be raised now, and tell whoever has not been told yet; returns the new ones."""
    known = {(a.kind, a.subject) for a in home.ledger.alerts()}
    fresh = [due for due in alerts_due(home) if (due.kind, due.subject) not in known]
    if fresh:
        with home.ledger.transaction():
            for due in fresh:
                home.ledger.raise_alert(*due, home.actor)
    every = home.ledger.alerts()
    for alarm in home.alarms:
        _tell(home, alarm, every)
    mail_sign_offs(home)
    return [a for a in every if (a.kind, a.subject) not in known]


def _tell(home: Home, alarm: Alarm, alerts: Sequence[Alert]) -> None:
    """Tell what this alarm has not told yet; what does not get through is tried again the next time."""
    for alert in alerts:
        told = {"kind": alert.kind, "by": alarm.name}
        if any(e.kind == TOLD and dict(e.detail) == told for e in home.ledger.events(alert.subject)):
            continue
        try:
            alarm.tell(alert)
        except ChannelUnavailable:
            return
        except DeliveryUnknown:
            pass  # a second telling would be worse than none
        except (ConfigurationError, DeliveryRefused) as error:
            told |= {"fault": str(error)[:500]}
            if any(e.kind == NOT_TOLD and dict(e.detail) == told for e in home.ledger.events(alert.subject)):
                continue
            home.ledger.note(alert.subject, NOT_TOLD, told, home.actor)
            continue
        home.ledger.note(alert.subject, TOLD, told, home.actor)


def told_by(home: Home, alert: Alert) -> list[str]:
    """The names of the alarms that have told an alert."""
    events = home.ledger.events(alert.subject)
    return [e.detail["by"] for e in events if e.kind == TOLD and e.detail.get("kind") == alert.kind]


def alerts_due(home: Home) -> list[Due]:
    """Everything that needs a person now; an alert whose need is no longer here is closed."""
    return [*_of_days(home), *_of_hand_overs(home), *_of_inboxes(home)]


def _of_days(home: Home) -> Iterator[Due]:
    """Of each open obligation: not handed over in time, or handed over and not answered in time."""
    now = home.now()
    states = {s.obligation.obligation_id: s for s in home.ledger.obligations(status=ObligationStatus.OPEN.value)}
    sent: dict[str, list[Submission]] = {name: [] for name in states}
    names = list(states)
    for start in range(0, len(names), _ASKED_AT_ONCE):
        for submission in home.ledger.submissions(obligation_id=names[start : start + _ASKED_AT_ONCE]):
            sent[submission.obligation_id].append(submission)
    for name, state in states.items():
        if words := _lateness(state, sent[name], now):
            yield Due(LATE, name, words)
        for submission in sent[name]:
            if submission.status in _AWAITED and (found := overdue(home, submission)):
                yield Due(found.kind, submission.report_id, found.words)
    for state in home.ledger.obligations(late=True):
        if state.obligation.obligation_id not in states:
            yield Due(LATE, state.obligation.obligation_id, _not_in_time(state))


def _lateness(state: ObligationState, sent: Sequence[Submission], now: datetime) -> str:
    if state.late:
        return _not_in_time(state)
    if is_late(state.obligation.due_at, now) and not any(s.delivered_at for s in sent):
        return f"{_not_in_time(state)}; nothing was"
    return ""


def _not_in_time(state: ObligationState) -> str:
    owed = state.obligation
    return f"{owed.obligation_id} was due at {owed.due_at:%Y-%m-%d %H:%M} UTC and was not handed over in time"


def _of_hand_overs(home: Home) -> Iterator[Due]:
    """Reports that a channel has not taken, and will not be offered again without a person."""
    for submission in home.ledger.submissions(status=[Status.DELIVERY_UNKNOWN, Status.DELIVERY_FAILED]):
        # What two persons have resolved and is unknown again is another case than the first.
        again = f"/{submission.resolutions}" if submission.resolutions else ""
        name = submission.report_id
        if submission.status is Status.DELIVERY_UNKNOWN:
            yield Due(UNKNOWN, f"{name}{again}", f"It is not known whether {name} arrived")
        elif submission.parked:
            tried = home.ledger.deliveries(name)
            if tried and tried[-1].outcome == "unavailable":
                yield Due(EXHAUSTED, name, f"{name} was not taken after {tried[-1].attempt} attempts")
            else:
                yield Due(PARKED, name, f"{name} was refused, and waits for a person")


def _of_inboxes(home: Home) -> Iterator[Due]:
    """Files that could not be used, and what lies in an inbox and is no file of answers."""
    for digest in dict.fromkeys(e.digest for e in home.ledger.feedback() if e.quarantine):
        yield Due(QUARANTINE, digest, f"A file of an inbox was not used (SHA-256 {digest[:16]}...); regreport status")
    for destination in home.settings.destinations:
        try:
            strays = home.channel(destination).strays()
        except RegreportError:  # confirm says that it cannot be reached
            continue
        for name, _ in strays:
            subject = f"{destination.name}/{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"
            words = f"Something that is no file of answers lies in the inbox of {destination.name}; regreport status"
            yield Due(STRAY, subject, words)


__all__ = ["NO_ANSWER", "Due", "alerts_due", "raise_alerts", "told_by"]
