"""What follows from the terms of a trade, and what contradicts them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regreport.model.obligation import Cell
from regreport.regime import DestinationFacts, EntityFacts, ReportContext
from regreport.regimes.mifir import derive
from regreport.regimes.mifir.derive.parties import BUYER_BY, SELLER_BY
from regreport.regimes.mifir.mapping import to_fields

OURS, MEMBER, SENDER = "CASEA000000000000077", "CASEB000000000000032", "CASEX000000000000012"


def context(kind: str = "FIRM", submitting: str = "") -> ReportContext:
    return ReportContext(
        cell=Cell("EU", "TRANSACTION", "mifir"),
        entity=EntityFacts(OURS, "Ours", "DE", {"kind": kind}),
        destination=DestinationFacts("d", "US", "THEM", "", submitting_entity=submitting),
        report_date=date(2026, 11, 23),
        created_at=datetime(2026, 11, 24, tzinfo=UTC),
        reference_data={},
    )


def derived(at: ReportContext | None = None, **row: str) -> dict[str, Any]:
    table = pl.DataFrame([{c: row.get(c) for c in derive.READ}], schema=dict.fromkeys(derive.READ, pl.String))
    return derive.derived(table, at or context()).row(0, named=True)


def clashing(**row: str) -> list[str]:
    table = pl.DataFrame([{c: row.get(c) for c in derive.READ}], schema=dict.fromkeys(derive.READ, pl.String))
    table = derive.derived(table, context())
    return [c.column for c in derive.clashes(table) if table.select(c.wrong.fill_null(value=False)).item()]


@pytest.mark.parametrize("word", [*BUYER_BY, *SELLER_BY])
def test_who_pays_what_makes_the_side(word: str) -> None:
    assert derived(pays_or_receives=word)["side"] == ("BUY" if word in BUYER_BY else "SELL")
    other = "SELL" if word in BUYER_BY else "BUY"
    assert derived(pays_or_receives=word, side=other)["side"] == other
    assert clashing(pays_or_receives=word, side=other) == ["side"]
    assert clashing(pays_or_receives=word) == []


def test_a_word_that_is_not_known_is_a_clash_and_no_side() -> None:
    assert derived(pays_or_receives="PAYS")["side"] is None
    assert clashing(pays_or_receives="PAYS") == ["pays_or_receives"]


@pytest.mark.parametrize(
    ("terms", "side"),
    [
        ({"currency_received": "EUR", "notional_currency_1": "EUR", "notional_currency_2": "GBP"}, "BUY"),
        ({"currency_received": "GBP", "notional_currency_1": "EUR", "notional_currency_2": "GBP"}, "SELL"),
        ({"currency_received": "EUR", "notional_currency_1": "USD", "notional_currency_2": "EUR"}, "BUY"),
        ({"currency_received": "AUD", "quantity_currency": "CHF", "price_currency": "AUD"}, "BUY"),
        ({"currency_received": "EUR", "notional_currency_1": "EUR"}, None),
        ({"currency_received": "EUR", "notional_currency_1": "EUR", "notional_currency_2": "EUR"}, None),
        ({"currency_received": "JPY", "notional_currency_1": "EUR", "notional_currency_2": "GBP"}, None),
    ],
)
def test_who_receives_the_alphabetically_first_currency_is_buyer(terms: dict[str, str], side: str | None) -> None:
    assert derived(**terms)["side"] == side


def test_a_currency_that_is_not_of_the_contract_is_a_clash() -> None:
    assert clashing(currency_received="JPY", notional_currency_1="EUR", notional_currency_2="GBP") == [
        "currency_received"
    ]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"fixed_rate": "3", "quantity_currency": "EUR"}, ("3", "PCTG", "0", "EUR")),
        ({"fixed_rate": "3"}, ("3", "PCTG", None, None)),  # no currency, no payment
        ({"fixed_rate": "3", "upfront_payment": "500", "upfront_payment_currency": "USD"}, ("3", "PCTG", "500", "USD")),
        ({"spread": "-2"}, ("-2", "BAPO", None, None)),
        ({"agreed_strike": "50", "premium": "7", "price_currency": "EUR"}, ("50", None, "7", "EUR")),
        ({"price": "2.9", "fixed_rate": "3"}, ("2.9", None, None, None)),
    ],
)
def test_terms_of_the_trade_are_the_price(terms: dict[str, str], expected: tuple[str | None, ...]) -> None:
    made = derived(**terms)
    assert (made["price"], made["price_type"], made["upfront_payment"], made["upfront_payment_currency"]) == expected
    assert clashing(**terms) == (["price"] if "price" in terms else [])


def test_a_price_that_is_the_term_written_otherwise_is_no_clash() -> None:
    assert clashing(price="3.00", fixed_rate="3") == []


@pytest.mark.parametrize(
    ("terms", "price", "currency"),
    [
        ({"price": "1234.5", "price_currency": "GBX"}, "12.345", "GBP"),
        ({"price": "5", "price_currency": "GBp"}, "0.05", "GBP"),
        ({"price": "-250", "price_currency": "ZAC"}, "-2.5", "ZAR"),
        ({"price": "1500", "price_currency": "KWF"}, "1.5", "KWD"),
        ({"price": "1234.5", "price_currency": "GBP", "price_unit": "MINOR"}, "12.345", "GBP"),
        ({"price": "1234.5", "price_currency": "GBP", "price_unit": "MAJOR"}, "1234.5", "GBP"),
        ({"price": "1234.5", "price_currency": "GBP"}, "1234.5", "GBP"),
        ({"price": "1234.5", "price_currency": "JPY", "price_unit": "MINOR"}, "1234.5", "JPY"),
    ],
)
def test_prices_in_parts_of_a_currency(terms: dict[str, str], price: str, currency: str) -> None:
    made = derived(**terms)
    assert (made["price"], made["price_currency"]) == (price, currency)


def test_parts_of_a_currency_that_has_none_are_a_clash() -> None:
    assert clashing(price="1", price_currency="JPY", price_unit="MINOR") == ["price_currency"]
    assert clashing(price="1", price_currency="GBP", price_unit="PENCE") == ["price_unit"]
    assert clashing(price="1", price_currency="GBX") == []


@settings(max_examples=150, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**9), max_value=10**9))
def test_pence_to_pounds_is_exact(pence: Decimal) -> None:
    made = derived(price=f"{pence:f}", price_currency="GBX")["price"]
    assert Decimal(made) == pence / 100
    assert "E" not in made
    assert not made.endswith(".")


MONEY = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("10000000000"), places=2)
PERCENT = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal("250"), places=6)


@settings(max_examples=150, deadline=None)
@given(PERCENT, PERCENT, MONEY, st.sampled_from([("EUR", 2), ("JPY", 0), ("KWD", 3)]), st.one_of(st.none(), PERCENT))
def test_net_amount_is_reckoned_exactly(
    price: Decimal, accrued: Decimal, nominal: Decimal, money: tuple[str, int], ratio: Decimal | None
) -> None:
    terms = {
        "price": f"{price:f}",
        "price_type": "PCTG",
        "accrued_interest": f"{accrued:f}",
        "quantity": f"{nominal:f}",
    }
    terms |= {"quantity_currency": money[0]} | ({"index_ratio": f"{ratio:f}"} if ratio is not None else {})
    exact = (price + accrued) * nominal * (ratio if ratio is not None else 1) / 100
    assert Decimal(derived(**terms)["net_amount"]) == exact.quantize(Decimal(1).scaleb(-money[1]), ROUND_HALF_UP)


@pytest.mark.parametrize(
    "terms",
    [
        {"price": "100", "price_type": "PCTG", "quantity": "1000", "quantity_currency": "EUR"},  # interest not known
        {"price": "100", "price_type": "MNTR", "accrued_interest": "1", "quantity": "1000", "quantity_currency": "EUR"},
        {"price": "100", "price_type": "PCTG", "accrued_interest": "1", "quantity": "1000"},
        {"price_type": "PCTG", "accrued_interest": "1", "quantity": "1000", "quantity_currency": "EUR"},
    ],
)
def test_net_amount_is_not_guessed(terms: dict[str, str]) -> None:
    assert derived(**terms)["net_amount"] is None
    assert derived(**terms, net_amount="7")["net_amount"] == "7"


@pytest.mark.parametrize(("side", "column"), [("BUY", "buyer"), ("SELL", "seller")])
def test_the_firm_that_passed_the_order_on_stands_on_the_clients_side(side: str, column: str) -> None:
    made = derived(side=side, transmitting_firm=SENDER)
    assert made[f"transmitting_firm_{column}"] == SENDER
    assert [made[f"transmitting_firm_{c}"] for c in ("buyer", "seller")].count(None) == 1
    assert clashing(side=side, transmitting_firm=SENDER, transmitting_firm_buyer=MEMBER) == ["transmitting_firm"]


def test_a_venues_operator_names_the_member_and_submits_itself() -> None:
    made = derived(context("VENUE_OPERATOR"), entity=OURS, member=MEMBER)
    assert (made["entity"], made["submitting_entity"]) == (MEMBER, OURS)
    assert derived(context("VENUE_OPERATOR", SENDER), entity=OURS, member=MEMBER)["submitting_entity"] == SENDER
    assert derived(context("FIRM"), entity=OURS, member=MEMBER)["entity"] == OURS


def test_the_mapping_uses_what_is_derived_and_tells_what_clashes() -> None:
    row = {"transaction_id": "T1", "entity": OURS, "timestamp": "2026-11-23T10:00:00Z", "counterparty": MEMBER}
    row |= {
        "trading_capacity": "DEAL",
        "pays_or_receives": "RECEIVES_FIXED",
        "fixed_rate": "3",
        "quantity_currency": "EUR",
    }
    mapped = to_fields(pl.DataFrame([row, row | {"side": "BUY", "transaction_id": "T2"}]), context())
    assert mapped.fields["seller"].list.first().struct.field("id").to_list() == [OURS, MEMBER]
    assert mapped.fields["price"].to_list() == ["3", "3"]
    assert mapped.faults.filter(pl.col("path") == "side").select("record", "rule").rows() == [(2, "MAP-7")]
