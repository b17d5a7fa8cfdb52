"""Judging a column that repeats itself by judging each distinct value once.

A day's report names a few thousand instruments, counterparties and venues a million times. Finding the distinct values
costs about as much as one comparison, so an expensive check (check digits, above all) becomes several times cheaper.
Short columns are judged as they are: there the detour would cost more than it saves.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from regreport.codelists.column import Column, as_expr

SHORT_ROWS = 4_096
_VALUE = "value"


def judged_once(values: Column, check: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """`check(values)`, computed on the distinct values only: a Boolean column, null where the value is null.

    `check` is any elementwise verb of this package (`lei.is_valid`, `isin.is_valid` ...).

    >>> from regreport.codelists import mic
    >>> pl.DataFrame({"venue": ["XPAR", "xpar", None]}).select(judged_once("venue", mic.well_formed))["venue"].to_list()
    [True, False, None]
    """
    verdict = check(pl.col(_VALUE))

    def judge(column: pl.Series) -> pl.Series:
        frame = column.alias(_VALUE).to_frame()
        if column.len() <= SHORT_ROWS:
            return frame.select_seq(verdict).to_series().alias(column.name)
        good = frame.unique().filter(verdict)
        return frame.select_seq(pl.col(_VALUE).is_in(good.to_series().implode())).to_series().alias(column.name)

    return as_expr(values).map_batches(judge, return_dtype=pl.Boolean, is_elementwise=True)
