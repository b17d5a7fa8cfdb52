"""validate: a second, independent gate on what was stored, before anything leaves the house.

It starts from the ledger's digests, not from generate's memory: every object is hashed again; the same rules run again
over the kept field table (no error is expected: what was in error was held); the structure of every record and header
is checked; then the file as a whole, records against each other, and the counts and totals of the manifest. One error
anywhere stops the report.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from regreport import messages
from regreport.engine.check import check_heads
from regreport.engine.rule import DRAFT, FINDING_SCHEMA
from regreport.engine.spool import PATH, read_chunks, rows_of, scan_many
from regreport.errors import IntegrityError, NotFound
from regreport.model.finding import Severity
from regreport.model.report import Submission
from regreport.passes import DRAFTED_SCHEMA, PLACED_SCHEMA, control_totals, run_pack
from regreport.ports import Store
from regreport.regime import FileSeen, Regime, ReportContext


@dataclass(frozen=True)
class Validated:
    """The verdict on one submission: `findings` (PLACED_SCHEMA), errors and warnings counted."""

    submission: Submission
    findings: pl.DataFrame
    errors: int
    warnings: int


def validate(regime: Regime, submissions: Sequence[tuple[Submission, ReportContext]], store: Store) -> list[Validated]:
    """Judge submissions that share jurisdiction, report date and reference data."""
    sound, broken = [], {}
    for submission, context in submissions:
        if faults := list(_integrity(submission, store)):
            broken[submission.report_id] = _placed(_integrity_findings(faults))
        else:
            sound.append((submission, context))
    by_table = _table_findings(regime, sound, store)
    found = pl.concat([by_table, _file_findings(regime, sound, by_table, store), _count_findings(regime, sound, store)])
    by_report = found.partition_by(DRAFT, as_dict=True, include_key=False, maintain_order=True)
    places = {s.report_id: number for number, (s, _) in enumerate(sound)}
    nothing = pl.DataFrame(schema=PLACED_SCHEMA)
    return [
        _verdict(s, broken[s.report_id] if s.report_id in broken else by_report.get((places[s.report_id],), nothing))
        for s, _ in submissions
    ]


def _verdict(submission: Submission, findings: pl.DataFrame) -> Validated:
    severity = findings["severity"]
    errors, warnings = (int((severity == s.value).sum()) for s in (Severity.ERROR, Severity.WARNING))
    return Validated(submission, findings, errors, warnings)


def _placed(findings: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, dtype=t).alias(c) for c, t in PLACED_SCHEMA.items() if c not in findings.columns]
    return findings.with_columns(missing).select(list(PLACED_SCHEMA)).cast(PLACED_SCHEMA)


def _integrity(submission: Submission, store: Store) -> Iterator[str]:
    """Every stored object of the submission that is missing or is not what its name says."""
    digests = [f.digest for f in submission.files]
    digests += [submission.fields_digest, submission.index_digest, submission.manifest_digest]
    for digest in digests:
        try:
            store.verify(digest)
        except (IntegrityError, NotFound) as error:
            yield str(error)


def _integrity_findings(faults: Sequence[str]) -> pl.DataFrame:
    rows = [_file_finding("VAL-INTEGRITY", fault) for fault in faults]
    return pl.DataFrame(rows, schema=FINDING_SCHEMA)


def _file_finding(rule: str, message: str, value: str = "", record: int | None = None) -> dict[str, object]:
    return {
        "rule": rule,
        "severity": Severity.ERROR.value,
        "record": record,
        "reference": None,
        "field": "file",
        "path": "",
        "value": value,
        "message": message,
    }


def _table_findings(regime: Regime, sound: Sequence[tuple[Submission, ReportContext]], store: Store) -> pl.DataFrame:
    """Findings of the rules and of the structural check over the kept field tables, with DRAFT."""
    return run_pack(regime, lambda: [(c, read_chunks(store.local(s.fields_digest))) for s, c in sound], structure=True)


def _file_findings(
    regime: Regime, sound: Sequence[tuple[Submission, ReportContext]], by_table: pl.DataFrame, store: Store
) -> pl.DataFrame:
    """Findings about each file as a whole, with DRAFT: its header's structure, its name, bytes, size and records."""
    files = [(number, context, f) for number, (s, context) in enumerate(sound) for f in s.files]
    if not files:
        return pl.DataFrame(schema=DRAFTED_SCHEMA)
    heads = [regime.head(context, f.message_id) for _, context, f in files]
    structural = check_heads(messages.load(regime.message), pl.concat(heads, how="diagonal"))
    wrong_heads = dict(structural.group_by("record").len().rows())
    wrong = dict(by_table.filter(pl.col("rule").str.starts_with("STR-")).group_by(DRAFT).len().rows())
    seen = []
    for place, ((number, context, f), head) in enumerate(zip(files, heads, strict=True), start=1):
        faults = wrong.get(number, 0) + wrong_heads.get(place, 0)
        seen.append((context, FileSeen(f.name, head, f.records, f.size, faults, partial(store.open, f.digest))))
    by_rules = regime.file_rules(seen)
    limits = [
        _file_finding("VAL-RECORDS", f"{f.name} holds {f.records} records, the destination takes {limit}", record=place)
        for place, (_, context, f) in enumerate(files, start=1)
        if f.records > (limit := context.destination.records_max)
    ]
    every = pl.concat([structural, pl.DataFrame(limits, schema=FINDING_SCHEMA), by_rules.select(list(FINDING_SCHEMA))])
    return _of_reports(every, [number for number, _, _ in files])


