"""The yardstick of the rules: the same checks, read by a plain Python program that goes through the records one by one.

This is how such a program is usually written: every record a dict, every rule a function of it, two loops. Each check
is turned into a Python function once, so that nothing is interpreted per record. It shares the declarations with the
engine and none of its code: codes, forms and dates are judged here by Python's own means, so that it is an independent
oracle in the tests too. (The forms of national numbers alone are asked of the code list, once a value, as they are a
library of their own.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache, singledispatch
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import polars as pl

from benchmarks.rules_rowwise_across import ACROSS
from benchmarks.rules_rowwise_standards import STANDARDS, STANDARDS_ON
from regreport.engine import checks as c
from regreport.engine.rule import AnyRule, Rule

Row = Mapping[str, Any]
Get = Callable[[Row, Row], Any]
"""A column's value, from the record and the element of the group that is looked at."""
Verdict = Callable[[Row, Row], bool]
Scope = Callable[[str], Get]
NONE: Row = {}
COMPARE = {">": gt, ">=": ge, "<": lt, "<=": le, "==": eq, "!=": ne}


Prepared = tuple[int, Rule, Verdict, Verdict, Callable[[Row, Row], str | None]]
"""A rule with its place in the list, as functions: when, must, and the value that a finding shows."""


def prepared(rules: Sequence[AnyRule]) -> list[Prepared]:
    """The rules over records as functions: made once, for any number of reports."""
    return [(place, r, *_functions(r)) for place, r in enumerate(rules) if isinstance(r, Rule)]


def findings(
    rules: Sequence[AnyRule], rows: Sequence[Row], plain: Sequence[Prepared] | None = None
) -> list[tuple[int, str, str | None]]:
    """(record from 1, rule, value) of everything that is broken, by record and then in the order of the rules.

    `plain`: `prepared(rules)`, where it is there already.
    """
    plain = prepared(rules) if plain is None else plain
    found: list[tuple[int, int, str, str | None]] = []
    for record, row in enumerate(rows, 1):
        for place, rule, when, must, shown in plain:
            for element in (NONE,) if rule.over is None else row[rule.over] or ():
                if when(row, element) and not must(row, element):
                    found.append((record, place, rule.id, shown(row, element)))
    for place, across in enumerate(rules):
        if not isinstance(across, Rule):
            found += [(record, place, across.id, value) for record, value in ACROSS[across.id](rows)]
    return [(record, name, value) for record, _, name, value in sorted(found, key=lambda f: f[:2])]


def _functions(rule: Rule) -> tuple[Verdict, Verdict, Callable[[Row, Row], str | None]]:
    scope = _scope(rule.over)
    return verdict(rule.when, scope), verdict(rule.must, scope), _shown(scope(rule.shown()))


def _scope(group: str | None) -> Scope:
    def get(name: str) -> Get:
        head, _, inner = name.partition(".")
        if group is not None and head == group and inner:
            return lambda row, element: element[inner]
        return lambda row, element: row[name]

    return get


def _shown(get: Get) -> Callable[[Row, Row], str | None]:
    def text(row: Row, element: Row) -> str | None:
        value = get(row, element)
        if isinstance(value, list):
            parts = [v["id"] if isinstance(v, dict) else v for v in value]
            return "|".join(p for p in parts if p is not None) or None
        return None if value is None else str(value)

    return text


