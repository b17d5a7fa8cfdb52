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


def _standing_before(table: pl.DataFrame) -> pl.DataFrame:
    """Record, reference and status with `active`: whether a report of this reference stands just before the record."""
    rows = table.select(RECORD, DRAFT, *COLUMNS).filter(pl.col("transaction_reference").is_not_null())
    again = pl.col("transaction_reference").is_duplicated()
    once = rows.filter(~again).with_columns(active="@history.active")
    many = rows.filter(again).sort(RECORD)
    before = _LEFT_STANDING.shift(1).over(_KEY)
    return pl.concat([once, many.with_columns(active=pl.coalesce(before, "@history.active"))])


def reported_twice(table: pl.DataFrame) -> pl.DataFrame:
    """New reports (record, reference) whose reference stands already."""
    broken = (pl.col("status") == "NEWT") & (pl.col("active") == "true")
    return _standing_before(table).filter(broken).select(record=RECORD, value="transaction_reference")


def nothing_to_cancel(table: pl.DataFrame) -> pl.DataFrame:
    """Cancellations (record, reference) whose reference does not stand, or no more."""
    broken = (pl.col("status") == "CANC") & (pl.col("active") == "false")
    return _standing_before(table).filter(broken).select(record=RECORD, value="transaction_reference")


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
