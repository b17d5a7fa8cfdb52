"""Checks made of checks, and the one that always holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

import polars as pl

from regreport.engine.checks.base import Check, Scope


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
