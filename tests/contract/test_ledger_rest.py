"""The Ledger contract: batches, snapshots, deliveries, feedback, notes, transactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from regreport.adapters.sql import SqlLedger
from regreport.errors import NotFound, StaleState
from regreport.model.batch import SourceBatch
from regreport.model.ledger import Change, Delivery, FeedbackEntry, Opening
from regreport.model.obligation import Obligation
from regreport.model.report import Status

NOON = datetime(2026, 11, 23, 12, 0, 0, 1, tzinfo=UTC)
DAY = date(2026, 11, 23)
Owed = Callable[..., Obligation]
BATCH = SourceBatch(
    "transaction-A-2026-11-23-1", 1, "transaction", "A", DAY, 2, "d" * 64, "trades.csv", "f" * 64, "m" * 64, NOON,
    "ana", {"EUR": Decimal("90071992547409.93"), "JPY": Decimal("-1E+3"), "USD": Decimal("0.10")},
)  # fmt: skip
ENTRY = FeedbackEntry("e" * 64, "answer.xml", NOON, "", "FB1", None, "ACCEPTED", "", 3)


def planned(ledger: SqlLedger, owed: Owed) -> str:
    """The id of a planned submission."""
    ledger.plan([owed("A")], "system")
    return ledger.plan_submissions([Opening(owed("A").obligation_id, NOON, "AFM", 1)], "system")[0][0].report_id


def test_a_batch_comes_back_exactly(ledger: SqlLedger) -> None:
    assert ledger.next_batch_number("transaction", "A", DAY) == 1
    ledger.add_batches([BATCH], "ana")
    [found] = ledger.batches("transaction", "A", DAY)
    assert found == BATCH
    assert {c: str(a) for c, a in found.totals.items()} == {"EUR": "90071992547409.93", "JPY": "-1E+3", "USD": "0.10"}
    assert ledger.next_batch_number("transaction", "A", DAY) == 2
    assert ledger.batches("position", "A", DAY) == []
    assert ledger.batch_days() == ledger.batch_days("transaction") == [("transaction", "A", DAY)]
    assert ledger.batch_days("position") == []
    assert [e.kind for e in ledger.events("source/A")] == ["loaded"]


def test_the_same_load_is_recorded_once(ledger: SqlLedger) -> None:
    ledger.add_batches([BATCH], "ana")
    assert ledger.find_load("f" * 64, "m" * 64) == [BATCH]
    assert ledger.find_load("f" * 64, "n" * 64) == []
    other = replace(BATCH, batch_id="other", number=2, entity="B")
    with pytest.raises(StaleState):
        ledger.add_batches([other, replace(BATCH, batch_id="again", number=2)], "ana")
    with pytest.raises(StaleState):  # another file, but the number is taken
        ledger.add_batches([other, replace(BATCH, batch_id="again", file_digest="g" * 64)], "ana")
    assert ledger.batch_days() == [("transaction", "A", DAY)]
    assert ledger.chains() == ["source/A"]


def test_a_total_that_is_a_float_is_refused(ledger: SqlLedger) -> None:
    with pytest.raises(ValueError, match="never a float"):
        ledger.add_batches([replace(BATCH, totals={"EUR": 0.1})], "ana")  # type: ignore[dict-item]
    assert ledger.chains() == []


def test_the_snapshot_of_a_day_is_the_latest_before_it(ledger: SqlLedger) -> None:
    assert ledger.snapshot("instruments", DAY) is None
    ledger.add_snapshot("instruments", DAY, "a" * 64, 10, "ana")
    ledger.add_snapshot("instruments", DAY - timedelta(days=2), "b" * 64, 9, "ana")
    ledger.add_snapshot("leis", DAY, "c" * 64, 1, "ana")
    assert ledger.snapshot("instruments", DAY + timedelta(days=9)) == (DAY, "a" * 64)
    assert ledger.snapshot("instruments", DAY - timedelta(days=1)) == (DAY - timedelta(days=2), "b" * 64)
    assert ledger.snapshot("instruments", DAY - timedelta(days=3)) is None
    ledger.add_snapshot("instruments", DAY, "a" * 64, 10, "ana")  # the same again is nothing new
    assert len(ledger.events("refdata/instruments")) == 2
    ledger.add_snapshot("instruments", DAY, "d" * 64, 11, "ana")
    assert ledger.snapshot("instruments", DAY) == (DAY, "d" * 64)


def test_deliveries_are_appended(ledger: SqlLedger, owed: Owed) -> None:
    report_id = planned(ledger, owed)
    first = Delivery(report_id, 1, 1, "folder", "AFM", NOON, "unavailable", "the outbox is full")
    second = replace(first, attempt=2, outcome="delivered", receipt="f.xml in the outbox \U0001f4e6 " + "x" * 70_000)
    ledger.add_deliveries([first])
    ledger.add_deliveries([second])
    assert ledger.deliveries(report_id) == [first, second]
    with pytest.raises(StaleState):
        ledger.add_deliveries([replace(first, outcome="delivered")])
    with pytest.raises(NotFound):
        ledger.add_deliveries([replace(first, report_id="nobody")])
    assert ledger.deliveries(report_id) == [first, second]


def test_an_answer_counts_once(ledger: SqlLedger, owed: Owed) -> None:
    report_id = planned(ledger, owed)
    entry = replace(ENTRY, report_id=report_id, created_at=NOON, message_id="MSG")
    change = Change(report_id, Status.PLANNED, Status.GENERATED, "generated")
    assert not ledger.has_feedback(entry.digest)
    assert ledger.add_feedback(entry, [change], "system")
    assert ledger.has_feedback(entry.digest)
    assert not ledger.add_feedback(replace(entry, received_at=NOON + timedelta(1)), [change], "system")
    assert ledger.feedback(report_id) == ledger.feedback() == [entry]
    assert [e.kind for e in ledger.events(report_id)] == ["planned", "answered", "generated"]
    assert ledger.verify_chains() == []


def test_one_file_may_answer_several_of_ours(ledger: SqlLedger, owed: Owed) -> None:
    report_id = planned(ledger, owed)
    entry = replace(ENTRY, report_id=report_id, message_id="MSG-1")
    assert ledger.add_feedback(entry, [], "system")
    assert ledger.add_feedback(replace(entry, message_id="MSG-2"), [], "system")
    assert ledger.add_feedback(replace(entry, report_id="", quarantine="unknown report"), [], "system")
    assert len(ledger.feedback()) == 3
    assert len(ledger.feedback(report_id)) == 2


def test_an_answer_whose_change_is_stale_is_not_recorded(ledger: SqlLedger, owed: Owed) -> None:
    report_id = planned(ledger, owed)
    with pytest.raises(StaleState):
        ledger.add_feedback(
            replace(ENTRY, report_id=report_id), [Change(report_id, Status.DELIVERED, Status.CONFIRMED, "x")], "system"
        )
    assert ledger.feedback() == []
    assert len(ledger.events(report_id)) == 1


def test_a_quarantined_answer_has_its_chain(ledger: SqlLedger) -> None:
    ledger.add_feedback(replace(ENTRY, quarantine="it names no report of ours"), [], "system")
    [event] = ledger.events("feedback/quarantine")
    assert (event.kind, event.detail["quarantine"]) == ("quarantined", "it names no report of ours")
    assert ledger.verify_chains() == []


def test_a_note_changes_no_state_and_cannot_pretend_to(ledger: SqlLedger) -> None:
    ledger.note("some/chain", "looked", {"found": "nothing \u2014 \U0001f50d 'quoted' \\ and \"so\"\n"}, "ana")
    [event] = ledger.events("some/chain")
    assert event.detail["found"] == "nothing \u2014 \U0001f50d 'quoted' \\ and \"so\"\n"
    for told in ({"set.status": "CONFIRMED"}, {"after": "CONFIRMED"}, {"file.1": "x"}):
        with pytest.raises(ValueError, match="cannot be told"):
            ledger.note("some/chain", "looked", told, "ana")
    with pytest.raises(ValueError, match="text only"):
        ledger.note("some/chain", "looked", {"count": 3}, "ana")  # type: ignore[dict-item]
    assert ledger.events("nobody") == []
    assert ledger.verify_chains() == []


def test_every_named_digest_is_listed(ledger: SqlLedger, owed: Owed) -> None:
    report_id = planned(ledger, owed)
    ledger.add_batches([BATCH], "ana")
    ledger.advance(
        [Change(report_id, Status.PLANNED, Status.GENERATED, "generated", {}, {"fields_digest": "1" * 64})], "ana"
    )
    named = ledger.object_digests()
    assert named["d" * 64] == "source_batch transaction-A-2026-11-23-1: digest"
    assert named["1" * 64] == f"report_log {report_id}: fields_digest"
    assert set(named) == {"d" * 64, "f" * 64, "m" * 64, "1" * 64}


def test_a_transaction_groups_calls_and_is_undone_as_one(ledger: SqlLedger, owed: Owed) -> None:
    with ledger.transaction():
        ledger.plan([owed("A")], "system")
        with ledger.transaction():
            ledger.note("x", "looked", {}, "ana")
        assert len(ledger.obligations()) == 1  # what was written inside is seen inside
    with pytest.raises(StaleState):
        _plan_and_fail(ledger, owed("B"))
    assert [s.obligation.entity for s in ledger.obligations()] == ["A"]
    assert ledger.chains() == [owed("A").obligation_id, "x"]


def _plan_and_fail(ledger: SqlLedger, due: Obligation) -> None:
    with ledger.transaction():
        ledger.plan([due], "system")
        ledger.add_batches([BATCH, BATCH], "ana")


def test_a_refused_call_inside_a_transaction_leaves_the_others(ledger: SqlLedger, owed: Owed) -> None:
    with ledger.transaction():
        report_id = planned(ledger, owed)
        with pytest.raises(StaleState):
            ledger.advance(
                [
                    Change(report_id, Status.PLANNED, Status.GENERATED, "generated"),
                    Change(report_id, Status.VALIDATED, Status.DELIVERING, "delivering"),
                ],
                "system",
            )
        ledger.note("x", "refused", {}, "ana")
    assert ledger.submission(report_id).status is Status.PLANNED
    assert len(ledger.events("x")) == 1
    assert ledger.verify_chains() == []
