"""From a firm's records to fields: what is derived, what is left empty, what wins."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from regreport.errors import ConfigurationError
from regreport.model.obligation import Cell
from regreport.regime import DestinationFacts, EntityFacts, Mapped, ReportContext
from regreport.regimes.mifir.mapping import cancel, layer, to_fields
from regreport.regimes.mifir.mapping.source import LISTS

FIRM, BANK, MEMBER = "TESTFIRMAAAAAAAAAA61", "TESTBANKBBBBBBBBBB50", "TESTARMDDDDDDDDDDD38"
CONTEXT = ReportContext(
    cell=Cell("EU", "TRANSACTION", "mifir"),
    entity=EntityFacts(FIRM, "Test", "SE", {"kind": "FIRM"}),
    destination=DestinationFacts("nca", "YY", "XX", ""),
    report_date=date(2026, 11, 23),
    created_at=datetime(2026, 11, 24, 7, 30, tzinfo=UTC),
    reference_data={
        "instruments": pl.DataFrame(
            {
                "isin": ["SE0000108656", "SE0000108656", "DE0001102580", "FR0000120271"],
                "cfi": ["ESVUFR", "ESVUFR", "DBFTFB", "ESVUFR"],
                "first_trade_date": ["2018-01-03", "2020-01-01", "2018-01-03", "2018-01-03"],
                "admission_request_date": [None, None, "2017-12-01", None],
                "termination_date": [None, "2021-01-01", None, "2026-11-22"],
                "list": ["EU", "EU", "EU", "EU"],
            }
        )
    },
)
TRADE = {
    "transaction_id": "T1",
    "entity": FIRM,
    "timestamp": "2026-11-23T10:15:30.123456Z",
    "event_kind": "TRADE",
    "side": "BUY",
    "trading_capacity": "DEAL",
    "counterparty": BANK,
}
PERSON = {
    "client_id": ["SE198002291234"],
    "client_nationality": ["SE"],
    "client_first_names": ["Anna,Maria"],
    "client_surnames": ["Exempel"],
    "client_birth_date": ["1980-02-29"],
}


def mapped(*rows: dict[str, Any], context: ReportContext = CONTEXT) -> Mapped:
    names = dict.fromkeys(name for row in rows for name in row)
    schema = {name: pl.List(pl.String) if name in LISTS else pl.String for name in names}
    return to_fields(pl.DataFrame([{n: row.get(n) for n in names} for row in rows], schema=schema), context)


def one(context: ReportContext = CONTEXT, **columns: Any) -> dict[str, Any]:
    """The fields of one trade, those that are empty left out; it must contradict itself nowhere."""
    result = mapped(TRADE | columns, context=context)
    assert result.faults.rows() == []
    assert result.fields.schema == layer().schema
    return {k: v for k, v in result.fields.row(0, named=True).items() if v is not None}


def member(party: Any) -> dict[str, Any]:
    (only,) = party
    return {k: v for k, v in only.items() if v is not None}


def lei(code: str) -> dict[str, str]:
    return {"id": code, "id_type": "LEI"}


def test_what_every_report_has() -> None:
    fields = one()
    assert fields["status"] == "NEWT"
    assert fields["transaction_reference"] == "T1"
    assert fields["executing_entity"] == fields["submitting_entity"] == FIRM
    assert fields["investment_firm"] == "true"
    assert fields["trading_date_time"] == "2026-11-23T10:15:30.123456Z"
    assert fields["sft"] == "false"
    assert one(transaction_reference="R9")["transaction_reference"] == "R9"


@pytest.mark.parametrize(("side", "buyer", "seller"), [("BUY", FIRM, BANK), ("SELL", BANK, FIRM)])
@pytest.mark.parametrize("capacity", ["DEAL", "MTCH"])
def test_on_own_account_the_entity_faces_the_counterparty(side: str, buyer: str, seller: str, capacity: str) -> None:
    fields = one(side=side, trading_capacity=capacity)
    assert (member(fields["buyer"]), member(fields["seller"])) == (lei(buyer), lei(seller))


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_with_a_client_the_side_is_the_clients(side: str) -> None:
    near, far = ("buyer", "seller") if side == "BUY" else ("seller", "buyer")
    agency = one(side=side, trading_capacity="AOTC", client_id=[MEMBER], client_branch_country=["DE"])
    assert member(agency[near]) == lei(MEMBER) | {"branch_country": "DE"}
    assert member(agency[far]) == lei(BANK)
    own = one(side=side, counterparty=None, client_id=[MEMBER])
    assert (member(own[near]), member(own[far])) == (lei(MEMBER), lei(FIRM))


def test_what_the_firm_fills_wins() -> None:
    fields = one(buyer_id=[MEMBER], buyer_id_type=["LEI"])
    assert member(fields["buyer"]) == lei(MEMBER)
    assert member(fields["seller"]) == lei(BANK)


def test_without_side_or_capacity_nobody_is_named() -> None:
    for column in ("side", "trading_capacity"):
        fields = one(**{column: None})
        assert "buyer" not in fields
        assert "seller" not in fields


@pytest.mark.parametrize(
    ("counterparty", "expected"),
    [
        (BANK, lei(BANK)),
        ("XSTO", {"id": "XSTO", "id_type": "MIC"}),
        ("INTC", {"id_type": "INTC"}),
        ("WHO?", {"id": "WHO?"}),
    ],
)
def test_the_form_of_an_identifier_says_its_kind(counterparty: str, expected: dict[str, str]) -> None:
    result = mapped(TRADE | {"counterparty": counterparty})
    assert member(result.fields["seller"][0]) == expected
    assert result.faults["value"].to_list() == ([] if "id_type" in expected else ["WHO?"])


def test_a_natural_person() -> None:
    fields = one(trading_capacity="AOTC", **PERSON)
    assert member(fields["buyer"]) == {
        "id": "SE198002291234",
        "id_type": "NIDN",
        "first_names": "ANNA,MARIA",
        "surnames": "EXEMPEL",
        "birth_date": "1980-02-29",
    }


@pytest.mark.parametrize(
    ("nationality", "identifier", "expected"),
    [
        ("FR", None, ("FR19800229ANNA#EXEMP", "CONCAT")),
        ("US+FR", None, ("FR19800229ANNA#EXEMP", "CONCAT")),
        ("IT", None, (None, None)),  # CONCAT is not allowed
        ("US+BR", None, (None, None)),  # which of two third countries counts is not settled
        ("GB", None, ("GB19800229ANNA#EXEMP", "CONCAT")),
        ("US", "US123", ("US123", "CCPT")),
        ("SE", "SE198002291234", ("SE198002291234", "NIDN")),
        ("FR", "FR19800229ANNA#EXEMP", ("FR19800229ANNA#EXEMP", "CONCAT")),
        ("NL", "NL123", ("NL123", None)),  # passport or identity card
        ("GB", "GBAB123456C", ("GBAB123456C", None)),  # not settled which row counts
    ],
)
def test_a_persons_identifier(
    nationality: str, identifier: str | None, expected: tuple[str | None, str | None]
) -> None:
    row = TRADE | PERSON | {"trading_capacity": "AOTC", "client_nationality": [nationality], "client_id": [identifier]}
    (buyer,) = mapped(row).fields["buyer"][0].to_list()
    assert (buyer["id"], buyer["id_type"]) == expected


@pytest.mark.parametrize(("reading", "kind"), [("annex", "NIDN"), ("other", "CCPT")])
def test_the_setting_for_british_nationals(reading: str, kind: str) -> None:
    context = replace(CONTEXT, settings={"gb_nationals": reading})
    row = PERSON | {"client_nationality": ["GB"], "client_id": ["GBAB123456C"]}
    assert member(one(context, trading_capacity="AOTC", **row)["buyer"])["id_type"] == kind
    with pytest.raises(ConfigurationError, match="gb_nationals"):
        mapped(TRADE, context=replace(CONTEXT, settings={"gb_nationals": "maybe"}))


def test_joint_holders_stay_apart() -> None:
    rows = {
        "client_id": ["SE198002291234", None, MEMBER],
        "client_first_names": ["Anna", "Jean", None],
        "client_surnames": ["Exempel", "Dupont", None],
        "client_birth_date": ["1980-02-29", "1975-07-14", None],
        "client_nationality": ["SE", "FR", None],
    }
    buyer = one(trading_capacity="AOTC", **rows)["buyer"]
    assert [(m["id"], m["id_type"]) for m in buyer] == [
        ("SE198002291234", "NIDN"),
        ("FR19750714JEAN#DUPON", "CONCAT"),
        (MEMBER, "LEI"),
    ]


def test_who_decides_for_the_client() -> None:
    client = {"trading_capacity": "AOTC", "client_id": [MEMBER]}
    decided = one(**client, side="SELL", client_decision_maker_id=[BANK])
    assert member(decided["seller_decision_maker"]) == lei(BANK)
    assert "buyer_decision_maker" not in decided
    mandate = one(**client, order_origin="MANDATE")
    assert member(mandate["buyer_decision_maker"]) == lei(FIRM)
    assert "buyer_decision_maker" not in one(**client, order_origin="CLIENT")
    assert "buyer_decision_maker" not in one(order_origin="MANDATE")  # the entity itself is the buyer
    explicit = one(**client, order_origin="MANDATE", buyer_decision_maker_id=[BANK])
    assert member(explicit["buyer_decision_maker"]) == lei(BANK)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"transmitted": "true", "receiver_agreed": "false"}, "true"),
        ({"transmitted": "true", "receiver_agreed": "true"}, None),
        ({"transmitted": "false"}, "false"),
        ({"service": "CLIENT_EXECUTION"}, "false"),
        ({"service": "RECEPTION_TRANSMISSION"}, None),
        ({"transmission": "true"}, "true"),
        ({}, None),
    ],
)
def test_transmission_follows_its_facts(facts: dict[str, str], expected: str | None) -> None:
    assert one(**facts).get("transmission") == expected


@pytest.mark.parametrize(
    ("entity", "columns", "expected"),
    [
        ({"kind": "FIRM"}, {}, "true"),
        ({"kind": "BANK"}, {}, None),
        ({"kind": "BANK", "investment_firm": "true"}, {}, "true"),
        ({"kind": "VENUE_OPERATOR"}, {"member": MEMBER, "member_subject_to_mifir": "false"}, "false"),
    ],
)
def test_field_5_is_said_or_left_empty(entity: dict[str, str], columns: dict[str, str], expected: str | None) -> None:
    context = replace(CONTEXT, entity=replace(CONTEXT.entity, facts=entity))
    assert one(context, **columns).get("investment_firm") == expected


def test_the_submitting_entity_is_the_destinations() -> None:
    context = replace(CONTEXT, destination=replace(CONTEXT.destination, submitting_entity=MEMBER))
    assert one(context)["submitting_entity"] == MEMBER
    assert one(submitting_entity=BANK)["submitting_entity"] == BANK


@pytest.mark.parametrize(
    ("price", "kind", "currency", "expected"),
    [
        ("251.5", None, "SEK", ("251.5", None, "MNTR")),
        ("-1.5", None, "SEK", ("1.5", "false", "MNTR")),
        ("-1.5", "PCTG", None, ("-1.5", None, "PCTG")),
        (None, "PNDG", "SEK", (None, None, "PNDG")),
    ],
)
def test_price_and_sign(
    price: str | None, kind: str | None, currency: str | None, expected: tuple[str | None, ...]
) -> None:
    fields = one(price=price, price_type=kind, price_currency=currency)
    assert (fields.get("price"), fields.get("price_sign"), fields.get("price_type")) == expected


@pytest.mark.parametrize(
    ("isin", "currency", "expected"),
    [("SE0000108656", None, "UNIT"), ("DE0001102580", "EUR", "NMNL"), ("DE0001102580", None, None)],
)
def test_the_kind_of_quantity_only_where_certain(isin: str, currency: str | None, expected: str | None) -> None:
    row = TRADE | {"isin": isin, "quantity": "100", "quantity_currency": currency}
    assert mapped(row).fields["quantity_type"][0] == expected


OPTION = {
    "instrument_name": "CALL 50",
    "instrument_classification": "HESAVC",
    "price_multiplier": "1",
    "underlying_isin": "SE0000108656",
    "strike_price": "-50",
    "strike_price_currency": "EUR",
    "delivery_type": "CASH",
}


def test_a_known_instrument_is_named_and_not_described() -> None:
    fields = one(isin="SE0000108656", **OPTION)
    assert (fields["isin"], fields["instrument_type"]) == ("SE0000108656", "ID")
    assert not fields.keys() & OPTION.keys()


@pytest.mark.parametrize("isin", [None, "FR0000120271", "SE0000000000"])
def test_an_unknown_instrument_is_described(isin: str | None) -> None:
    fields = one(isin=isin, **OPTION)
    assert fields.get("isin") == isin
    assert fields["instrument_type"] == "OTHR"
    assert (fields["underlying_type"], fields["underlying_isin"]) == ("ISIN", "SE0000108656")
    assert (fields["strike_price"], fields["strike_price_sign"], fields["strike_price_type"]) == ("50", "false", "MNTR")


def test_an_isin_is_all_there_is() -> None:
    assert one(isin="SE0000000000")["instrument_type"] == "ID"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"underlying_index_code": "EURI"}, {"underlying_type": "INDEX", "underlying_index_code": "EURI"}),
        (
            {"underlying_isin": "DE0008469008", "underlying_type": "INDEX"},
            {"underlying_type": "INDEX", "underlying_index_isin": "DE0008469008"},
        ),
        (
            {"underlying_basket_isin": ["A", "B"], "underlying_basket_index_code": ["EURI", None]},
            {"underlying_type": "BASKET", "underlying_basket_isin": ["A", "B"]},
        ),
        ({"underlying_in_isin": "A"}, {"underlying_in_type": "ISIN", "underlying_in_isin": "A"}),
    ],
)
def test_underlyings(columns: dict[str, Any], expected: dict[str, Any]) -> None:
    described = {k: v for k, v in OPTION.items() if k != "underlying_isin"}
    fields = one(**described, **columns)
    assert {k: fields[k] for k in expected} == expected
    if "underlying_basket_index_code" in columns:
        assert member(fields["underlying_basket_index"]) == {"code": "EURI"}


def test_a_second_currency_by_cfi() -> None:
    terms = {"instrument_name": "FX", "notional_currency_2": "USD", "price_multiplier": "1"}
    assert one(instrument_classification="JFTXFP", **terms)["notional_currency_2_type"] == "FX"
    assert one(instrument_classification="SRCCSP", **terms)["notional_currency_2_type"] == "INTR"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"execution_id": "NORE"}, {"execution_type": "NORE"}),
        ({"execution_type": "NORE"}, {"execution_type": "NORE"}),
        ({"execution_id": "ALGO1", "execution_type": "ALGO"}, {"execution_id": "ALGO1", "execution_type": "ALGO"}),
        (
            {"execution_id": "SE197001011111", "execution_nationality": "SE"},
            {"execution_id": "SE197001011111", "execution_type": "NIDN"},
        ),
        (
            {"execution_id": "FR19750714JEAN#DUPON"},
            {"execution_id": "FR19750714JEAN#DUPON", "execution_type": "CONCAT"},
        ),
    ],
)
def test_who_executed(columns: dict[str, str], expected: dict[str, str]) -> None:
    fields = one(**columns)
    assert {k: v for k, v in fields.items() if k.startswith("execution_")} == expected


def test_an_identifier_of_no_known_kind_is_not_taken_for_an_algorithm() -> None:
    result = mapped(TRADE | {"execution_id": "X42"})
    assert result.fields["execution_type"][0] is None
    assert result.faults["rule"].to_list() == ["MAP-59"]


@pytest.mark.parametrize(("event", "sft"), [("REPO", "true"), ("TRADE", "false"), (None, None)])
def test_financing_follows_the_event(event: str | None, sft: str | None) -> None:
    assert one(event_kind=event).get("sft") == sft


def test_lists_go_through_and_empty_ones_do_not() -> None:
    fields = one(waiver=["RFPT", "SIZE"], otc_post_trade=[])
    assert fields["waiver"] == ["RFPT", "SIZE"]
    assert "otc_post_trade" not in fields


def test_a_cancellation_keeps_what_names_the_report() -> None:
    fields = mapped(TRADE).fields
    rows = cancel(fields, CONTEXT)
    assert rows.schema == layer().schema
    assert {k: v for k, v in rows.row(0, named=True).items() if v is not None} == {
        "status": "CANC",
        "transaction_reference": "T1",
        "executing_entity": FIRM,
        "submitting_entity": FIRM,
    }


def test_no_rows() -> None:
    result = mapped(TRADE)
    nothing = to_fields(pl.DataFrame(schema={"transaction_id": pl.String, "entity": pl.String}), CONTEXT)
    assert nothing.fields.schema == result.fields.schema
    assert nothing.fields.height == nothing.faults.height == 0
