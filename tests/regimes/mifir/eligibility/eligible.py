"""A record that is reportable, and small reference data around it: the tests change one thing at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import polars as pl

from regreport import eligibility
from regreport.model.obligation import Cell
from regreport.regime import DestinationFacts, EntityFacts, ReportContext
from regreport.regimes.mifir.eligibility import DECISIONS, facts
from regreport.sources.columns import landed_schema, load_columns

SCHEMA = {"batch_id": pl.String(), **landed_schema(load_columns("transaction"))}
OUR_LEI = "529900T8BM49AURSDO55"
LISTED, LISTED_UK, UNLISTED, LATER, ENDED = (
    "DE0007164600",
    "GB0002634946",
    "FR0000000001",
    "IE00BK5BQT80",
    "NL0000000107",
)
REPORTABLE: dict[str, object] = {
    "transaction_id": "T1",
    "entity": OUR_LEI,
    "timestamp": "2026-11-23T10:15:30Z",
    "event_kind": "TRADE",
    "isin": LISTED,
    "venue": "XETA",
    "trading_capacity": "DEAL",
    "service": "OWN_ACCOUNT",
    "transmitted": "false",
}
OTC: dict[str, object] = {
    **REPORTABLE,
    "isin": UNLISTED,
    "venue": "XXXX",
    "instrument_classification": "SRCCSP",
    "otc_class_8a2": "false",
}


def listed(isin: str, *, place: str = "EU", cfi: str = "ESVUFR", **more: object) -> dict[str, object]:
    """A line of the list of traded instruments."""
    line: dict[str, object] = {
        "isin": isin,
        "cfi": cfi,
        "venue": "XETA",
        "list": place,
        "first_trade_date": "2020-01-02",
    }
    return line | more


LINES: tuple[dict[str, object], ...] = (
    listed(LISTED),
    listed(LISTED_UK, place="UK"),
    listed(LATER, admission_request_date="2026-11-20", first_trade_date="2026-11-30"),
    listed(ENDED, termination_date="2026-11-22"),
)
INSTRUMENT_SCHEMA = dict.fromkeys(
    (
        *("isin", "full_name", "cfi", "notional_currency", "venue", "admission_request_date", "first_trade_date"),
        *("termination_date", "underlying_index", "list"),
    ),
    pl.String(),
) | {"underlying_isins": pl.List(pl.String())}
MICS = pl.DataFrame(
    [
        ("XETA", "RMKT", "DE"),
        ("BTFE", "MLTF", "NL"),
        ("XSTI", "SINT", "SE"),
        ("XLON", "RMKT", "GB"),
        ("XNYS", "RMKT", "US"),
    ],
    schema=("mic", "category", "country"),
    orient="row",
)


def instruments(*lines: Mapping[str, object]) -> pl.DataFrame:
    """The snapshot of instruments with these lines."""
    return pl.DataFrame(list(lines), schema=INSTRUMENT_SCHEMA)


def context(
    jurisdiction: str = "EU",
    *,
    kind: str | None = "FIRM",
    country: str = "DE",
    entity: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
    lines: Sequence[Mapping[str, object]] | None = LINES,
    mics: bool = True,
) -> ReportContext:
    """A report's context; `lines` None: no list of instruments is loaded."""
    data = {"instruments": instruments(*lines)} if lines is not None else {}
    return ReportContext(
        cell=Cell(jurisdiction, "TRANSACTION", "mifir"),
        entity=EntityFacts(OUR_LEI, "Firm", country, {**({"kind": kind} if kind else {}), **(entity or {})}),
        destination=DestinationFacts("authority", "US", "THEM", "{sequence}"),
        report_date=date(2026, 11, 23),
        created_at=datetime(2026, 11, 24, 6, tzinfo=UTC),
        reference_data=data | ({"mics": MICS} if mics else {}),
        settings={"otc_scope": "L1_2024"} if settings is None else settings,
    )


def landed(*records: Mapping[str, object]) -> pl.DataFrame:
    """Landed rows of these records; a column that a record does not name is empty."""
    rows = [{"batch_id": "B1", "source_line": n, **r} for n, r in enumerate(records, start=1)]
    return pl.DataFrame(rows, schema=SCHEMA)


def decide(*records: Mapping[str, object], at: ReportContext | None = None) -> pl.DataFrame:
    """The decisions on these records."""
    where = at or context()
    return eligibility.decide(facts(landed(*records), where), DECISIONS, where)


def verdict(
    change: Mapping[str, object] | None = None, at: ReportContext | None = None, base: Mapping[str, object] = REPORTABLE
) -> tuple[str, str]:
    """(decision, rule) of the base record with some columns changed."""
    row = decide({**base, **(change or {})}, at=at).row(0, named=True)
    return row["decision"], row["rule"]
