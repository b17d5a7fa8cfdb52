"""Two at once: one works, the other is told so, and nothing is reported twice."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from regreport import app
from regreport.errors import StaleState
from regreport.ports import Opening
from tests.acceptance.conftest import DAY, RUN, Shell, everything

WRITING = (
    ("run", "--date", DAY),
    ("generate", "--date", DAY),
    ("validate",),
    ("deliver",),
    ("confirm",),
    ("load", "trades.csv"),
    ("refdata", "load", "leis", "leis.csv", "--date", DAY),
)
READING = (("status",), ("balance",), ("verify",), ("doctor",), ("refdata", "list", "--date", DAY))


def test_who_writes_is_alone_and_who_reads_is_free(loaded: Shell) -> None:
    before = everything(loaded.workspace)
    with (loaded.workspace / ".scratch" / "lock").open("a+") as lock:
        lock.truncate(0)
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        for words in WRITING:
            assert "process 4711) is at work" in loaded(*words, at=RUN, code=4).err
        for words in READING:
            loaded(*words, at=RUN)
    assert everything(loaded.workspace) == before
    loaded("run", "--date", DAY, at=RUN)


def test_two_runs_at_once_report_once(loaded: Shell, confirmed_day: object) -> None:
    env = {**os.environ, "REGREPORT_CLOCK": RUN, "REGREPORT_ACTOR": "ana"}
    command = [sys.executable, "-m", "regreport", "run", "--date", DAY]
    runs = [
        subprocess.Popen(command, cwd=loaded.workspace, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    ends = []
    for one in runs:
        err = one.communicate(timeout=300)[1].decode()
        assert "Traceback" not in err
        ends.append(one.returncode)
    assert set(ends) <= {0, 4}
    assert 0 in ends
    loaded("run", "--date", DAY, at=RUN)
    with sqlite3.connect(loaded.workspace / "ledger.sqlite") as ledger:
        assert ledger.execute("select number, status from report_log").fetchall() == [(1, "DELIVERED")] * 3
    counts = loaded.balance()
    assert (counts["unanswered"], counts["residual"]) == (369, 0)


def test_a_draft_that_does_not_know_the_last_submission_is_refused(loaded: Shell) -> None:
    """The ledger itself refuses it, for whoever does not share a machine's lock."""
    loaded("run", "--date", DAY, at=RUN)
    home = app.build(loaded.workspace, actor="ana")
    try:
        owed = home.ledger.obligations()[0].obligation.obligation_id
        asked = Opening(owed, datetime(2026, 11, 24, tzinfo=UTC), "authority-de/2026", 1, number=1)
        before = everything(loaded.workspace)
        with pytest.raises(StaleState, match="somebody else was there first"):
            home.ledger.plan_submissions([asked], "ana")
    finally:
        app.close(home)
    assert everything(loaded.workspace) == before
