"""The authorities' own examples: every case holds, every listed situation is accounted for, and a wrong one is seen."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from regreport.regimes.mifir import REGIME
from regreport.regimes.mifir.scenarios import FOLDER, scenarios
from regreport.testing_cases import Case, read_cases, run_case

BASES, CASES = read_cases(FOLDER)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{'+'.join(c.ids)}: {c.title[:40]}")
def test_case(case: Case) -> None:
    assert run_case(case, REGIME, BASES) == []


def test_every_listed_situation_is_reproduced_or_says_why_not() -> None:
    listed = scenarios()
    ids = [s.id for s in listed]
    assert ids == sorted(set(ids))
    assert {i for c in CASES for i in c.ids} == {s.id for s in listed if s.done}
    assert all(s.reason for s in listed if not s.done)
    assert {s.authority for s in listed} == {"ESMA", "CSSF", "FCA"}
    assert sum(s.done for s in listed) >= 68


@pytest.mark.shared
def test_nothing_that_the_authorities_list_is_left_out(shared_dir: Path) -> None:
    with (shared_dir / "facts" / "scenarios.csv").open(encoding="utf-8") as stream:
        rows = [r for r in csv.DictReader(stream) if r["authority"] in ("ESMA", "CSSF", "FCA")]
    ours = {r["id"]: r for r in rows if r["id"].startswith(("MIFIR-", "FCA_MW-"))}
    listed = {s.id: s for s in scenarios()}
    assert ours.keys() == listed.keys()
    assert {i for i, s in listed.items() if s.confidence != ours[i]["confidence"]} == set()


def changed(case: Case, expect: dict[str, Any]) -> Case:
    return replace(case, expect={**case.expect, **expect})


def case_of(scenario: str) -> Case:
    return next(c for c in CASES if scenario in c.ids)


@pytest.mark.parametrize(
    ("scenario", "expect", "words"),
    [
        ("MIFIR-001", {"decisions": ["NOT_REPORTABLE"]}, "row 1: expected NOT_REPORTABLE, got REPORTABLE MF-I2"),
        ("MIFIR-001", {"decisions": ["REPORTABLE MF-I5"]}, "row 1: expected REPORTABLE MF-I5"),
        ("MIFIR-001", {"fields": [{"trading_capacity": "AOTC"}]}, "trading_capacity should be 'AOTC' and is 'DEAL'"),
        ("MIFIR-001", {"fields": [{}, {"price": "1"}]}, "report 2 is missing"),
        ("MIFIR-001", {"findings": ["R22-12-01"]}, "finding R22-12-01 is missing"),
        ("FCA_MW-010", {"findings": []}, "R22-12-01 The buyer's decision maker is the buyer"),
        ("MIFIR-082", {"findings": [], "no_findings": ["MFR-7-01"]}, "finding MFR-7-01 is there"),
        ("MIFIR-080", {"outcomes": ["ACCEPTED"] * 8}, "outcomes should be"),
        ("MIFIR-080", {"total": 7}, "total should be 7 and is 8"),
    ],
)
def test_a_case_that_expects_something_else_fails(scenario: str, expect: dict[str, Any], words: str) -> None:
    """The control: the runner sees every kind of difference."""
    assert any(words in d for d in run_case(changed(case_of(scenario), expect), REGIME, BASES))


def test_a_case_with_a_column_that_does_not_exist_is_refused() -> None:
    case = case_of("MIFIR-001")
    with pytest.raises(KeyError, match="sied is no source column"):
        run_case(replace(case, given={**case.given, "rows": [{"sied": "BUY"}]}), REGIME, BASES)
