"""What a stranger reads before anything else: --help of everything, and doctor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from regreport.cli import app
from tests.acceptance.conftest import Shell

ROOT = typer.main.get_command(app)
COMMANDS = {
    "init", "load", "run", "generate", "validate", "deliver", "confirm", "status", "balance", "findings", "explain",
    "render", "parse", "check", "rules", "fields", "coverage", "verify", "simulate", "demo", "doctor", "compile-schema",
    "refdata", "approvals", "approve", "reject", "resolve", "correct", "sign-off", "alerts", "reconcile", "files",
    "persons",
    "seal",
}  # fmt: skip


def commands() -> dict[str, typer.main.click.Command]:
    return dict(ROOT.commands)


def test_every_command_of_the_issue_is_there_and_no_other() -> None:
    assert set(commands()) == COMMANDS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_of_every_command(tmp_path: Path, name: str) -> None:
    told = Shell(tmp_path)(name, "--help").out
    assert f"Usage: regreport {name}" in told
    help_ = commands()[name].help
    assert help_
    assert help_.split()[0] in told
    assert not list(tmp_path.iterdir())


def test_every_option_says_what_it_is() -> None:
    silent = [
        f"{name} {parameter.name}"
        for name, command in commands().items()
        for parameter in command.params
        if getattr(parameter, "help", "") in (None, "") and parameter.name != "help"
    ]
    assert silent == []


def test_help_tells_the_exit_codes_and_imports_nothing_heavy(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "regreport", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    told = " ".join(done.stdout.split())
    assert "Usage: regreport" in told
    for code in (
        "0 done",
        "1 something to look at",
        "2 unusable input",
        "3 configuration",
        "4 try again",
        "5 evidence",
    ):
        assert code in told
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "regreport.cli" in imported
    assert not imported & {"polars", "lxml", "sqlalchemy", "alembic", "holidays", "pydantic", "cryptography"}


def test_doctor_in_an_empty_folder_is_well(tmp_path: Path) -> None:
    lines = Shell(tmp_path)("doctor", "--json").json
    found = {line["what"]: line for line in lines}
    assert all(line["ok"] for line in lines)
    assert {"python", "regreport", "polars", "regreport.regimes", "regreport.channels"} <= set(found)
    assert "regreport init --from" in found["workspace"]["found"]
    assert not list(tmp_path.iterdir())


def test_doctor_in_a_workspace_is_well(reading: Shell) -> None:
    lines = reading("doctor", "--json").json
    assert all(line["ok"] for line in lines), [line for line in lines if not line["ok"]]
    found = {line["what"]: line["found"] for line in lines}
    assert found["destination authority-de"] == "folder, Europe/Berlin, DE"
    assert found["EU TRANSACTION to authority-de"] == "mifir by folder"
    assert found["ledger"].startswith("reachable, 3 days with source records")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('calendar = "DE"', 'calendar = "ZZ"', "Unknown calendar 'ZZ'"),
        ('channel = "folder"', 'channel = "pigeon"', "no channel 'pigeon'"),
        ('regime = "mifir"', 'regime = "emir"', "built for this cell: mifir"),
        ("[[destinations]]", "[[destinations", "not valid TOML"),
        ("[regimes.mifir]", 'database = "sqlite:///nowhere/ledger.sqlite"\n[regimes.mifir]', "ledger"),
    ],
)
def test_doctor_names_what_cannot_work(loaded: Shell, old: str, new: str, says: str) -> None:
    path = loaded.workspace / "regreport.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert "PROBLEM" in loaded("doctor", code=1).out
    wrong = [f"{line['what']}: {line['found']}" for line in loaded("doctor", "--json", code=1).json if not line["ok"]]
    assert any(says in line for line in wrong), wrong
