"""The Ledger contract when a process dies or its connection does: all of a transaction is there, or nothing of it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest

from regreport.adapters.sql import SqlLedger, open_ledger
from regreport.errors import DatabaseUnavailable
from regreport.testing import FixedClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WRITER = """
import sys
from datetime import UTC, datetime
from regreport.adapters.sql import open_ledger
from regreport.testing import FixedClock

ledger = open_ledger(sys.argv[1], FixedClock(datetime(2026, 11, 23, tzinfo=UTC)))
while True:
    with ledger.transaction():
        ledger.note("left", "looked", {}, "x")
        print("inside", flush=True)
        ledger.note("right", "looked", {}, "x")
"""


@pytest.mark.parametrize("rounds", [1, 7])
def test_a_killed_process_leaves_whole_transactions_only(database_url: str, rounds: int) -> None:
    for kill in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, database_url], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        for _ in range(rounds + kill):
            assert writer.stdout.readline() == b"inside\n"
        writer.kill()
        writer.wait()
        writer.stdout.close()
    with closing(open_ledger(database_url, FixedClock(NOON))) as ledger:
        ledger.note("alive", "looked", {}, "x")
        left, right = ledger.events("left"), ledger.events("right")
        assert len(left) == len(right) >= 3 * (rounds - 1)
        assert ledger.verify_chains() == []


@pytest.mark.mysql
def test_a_connection_that_the_server_cut_can_be_tried_again(mysql_url: str) -> None:
    with closing(open_ledger(mysql_url, FixedClock(NOON))) as ledger:
        ledger.note("a", "looked", {}, "x")
        with pytest.raises(DatabaseUnavailable):
            _cut_inside(ledger)
        assert ledger.chains() == ["a"]
        ledger.note("a", "looked", {}, "x")
        assert len(ledger.events("a")) == 2


def _cut_inside(ledger: SqlLedger) -> None:
    with ledger.transaction():
        ledger.note("lost", "looked", {}, "x")
        own = ledger._turn.connection
        assert own is not None
        number = own.exec_driver_sql("SELECT CONNECTION_ID()").scalar()
        with ledger.engine.connect() as other:
            other.exec_driver_sql(f"KILL {number}")
        ledger.note("lost", "looked", {}, "x")
