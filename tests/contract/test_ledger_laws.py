"""The Ledger's law: after any sequence of calls, state is what the events say, and a refused call changed nothing."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regreport.adapters.sql import SqlLedger
from regreport.adapters.sql.reports import ANSWERABLE
from regreport.errors import StaleState
from regreport.model.ledger import Change, Opening
from regreport.model.obligation import Cell, Obligation, obligation_id
from regreport.model.report import TRANSITIONS, Status
from regreport.testing import MemoryLedger

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ENTITIES = ("A", "B", "C")
STATUSES = st.sampled_from(list(Status))


@st.composite
def moves(draw: st.DrawFn) -> list[tuple[str, Status, Status]]:
    """Steps of a few reports, half of them such that they can be right."""
    steps = []
    for entity in draw(st.lists(st.sampled_from(ENTITIES), min_size=1, max_size=3)):
        before = draw(STATUSES)
        declared = sorted(TRANSITIONS[before]) or [before]
        steps.append((entity, before, draw(st.sampled_from(declared) | STATUSES)))
    return steps


def started() -> SqlLedger:
    """A ledger with one planned submission an entity."""
    ledger = MemoryLedger()
    cell = Cell("EU", "TRANSACTION", "mifir")
    due = [
        Obligation(obligation_id(cell, date(2026, 11, 23), e), cell, e, date(2026, 11, 23), "AFM", NOON)
        for e in ENTITIES
    ]
    ledger.plan(due, "system")
    ledger.plan_submissions([Opening(o.obligation_id, NOON, "AFM", 1) for o in due], "system")
    return ledger


def may(before: Status, after: Status) -> bool:
    """Whether a step is declared."""
    return after in TRANSITIONS[before] or (before is after and before in ANSWERABLE)


def expected(status: dict[str, Status], steps: list[tuple[str, Status, Status]]) -> dict[str, Status] | None:
    """The model: the statuses after the steps, or None where the ledger has to refuse all of them."""
    after = dict(status)
    for entity, before, to in steps:
        if not may(before, to) or after[entity] is not before:
            return None
        after[entity] = to
    return after


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(moves(), max_size=15), st.data())
def test_any_sequence_keeps_state_and_events_together(
    calls: list[list[tuple[str, Status, Status]]], data: st.DataObject
) -> None:
    with closing(started()) as ledger:
        status = dict.fromkeys(ENTITIES, Status.PLANNED)
        for steps in calls:
            # Without help, random steps rarely start where the report is.
            steps = [(e, status[e] if data.draw(st.booleans()) else b, a) for e, b, a in steps]
            changes = [Change(_report(e), b, a, "moved", {}, {"records": i}) for i, (e, b, a) in enumerate(steps)]
            _call(ledger, changes, steps, status)
            after = expected(status, steps)
            status = status if after is None else after
            assert {s.entity: s.status for s in ledger.submissions()} == status
        assert ledger.verify_chains() == []
        assert all(_follow(ledger, entity) for entity in ENTITIES)


def _call(
    ledger: SqlLedger, changes: list[Change], steps: list[tuple[str, Status, Status]], status: dict[str, Status]
) -> None:
    before = [(s, ledger.events(s.report_id)) for s in ledger.submissions()]
    if expected(status, steps) is not None:
        ledger.advance(changes, "system")
        return
    with pytest.raises((ValueError, StaleState)):
        ledger.advance(changes, "system")
    assert [(s, ledger.events(s.report_id)) for s in ledger.submissions()] == before


def _follow(ledger: SqlLedger, entity: str) -> bool:
    """Whether the events of a report are a path of declared steps, each starting where the last ended."""
    at = ""
    for event in ledger.events(_report(entity)):
        if event.detail["before"] != at:
            return False
        at = event.detail["after"]
    return at == ledger.submission(_report(entity)).status


def _report(entity: str) -> str:
    return f"EU-TRANSACTION-MIFIR-2026-11-23-{entity}-1"


@settings(max_examples=50, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60),
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.text(st.characters(exclude_categories=["Cs"])), max_size=4
    ),
    st.datetimes(timezones=st.just(UTC)),
)
def test_any_text_and_instant_comes_back_exactly(actor: str, detail: dict[str, str], at: datetime) -> None:
    detail = {name: value for name, value in detail.items() if name not in ("before", "after")}
    with closing(MemoryLedger()) as ledger:
        ledger.clock.instant = at  # type: ignore[attr-defined]  # a FixedClock
        ledger.note("chain", "looked", detail, actor)
        [event] = ledger.events("chain")
        assert (event.actor, event.detail, event.at) == (actor, detail, at)
        assert ledger.verify_chains() == []
