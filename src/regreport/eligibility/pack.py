"""The rules that apply to one set of records, compiled: two booleans a rule, and from them the outcome of each block.

A block is decided by its first rule that certainly holds, unless an earlier rule with another effect may hold too (see
`engine.decision.bounds`): then it is open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

import polars as pl

from regreport.engine.decision import DecisionRule, Effect, bounds
from regreport.errors import ConfigurationError
from regreport.regime import ReportContext

NONE: Final = 65_535
"""Stands for 'no rule' where rules are numbered."""
IN_FORCE, NOT_IN_FORCE, BY_DATE = "in force", "not in force", "by date"
TRADE_DATE: Final = "@trade_date"


@dataclass(frozen=True)
class Pack:
    """Rules that are switched on, with what runs them.

    `blocks`: name and numbers of its rules, in order. `columns`: what a decision depends on. `bits`: `c<n>` certain and
    `p<n>` possible for each rule. `outcomes`: over the bits, `d<b>` the deciding rule of each block, `u<b>` its first
    open rule, NONE where there is none. `remembered`: answers by combination of facts.
    """

    rules: tuple[DecisionRule, ...]
    blocks: tuple[tuple[str, tuple[int, ...]], ...]
    columns: tuple[str, ...]
    bits: tuple[pl.Expr, ...]
    outcomes: tuple[pl.Expr, ...]
    remembered: dict[tuple[object, ...], tuple[str, str | None, str | None, str | None]] = field(default_factory=dict)

    def numbers(self, block: int, effect: Effect) -> list[int]:
        """The numbers of a block's rules with one effect."""
        return [n for n in self.blocks[block][1] if self.rules[n].effect is effect]

    def outcome(self, facts: pl.DataFrame) -> pl.DataFrame:
        """The `d<b>` and `u<b>` of every row."""
        return facts.select(pl.col(self.columns[0]).alias("@"), *self.bits).select(self.outcomes)


def pack_for(facts: pl.DataFrame, decisions: Sequence[DecisionRule], context: ReportContext) -> Pack:
    """The rules for these records under this context. Raises ConfigurationError for a column that is not there."""
    traded = pl.col(TRADE_DATE)
    dates = facts.select(first=traded.min(), last=traded.max(), unknown=traded.is_null().any())
    first, last, unknown = dates.row(0)
    settings = frozenset(f"{k}={v}" for k, v in context.settings.items())
    in_force = tuple(BY_DATE if unknown else _span(r, first, last) for r in decisions)
    pack = _compile(tuple(decisions), in_force, context.cell.jurisdiction, settings)
    lacking = [c for c in pack.columns if c not in facts.columns]
    if lacking:
        rule = next(r for r in pack.rules if lacking[0] in r.columns)
        raise ConfigurationError(
            f"Decision rule {rule.id} looks at {lacking[0]}, which the records do not have: "
            "the regime's facts() has to add it"
        )
    return pack


def _span(rule: DecisionRule, first: str, last: str) -> str:
    """Whether a rule is in force for all records traded from `first` to `last` (ISO dates), for none, or for some."""
    begins, ends = rule.valid_from.isoformat(), (rule.valid_to or date.max).isoformat()
    if begins <= first and last <= ends:
        return IN_FORCE
    return BY_DATE if begins <= last and first <= ends else NOT_IN_FORCE


@lru_cache(maxsize=64)
def _compile(
    decisions: tuple[DecisionRule, ...], in_force: tuple[str, ...], jurisdiction: str, settings: frozenset[str]
) -> Pack:
    on = {
        r: when
        for r, when in zip(decisions, in_force, strict=True)
        if when != NOT_IN_FORCE
        and (not r.jurisdictions or jurisdiction in r.jurisdictions)
        and (not r.setting or r.setting in settings)
    }
    blocks: dict[str, list[int]] = {r.block: [] for r in decisions}
    bits = []
    for number, (rule, when) in enumerate(on.items()):
        blocks[rule.block].append(number)
        certain, possible = bounds(rule.when, rule.absent_is_known)
        if when == BY_DATE:
            dated = _dated(rule)
            certain, possible = certain & dated.fill_null(value=False), possible & dated.fill_null(value=True)
        bits += [certain.alias(f"c{number}"), possible.alias(f"p{number}")]
    columns = dict.fromkeys(c for r in on for c in r.columns)
    if BY_DATE in on.values() or not columns:
        columns[TRADE_DATE] = None
    numbered = tuple((name, tuple(numbers)) for name, numbers in blocks.items())
    pack = Pack(tuple(on), numbered, tuple(columns), tuple(bits), ())
    outcomes = tuple(e for b in range(len(numbered)) for e in _block_outcome(pack, b))
    return Pack(pack.rules, pack.blocks, pack.columns, pack.bits, outcomes)


def _dated(rule: DecisionRule) -> pl.Expr:
    begun = pl.col(TRADE_DATE) >= rule.valid_from.isoformat()
    return begun if rule.valid_to is None else begun & (pl.col(TRADE_DATE) <= rule.valid_to.isoformat())


def _block_outcome(pack: Pack, block: int) -> tuple[pl.Expr, pl.Expr]:
    certain = {e: _first(pack.numbers(block, e), lambda n: pl.col(f"c{n}")) for e in Effect}
    open_ = {e: _first(pack.numbers(block, e), lambda n: pl.col(f"p{n}") & ~pl.col(f"c{n}")) for e in Effect}
    decided = pl.lit(NONE, dtype=pl.UInt16)
    for effect in Effect:
        others = [found[e] for found in (certain, open_) for e in Effect if e is not effect]
        decided = pl.when(certain[effect] < pl.min_horizontal(others)).then(certain[effect]).otherwise(decided)
    return decided.alias(f"d{block}"), pl.min_horizontal(list(open_.values())).alias(f"u{block}")


def _first(numbers: Sequence[int], holds: Callable[[int], pl.Expr]) -> pl.Expr:
    """The first of these numbers that holds, else NONE."""
    found = [pl.when(holds(n)).then(pl.lit(n, dtype=pl.UInt16)) for n in numbers]
    return pl.coalesce([*found, pl.lit(NONE, dtype=pl.UInt16)])
