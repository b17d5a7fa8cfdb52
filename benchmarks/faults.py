"""Faults planted in the benchmark's tables, the same on every run, so that both sides have something to find.

`in_fields` breaks about one record in a hundred against the rules, `in_wire` against the schema. Each kind of fault
falls on rows of its own, chosen by their number; a column is changed at once, by one expression.
"""

from __future__ import annotations

from typing import Final

import polars as pl

EVERY: Final = 1_000
"""Each kind of fault has one row in so many."""
_ROW: Final = pl.int_range(pl.len())

IN_FIELDS: Final[tuple[tuple[str, pl.Expr], ...]] = (
    ("submitting_entity", pl.lit("DEMO00NORDLICHTBNK12")),
    ("executing_entity", pl.lit("DEMO00NOSUCHENTITY00")),
    ("quantity", pl.lit("0")),
    ("price_currency", pl.lit("XXZ")),
    ("trading_date_time", pl.lit("2026-11-25T09:30:00.000000Z")),
    ("isin", pl.lit("DE000DEMO021")),
    ("venue_transaction_id", pl.lit("lower case")),
    ("price", pl.lit("0")),
    ("execution_id", pl.lit("not an algorithm!")),
    ("short_selling", pl.lit("SELL")),
)
"""(column, what it becomes): identifiers, amounts, codes, instants; errors and warnings."""

IN_WIRE: Final[tuple[tuple[str, pl.Expr], ...]] = (
    ("New/TxId", pl.lit(None, dtype=pl.String)),
    ("New/ExctgPty", pl.lit("TOO-SHORT")),
    ("New/InvstmtPtyInd", pl.lit("yes")),
    ("New/Tx/TradDt", pl.lit("2026-02-30T10:00:00Z")),
    ("New/Tx/TradgCpcty", pl.lit("NONE")),
    ("New/Tx/Qty/Unit", pl.lit("1234567890123456789.5")),
    ("New/Tx/Pric/Pric/MntryVal/Amt/@Ccy", pl.lit(None, dtype=pl.String)),
    ("New/Tx/TradVn", pl.lit("TOOLONG")),
    ("New/Tx/NetAmt", pl.lit("1e5")),
    ("New/FinInstrm/Id", pl.lit(None, dtype=pl.String)),
    ("New/AddtlAttrbts/SctiesFincgTxInd", pl.lit(None, dtype=pl.String)),
)
"""(column, what it becomes): missing, too long, of no known code, no date, no number, an empty choice."""


def in_fields(table: pl.DataFrame) -> pl.DataFrame:
    """A field table with its planted faults."""
    return _planted(table, IN_FIELDS)


def in_wire(records: pl.DataFrame) -> pl.DataFrame:
    """A wire table with its planted faults, all of them within every other thousand rows."""
    return _planted(records, IN_WIRE, 2)


def _planted(table: pl.DataFrame, faults: tuple[tuple[str, pl.Expr], ...], every: int = 1) -> pl.DataFrame:
    """Each fault on the rows of its own number within a thousand; of columns that hold text there, or that lose it."""
    spread = EVERY // (len(faults) + 1)
    changed = []
    for number, (column, value) in enumerate(faults, start=1):
        here = (_ROW % (EVERY * every) == spread * number) & pl.col(column).is_not_null()
        changed.append(pl.when(here).then(value).otherwise(pl.col(column)).alias(column))
    return table.with_columns(changed)
