"""Every decision rule decides its example and leaves its counter-example alone; every rule is needed."""

from __future__ import annotations

import pytest
from eligible import context, landed
from rule_examples import EXAMPLES, Example

from regreport import eligibility
from regreport.engine.decision import Effect
from regreport.regimes.mifir.eligibility import APPLIED, DECISIONS, facts

RULES = {r.id: r for r in DECISIONS}


def decider(example: Example, rule_id: str, without: str = "") -> str:
    """The rule that decides the block of a rule for an example."""
    where = context(**example.where)
    rules = tuple(r for r in DECISIONS if r.id != without)
    told = eligibility.trail(facts(landed({**example.base, **example.change}), where), rules, where)
    return str(told.filter(block=RULES[rule_id].block)["rule"][0])


def test_every_rule_has_an_example_and_none_is_left_over() -> None:
    assert sorted(EXAMPLES) == sorted(RULES)
    assert len(RULES) == len(DECISIONS)


@pytest.mark.parametrize("rule_id", list(EXAMPLES))
def test_decides_its_example_and_not_the_other(rule_id: str) -> None:
    decided, left_alone = EXAMPLES[rule_id]
    assert decider(decided, rule_id) == rule_id
    assert decider(left_alone, rule_id) != rule_id


@pytest.mark.parametrize("rule_id", list(EXAMPLES))
def test_without_the_rule_its_example_is_decided_otherwise(rule_id: str) -> None:
    """The control: a pack with one rule taken out is noticed."""
    assert decider(EXAMPLES[rule_id][0], rule_id, without=rule_id) != rule_id


def test_rules_say_what_they_must() -> None:
    for rule in DECISIONS:
        assert rule.sentence.endswith("."), rule.id
        assert len(rule.reason) > 20, rule.id
        assert rule.source, rule.id
        assert rule.confidence in ("high", "medium", "our reading"), rule.id
        assert rule.says <= (rule.effect is Effect.PASS), rule.id
    assert {r.block for r in DECISIONS if r.says} == {"instrument"}


def test_rules_that_only_ask_stand_last_in_their_block() -> None:
    """Otherwise a rule that answers could never be reached by a record with a missing fact."""
    for block in dict.fromkeys(r.block for r in DECISIONS):
        asking = [r.effect is Effect.UNDECIDED for r in DECISIONS if r.block == block and r.id != "MF-L1"]
        assert asking == sorted(asking), block


def test_every_derived_fact_that_a_rule_needs_has_a_rule_that_says_how_to_supply_it() -> None:
    settled = {"@law", "@list.loaded", "@instrument.clash"}  # always known
    settled |= {"@entity.kind"}  # an entity without a kind is held by the block that comes first
    for rule in DECISIONS:
        for fact in rule.needs:
            if fact.startswith("@") and fact not in settled and rule.id != "MF-W5":
                speakers = [r for r in DECISIONS if r.block == rule.block and r.effect is Effect.UNDECIDED]
                assert any(fact in r.columns for r in speakers), (rule.id, fact)


def test_rows_of_the_tables_that_decide_nothing_are_named_with_their_place() -> None:
    assert [a.id for a in APPLIED] == ["MF-X5", "MF-B2", "MF-C1", "MF-D1", "MF-E1"]
    assert not {a.id for a in APPLIED} & set(RULES)
