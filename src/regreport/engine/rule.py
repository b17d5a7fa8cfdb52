"""A rule: one frozen value that says what may be wrong, where it is written, and how to see it on whole columns.

All rules of a pack run in one lazy plan a level (the records, or one repeating group), so that a hundred rules cost one
pass; only the few broken ones are looked at again to name record and value. The result is a table of findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import polars as pl

from regreport.engine import standards  # noqa: F401 (binds the names that `is_a` uses)
from regreport.engine.checks import ALWAYS, Check
from regreport.engine.verdicts import broken
from regreport.model.finding import FINDING_COLUMNS, Severity

FINDING_SCHEMA: Final = pl.Schema({c: pl.UInt32 if c == "record" else pl.String for c in FINDING_COLUMNS})
RECORD: Final = "@record"
"""Name of the 1-based record number while rules run."""
DRAFT: Final = "@draft"
"""Which report of the pass a record belongs to (absent: there is one); rules across records never compare two."""
HISTORY: Final = "history"
"""What a rule needs that asks whether something was reported before: not a data set, but the ledger's own books."""
ROWS_PER_PASS: Final = 250_000
"""Bounds what one pass holds: a boolean a rule and record, and the exploded groups."""


@dataclass(frozen=True)
class Rule:
    """One rule over records, or over the elements of one repeating group (`over`).

    Broken where `when` holds and `must` does not. `title` is the fault as found, one sentence in our own words without
    its full stop; `remedy` a second one that says what to do, where that is not plain. `fields` are the regulator's
    field numbers. `official` says that `id` is the authority's own code, read in a source; `confidence` says how sure
    the content is. `needs` names reference data without which the rule is not run and reports "not checked";
    `partly_needs` those without which it runs on what is known, takes the missing facts for null and says so. `show` is
    the column whose value the finding quotes (by default the first that `must` looks at).
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
    remedy: str = ""
    partly_needs: tuple[str, ...] = ()

    def in_force(self, on: date, jurisdiction: str = "") -> bool:
        """Whether the rule applies to a report of this date (both ends included) and jurisdiction ('' asks for any)."""
        return _in_force(self, on, jurisdiction)

    def shown(self) -> str:
        """The column that a finding quotes; empty where the rule looks at none."""
        return self.show or next(iter(self.must.columns()), "") or next(iter(self.when.columns()), "")

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the rule looks at, without the columns inside `some`."""
        named = [*self.when.columns(), *self.must.columns(), self.shown()]
        return tuple(dict.fromkeys(n for n in named if n))

    @property
    def message(self) -> str:
        """What a finding says: the fault, and the remedy where there is one."""
        return _sentences(self.title, self.remedy)


@dataclass(frozen=True)
class CrossRule:
    """A rule that compares records with each other or with the history; `find` returns what is broken.

    `find(table)` gets a table of RECORD (1-based), DRAFT and `columns`, with all rows of every report of the pass, and
    returns a frame of (record UInt32, value String); it must work on columns and keep within a DRAFT. Rules that begin
    with the same work name it as `prepare`, which is done once for all of them; `find` then gets its result. `inner`
    names what it looks at inside repeating groups (`buyer.id`); of a group that it does not name, all is kept. The rest
    is as in `Rule`; `show` is the column that findings point at.
    """

    id: str
    title: str
    source: str
    fields: tuple[str, ...]
    find: Callable[[pl.DataFrame], pl.DataFrame]
    columns: tuple[str, ...]
    severity: Severity = Severity.ERROR
    needs: tuple[str, ...] = ()
    official: bool = False
    confidence: str = "verified"
    valid_from: date = date(2018, 1, 3)
    valid_to: date | None = None
    jurisdictions: frozenset[str] = field(default_factory=frozenset)
    show: str = ""
    remedy: str = ""
    partly_needs: tuple[str, ...] = ()
    over: None = None
    prepare: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    inner: tuple[str, ...] = ()

    def in_force(self, on: date, jurisdiction: str = "") -> bool:
        """As of a Rule."""
        return _in_force(self, on, jurisdiction)

    def shown(self) -> str:
        """The column that a finding points at."""
        return self.show or self.columns[0]

    @property
    def message(self) -> str:
        """What a finding says: the fault, and the remedy where there is one."""
        return _sentences(self.title, self.remedy)


AnyRule = Rule | CrossRule


