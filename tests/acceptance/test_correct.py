"""A recorded delta on one record: the original stays, the difference waits for a second person."""

from __future__ import annotations

import json
import sqlite3

import pytest

from regreport import app
from tests.acceptance.conftest import everything
from tests.acceptance.test_sequences import Firm, few, firm

__all__ = ["few", "firm"]  # fixtures
WHY = ("--reason", "the venue's trade report")


@pytest.fixture
def record(firm: Firm) -> str:
    """A record that was reported and accepted."""
    firm.load(*firm.rows[:2])
    firm.run()
    firm.answered()
    return firm.rows[0]["TradeRef"]


def test_a_delta_is_previewed_recorded_and_sent(firm: Firm, record: str) -> None:
    asked = ("correct", "--record", record, "--set", "price=1.5", *WHY)
    before = everything(firm.shell.workspace)
    told = firm.shell(*asked, "--preview", "--json", at=firm.at()).json
    assert [(line["action"], line["reference"]) for line in told["would_send"]] == [("CANCEL", record), ("NEW", record)]
    assert told["changes"]["price"]["to"] == "1.5"
    assert everything(firm.shell.workspace) == before, "a preview changes nothing"
    firm.shell(*asked, at=firm.at())
    firm.run()
    assert firm.lines(2) == [f"Cxl {record}", f"New {record}"]
    firm.answered()
    assert firm.counts() == {"cancelled": 1, "accepted": 2}
    story = firm.shell("explain", "--record", record).out
    assert f"correction of {record}" in story
    assert "file-1.csv" in story, "the original is still there"
    firm.shell("verify")


def test_a_preview_reaches_no_ledger_but_its_copy(firm: Firm, record: str) -> None:
    """An absolute address, in the settings or the environment, names the ledger that is real."""
    firm.shell.env["REGREPORT_DATABASE"] = f"sqlite:///{firm.shell.workspace / 'ledger.sqlite'}"
    before = everything(firm.shell.workspace)
    told = firm.shell("correct", "--record", record, "--set", "price=1.5", *WHY, "--preview", "--json", at=firm.at())
    assert len(told.json["would_send"]) == 2
    assert everything(firm.shell.workspace) == before


def test_the_document_of_a_delta_says_who_and_why(firm: Firm, record: str) -> None:
    firm.shell("correct", "--record", record, "--set", "price=1.5", *WHY, "--as", "carla", at=firm.at())
    with sqlite3.connect(firm.shell.workspace / "ledger.sqlite") as ledger:
        ((digest,),) = ledger.execute("select file_digest from source_batch where file_name like 'correction%'")
    home = app.build(firm.shell.workspace)
    try:
        document = json.loads(home.store.read(digest))
    finally:
        app.close(home)
    sealed = next((firm.shell.workspace / "store" / "objects").rglob(digest)).read_bytes()
    assert WHY[1].encode() not in sealed, "a record may hold persons: at rest it is encrypted"
    assert (document["who"], document["why"]) == ("carla", WHY[1])
    assert document["changes"]["price"]["to"] == "1.5"


def test_a_later_load_is_a_later_version(firm: Firm, record: str) -> None:
    firm.shell("correct", "--record", record, "--set", "price=1.5", *WHY, at=firm.at())
    firm.run()
    firm.load(firm.rows[0])
    firm.run()
    assert firm.lines(3) == [f"Cxl {record}", f"New {record}"]


@pytest.mark.parametrize(
    ("record_id", "change", "words"),
    [
        ("NOBODY", "price=1", "no source record has this id"),
        ("", "prize=1", "no such column. Near: price"),
        ("", "transaction_id=other", "this column says which record it is"),
        ("", "price=1,5", "price"),
        ("", "price=", "an empty value"),
        ("", "price", "not one COLUMN=VALUE"),
        ("", "timestamp=2026-11-24T10:00:00Z", "would move to another day"),
    ],
)
def test_what_cannot_be_corrected_says_so(firm: Firm, record: str, record_id: str, change: str, words: str) -> None:
    before = everything(firm.shell.workspace)
    asked = firm.shell("correct", "--record", record_id or record, "--set", change, *WHY, at=firm.at(), code=2)
    assert words in asked.err
    assert everything(firm.shell.workspace) == before


def test_the_value_that_stands_is_no_correction(firm: Firm, record: str) -> None:
    firm.shell("correct", "--record", record, "--set", "price=1.5", *WHY, at=firm.at())
    same = firm.shell("correct", "--record", record, "--set", "price=1.5", *WHY, at=firm.at(), code=2)
    assert "has this value already" in same.err
