"""What validate and deliver moved and did not get through, and the exit code that says so to whoever scheduled them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regreport.cli.exits import Exit
from regreport.cli.printing import print_lines
from regreport.model.report import Status, Submission
from regreport.pipeline import retry_in_words

if TYPE_CHECKING:
    from regreport.pipeline import Home, Ran

FAILED = (Status.VALIDATION_FAILED, Status.DELIVERY_FAILED, Status.DELIVERY_UNKNOWN)
STEPS = ("validate", "deliver")


@dataclass(frozen=True)
class Failure:
    """A submission that did not get through, why, and whether trying again is all that it takes."""

    report_id: str
    status: str
    why: str
    again: bool


def failures(home: Home, ran: Sequence[Ran]) -> list[Failure]:
    """Of the submissions that these steps moved, those that did not get through."""
    moved = dict.fromkeys(r for step in ran if step.step in STEPS for r in step.moved)
    return [_failure(home, s) for s in map(home.ledger.submission, moved) if s.status in FAILED]


def _failure(home: Home, submission: Submission) -> Failure:
    name, status = submission.report_id, submission.status
    if status is Status.VALIDATION_FAILED:
        why = f"{submission.errors} errors; see: regreport findings {name}. Set right: regreport generate {name}"
        return Failure(name, status.value, why, again=False)
    tried = home.ledger.deliveries(name)
    if not tried:
        why = "the hand-over was cut off and may have arrived; a person has to decide"
        return Failure(name, status.value, why, again=False)
    again = tried[-1].outcome == "unavailable" and not submission.parked
    next_ = retry_in_words(submission)
    return Failure(name, status.value, f"{tried[-1].receipt}{f' ({next_})' if next_ else ''}", again=again)


def print_failures(found: Sequence[Failure]) -> None:
    """One line each."""
    print_lines(*(f"{f.status} {f.report_id}: {f.why}" for f in found))


def exit_of(found: Sequence[Failure]) -> Exit:
    """RETRY only where trying again is all that it takes."""
    if not found:
        return Exit.DONE
    return Exit.RETRY if all(f.again for f in found) else Exit.LOOK
