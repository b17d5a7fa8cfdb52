"""The short names that rules are written with; each makes one check."""

from __future__ import annotations

from typing import Final

from regreport.engine.checks.base import Check
from regreport.engine.checks.groups import Contains, Overlaps, Some
from regreport.engine.checks.logic import All, Always, AnyOf, Not
from regreport.engine.checks.value import IsA, Matches, OneOf, Present, StartsWith

ALWAYS: Final[Check] = Always()


def present(*columns: str) -> Check:
    """Every one of these columns has a value."""
    return all_of(*(Present(c) for c in columns))


def absent(*columns: str) -> Check:
    """None of these columns has a value."""
    return all_of(*(Not(Present(c)) for c in columns))


def equal(column: str, value: str) -> Check:
    """The value is exactly this text."""
    return OneOf(column, (value,))


def one_of(column: str, *values: str) -> Check:
    """The value is one of these texts."""
    return OneOf(column, values)


def matches(column: str, pattern: str) -> Check:
    """The whole value matches the pattern."""
    return Matches(column, pattern)


def starts(column: str, *prefixes: str) -> Check:
    """The value begins with one of these texts."""
    return StartsWith(column, prefixes)


def is_a(standard: str, column: str, on: str = "") -> Check:
    """The value is valid under a named standard, e.g. is_a('LEI', 'executing_entity'); `on`: on that column's day."""
    return IsA(column, standard, on)


def all_of(*checks: Check) -> Check:
    """Every check holds."""
    return checks[0] if len(checks) == 1 else All(checks)


def any_of(*checks: Check) -> Check:
    """At least one check holds."""
    return checks[0] if len(checks) == 1 else AnyOf(checks)


def negate(check: Check) -> Check:
    """The check does not hold."""
    return Not(check)


def some(group: str, check: Check) -> Check:
    """At least one element of the repeating group meets the check."""
    return Some(group, check)


def none(group: str, check: Check) -> Check:
    """No element of the repeating group meets the check."""
    return Not(Some(group, check))


def contains(values: str, column: str) -> Check:
    """One of the group's values is the record's value of the column, e.g. contains('buyer.id', 'executing_entity')."""
    return Contains(values, column)


def overlaps(values: str, others: str) -> Check:
    """A value stands in both of two groups' columns, e.g. overlaps('buyer.id', 'seller.id')."""
    return Overlaps(values, others)
