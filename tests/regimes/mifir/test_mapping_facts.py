"""The facts that enrich adds: each from its snapshot, null where the snapshot is not loaded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from regreport.model.obligation import Cell
from regreport.regime import DestinationFacts, EntityFacts, ReportContext
from regreport.regimes.mifir.enrich import enrich
from regreport.regimes.mifir.mapping import layer
from regreport.regimes.mifir.rules import FACTS

FIRM, BANK = "TESTFIRMAAAAAAAAAA61", "TESTBANKBBBBBBBBBB50"
REFERENCE = {
    "instruments": pl.DataFrame(
        {
            "isin": ["AA", "AA", "BB", "CC", "DD"],
            "cfi": ["ESVUFR", None, "DBFTFB", "ESVUFR", "ESVUFR"],
            "admission_request_date": ["2026-11-23", None, None, None, None],
            "first_trade_date": ["2026-12-01", "2019-01-01", "2018-01-03T00:00:00Z", "2026-11-24", "2018-01-03"],
            "termination_date": [None, "2020-01-01", "2026-11-23T23:59:59Z", None, None],
            "list": ["EU", "EU", "EU", "EU", "UK"],
        }
    ),
    "leis": pl.DataFrame(
        {
            "lei": [FIRM],
            "entity_status": ["ACTIVE"],
            "registration_status": ["LAPSED"],
            "category": ["FUND"],
        }
    ),
    "mics": pl.DataFrame(
        {
            "mic": ["XETR", "XETA", "MQSI", "ODEX", "XLON", "XOFF"],
            "operating_mic": ["XETR", "XETR", "MQSI", "ODEX", "XLON", "XOFF"],
            "kind": ["OPRT", "SGMT", "OPRT", "OPRT", "OPRT", "OPRT"],
            "category": ["NSPD", "RMKT", "SINT", "MLTF", "RMKT", "NSPD"],
            "country": ["DE", "DE", "DE", "DE", "GB", "ZZ"],
            "status": ["ACTIVE", "ACTIVE", "ACTIVE", "EXPIRED", "ACTIVE", "ACTIVE"],
            "valid_from": ["1997-11-28", "2007-11-26", "2020-01-06", "2012-01-02", "2005-06-27", None],
            "valid_to": [None, None, None, "2025-12-31", None, None],
        }
    ),
}
CONTEXT = ReportContext(
    cell=Cell("EU", "TRANSACTION", "mifir"),
    entity=EntityFacts(FIRM, "Test", "SE"),
    destination=DestinationFacts("nca", "YY", "XX", ""),
    report_date=date(2026, 11, 23),
    created_at=datetime(2026, 11, 24, 7, 30, tzinfo=UTC),
    reference_data=REFERENCE,
)
PARTY = pl.List(pl.Struct({"id": pl.String, "id_type": pl.String}))


def facts(context: ReportContext = CONTEXT, **fields: Any) -> dict[str, Any]:
    row = {
        "transaction_reference": "T1",
        "trading_date_time": "2026-11-23T10:00:00Z",
        "executing_entity": FIRM,
    } | fields
    table = layer().complete(pl.DataFrame([row], infer_schema_length=None))
    return enrich(table, context).row(0, named=True)


def test_every_fact_of_the_rules_is_there() -> None:
    table = enrich(layer().complete(pl.DataFrame({"isin": ["AA"]})), CONTEXT)
    for name in FACTS:
        group, _, inner = name.partition(".") if not name.startswith("@") else (name, "", "")
        assert group in table.columns, name
        if inner:
            assert inner in [f.name for f in table.schema[group].inner.fields], name  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("isin", "jurisdiction", "known", "cfi"),
    [
        ("AA", "EU", "true", "ESVUFR"),  # admission was requested on the day
        ("BB", "EU", "true", "DBFTFB"),  # the last day counts
        ("CC", "EU", "false", "ESVUFR"),
        ("DD", "EU", "false", "ESVUFR"),  # in the other list only
        ("DD", "UK", "true", "ESVUFR"),
        ("BB", "UK", "true", "DBFTFB"),
        ("ZZ", "EU", "false", None),
        (None, "EU", None, None),
    ],
)
def test_instruments(isin: str | None, jurisdiction: str, known: str | None, cfi: str | None) -> None:
    found = facts(replace(CONTEXT, cell=Cell(jurisdiction, "TRANSACTION", "mifir")), isin=isin)
    assert (found["@instrument.known"], found["@instrument.cfi"], found["@cfi"]) == (known, cfi, cfi)
    assert facts(isin=isin, instrument_classification="HESAVC")["@cfi"] == "HESAVC"


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        ({"underlying_isin": "BB"}, "true"),
        ({"underlying_isin": "CC"}, "false"),
        ({"underlying_basket_isin": ["CC", "BB"]}, "true"),
        ({"underlying_in_isin": "CC", "underlying_out_index_isin": "ZZ"}, "false"),
        ({}, None),
    ],
)
def test_underlyings(fields: dict[str, Any], known: str | None) -> None:
    assert facts(**fields)["@underlying.known"] == known


@pytest.mark.parametrize(
    ("venue", "expected"),
    [
        ("XETR", ("OPRT", "NSPD", "DE", "true", "true", "true")),
        ("XETA", ("SGMT", "RMKT", "DE", "true", "false", "true")),
        ("MQSI", ("SINT", "SINT", "DE", "true", "false", "true")),
        ("ODEX", ("OPRT", "MLTF", "DE", "true", "false", "false")),
        ("XLON", ("OPRT", "RMKT", "GB", "false", "false", "true")),
        ("XOFF", ("XOFF", "NSPD", "ZZ", "false", "false", "true")),
        ("XXXX", ("XXXX", None, None, None, None, "false")),
        ("NONE", ("NONE", None, None, None, None, "false")),
        (None, (None,) * 6),
    ],
)
def test_venues(venue: str | None, expected: tuple[str | None, ...]) -> None:
    found = facts(venue=venue)
    names = ("kind", "category", "country", "eea", "has_segments", "active")
    assert tuple(found[f"@venue.{name}"] for name in names) == expected


def test_the_area_of_a_venue_is_that_of_the_reports_law() -> None:
    context = replace(CONTEXT, cell=Cell("UK", "TRANSACTION", "mifir"))
    assert facts(context, venue="XLON")["@venue.eea"] == "true"
    assert facts(context, venue="XETA")["@venue.eea"] == "false"


def test_parties() -> None:
    party = pl.Series("buyer", [[{"id": FIRM, "id_type": "LEI"}, {"id": BANK, "id_type": "LEI"}, {"id": "SE1"}]])
    found = facts(buyer=party[0].to_list(), submitting_entity=BANK)
    assert [(m["lei_status"], m["lei_category"]) for m in found["buyer"]] == [
        ("ACTIVE/LAPSED", "FUND"),
        ("UNKNOWN", None),
        (None, None),
    ]
    assert (found["@executing.status"], found["@submitting.status"]) == ("ACTIVE/LAPSED", "UNKNOWN")
    assert found["@executing.category"] == "FUND"


def test_facts_of_the_report_stay_where_they_are_there_already() -> None:
    table = layer().complete(pl.DataFrame({"isin": ["AA"]}))
    there = table.with_columns(pl.lit("UK").alias("@jurisdiction"), pl.lit("true").alias("@history.active"))
    row = enrich(there, CONTEXT).row(0, named=True)
    assert (row["@jurisdiction"], row["@history.active"]) == ("UK", "true")
    assert (row["@report.date"], row["@report.created_at"]) == ("2026-11-23", "2026-11-24T07:30:00Z")


def test_without_snapshots_nothing_is_known_and_nothing_is_guessed() -> None:
    found = facts(replace(CONTEXT, reference_data={}), isin="AA", venue="XETA", instrument_classification="ESVUFR")
    assert found["@cfi"] == "ESVUFR"
    for name in ("@instrument.known", "@venue.kind", "@executing.status", "@underlying.known", "@history.active"):
        assert found[name] is None


def test_the_order_and_number_of_rows_stay() -> None:
    table = layer().complete(
        pl.DataFrame({"isin": ["BB", "ZZ", None, "AA", "BB"], "venue": ["XETA", "?", None, "XETA", "XOFF"]})
    )
    assert enrich(table, CONTEXT)["isin"].to_list() == table["isin"].to_list()
