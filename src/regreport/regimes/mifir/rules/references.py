"""References across records and history: a second report without a cancellation, a cancellation of nothing (field 2).

A reference is free again once its report is cancelled, so cancel and new in one file is right in this order and a
duplicate in the other. What stands before a record is what the record before it with the same reference left, or, for
the first of them, what the history says. A record that is itself wrong changes nothing: a second report leaves the
first one standing, a cancellation of nothing leaves nothing.

Source: ESMA/2016/1521 (example of paragraph 110); fi.se on CON-023 in one file (26 November 2018).
"""

from __future__ import annotations

from typing import Final

import polars as pl

from regreport.engine.rule import DRAFT, RECORD, CrossRule
from regreport.regimes.mifir.rules.terms import ESMA, VERIFIED

COLUMNS: Final = ("transaction_reference", "executing_entity", "status", "@history.active")
_KEY: Final = (DRAFT, "executing_entity", "transaction_reference")
_LEFT_STANDING: Final = pl.when(pl.col("status") == "NEWT").then(pl.lit("true")).otherwise(pl.lit("false"))


def _standing_before(rows: pl.DataFrame) -> pl.DataFrame:
    """All rows of some references, with `active`: whether a report of the reference stands just before the record."""
    before = _LEFT_STANDING.shift(1).over(_KEY)
    return rows.sort(RECORD).with_columns(active=pl.coalesce(before, "@history.active"))


def reported_twice(table: pl.DataFrame) -> pl.DataFrame:
    """New reports (record, reference) whose reference stands already."""
    again = pl.col("@history.active") == "true"
    if table["transaction_reference"].n_unique() < table.height:
        again |= pl.col("transaction_reference").is_duplicated()
    broken = (pl.col("status") == "NEWT") & (pl.col("active") == "true")
    rows = table.filter(again & pl.col("transaction_reference").is_not_null())
    return _standing_before(rows).filter(broken).select(record=RECORD, value="transaction_reference")


def nothing_to_cancel(table: pl.DataFrame) -> pl.DataFrame:
    """Cancellations (record, reference) whose reference does not stand, or no more."""
    cancelled = table.filter(pl.col("status") == "CANC").select("transaction_reference").drop_nulls()
    broken = (pl.col("status") == "CANC") & (pl.col("active") == "false")
    rows = table.join(cancelled, on="transaction_reference", how="semi") if cancelled.height else table.clear()
    return _standing_before(rows).filter(broken).select(record=RECORD, value="transaction_reference")


RULES: tuple[CrossRule, ...] = (
    CrossRule(
        id="CON-023",
        title="The reference was reported before and has not been cancelled",
        remedy="Give the transaction its own reference, or cancel the first report before it is sent anew",
        source=f"{ESMA}; ESMA/2016/1521",
        fields=("2",),
        find=reported_twice,
        columns=COLUMNS,
        partly_needs=("history",),
        official=True,
        confidence=VERIFIED,
    ),
    CrossRule(
        id="CON-024",
        title="The cancellation names a reference under which no report stands",
        remedy="Correct the reference, or leave the cancellation out: it was never reported, or is cancelled already",
        source=ESMA,
        fields=("2",),
        find=nothing_to_cancel,
        columns=COLUMNS,
        partly_needs=("history",),
        official=True,
        confidence=VERIFIED,
    ),
)
