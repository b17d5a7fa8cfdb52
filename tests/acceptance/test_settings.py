"""A wrong setting or option: one clear line, exit 3 (configuration) or 2 (command line), and nothing done."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import DAY, RUN, Shell, everything

WRONG = {
    "unknown key of a destination": ('calendar = "DE"', 'calendar = "DE"\ncolour = "red"', ["destinations.0.colour"]),
    "unknown key of a role": (
        "valid_from = 2018-01-03",
        'valid_from = 2018-01-03\nhue = "red"',
        ["entities.0.roles.0.hue"],
    ),
    "no such destination": ('destination = "authority-de"', 'destination = "nowhere"', ["'nowhere'", "authority-de"]),
    "destination twice": ('name = "authority-se"', 'name = "authority-de"', ["destination given twice: authority-de"]),
    "entity twice": ("DEMO00SKARGARDFOND36", "DEMO00NORDLICHTBNK11", ["entity LEI given twice"]),
    "bad LEI": ("DEMO00NORDLICHTBNK11", "DEMO00NORDLICHTBNK1", ["entities.0.lei"]),
    "bad country": ('country = "DE"', 'country = "Germany"', ["entities.0.country"]),
    "bad date": ("valid_from = 2018-01-03", 'valid_from = "soon"', ["entities.0.roles.0.valid_from"]),
    "unknown jurisdiction": ('jurisdiction = "EU"', 'jurisdiction = "MARS"', ["jurisdiction", "'EU'"]),
    "unknown report type": ('report_type = "TRANSACTION"', 'report_type = "DREAM"', ["report_type", "'TRANSACTION'"]),
    "unknown time zone": ("Europe/Berlin", "Europe/Nowhere", ["'Europe/Nowhere'", "Europe/Berlin"]),
    "unknown calendar": ('calendar = "DE"', 'calendar = "ZZ"', ["Unknown calendar 'ZZ'", "ECB"]),
    "unknown part of a calendar": ('calendar = "DE"', 'calendar = "DE-ZZ"', ["Unknown calendar 'DE-ZZ'"]),
    "unknown channel": ('channel = "folder"', 'channel = "pigeon"', ["'pigeon'", "email, folder"]),
    "unknown option of a channel": ('channel = "folder"', 'channel = "folder"\noptions = { hue = "red" }', ["hue"]),
    "regime that is not built": ('regime = "mifir"', 'regime = "emir"', ["emir", "built for this cell: mifir"]),
    "field of a file name": ("{sender}_DATTRA", "{colour}_DATTRA", ["{colour}", "{sender}"]),
    "file name that leads out": ("{sender}_DATTRA", "../{sender}_DATTRA", ["../"]),
    "no TOML": ("[[destinations]]", "[[destinations", ["not valid TOML", "line"]),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_setting_is_named_and_nothing_is_sent(loaded: Shell, what: str) -> None:
    old, new, says = WRONG[what]
    path = loaded.workspace / "regreport.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    answer = loaded("run", "--date", DAY, at=RUN, code=3)
    assert answer.err.count("\n") == 1
    assert all(words in answer.err for words in says), answer.err
    assert not list((loaded.workspace / "outbox").rglob("*.xml"))


def test_a_setting_that_is_set_right_is_all_it_takes(loaded: Shell) -> None:
    """Even where the fault is seen only when the first file is named: nothing is left half done."""
    path = loaded.workspace / "regreport.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("{sender}_DATTRA", "{colour}_DATTRA"), encoding="utf-8")
    loaded("run", "--date", DAY, at=RUN, code=3)
    assert loaded.balance()["residual"] == 0
    path.write_text(text, encoding="utf-8")
    loaded("run", "--date", DAY, at=RUN)
    assert len(list((loaded.workspace / "outbox").rglob("*.xml"))) == 3


def test_a_workspace_without_settings_says_how_to_make_one(loaded: Shell) -> None:
    (loaded.workspace / "regreport.toml").unlink()
    for words in (("run", "--date", DAY), ("status",), ("balance",), ("verify",), ("simulate",), ("load", "x.csv")):
        assert "regreport init --from" in loaded(*words, code=3).err


ASKED = {
    ("--jurisdiction", "UK", "--report-type", "TRANSACTION"): "built for this cell: mifir (ask with --regime mifir)",
    ("--jurisdiction", "UK", "--report-type", "TRANSACTION", "--regime", "mifir"): "No entity has a role for UK",
    ("--jurisdiction", "UK"): "built in this version: EU TRANSACTION mifir, UK TRANSACTION mifir",
    ("--jurisdiction", "MARS"): "No jurisdiction 'MARS'; known: APAC, EU, UK, US",
    ("--report-type", "DREAM"): "No report type 'DREAM'",
    ("--jurisdiction", "EU", "--report-type", "POSITION"): "nothing is built for this cell yet",
    ("--regime", "emir"): "Regime emir is not built in this version; built: mifir",
    ("--regime", "dream"): "Regime dream is not built",
    ("--entity", "Nobody"): "No entity 'Nobody'; known: DEMO00",
}


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_asking_for_what_is_not_there_is_no_empty_day(loaded: Shell, words: tuple[str, ...]) -> None:
    before = everything(loaded.workspace)
    assert ASKED[words] in loaded("run", "--date", DAY, *words, at=RUN, code=3).err
    assert everything(loaded.workspace) == before


def test_a_day_before_the_roles_began_owes_nothing(loaded: Shell) -> None:
    assert "no role in regreport.toml is in force" in loaded("run", "--date", "2017-01-02", at=RUN).out


def test_one_entity_by_name_and_one_by_its_code(loaded: Shell) -> None:
    for entity in ("Nordlicht Bank AG", "DEMO00SKARGARDFOND36"):
        told = loaded("run", "--date", DAY, "--entity", entity, "--json", at=RUN).json
        assert len(told["steps"]["deliver"]) == 1
        assert len(told["accounts"]) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run",), "--date"),
        (("run", "--date", "2026-02-30"), "YYYY-MM-DD"),
        (("run", "--date", "tomorrow"), "'tomorrow'"),
        (("run", "--date", DAY, "--workers", "0"), "--workers"),
        (("status", "--date", "23.11.2026"), "YYYY-MM-DD"),
        (("balance", "--records", "lost"), "Known: not_reportable"),
        (("explain",), "--record"),
        (("findings", "NOPE"), "no report 'NOPE'"),
        (("explain", "NOPE"), "no report 'NOPE'"),
        (("rules", "--on", "soon"), "YYYY-MM-DD"),
        (("frobnicate",), "No such command"),
    ],
)
def test_a_wrong_command_line_is_exit_2(loaded: Shell, words: tuple[str, ...], says: str) -> None:
    answer = loaded(*words, code=2)
    assert says in answer.err
    assert answer.out == ""


@pytest.mark.parametrize("clock", ["noon", "2026-11-24T07:30:00"])
def test_a_clock_that_cannot_be_is_an_error(loaded: Shell, clock: str) -> None:
    assert "REGREPORT_CLOCK" in loaded("status", at=clock, code=3).err


def test_an_unknown_regime_of_rules_and_fields_is_an_error(loaded: Shell) -> None:
    for command in ("rules", "fields"):
        assert "dream" in loaded(command, "dream", code=3).err
