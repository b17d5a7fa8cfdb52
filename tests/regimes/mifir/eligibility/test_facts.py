"""Facts: what is derived with certainty, what stays unknown, and what the firm says against its own record."""

from __future__ import annotations

from typing import Any

import pytest
from eligible import LATER, LISTED, LISTED_UK, OTC, REPORTABLE, UNLISTED, context, decide, landed, listed, verdict

from regreport.regimes.mifir.eligibility import facts


def fact(
    name: str, change: dict[str, Any] | None = None, base: dict[str, object] = REPORTABLE, **where: Any
) -> str | None:
    value: str | None = facts(landed({**base, **(change or {})}), context(**where))[name][0]
    return value


def test_rows_keep_their_place_and_their_columns() -> None:
    rows = landed(REPORTABLE, {**OTC, "transaction_id": "T2"}, {**REPORTABLE, "transaction_id": "T3", "isin": None})
    made = facts(rows, context())
    assert made.select(rows.columns).equals(rows)
    assert made["transaction_id"].to_list() == ["T1", "T2", "T3"]
    assert all(t.is_(made.schema["@law"]) for c, t in made.schema.items() if c.startswith("@"))


def test_an_older_landing_that_lacks_columns_counts_as_empty() -> None:
    older = landed(REPORTABLE).drop("cleared", "underlying_on_venue", "client_kind", "branch_country")
    assert facts(older, context()).select("@instrument.known", "@otc_class_8a2").row(0) == ("true", "false")


@pytest.mark.parametrize(
    ("cfi", "venue", "otc"),
    [
        ("ESVUFR", "XOFF", "false"),
        ("SRCCSP", "XXXX", "true"),
        ("SRCCSP", "XOFF", "true"),
        ("SRCCSP", "BTFE", "true"),  # an MTF is no regulated market
        ("SRCCSP", "XETA", "false"),
        ("SRCCSP", "ODDX", None),
        ("FFSPSX", "XETA", "false"),
        ("FFSPSX", "BTFE", None),
        ("FFSPSX", "XNYS", None),  # it may be equivalent to a regulated market
        (None, "XXXX", None),
    ],
)
def test_otc_derivative(cfi: str | None, venue: str, otc: str | None) -> None:
    assert fact("@otc_derivative", {"instrument_classification": cfi, "venue": venue}, OTC) == otc


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, "INSTRUMENT"),  # its ISIN is on the list
        ({"isin": UNLISTED}, None),
        ({"isin": UNLISTED, "instrument_classification": "JFTXFP"}, "INSTRUMENT"),
        ({"isin": None, "instrument_classification": "IFXXXP"}, "SPOT_FX"),
        ({"isin": None, "instrument_classification": "ITAXXX"}, "SPOT_COMMODITY"),
        ({"isin": None, "product_kind": "DEPOSIT"}, "DEPOSIT"),
        ({"product_kind": "SPOT_FX"}, None),  # and yet on the list
    ],
)
def test_product_kind(change: dict[str, Any], kind: str | None) -> None:
    assert fact("@product_kind", change) == kind


@pytest.mark.parametrize(
    ("change", "known"),
    [
        ({}, "true"),
        ({"isin": UNLISTED}, "false"),
        ({"isin": None}, None),
        ({"isin": None, "venue": "XXXX"}, "false"),
        ({"timestamp": None}, None),
    ],
)
def test_instrument_known(change: dict[str, Any], known: str | None) -> None:
    assert fact("@instrument.known", change) == known


def test_the_law_of_the_united_kingdom_begins_at_an_hour() -> None:
    uk: dict[str, Any] = {"jurisdiction": "UK", "country": "GB"}
    change = {"isin": LISTED_UK, "venue": "XOFF", "instrument_classification": "ESVUFR"}
    before, after = ({**change, "timestamp": f"2020-12-31T{t}Z"} for t in ("22:59:59.999999", "23:00:00"))
    assert [fact("@law", c, **uk) for c in (before, after)] == ["EU", "UK"]
    assert [verdict(c, context(**uk)) for c in (before, after)] == [
        ("NOT_REPORTABLE", "MF-I10"),
        ("REPORTABLE", "MF-I8"),
    ]
    both = decide(*({**REPORTABLE, **c} for c in (before, after, before)), at=context(**uk))
    assert both["rule"].to_list() == ["MF-I10", "MF-I8", "MF-I10"]
    assert fact("@law", after) == "EU"


def test_one_record_may_be_reportable_in_both_jurisdictions() -> None:
    record = {**REPORTABLE, "branch_country": "GB"}
    assert decide(record, at=context("EU"))["decision"].to_list() == ["REPORTABLE"]
    assert decide(record, at=context("UK"))["decision"].to_list() == ["REPORTABLE"]


@pytest.mark.parametrize(
    ("venue", "where", "executed"),
    [
        ("XETA", {}, "true"),
        ("BTFE", {}, "true"),
        ("XSTI", {}, "false"),
        ("XLON", {}, "false"),
        ("XLON", {"jurisdiction": "UK"}, "true"),
        ("XETA", {"jurisdiction": "UK"}, "true"),
        ("XETA", {"jurisdiction": "UK", "settings": {"uk_scope": "UK_ONLY"}}, "false"),
        ("XNYS", {}, "false"),
        ("XOFF", {"mics": False}, "false"),
        ("XETA", {"mics": False}, None),
        ("ODDX", {}, None),
        (None, {}, None),
    ],
)
def test_executed_on_a_venue_of_the_jurisdiction(
    venue: str | None, where: dict[str, Any], executed: str | None
) -> None:
    assert fact("@executed_on_venue", {"venue": venue}, **where) == executed


