"""The Ledger contract: what was written cannot be changed unseen. Each check is shown to fail on a tampered ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Connection

from regreport.adapters.sql import SqlLedger
from regreport.adapters.sql.database import translated
from regreport.errors import IntegrityError
from regreport.model.batch import SourceBatch
from regreport.model.ledger import Change, Delivery, FeedbackEntry, Opening
from regreport.model.obligation import Obligation
from regreport.model.report import ReportFile, Status

NOON = datetime(2026, 11, 23, 12, 0, 0, 1, tzinfo=UTC)
DAY = date(2026, 11, 23)
Owed = Callable[..., Obligation]
REPORT = "EU-TRANSACTION-MIFIR-2026-11-23-A-1"


@pytest.fixture
def full(ledger: SqlLedger, owed: Owed) -> SqlLedger:
    """A ledger with something in every table that events describe."""
    batch = SourceBatch(
        "B-1",
        1,
        "transaction",
        "A",
        DAY,
        2,
        "d" * 64,
        "t.csv",
        "f" * 64,
        "m" * 64,
        NOON,
        "ana",
        {"EUR": Decimal("1.10")},
    )
    ledger.add_batches([batch], "ana")
    ledger.add_snapshot("leis", DAY, "c" * 64, 1, "ana")
    ledger.plan([owed("A")], "system")
    ledger.plan_submissions([Opening(owed("A").obligation_id, NOON, "AFM", 1)], "system")
    file = ReportFile(1, "f.xml", "MSG", "e" * 64, 10, 3, 0)
    ledger.advance([Change(REPORT, Status.PLANNED, Status.GENERATED, "generated", {}, {"records": 3}, [file])], "ana")
    ledger.advance([Change(REPORT, Status.GENERATED, Status.VALIDATED, "validated")], "ana")
    ledger.add_deliveries([Delivery(REPORT, 1, 1, "folder", "AFM", NOON, "delivered", "there")])
    ledger.add_feedback(FeedbackEntry("9" * 64, "a.xml", NOON, REPORT, "FB", None, "ACCEPTED", "", 3), [], "system")
    assert ledger.verify_chains() == []
    return ledger


def tamper(ledger: SqlLedger, *statements: str) -> None:
    """What an insider with the database's password does; the triggers are taken away first."""
    with ledger.engine.begin() as connection:
        for table in ("audit_log", "delivery_log"):
            for action in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER tr_{table}_no_{action}")
        for statement in statements:
            assert connection.exec_driver_sql(statement.replace("%", "%%")).rowcount > 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'eve' WHERE kind = 'generated'",
        "UPDATE delivery_log SET outcome = 'refused'",
        "DELETE FROM audit_log WHERE kind = 'validated'",
        "DELETE FROM delivery_log",
    ],
)
def test_evidence_is_insert_only(full: SqlLedger, statement: str) -> None:
    with pytest.raises(IntegrityError, match="insert only"), translated(), full.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert full.verify_chains() == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit_log SET actor = 'eve' WHERE kind = 'generated'", "link 2: its content was changed"),
        ("UPDATE audit_log SET at = '2020-01-01T00:00:00.000000Z' WHERE kind = 'planned'", "content was changed"),
        ("UPDATE audit_log SET at = 'yesterday' WHERE kind = 'planned'", "content was changed"),
        ("UPDATE audit_log SET detail = '{}' WHERE kind = 'generated'", "content was changed"),
        ("UPDATE audit_log SET detail = 'not json' WHERE kind = 'generated'", "not the canonical JSON"),
        ("UPDATE audit_log SET previous = hash WHERE kind = 'generated'", "names another link before it"),
        ("DELETE FROM audit_log WHERE kind = 'generated'", "link 3: follows link 1; a link is missing"),
        ("DELETE FROM audit_log WHERE kind = 'planned'", "follows link 0; a link is missing"),
        ("UPDATE audit_log SET sequence = 9 WHERE kind = 'generated'", "a link is missing or was moved"),
        # What a chain alone cannot show: a tail cut off, and rows edited beside it.
        (
            "DELETE FROM audit_log WHERE kind IN ('validated', 'answered')",
            "status is VALIDATED, its events end at GENER",
        ),
        (f"DELETE FROM audit_log WHERE chain = '{REPORT}'", "its events end at nothing"),
        ("UPDATE report_log SET status = 'DELIVERED'", "status is DELIVERED, its events end at VALIDATED"),
        ("UPDATE report_log SET records = 4", "records is '4', its events say '3'"),
        ("UPDATE report_log SET delivered_to = 'eve'", "delivered_to is 'eve', and no event set it"),
        ("UPDATE report_file SET digest = '0'", "file 1 (f.xml) is not the one"),
        ("UPDATE obligation SET late = 1", "late is 'true', its events say 'false'"),
        ("UPDATE obligation SET due_at = '2030-01-01T00:00:00.000000Z'", "due_at is '2030-01-01"),
        ("UPDATE source_batch SET digest = '0'", "source_batch B-1: the row is not what chain 'source/A' says"),
        ("UPDATE snapshot SET digest = '0'", "snapshot 2026-11-23: the row is not what chain 'refdata/leis' says"),
        ("DELETE FROM report_file", "its events name file.1"),
        (
            "DELETE FROM source_batch",
            "source_batch B-1: chain 'source/A' says that it was recorded, the row is not there",
        ),
        ("DELETE FROM snapshot", "the row is not there"),
        ("DELETE FROM feedback_log", "the row is not there"),
        (
            f"UPDATE audit_log SET chain = 'elsewhere' WHERE chain = '{REPORT}'",
            "report elsewhere: its events are there",
        ),
        ("UPDATE feedback_log SET file_status = 'REJECTED'", "feedback_log 99999"),
    ],
)
def test_tampering_is_found_and_named(full: SqlLedger, statement: str, words: str) -> None:
    tamper(full, statement)
    faults = full.verify_chains()
    assert any(words in fault for fault in faults), faults


