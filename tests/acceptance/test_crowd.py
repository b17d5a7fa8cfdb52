"""Two at once: one works, the other is told so, and nothing is reported twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from regreport import app
from regreport.adapters.sql.leases import holder_of
from regreport.errors import StaleState
from regreport.model.ledger import Opening
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


def hold(shell: Shell, process: int, expires_at: str) -> None:
    """Another process of this workspace holds the lease."""
    place = holder_of(str(shell.workspace.resolve())).rpartition("/")[0]
    with sqlite3.connect(shell.workspace / "ledger.sqlite") as ledger:
        ledger.execute(
            "UPDATE lease SET holder = ?, expires_at = ? WHERE name = 'ledger/work'", (f"{place}/{process}", expires_at)
        )


def lease(shell: Shell) -> tuple[object, ...]:
    """Holder, token and end of the lease."""
    with sqlite3.connect(shell.workspace / "ledger.sqlite") as ledger:
        query = "SELECT holder, token, expires_at FROM lease WHERE name = 'ledger/work'"
        return tuple(ledger.execute(query).fetchone())


def test_who_writes_is_alone_and_who_reads_is_free(loaded: Shell) -> None:
    hold(loaded, os.getppid(), "2099-01-01T00:00:00.000000Z")
    before = everything(loaded.workspace)
    for words in WRITING:
        assert f"process {os.getppid()} of" in loaded(*words, at=RUN, code=4).err
    for words in READING:
        # What was loaded and not yet decided is held, so status has something to look at; nothing is refused.
        loaded(*words, at=RUN, code=1 if words == ("status",) else 0)
    assert everything(loaded.workspace) == before


@pytest.mark.parametrize(
    ("alive", "expires_at"), [(True, "2020-01-01T00:00:00.000000Z"), (False, "2099-01-01T00:00:00.000000Z")]
)
def test_a_lease_is_taken_over_when_it_expired_or_its_process_is_gone(
    loaded: Shell, alive: bool, expires_at: str
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    hold(loaded, os.getppid() if alive else gone.pid, expires_at)
    loaded("run", "--date", DAY, at=RUN)
    assert lease(loaded) == ("", 2, None)
    loaded("run", "--date", DAY, at=RUN)
    assert lease(loaded) == ("", 2, None), "a lease that was given back is no takeover"


def test_a_process_that_was_asleep_too_long_neither_commits_nor_sends(loaded: Shell) -> None:
    """Paused right before it sends; meanwhile the day is done by another one. The control is the day's outbox."""
    loaded.env["REGREPORT_LEASE_SECONDS"] = "2"
    env = {**os.environ, **loaded.env, "REGREPORT_CLOCK": RUN, "REGREPORT_ACTOR": "ana"}
    command = [sys.executable, "-m", "regreport", "run", "--date", DAY]
    paused = {**env, "REGREPORT_FAILPOINT": "deliver.after_advance:stop"}
    sleeper = subprocess.Popen(command, cwd=loaded.workspace, env=paused, stderr=subprocess.PIPE)
    try:
        os.waitid(os.P_PID, sleeper.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        answer = loaded("run", "--date", DAY, at=RUN, code=None)
        while answer.code == 4:  # its lease has not ended yet
            time.sleep(0.2)
            answer = loaded("run", "--date", DAY, at=RUN, code=None)
        assert answer.code == 0
        before = everything(loaded.workspace)
        assert len([f for f in before[1] if f.startswith("outbox") and f.endswith(".xml")]) == 3
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    err = sleeper.communicate(timeout=60)[1].decode()
    assert sleeper.returncode == 1
    assert "another process has taken over" in err
    assert everything(loaded.workspace) == before
    loaded("verify")


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
