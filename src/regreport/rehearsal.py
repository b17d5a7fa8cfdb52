"""simulate and demo: the whole loop on one machine against simulated authorities, with clocks that stand still.

The demo is the product itself: the made-up group's own files go through load, run, simulate and confirm as a firm's
would; only the instants are told instead of asked, so that it is the same on every run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from regreport import app, intake
from regreport.app import StoppedClock
from regreport.demo.day import DaySummary, write_day
from regreport.errors import ConfigurationError
from regreport.pipeline import Home, confirm, run
from regreport.plan import Wanted
from regreport.settings import FILE, Settings, load_settings
from regreport.simulator.authority import FileAnswered
from regreport.simulator.box import simulate as let_answer

MARK: Final = ".regreport-demo"
"""Lies in every folder that demo made: only such a folder, or an empty one, is ever started afresh."""
ACTOR: Final = "demo"
LOADED_AT: Final = datetime(2026, 11, 24, 6, 45, tzinfo=UTC)
RUN_AT: Final = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
LATE_AT: Final = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
"""The last house is run only the day after: its report is late, and stays so."""
ANSWERED_AT: Final = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
CONFIRMED_AT: Final = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
REFERENCE: Final = ("instruments", "leis", "mics")


@dataclass(frozen=True)
class Rehearsed:
    """What the demo did: the day it made, and its settings' entities in order."""

    day: DaySummary
    settings: Settings
    answers: tuple[FileAnswered, ...]


def simulate(workspace: Path, destination: str, behaviour: str) -> list[FileAnswered]:
    """Let the simulated authorities of a workspace look into their inboxes once, at the clock's instant."""
    settings, _ = load_settings(workspace)
    return let_answer(workspace, settings, destination, behaviour.replace("-", "_"), app.the_clock().now())


def demo(folder: Path) -> Rehearsed:
    """Make the demo's workspace and take its day from source to confirmed.

    Raises ConfigurationError for a folder that holds something else: nothing of it is touched.
    """
    _start_afresh(folder)
    day = write_day(folder)
    _file_away(folder)
    with _home(folder, LOADED_AT) as home:
        for dataset in REFERENCE:
            intake.load_reference(home, dataset, folder / "refdata" / f"{dataset}.csv", day.trade_date)
        intake.load(home, folder, [str(folder / "trades.csv")], None, intake.Asked())
    settings, _ = load_settings(folder)
    *prompt, last = settings.entities
    with _home(folder, RUN_AT) as home:
        for entity in prompt:
            run(home, day.trade_date, Wanted(entity=entity.lei))
    with _home(folder, LATE_AT) as home:
        run(home, day.trade_date, Wanted(entity=last.lei))
    answers = let_answer(folder, settings, "", "accept", ANSWERED_AT)
    with _home(folder, CONFIRMED_AT) as home:
        confirm(home)
    return Rehearsed(day, settings, tuple(answers))


def demo_home(folder: Path) -> Home:
    """The demo's home at its last instant, to read from."""
    return app.build(folder, actor=ACTOR, clock=StoppedClock(CONFIRMED_AT))


@contextmanager
def _home(folder: Path, at: datetime) -> Iterator[Home]:
    home = app.build(folder, actor=ACTOR, clock=StoppedClock(at))
    try:
        yield home
    finally:
        app.close(home)


def _start_afresh(folder: Path) -> None:
    """Empty a folder that an earlier demo made; refuse any other that is not empty."""
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise ConfigurationError(f"{folder} is not empty and was not made by the demo; name another folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Made by regreport demo; the next demo starts this folder afresh.\n", encoding="utf-8")


def _file_away(folder: Path) -> None:
    """Put the day's files where a workspace has them."""
    (folder / intake.MAPPINGS).mkdir(exist_ok=True)
    (folder / "refdata").mkdir(exist_ok=True)
    (folder / "mapping.toml").rename(folder / intake.MAPPINGS / "trades.toml")
    for dataset in REFERENCE:
        (folder / f"{dataset}.csv").rename(folder / "refdata" / f"{dataset}.csv")
    assert (folder / FILE).exists()
