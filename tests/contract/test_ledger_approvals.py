"""The Ledger contract: two persons. What waits, who decides, and what the database itself refuses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from regreport.adapters.sql import SqlLedger
from regreport.adapters.sql.database import translated
from regreport.errors import IntegrityError, NotApproved, NotFound, RegreportError, StaleState
from regreport.model.approval import approved
from regreport.model.ledger import Change, Opening
from regreport.model.obligation import Obligation
from regreport.model.report import Status

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = date(2026, 11, 23)
MANIFEST = "a" * 64
Owed = Callable[..., Obligation]


@pytest.fixture
def report(ledger: SqlLedger, owed: Owed) -> str:
    """The id of a validated correction."""
    ledger.plan([owed("A")], "system")
    [(opened, _)] = ledger.plan_submissions([Opening(owed("A").obligation_id, NOON, "AFM", 1)], "system")
    columns = {"approval": "correction", "manifest_digest": MANIFEST}
    ledger.advance([Change(opened.report_id, Status.PLANNED, Status.GENERATED, "generated", {}, columns)], "ana")
    ledger.advance([Change(opened.report_id, Status.GENERATED, Status.VALIDATED, "validated")], "ana")
    return opened.report_id


def asked(ledger: SqlLedger, subject: str, kind: str = "correction") -> str:
    """A request by ana."""
    return ledger.ask(kind, subject, MANIFEST, "prices were wrong", "ana")


def test_a_request_waits_and_is_decided_once_by_somebody_else(ledger: SqlLedger, report: str) -> None:
    name = asked(ledger, report)
    assert name.startswith("R-")
    [waiting] = ledger.requests(open_only=True)
    assert waiting == ledger.request(name) == replace(waiting, request_id=name)
    assert (waiting.kind, waiting.subject, waiting.digest, waiting.requested_by, waiting.is_open) == (
        "correction", report, MANIFEST, "ana", True,
    )  # fmt: skip
    decided = ledger.decide(name, "approved", "looked at ten records", "ben")
    assert decided.decision is not None
    assert decided.is_approved
    assert (decided.decision.decided_by, decided.decision.reason) == ("ben", "looked at ten records")
    assert ledger.requests(open_only=True) == []
    assert ledger.requests(report) == [decided] == ledger.requests()
    assert ledger.requests("elsewhere") == []
    assert [e.kind for e in ledger.events(report)][-2:] == ["requested", "approved"]
    assert ledger.verify_chains() == []


def test_what_is_open_is_not_asked_twice_and_what_is_decided_can_be_asked_again(ledger: SqlLedger) -> None:
    first = asked(ledger, "object")
    assert ledger.ask("correction", "object", MANIFEST, "again", "ben") == first
    ledger.decide(first, "rejected", "not these", "ben")
    second = asked(ledger, "object")
    assert second != first
    assert {r.request_id: r.is_open for r in ledger.requests("object")} == {first: False, second: True}
    assert len({asked(ledger, "object"), asked(ledger, "other"), asked(ledger, "object", "delta")}) == 3


@pytest.mark.parametrize("actor", ["ana", "Ana", " ANA "])
def test_the_maker_does_not_decide(ledger: SqlLedger, actor: str) -> None:
    name = asked(ledger, "object")
    with pytest.raises(NotApproved, match="was made by ana"):
        ledger.decide(name, "approved", "mine", actor)
    assert ledger.request(name).is_open


def test_nobody_decides_twice_or_what_nobody_asked_for(ledger: SqlLedger) -> None:
    name = asked(ledger, "object")
    with pytest.raises(NotFound, match="R-0"):
        ledger.decide("R-0", "approved", "", "ben")
    with pytest.raises(ValueError, match="perhaps"):
        ledger.decide(name, "perhaps", "", "ben")
    ledger.decide(name, "approved", "", "ben")
    before = ledger.events("object")
    for actor in ("ben", "eve", "ana"):
        with pytest.raises(StaleState, match="was approved by ben already"):
            ledger.decide(name, "rejected", "", actor)
    assert ledger.events("object") == before


INSERT = (
    "INSERT INTO approval (request_id, decision, requested_by, decided_by, decided_at, reason) "
    "VALUES (:name, :decision, :maker, :decider, '2026-11-23T12:00:00.000000Z', '')"
)


@pytest.mark.parametrize(
    ("maker", "decider", "decision", "refused"),
    [
        ("ana", "ana", "approved", True),
        ("eve", "ana", "approved", True),  # another maker than the request has
        ("ana", "ben", "perhaps", True),
        ("ana", "ben", "approved", False),
    ],
)
def test_the_database_itself_wants_another_person(
    ledger: SqlLedger, maker: str, decider: str, decision: str, refused: bool
) -> None:
    name = asked(ledger, "object")
    row = {"name": name, "maker": maker, "decider": decider, "decision": decision}
    refusal = pytest.raises(RegreportError) if refused else nullcontext()  # each database has its own words
    with refusal, translated(), ledger.engine.begin() as connection:
        connection.execute(text(INSERT), row)
    assert ledger.request(name).is_open is refused


@pytest.mark.parametrize("statement", ["UPDATE approval SET decided_by = 'eve'", "DELETE FROM request"])
def test_a_decision_is_never_changed(ledger: SqlLedger, statement: str) -> None:
    ledger.decide(asked(ledger, "object"), "approved", "", "ben")
    with pytest.raises(IntegrityError, match="insert only"), translated(), ledger.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def move(ledger: SqlLedger, report: str) -> None:
    """The step that needs a second person."""
    ledger.advance([Change(report, Status.VALIDATED, Status.DELIVERING, "delivering")], "system")


@pytest.mark.parametrize(
    ("kind", "digest", "verdict", "may"),
    [
        ("correction", MANIFEST, "approved", True),
        ("correction", MANIFEST, "rejected", False),
        ("correction", "b" * 64, "approved", False),  # something else was seen
        ("resend", MANIFEST, "approved", False),
        ("", "", "", False),
    ],
)
def test_what_needs_approval_leaves_with_exactly_this_approval(
    ledger: SqlLedger, report: str, kind: str, digest: str, verdict: str, may: bool
) -> None:
    if kind:
        name = ledger.ask(kind, report, digest, "", "ana")
        ledger.decide(name, verdict, "", "ben")
    assert (approved(ledger.requests(report), "correction", report, MANIFEST) is not None) is may
    if may:
        move(ledger, report)
    else:
        with pytest.raises(NotApproved, match="second person"):
            move(ledger, report)
    assert ledger.submission(report).status is (Status.DELIVERING if may else Status.VALIDATED)
    assert ledger.verify_chains() == []


def unknown(ledger: SqlLedger, report: str) -> None:
    """An approved correction whose outcome is not known."""
    ledger.decide(asked(ledger, report), "approved", "", "ben")
    move(ledger, report)
    ledger.advance([Change(report, Status.DELIVERING, Status.DELIVERY_UNKNOWN, "delivery unknown")], "system")


@pytest.mark.parametrize(("kind", "after"), [("resend", Status.DELIVERING), ("delivered", Status.DELIVERED)])
def test_each_way_out_of_the_unknown_needs_a_resolution_of_its_own(
    ledger: SqlLedger, report: str, kind: str, after: Status
) -> None:
    unknown(ledger, report)
    out = Change(report, Status.DELIVERY_UNKNOWN, after, "resolved", {}, {"resolutions": 1})
    with pytest.raises(NotApproved, match="two persons"):
        ledger.advance([out], "ana")
    ledger.decide(asked(ledger, report, kind), "approved", "", "ben")
    with pytest.raises(NotApproved, match="two persons"):
        ledger.advance([replace(out, columns={})], "ana")
    ledger.advance([out], "ana")
    assert ledger.submission(report).status is after


def test_one_resolution_serves_once(ledger: SqlLedger, report: str) -> None:
    unknown(ledger, report)
    ledger.decide(asked(ledger, report, "resend"), "approved", "", "ben")
    again = Change(report, Status.DELIVERY_UNKNOWN, Status.DELIVERING, "delivering", {}, {"resolutions": 1})
    ledger.advance([again], "ana")
    ledger.advance([Change(report, Status.DELIVERING, Status.DELIVERY_UNKNOWN, "delivery unknown")], "system")
    with pytest.raises(NotApproved, match="two persons"):
        ledger.advance([replace(again, columns={"resolutions": 2})], "ana")


@pytest.mark.parametrize(
    ("tables", "statement"),
    [
        (("request",), "UPDATE request SET digest = 'other'"),
        (("approval",), "UPDATE approval SET decided_by = 'eve'"),
        (("approval",), "UPDATE approval SET decision = 'rejected'"),
        (("approval",), "DELETE FROM approval"),
        (("alert",), "UPDATE alert SET words = 'all is well'"),
        (("sign_off",), "UPDATE sign_off SET signed_by = 'eve'"),
        (("sign_off",), "DELETE FROM sign_off"),
    ],
)
def test_what_was_decided_raised_or_signed_is_replayed_from_its_chain(
    ledger: SqlLedger, tables: tuple[str, ...], statement: str
) -> None:
    ledger.decide(asked(ledger, "object"), "approved", "", "ben")
    ledger.raise_alert("no-answer", "object", "none within 24 hours", "system")
    ledger.sign(DAY, "ok", MANIFEST, "ana")
    assert ledger.verify_chains() == []
    with ledger.engine.begin() as connection:
        for table in tables:
            connection.exec_driver_sql(f"DROP TRIGGER tr_{table}_no_{statement[:6].lower()}")
        connection.exec_driver_sql(statement)
    assert any(fault.startswith(tables[0]) for fault in ledger.verify_chains())


def test_an_alert_is_raised_once(ledger: SqlLedger) -> None:
    assert ledger.raise_alert("no-answer", "A-1", "none within 24 hours", "system")
    assert not ledger.raise_alert("no-answer", "A-1", "none within 48 hours", "system")
    assert ledger.raise_alert("no-answer", "B-1", "none", "system")
    assert [(a.subject, a.words) for a in ledger.alerts()] == [("A-1", "none within 24 hours"), ("B-1", "none")]
    assert [a.subject for a in ledger.alerts("B-1")] == ["B-1"]
    assert [e.kind for e in ledger.events("A-1")] == ["alerted"]


def test_a_day_is_signed_under_the_next_number(ledger: SqlLedger) -> None:
    first, second = ledger.sign(DAY, "all accepted", MANIFEST, "ana"), ledger.sign(DAY, "late answer", "b" * 64, "ben")
    assert (first.number, second.number) == (1, 2)
    assert ledger.sign_offs(DAY) == [first, second] == ledger.sign_offs()
    assert ledger.sign_offs(date(2026, 11, 24)) == []
    assert [e.kind for e in ledger.events("day/2026-11-23")] == ["signed", "signed"]
