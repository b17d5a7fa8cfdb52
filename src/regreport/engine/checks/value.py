"""Checks about one value: there or not, which code, which form, which standard, how great, since when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

import polars as pl

from regreport.engine.checks.base import COMPARE, NUMBER, Scope, number

CODES_COMPARED_MAX: Final = 8
"""Up to so many codes, comparing with each is several times cheaper than a set."""

PREDICATES: Final[dict[str, Callable[[pl.Expr], pl.Expr]]] = {}
"""Name of a standard -> its check on whole columns; filled by `engine.standards` from the code lists."""

PREDICATES_ON: Final[dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {}
"""The same for code lists with dates: (values, column that begins with an ISO date) -> in force on that day."""


@dataclass(frozen=True)
class Present:
    """The column has a value."""

    column: str

    def expr(self, scope: Scope) -> pl.Expr:
        return scope(self.column).is_not_null()

    def columns(self) -> Iterator[str]:
        yield self.column

    def words(self) -> str:
        return f"{self.column} is given"


@dataclass(frozen=True)
class OneOf:
    """The value is one of a list of codes."""

    column: str
    values: tuple[str, ...]

    def expr(self, scope: Scope) -> pl.Expr:
        if len(self.values) > CODES_COMPARED_MAX:
            return scope(self.column).is_in(list(self.values)).fill_null(False)
        return reduce(or_, (scope(self.column) == v for v in self.values)).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield self.column

    def words(self) -> str:
        return f"{self.column} is {' or '.join(self.values)}"


@dataclass(frozen=True)
class Matches:
    """The whole value matches a pattern (Rust regex syntax; write [0-9], its \\d takes every Unicode digit)."""

    column: str
    pattern: str

    def expr(self, scope: Scope) -> pl.Expr:
        return scope(self.column).str.contains(f"^(?:{self.pattern})$").fill_null(False)

    def columns(self) -> Iterator[str]:
        yield self.column

    def words(self) -> str:
        return f"{self.column} has the form {self.pattern}"


@dataclass(frozen=True)
class StartsWith:
    """The value begins with one of these texts (a CFI category and group, a country)."""

    column: str
    prefixes: tuple[str, ...]

    def expr(self, scope: Scope) -> pl.Expr:
        lengths = {len(p) for p in self.prefixes}
        if len(lengths) == 1 and len(self.prefixes) > CODES_COMPARED_MAX:
            return scope(self.column).str.slice(0, lengths.pop()).is_in(list(self.prefixes)).fill_null(False)
        return reduce(or_, (scope(self.column).str.starts_with(p) for p in self.prefixes)).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield self.column

    def words(self) -> str:
        return f"{self.column} begins with {' or '.join(self.prefixes)}"


@dataclass(frozen=True)
class Capital:
    """The value has no small letter: it is what it is in capitals (ß counts as small, its capitals are SS)."""

    column: str

    def expr(self, scope: Scope) -> pl.Expr:
        return (scope(self.column) == scope(self.column).str.to_uppercase()).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield self.column

    def words(self) -> str:
        return f"{self.column} is in capital letters"


@dataclass(frozen=True)
class Number:
    """A decimal value compared with a constant: `comparison` is one of > >= < <= == !=."""

    column: str
    comparison: str
    constant: str

    def expr(self, scope: Scope) -> pl.Expr:
        constant = pl.lit(self.constant).cast(NUMBER)
        return COMPARE[self.comparison](number(scope(self.column)), constant).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield self.column

    def words(self) -> str:
        return f"{self.column} {self.comparison} {self.constant}"


@dataclass(frozen=True)
class DateFrom:
    """The value begins with an ISO date (or UTC time) that is not before a fixed one, written alike."""

    column: str
    first: str

    def expr(self, scope: Scope) -> pl.Expr:
        return (scope(self.column) >= self.first).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield self.column

    def words(self) -> str:
        return f"{self.column} is not before {self.first}"


@dataclass(frozen=True)
class IsA:
    """The value is valid under a named code list or identifier standard (see `PREDICATES`).

    With `on`, the name of a column that begins with an ISO date, it is in force on that day (see `PREDICATES_ON`).
    """

    column: str
    standard: str
    on: str = ""

    def expr(self, scope: Scope) -> pl.Expr:
        if self.on:
            return PREDICATES_ON[self.standard](scope(self.column), scope(self.on)).fill_null(False)
        return PREDICATES[self.standard](scope(self.column)).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield from (self.column, self.on) if self.on else (self.column,)

    def words(self) -> str:
        return f"{self.column} is a valid {self.standard}" + (f" on the day of {self.on}" if self.on else "")
