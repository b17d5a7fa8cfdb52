"""A decision rule of eligibility: one frozen value that says who must report what, or why a record is not reportable.

Rules stand in blocks (who, instrument, event, execution ...). Inside a block they are read in order and the first that
holds decides; where none holds, the block is undecided. A record is reportable when every block lets it pass, not
reportable as soon as one block says so, and held (UNDECIDED) when a fact is missing that could still turn it.

Facts may be missing, so a condition is not true or false here but certain, possible or impossible (`bounds`): a check
on a fact that is not known is possible and not certain. A missing fact can therefore hold a record, but never turn an
answer into its opposite.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property, reduce
from operator import and_, or_
from typing import Final

import polars as pl

from regreport.engine.checks import All, Always, AnyOf, Check, Not, Present


class Decision(StrEnum):
    """What eligibility says of a source record under one regime."""

    REPORTABLE = "REPORTABLE"
    NOT_REPORTABLE = "NOT_REPORTABLE"
    UNDECIDED = "UNDECIDED"


class Effect(StrEnum):
    """What a decision rule does when it holds: PASS hands the record to the next block."""

    PASS = "PASS"  # noqa: S105  (a verdict, not a password)
    NOT_REPORTABLE = "NOT_REPORTABLE"
    UNDECIDED = "UNDECIDED"


@dataclass(frozen=True)
class DecisionRule:
    """One row of the decision tables.

    `sentence` is the rule in our own words, `reason` the plain words a record gets when this rule decides it (for an
    UNDECIDED effect: what is missing and how to supply it; such a rule stands last in its block and also lends its
    words to an earlier rule of the block that a fact it looks at leaves open).
    """

    id: str
    block: str
    when: Check
    effect: Effect
    sentence: str
    reason: str
    source: str
    confidence: str
    asks: str = ""
    """UNDECIDED effect: what is missing, named as somebody can supply it (source columns, a data set, a setting);
    empty: the facts of the open rule by their names."""
    absent_is_known: tuple[str, ...] = ()
    """Columns where no value is itself an answer; in every other column it means that the fact is not known."""
    says: bool = False
    """A reportable record quotes the first passing rule that has this mark."""
    valid_from: date = date(2018, 1, 3)
    valid_to: date | None = None
    jurisdictions: frozenset[str] = field(default_factory=frozenset)
    setting: str = ""
    """`name=value` of a regime setting that switches the rule on; empty: always on."""

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column that the condition looks at, once, in order of mention."""
        return tuple(dict.fromkeys(self.when.columns()))

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The facts without which the condition may be open."""
        return tuple(c for c in self.columns if c not in self.absent_is_known)

    def in_force(self, on: date, jurisdiction: str) -> bool:
        """Whether the rule applies to a record traded on this date (both ends included) in this jurisdiction."""
        begun = self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)
        return begun and (not self.jurisdictions or jurisdiction in self.jurisdictions)


def bounds(check: Check, known: Iterable[str] = ()) -> tuple[pl.Expr, pl.Expr]:
    """(certain, possible) over columns: where the check holds whatever the missing facts are, and where it may hold.

    Neither is ever null. A null means that the fact is not known, except in the columns `known`. Whether a value is
    given (`present`, `absent`) is always known.
    """
    answered = frozenset(known)
    match check:
        case Always() | Present():
            holds = check.expr(pl.col)
            return holds, holds
        case Not(inner):
            certain, possible = bounds(inner, answered)
            return ~possible, ~certain
        case All(checks):
            pairs = [bounds(c, answered) for c in checks]
            return reduce(and_, (p[0] for p in pairs)), reduce(and_, (p[1] for p in pairs))
        case AnyOf(checks):
            pairs = [bounds(c, answered) for c in checks]
            return reduce(or_, (p[0] for p in pairs)), reduce(or_, (p[1] for p in pairs))
        case _:
            holds = check.expr(pl.col)
            open_columns = [c for c in dict.fromkeys(check.columns()) if c not in answered]
            unknown = reduce(or_, (pl.col(c).is_null() for c in open_columns), pl.lit(False))
            return holds & ~unknown, holds | unknown


DECISION_COLUMNS: Final = ("batch_id", "source_line", "transaction_id", "decision", "rule", "reason", "missing")
"""One row a source record: where it came from, what was decided, by which rule, in which words, and (UNDECIDED) which
fact is missing."""