def _in_force(rule: AnyRule, on: date, jurisdiction: str) -> bool:
    begun = rule.valid_from <= on and (rule.valid_to is None or on <= rule.valid_to)
    return begun and (not jurisdiction or not rule.jurisdictions or jurisdiction in rule.jurisdictions)


def _sentences(title: str, remedy: str) -> str:
    return f"{title}. {remedy}" if remedy else title


def run_rules(
    rules: Sequence[AnyRule],
    table: pl.DataFrame,
    *,
    reference: str,
    missing: frozenset[str] = frozenset(),
) -> pl.DataFrame:
    """Findings of all rules over a field table, as FINDING_SCHEMA, by record and then in the order of `rules`.

    `table`: the complete field table (every column of the regime's layer, absent values null) with its `@` facts.
    `reference` names the column that findings quote as the record's own reference. `missing` are reference data sets
    that are not loaded: a rule that needs one yields one NOT_CHECKED finding for the whole file and is not run; so does
    a referential rule whose fact nobody supplied (its column is not in the table). Raises polars' ColumnNotFoundError
    where any other rule names a column that the table does not have.
    """
    numbered = table.with_row_index(RECORD, offset=1).cast({RECORD: pl.UInt32})
    if DRAFT not in numbered.columns:
        numbered = numbered.with_columns(pl.lit(0, dtype=pl.UInt32).alias(DRAFT))
    schema = table.schema
    unknown = {r.id: _unknown(r, missing, schema) for r in rules}
    found = [_not_checked(r, unknown[r.id]) for r in rules if unknown[r.id]]
    able = [r for r in rules if not unknown[r.id] or not r.needs or {*unknown[r.id]} <= {*r.partly_needs}]
    record_rules = [r for r in able if isinstance(r, Rule)]
    for start in range(0, max(numbered.height, 1), ROWS_PER_PASS):
        found += _one_pass(record_rules, numbered.slice(start, ROWS_PER_PASS), reference)
    found += _across([r for r in able if isinstance(r, CrossRule)], numbered, reference)
    return _in_order(found, rules)


def _in_order(found: Sequence[pl.DataFrame], rules: Sequence[AnyRule]) -> pl.DataFrame:
    place = pl.DataFrame(
        {"rule": [r.id for r in rules], "@place": range(len(rules))}, schema={"rule": pl.String, "@place": pl.UInt32}
    )
    everything = pl.concat([pl.DataFrame(schema=FINDING_SCHEMA), *found])
    placed = everything.join(place.unique("rule", keep="first"), on="rule", how="left", maintain_order="left")
    return placed.sort("record", "@place", nulls_last=True, maintain_order=True).drop("@place")


def _unknown(rule: AnyRule, missing: frozenset[str], schema: pl.Schema) -> tuple[str, ...]:
    """What a referential rule would need and does not have: data sets, and facts that are no columns of the table."""
    wanted = {*rule.needs, *rule.partly_needs}
    if not wanted:
        return ()
    sets = sorted(missing & wanted)
    return tuple(sets) or tuple(c for c in rule.columns if not _there(c, schema))


def _there(column: str, schema: pl.Schema) -> bool:
    if column in schema:
        return True
    group, _, inner = column.partition(".")
    dtype = schema.get(group)
    return isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct) and inner in dtype.inner.to_schema()


def _one_pass(rules: Sequence[Rule], frame: pl.DataFrame, reference: str) -> Iterator[pl.DataFrame]:
    for level in dict.fromkeys(r.over for r in rules):
        mine = [r for r in rules if r.over == level]
        yield from _run_level(mine, _at_level(frame, level, mine, reference))


def _at_level(frame: pl.DataFrame, group: str | None, rules: Sequence[Rule], reference: str) -> pl.DataFrame:
    """What the rules look at: the records, or one row an element of the group with its columns named `group.column`.

    A fact that nobody supplied (only rules with `partly_needs` come here then) is null.
    """
    schema = frame.schema
    named = dict.fromkeys(c for r in rules for c in r.columns)
    optional = {c for r in rules if r.partly_needs for c in r.columns if not _there(c, schema)}
    plain = [c for c in named if c not in optional and (group is None or c.partition(".")[0] != group)]
    own = frame[reference] if reference in frame.columns else pl.Series(values=[None] * frame.height, dtype=pl.String)
    rows = frame.select(
        pl.col(RECORD), own.alias("@reference"), *(pl.col(c) for c in [*plain, *([group] if group else [])])
    )
    if group is not None:
        rows = rows.filter(pl.col(group).list.len() > 0).explode(group)
        if isinstance(rows.schema[group], pl.Struct):
            rows = rows.unnest(group, separator=".")
    return rows.with_columns(pl.lit(None, dtype=pl.String).alias(c) for c in sorted(optional) if c not in rows.columns)


