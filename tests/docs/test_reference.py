"""What exists has its words: generated pages are what the code says, and no command, setting, status or code is
without a page."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from regreport import coverage, docs
from regreport.balance import CATEGORIES
from regreport.cli import app
from regreport.cli.exits import Exit
from regreport.eligibility import CONTRADICTION
from regreport.model.feedback import Outcome
from regreport.model.obligation import ObligationStatus
from regreport.model.report import Status
from regreport.regime import Regime, regimes
from regreport.regimes.mifir.eligibility.event_kinds import event_kinds
from regreport.settings import Destination, Entity, Role, Settings
from regreport.sources.columns import load_columns
from regreport.sources.layout import ENCODINGS
from regreport.sources.reading import READING_KEYS
from tests.docs.page import ROOT, pages, steps

GROUP: Any = typer.main.get_command(app)


def read(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def commands() -> list[str]:
    """Every command as it is typed."""
    found = []
    for name, command in GROUP.commands.items():
        inner = getattr(command, "commands", None)
        found += [f"{name} {n}" for n in inner] if inner else [name]
    return found


def test_generated_pages_are_what_the_code_says() -> None:
    assert docs.stale() == [], "run: make docs"


def test_a_stale_page_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a word more in the code, and the page of it is stale."""
    monkeypatch.setattr(docs, "capture", lambda: "another demo\n")
    assert "README.md" in [str(p) for p in docs.stale()]


def test_the_readme_shows_what_coverage_prints() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert coverage.as_markdown(coverage.coverage()) in readme


@pytest.mark.parametrize("command", commands())
def test_a_command_has_its_words(command: str) -> None:
    """In the reference, and where somebody uses it."""
    assert f"## regreport {command}\n" in read("reference/commands.md")
    written = [p for p in pages() if "reference" not in p.parts and f"regreport {command}" in p.read_text("utf-8")]
    assert written, f"no page tells when to use regreport {command}"


def test_every_option_is_in_the_reference() -> None:
    text = read("reference/commands.md")
    for name, command in GROUP.commands.items():
        for one in getattr(command, "commands", {name: command}).values():
            for parameter in one.params:
                if parameter.name != "help":
                    assert any(f"`{w}" in text or f" {w}`" in text for w in (*parameter.opts, parameter.name.upper()))


@pytest.mark.parametrize("model", [Settings, Entity, Role, Destination])
def test_every_setting_has_its_words(model: type[BaseModel]) -> None:
    text = read("reference/settings.md")
    missing = [name for name in model.model_fields if f"`{name}`" not in text]
    assert missing == []


def test_every_environment_variable_has_its_words() -> None:
    source = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.py"))
    named = set(re.findall(r'"(REGREPORT_[A-Z]+(?:_[A-Z]+)*)"', source))
    assert {n for n in named if f"`{n}`" not in read("reference/settings.md")} == set()
    assert "REGREPORT_CLOCK" in named


def test_every_state_has_its_words() -> None:
    text = read("concepts/statuses.md")
    for word in (*Status, *Outcome, *ObligationStatus):
        assert f"| `{word.value}` |" in text
    for category in CATEGORIES:
        assert f"| {category.replace('_', ' ').replace('unanswered', 'sent, unanswered')} |" in text
    for code in Exit:
        assert f"| {code.value} |" in text
    assert CONTRADICTION in read("concepts/eligibility.md")


def test_every_key_of_a_mapping_has_its_words() -> None:
    text = read("howto/map-your-file.md")
    keys = READING_KEYS | {"delimiter", "quote", "encoding", "translate", "otherwise", "when_empty", "constant"}
    assert {k for k in keys if f"`{k}`" not in text and f"`{k} = " not in text and f"{k} = " not in text} == set()
    assert {e for e in ENCODINGS if f"`{e}`" not in text} == set()


def test_every_event_kind_and_source_column_is_listed() -> None:
    kinds, columns = read("reference/event-kinds.md"), read("reference/source-columns.md")
    assert {k.code for k in event_kinds() if f"| {k.code} |" not in kinds} == set()
    assert {c for c in load_columns("transaction") if f"| `{c}` |" not in columns} == set()


def test_every_member_of_a_regime_is_explained() -> None:
    text = read("howto/add-a-regime.md")
    assert {f.name for f in fields(Regime) if f"`{f.name}`" not in text} == set()


def test_every_rule_of_a_regime_is_listed() -> None:
    for name in regimes():
        told = coverage.rules(name)
        rules, decisions = read(f"reference/{name}-rules.md"), read(f"reference/{name}-eligibility.md")
        assert {r["id"] for r in told["done"] if f"## {r['id']}\n" not in rules} == set()
        assert {d["id"] for d in told["decisions"] if f"| {d['id']} |" not in decisions} == set()


def test_pages_keep_to_themselves() -> None:
    """No page tells of machines, hosts or how the project was made."""
    told = re.compile(
        r"/work/|/tmp/|/home/|https?://(?!reports\.firm\.example|www\.w3\.org)|localhost:\d", re.IGNORECASE
    )
    for page in pages():
        assert told.findall(page.read_text(encoding="utf-8")) == [], page


def test_pages_are_short() -> None:
    written = [p for p in pages() if "reference" not in p.parts and "src" not in p.parts]
    assert {str(p.relative_to(ROOT)) for p in written if len(p.read_text("utf-8").splitlines()) > 260} == set()
    assert all(steps(p) is not None for p in written)
