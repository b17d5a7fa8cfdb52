"""What later steps have replaced in the ledger's rows is still evidence; an older report keeps its findings."""

from __future__ import annotations

import json
import sqlite3

from tests.acceptance.conftest import DAY
from tests.acceptance.test_sequences import Firm, dearer, few, firm

__all__ = ["few", "firm"]


def test_records_from_a_database_verify(firm: Firm) -> None:
    a, *_ = firm.rows
    with sqlite3.connect(firm.shell.workspace / "trades.db") as base:
        columns = ", ".join(f'"{c}" text' for c in a)
        base.execute(f"create table deals ({columns})")
        base.execute(f"insert into deals values ({', '.join('?' * len(a))})", list(a.values()))
    firm.shell("load", "sqlite:///trades.db", "--table", "deals", at=firm.at())
    firm.run()
    assert firm.shell("verify", "--json").json["intact"]


def test_an_object_that_was_replaced_and_is_gone_is_missed(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a)
    firm.run()
    with sqlite3.connect(firm.shell.workspace / "ledger.sqlite") as ledger:
        (old,) = ledger.execute("select decisions_digest from obligation where decisions_digest <> ''").fetchone()
    firm.load(dearer(a))
    firm.run()
    before = firm.shell("verify", "--json").json
    assert before["intact"]
    (stored,) = (firm.shell.workspace / "store" / "objects").rglob(old)
    stored.unlink()
    told = firm.shell("verify", "--json", code=5).json
    assert any(old in fault for fault in told["faults"])


def test_the_objects_counted_are_objects(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a)
    firm.run()
    objects = [p for p in (firm.shell.workspace / "store" / "objects").rglob("*") if p.is_file()]
    told = firm.shell("verify", "--json").json
    assert told["objects"] + len(told["orphans"]) == len(objects)


def test_an_older_report_keeps_its_findings(firm: Firm) -> None:
    a, b, *_ = firm.rows
    firm.load(a, b | {"Px": ""})
    firm.run()
    first = f"EU-TRANSACTION-MIFIR-{DAY}-{firm.house}-1"
    before = firm.shell("findings", first, "--json", code=1).json
    assert any(f["source_line"] == 2 and f["severity"] == "error" for f in before)
    firm.load(b)
    firm.run()
    assert firm.shell("findings", first, "--json", code=1).json == before
    second = firm.shell("findings", first[:-1] + "2", "--json", code=None).json
    assert not any(f["severity"] == "error" for f in second)
    assert json.dumps(before) != json.dumps(second)
