"""A day with a correction, cut at a write to store, ledger or channel, and begun again: it ends as if nothing had been.

A slice of all the points there are; each is cut once before and once after the write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from regreport import app
from regreport.pipeline import Home
from tests.acceptance.conftest import CONFIRMED, Answer, Shell, everything
from tests.acceptance.test_sequences import Firm, dearer, few, firm, gone

__all__ = ["few", "firm"]

STORE = frozenset({"put"})
LEDGER = frozenset(
    {"add_batches", "plan", "account", "account_all", "plan_submissions", "advance", "add_deliveries", "add_feedback"}
)
CHANNEL = frozenset({"send", "take"})
POINTS = range(2, 54, 10)
INTERRUPTED = 130


class Cut:
    """Counts writes; the chosen one raises what a person's interrupt raises, once."""

    def __init__(self) -> None:
        self.seen, self.at, self.after = 0, 0, False

    def around(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def written(*args: Any, **named: Any) -> Any:
            self.seen += 1
            mine = self.seen == self.at
            if mine and not self.after:
                raise KeyboardInterrupt
            done = write(*args, **named)
            if mine:
                raise KeyboardInterrupt
            return done

        return written


class Watched:
    """A port whose writes are counted."""

    def __init__(self, port: Any, names: frozenset[str], cut: Cut) -> None:
        self._port, self._names, self._cut = port, names, cut

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)
        return self._cut.around(member) if name in self._names else member


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Cut:
    """Every home that is built from now on is watched."""
    counted, build = Cut(), app.build

    def watched(*args: Any, **named: Any) -> Home:
        home = build(*args, **named)
        channel = home.channel
        store: Any = Watched(home.store, STORE, counted)
        ledger: Any = Watched(home.ledger, LEDGER, counted)
        return replace(
            home, store=store, ledger=ledger, channel=lambda d: cast("Any", Watched(channel(d), CHANNEL, counted))
        )

    monkeypatch.setattr(app, "build", watched)
    return counted


class Stubborn(Shell):
    """A command that was cut is given again, at the same instant."""

    def __call__(self, *words: str | Path, at: str = CONFIRMED, code: int | None = 0, apart: bool = False) -> Answer:
        answer = super().__call__(*words, at=at, code=None, apart=apart)
        if answer.code == INTERRUPTED:
            return super().__call__(*words, at=at, code=code, apart=apart)
        assert code in (None, answer.code), answer.err
        return answer


def a_day(firm: Firm) -> None:
    a, b, c, _ = firm.rows
    firm.shell = Stubborn(firm.shell.workspace)
    firm.load(a, b, c)
    firm.run()
    firm.answered()
    firm.load(dearer(a), gone(b))
    firm.run()
    firm.answered()


def end(firm: Firm) -> dict[str, object]:
    files = everything(firm.shell.workspace)[1]
    return {
        "sent": {name: digest for name, digest in files.items() if name.startswith(("outbox/", "inbox/"))},
        "counts": firm.counts(),
        "reports": firm.reports(),
        "status": firm.status(),
        "intact": firm.shell("verify", "--json").json["intact"],
    }


@pytest.fixture(scope="session")
def uncut() -> dict[str, object]:
    """Filled by the first test."""
    return {}


def test_the_day_without_a_cut(firm: Firm, cut: Cut, uncut: dict[str, object]) -> None:
    a_day(firm)
    assert cut.seen >= POINTS[-1]
    uncut |= end(firm)
    assert uncut["counts"] == {"cancelled": 3, "accepted": 2}
    assert uncut["intact"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("point", POINTS)
def test_a_cut_is_made_good(firm: Firm, cut: Cut, uncut: dict[str, object], point: int, after: bool) -> None:
    if not uncut:
        pytest.skip("needs the test before it")
    cut.at, cut.after = point, after
    a_day(firm)
    assert cut.seen > point
    assert end(firm) == uncut
