"""Runs cases that are kept as data: a situation in source columns, and what must become of it.

A case is a table in a TOML file: source rows, who the entity is, what the reference data holds; and the decisions, the
field values, the findings, or the answer's outcomes that must follow. A shared `bases.toml` holds rows and reference
data that many cases start from, so that a case shows only what it is about. Tests run every case; so may an outside
regime with its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import polars as pl

from regreport import eligibility
from regreport.confirm import quarantine_reason, settle
from regreport.engine.decision import Decision
from regreport.engine.rule import run_rules
from regreport.model.finding import Severity
from regreport.model.obligation import Cell
from regreport.model.report import ReportFile, Status, Submission
from regreport.regime import DestinationFacts, EntityFacts, Regime, ReportContext
from regreport.sources.columns import landed_schema, load_columns
from regreport.sources.land import land
from regreport.sources.mapping import load_mapping
from regreport.sources.read import read_source
from regreport.sources.reference import DATASETS

BASES: Final = "bases.toml"
LOADED_AT: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""Later than any trade of a case; a load refuses what lies in the future."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Bases:
    """What cases share: names for LEIs, rows to start from, reference data by data set."""

    names: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Row] = field(default_factory=dict)
    reference: Mapping[str, Sequence[Row]] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One case as written, names of parties already put in. `ids` are the situations that it reproduces."""

    ids: tuple[str, ...]
    title: str
    source: str
    given: Mapping[str, Any]
    expect: Mapping[str, Any]


def read_cases(folder: Path) -> tuple[Bases, tuple[Case, ...]]:
    """The bases and all cases of a folder, in order of file name and place."""
    shared = tomllib.loads((folder / BASES).read_text(encoding="utf-8"))
    bases = Bases(shared.get("lei", {}), shared.get("base", {}), shared.get("reference", {}))
    cases = []
    for path in sorted(folder.glob("*.toml")):
        if path.name != BASES:
            whole = tomllib.loads(path.read_text(encoding="utf-8"))
            cases += [_case(_named(raw, bases.names), whole.get("source", "")) for raw in whole["case"]]
    return Bases(bases.names, _named(bases.rows, bases.names), _named(bases.reference, bases.names)), tuple(cases)


def _case(raw: Mapping[str, Any], source: str) -> Case:
    kept = ("ids", "title", "source", "expect")
    given = {k: v for k, v in raw.items() if k not in kept}
    return Case(tuple(raw["ids"]), raw["title"], f"{source} {raw.get('source', '')}".strip(), given, raw["expect"])


def _named(value: Any, names: Mapping[str, str]) -> Any:
    """The value with `{A}` replaced by the LEI of that name."""
    if isinstance(value, str):
        for name, lei in names.items():
            value = value.replace("{" + name + "}", lei)
        return value
    if isinstance(value, list):
        return [_named(v, names) for v in value]
    return {k: _named(v, names) for k, v in value.items()} if isinstance(value, dict) else value


def run_case(case: Case, regime: Regime, bases: Bases) -> list[str]:
    """What differs from what the case expects, in words; empty where all of it holds."""
    if "answer" in case.given:
        return list(_answer_differences(case, regime))
    rows = _source_rows(case, regime, bases)
    context = _context(case, regime, bases, rows)
    facts = regime.facts(rows, context)
    decided = eligibility.decide(facts, regime.decisions, context)
    told = list(_decision_differences(case, decided))
    mapped = regime.to_fields(facts.filter(decided["decision"] == Decision.REPORTABLE.value), context)
    told += [f"mapping: {m}" for m in mapped.faults["message"] if "faults" not in case.expect]
    told += _field_differences(case, mapped.fields)
    return told + list(_finding_differences(case, regime, mapped.fields, context))


def _source_rows(case: Case, regime: Regime, bases: Bases) -> pl.DataFrame:
    columns = load_columns(regime.source_kind)
    if "csv" in case.given:
        return _loaded(case, regime)
    rows = []
    for number, own in enumerate(case.given["rows"], start=1):
        row = {**bases.rows.get(case.given.get("base", ""), {}), **case.given.get("common", {}), **own}
        unknown = [c for c in row if c not in columns]
        if unknown:
            raise KeyError(f"case {' '.join(case.ids)}: {unknown[0]} is no source column")
        row = {k: (v.split("|") if columns[k].many and isinstance(v, str) else v) for k, v in row.items() if v != ""}
        rows.append({"entity": case.given["entity"]["lei"], "batch_id": "case", "source_line": number, **row})
    return pl.DataFrame(rows, schema={"batch_id": pl.String(), **landed_schema(columns)}).with_columns(
        pl.coalesce("transaction_id", pl.format("T{}", "source_line")).alias("transaction_id")
    )


def _loaded(case: Case, regime: Regime) -> pl.DataFrame:
    """Rows of a text file of the firm's own, landed through its mapping."""
    with TemporaryDirectory() as folder:
        text, mapping = Path(folder, "own.csv"), Path(folder, "own.toml")
        text.write_text(case.given["csv"], encoding="utf-8")
        mapping.write_text(case.given["mapping"], encoding="utf-8")
        read = load_mapping(mapping)
        entities = [case.given["entity"]["lei"]]
        landed = land(read_source(text, read.layout), read, entities=entities, loaded_at=LOADED_AT)
        return pl.concat(b.scan("case").collect() for b in landed.batches)


