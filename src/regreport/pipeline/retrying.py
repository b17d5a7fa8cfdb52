"""When a hand-over that failed is tried again: later and later until the due time is near, or not before a person asks.

A refusal for now (4xx, no connection) gets exponential backoff; how much later exactly follows from the REPORT_ID: a
thousand reports do not come back in the same second, and the same report always does alike. A refusal for good (5xx)
is parked at once, and so is what was not taken when the due time less its margin has come.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from regreport.deliver import Handed
from regreport.model.report import Status, Submission
from regreport.settings import Retry


def may_try(submission: Submission, now: datetime, *, asked: bool) -> bool:
    """Whether a failed hand-over is tried now; `asked`: a person names it."""
    due = submission.retry_at is None or now >= submission.retry_at
    return asked or (not submission.parked and due)


def after_failure(handed: Handed, retry: Retry, due_at: datetime, now: datetime) -> dict[str, object]:
    """Columns of a submission that was not taken: `retry_at`, or `parked` until a person asks for it by its id."""
    last = handed.deliveries[-1]
    if last.outcome == "refused":
        return {"retry_at": None, "parked": True}
    if last.outcome != "unavailable":  # a fault in our own house: tried again as soon as somebody runs
        return {"retry_at": None, "parked": False}
    latest = due_at - timedelta(minutes=retry.margin_minutes)
    if now >= latest:
        return {"retry_at": None, "parked": True}
    return {"retry_at": min(now + wait(handed.report_id, last.attempt, retry), latest), "parked": False}


def wait(report_id: str, attempt: int, retry: Retry) -> timedelta:
    """How long after this attempt (from 1) the next one is: doubled each time up to the longest, and up to a fifth more
    that follows from report and attempt."""
    seconds = min(retry.first_seconds * 2 ** min(attempt - 1, 30), retry.longest_seconds)
    digest = hashlib.sha256(f"{report_id} {attempt}".encode()).digest()
    return timedelta(seconds=seconds + seconds * digest[0] // (5 * 255))


def in_words(submission: Submission) -> str:
    """What becomes of a submission that was not taken; '' for any other."""
    if submission.status is not Status.DELIVERY_FAILED:
        return ""
    if submission.parked:
        return f"parked; once it can work: regreport deliver {submission.report_id}"
    if submission.retry_at is not None:
        return f"tried again from {submission.retry_at:%Y-%m-%d %H:%M:%S} UTC on"
    return "tried again with the next run"
