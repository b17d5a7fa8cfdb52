"""What an inbox may hold: used once, or stored, moved away and named with the reason; nothing is run, nothing is lost.

The numbers are those of the list of bad inputs for files and archives (71 to 89).
"""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from tests.acceptance.archives import CASES, as_gzip, zipped
from tests.acceptance.conftest import CONFIRMED, DAY, Shell
from tests.acceptance.test_answers import answer_text, changed, delivered, delivered_day, put, quarantined

__all__ = ["answer_text", "delivered", "delivered_day"]  # fixtures

SWEDISH = 132
"""Records that the Swedish authority's answer accepts."""
OTHER = f"EU-TRANSACTION-MIFIR-{DAY}-DEMO00NORDLICHTBNK11-1"
OWN = f"EU-TRANSACTION-MIFIR-{DAY}-DEMO00SKARGARDFOND36-1"


@pytest.fixture
def good(answer_text: str) -> bytes:
    return answer_text.encode()


@pytest.fixture
def inbox(delivered: Shell) -> Path:
    return delivered.workspace / "inbox" / "authority-se"


def accepted(shell: Shell) -> int:
    return shell.balance()["accepted"]


def test_every_bad_file_is_kept_with_its_reason_and_changes_nothing(delivered: Shell, inbox: Path, good: bytes) -> None:
    files = {case.name: case.make(good) for case in CASES}
    assert len(files) == len(CASES)
    for name, content in files.items():
        put(delivered, name, content)
    before = delivered.balance()
    delivered("confirm")
    assert delivered.balance() == before
    reasons = quarantined(delivered)
    assert set(reasons) == set(files)
    for case in CASES:
        assert case.says in reasons[case.name], case.name
    assert [p.name for p in inbox.iterdir()] == ["done"]
    stored = {hashlib.sha256(p.read_bytes()).hexdigest() for p in (inbox / "done").iterdir()}
    assert stored == {hashlib.sha256(c).hexdigest() for c in files.values()}
    with sqlite3.connect(delivered.workspace / "ledger.sqlite") as ledger:
        told = {d for (d,) in ledger.execute("select digest from feedback_log where quarantine <> ''")}
        events = ledger.execute("select count(*) from audit_log where chain = 'feedback/quarantine'").fetchone()
    assert (told, events) == (stored, (len(files),))
    seen = delivered("verify", "--json").json
    assert (seen["intact"], seen["orphans"]) == (True, [])
    put(delivered, "good.zip", zipped([("answer.xml", good)]))
    delivered("confirm")
    assert accepted(delivered) == SWEDISH, "the control is used"


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("answer.zip", lambda good: zipped([("answer.xml", good)])),
        ("answer.xml.gz", as_gzip),
        ("answer", lambda good: good),
        ("answer.dat", lambda good: good),
        ("83; $(touch hacked) `touch hacked`.xml", lambda good: good),
    ],
)
def test_an_answer_in_any_decent_form_is_used_once(delivered: Shell, good: bytes, name: str, make: object) -> None:
    assert callable(make)
    put(delivered, name, make(good))
    delivered("confirm")
    assert accepted(delivered) == SWEDISH
    before = delivered.balance()
    for other, content in ((name, make(good)), ("again.zip", zipped([("a.xml", good)])), ("again.xml", good)):
        put(delivered, other, content)
        delivered("confirm")
    assert delivered.balance() == before
    seen = delivered("verify", "--json").json
    assert (seen["intact"], seen["orphans"]) == (True, [])
    assert not list(delivered.workspace.rglob("hacked"))
    events = [e["kind"] for e in delivered("explain", OWN, "--json").json["events"]]
    assert events.count("partially accepted") == 1


def test_an_archive_holds_good_and_bad_documents(delivered: Shell, answer_text: str) -> None:
    bad = changed(answer_text, "too-many.xml")
    put(delivered, "both.zip", zipped([("bad.xml", bad.encode()), ("good.xml", answer_text.encode())]))
    delivered("confirm")
    assert accepted(delivered) == SWEDISH
    reasons = quarantined(delivered)
    assert list(reasons) == ["both.zip/bad.xml"]
    assert "counts 135 records" in reasons["both.zip/bad.xml"]
    assert delivered("verify", "--json").json["orphans"] == []


def message_id(shell: Shell, report: str) -> str:
    return str(shell("explain", report, "--json").json["files"][0]["message_id"])


def test_84_an_answer_named_for_another_report(delivered: Shell, good: bytes) -> None:
    names = (f"FDB_{message_id(delivered, OTHER)}.xml", f"{OTHER}.answer.xml")
    for name in names:
        put(delivered, name, good + b"\n" * names.index(name))
    put(delivered, "in.zip", zipped([(names[0], good + b"\n\n")]))
    delivered("confirm")
    reasons = quarantined(delivered)
    assert set(reasons) == {*names, f"in.zip/{names[0]}"}
    assert all(f"is named for {OTHER}, but answers {OWN}" in reason for reason in reasons.values())
    assert accepted(delivered) == 0
    put(delivered, f"FDB_{message_id(delivered, OWN)}.xml", good)
    delivered("confirm")
    assert accepted(delivered) == SWEDISH, "named for its own report it is used"


def test_86_a_file_that_grows_is_waited_for(delivered: Shell, inbox: Path, good: bytes) -> None:
    with (inbox / "slow.xml").open("wb") as writer:
        writer.write(good[:500])
        writer.flush()
        delivered("confirm")
        writer.write(good[500:])
    assert (inbox / "slow.xml").exists()
    assert accepted(delivered) == 0
    delivered("confirm")
    assert accepted(delivered) == SWEDISH
    assert delivered("status", "--json", code=None).json["quarantined"] == []


def test_87_the_same_name_with_other_bytes(delivered: Shell, inbox: Path, answer_text: str) -> None:
    put(delivered, "answer.xml", answer_text)
    delivered("confirm")
    before = delivered.balance()
    put(delivered, "answer.xml", answer_text.replace("09:00:00Z", "10:00:00Z").replace("PDNG", "RJCT"))
    delivered("confirm")
    assert delivered.balance() == before
    assert "has the name of an answer that was used before" in quarantined(delivered)["answer.xml"]
    assert sorted(p.name for p in (inbox / "done").iterdir()) == ["answer.xml", "answer.xml.2"]


def test_87_a_good_one_may_follow_a_bad_one_of_that_name(delivered: Shell, answer_text: str) -> None:
    put(delivered, "answer.xml", answer_text[:-30])
    delivered("confirm", at=CONFIRMED)
    assert list(quarantined(delivered)) == ["answer.xml"]
    put(delivered, "answer.xml", answer_text)
    delivered("confirm")
    assert accepted(delivered) == SWEDISH


def test_what_lay_in_another_inbox_counts_in_its_own(delivered: Shell, answer_text: str) -> None:
    put(delivered, "answer.xml", answer_text, "authority-de")
    delivered("confirm")
    assert (accepted(delivered), len(quarantined(delivered))) == (0, 1)
    put(delivered, "answer.xml", answer_text)
    delivered("confirm")
    assert accepted(delivered) == SWEDISH
    assert delivered("verify", "--json").json["intact"]
