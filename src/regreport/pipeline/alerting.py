"""Raising alerts: what needs a person and will not come right by itself, each once, however often it is met again.

A late answer still counts; the alert stays as a fact of the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from regreport.errors import ChannelUnavailable, ConfigurationError, DeliveryRefused, DeliveryUnknown
from regreport.model.report import Status, Submission
from regreport.model.signed import Alert
from regreport.pipeline.accounting import overdue_answer
from regreport.pipeline.home import Home
from regreport.ports import Alarm

NO_ANSWER: Final = "no-answer"
LATE: Final = "late"
UNKNOWN: Final = "unknown-delivery"
TOLD: Final = "alert told"
NOT_TOLD: Final = "alert not told"
QUARANTINE: Final = "quarantine"
_AWAITED: Final = (Status.DELIVERED, Status.ACKNOWLEDGED, Status.PARTIALLY_ACCEPTED)


def raise_alerts(home: Home) -> list[Alert]:
    """Raise what is to be raised now, and tell whoever has not been told yet; returns the new ones."""
    known = {(a.kind, a.subject) for a in home.ledger.alerts()}
    for kind, subject, words in _due(home):
        if (kind, subject) not in known:
            home.ledger.raise_alert(kind, subject, words, home.actor)
    every = home.ledger.alerts()
    for alarm in home.alarms:
        _tell(home, alarm, every)
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


def _due(home: Home) -> Iterator[tuple[str, str, str]]:
    """(kind, subject, words) of everything that an alert is due for."""
    for submission in home.ledger.submissions(status=list(_AWAITED)):
        if words := overdue_answer(home, submission):
            yield NO_ANSWER, submission.report_id, words
    yield from _unknown(home.ledger.submissions(status=Status.DELIVERY_UNKNOWN))
    for state in home.ledger.obligations(late=True):
        name = state.obligation.obligation_id
        yield (
            LATE,
            name,
            f"{name} was due at {state.obligation.due_at:%Y-%m-%d %H:%M} UTC and was not handed over in time",
        )
    for entry in home.ledger.feedback():
        if entry.quarantine:
            yield QUARANTINE, entry.digest, f"{entry.file_name} was quarantined"


def _unknown(submissions: Sequence[Submission]) -> Iterator[tuple[str, str, str]]:
    for submission in submissions:
        yield UNKNOWN, submission.report_id, f"It is not known whether {submission.report_id} arrived"
