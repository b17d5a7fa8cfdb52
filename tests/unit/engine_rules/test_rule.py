"""The runner of rules: levels, order, references, what is not checked, and reports that are never compared."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from polars.exceptions import ColumnNotFoundError

from regreport.engine import rule as engine
from regreport.engine.checks import ALWAYS, Counted, Same, absent, any_of, equal, negate, present, some
from regreport.engine.rule import FINDING_SCHEMA, CrossRule, Rule, run_rules
from regreport.model.finding import Severity

TABLE = pl.DataFrame(
    {
        "ref": ["R1", "R2", "R3"],
        "owner": ["A", "B", None],
        "party": [[{"id": "A"}, {"id": "C"}], None, [{"id": None}]],
        "flags": [["X", "Y"], None, ["Z"]],
    }
)


def a_rule(**given: object) -> Rule:
    values = {"id": "T-1", "title": "The owner is missing", "source": "S", "fields": ("1",), "must": present("owner")}
    return Rule(**{**values, **given})  # type: ignore[arg-type]


def run(*rules: engine.AnyRule, table: pl.DataFrame = TABLE, missing: frozenset[str] = frozenset()) -> pl.DataFrame:
    found = run_rules(rules, table, reference="ref", missing=missing)
    assert found.schema == FINDING_SCHEMA
    return found


def test_a_broken_record_is_named_with_reference_value_and_words() -> None:
    found = run(a_rule(remedy="Name it", must=negate(equal("owner", "B"))))
    assert found.rows(named=True) == [
        {
            "rule": "T-1",
            "severity": "error",
            "record": 2,
            "reference": "R2",
            "field": "1",
            "path": "owner",
            "value": "B",
            "message": "The owner is missing. Name it",
        }
    ]


def test_a_rule_over_a_group_names_the_element_and_sees_the_record() -> None:
    found = run(a_rule(over="party", must=negate(Same("party.id", "owner"))))
    assert found.select("record", "value", "path").rows() == [(1, "A", "party.id")]
    found = run(a_rule(over="party", when=absent("owner"), must=present("party.id")))
    assert found.select("record", "value").rows() == [(3, None)]


def test_a_rule_over_a_list_of_codes() -> None:
    assert run(a_rule(over="flags", must=negate(equal("flags", "Y")))).select("record", "value").rows() == [(1, "Y")]


def test_a_list_or_group_is_quoted_whole() -> None:
    assert run(a_rule(must=Counted("flags", "<", 2)))["value"].to_list() == ["X|Y"]
    assert run(a_rule(when=present("party"), must=some("party", equal("party.id", "Q"))))["value"].to_list() == [
        "A|C",
        None,
    ]


def test_findings_stand_by_record_then_in_the_order_of_the_rules() -> None:
    late, early = a_rule(id="A", must=negate(ALWAYS)), a_rule(id="Z", must=absent("ref"))
    assert run(early, late).select("record", "rule").rows() == [(n, r) for n in (1, 2, 3) for r in ("Z", "A")]


def test_records_are_numbered_through_all_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "ROWS_PER_PASS", 2)
    rule = a_rule(must=equal("owner", "Q"))
    assert run(rule)["record"].to_list() == [1, 2, 3]
    assert run(a_rule(over="party", must=equal("party.id", "Q")))["record"].to_list() == [1, 1, 3]


def test_no_records_no_findings() -> None:
    assert run(a_rule(), a_rule(id="T-2", over="party"), table=TABLE.clear()).is_empty()


def test_a_rule_without_its_snapshot_says_so_and_is_not_run() -> None:
    found = run(a_rule(must=negate(ALWAYS), needs=("leis", "mics")), missing=frozenset({"leis"}))
    assert found.select("severity", "record", "value").rows() == [("not_checked", None, "leis")]
    assert found["message"].item().startswith("Not checked: no leis snapshot")


def test_a_rule_without_its_fact_says_so_and_is_not_run() -> None:
    found = run(a_rule(must=equal("@owner.known", "true"), needs=("leis",)))
    assert found.select("severity", "value").rows() == [("not_checked", "@owner.known")]
    inside = run(a_rule(over="party", must=equal("party.known", "true"), needs=("leis",)))
    assert inside["value"].to_list() == ["party.known"]


def test_a_rule_that_partly_needs_a_snapshot_runs_on_what_is_known() -> None:
    must = any_of(absent("@owner.known"), equal("@owner.known", "true"))
    rule = a_rule(when=absent("owner"), must=negate(must), partly_needs=("leis",), show="owner")
    found = run(rule, missing=frozenset({"leis"}))
    assert found.select("severity", "record").rows() == [("error", 3), ("not_checked", None)]
    assert found["message"].to_list()[1].startswith("Checked only in part: no leis")
    assert run(rule, table=TABLE.with_columns(pl.lit("true").alias("@owner.known")))["record"].to_list() == [3]


def test_any_other_unknown_column_is_an_error() -> None:
    with pytest.raises(ColumnNotFoundError, match="ownr"):
        run(a_rule(must=present("ownr")))


def twice(table: pl.DataFrame) -> pl.DataFrame:
    again = pl.struct(engine.DRAFT, "owner").is_duplicated()
    return table.filter(again).select(record=engine.RECORD, value="owner")


CROSS = CrossRule(id="X-1", title="Twice", source="S", fields=("1",), find=twice, columns=("owner",))


def test_a_cross_rule_keeps_within_its_report() -> None:
    table = pl.concat([TABLE, TABLE.head(1)])
    assert run(CROSS, table=table).select("record", "reference", "path").rows() == [
        (1, "R1", "owner"),
        (4, "R1", "owner"),
    ]
    apart = table.with_columns(pl.Series(engine.DRAFT, [0, 0, 0, 1], dtype=pl.UInt32))
    assert run(CROSS, table=apart).is_empty()


def test_a_rule_is_in_force_from_its_first_to_its_last_day_where_it_applies() -> None:
    rule = a_rule(valid_from=date(2022, 5, 31), valid_to=date(2024, 4, 26), jurisdictions=frozenset({"UK"}))
    days = [date(2022, 5, 30), date(2022, 5, 31), date(2024, 4, 26), date(2024, 4, 27)]
    assert [rule.in_force(d, "UK") for d in days] == [False, True, True, False]
    assert not rule.in_force(days[1], "EU")
    assert rule.in_force(days[1])
    assert CROSS.in_force(date(2018, 1, 3), "EU")
    assert not CROSS.in_force(date(2018, 1, 2), "EU")


def test_severity_is_the_rules_own() -> None:
    assert run(a_rule(must=absent("ref"), severity=Severity.WARNING))["severity"].unique().to_list() == ["warning"]