def number(value: str | None) -> Decimal | None:
    """A text as an exact decimal, or None where it is none."""
    if value is None or not re.fullmatch(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", value):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def values_of(row: Row, name: str) -> Iterator[str]:
    """The values of `group.column`, or of a list column, that are there."""
    group, _, inner = name.partition(".")
    for element in row[group] or ():
        value = element[inner] if inner else element
        if value is not None:
            yield value


@singledispatch
def verdict(check: object, scope: Scope) -> Verdict:
    """The check as a function of a record and an element."""
    raise TypeError(f"no row-by-row reading of {check!r}")


@verdict.register
def _(check: c.Always, scope: Scope) -> Verdict:
    return lambda row, element: True


@verdict.register
def _(check: c.Present, scope: Scope) -> Verdict:
    get = scope(check.column)
    return lambda row, element: get(row, element) is not None


@verdict.register
def _(check: c.OneOf, scope: Scope) -> Verdict:
    get, values = scope(check.column), frozenset(check.values)
    return lambda row, element: get(row, element) in values


@verdict.register
def _(check: c.Matches, scope: Scope) -> Verdict:
    get, fits = scope(check.column), re.compile(check.pattern).fullmatch
    return lambda row, element: (v := get(row, element)) is not None and fits(v) is not None


@verdict.register
def _(check: c.StartsWith, scope: Scope) -> Verdict:
    get, prefixes = scope(check.column), check.prefixes
    return lambda row, element: (v := get(row, element)) is not None and v.startswith(prefixes)


@verdict.register
def _(check: c.Capital, scope: Scope) -> Verdict:
    get = scope(check.column)
    return lambda row, element: (v := get(row, element)) is not None and v == v.upper()


@verdict.register
def _(check: c.Number, scope: Scope) -> Verdict:
    get, compare, constant = scope(check.column), COMPARE[check.comparison], Decimal(check.constant)
    return lambda row, element: (v := number(get(row, element))) is not None and compare(v, constant)


@verdict.register
def _(check: c.DateFrom, scope: Scope) -> Verdict:
    get, first = scope(check.column), check.first
    return lambda row, element: (v := get(row, element)) is not None and v >= first


@verdict.register
def _(check: c.IsA, scope: Scope) -> Verdict:
    get = scope(check.column)
    if check.on:
        on, valid_on = scope(check.on), STANDARDS_ON[check.standard]
        return lambda row, element: (v := get(row, element)) is not None and valid_on(v, on(row, element))
    valid = STANDARDS[check.standard]
    return lambda row, element: (v := get(row, element)) is not None and valid(v)


@verdict.register
def _(check: c.Same, scope: Scope) -> Verdict:
    left, right = scope(check.column), scope(check.other)
    return lambda row, element: (v := left(row, element)) is not None and v == right(row, element)


@verdict.register
def _(check: c.SameNumber, scope: Scope) -> Verdict:
    left, right = scope(check.column), scope(check.other)
    return lambda row, element: (v := number(left(row, element))) is not None and v == number(right(row, element))


@verdict.register
def _(check: c.NotAfter, scope: Scope) -> Verdict:
    left, right, length = scope(check.column), scope(check.other), check.length

    def holds(row: Row, element: Row) -> bool:
        first, second = left(row, element), right(row, element)
        return first is not None and second is not None and first[:length] <= second[:length]

    return holds


@lru_cache(maxsize=100_000)
def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        return None


@verdict.register
def _(check: c.WithinDays, scope: Scope) -> Verdict:
    left, right, days = scope(check.column), scope(check.other), check.days

    def holds(row: Row, element: Row) -> bool:
        first, second = (_day(v[:10]) if (v := g(row, element)) is not None else None for g in (left, right))
        return first is not None and second is not None and (second - first).days <= days

    return holds


@verdict.register
def _(check: c.WithinYears, scope: Scope) -> Verdict:
    left, right, years = scope(check.column), scope(check.other), check.years

    def holds(row: Row, element: Row) -> bool:
        begun, other = left(row, element), right(row, element)
        if begun is None or other is None or not re.fullmatch("[0-9]{4}", begun[:4]):
            return False
        return bool(other[:10] <= f"{int(begun[:4]) + years}{begun[4:10]}")

    return holds


@verdict.register
def _(check: c.PartIs, scope: Scope) -> Verdict:
    left, right, start, end = scope(check.column), scope(check.other), check.start, check.start + check.length

    def holds(row: Row, element: Row) -> bool:
        value, other = left(row, element), right(row, element)
        return value is not None and other is not None and value[start:end] == other.replace("-", "")

    return holds


@verdict.register
def _(check: c.Counted, scope: Scope) -> Verdict:
    get, compare, constant = scope(check.group), COMPARE[check.comparison], check.constant
    return lambda row, element: compare(len(get(row, element) or ()), constant)


@verdict.register
def _(check: c.Distinct, scope: Scope) -> Verdict:
    get = scope(check.group)
    return lambda row, element: len(set(v := get(row, element) or ())) == len(v)


@verdict.register
def _(check: c.Some, scope: Scope) -> Verdict:
    group = check.group
    inner = verdict(check.check, lambda n: (lambda row, element: element) if n == group else _scope(group)(n))
    return lambda row, element: any(inner(row, e) for e in row[group] or ())


@verdict.register
def _(check: c.Contains, scope: Scope) -> Verdict:
    get, name = scope(check.column), check.values

    def holds(row: Row, element: Row) -> bool:
        wanted = get(row, element)
        return wanted is not None and wanted in values_of(row, name)

    return holds


@verdict.register
def _(check: c.Overlaps, scope: Scope) -> Verdict:
    one, other = check.values, check.others
    return lambda row, element: (
        bool(row[other.partition(".")[0]]) and not set(values_of(row, one)).isdisjoint(values_of(row, other))
    )


@verdict.register
def _(check: c.Not, scope: Scope) -> Verdict:
    inner = verdict(check.check, scope)
    return lambda row, element: not inner(row, element)


@verdict.register
def _(check: c.All, scope: Scope) -> Verdict:
    parts = [verdict(p, scope) for p in check.checks]
    return lambda row, element: all(p(row, element) for p in parts)


@verdict.register
def _(check: c.AnyOf, scope: Scope) -> Verdict:
    parts = [verdict(p, scope) for p in check.checks]
    return lambda row, element: any(p(row, element) for p in parts)


def rows_of(table: pl.DataFrame) -> Sequence[Row]:
    """A table as the dicts that such a program works on."""
    return table.to_dicts()