def test_a_london_venue_was_one_of_the_union_until_the_end_of_2020() -> None:
    assert [
        fact("@executed_on_venue", {"venue": "XLON", "timestamp": f"{d}T10:00:00Z"})
        for d in ("2020-12-31", "2021-01-01")
    ] == ["true", "false"]


LINES = (
    listed(LATER),
    listed("DE000C000001", cfi="FFSPSX", underlying_isins=[LATER]),
    listed("DE000C000002", cfi="FFICSX", underlying_index="DEMO 30"),
)


@pytest.mark.parametrize(
    ("change", "single", "component"),
    [
        ({"instrument_classification": "ESVUFR"}, "false", "false"),
        ({"instrument_classification": "SRCCSP"}, "false", "false"),
        ({"instrument_classification": "JESXFP"}, None, None),
        ({"instrument_classification": "JESXFP", "underlying_isin": LATER}, "true", "false"),
        ({"instrument_classification": "JESXFP", "underlying_isin": UNLISTED}, "false", "false"),
        ({"instrument_classification": "SEBXXC", "underlying_basket_isin": [UNLISTED, LATER]}, "false", "true"),
        ({"instrument_classification": "SEBXXC", "underlying_basket_isin": [UNLISTED, LISTED]}, "false", "false"),
        ({"instrument_classification": "SEIXXC", "underlying_index_name": "DEMO 30"}, "false", None),
        ({"instrument_classification": "SEIXXC", "underlying_index_isin": UNLISTED}, "false", None),
        (
            {"instrument_classification": "SEIXXC", "underlying_index_name": "X", "underlying_on_venue": "true"},
            "false",
            "true",
        ),
        ({"instrument_classification": "SRMXXC", "underlying_index_code": "EURI"}, "false", "false"),
        (
            {"instrument_classification": "SMMXXC", "underlying_in_isin": UNLISTED, "underlying_out_isin": LATER},
            "true",
            "false",
        ),
        ({"instrument_classification": "JESXFP", "underlying_on_venue": "false"}, "false", "false"),
        (
            {"instrument_classification": "ESVUFR", "underlying_on_venue": "true"},
            None,
            None,
        ),  # a share rests on nothing
        ({"isin": "DE000C000001", "instrument_classification": None}, "true", "false"),  # the list names the underlying
        ({"isin": "DE000C000002", "instrument_classification": None}, "false", None),
        ({"instrument_classification": None}, None, None),
    ],
)
def test_underlyings(change: dict[str, Any], single: str | None, component: str | None) -> None:
    where: dict[str, Any] = {"lines": LINES}
    assert fact("@underlying.on_list", change, OTC, **where) == single
    assert fact("@underlying.component_on_list", change, OTC, **where) == component


@pytest.mark.parametrize(
    ("change", "service", "origin"),
    [
        ({"service": None}, "OWN_ACCOUNT", None),
        ({"service": None, "trading_capacity": "MTCH"}, "OWN_ACCOUNT", None),
        ({"service": None, "trading_capacity": "AOTC"}, "CLIENT_EXECUTION", None),
        ({"service": None, "trading_capacity": "AOTC", "transmitted": None}, None, None),
        ({"service": "MANDATE"}, "MANDATE", "MANDATE"),
        ({"service": "RECEPTION_TRANSMISSION"}, "RECEPTION_TRANSMISSION", "CLIENT"),
        ({"service": "MANDATE", "order_origin": "OWN"}, "MANDATE", None),
        ({"order_origin": "OWN"}, "OWN_ACCOUNT", "OWN"),
    ],
)
def test_service_and_origin(change: dict[str, Any], service: str | None, origin: str | None) -> None:
    assert (fact("@service", change), fact("@order_origin", change)) == (service, origin)


LEI = "529900T8BM49AURSDO55"


@pytest.mark.parametrize(
    ("change", "without"),
    [
        ({}, "false"),
        ({"client_id": [LEI]}, "false"),
        ({"client_id": [LEI], "client_kind": ["LEGAL"]}, "false"),
        ({"client_kind": ["LEGAL"]}, "true"),
        ({"client_id": ["HRB 12345"], "client_kind": ["LEGAL"]}, "true"),
        ({"client_id_type": ["LEI"]}, "true"),
        ({"client_id": [LEI, None], "client_id_type": ["LEI", "LEI"]}, "true"),
        ({"client_id_type": ["INTC"]}, "false"),
        ({"client_first_names": ["ANNA"]}, "false"),
        ({"client_kind": ["NATURAL"], "client_birth_date": ["1980-01-01"]}, "false"),
        ({"client_kind": ["SOMEBODY"]}, None),
    ],
)
def test_clients_without_an_lei(change: dict[str, Any], without: str | None) -> None:
    assert fact("@client.without_lei", change) == without


@pytest.mark.parametrize(
    ("change", "where", "home", "here"),
    [
        ({}, {}, "true", None),
        ({}, {"country": "NO"}, "true", None),
        ({}, {"country": "GB"}, "false", None),
        ({"timestamp": "2020-06-01T10:00:00Z"}, {"country": "GB"}, "true", None),
        ({"branch_country": "FR"}, {"country": "US"}, "false", "true"),
        ({}, {"country": "US", "entity": {"branch_country": "FR"}}, "false", "true"),
        ({"branch_country": "US"}, {"country": "US", "entity": {"branch_country": "FR"}}, "false", "false"),
        ({"branch_country": "GB"}, {"country": "US", "jurisdiction": "UK"}, "false", "true"),
    ],
)
def test_offices(change: dict[str, Any], where: dict[str, Any], home: str, here: str | None) -> None:
    assert (fact("@entity.home", change, **where), fact("@branch.here", change, **where)) == (home, here)
