"""The small vocabulary that every rule's condition is written in: values first, Polars expressions second.

A check is a frozen value, not code, so that one declaration can be run over columns, printed in words for the docs,
and evaluated row by row by the independent yardstick in `benchmarks/`, which must find the same faults.

Null semantics, the same for every check: a check on an absent value is False (only `absent` is True), so the result is
never null. What may be left out is said by the rule's `when`.

Names of columns: `venue` is a column of the field table, `buyer.id` a column of the repeating group `buyer` (only inside
a rule `over="buyer"` or inside `some`), `@instrument.cfi` a fact that was joined from reference data or from the report
itself before the rules run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Final, Protocol

import polars as pl

Scope = Callable[[str], pl.Expr]
"""How a column name becomes an expression: `pl.col` for a table, a field of the element inside `some`."""

NUMBER: Final = pl.Decimal(38, 18)
"""Wide enough for every amount, price and quantity of the messages (18 digits, 17 of them fractional); exact."""


class Check(Protocol):
    """One condition. `expr` is True where it holds and never null."""

    def expr(self, scope: Scope) -> pl.Expr:
        """The condition over columns."""

    def columns(self) -> Iterator[str]:
        """Every column it looks at, in order of mention."""

    def words(self) -> str:
        """The condition in words, to follow 'where' or 'must hold:'."""


@dataclass(frozen=True)
class Always:
    """Holds for every record."""

    def expr(self, scope: Scope) -> pl.Expr:
        return pl.lit(True)

    def columns(self) -> Iterator[str]:
        return iter(())

    def words(self) -> str:
        return "always"


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
        if len(self.values) == 1:
            return (scope(self.column) == self.values[0]).fill_null(False)
        return scope(self.column).is_in(list(self.values)).fill_null(False)

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
        return reduce(or_, (scope(self.column).str.starts_with(p) for p in self.prefixes)).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield self.column

    def words(self) -> str:
        return f"{self.column} begins with {' or '.join(self.prefixes)}"


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
class NotAfter:
    """Both columns begin with an ISO date (YYYY-MM-DD), and the first is not later than the second.

    With `length` 19 or more the time of day counts too; both must then be UTC and written alike.
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
class Number:
    """A decimal value compared with a constant: `comparison` is one of > >= < <= == !=."""

    column: str
    comparison: str
    constant: str

    def expr(self, scope: Scope) -> pl.Expr:
        value = scope(self.column).cast(NUMBER, strict=False)
        constant = pl.lit(self.constant).cast(NUMBER)
        return _COMPARE[self.comparison](value, constant).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield self.column

    def words(self) -> str:
        return f"{self.column} {self.comparison} {self.constant}"


_COMPARE: Final[dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


@dataclass(frozen=True)
class SameNumber:
    """Both columns have a value, and it is the same number however it is written (1.50 is 1.5)."""

    column: str
    other: str

    def expr(self, scope: Scope) -> pl.Expr:
        left, right = (scope(c).cast(NUMBER, strict=False) for c in (self.column, self.other))
        return (left == right).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield from (self.column, self.other)

    def words(self) -> str:
        return f"{self.column} is the same number as {self.other}"


@dataclass(frozen=True)
class IsA:
    """The value is valid under a named code list or identifier standard (see `PREDICATES`)."""

    column: str
    standard: str

    def expr(self, scope: Scope) -> pl.Expr:
        return PREDICATES[self.standard](scope(self.column)).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield self.column

    def words(self) -> str:
        return f"{self.column} is a valid {self.standard}"


PREDICATES: Final[dict[str, Callable[[pl.Expr], pl.Expr]]] = {}
"""Name of a standard -> its check on whole columns; filled by `engine.standards` from the code lists."""


@dataclass(frozen=True)
class Counted:
    """A repeating group or list has a number of elements that compares with a constant; absent counts as none."""

    group: str
    comparison: str
    constant: int

    def expr(self, scope: Scope) -> pl.Expr:
        count = scope(self.group).list.len().fill_null(0).cast(pl.Int64)
        return _COMPARE[self.comparison](count, pl.lit(self.constant, dtype=pl.Int64))

    def columns(self) -> Iterator[str]:
        yield self.group

    def words(self) -> str:
        return f"number of {self.group} {self.comparison} {self.constant}"


@dataclass(frozen=True)
class Some:
    """At least one element of a repeating group meets the check, which sees only that element's columns."""

    group: str
    check: Check

    def expr(self, scope: Scope) -> pl.Expr:
        def element(name: str) -> pl.Expr:
            group, _, field = name.partition(".")
            if group != self.group:
                raise KeyError(f"some({self.group!r}) cannot see column {name!r}")
            return pl.element().struct.field(field) if field else pl.element()

        return scope(self.group).list.eval(self.check.expr(element)).list.any().fill_null(False)

    def columns(self) -> Iterator[str]:
        yield self.group

    def words(self) -> str:
        return f"some {self.group} has: {self.check.words()}"


@dataclass(frozen=True)
class Not:
    """The check does not hold (so it holds for an absent value)."""

    check: Check

    def expr(self, scope: Scope) -> pl.Expr:
        return ~self.check.expr(scope)

    def columns(self) -> Iterator[str]:
        return self.check.columns()

    def words(self) -> str:
        return f"not ({self.check.words()})"


@dataclass(frozen=True)
class All:
    """Every check holds."""

    checks: tuple[Check, ...]

    def expr(self, scope: Scope) -> pl.Expr:
        return reduce(and_, (c.expr(scope) for c in self.checks))

    def columns(self) -> Iterator[str]:
        for check in self.checks:
            yield from check.columns()

    def words(self) -> str:
        return " and ".join(c.words() for c in self.checks)


@dataclass(frozen=True)
class AnyOf:
    """At least one check holds."""

    checks: tuple[Check, ...]

    def expr(self, scope: Scope) -> pl.Expr:
        return reduce(or_, (c.expr(scope) for c in self.checks))

    def columns(self) -> Iterator[str]:
        for check in self.checks:
            yield from check.columns()

    def words(self) -> str:
        return "(" + " or ".join(c.words() for c in self.checks) + ")"


ALWAYS: Final[Check] = Always()


def present(*columns: str) -> Check:
    """Every one of these columns has a value."""
    return _all(tuple(Present(c) for c in columns))


def absent(*columns: str) -> Check:
    """None of these columns has a value."""
    return _all(tuple(Not(Present(c)) for c in columns))


def equal(column: str, value: str) -> Check:
    """The value is exactly this text."""
    return OneOf(column, (value,))


def one_of(column: str, *values: str) -> Check:
    """The value is one of these texts."""
    return OneOf(column, values)


def all_of(*checks: Check) -> Check:
    """Every check holds."""
    return _all(checks)


def any_of(*checks: Check) -> Check:
    """At least one check holds."""
    return AnyOf(checks)


def negate(check: Check) -> Check:
    """The check does not hold."""
    return Not(check)


def some(group: str, check: Check) -> Check:
    """At least one element of the repeating group meets the check."""
    return Some(group, check)


def none(group: str, check: Check) -> Check:
    """No element of the repeating group meets the check."""
    return Not(Some(group, check))


def is_a(standard: str, column: str) -> Check:
    """The value is valid under a named standard, e.g. is_a('LEI', 'executing_entity')."""
    return IsA(column, standard)


def starts(column: str, *prefixes: str) -> Check:
    """The value begins with one of these texts."""
    return StartsWith(column, prefixes)


def _all(checks: tuple[Check, ...]) -> Check:
    return checks[0] if len(checks) == 1 else All(checks)
