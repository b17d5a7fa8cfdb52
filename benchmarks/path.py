"""The whole way of a report, with the product's own functions: rules, structure, auth.016, SHA-256, store, ledger.

A report starts as a Parquet file of its field table. Ours makes drafts of those files and hands them to the pipeline's
generate and validate, with the store in a folder and the ledger in SQLite, as a workspace has them. The yardstick is
`benchmarks.yardstick.report`. `path_small` is many reports of 500 records, `path_large` one of 500,000.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Final

import polars as pl

from benchmarks import faults, material
from benchmarks.measure import Work
from benchmarks.rules import in_force
from benchmarks.yardstick.facts import Facts
from benchmarks.yardstick.report import Head, Program
from regreport import generate as generating
from regreport.adapters.local import LocalStore
from regreport.adapters.sql import open_ledger
from regreport.books import ACCOUNT_SCHEMA
from regreport.engine.spool import Spool, parquet_bytes, read_chunks
from regreport.model.batch import SourceBatch
from regreport.model.obligation import Obligation, obligation_id
from regreport.passes import PLACED_SCHEMA
from regreport.pipeline import generating as pipeline_generating
from regreport.pipeline import run_step
from regreport.pipeline.home import Home
from regreport.ports import ObligationState
from regreport.settings import Destination, Entity, Settings
from regreport.testing import FixedClock, MemoryChannel

EACH: Final = 500
SMALL: Final = 2_000
"""Reports of path_small; the yardstick makes the first tenth of them."""
LARGE: Final = 500_000
"""Records of path_large; the yardstick makes a report of the first tenth of them."""


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
        large_parts[0].head(large // 10).sink_parquet(folder / "large" / "tenth.parquet")
        return {}

    return work


def ours(folder: Path, kind: str) -> Work:
    """The pipeline's generate and validate over every field table of a kind."""
    tables = sorted((folder / kind).glob("0*.parquet"))
    owed = [obligation(number) for number in range(len(tables))]
    home = _home(folder / f"ours-{kind}", owed, tables)
    pipeline_generating._Day = _FromFieldTables  # type: ignore[misc]
    _FromFieldTables.tables = {o.obligation_id: table for o, table in zip(owed, tables, strict=True)}

    def work() -> dict[str, Any]:
        states = home.ledger.plan(owed, home.actor)
        run_step(home, "generate", states)
        moved = run_step(home, "validate", states).moved
        done = home.ledger.submissions(report_id=list(moved))
        return {
            "reports": len(tables),
            "records": sum(s.records for s in done),
            "errors": sum(s.errors for s in done),
            "files": {f.name: f.digest for s in done for f in s.files},
        }

    return work


def theirs(folder: Path, kind: str) -> Work:
    """The row-by-row program over the first tenth of the reports, or a report of the first tenth of the records."""
    tables = sorted((folder / kind).glob("0*.parquet"))
    tables = tables[: len(tables) // 10] if kind == "small" else [folder / kind / "tenth.parquet"]
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
        names = (material.regime().file_name(context, number, number - 1)[0] for number in range(1, len(tables) + 1))
        records = sum(program.report(table, name) for table, name in zip(tables, names, strict=True))
        return {"reports": len(tables), "records": records}

    return work


class _FromFieldTables(pipeline_generating._Day):
    """A day whose drafts come from field tables instead of source records: all that follows is the product's own."""

    tables: ClassVar[dict[str, Path]] = {}
    """Obligation -> its field table."""

    def _draft(self, state: ObligationState) -> generating.Draft:
        lei, table = state.obligation.entity, self.tables[state.obligation.obligation_id]
        self._next[state.obligation.obligation_id] = 1
        context = material.context(lei)
        candidates = Spool(self._scratch, f"send-{lei}")
        accounts = [pl.DataFrame(schema=ACCOUNT_SCHEMA)]
        line = 0
        for chunk in read_chunks(table):
            lines = pl.int_range(line + 1, line + chunk.height + 1, dtype=pl.UInt32, eager=True)
            origin = {"@batch_id": pl.lit(f"B-{lei}"), "@source_line": lines, "@action": pl.lit("NEW")}
            candidates.append(chunk.with_columns(**origin))
            accounts.append(_accounts(chunk, lines, f"B-{lei}"))
            line += chunk.height
        return generating.Draft(context, pl.concat(accounts), candidates, pl.DataFrame(schema=PLACED_SCHEMA))


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


def _home(folder: Path, owed: Sequence[Obligation], tables: Sequence[Path]) -> Home:
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
    home = Home(
        settings=Settings(entities=entities, destinations=(destination,)),
        store=LocalStore(folder / "store"),
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


SIDES: Final = {"prepare": prepare, "ours": ours, "theirs": theirs}
