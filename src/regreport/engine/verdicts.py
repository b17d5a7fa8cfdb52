"""Which rows break which rules: every plain check is evaluated once, on as few values as will do.

A pack of a hundred rules asks the same few things over and over, mostly of columns that hold few distinct values:
codes, venues, instruments, the day of a time. So conditions are taken apart into their plain checks. A costly check
that looks at such columns only is evaluated on their distinct values (of two columns: on every pair of them), and its
verdict is spread over the rows only where the logic above it still needs them; one that comes out the same everywhere
is a constant and costs nothing more. What a rule demands is looked at only if it applies to some row.

This changes no verdict: every check of the vocabulary judges a row by that row's values alone. The tests hold the
result against each check evaluated over all rows, and against the row-by-row yardstick.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache, reduce
from operator import and_, or_
from typing import Final, cast

import polars as pl

from regreport.engine.checks import (
    All,
    Always,
    AnyOf,
    Check,
    Counted,
    DateFrom,
    IsA,
    Not,
    NotAfter,
    OneOf,
    Present,
    Same,
    StartsWith,
    WithinDays,
    WithinYears,
)
from regreport.engine.distinct import Distinct, Part, distinct

PAIRS_MAX: Final = 4_096
"""Combinations of distinct values that two columns may have to be judged by them."""
COMPARED_MAX: Final = 6
"""Up to so many values, comparing a column with each is cheaper than finding every row's place among them."""
DAY: Final = 10
CHEAP: Final = (Present, OneOf, Same, DateFrom, Counted)
"""Checks that cost less on all rows than it takes to find the distinct values."""


REMEMBERED_MAX: Final = 4_096
REMEMBERED_VALUES: Final = 256
_REMEMBERED: Final[dict[tuple[Check, tuple[tuple[str, tuple[str | None, ...]], ...]], pl.Series]] = {}
"""Verdicts of checks on the few values of columns: one chunk of a report mostly has those of the one before."""


class Answer:
    """A verdict for every combination of distinct values of the columns of `key`; with () for every row."""

    __slots__ = ("key", "rows", "values")

    def __init__(self, key: tuple[Part, ...], values: pl.Series) -> None:
        self.key = key
        self.values = values
        self.rows: pl.Series | None = None if key else values


Verdict = Answer | bool


def broken(conditions: Sequence[tuple[Check, Check]], frame: pl.DataFrame) -> list[pl.Series | None]:
    """For each (when, must) the Boolean column of rows where the first holds and the second does not; None: no row."""
    asked = _Asked(frame)
    asked.evaluate([when for when, _ in conditions])
    applies = [asked.of(when) for when, _ in conditions]
    asked.evaluate([must for (_, must), where in zip(conditions, applies, strict=True) if where is not False])
    return [
        None if where is False else asked.rows(asked.every([where, _negated(asked.of(must))]))
        for (_, must), where in zip(conditions, applies, strict=True)
    ]


