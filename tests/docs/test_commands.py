"""Every command that a page shows is run in one session for the page, and prints what the page says that it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.page import ROOT, Before, Command, Written, agrees, pages, steps
from tests.docs.preparations import prepare
from tests.docs.session import Session

RUN = [p for p in pages() if any(isinstance(s, Command) for s in steps(p))]


@pytest.mark.parametrize("page", RUN, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_commands_of_a_page_do_what_it_shows(page: Path, tmp_path: Path, made_demo: tuple[Path, str]) -> None:
    reader = Session(tmp_path, made_demo)
    with prepare(reader) as ready:
        for step in steps(page):
            where = f"{page.relative_to(ROOT)}:{step.line}"
            if isinstance(step, Before):
                ready(step.words)
            elif isinstance(step, Written):
                (reader.folder / step.name).write_text(ready.fill(step.content), encoding="utf-8")
            else:
                code, printed = reader.run(step.text)
                shown = "\n".join(step.expected)
                assert code == step.code, f"{where}: exit {code}, not {step.code}\n$ {step.text}\n{printed}"
                assert agrees(step.expected, printed), f"{where}\n$ {step.text}\n{printed}\n--- the page:\n{shown}"


def test_every_page_that_tells_how_is_run() -> None:
    """A how-to, tutorial or runbook without a single command that is run would be a promise."""
    silent = [p for p in pages() if p.parent.name in ("howto", "runbooks") or p.name == "tutorial.md"]
    silent = [p for p in silent if p not in RUN]
    assert silent == []


def test_what_a_page_shows_is_compared() -> None:
    """The control: other words, a missing line and an extra line are told apart from what was printed."""
    printed = "one  two\nthree\nfour\n"
    assert agrees(("one two", "three", "four"), printed)
    assert agrees(("one ...", "...", "four"), printed)
    assert agrees((), printed)
    assert not agrees(("one two", "three"), printed)
    assert not agrees(("one two", "3", "four"), printed)
    assert not agrees(("one two", "three", "four", "five"), printed)
    assert not agrees(("one.two", "three", "four"), printed)


def test_a_page_with_another_exit_code_fails(tmp_path: Path, made_demo: tuple[Path, str]) -> None:
    """The control of the harness: what goes wrong inside is seen outside."""
    reader = Session(tmp_path, made_demo)
    code, printed = reader.run("regreport status")
    assert code == 3
    assert "this is not a workspace" in printed
    assert reader.run("regreport rules nowhere | cat")[0] == 3
    assert reader.run("false")[0] == 1
