"""The pack as a whole: the list of 98, ids, dates, what each rule must carry, and the facts that it asks for."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import rule_cases

from regreport.engine.checks import Some
from regreport.engine.rule import CrossRule, Rule, run_rules
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules import FACTS, FILE_RULES, LISTED, NOT_DONE, RULES

EVERYTHING = (*RULES, *FILE_RULES)
OFFICIAL_FORM = re.compile(r"CON-[0-9]{3}|AAX-[0-9]{3}")
OWN_FORM = re.compile(r"R22-(?:[0-9]{1,2}|ESMA|file)-[0-9]{2,3}|MFR-[0-9]{1,2}-[0-9]{2}")


def test_ids_are_unique_and_say_whose_they_are() -> None:
    assert len({r.id for r in EVERYTHING}) == len(EVERYTHING)
    assert [r.id for r in EVERYTHING if r.official != bool(OFFICIAL_FORM.fullmatch(r.id))] == []
    assert [r.id for r in EVERYTHING if not r.official and not OWN_FORM.fullmatch(r.id)] == []


def test_every_row_of_the_list_is_done_or_says_why_not() -> None:
    assert len(LISTED) == 98
    ids = {r.id for r in EVERYTHING}
    assert {row.row for row in LISTED.values() if not set(row.rules) <= ids} == set()
    assert {row.row for row in LISTED.values() if bool(row.rules) == bool(row.reason)} == set()
    assert {n.id for n in NOT_DONE} == {row.row for row in LISTED.values() if not row.rules}
    assert len(LISTED) - len(NOT_DONE) == 90


def test_every_rule_stands_in_the_list() -> None:
    assert {r.id for r in EVERYTHING} - {i for row in LISTED.values() for i in row.rules} == set()


@pytest.mark.shared
def test_the_list_is_the_reference_list(shared_dir: Path) -> None:
    with (shared_dir / "facts" / "mifir" / "rules.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [r["code"] or f"ESMA-{r['esma_rule_id']}" for r in rows] == list(LISTED)
    verified = {r["code"] for r in rows if r["code"] and r["confidence"] == "verified"}
    assert {r.id for r in EVERYTHING if r.official} <= verified


@pytest.mark.parametrize("rule", EVERYTHING, ids=lambda r: r.id)
def test_a_rule_carries_all_that_a_reader_needs(rule: Rule | CrossRule) -> None:
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert not rule.remedy.endswith(".")
    assert rule.source
    assert rule.confidence
    assert rule.fields
    assert rule.valid_to is None or rule.valid_from <= rule.valid_to
    if isinstance(rule, Rule):
        assert rule.must.words()
        assert rule.shown() in rule.columns


def test_what_is_inferred_does_not_hold_a_record() -> None:
    guessed = [r.id for r in RULES if r.confidence.startswith("inferred") and r.severity is Severity.ERROR]
    assert guessed == []


def _asked(rule: Rule | CrossRule) -> set[str]:
    """Columns that a rule looks at, those inside `some` too."""
    if isinstance(rule, CrossRule):
        return set(rule.columns)
    todo, names = [rule.when, rule.must], set(rule.columns)
    while todo:
        check = todo.pop()
        names |= set(check.columns())
        todo += [p for p in (getattr(check, "check", None), *getattr(check, "checks", ())) if p is not None]
        if isinstance(check, Some):
            names |= set(check.check.columns())
    return names


def test_every_column_is_a_field_or_a_fact_and_every_fact_is_asked_for() -> None:
    schema = rule_cases.schema()
    inner = {
        f"{n}.{f.name}"
        for n, d in schema.items()
        if isinstance(getattr(d, "inner", None), pl.Struct)
        for f in d.inner.fields
    }
    asked = set().union(*(_asked(r) for r in RULES))
    assert asked - set(schema) - inner == set()
    assert set(FACTS) - asked == set()


def test_a_fact_from_a_data_set_is_declared_by_the_rule_that_asks_for_it() -> None:
    """A rule that looks at a fact without declaring its data set would pass silently where the snapshot is missing."""
    silent = {
        (r.id, f)
        for r in RULES
        for f in _asked(r) & set(FACTS)
        if FACTS[f].dataset not in (*r.needs, *r.partly_needs, "report")
    }
    assert silent == {s for s in silent if s[1] == "@cfi"}  # @cfi is the reported code where there is no snapshot


@pytest.mark.parametrize("dataset", ["instruments", "leis", "mics", "history"])
def test_without_a_snapshot_the_rules_that_need_it_say_not_checked(dataset: str) -> None:
    table = rule_cases.table([rule_cases.base("share_buy_own")])
    bare = table.with_columns(
        pl.lit(None, dtype=pl.String).alias(f) for f, v in FACTS.items() if v.dataset == dataset and f in table.columns
    )
    found = run_rules(RULES, bare, reference="transaction_reference", missing=frozenset({dataset}))
    expected = {r.id for r in RULES if dataset in (*r.needs, *r.partly_needs)}
    assert expected
    assert set(found.filter(pl.col("severity") == "not_checked")["rule"]) == expected
    wrong = found.filter(pl.col("severity") == "error", pl.col("rule").is_in(list(expected)))
    assert wrong["rule"].to_list() == []


DATED = {
    "CON-110": ("EU", date(2022, 5, 30), date(2022, 5, 31)),
    "R22-ESMA-269": ("UK", date(2022, 5, 30), date(2022, 5, 31)),
    "R22-61-04": ("UK", date(2024, 4, 26), date(2024, 4, 27)),
    "R22-63-04": ("UK", date(2024, 4, 26), date(2024, 4, 27)),
}


@pytest.mark.parametrize("name", sorted(DATED))
def test_a_rule_begins_on_its_day(name: str) -> None:
    jurisdiction, before, first = DATED[name]
    rule = next(r for r in RULES if r.id == name)
    assert [rule.in_force(d, jurisdiction) for d in (before, first)] == [False, True]


def test_flags_of_the_uk_are_judged_by_one_rule_on_any_day() -> None:
    for field in ("61", "63"):
        closed, opened = (next(r for r in RULES if r.id == f"R22-{field}-{n}") for n in ("03", "04"))
        for day in (date(2018, 1, 3), date(2024, 4, 26), date(2024, 4, 27), date(2026, 11, 23)):
            assert [closed.in_force(day, "UK"), opened.in_force(day, "UK")].count(True) == 1
            assert not closed.in_force(day, "EU")


def test_what_the_fca_does_not_enforce_is_eu_only() -> None:
    eu_only = {r.id for r in RULES if r.jurisdictions == {"EU"}}
    assert {"CON-110", "CON-150", "CON-200", "CON-240"} <= eu_only
    assert {f"R22-ESMA-{n}" for n in (250, 262, 264, 270, 283)} <= eu_only
