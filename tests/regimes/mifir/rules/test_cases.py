"""Every case of `cases/*.csv`: the rule finds what it says in a broken record, and nothing in a kept one."""

from __future__ import annotations

from collections import defaultdict

import polars as pl
import pytest
import rule_cases
from rule_cases import Case

from regreport.engine.rule import AnyRule, run_rules
from regreport.regimes.mifir.rules import FILE_RULES, RULES, FileFacts, check_file

CASES = rule_cases.cases()
BY_ID: dict[str, AnyRule] = {r.id: r for r in (*RULES, *FILE_RULES)}


def findings(case: Case, rules: list[AnyRule]) -> list[tuple[int | None, str | None]]:
    """(record, value) of the case's rule, as these rules find it."""
    if case.base == "file":
        found = check_file(FileFacts(**rule_cases.file_facts_of(case)))
        found = found.filter(pl.col("rule").is_in([r.id for r in rules]))
    else:
        table = rule_cases.table(rule_cases.records_of(case))
        found = run_rules(rules, table, reference="transaction_reference")
    assert found.filter(pl.col("severity") == "not_checked").is_empty()
    return found.filter(pl.col("rule") == case.rule).select("record", "value").rows()


@pytest.mark.parametrize("case", CASES, ids=[c.id for c in CASES])
def test_case(case: Case) -> None:
    rule = BY_ID[case.rule]
    found = findings(case, [rule])
    if case.verdict == "kept":
        assert found == []
    else:
        assert case.expected() in found


def test_every_rule_has_a_broken_and_a_kept_case() -> None:
    verdicts = defaultdict(set)
    for case in CASES:
        verdicts[case.rule].add(case.verdict)
    assert {r: v for r, v in verdicts.items() if v != {"broken", "kept"}} == {}
    assert set(verdicts) == set(BY_ID)


def test_cases_are_told_apart() -> None:
    assert len({(c.rule, c.base, c.change, c.verdict) for c in CASES}) == len(CASES)


@pytest.mark.parametrize("case", [c for c in CASES if c.verdict == "broken"][::7], ids=lambda c: c.id)
def test_control_a_case_fails_without_its_rule(case: Case) -> None:
    others = [r for r in (FILE_RULES if case.base == "file" else RULES) if r.id != case.rule]
    assert findings(case, others) == []