class _Asked:
    """One frame, and what is known of its rows."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self.names = frozenset(frame.columns)
        self.known: dict[Check, Verdict] = {}
        self.columns: dict[Part, Distinct | None] = {}

    def evaluate(self, checks: Sequence[Check]) -> None:
        """Evaluate all plain checks inside these that are not known yet."""
        plain = dict.fromkeys(p for check in dict.fromkeys(checks) for p in _plain(check) if p not in self.known)
        by_key: dict[tuple[Part, ...], list[Check]] = {}
        for check in plain:
            by_key.setdefault(self.key(check), []).append(check)
        for key, together in by_key.items():
            verdicts = self.judged(key, together) if key else _columns(self.frame, together)
            for check, series in zip(together, verdicts, strict=True):
                self.known[check] = _folded(key, series)

    def judged(self, key: tuple[Part, ...], checks: Sequence[Check]) -> list[pl.Series]:
        """The verdicts of checks on the values of a key; where those are few, they are remembered."""
        parts = [self.few(part) for part in key]
        if any(len(part.values) > REMEMBERED_VALUES for part in parts):
            return _columns(_combined(parts), checks)
        names = tuple((part.values.name, part.texts) for part in parts)
        found = {check: series for check in checks if (series := _REMEMBERED.get((check, names))) is not None}
        new = [check for check in checks if check not in found]
        if new:
            if len(_REMEMBERED) > REMEMBERED_MAX:
                _REMEMBERED.clear()
            for check, series in zip(new, _columns(_combined(parts), new), strict=True):
                found[check] = _REMEMBERED[check, names] = series
        return [found[check] for check in checks]

    def key(self, check: Check) -> tuple[Part, ...]:
        """By which columns' distinct values a check is judged; () where it is cheap, or there are too many."""
        cheap = isinstance(check, CHEAP)
        chosen: list[Part] = []
        pairs = 1
        for named in dict.fromkeys(check.columns()):
            column = named if named in self.names else named.partition(".")[0]
            found = self.part(column, _head(check, named), cheap=cheap)
            if found is None:
                return ()
            chosen.append(found)
            pairs *= len(self.few(found).values)
        return tuple(chosen) if len(chosen) == 1 or pairs <= PAIRS_MAX else ()

    def part(self, column: str, head: int | None, *, cheap: bool) -> Part | None:
        """The column, or its head, if it has few distinct values; a cheap check asks for no more than is known."""
        for part in dict.fromkeys(((column, None), (column, head))):
            if part not in self.columns:
                series = self.frame.get_column(column)
                if cheap and series.null_count() < len(series):
                    continue
                self.columns[part] = distinct(series, part)
            if self.columns[part] is not None:
                return part
        return None

    def few(self, part: Part) -> Distinct:
        """The distinct values of a part that a key is made of."""
        found = self.columns[part]
        assert found is not None, "a key is made of columns with few values"
        return found

    def of(self, check: Check) -> Verdict:
        """The verdict of a check whose plain checks have been evaluated."""
        if check not in self.known:
            match check:
                case Always():
                    self.known[check] = True
                case Not():
                    self.known[check] = _negated(self.of(check.check))
                case All():
                    self.known[check] = self.every([self.of(c) for c in check.checks])
                case AnyOf():
                    self.known[check] = _negated(self.every([_negated(self.of(c)) for c in check.checks]))
                case _:
                    raise KeyError(f"{check!r} was not evaluated")
        return self.known[check]

    def every(self, verdicts: Sequence[Verdict]) -> Verdict:
        """All of them: those over the same values first, so that as little as possible is spread over the rows."""
        by_key: dict[tuple[Part, ...], list[Answer]] = {}
        for verdict in verdicts:
            if verdict is False:
                return False
            if isinstance(verdict, Answer):
                by_key.setdefault(verdict.key, []).append(verdict)
        left: list[Answer] = []
        for key, answers in by_key.items():
            joined = answers[0] if len(answers) == 1 else _folded(key, reduce(and_, (a.values for a in answers)))
            if joined is False:
                return False
            if isinstance(joined, Answer):
                left.append(joined)
        if len(left) < 2:
            return left[0] if left else True
        return _folded((), reduce(and_, map(self.spread, left)))

    def spread(self, answer: Answer) -> pl.Series:
        """An answer as a Boolean column of the frame."""
        if answer.rows is None:
            parts = [self.few(part) for part in answer.key]
            answer.rows = _compared(parts[0], answer.values) if len(parts) == 1 else None
            if answer.rows is None:
                places = reduce(lambda place, part: place * len(part.values) + part.places, parts[1:], parts[0].places)
                answer.rows = answer.values.gather(places)
        return answer.rows

    def rows(self, verdict: Verdict) -> pl.Series | None:
        """The rows where a verdict is true; None where there are none."""
        if isinstance(verdict, Answer):
            return self.spread(verdict)
        return pl.repeat(True, self.frame.height, eager=True) if verdict else None


def _negated(verdict: Verdict) -> Verdict:
    if isinstance(verdict, bool):
        return not verdict
    other = Answer(verdict.key, ~verdict.values)
    if verdict.key and verdict.rows is not None:
        other.rows = ~verdict.rows
    return other


def _columns(table: pl.DataFrame, checks: Sequence[Check]) -> list[pl.Series]:
    return list(table.select(_expression(cast(Hashable, c)).alias(str(i)) for i, c in enumerate(checks)))


def _folded(key: tuple[Part, ...], series: pl.Series) -> Verdict:
    """A verdict that is the same everywhere is a constant."""
    if not series.any():
        return False
    return True if series.all() else Answer(key, series)


def _combined(parts: Sequence[Distinct]) -> pl.DataFrame:
    """One row a combination of the distinct values of columns, the last one's changing fastest."""
    table = parts[0].values.to_frame()
    for part in parts[1:]:
        table = table.join(part.values.to_frame(), how="cross", maintain_order="left_right")
    return table


def _compared(part: Distinct, verdict: pl.Series) -> pl.Series | None:
    """The verdict over the rows by comparison with the values that have it, or with the others, where those are few."""
    chosen = part.values.filter(verdict)
    others = len(chosen) > len(part.values) - len(chosen)
    if others:
        chosen = part.values.filter(~verdict)
    if len(chosen) > COMPARED_MAX:
        return None
    rows: pl.Series = reduce(or_, [part.series.eq_missing(value) for value in chosen])
    return ~rows if others else rows


@lru_cache(maxsize=4_096)
def _expression(check: Hashable) -> pl.Expr:
    """The check over columns; made once, as making it costs more than evaluating it on a few values."""
    return cast(Check, check).expr(pl.col)


def _plain(check: Check) -> Iterator[Check]:
    """The checks that conditions are made of, without the logic that joins them."""
    match check:
        case Always():
            return
        case Not():
            yield from _plain(check.check)
        case All() | AnyOf():
            for inner in check.checks:
                yield from _plain(inner)
        case _:
            yield check


def _head(check: Check, column: str) -> int | None:
    """How many first characters of a column a check looks at, where it does not need the whole."""
    match check:
        case StartsWith():
            return max(map(len, check.prefixes))
        case NotAfter():
            return check.length
        case WithinDays() | WithinYears():
            return DAY
        case IsA() if column == check.on:
            return DAY
        case _:
            return None
