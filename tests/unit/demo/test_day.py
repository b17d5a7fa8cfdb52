"""The demo's day: the same on every run, of the size asked for, with every planted defect in it."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from regreport.demo.columns import OWN_COLUMNS
from regreport.demo.day import SEED, day, write_day
from regreport.demo.group import HOUSES
from regreport.demo.market import shelf
from regreport.demo.planted import PLANTED, UNKNOWN_ISIN
from regreport.settings import load_settings


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, again = write_day(tmp_path / "a"), write_day(tmp_path / "b")
    assert first == again
    for name in first.files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    write_day(tmp_path / "c", seed=SEED + 1)
    assert (tmp_path / "a" / "trades.csv").read_bytes() != (tmp_path / "c" / "trades.csv").read_bytes()


@pytest.mark.parametrize("records", [150, 2000, 3001])
def test_as_many_records_as_asked_for(tmp_path: Path, records: int) -> None:
    summary = write_day(tmp_path, records=records)
    with (tmp_path / "trades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == records == summary.records == sum(summary.by_entity.values())
    assert set(summary.by_entity) == {h.lei for h in HOUSES}


def test_too_small_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        day(records=50)


def test_every_defect_is_planted_where_the_summary_says(tmp_path: Path) -> None:
    summary = write_day(tmp_path)
    tickets = {t["transaction_id"]: t for t in day()[0]}
    for planted in PLANTED:
        assert len(summary.planted[planted.key]) == planted.records, planted.key
        assert all(reference in tickets for reference in summary.planted[planted.key])
    count = Counter(t["transaction_id"] for t in day()[0])
    twice = {reference for reference, n in count.items() if n > 1}
    assert twice == {*summary.planted["same_twice"], *summary.planted["two_contents"]}
    assert all(tickets[r]["isin"] == UNKNOWN_ISIN for r in summary.planted["unknown_instrument"])
    assert all(tickets[r]["event_kind"] == "" for r in summary.planted["no_event"])
    assert UNKNOWN_ISIN not in {i.isin for i in shelf().values()}


def test_nothing_ordinary_carries_a_defect() -> None:
    tickets, planted = day()
    known = {i.isin for i in shelf().values()} | {""}
    odd = {reference for references in planted.values() for reference in references}
    for ticket in tickets:
        if ticket["transaction_id"] in odd:
            continue
        assert ticket["isin"] in known
        assert Decimal(ticket["quantity"]) > 0
        assert ticket["event_kind"] in ("TRADE", "PRIMARY_ISSUE")
        assert ticket["timestamp"][-6:] in ("+01:00", "+00:00")
        assert ("investment_decision_type" in ticket) == (
            ticket["trading_capacity"] == "DEAL" or ticket["service"] == "MANDATE"
        )
        assert ("execution_id" in ticket) == (ticket["execution_type"] != "NORE")


def test_aggregate_account_nets_to_zero() -> None:
    into: Counter[tuple[str, str, str]] = Counter()
    out: Counter[tuple[str, str, str]] = Counter()
    for t in day()[0]:
        key = (t["entity"], t["isin"], t["side"])
        if t.get("client_id_type") == "INTC":
            into[key] += int(t["quantity"])
        if t.get("counterparty") == "INTC":
            out[key] += int(t["quantity"])
    assert into
    assert into == out


def test_the_business_is_varied() -> None:
    tickets = day()[0]
    for column, least in (("venue", 12), ("instrument_classification", 6), ("trading_capacity", 3), ("isin", 40)):
        assert len({t.get(column, "") for t in tickets}) >= least, column
    for column in ("waiver", "otc_post_trade", "commodity_derivative", "upfront_payment", "underlying_basket_isin"):
        assert any(t.get(column) for t in tickets), column
    assert any("|" in t.get("client_id", "") for t in tickets)
    assert any(t.get("transmitting_firm_buyer") for t in tickets)


def test_every_column_of_the_file_is_used() -> None:
    used = {name for ticket in day()[0] for name, value in ticket.items() if value}
    assert {c.column for c in OWN_COLUMNS} - used == set()
    assert len({c.name for c in OWN_COLUMNS}) == len(OWN_COLUMNS)


def test_settings_are_read(tmp_path: Path) -> None:
    write_day(tmp_path)
    settings, _ = load_settings(tmp_path)
    assert [e.lei for e in settings.entities] == [h.lei for h in HOUSES]
    assert len(settings.destinations) == 3
