"""A day from source to confirmed through the command line: accounted for, repeatable, provable."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.acceptance.conftest import CONFIRMED, DAY, RUN, Shell


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


def test_every_record_is_accounted_for(reading: Shell) -> None:
    counts = reading.balance()
    assert counts["ingested"] == 400
    assert counts["residual"] == 0
    assert counts["accepted"] > 250
    assert counts["rejected"] > 0
    assert counts["held"] > 0
    assert counts["not_reportable"] > 0


def test_planted_defects_end_where_they_should(reading: Shell) -> None:
    from regreport.demo.day import day
    from regreport.demo.planted import PLANTED

    _, references = day(records=400)
    category = {"warning": "accepted", "pending": "unanswered"}
    for planted in PLANTED:
        wanted = category.get(planted.becomes, planted.becomes)
        rows = reading("balance", "--records", wanted, "--json", code=None).json
        found = {r["transaction_id"] for r in rows}
        assert set(references[planted.key]) <= found, planted.key


def test_running_again_changes_nothing(confirmed: Shell) -> None:
    before = everything(confirmed.workspace)
    confirmed("run", "--date", DAY, at="2026-11-24T10:00:00Z")
    confirmed("confirm", at="2026-11-24T10:00:00Z")
    assert everything(confirmed.workspace) == before


def test_the_same_day_gives_the_same_bytes(loaded: Shell, confirmed_day: Path) -> None:
    loaded("run", "--date", DAY, at=RUN)
    ours = {p.name: p.read_bytes() for p in (loaded.workspace / "outbox").rglob("*.xml")}
    theirs = {p.name: p.read_bytes() for p in (confirmed_day / "outbox").rglob("*.xml")}
    assert ours
    assert ours == theirs


def test_the_files_are_valid_messages(reading: Shell) -> None:
    for file in (reading.workspace / "outbox").rglob("*.xml"):
        assert "clean" in reading("check", file).out


def test_it_verifies_and_can_be_copied(reading: Shell, tmp_path: Path) -> None:
    assert reading("verify", "--json").json["intact"]
    shutil.copytree(reading.workspace, tmp_path / "elsewhere", symlinks=True)
    assert Shell(tmp_path / "elsewhere")("verify", "--json").json["intact"]


def test_the_workspace_holds_no_absolute_path(reading: Shell) -> None:
    here = str(reading.workspace).encode()
    for file in reading.workspace.rglob("*"):
        if file.is_symlink():
            assert not str(file.readlink()).startswith("/"), file
        elif file.is_file():
            assert here not in file.read_bytes(), file


def test_a_changed_byte_is_found_and_named(confirmed: Shell) -> None:
    report = confirmed("status", "--json", code=None).json["obligations"][0]["report"]
    digest = confirmed("explain", report, "--json").json["files"][0]["digest"]
    (stored,) = (confirmed.workspace / "store" / "objects").rglob(digest)
    stored.chmod(0o644)
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.write_bytes(content)
    answer = confirmed("verify", code=5)
    assert digest in answer.out
    assert report in answer.out


def test_a_changed_row_of_the_audit_log_is_found(confirmed: Shell) -> None:
    with sqlite3.connect(confirmed.workspace / "ledger.sqlite") as ledger:
        for (trigger,) in ledger.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            ledger.execute(f"drop trigger {trigger}")
        ledger.execute("update audit_log set actor = 'mallory' where sequence = 2")
    assert "BROKEN" in confirmed("verify", code=5).out


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("balance",),
        ("balance", "--records", "held"),
        ("verify",),
        ("rules", "mifir"),
        ("fields", "mifir"),
        ("coverage",),
        ("doctor",),
        ("refdata", "list", "--date", DAY),
    ],
)
def test_every_read_command_speaks_json(reading: Shell, words: tuple[str, ...]) -> None:
    assert reading(*words, "--json", code=None).json


def test_explain_tells_a_record_from_source_to_answer(reading: Shell) -> None:
    rejected = reading("balance", "--records", "rejected", "--json", code=None).json[0]["transaction_id"]
    told = reading("explain", "--record", rejected).out
    for word in ("record", "trades.csv", "Decision: REPORTABLE", "Art", "NEW", ".xml", "delivered", "REJECTED"):
        assert word in told, word


def test_explain_of_nothing_is_a_clear_error(reading: Shell) -> None:
    assert "No source record has the id 'NOPE'" in reading("explain", "--record", "NOPE", code=2).err


def test_a_late_report_stays_late(loaded: Shell) -> None:
    loaded("run", "--date", DAY, at="2026-11-26T08:00:00Z")
    rows = loaded("status", "--json", at="2026-11-26T08:00:00Z", code=None).json["obligations"]
    assert all(r["late"] for r in rows)


def test_confirm_takes_each_answer_once(confirmed: Shell) -> None:
    before = confirmed.balance()
    for answer in list((confirmed.workspace / "inbox").rglob("*.xml")):
        again = answer.parent.parent if answer.parent.name == "done" else answer.parent
        shutil.copy(answer, again / f"again-{answer.name}")
    confirmed("confirm", at=CONFIRMED)
    assert confirmed.balance() == before


def test_an_answer_for_nothing_of_ours_is_quarantined(confirmed: Shell) -> None:
    answer = next((confirmed.workspace / "inbox").rglob("*.xml"))
    inbox = next(p for p in (confirmed.workspace / "inbox").iterdir() if p.is_dir())
    text = answer.read_text()
    message = text.split("<MsgRptIdr>")[1].split("</MsgRptIdr>")[0] if "<MsgRptIdr>" in text else ""
    assert message
    (inbox / "stranger.xml").write_text(text.replace(message, "ZZ_DATTRA_ZZ_999999-0-999998_26"))
    confirmed("confirm")
    quarantined = confirmed("status", "--json", code=1).json["quarantined"]
    assert any("never sent" in q["quarantine"] for q in quarantined)
