"""Checks that compare two columns of one record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from regreport.engine.checks.base import Scope, number


@dataclass(frozen=True)
class Same:
    """Both columns have a value, and it is the same text."""

    column: str
    other: str

    def expr(self, scope: Scope) -> pl.Expr:
        return (scope(self.column) == scope(self.other)).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield from (self.column, self.other)

    def words(self) -> str:
        return f"{self.column} equals {self.other}"


@dataclass(frozen=True)
class SameNumber:
    """Both columns have a value, and it is the same number however it is written (1.50 is 1.5)."""

    column: str
    other: str

    def expr(self, scope: Scope) -> pl.Expr:
        return (number(scope(self.column)) == number(scope(self.other))).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield from (self.column, self.other)

    def words(self) -> str:
        return f"{self.column} is the same number as {self.other}"


@dataclass(frozen=True)
class NotAfter:
    """Both columns begin with an ISO date (YYYY-MM-DD), and the first is not later than the second.

    With `length` 19 the time of day counts too, to the second; both must then be UTC.
    """

    column: str
    other: str
    length: int = 10

    def expr(self, scope: Scope) -> pl.Expr:
        left, right = (scope(c).str.slice(0, self.length) for c in (self.column, self.other))
        return (left <= right).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield from (self.column, self.other)

    def words(self) -> str:
        return f"{self.column} is not later than {self.other}"


@dataclass(frozen=True)
class WithinDays:
    """Both columns begin with an ISO date, and the second is not later than so many days after the first."""

    column: str
    other: str
    days: int

    def expr(self, scope: Scope) -> pl.Expr:
        first, second = (scope(c).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False) for c in self.columns())
        return ((second - first) <= pl.duration(days=self.days)).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield from (self.column, self.other)

    def words(self) -> str:
        return f"{self.other} is at most {self.days} days after {self.column}"


@dataclass(frozen=True)
class WithinYears:
    """Both columns begin with an ISO date, and the second is not later than so many years after the first.

    The anniversary itself still counts; that of 29 February is 28 February of a year that has no 29th.
    """

    column: str
    other: str
    years: int

    def expr(self, scope: Scope) -> pl.Expr:
        begun = scope(self.column)
        year = (begun.str.slice(0, 4).cast(pl.Int32, strict=False) + self.years).cast(pl.String)
        anniversary = pl.concat_str(year, begun.str.slice(4, 6))
        return (scope(self.other).str.slice(0, 10) <= anniversary).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield from (self.column, self.other)

    def words(self) -> str:
        return f"{self.other} is at most {self.years} years after {self.column}"


@dataclass(frozen=True)
class PartIs:
    """So many characters of the first column are the second with its hyphens left out (a birth date inside an id)."""

    column: str
    start: int
    length: int
    other: str

    def expr(self, scope: Scope) -> pl.Expr:
        bare = scope(self.other).str.replace_all("-", "", literal=True)
        return (scope(self.column).str.slice(self.start, self.length) == bare).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield from (self.column, self.other)

    def words(self) -> str:
        return f"characters {self.start + 1} to {self.start + self.length} of {self.column} are {self.other}"
