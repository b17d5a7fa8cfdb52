"""The Ledger contract: obligations, submissions, and the one way their status moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from regreport.adapters.sql import SqlLedger
from regreport.errors import NotFound, StaleState
from regreport.model.ledger import Accounting, Change, Opening
from regreport.model.obligation import Obligation, ObligationStatus
from regreport.model.report import ReportFile, Status

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
Owed = Callable[..., Obligation]


def opened(ledger: SqlLedger, owed: Owed, entities: Sequence[str] = ("A",)) -> list[str]:
    """Planned submissions of these entities."""
    due = [owed(entity) for entity in entities]
    ledger.plan(due, "system")
    return [
        s.report_id for s, _ in ledger.plan_submissions([Opening(o.obligation_id, NOON, "AFM", 1) for o in due], "x")
    ]


def generated(report_id: str, name: str = "f") -> Change:
    """PLANNED -> GENERATED with one file."""
    file = ReportFile(1, f"{name}.xml", f"MSG-{name}", "d" * 64, 10, 3, 0)
    return Change(report_id, Status.PLANNED, Status.GENERATED, "generated", {}, {"records": 3}, [file])


def test_planning_twice_is_planning_once(ledger: SqlLedger, owed: Owed) -> None:
    first = ledger.plan([owed("B"), owed("A")], "system")
    again = ledger.plan([owed("A"), owed("C"), owed("B")], "system")
    assert [s.obligation.entity for s in first] == ["B", "A"]
    assert [s.obligation.entity for s in again] == ["A", "C", "B"]
    assert again[2] == first[0]
    assert [s.obligation.entity for s in ledger.obligations()] == ["A", "B", "C"]
    assert [e.kind for e in ledger.events(first[0].obligation.obligation_id)] == ["planned"]


def test_an_obligation_comes_back_exactly(ledger: SqlLedger, owed: Owed) -> None:
    due = owed("A", due_at=datetime(2026, 11, 24, 23, 59, 59, 1, tzinfo=timezone(timedelta(hours=-5))))
    [state] = ledger.plan([due], "system")
    assert state.obligation == due
    assert state.obligation.due_at.utcoffset() == timedelta(0)
    assert (state.status, state.late, state.decisions_digest) == (ObligationStatus.OPEN, False, "")


def test_obligations_are_found_by_columns(ledger: SqlLedger, owed: Owed) -> None:
    ledger.plan([owed("A"), owed("B"), owed("A", date(2026, 11, 24))], "system")
    assert [s.obligation.entity for s in ledger.obligations(report_date=date(2026, 11, 23))] == ["A", "B"]
    assert len(ledger.obligations(entity=["A", "B"], status=ObligationStatus.OPEN)) == 3
    assert ledger.obligations(entity=[]) == []
    with pytest.raises(ValueError, match="no column 'entiti'"):
        ledger.obligations(entiti="A")


def test_accounting_sets_columns_and_tells_them(ledger: SqlLedger, owed: Owed) -> None:
    due = owed("A")
    ledger.plan([due], "system")
    ledger.account(due.obligation_id, "ana", "accounted", {"late": True, "decisions_digest": "a" * 64})
    ledger.account_all([Accounting(due.obligation_id, "nil", {"status": ObligationStatus.NIL})], "ana")
    [state] = ledger.obligations()
    assert (state.status, state.late, state.decisions_digest) == (ObligationStatus.NIL, True, "a" * 64)
    assert ledger.events(due.obligation_id)[1].detail == {"set.late": "true", "set.decisions_digest": "a" * 64}
    with pytest.raises(NotFound, match="no obligation"):
        ledger.account("nobody", "ana", "accounted", {"late": True})
    with pytest.raises(ValueError, match="due_at cannot be set"):
        ledger.account(due.obligation_id, "ana", "accounted", {"due_at": NOON})
    with pytest.raises(NotFound):
        ledger.account_all([Accounting(due.obligation_id, "x", {"late": False}), Accounting("nobody", "x", {})], "ana")
    assert ledger.obligations()[0].late
    assert len(ledger.events(due.obligation_id)) == 3


def test_a_submission_is_numbered_and_keeps_its_instant(ledger: SqlLedger, owed: Owed) -> None:
    due = owed("A")
    ledger.plan([due], "system")
    first, number = ledger.plan_submission(due.obligation_id, NOON, "AFM-2026", 2, "system")
    assert (first.report_id, first.number, number) == (f"{due.obligation_id}-1", 1, 1)
    assert (first.status, first.created_at, first.destination) == (Status.PLANNED, NOON, "AFM")
    again, same = ledger.plan_submission(due.obligation_id, NOON + timedelta(hours=1), "AFM-2026", 1, "system")
    assert (again, same) == (first, 1)
    assert ledger.sequence("AFM-2026") == 2
    assert ledger.sequence("never") == 0
    ledger.advance([generated(first.report_id)], "system")
    second, number = ledger.plan_submission(due.obligation_id, NOON, "AFM-2026", 1, "system")
    assert (second.number, number) == (2, 3)


def test_a_planned_submission_gets_new_numbers_when_it_needs_more(ledger: SqlLedger, owed: Owed) -> None:
    due = owed("A")
    ledger.plan([due], "system")
    ledger.plan_submission(due.obligation_id, NOON, "AFM", 1, "system")
    again, number = ledger.plan_submission(due.obligation_id, NOON, "AFM", 3, "system")
    assert (again.number, number, ledger.sequence("AFM")) == (1, 2, 4)
    assert [e.kind for e in ledger.events(again.report_id)] == ["planned", "renumbered"]
    assert ledger.verify_chains() == []


def test_many_are_opened_in_one_call(ledger: SqlLedger, owed: Owed) -> None:
    due = [owed(entity) for entity in ("A", "B", "C")]
    ledger.plan(due, "system")
    keys = ["K", "L", "K"]
    opened_now = ledger.plan_submissions(
        [Opening(o.obligation_id, NOON, key, 2) for o, key in zip(due, keys, strict=True)], "system"
    )
    assert [number for _, number in opened_now] == [1, 1, 3]
    with pytest.raises(NotFound):
        ledger.plan_submission("nobody", NOON, "K", 1, "system")
    with pytest.raises(ValueError, match="once in a call"):
        ledger.plan_submissions([Opening(due[0].obligation_id, NOON, "K", 1)] * 2, "system")
    assert ledger.sequence("K") == 4


def test_advance_moves_status_columns_files_and_chain_together(ledger: SqlLedger, owed: Owed) -> None:
    [report_id] = opened(ledger, owed)
    ledger.advance([generated(report_id)], "ana")
    validated = {"validated_at": NOON, "errors": 0, "warnings": 2, "findings_digest": "f" * 64}
    ledger.advance(
        [Change(report_id, Status.GENERATED, Status.VALIDATED, "validated", {"why": "asked"}, validated)], "ana"
    )
    found = ledger.submission(report_id)
    assert (found.status, found.records, found.warnings, found.validated_at) == (Status.VALIDATED, 3, 2, NOON)
    assert found.files == (ReportFile(1, "f.xml", "MSG-f", "d" * 64, 10, 3, 0),)
    assert ledger.find_file("MSG-f") == (report_id, 1)
    assert ledger.find_file("MSG-g") is None
    assert ledger.find_file("") is None
    assert ledger.find_files(["MSG-g", "MSG-f", "MSG-f"]) == {"MSG-f": (report_id, 1)}
    assert ledger.find_files([]) == {}
    event = ledger.events(report_id)[-1]
    assert (event.sequence, event.kind, event.actor) == (3, "validated", "ana")
    told = {"before": "GENERATED", "after": "VALIDATED", "why": "asked", "set.warnings": "2", "set.errors": "0"}
    assert told.items() <= event.detail.items()


def test_one_call_may_move_a_report_twice(ledger: SqlLedger, owed: Owed) -> None:
    first, second = opened(ledger, owed, ("A", "B"))
    validated = Change(first, Status.GENERATED, Status.VALIDATED, "validated", {}, {"records": 3})
    ledger.advance([generated(first), validated, generated(second, "g")], "system")
    assert [s.status for s in ledger.submissions()] == [Status.VALIDATED, Status.GENERATED]
    assert ledger.verify_chains() == []


def test_a_stale_change_changes_nothing_at_all(ledger: SqlLedger, owed: Owed) -> None:
    first, second = opened(ledger, owed, ("A", "B"))
    ledger.advance([generated(second, "g")], "system")
    before = {chain: ledger.events(chain) for chain in ledger.chains()}
    with pytest.raises(StaleState, match=f"{second} is GENERATED, not PLANNED"):
        ledger.advance([generated(first), generated(second, "h")], "system")
    assert ledger.submission(first).status is Status.PLANNED
    assert {chain: ledger.events(chain) for chain in ledger.chains()} == before
    with pytest.raises(NotFound, match="no report 'nobody'"):
        ledger.advance([generated(first), generated("nobody")], "system")
    assert ledger.submission(first).status is Status.PLANNED


def test_what_may_not_be_is_refused(ledger: SqlLedger, owed: Owed) -> None:
    [report_id] = opened(ledger, owed)
    refused = [
        (Change(report_id, Status.PLANNED, Status.DELIVERED, "x"), "not a declared transition"),
        (Change(report_id, Status.PLANNED, Status.PLANNED, "x"), "not a declared transition"),
        (Change(report_id, Status.PLANNED, Status.GENERATED, "x", {}, {"number": 9}), "number cannot be set"),
        (Change(report_id, Status.PLANNED, Status.GENERATED, "x", {"after": "CONFIRMED"}), "cannot be told"),
        (Change(report_id, Status.GENERATED, Status.VALIDATED, "x", {}, {}, []), "files are written once"),
        (Change(report_id, Status.PLANNED, Status.GENERATED, "x", {}, {"confirmed_at": datetime(2026, 1, 1)}), "zone"),  # noqa: DTZ001
        (Change(report_id, Status.PLANNED, Status.GENERATED, "x", {}, {"fields_digest": "a" * 65}), "65"),
    ]
    for change, words in refused:
        with pytest.raises(ValueError, match=words):
            ledger.advance([change], "system")
    assert ledger.submission(report_id).status is Status.PLANNED
    assert len(ledger.events(report_id)) == 1


def test_an_answer_may_keep_the_status(ledger: SqlLedger, owed: Owed) -> None:
    [report_id] = opened(ledger, owed)
    path = [Status.PLANNED, Status.GENERATED, Status.VALIDATED, Status.DELIVERING, Status.DELIVERED, Status.CONFIRMED]
    for before, after in pairwise(path):
        ledger.advance([Change(report_id, before, after, after.lower())], "system")
    settled = {"outcomes_digest": "b" * 64}
    ledger.advance([Change(report_id, Status.CONFIRMED, Status.CONFIRMED, "answered", {}, settled)], "system")
    assert ledger.submission(report_id).outcomes_digest == "b" * 64
    with pytest.raises(StaleState):
        ledger.advance([Change(report_id, Status.REJECTED, Status.REJECTED, "answered", {}, settled)], "system")


def test_two_reports_cannot_have_one_message(ledger: SqlLedger, owed: Owed) -> None:
    first, second = opened(ledger, owed, ("A", "B"))
    ledger.advance([generated(first, "same")], "system")
    with pytest.raises(StaleState):
        ledger.advance([generated(second, "same")], "system")
    assert ledger.submission(second).status is Status.PLANNED
    assert ledger.verify_chains() == []


def test_submissions_are_found_by_columns_and_missing_ones_named(ledger: SqlLedger, owed: Owed) -> None:
    first, second = opened(ledger, owed, ("A", "B"))
    ledger.advance([generated(first)], "system")
    assert [s.report_id for s in ledger.submissions(status=Status.GENERATED)] == [first]
    assert [s.report_id for s in ledger.submissions(report_id=[second, first])] == [first, second]
    assert ledger.submissions(entity="a") == []  # words are compared as they are written
    with pytest.raises(NotFound, match="no report 'X-1'"):
        ledger.submission("X-1")
    with pytest.raises(ValueError, match="no column"):
        ledger.submissions(state="GENERATED")
