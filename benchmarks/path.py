"""The whole way of a report, with the product's own functions: rules, structure, auth.016, SHA-256, store, ledger.

A report starts as a Parquet file of its field table. Ours makes drafts of those files and hands them to the pipeline's
generate and validate, with the store in a folder and the ledger in SQLite, as a workspace has them. The yardstick is
`benchmarks.yardstick.report`, which has the same two steps: rules, structure, file, digest and row in the database,
then a second gate that reads what was stored and judges it again. What the first step costs alone is printed beside the
whole. `path_small` is many reports of 500 records, `path_large` one of 500,000.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final

import polars as pl
from lxml import etree

from benchmarks import faults, material
from benchmarks.measure import Work, cpu_seconds
from benchmarks.rules import in_force
from benchmarks.yardstick.facts import Facts
from benchmarks.yardstick.report import Head, Program
from benchmarks.yardstick.transaction import NAMESPACE
from regreport import generate as generating
from regreport.adapters.keyring import LocalKeyRing
from regreport.adapters.local import LocalStore
from regreport.adapters.opened import Opened
from regreport.adapters.private import memory_root
from regreport.adapters.sealed import Sealing
from regreport.adapters.sql import open_ledger
from regreport.engine.rule import CrossRule
from regreport.engine.spool import Spool, parquet_bytes, read_chunks
from regreport.model.batch import SourceBatch
from regreport.model.ledger import ObligationState
from regreport.model.obligation import Obligation, obligation_id
from regreport.model.report import Submission
from regreport.passes import PLACED_SCHEMA
from regreport.pipeline import generating as pipeline_generating
from regreport.pipeline import run_step
from regreport.pipeline.home import Home
from regreport.settings import Destination, Entity, Settings
from regreport.testing import FixedClock, MemoryChannel

EACH: Final = 500
SMALL: Final = 2_000
"""Reports of path_small; the yardstick makes the first tenth of them."""
LARGE: Final = 500_000
"""Records of path_large; the yardstick makes a report of the first tenth of them."""
SCALE: Final = 10
"""How many times more records ours has than the yardstick."""


def prepare(folder: Path, small: int = SMALL, large: int = LARGE) -> Work:
    """Write the field tables of all reports, and the reference data."""

    def work() -> dict[str, Any]:
        for kind in ("small", "large"):
            shutil.rmtree(folder / kind, ignore_errors=True)
            (folder / kind).mkdir(parents=True)
        number = 0
        for part in map(faults.in_fields, material.field_tables(small * EACH)):
            for table in part.iter_slices(EACH):
                table.write_parquet(folder / "small" / f"{number:05d}.parquet")
                number += 1
        large_parts = [faults.in_fields(part).lazy() for part in material.field_tables(large)]
        pl.concat(large_parts).sink_parquet(folder / "large" / "00000.parquet", row_group_size=material.PART)
        large_parts[0].head(large // SCALE).sink_parquet(folder / "large" / "tenth.parquet")
        return {}

    return work


def ours(folder: Path, kind: str, *, sealed: bool = False) -> Work:
    """The pipeline's generate and validate over every field table of a kind; `sealed`: the store is encrypted."""
    tables = sorted((folder / kind).glob("0*.parquet"))
    owed = [obligation(number) for number in range(len(tables))]
    home = _home(folder / f"ours-{kind}", owed, tables, sealed=sealed)
    pipeline_generating._Day = _FromFieldTables  # type: ignore[misc]
    _FromFieldTables.tables = {o.obligation_id: table for o, table in zip(owed, tables, strict=True)}

    def work() -> dict[str, Any]:
        begun = cpu_seconds()
        states = home.ledger.plan(owed, home.actor)
        run_step(home, "generate", states)
        generated = cpu_seconds()
        moved = run_step(home, "validate", states).moved
        told = {"reports": len(moved), "generate_s": generated - begun, "validate_s": cpu_seconds() - generated}
        if sealed:  # what the plain side gives is compared with the yardstick
            home.store.close()
            return told
        return told | {"submissions": [_outcome(home, s) for s in home.ledger.submissions(report_id=list(moved))]}

    return work


def sealed(folder: Path, kind: str) -> Work:
    """The same with the store encrypted, as a workspace has it."""
    return ours(folder, kind, sealed=True)


def _outcome(home: Home, submission: Submission) -> dict[str, str]:
    """What a comparison needs to find: the paths of a submission's objects."""
    digests = {"file": submission.files[0].digest, "validation": submission.findings_digest}
    digests["generated"] = json.loads(home.store.read(submission.manifest_digest))["findings"]
    paths = {name: str(home.store.local(digest)) for name, digest in digests.items()}
    return paths | {"name": submission.files[0].name, "status": submission.status.value}


