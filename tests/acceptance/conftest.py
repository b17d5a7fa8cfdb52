"""A command line to talk to, and one day of the made-up group that the tests of a tier share."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import traceback
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from regreport import app
from regreport.adapters.clock import SystemClock
from regreport.adapters.local import LocalStore
from regreport.settings import load_settings

LOADED = "2026-11-24T06:45:00Z"
RUN = "2026-11-24T07:30:00Z"
ANSWERED = "2026-11-24T09:00:00Z"
CONFIRMED = "2026-11-24T09:30:00Z"
DAY = "2026-11-23"


@dataclass
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


class Shell:
    """`regreport` in a workspace, with a clock that stands still; `apart` in a process of its own, as a user types it.

    In this process it runs the same entry point and costs no import; what would be a traceback fails the test.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.env: dict[str, str] = {}

    def __call__(self, *words: str | Path, at: str = CONFIRMED, code: int | None = 0, apart: bool = False) -> Answer:
        env = {"REGREPORT_CLOCK": at, "REGREPORT_ACTOR": "ana", **self.env}
        answer = (self._apart if apart else self._inside)([str(w) for w in words], env)
        assert "Traceback" not in answer.err, answer.err
        if code is not None:
            assert answer.code == code, f"{words}: exit {answer.code}\n{answer.out}\n{answer.err}"
        return answer

    def _apart(self, words: list[str], env: dict[str, str]) -> Answer:
        command = [sys.executable, "-m", "regreport", *words]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=self.workspace,
            env={**os.environ, **env},
            timeout=300,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def _inside(self, words: list[str], env: dict[str, str]) -> Answer:
        from regreport.__main__ import main

        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        code: str | int | None = 0
        with (
            patch.dict(os.environ, env),
            patch.object(sys, "argv", ["regreport", *words]),
            chdir(self.workspace),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as end:
                code = end.code
            except Exception:
                traceback.print_exc(file=err)
                code = 1
        return Answer(int(code or 0), _text(out), _text(err))

    def approve_all(self, at: str = CONFIRMED) -> int:
        """A second person approves everything that waits; how many requests that were."""
        waiting = self("approvals", "--json", at=at).json
        for request in waiting:
            self("approve", request["request_id"], "--reason", "looked at", "--as", "ben", at=at)
        return len(waiting)

    def balance(self) -> dict[str, int]:
        """The sum of all accounts of the day."""
        accounts = self("balance", "--date", DAY, "--json", code=None).json
        keys = [k for k, v in accounts[0].items() if isinstance(v, int) and not isinstance(v, bool)]
        return {k: sum(a[k] for a in accounts) for k in keys}


def _text(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("utf-8")


def everything(workspace: Path) -> tuple[dict[str, list[tuple[object, ...]]], dict[str, str]]:
    """All rows of the ledger, and every file of store, inbox and outbox by its digest."""
    with sqlite3.connect(workspace / "ledger.sqlite") as ledger:
        tables = [r[0] for r in ledger.execute("select name from sqlite_master where type = 'table'")]
        rows = {t: sorted(ledger.execute(f"select * from {t}").fetchall(), key=repr) for t in tables}
    files = {
        str(p.relative_to(workspace)): hashlib.sha256(p.read_bytes()).hexdigest()
        for folder in ("store", "inbox", "outbox")
        for p in sorted((workspace / folder).rglob("*"))
        if p.is_file()
    }
    return rows, files


def spoil(path: Path) -> bytes:
    """Change one byte of a stored object; what it was."""
    before = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(before[:-40] + bytes([before[-40] ^ 1]) + before[-39:])
    return before


def store_of(shell: Shell) -> LocalStore:
    """The workspace's store with its keyring, to look behind the command line."""
    settings, _ = load_settings(shell.workspace)
    return LocalStore(shell.workspace / "store", app.sealing(settings, shell.workspace, SystemClock()))


@pytest.fixture(scope="session")
def made_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the group's settings, mapping, reference data and trades loaded; nothing generated yet."""
    from regreport.demo.day import write_day

    folder = tmp_path_factory.mktemp("day") / "workspace"
    folder.mkdir()
    write_day(folder, records=400)
    (folder / "mappings").mkdir()
    (folder / "mapping.toml").rename(folder / "mappings" / "trades.toml")
    shell = Shell(folder)
    for dataset in ("instruments", "leis", "mics"):
        shell("refdata", "load", dataset, f"{dataset}.csv", "--date", DAY, at=LOADED)
    shell("load", "trades.csv", at=LOADED)
    return folder


@pytest.fixture(scope="session")
def confirmed_day(made_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same day run, answered and confirmed."""
    folder = tmp_path_factory.mktemp("confirmed") / "workspace"
    shutil.copytree(made_day, folder, symlinks=True)
    shell = Shell(folder)
    shell("run", "--date", DAY, at=RUN)
    shell("simulate", at=ANSWERED)
    shell("confirm")
    return folder


@pytest.fixture
def loaded(made_day: Path, tmp_path: Path) -> Shell:
    """A copy of the loaded day to break."""
    shutil.copytree(made_day, tmp_path / "workspace", symlinks=True)
    return Shell(tmp_path / "workspace")


@pytest.fixture
def confirmed(confirmed_day: Path, tmp_path: Path) -> Shell:
    """A copy of the confirmed day to break."""
    shutil.copytree(confirmed_day, tmp_path / "workspace", symlinks=True)
    return Shell(tmp_path / "workspace")


@pytest.fixture(scope="session")
def reading(confirmed_day: Path) -> Shell:
    """The confirmed day, to read from only."""
    return Shell(confirmed_day)
