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

import polars as pl

from regreport import messages
from regreport.engine.check import check
from regreport.engine.rule import DRAFT, FINDING_SCHEMA
from regreport.engine.spool import read_chunks
from regreport.errors import IntegrityError, NotFound
from regreport.model.finding import Severity
from regreport.model.report import ReportFile, Submission
from regreport.passes import DRAFTED_SCHEMA, PLACED_SCHEMA, run_pack
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
            broken[submission.report_id] = faults
        else:
            sound.append((submission, context))
    by_table = _table_findings(regime, sound, store)
    by_report = pl.concat([by_table, _file_findings(regime, sound, by_table, store)])
    parts = {key[0]: part.drop(DRAFT) for key, part in by_report.partition_by(DRAFT, as_dict=True).items()}
    places = {s.report_id: number for number, (s, _) in enumerate(sound)}
    verdicts = []
    for submission, _ in submissions:
        if submission.report_id in broken:
            frames = [_integrity_findings(broken[submission.report_id])]
        else:
            found = parts.get(places[submission.report_id], pl.DataFrame(schema=PLACED_SCHEMA))
            frames = [found, _counts(submission, store)]
        verdicts.append(_verdict(submission, frames))
    return verdicts


def _verdict(submission: Submission, frames: Sequence[pl.DataFrame]) -> Validated:
    findings = pl.concat([pl.DataFrame(schema=PLACED_SCHEMA), *(_placed(f) for f in frames)])
    counted = {s: findings.filter(pl.col("severity") == s.value).height for s in (Severity.ERROR, Severity.WARNING)}
    return Validated(submission, findings, counted[Severity.ERROR], counted[Severity.WARNING])


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


def _file_finding(rule: str, message: str, value: str = "") -> dict[str, object]:
    return {
        "rule": rule,
        "severity": Severity.ERROR.value,
        "record": None,
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
    message = messages.load(regime.message)
    faults = dict(by_table.filter(pl.col("rule").str.starts_with("STR-")).group_by(DRAFT).len().rows())
    found = [pl.DataFrame(schema=DRAFTED_SCHEMA)]
    seen: list[tuple[ReportContext, FileSeen]] = []
    owner: list[int] = []
    for number, (submission, context) in enumerate(sound):
        for file in submission.files:
            head = regime.head(context, file.message_id)
            structural = check(message, None, head=head)
            found.append(_drafted(structural, number))
            found.append(_drafted(pl.DataFrame(list(_limits(file, context)), schema=FINDING_SCHEMA), number))
            wrong = faults.get(number, 0) + structural.height
            opened = partial(store.open, file.digest)
            seen.append((context, FileSeen(file.name, head, file.records, file.size, wrong, opened)))
            owner.append(number)
    by_rules = regime.file_rules(seen)
    owners = pl.DataFrame(
        {"record": range(1, len(owner) + 1), DRAFT: owner}, schema={"record": pl.UInt32, DRAFT: pl.UInt32}
    )
    placed = by_rules.join(owners, on="record", how="inner").with_columns(record=pl.lit(None, dtype=pl.UInt32))
    return pl.concat([*found, _placed(placed).with_columns(placed[DRAFT])])


def _drafted(findings: pl.DataFrame, number: int) -> pl.DataFrame:
    return _placed(findings).with_columns(pl.lit(number, dtype=pl.UInt32).alias(DRAFT))


def _limits(file: ReportFile, context: ReportContext) -> Iterator[dict[str, object]]:
    limit = context.destination.records_max
    if file.records > limit:
        yield _file_finding("VAL-RECORDS", f"{file.name} holds {file.records} records, the destination takes {limit}")


def _counts(submission: Submission, store: Store) -> pl.DataFrame:
    """Findings where ledger, manifest, index, field table and files do not agree on what is sent."""
    manifest = json.loads(store.read(submission.manifest_digest))
    index = pl.scan_parquet(store.local(submission.index_digest))
    in_index = index.select(pl.len()).collect().item()
    in_table = pl.scan_parquet(store.local(submission.fields_digest)).select(pl.len()).collect().item()
    counts = {
        "ledger": submission.records,
        "manifest": manifest["records"],
        "index": in_index,
        "field table": in_table,
        "files": sum(f.records for f in submission.files),
    }
    rows = []
    if len(set(counts.values())) > 1:
        words = ", ".join(f"{name} {count}" for name, count in counts.items())
        rows.append(_file_finding("VAL-COUNT", f"The number of records differs: {words}"))
    listed = {f["name"]: f["sha256"] for f in manifest["files"]}
    if listed != {f.name: f.digest for f in submission.files}:
        rows.append(_file_finding("VAL-MANIFEST", "The manifest names other files or digests than the ledger"))
    return pl.DataFrame(rows, schema=FINDING_SCHEMA)
