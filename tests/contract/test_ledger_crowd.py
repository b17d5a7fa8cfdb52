"""The Ledger contract when several work at once: threads and connections on a database that lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from regreport.adapters.sql import SqlLedger, migrate, open_ledger
from regreport.errors import StaleState
from regreport.model.ledger import Change, Opening
from regreport.model.obligation import Obligation
from regreport.model.report import Status
from regreport.testing import FixedClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
Owed = Callable[..., Obligation]
WORKERS = 6


@pytest.fixture
def crowd(database_url: str) -> Iterator[list[SqlLedger]]:
    """Several ledgers over one database, as several processes would have."""
    ledgers = [open_ledger(database_url, FixedClock(NOON)) for _ in range(WORKERS)]
    yield ledgers
    for ledger in ledgers:
        ledger.close()


def together(tasks: list[Callable[[], object]]) -> list[object]:
    """Run all at the same moment; exceptions come back as values."""
    gate = threading.Barrier(len(tasks))

    def run(task: Callable[[], object]) -> object:
        gate.wait()
        try:
            return task()
        except Exception as fault:
            return fault

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def test_one_of_many_claims_a_submission(crowd: list[SqlLedger], owed: Owed) -> None:
    crowd[0].plan([owed("A")], "system")
    report_id = crowd[0].plan_submissions([Opening(owed("A").obligation_id, NOON, "AFM", 1)], "x")[0][0].report_id
    claim = Change(report_id, Status.PLANNED, Status.GENERATED, "generated")
    outcomes = together([lambda ledger=ledger: ledger.advance([claim], "worker") for ledger in crowd])  # type: ignore[misc]
    assert sorted(type(o).__name__ for o in outcomes) == ["NoneType"] + [StaleState.__name__] * (WORKERS - 1)
    assert [e.kind for e in crowd[0].events(report_id)] == ["planned", "generated"]


def test_many_plan_the_same_day_at_once(crowd: list[SqlLedger], owed: Owed) -> None:
    due = [owed(entity) for entity in "ABCDE"]
    openings = [Opening(o.obligation_id, NOON, "AFM", 2) for o in due]

    def start(ledger: SqlLedger) -> list[tuple[str, int]]:
        ledger.plan(due, "worker")
        return [(s.report_id, first) for s, first in ledger.plan_submissions(openings, "worker")]

    outcomes = together([lambda ledger=ledger: start(ledger) for ledger in crowd])  # type: ignore[misc]
    assert all(outcome == outcomes[0] for outcome in outcomes), outcomes
    assert crowd[0].sequence("AFM") == 10
    assert crowd[0].verify_chains() == []


def test_many_append_to_one_chain_without_gap(crowd: list[SqlLedger]) -> None:
    def write(ledger: SqlLedger, worker: int) -> None:
        for number in range(15):
            ledger.note("busy", "looked", {"worker": str(worker), "number": str(number)}, "worker")

    outcomes = together([lambda w=w, ledger=ledger: write(ledger, w) for w, ledger in enumerate(crowd)])  # type: ignore[misc]
    assert outcomes == [None] * WORKERS
    events = crowd[0].events("busy")
    assert [e.sequence for e in events] == list(range(1, WORKERS * 15 + 1))
    assert crowd[0].verify_chains() == []


def test_threads_of_one_ledger_have_their_own_transactions(ledger: SqlLedger) -> None:
    inside, leave = threading.Event(), threading.Event()

    def undone() -> None:
        with ledger.transaction():
            ledger.note("undone", "looked", {}, "one")
            inside.set()
            leave.wait(0.2)
            raise RuntimeError("stop")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(undone)
        assert inside.wait(20)
        second = pool.submit(lambda: ledger.note("kept", "looked", {}, "two"))
        leave.set()
        with pytest.raises(RuntimeError, match="stop"):
            first.result(20)
        second.result(20)
    assert ledger.chains() == ["kept"]


def test_what_is_not_committed_is_not_seen(crowd: list[SqlLedger]) -> None:
    with crowd[0].transaction():
        crowd[0].note("a", "looked", {}, "one")
        assert crowd[1].chains() == []
    assert crowd[1].chains() == ["a"]


def test_migrating_at_once_is_migrating_once(database_url: str) -> None:
    assert together([lambda: migrate(database_url)] * 4) == [None] * 4
    ledger = open_ledger(database_url, FixedClock(NOON))
    ledger.note("a", "looked", {}, "one")
    assert ledger.verify_chains() == []
    ledger.close()
