"""What the rows start from: the demo's table at any size, regime, reference data, contexts; the same each run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from typing import Final

import polars as pl

from regreport.books import HISTORY_SCHEMA
from regreport.demo.bench import bench_table, reference_frames
from regreport.demo.tickets import TRADE_DATE
from regreport.engine.message import Message
from regreport.messages import load
from regreport.model.obligation import Cell
from regreport.regime import DestinationFacts, EntityFacts, Regime, ReportContext, find_regime

CELL: Final = Cell("EU", "TRANSACTION", "mifir")
REPORT_DATE: Final = date.fromisoformat(TRADE_DATE)
CREATED_AT: Final = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
DESTINATION: Final = DestinationFacts(
    "authority", "DEMO", "XX", "{sender}_DATTRA_{recipient}_{sequence:06d}-{version}-{previous:06d}_{year:02d}.xml"
)
PART: Final = 50_000
"""Rows made at once."""


@cache
def regime() -> Regime:
    """The regime that is measured."""
    return find_regime(CELL.jurisdiction, CELL.report_type, CELL.regime)


def message() -> Message:
    """The message that it sends."""
    return load(regime().message)


@cache
def _first() -> pl.DataFrame:
    return bench_table(PART, layer=regime().layer)


def field_tables(records: int) -> Iterator[pl.DataFrame]:
    """The field table in parts of at most PART rows; each part's references are its own."""
    for number, start in enumerate(range(0, records, PART)):
        reference = (
            pl.col("transaction_reference").str.slice(0, 11)
            + f"P{number:03d}"
            + pl.col("transaction_reference").str.slice(12)
        )
        yield _first().head(records - start).with_columns(transaction_reference=reference)


def wire_tables(records: int) -> Iterator[pl.DataFrame]:
    """The same as wire tables."""
    yield from (regime().layer.to_wire(table) for table in field_tables(records))


@cache
def reference_data() -> dict[str, pl.DataFrame]:
    """The demo's snapshots of instruments, LEIs and MICs."""
    return reference_frames()


def context(lei: str = "DEMO00NORDLICHTBNK11") -> ReportContext:
    """The context of a report: the demo's reference data, no other days."""
    return ReportContext(
        CELL,
        EntityFacts(lei, "Nordlicht Bank AG", "DE", {"kind": "BANK"}),
        DESTINATION,
        REPORT_DATE,
        CREATED_AT,
        reference_data(),
        history=pl.DataFrame(schema=HISTORY_SCHEMA),
    )