def _of_reports(findings: pl.DataFrame, numbers: Sequence[int]) -> pl.DataFrame:
    """Findings whose `record` (from 1) is a place in `numbers`, as findings about the whole of those reports."""
    places = range(1, len(numbers) + 1)
    owners = pl.DataFrame({"record": places, DRAFT: numbers}, schema={"record": pl.UInt32, DRAFT: pl.UInt32})
    owned = findings.join(owners, on="record", how="inner", maintain_order="left")
    about = owned.with_columns(record=pl.lit(None, dtype=pl.UInt32))
    return _placed(about).with_columns(owned[DRAFT])


def _count_findings(regime: Regime, sound: Sequence[tuple[Submission, ReportContext]], store: Store) -> pl.DataFrame:
    """Findings where ledger, manifest, index, field table and files do not agree on what is sent, with DRAFT."""
    in_index = rows_of([store.local(s.index_digest) for s, _ in sound], "position", pl.UInt32())
    tables = [store.local(s.fields_digest) for s, _ in sound]
    in_table = rows_of(tables, regime.reference, pl.String())
    totals = _totals(regime, tables)
    rows = []
    for place, (submission, _) in enumerate(sound, start=1):
        manifest = json.loads(store.read(submission.manifest_digest))
        counts = {
            "ledger": submission.records,
            "manifest": manifest["records"],
            "index": in_index[store.local(submission.index_digest)],
            "field table": in_table[store.local(submission.fields_digest)],
            "files": sum(f.records for f in submission.files),
        }
        if len(set(counts.values())) > 1:
            words = ", ".join(f"{name} {count}" for name, count in counts.items())
            rows.append(_file_finding("VAL-COUNT", f"The number of records differs: {words}", record=place))
        of_table = totals.get(str(tables[place - 1]), {})
        if manifest["control_totals"] != of_table:
            words = f"The control totals differ: manifest {manifest['control_totals']}, field table {of_table}"
            rows.append(_file_finding("VAL-TOTALS", words, record=place))
        listed = {f["name"]: f["sha256"] for f in manifest["files"]}
        if listed != {f.name: f.digest for f in submission.files}:
            words = "The manifest names other files or digests than the ledger"
            rows.append(_file_finding("VAL-MANIFEST", words, record=place))
    return _of_reports(pl.DataFrame(rows, schema=FINDING_SCHEMA), range(len(sound)))


def _totals(regime: Regime, tables: Sequence[Path]) -> dict[str, dict[str, dict[str, str]]]:
    """The control totals of each stored field table, by its path."""
    if not tables:
        return {}
    columns = {column: pl.String() for pair in regime.totals for column in pair}
    return control_totals(regime, lambda: [scan_many(tables, columns)], pl.col(PATH))
