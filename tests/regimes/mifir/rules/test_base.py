"""The base records are valid: together they break no rule that is in force for them."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
import rule_cases

from regreport.engine.fields import load_layer
from regreport.engine.rule import run_rules
from regreport.messages import load
from regreport.regimes.mifir.rules import RULES, FileFacts, check_file


@pytest.mark.parametrize("jurisdiction", ["EU", "UK"])
def test_base_records_break_no_rule(jurisdiction: str) -> None:
    records = [r for n in rule_cases.base_names() if (r := rule_cases.base(n))["@jurisdiction"] == jurisdiction]
    assert records
    rules = [r for r in RULES if r.in_force(date(2026, 11, 23), jurisdiction)]
    found = run_rules(rules, rule_cases.table(records), reference="transaction_reference")
    assert found.select("rule", "reference", "value").rows() == []


def test_base_file_breaks_no_rule() -> None:
    case = rule_cases.Case("", "kept", "file", "", "", "")
    found = check_file(FileFacts(**rule_cases.file_facts_of(case)))
    assert found.select("rule", "value").rows() == []


def test_schema_of_the_cases_is_that_of_the_field_layer() -> None:
    layer = load_layer(rule_cases.FIELDS, rule_cases.FIELDS.with_name("paths.csv"), load("auth.016.001.01"))
    ours = pl.Schema({n: _without_facts(d) for n, d in rule_cases.schema().items() if not n.startswith("@")})
    assert {n: _plain(d) for n, d in ours.items()} == {n: _plain(d) for n, d in layer.schema.items()}


def _without_facts(dtype: pl.DataType) -> pl.DataType:
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        return pl.List(pl.Struct([f for f in dtype.inner.fields if not f.name.startswith("lei_")]))
    return dtype


def _plain(dtype: pl.DataType) -> object:
    """A type without the order of its fields."""
    if isinstance(dtype, pl.List):
        return ("list", _plain(dtype.inner))  # type: ignore[arg-type]
    return {f.name for f in dtype.fields} if isinstance(dtype, pl.Struct) else str(dtype)
