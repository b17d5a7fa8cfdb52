"""Contradictions: each is found, names its column and value, and is not found where nothing contradicts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from regreport.engine.rule import FINDING_SCHEMA
from regreport.model.obligation import Cell
from regreport.regime import DestinationFacts, EntityFacts, ReportContext
from regreport.regimes.mifir.mapping import to_fields
from regreport.regimes.mifir.mapping.source import LISTS

from datetime import UTC, date, datetime  # isort: skip

FIRM, BANK, MEMBER = "TESTFIRMAAAAAAAAAA61", "TESTBANKBBBBBBBBBB50", "TESTARMDDDDDDDDDDD38"
CONTEXT = ReportContext(
    cell=Cell("EU", "TRANSACTION", "mifir"),
    entity=EntityFacts(FIRM, "Test", "SE", {"kind": "FIRM"}),
    destination=DestinationFacts("nca", "YY", "XX", "", submitting_entity=FIRM),
    report_date=date(2026, 11, 23),
    created_at=datetime(2026, 11, 24, 7, 30, tzinfo=UTC),
    reference_data={},
)
TRADE = {
    "transaction_id": "T1",
    "entity": FIRM,
    "timestamp": "2026-11-23T10:15:30Z",
    "event_kind": "TRADE",
    "side": "BUY",
    "trading_capacity": "DEAL",
    "counterparty": BANK,
}


def faults(**columns: Any) -> pl.DataFrame:
    """Faults of three records of which only the second has these columns."""
    names = dict.fromkeys([*TRADE, *columns])
    rows = [TRADE, TRADE | {"transaction_id": "T2"} | columns, TRADE | {"transaction_id": "T3"}]
    schema = {name: pl.List(pl.String) if name in LISTS else pl.String for name in names}
    found = to_fields(pl.DataFrame([{n: r.get(n) for n in names} for r in rows], schema=schema), CONTEXT).faults
    assert found.schema == FINDING_SCHEMA
    assert set(found["record"].to_list()) <= {2}
    assert set(found["reference"].to_list()) <= {"T2"}
    assert set(found["severity"].to_list()) <= {"error"}
    return found


@pytest.mark.parametrize(
    ("columns", "rule", "column", "value"),
    [
        ({"side": "B"}, "MAP-7", "side", "B"),
        ({"trading_capacity": "PRINCIPAL"}, "MAP-29", "trading_capacity", "PRINCIPAL"),
        ({"client_id": [MEMBER]}, "MAP-7", "counterparty", BANK),
        ({"submitting_entity": MEMBER}, "MAP-6", "submitting_entity", MEMBER),
        ({"transmission": "true", "transmitted": "false"}, "MAP-25", "transmission", "true"),
        ({"buyer_id": [FIRM], "buyer_surnames": ["A", "B"]}, "MAP-7", "buyer_surnames", "A|B"),
        ({"price": "99", "price_type": "PCTG", "price_currency": "EUR"}, "MAP-34", "price_currency", "EUR"),
        ({"price": "99"}, "MAP-33", "price", "99"),
        ({"quantity": "1", "quantity_type": "LOTS"}, "MAP-30", "quantity_type", "LOTS"),
        ({"quantity": "1", "quantity_type": "UNIT", "quantity_currency": "EUR"}, "MAP-31", "quantity_currency", "EUR"),
        ({"buyer_id": ["?"], "buyer_id_type": ["PASSPORT"]}, "MAP-7", "buyer.id_type", "PASSPORT"),
        ({"underlying_isin": "A", "underlying_index_code": "EURI"}, "MAP-47", "underlying_isin", "A"),
        (
            {"underlying_isin": "A", "underlying_type": "ISIN", "underlying_index_code": "EURI"},
            "MAP-47",
            "underlying_type",
            "ISIN",
        ),
        (
            {"underlying_basket_index_code": ["A", "B"], "underlying_basket_index_term": ["3"]},
            "MAP-47",
            "underlying_basket_index_term",
            "3",
        ),
    ],
)
def test_a_contradiction_names_column_and_value(columns: dict[str, Any], rule: str, column: str, value: str) -> None:
    found = faults(**columns)
    assert (rule, column, value) in found.select("rule", "path", "value").rows()
    words = found.filter(pl.col("path") == column)["message"][0]
    assert words.startswith(f"{column}: ")


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"client_id": [BANK]},  # the counterparty is the client
        {"client_id": [MEMBER], "counterparty": None},
        {"client_id": [MEMBER], "trading_capacity": "AOTC"},
        {"client_id": [MEMBER], "buyer_id": [FIRM], "seller_id": [BANK]},
        {"submitting_entity": FIRM},
        {"transmission": "true", "transmitted": "true", "receiver_agreed": "false"},
        {"transmission": "true"},
        {"price": "99", "price_type": "PCTG"},
        {"price_type": "NOAP"},
        {"buyer_id": [FIRM, MEMBER], "buyer_surnames": None},
        {"underlying_type": "BASKET", "underlying_basket_isin": ["A"]},
    ],
)
def test_what_does_not_contradict_is_no_fault(columns: dict[str, Any]) -> None:
    assert faults(**columns).rows() == []


def test_a_persons_names_are_not_quoted() -> None:
    person = {"buyer_surnames": ["SECRET"], "buyer_first_names": ["SECRET"], "buyer_birth_date": ["1980-01-01"]}
    found = faults(buyer_id=["?"], buyer_id_type=["ODD"], **person)
    assert found.height
    assert not any("SECRET" in str(cell) for row in found.rows() for cell in row)


def test_without_a_set_submitting_entity_any_may_be_named() -> None:
    context = replace(CONTEXT, destination=replace(CONTEXT.destination, submitting_entity=""))
    rows = pl.DataFrame([TRADE | {"submitting_entity": MEMBER}])
    assert to_fields(rows, context).faults.is_empty()
