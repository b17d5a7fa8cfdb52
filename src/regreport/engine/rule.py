"""A rule: one frozen value that says what may be wrong, where it is written, and how to see it on whole columns.

All rules of a pack run in one lazy plan a level (the records, or one repeating group), so that a hundred rules cost one
pass; only the few broken ones are looked at again to name record and value. The result is a table of findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import polars as pl

from regreport.engine.checks import ALWAYS, Check
from regreport.model.finding import FINDING_COLUMNS, Severity

FINDING_SCHEMA: Final = pl.Schema({c: pl.UInt32 if c == "record" else pl.String for c in FINDING_COLUMNS})
RECORD: Final = "@record"
"""Name of the 1-based record number while rules run."""
ROWS_PER_PASS: Final = 250_000
"""Bounds what one pass holds: a boolean a rule and record, and the exploded groups."""


@dataclass(frozen=True)
class Rule:
    """One rule over records, or over the elements of one repeating group (`over`).

    Broken where `when` holds and `must` does not. `title` is the fault as found, one sentence in our own words.
    `fields` are the regulator's field numbers. `official` says that `id` is the authority's own code, read in a source;
    `confidence` says how sure the content is. `needs` names reference data without which it reports "not checked".
    `show` is the column whose value the finding quotes (by default the first that `must` looks at).
    """

    id: str
    title: str
    source: str
    fields: tuple[str, ...]
    must: Check
    when: Check = ALWAYS
    severity: Severity = Severity.ERROR
    over: str | None = None
    needs: tuple[str, ...] = ()
    official: bool = False
    confidence: str = "verified"
    valid_from: date = date(2018, 1, 3)
    valid_to: date | None = None
    jurisdictions: frozenset[str] = field(default_factory=frozenset)
    show: str = ""

    def in_force(self, on: date, jurisdiction: str = "") -> bool:
        """Whether the rule applies to a report of this date (both ends included) and jurisdiction ('' asks for any)."""
        begun = self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)
        return begun and (not jurisdiction or not self.jurisdictions or jurisdiction in self.jurisdictions)

    def shown(self) -> str:
        """The column that a finding quotes; empty where the rule looks at none."""
        return self.show or next(iter(self.must.columns()), "") or next(iter(self.when.columns()), "")


@dataclass(frozen=True)
class CrossRule:
    """A rule that compares records with each other or with the history; `find` returns what is broken.

    `find(table)` gets the field table with a 1-based `@record` and the `@` facts, and returns a frame of
    (record UInt32 or null, value String); it must work on columns.
    """

    id: str
    title: str
    source: str
    fields: tuple[str, ...]
    find: Callable[[pl.DataFrame], pl.DataFrame]
    severity: Severity = Severity.ERROR
    needs: tuple[str, ...] = ()
    official: bool = False
    confidence: str = "verified"
    valid_from: date = date(2018, 1, 3)
    valid_to: date | None = None
    jurisdictions: frozenset[str] = field(default_factory=frozenset)

    in_force = Rule.in_force


AnyRule = Rule | CrossRule


def run_rules(
    rules: Sequence[AnyRule],
    table: pl.DataFrame,
    *,
    reference: str,
    missing: frozenset[str] = frozenset(),
) -> pl.DataFrame:
    """Findings of all rules over a field table, as FINDING_SCHEMA, by record and then in the order of `rules`.

    `table`: the complete field table (every column of the regime's layer, absent values null) with its `@` facts. `reference` names the column that findings quote as the record's own
    reference. `missing` are reference data sets that are not loaded: a rule that needs one yields one NOT_CHECKED
    finding for the whole file and is not run. Raises polars' ColumnNotFoundError where a rule names a column that the table does not have.
    """
    able = [r for r in rules if not missing.intersection(r.needs)]
    numbered = table.with_row_index(RECORD, offset=1)
    found = [_not_checked(r, missing) for r in rules if missing.intersection(r.needs)]
    record_rules = [r for r in able if isinstance(r, Rule)]
    for start in range(0, max(numbered.height, 1), ROWS_PER_PASS):
        found += _one_pass(record_rules, numbered.slice(start, ROWS_PER_PASS), reference)
    found += [_finding_frame(r, r.find(numbered), numbered, reference) for r in able if isinstance(r, CrossRule)]
    order = pl.DataFrame({"rule": [r.id for r in rules], "@order": range(len(rules))}, schema={"rule": pl.String, "@order": pl.UInt32})
    everything = pl.concat([pl.DataFrame(schema=FINDING_SCHEMA), *found])
    ordered = everything.join(order.unique("rule", keep="first"), on="rule", how="left")
    return ordered.sort("record", "@order", nulls_last=True, maintain_order=True).drop("@order")


def _one_pass(rules: Sequence[Rule], frame: pl.DataFrame, reference: str) -> Iterable[pl.DataFrame]:
    for level in dict.fromkeys(r.over for r in rules):
        yield from _run_level([r for r in rules if r.over == level], _at_level(frame, level), reference)


def _at_level(frame: pl.DataFrame, group: str | None) -> pl.DataFrame:
    """The frame itself, or one row an element of the group with its columns named `group.column`."""
    if group is None:
        return frame
    rows = frame.filter(pl.col(group).list.len() > 0).explode(group)
    if not isinstance(rows.schema[group], pl.Struct):
        return rows
    return rows.unnest(group, separator=".")


def _run_level(rules: Sequence[Rule], frame: pl.DataFrame, reference: str) -> Iterable[pl.DataFrame]:
    if frame.is_empty():
        return

    def broken(rule: Rule) -> pl.Expr:
        return (rule.when.expr(pl.col) & ~rule.must.expr(pl.col)).alias(f"@{rule.id}")

    verdicts = frame.lazy().select(broken(r) for r in rules).collect()
    hits = verdicts.select(pl.all().any()).row(0)
    for rule, hit in zip(rules, hits, strict=True):
        if not hit:
            continue
        rows = frame.filter(verdicts[f"@{rule.id}"]) if verdicts.height == frame.height else frame
        shown = rule.shown()
        value = _as_text(rows, shown) if shown in rows.columns else pl.lit(None, dtype=pl.String)
        yield _finding_frame(rule, rows.select(record=RECORD, value=value), frame, reference)


def _as_text(rows: pl.DataFrame, column: str) -> pl.Expr:
    dtype = rows.schema[column]
    if isinstance(dtype, pl.List):
        inner = pl.col(column)
        return inner.list.eval(pl.element().struct.field("id")).list.join("|") if isinstance(dtype.inner, pl.Struct) else inner.list.join("|")
    return pl.col(column).cast(pl.String)


def _finding_frame(rule: AnyRule, broken: pl.DataFrame, table: pl.DataFrame, reference: str) -> pl.DataFrame:
    """Broken (record, value) with the rule's own words and the record's reference, as FINDING_SCHEMA."""
    hits = broken.select(pl.col("record").cast(pl.UInt32), pl.col("value").cast(pl.String))
    if reference in table.columns and hits.height:
        names = table.select(pl.col(RECORD).cast(pl.UInt32).alias("record"), pl.col(reference).alias("reference"))
        hits = hits.join(names.unique("record"), on="record", how="left", maintain_order="left")
    else:
        hits = hits.with_columns(pl.lit(None, dtype=pl.String).alias("reference"))
    shown = rule.shown() if isinstance(rule, Rule) else ""
    return hits.with_columns(
        rule=pl.lit(rule.id),
        severity=pl.lit(rule.severity.value),
        field=pl.lit(",".join(rule.fields)),
        path=pl.lit(shown),
        message=pl.lit(rule.title),
    ).select(FINDING_COLUMNS)


def _not_checked(rule: AnyRule, missing: frozenset[str]) -> pl.DataFrame:
    absent = ", ".join(sorted(missing.intersection(rule.needs)))
    row = {
        "rule": rule.id,
        "severity": Severity.NOT_CHECKED.value,
        "record": None,
        "reference": None,
        "field": ",".join(rule.fields),
        "path": "",
        "value": absent,
        "message": f"Not checked: no {absent} snapshot for this date. Load one with: regreport refdata load",
    }
    return pl.DataFrame([row], schema=FINDING_SCHEMA)
