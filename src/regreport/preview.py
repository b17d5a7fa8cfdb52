"""What a change would send: the very steps are run on a copy of the workspace, and the copy is thrown away.

Only then is a preview what will happen. The copy shares the store's unchangeable objects by hard links.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import make_url

from regreport import app, books
from regreport.errors import ConfigurationError
from regreport.pipeline import Home, generate, planned

LEDGER: Final = "ledger.sqlite"
LEFT_OUT: Final = ("outbox", "inbox", "incoming", app.SCRATCH, LEDGER, f"{LEDGER}-wal", f"{LEDGER}-shm")


@dataclass(frozen=True)
class Line:
    """One line of a report that would be made: NEW or CANCEL of a reference."""

    report_id: str
    action: str
    reference: str


def preview(home: Home, workspace: Path, change: Callable[[Home], object], entity: str, on: date) -> list[Line]:
    """The lines of the reports that a change to an entity's day would make; nothing of this workspace is changed.

    `change` is made to the copy. Raises ConfigurationError where the ledger is not a file that can be copied.
    """
    with _copy(home, workspace) as copy:
        change(copy)
        made = generate(copy, [s for s in planned(copy, on) if s.obligation.entity == entity])
        return [
            Line(s.report_id, action, reference)
            for s in made
            for action, reference in books.index(copy.store, s).select("action", "reference").rows()
        ]


@contextmanager
def _copy(home: Home, workspace: Path) -> Iterator[Home]:
    database = make_url(app.database_url(home.settings, workspace))
    if database.get_backend_name() != "sqlite" or not database.database:
        raise ConfigurationError("a preview works on a copy of the workspace, and this ledger is not a file in it")
    with TemporaryDirectory(dir=home.scratch, prefix="preview-") as scratch:
        target = Path(scratch) / "workspace"
        shutil.copytree(workspace, target, ignore=shutil.ignore_patterns(*LEFT_OUT), copy_function=_link)
        with closing(sqlite3.connect(database.database)) as mine, closing(sqlite3.connect(target / LEDGER)) as other:
            mine.backup(other)
        # Given, not read again: the environment, or an absolute path, would lead back to the ledger that is real.
        apart = {"database": f"sqlite:///{LEDGER}", "scratch": app.SCRATCH}
        copy = app.assemble(home.settings.model_copy(update=apart), target, actor=home.actor, clock=home.clock)
        try:
            yield copy
        finally:
            app.close(copy)


def _link(source: str, target: str) -> None:
    """Unchangeable objects are shared; what grows (an index, settings) is copied."""
    if {"objects", "names"} & set(Path(source).parts):
        with suppress(OSError):  # a scratch folder on another file system
            os.link(source, target)
            return
    shutil.copy2(source, target)
