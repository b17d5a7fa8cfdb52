"""Persons: encrypted at rest, readable without our code with the key, taken out with a note."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from regreport.app import build, close
from tests.acceptance.conftest import Shell, store_of

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "persons.md"
IRISH = "EU-TRANSACTION-MIFIR-2026-11-23-DEMO00LOUGHDERGEXE13-1"


def test_the_page_says_how_to_read_the_store_without_regreport(reading: Shell) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert "regreport." not in code
    page: dict[str, object] = {}
    exec(code, page)
    plain = page["plain"]
    assert callable(plain)
    objects = [p for p in (reading.workspace / "store" / "objects").rglob("*") if p.is_file()]
    assert {hashlib.sha256(plain(p, reading.workspace / "keys")).hexdigest() == p.name for p in objects} == {True}
    sealed = [p for p in objects if p.read_bytes().startswith(b"RGSEAL1\n")]
    assert len(objects) - len(sealed) == 3  # instruments, leis, mics


def test_files_are_taken_out_with_a_note(confirmed: Shell) -> None:
    (confirmed.workspace / "out").mkdir()
    told = confirmed("files", IRISH, "--to", "out", "--reason", "the authority asks")
    (file,) = (confirmed.workspace / "out").iterdir()
    assert file.name in told.out
    assert file.read_bytes() == next((confirmed.workspace / "outbox").rglob(file.name)).read_bytes()
    note = confirmed("explain", IRISH, "--json").json["events"][-1]
    assert (note["kind"], note["actor"], note["detail"]["reason"]) == ("files taken out", "ana", "the authority asks")
    again = confirmed("files", IRISH, "--to", "out", "--reason", "again", code=2)
    assert "it is there already" in again.err
    assert "say why" in confirmed("files", IRISH, "--to", "out", "--reason", " ", code=2).err


@pytest.mark.parametrize("where", ["settings", "environment"])
def test_the_keyring_may_lie_elsewhere(loaded: Shell, tmp_path: Path, where: str) -> None:
    keys = tmp_path / "elsewhere"
    (loaded.workspace / "keys").rename(keys)
    assert "REGREPORT_KEYRING" in loaded("generate", "--date", "2026-11-23", code=3).err
    assert not (loaded.workspace / "keys").exists()
    if where == "environment":
        loaded.env["REGREPORT_KEYRING"] = str(keys)
    else:
        settings = loaded.workspace / "regreport.toml"
        settings.write_text(settings.read_text() + f'\n[keys]\nfolder = "{keys}"\n')
    loaded("generate", "--date", "2026-11-23")
    assert not (loaded.workspace / "keys").exists()


def test_a_master_key_that_others_can_read_stops_everything(loaded: Shell) -> None:
    (loaded.workspace / "keys" / "master.key").chmod(0o644)
    assert "chmod 600" in loaded("status", code=3).err


AFTER = "2037-01-04T09:00:00Z"
BEFORE = "2036-12-30T09:00:00Z"
KEY = "mifir-2036"


def destroy(shell: Shell, at: str = AFTER, who: str = "ana", code: int = 0) -> str:
    answer = shell(
        "persons", "keys", "destroy", KEY, "--reason", "the last duty has ended", "--as", who, at=at, code=code
    )
    return answer.out + answer.err


def keys_of(shell: Shell, at: str = AFTER) -> dict[str, dict[str, Any]]:
    return {k["key"]: k for k in shell("persons", "keys", "list", "--json", at=at).json}


def test_a_key_goes_after_its_last_duty_and_by_two_persons(confirmed: Shell) -> None:
    before = keys_of(confirmed, BEFORE)[KEY]
    assert (before["last_duty"], before["may_go"]) == ("2036-12-31", False)
    assert before["objects"] > 20
    assert "not all may go before 2036-12-31" in destroy(confirmed, BEFORE, code=2)
    assert keys_of(confirmed)[KEY]["may_go"]
    assert "regreport approve mifir-2036" in destroy(confirmed)
    assert confirmed("approve", KEY, "--reason", "yes", "--as", "Ana ", at=AFTER, code=1).err
    assert not keys_of(confirmed)[KEY]["destroyed_at"]
    told = confirmed("approve", KEY, "--reason", "nothing is open", "--as", "ben", at=AFTER).out
    assert f"{before['objects']} objects have ended" in told
    assert not (confirmed.workspace / "keys" / f"{KEY}.key").exists()
    assert "is destroyed" in destroy(confirmed)  # again changes nothing


@pytest.fixture
def ended(confirmed: Shell) -> Shell:
    """A workspace whose only period has ended."""
    destroy(confirmed)
    confirmed("approve", KEY, "--reason", "yes", "--as", "ben", at=AFTER)
    return confirmed


def test_the_chain_still_verifies_and_says_what_ended(ended: Shell) -> None:
    told = ended("verify", at=AFTER)
    assert "key mifir-2036 destroyed on 2037-01-04 by ben" in told.out
    assert "Everything is as it was recorded" in told.out
    seen = ended("verify", "--json", at=AFTER).json
    assert seen["intact"]
    assert len(seen["ended"]) == 1
    kinds = [e.kind for e in events_of(ended, KEY)]
    assert kinds == ["requested", "approved", "key destroyed"]


def events_of(shell: Shell, chain: str) -> list[Any]:
    home = build(shell.workspace)
    try:
        return home.ledger.events(chain)
    finally:
        close(home)


def test_what_has_ended_cannot_be_read_and_stops_nothing_else(ended: Shell) -> None:
    for words in (["explain", IRISH], ["findings", IRISH], ["files", IRISH, "--to", ".", "--reason", "x"]):
        assert "key mifir-2036 destroyed" in ended(*words, at=AFTER, code=2).err
    for words in (["status"], ["balance"], ["doctor"], ["persons", "keys", "list"]):
        ended(*words, at=AFTER, code=None)
    trades = ended.workspace / "trades.csv"
    trades.write_text(trades.read_text().replace("2026-11-23T", "2036-11-24T").replace("20261123", "20361124"))
    ended("load", "trades.csv", at="2037-01-05T06:45:00Z")
    ended("generate", "--date", "2036-11-24", at="2037-01-05T07:30:00Z")
    assert any(a["ingested"] for a in ended("balance", "--date", "2036-11-24", "--json", at=AFTER, code=None).json)
    assert set(keys_of(ended)) == {KEY, "mifir-2046", "mifir-2047"}
    assert ended("verify", "--json", at=AFTER).json["intact"]


@pytest.mark.parametrize("how", ["tombstone", "lost"])
def test_a_key_that_goes_without_two_persons_is_a_fault(confirmed: Shell, how: str) -> None:
    keys = confirmed.workspace / "keys"
    (keys / f"{KEY}.key").unlink()
    if how == "tombstone":
        (keys / f"{KEY}.destroyed").write_text(
            '{"id": "mifir-2036", "destroyed_at": "2037-01-04", "destroyed_by": "eve"}'
        )
    told = confirmed("verify", at=AFTER, code=5)
    assert ("no second person had agreed" if how == "tombstone" else "There is no key mifir-2036") in told.out


def test_a_crash_between_the_deed_and_its_event_is_made_good(confirmed: Shell) -> None:
    destroy(confirmed)
    home = build(confirmed.workspace)
    asked = home.ledger.requests(KEY)[0]
    home.ledger.decide(asked.request_id, "approved", "yes", "ben")  # and then the process was killed
    close(home)
    assert not keys_of(confirmed)[KEY]["destroyed_at"]
    assert "is destroyed" in destroy(confirmed, who="ben")
    assert [e.kind for e in events_of(confirmed, KEY)] == ["requested", "approved", "key destroyed"]


def test_a_legal_hold_keeps_the_key(confirmed: Shell) -> None:
    with sqlite3.connect(confirmed.workspace / "ledger.sqlite") as ledger:
        ledger.execute(
            "insert into legal_hold (hold_id, subject, reason, placed_by, placed_at) values ('H-1', ?, 'x', 'eve', ?)",
            (IRISH, "2030-01-01 00:00:00"),
        )
    assert "under legal hold: H-1" in destroy(confirmed, code=2)
    assert keys_of(confirmed)[KEY]["holds"]


def test_other_objects_under_the_key_than_were_agreed_to(confirmed: Shell) -> None:
    destroy(confirmed)
    store_of(confirmed).put(b"one more", "late.txt", date(2036, 1, 1), "mifir")
    told = confirmed("approve", KEY, "--reason", "yes", "--as", "ben", at=AFTER, code=2).err
    assert "other objects are under it than were agreed to" in told
    assert not keys_of(confirmed)[KEY]["destroyed_at"]


def natural(shell: Shell) -> dict[str, str]:
    """One natural client of the day whose record was reported."""
    with (shell.workspace / "trades.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    accepted = {r["transaction_id"] for r in shell("balance", "--records", "accepted", "--json", code=None).json}
    return next(r for r in rows if r["CliIdType"] == "N" and r["TradeRef"] in accepted)


@pytest.mark.parametrize("by", ["id", "id without country", "name"])
def test_everything_about_a_person_is_exported(confirmed: Shell, by: str) -> None:
    client = natural(confirmed)
    words = {
        "id": ["--id", client["CliId"]],
        "id without country": ["--id", client["CliId"][2:]],
        "name": ["--name", f"{client['CliFirst']}|{client['CliLast']}", "--born", client["CliBorn"]],
    }[by]
    told = confirmed("persons", "export", *words, "-o", "person.json").out
    file = confirmed.workspace / "person.json"
    assert file.stat().st_mode & 0o777 == 0o600
    found = json.loads(file.read_text())
    mine = [r for r in found["source_rows"] if r["transaction_id"] == client["TradeRef"]]
    assert mine[0]["client_surnames"] == [client["CliLast"]]
    line = next(x for x in found["report_lines"] if x["fields"]["transaction_reference"] == client["TradeRef"])
    assert line["feedback"]["outcome"] == "ACCEPTED"
    side = "buyer" if any(p.get("id") == client["CliId"] for p in line["fields"].get("buyer", [])) else "seller"
    assert line["fields"][side][0]["surnames"] == client["CliLast"].upper()
    if line["line"]:
        sent = (confirmed.workspace / "outbox").rglob(line["file"])
        assert line["line"] in next(sent).read_text()
    assert f"{len(found['source_rows'])} source rows, {len(found['report_lines'])} report lines" in told
    assert confirmed("persons", "export", *words, "-o", "person.json", code=2).err


def test_the_ledger_knows_who_asked_and_not_about_whom(confirmed: Shell) -> None:
    client = natural(confirmed)
    for number in (1, 2):
        confirmed("persons", "export", "--id", client["CliId"], "-o", f"{number}.json", "--reason", "the client asks")
    confirmed("persons", "export", "--id", "DE19110101NOBOD#NOON", "-o", "3.json", code=1)
    one, two, three = (e.detail for e in events_of(confirmed, "persons"))
    assert one["person"] == two["person"] != three["person"]
    assert len(one["person"]) == 64
    assert one["reason"] == "the client asks"
    content = (confirmed.workspace / "ledger.sqlite").read_bytes()
    assert not any(client[c].encode() in content for c in ("CliId", "CliLast"))


def test_an_export_tells_nothing_of_others(confirmed: Shell) -> None:
    """A joint account: what the other holder is called stays hidden."""
    with (confirmed.workspace / "trades.csv").open(newline="", encoding="utf-8") as file:
        joint = next(r for r in csv.DictReader(file) if r["CliIdType"] == "N|N")
    first, other = joint["CliId"].split("|")
    confirmed("persons", "export", "--id", first, "-o", "person.json")
    text = (confirmed.workspace / "person.json").read_text()
    assert first in text
    assert other not in text
    assert joint["CliLast"].split("|")[1] not in text


def test_an_export_needs_to_know_who_is_meant(confirmed: Shell) -> None:
    assert "who is meant?" in confirmed("persons", "export", "--name", "Anna", "-o", "p.json", code=2).err
    assert not (confirmed.workspace / "p.json").exists()
