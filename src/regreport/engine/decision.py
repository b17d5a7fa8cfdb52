"""A decision rule of eligibility: one frozen value that says who must report what, or why a record is not reportable.

Rules stand in blocks (who, instrument, event, execution ...). Inside a block they are read in order and the first that
holds decides; where none holds, the block is undecided. A record is reportable when every block lets it pass, not
reportable as soon as one block says so, and held (UNDECIDED) when a fact is missing that could still turn it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from regreport.engine.checks import Check


class Decision(StrEnum):
    """What eligibility says of a source record under one regime."""

    REPORTABLE = "REPORTABLE"
    NOT_REPORTABLE = "NOT_REPORTABLE"
    UNDECIDED = "UNDECIDED"


class Effect(StrEnum):
    """What a decision rule does when it holds: PASS hands the record to the next block."""

    PASS = "PASS"
    NOT_REPORTABLE = "NOT_REPORTABLE"
    UNDECIDED = "UNDECIDED"


@dataclass(frozen=True)
class DecisionRule:
    """One row of the decision tables.

    `sentence` is the rule in our own words, `reason` the plain words a record gets when this rule decides it (for an
    UNDECIDED effect: what is missing and how to supply it). `needs` are facts (columns) without which `when` cannot be
    known: where one of them is null the block is undecided at this rule, unless an earlier rule has decided.
    """

    id: str
    block: str
    when: Check
    effect: Effect
    sentence: str
    reason: str
    source: str
    confidence: str
    needs: tuple[str, ...] = ()
    valid_from: date = date(2018, 1, 3)
    valid_to: date | None = None
    jurisdictions: frozenset[str] = field(default_factory=frozenset)
    setting: str = ""
    """`name=value` of a regime setting that switches the rule on; empty: always on."""

    def in_force(self, on: date, jurisdiction: str) -> bool:
        """Whether the rule applies to a record traded on this date (both ends included) in this jurisdiction."""
        begun = self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)
        return begun and (not self.jurisdictions or jurisdiction in self.jurisdictions)


DECISION_COLUMNS: Final = ("batch_id", "source_line", "transaction_id", "decision", "rule", "reason", "missing")
"""One row a source record: where it came from, what was decided, by which rule, in which words, and (UNDECIDED) which
fact is missing."""