def theirs(folder: Path, kind: str) -> Work:
    """The row-by-row program over the first tenth of the reports, or a report of the first tenth of the records."""
    tables = sorted((folder / kind).glob("0*.parquet"))
    tables = tables[: len(tables) // SCALE] if kind == "small" else [folder / kind / "tenth.parquet"]
    out = folder / f"theirs-{kind}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    context = material.context()
    created_at = f"{material.CREATED_AT:%Y-%m-%dT%H:%M:%SZ}"
    of_report = {
        "@report.date": material.REPORT_DATE.isoformat(),
        "@report.created_at": created_at,
        "@history.active": "false",
    }
    facts = Facts(context.reference_data, material.CELL.jurisdiction, of_report)
    head = Head(material.DESTINATION.sender, material.DESTINATION.recipient, created_at)
    program = Program(out, in_force(), facts, head)

    def work() -> dict[str, Any]:
        begun = cpu_seconds()
        names = [material.regime().file_name(context, number, number - 1)[0] for number in range(1, len(tables) + 1)]
        for table, name in zip(tables, names, strict=True):
            program.generate(table, name)
        generated = cpu_seconds()
        for name in names:
            program.validate(name)
        told = {"reports": len(names), "generate_s": generated - begun, "validate_s": cpu_seconds() - generated}
        return told | {"files": [str(out / name) for name in names]}

    return work


class _FromFieldTables(pipeline_generating._Day):
    """A day whose drafts come from field tables instead of source records: all that follows is the product's own."""

    tables: ClassVar[dict[str, Path]] = {}
    """Obligation -> its field table."""

    def _draft(self, state: ObligationState) -> generating.Draft:
        lei, table = state.obligation.entity, self.tables[state.obligation.obligation_id]
        self._next[state.obligation.obligation_id] = 1
        candidates = Spool(self._scratch, f"send-{lei}")
        accounts: list[pl.DataFrame] = []
        for chunk in read_chunks(table):
            line = candidates.rows
            lines = pl.int_range(line + 1, line + chunk.height + 1, dtype=pl.UInt32, eager=True)
            origin = {"@batch_id": pl.lit(f"B-{lei}"), "@source_line": lines, "@action": pl.lit("NEW")}
            candidates.append(chunk.with_columns(**origin))
            accounts.append(_accounts(chunk, lines, f"B-{lei}"))
        whole = accounts[0] if len(accounts) == 1 else pl.concat(accounts)
        return generating.Draft(material.context(lei), whole, candidates, pl.DataFrame(schema=PLACED_SCHEMA))


def _accounts(chunk: pl.DataFrame, lines: pl.Series, batch: str) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.String)
    return chunk.select(
        batch_id=pl.lit(batch),
        source_line=lines,
        transaction_id="transaction_reference",
        category=pl.lit("REPORTABLE"),
        rule=nothing,
        reason=nothing,
        missing=nothing,
        reference="transaction_reference",
    )


def lei(number: int) -> str:
    """The code of one of the benchmark's entities (no check digits: the configuration does not judge them)."""
    return f"BENCH{number:013d}00"


def obligation(number: int) -> Obligation:
    """What an entity owes."""
    entity = lei(number)
    key = obligation_id(material.CELL, material.REPORT_DATE, entity)
    due = material.CREATED_AT + timedelta(hours=12)
    return Obligation(key, material.CELL, entity, material.REPORT_DATE, material.DESTINATION.name, due)


