"""When a hand-over that failed is tried again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from regreport.deliver import Handed
from regreport.model.ledger import Delivery
from regreport.model.report import Status, Submission
from regreport.pipeline.retrying import after_failure, in_words, may_try, wait
from regreport.settings import Retry

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
RETRY = Retry(first_seconds=60, longest_seconds=600, margin_minutes=60)


def failed(outcome: str, attempt: int = 1) -> Handed:
    """A report that was not taken."""
    row = Delivery("A-1", 1, attempt, "email", "them", NOW, outcome, "words")
    return Handed("A-1", Status.DELIVERY_FAILED, (row,), "", "words")


def test_each_wait_is_longer_up_to_the_longest_and_the_same_again() -> None:
    waits = [wait("A-1", n, RETRY) for n in range(1, 8)]
    for n, waited in enumerate(waits, start=1):
        least = timedelta(seconds=min(60 * 2 ** (n - 1), 600))
        assert least <= waited <= least * 1.2
    assert waits == [wait("A-1", n, RETRY) for n in range(1, 8)]
    assert len({wait(f"{n}-1", 1, RETRY) for n in range(50)}) > 5, "not all in the same second"
    assert wait("A-1", 10**6, RETRY) <= timedelta(seconds=720)


@pytest.mark.parametrize(
    ("outcome", "hours_to_due", "parked", "again"),
    [
        ("unavailable", 10, False, True),
        ("unavailable", 1.01, False, True),
        ("unavailable", 1, True, False),  # the margin has come: a person has to know
        ("unavailable", -5, True, False),
        ("refused", 10, True, False),
        ("withheld", 10, False, False),
    ],
)
def test_what_failed_is_tried_again_or_parked(outcome: str, hours_to_due: float, parked: bool, again: bool) -> None:
    due = NOW + timedelta(hours=hours_to_due)
    columns = after_failure(failed(outcome), RETRY, due, NOW)
    assert (columns["parked"], columns["retry_at"] is not None) == (parked, again)
    if again:
        assert isinstance(columns["retry_at"], datetime)
        assert NOW < columns["retry_at"] <= due - timedelta(hours=1)


@pytest.mark.parametrize(
    ("retry_at", "parked", "asked", "may", "words"),
    [
        (None, False, False, True, "with the next run"),
        (NOW, False, False, True, "2026-11-24 08:00:00 UTC"),
        (NOW + timedelta(seconds=1), False, False, False, "08:00:01"),
        (NOW + timedelta(seconds=1), False, True, True, "08:00:01"),
        (None, True, False, False, "regreport deliver A-1"),
        (None, True, True, True, "parked"),
    ],
)
def test_who_asks_by_id_does_not_wait(
    retry_at: datetime | None, parked: bool, asked: bool, may: bool, words: str
) -> None:
    on = date(2026, 11, 23)
    submission = Submission(
        "A-1", "A", 1, "EU", "TRANSACTION", "mifir", on, "L", "de", Status.DELIVERY_FAILED, NOW,
        retry_at=retry_at, parked=parked,
    )  # fmt: skip
    assert may_try(submission, NOW, asked=asked) is may
    assert words in in_words(submission)
