"""What a check is given: an expression, or the name of a column; and how the lists beside the code are read."""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files
from typing import TypeAlias

import polars as pl

Column: TypeAlias = pl.Expr | str
"""A column to be checked: an expression, or a column's name."""


def as_expr(values: Column) -> pl.Expr:
    """The expression of a column given by name, or the expression itself."""
    return pl.col(values) if isinstance(values, str) else values


def judged(form: pl.Expr, verdict: pl.Expr) -> pl.Expr:
    """`verdict` where the form holds, false where it does not, null where the value is null.

    The verdict of a malformed value is never looked at, so it may be nonsense there, but it must not raise.
    """
    return pl.when(form).then(verdict).otherwise(form)


@cache
def code_list(name: str) -> pl.DataFrame:
    """A list that ships with the package (`name`.csv beside this file), every column as text; empty cells are null."""
    text = files(__package__).joinpath(f"{name}.csv").read_bytes()
    return pl.read_csv(io.BytesIO(text), infer_schema=False)
