"""Codes that are in force between two dates: whether each value of a column is, on a day or on each row's own day."""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

import polars as pl

from regreport.codelists.column import Column, as_expr

Day: TypeAlias = date | Column
"""One day for the whole column, or a date column (an expression or a name) with each row's own."""

ALWAYS = date(1, 1, 1)
NEVER = date(9999, 12, 31)


def periods(listed: pl.DataFrame, since: str, until: str) -> pl.DataFrame:
    """Columns code, since, until (the first day no longer in force) of a list read as text; an empty cell is open."""
    return listed.select(
        "code",
        pl.col(since).str.to_date("%Y-%m-%d").fill_null(ALWAYS).alias("since"),
        pl.col(until).str.to_date("%Y-%m-%d").fill_null(NEVER).alias("until"),
    )


def in_force(values: Column, spans: pl.DataFrame, on: Day) -> pl.Expr:
    """Whether each code is in `spans` (columns code, since, until) and in force: since <= on < until.

    Null where the code is null, and where a code of the list has no day to be judged on.
    """
    code = as_expr(values)
    if isinstance(on, date):
        current = spans.filter(pl.col("since") <= on, pl.col("until") > on)
        return code.is_in(current["code"].implode())
    day = as_expr(on)
    listed = code.is_in(spans["code"].implode())
    since = code.replace_strict(spans["code"], spans["since"], default=None, return_dtype=pl.Date)
    until = code.replace_strict(spans["code"], spans["until"], default=None, return_dtype=pl.Date)
    return pl.when(listed).then((since <= day) & (until > day)).otherwise(listed)