def _context(case: Case, regime: Regime, bases: Bases, rows: pl.DataFrame) -> ReportContext:
    who, jurisdiction = case.given["entity"], case.given.get("jurisdiction", "EU")
    day = date.fromisoformat(str(case.given.get("report_date") or rows["timestamp"].str.head(10).max()))
    facts = {k: v for k, v in who.items() if k not in ("lei", "country")}
    return ReportContext(
        cell=Cell(jurisdiction, regime.cells[0][1], regime.id),
        entity=EntityFacts(who["lei"], "Case", who["country"], facts),
        destination=DestinationFacts("authority", "US", "THEM", "{sequence}"),
        report_date=day,
        created_at=datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1, hours=6),
        reference_data=_reference_data(case, regime, bases),
        settings=case.given.get("settings", {}),
    )


def _reference_data(case: Case, regime: Regime, bases: Bases) -> dict[str, pl.DataFrame]:
    """The shared reference data with the case's own lines before it; `without` names data sets that are not loaded."""
    return {
        name: _snapshot(name, [*case.given.get(name, []), *bases.reference.get(name, [])])
        for name in regime.datasets
        if name not in case.given.get("without", [])
    }


def _snapshot(name: str, lines: Sequence[Row]) -> pl.DataFrame:
    dataset = DATASETS[name]
    types = {c: pl.List(pl.String()) if c in dataset.lists else pl.String() for c in dataset.columns}
    rows = [{k: v.split("|") if k in dataset.lists else v for k, v in line.items()} for line in lines]
    return pl.DataFrame(rows, schema=types)


def _decision_differences(case: Case, decided: pl.DataFrame) -> Iterator[str]:
    expected = case.expect.get("decisions", [Decision.REPORTABLE.value] * decided.height)
    for number, (words, row) in enumerate(zip(expected, decided.iter_rows(named=True), strict=True), start=1):
        decision, _, rule = words.partition(" ")
        if row["decision"] != decision or (rule and row["rule"] != rule):
            yield f"row {number}: expected {words}, got {row['decision']} {row['rule']}: {row['reason']}"


def _field_differences(case: Case, fields: pl.DataFrame) -> Iterator[str]:
    for number, expected in enumerate(case.expect.get("fields", [])):
        if number >= fields.height:
            yield f"report {number + 1} is missing"
            continue
        row = fields.row(number, named=True)
        for column, value in expected.items():
            got = _shown(row, column)
            if got != value:
                yield f"report {number + 1}: {column} should be {value!r} and is {got!r}"


def _shown(row: Row, column: str) -> str:
    group, _, inner = column.partition(".")
    value = row[group]
    if isinstance(value, list):
        return "|".join((member[inner] if inner else member) or "" for member in value)
    return value or ""


def _finding_differences(case: Case, regime: Regime, fields: pl.DataFrame, context: ReportContext) -> Iterator[str]:
    """Expected findings that are missing, and errors that are not expected."""
    table = regime.enrich(fields, context)
    rules = [r for r in regime.rules if r.in_force(context.report_date, context.cell.jurisdiction)]
    found = run_rules(rules, table, reference=regime.reference, missing=context.missing(*regime.datasets))
    expected = case.expect.get("findings", [])
    yield from (f"finding {rule} is missing" for rule in expected if rule not in found["rule"])
    yield from (f"finding {rule} is there" for rule in case.expect.get("no_findings", []) if rule in found["rule"])
    allowed = [*expected, *case.given.get("tolerate", [])]
    errors = found.filter(pl.col("severity") == Severity.ERROR.value, ~pl.col("rule").is_in(allowed))
    for row in errors.iter_rows(named=True):
        yield f"report {row['record']}: {row['rule']} {row['message']} ({row['value']})"


def _answer_differences(case: Case, regime: Regime) -> Iterator[str]:
    """An authority's answer to a file of ours: its status and counts, and what becomes of each record of the file."""
    given, expected = case.given, case.expect
    answer = regime.read_feedback(BytesIO(given["answer"].encode()), "answer.xml")[0]
    submission = _sent(given["file"], len(given["records"]))
    records = given["records"]
    index = pl.DataFrame({"position": range(1, len(records) + 1), "record_id": records})
    index = index.with_columns(file=pl.lit(1), action=pl.lit("NEW"))
    index = index.cast({"position": pl.UInt32, "file": pl.UInt32})
    outcomes = settle(submission, [answer], index).outcomes.sort("position")
    got = {
        "quarantine": quarantine_reason(answer, submission),
        "status": answer.status.value,
        "total": answer.records_total,
        "counts": {k.value: n for k, n in answer.counts.items()},
        "outcomes": [f"{outcome} {rule or ''}".strip() for outcome, rule in outcomes.select("outcome", "rule").rows()],
    }
    for name, value in {"quarantine": "", **expected}.items():
        if got[name] != value:
            yield f"{name} should be {value!r} and is {got[name]!r}"


def _sent(file: str, records: int) -> Submission:
    """A submission of one file that was delivered."""
    return Submission(
        report_id="R-1",
        obligation_id="R",
        number=1,
        jurisdiction="EU",
        report_type="TRANSACTION",
        regime="",
        report_date=LOADED_AT.date(),
        entity="",
        destination="",
        status=Status.DELIVERED,
        created_at=LOADED_AT,
        files=(ReportFile(1, f"{file}.xml", file, "", 0, records, 1),),
    )