def _home(folder: Path, owed: Sequence[Obligation], tables: Sequence[Path], *, sealed: bool) -> Home:
    """A workspace: settings, a store in a folder, a ledger in SQLite with reference data and a batch an obligation."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "scratch").mkdir(parents=True)
    facts = material.DESTINATION
    destination = Destination(
        name=facts.name, sender=facts.sender, recipient=facts.recipient, file_name=facts.file_name,
        zone="Europe/Berlin", calendar="ECB",
    )  # fmt: skip
    entities = tuple(Entity(name=f"Bench {o.entity}", lei=o.entity, country="DE") for o in owed)
    clock = FixedClock(material.CREATED_AT)
    sealing = Sealing(LocalKeyRing(folder / "keys", clock.now), Opened(folder / "scratch", memory_root()))
    home = Home(
        settings=Settings(entities=entities, destinations=(destination,)),
        store=LocalStore(folder / "store", sealing if sealed else None),
        ledger=open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}", clock),
        clock=clock,
        channel=lambda _: MemoryChannel(),
        actor="bench",
        scratch=folder / "scratch",
    )
    for name, frame in material.reference_data().items():
        digest = home.store.put(parquet_bytes(frame), f"reference/{name}.parquet", date(2040, 1, 1))
        home.ledger.add_snapshot(name, material.REPORT_DATE, digest, frame.height, home.actor)
    home.ledger.add_batches([_batch(o, table) for o, table in zip(owed, tables, strict=True)], home.actor)
    return home


def _batch(owed: Obligation, table: Path) -> SourceBatch:
    digest = sha256(table.read_bytes()).hexdigest()
    rows = pl.scan_parquet(table).select(pl.len()).collect().item()
    return SourceBatch(
        batch_id=f"B-{owed.entity}",
        number=1,
        kind="transaction",
        entity=owed.entity,
        business_date=owed.report_date,
        rows=rows,
        digest=digest,
        file_name=table.name,
        file_digest=digest,
        mapping_digest=digest,
        loaded_at=material.CREATED_AT,
        loaded_by="bench",
    )


def compare(kind: str, ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """The yardstick's reports and findings are ours. Raises AssertionError; gives what was seen.

    Of path_large the yardstick has made a tenth: its records must be our first ones, with the same findings of the
    rules over records; rules across records see another report there, so theirs are compared in path_small.
    """
    by_name = {s["name"]: s for s in ours["submissions"]}
    assert {s["status"] for s in ours["submissions"]} == {"VALIDATED"}, f"path_{kind}: not every report was validated"
    across = {r.id for r in in_force() if isinstance(r, CrossRule)} if kind == "large" else set()
    records, findings = 0, 0
    for file in map(Path, theirs["files"]):
        mine = by_name[file.name]
        records += _same_records(Path(mine["file"]), file, whole=kind == "small")
        for gate, kept in (("generated", "findings"), ("validation", "validation")):
            said = [tuple(f) for f in json.loads(Path(f"{file}.{kept}").read_text()) if f[1] not in across]
            told = _findings(Path(mine[gate]), across)
            told = told if kind == "small" else [f for f in told if f[0] <= _last(file, gate)]
            assert said == told, f"path_{kind}: {file.name}: the findings of {gate} differ"
            findings += len(said)
    assert findings, f"path_{kind}: no planted fault was found"
    return f"{len(theirs['files'])} reports, {records} records canonically equal, {findings} equal findings"


def _last(file: Path, gate: str) -> int:
    """The last position that the yardstick's tenth has: among all candidates, or among what was sent."""
    return LARGE // SCALE if gate == "generated" else len(Path(f"{file}.rows").read_text().splitlines())


def _findings(table: Path, without: set[str]) -> list[tuple[int, str, str | None]]:
    """What the rules said of records. (What the structure check says of those that are held, libxml2 is not asked.)"""
    rules = [rule.id for rule in in_force() if rule.id not in without]
    found = pl.read_parquet(table).filter(pl.col("record").is_not_null(), pl.col("rule").is_in(rules))
    place = {rule.id: number for number, rule in enumerate(in_force())}
    rows = found.select("record", "rule", "value").rows()
    return sorted(rows, key=lambda f: (f[0], place[f[1]]))


def _same_records(ours: Path, theirs: Path, *, whole: bool) -> int:
    """Compare document with document, or record by record as far as theirs goes; the number of records."""
    if whole:
        first, second = (etree.tostring(etree.parse(path), method="c14n") for path in (ours, theirs))
        assert first == second, f"{theirs.name}: another document than ours"
        return first.count(b"<Tx><New>") + first.count(b"<Tx><Cxl>")
    count = 0
    with ours.open("rb") as mine, theirs.open("rb") as said:
        of_ours = _records(mine)
        for count, record in enumerate(_records(said), start=1):
            assert next(of_ours) == record, f"{theirs.name}: record {count} is another than ours"
    return count


def _records(stream: BinaryIO) -> Iterator[bytes]:
    """Each record of a document as C14N has it."""
    tag = f"{{{NAMESPACE}}}FinInstrmRptgTxRpt"
    for _, element in etree.iterparse(stream, tag=f"{{{NAMESPACE}}}Tx"):
        if element.getparent().tag == tag:
            yield etree.tostring(element, method="c14n", with_tail=False)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


SIDES: Final = {"prepare": prepare, "ours": ours, "sealed": sealed, "theirs": theirs}
