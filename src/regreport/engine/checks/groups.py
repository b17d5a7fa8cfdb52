"""Checks that look from a record into its repeating groups and lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from regreport.engine.checks.base import COMPARE, Check, Scope


def listed(scope: Scope, name: str) -> pl.Expr:
    """The values of `group.column`, or of a plain list column, as one list a record."""
    group, _, column = name.partition(".")
    return scope(group).list.eval(pl.element().struct.field(column)) if column else scope(group)


@dataclass(frozen=True)
class Counted:
    """A repeating group or list has a number of elements that compares with a constant; absent counts as none."""

    group: str
    comparison: str
    constant: int

    def expr(self, scope: Scope) -> pl.Expr:
        count = scope(self.group).list.len().fill_null(0).cast(pl.Int64)
        return COMPARE[self.comparison](count, pl.lit(self.constant, dtype=pl.Int64))

    def columns(self) -> Iterator[str]:
        yield self.group

    def words(self) -> str:
        return f"number of {self.group} {self.comparison} {self.constant}"


@dataclass(frozen=True)
class Distinct:
    """No value stands twice in a list; holds for an absent one."""

    group: str

    def expr(self, scope: Scope) -> pl.Expr:
        return (scope(self.group).list.n_unique() == scope(self.group).list.len()).fill_null(True)

    def columns(self) -> Iterator[str]:
        yield self.group

    def words(self) -> str:
        return f"each {self.group} is given once"


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
class Contains:
    """The values of `group.column` (or of a list column) hold the record's value of `column`."""

    values: str
    column: str

    def expr(self, scope: Scope) -> pl.Expr:
        return listed(scope, self.values).list.contains(scope(self.column), nulls_equal=False).fill_null(False)

    def columns(self) -> Iterator[str]:
        yield from (self.values.partition(".")[0], self.column)

    def words(self) -> str:
        return f"one of {self.values} is {self.column}"


@dataclass(frozen=True)
class Overlaps:
    """A value stands in both of two groups' columns (or lists)."""

    values: str
    others: str

    def expr(self, scope: Scope) -> pl.Expr:
        shared = listed(scope, self.values).list.set_intersection(listed(scope, self.others))
        return shared.list.eval(pl.element().is_not_null()).list.any().fill_null(False)

    def columns(self) -> Iterator[str]:
        yield from (self.values.partition(".")[0], self.others.partition(".")[0])

    def words(self) -> str:
        return f"{self.values} and {self.others} have a value in common"
