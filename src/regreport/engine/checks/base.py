"""What a check is: a condition that can be run over columns, asked for its columns, and read in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol

import polars as pl

Scope = Callable[[str], pl.Expr]
"""How a column name becomes an expression: `pl.col` for a table, a field of the element inside `some`."""

NUMBER: Final = pl.Decimal(38, 18)
"""Wide enough for every amount, price and quantity of the messages (18 digits, 17 of them fractional); exact."""

COMPARE: Final[dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
"""The comparisons that a check may name."""


class Check(Protocol):
    """One condition. `expr` is True where it holds and never null."""

    def expr(self, scope: Scope) -> pl.Expr:
        """The condition over columns."""

    def columns(self) -> Iterator[str]:
        """Every column it looks at, in order of mention."""

    def words(self) -> str:
        """The condition in words, to follow 'where' or 'must hold:'."""


def number(value: pl.Expr) -> pl.Expr:
    """A text column as exact decimals; null where it is no plain decimal."""
    return value.cast(NUMBER, strict=False)
