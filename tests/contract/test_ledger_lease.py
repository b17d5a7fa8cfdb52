"""The Ledger contract: one writer at a time, and one that was taken over can commit nothing more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from regreport.adapters.sql import SqlLedger, leases, open_ledger
from regreport.adapters.sql.tables import lease
from regreport.errors import DatabaseUnavailable, StaleState
from regreport.testing import FixedClock


@pytest.fixture
def two(database_url: str) -> Iterator[tuple[SqlLedger, SqlLedger]]:
    """Two ledgers over one database, as two machines would have."""
    both = open_ledger(database_url, FixedClock()), open_ledger(database_url, FixedClock())
    yield both
    for ledger in both:
        ledger.release_lease()
        ledger.close()


def as_machine(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(leases.socket, "gethostname", lambda: name)


def expire(ledger: SqlLedger) -> None:
    """As if its holder had been asleep."""
    with ledger.engine.begin() as connection:
        connection.execute(update(lease).where(lease.c.name == leases.WORK).values(expires_at=leases._in(-1)))


def test_a_lease_is_held_by_one_and_taken_over_after_its_end_only(
    two: tuple[SqlLedger, SqlLedger], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two
    as_machine(monkeypatch, "one")
    first.take_lease("/w", 60)
    first.note("chain", "looked", {}, "ana")
    as_machine(monkeypatch, "two")
    with pytest.raises(DatabaseUnavailable, match=r"process \d+ of one\) is at work"):
        second.take_lease("/w", 60)
    expire(first)
    second.take_lease("/w", 60)
    second.note("chain", "looked", {}, "ben")
    before = first.events("chain")
    for act in (lambda: first.note("chain", "looked", {}, "ana"), first.check_lease):
        with pytest.raises(StaleState, match="taken over"):
            act()
    first.release_lease()  # not its own any more
    second.check_lease()
    assert second.events("chain") == before
    assert [e.actor for e in before] == ["ana", "ben"]


def test_a_lease_that_was_given_back_is_free(two: tuple[SqlLedger, SqlLedger], monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = two
    as_machine(monkeypatch, "one")
    first.take_lease("/w", 60)
    first.release_lease()
    as_machine(monkeypatch, "two")
    second.take_lease("/w", 60)
    second.check_lease()
    first.note("chain", "looked", {}, "ana")  # control: who holds no lease is not fenced
    assert [e.actor for e in second.events("chain")] == ["ana"]