def test_a_report_that_was_removed_with_all_that_hangs_on_it_is_missed(full: SqlLedger) -> None:
    tables = ("delivery_log", "report_file", "report_log", "obligation")
    tamper(full, *(f"DELETE FROM {table}" for table in tables))
    faults = full.verify_chains()
    assert f"report {REPORT}: its events are there, its row is not" in faults
    assert f"obligation {REPORT[:-2]}: its events are there, its row is not" in faults


def test_two_links_that_changed_places_are_found(full: SqlLedger) -> None:
    moves = [(2, 900), (3, 2), (900, 3)]
    chain = f"chain = '{REPORT}'"
    tamper(full, *(f"UPDATE audit_log SET sequence = {new} WHERE {chain} AND sequence = {old}" for old, new in moves))
    assert any("link 2" in fault for fault in full.verify_chains())


def test_an_insertion_in_the_middle_is_found(full: SqlLedger) -> None:
    copied = "actor, kind, detail, previous, 'forged' FROM audit_log WHERE kind = 'validated'"
    tamper(
        full,
        "INSERT INTO audit_log (chain, sequence, at, actor, kind, detail, previous, hash) "
        f"SELECT chain, 99, at, {copied}",
    )
    assert any("link 99" in fault for fault in full.verify_chains())


def test_a_rewritten_chain_whose_rows_were_not_is_found(full: SqlLedger) -> None:
    """The insider recomputes every hash: the links hold, but they no longer say what the row says."""
    tamper(full, f"UPDATE audit_log SET actor = 'eve' WHERE chain = '{REPORT}'")
    with full.engine.begin() as connection:
        _recompute(
            connection, REPORT, lambda detail: detail | ({"set.records": "4"} if "set.records" in detail else {})
        )
    faults = full.verify_chains()
    assert faults == [f"report {REPORT}: records is '3', its events say '4'"]


def _recompute(connection: Connection, chain: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    """The published recipe of the chain, written anew: it also proves that anybody can check it without regreport."""
    previous = "0" * 64
    query = f"SELECT sequence, at, actor, kind, detail FROM audit_log WHERE chain = '{chain}' ORDER BY sequence"
    for sequence, at, actor, kind, text in connection.exec_driver_sql(query).all():
        detail = change(json.loads(text))
        fields = {
            "chain": chain, "sequence": sequence, "at": at, "actor": actor, "kind": kind, "detail": detail,
            "previous": previous,
        }  # fmt: skip
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        told = json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False).replace("'", "''")
        connection.exec_driver_sql(
            f"UPDATE audit_log SET detail = '{told}', previous = '{previous}', hash = '{digest}' "
            f"WHERE chain = '{chain}' AND sequence = {sequence}"
        )
        previous = digest


def test_the_hash_can_be_recomputed_by_anybody(full: SqlLedger) -> None:
    before = full.events(REPORT)
    tamper(full, f"UPDATE audit_log SET hash = concat('x', sequence) WHERE chain = '{REPORT}'") if (
        full.engine.dialect.name != "sqlite"
    ) else tamper(full, f"UPDATE audit_log SET hash = 'x' || sequence WHERE chain = '{REPORT}'")
    assert full.verify_chains() != []
    with full.engine.begin() as connection:
        _recompute(connection, REPORT, dict)
    assert full.events(REPORT) == before
    assert full.verify_chains() == []