def _run_level(rules: Sequence[Rule], frame: pl.DataFrame) -> Iterable[pl.DataFrame]:
    if frame.is_empty():
        return
    for rule, rows in zip(rules, broken([(r.when, r.must) for r in rules], frame), strict=True):
        if rows is not None and rows.any():
            shown = (
                _as_text(frame.schema[rule.shown()], rule.shown()) if rule.shown() else pl.lit(None, dtype=pl.String)
            )
            hit = frame.filter(rows).select(RECORD, "@reference", shown.alias("@value"))
            yield _findings(rule, hit[RECORD], hit["@reference"], hit["@value"])


def _as_text(dtype: pl.DataType, column: str) -> pl.Expr:
    if isinstance(dtype, pl.List):
        values = pl.col(column)
        if isinstance(dtype.inner, pl.Struct):
            values = values.list.eval(pl.element().struct.field("id"))
        joined = values.list.join("|", ignore_nulls=True)
        return pl.when(joined != "").then(joined)
    return pl.col(column).cast(pl.String)


def _across(rules: Sequence[CrossRule], numbered: pl.DataFrame, reference: str) -> Iterator[pl.DataFrame]:
    prepared: dict[object, pl.DataFrame] = {}
    for rule in rules:
        table = prepared.get((rule.prepare, rule.columns))
        if table is None:
            table = _narrow(rule, numbered)
            if rule.prepare is not None:
                table = prepared[rule.prepare, rule.columns] = rule.prepare(table)
        broken = rule.find(table).select(pl.col("record").cast(pl.UInt32), pl.col("value").cast(pl.String))
        yield _of_records(rule, broken.sort("record"), numbered, reference)


def _narrow(rule: CrossRule, numbered: pl.DataFrame) -> pl.DataFrame:
    """The columns that the rule looks at; a fact that nobody supplied is null."""
    absent = [c for c in rule.columns if c not in numbered.columns] if rule.partly_needs else []
    whole = numbered.with_columns(pl.lit(None, dtype=pl.String).alias(c) for c in absent)
    return whole.select(list(dict.fromkeys((RECORD, DRAFT, *rule.columns))))


def _of_records(rule: CrossRule, broken: pl.DataFrame, numbered: pl.DataFrame, reference: str) -> pl.DataFrame:
    if reference in numbered.columns:
        own = numbered[reference].gather(broken["record"] - 1)
    else:
        own = pl.Series(values=[None] * broken.height, dtype=pl.String)
    return _findings(rule, broken["record"], own, broken["value"])


def _findings(rule: AnyRule, record: pl.Series, reference: pl.Series, value: pl.Series) -> pl.DataFrame:
    """Broken records with the rule's own words, as FINDING_SCHEMA."""
    return pl.DataFrame([record.alias("record"), reference.alias("reference"), value.alias("value")]).with_columns(
        rule=pl.lit(rule.id),
        severity=pl.lit(rule.severity.value),
        field=pl.lit(",".join(rule.fields)),
        path=pl.lit(rule.shown()),
        message=pl.lit(rule.message),
    ).select(FINDING_COLUMNS)  # fmt: skip


def _not_checked(rule: AnyRule, unknown: Sequence[str]) -> pl.DataFrame:
    absent = ", ".join(unknown)
    extent = "Not checked" if rule.needs else "Checked only in part"
    if HISTORY in unknown:
        why = "what was reported before is not known here"
    elif all(u in (*rule.needs, *rule.partly_needs) for u in unknown):
        why = f"no {absent} snapshot for this date. Load one with: regreport refdata load"
    else:
        why = f"nothing supplied the fact {absent}"
    row = {
        "rule": rule.id,
        "severity": Severity.NOT_CHECKED.value,
        "record": None,
        "reference": None,
        "field": ",".join(rule.fields),
        "path": "",
        "value": absent,
        "message": f"{extent}: {why}",
    }
    return pl.DataFrame([row], schema=FINDING_SCHEMA)
