"""A recorded delta on one source record: who says that which value is another one, and why.

The original is never touched. The delta is stored as a document, and lands as a batch of its own that holds the
record's latest version with the changed values; from there on it is a version like any other, and the regime decides
what the authority is told. A later load that brings the record again is a later version, as always.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any, Final

import polars as pl

from regreport.engine.spool import parquet_bytes
from regreport.engine.totals import totals_by
from regreport.errors import BadInput
from regreport.model.batch import SourceBatch, batch_id_of
from regreport.pipeline import Home
from regreport.regime import source_scope
from regreport.sources.columns import Column, load_columns
from regreport.sources.reading import Reading
from regreport.sources.values import read_values

FIXED: Final = ("batch_id", "source_line", "source_faults", "transaction_id", "entity")
"""Columns that say which record it is: another one is another record, to be withdrawn here and loaded there."""


@dataclass(frozen=True)
class Standing:
    """The latest version of a record: where it is booked, and its row (one row of the landed table)."""

    kind: str
    entity: str
    on: date
    row: pl.DataFrame


@dataclass(frozen=True)
class Delta:
    """What is to be changed on a record, checked: column -> (value that stands, new value)."""

    record: str
    standing: Standing
    changes: Mapping[str, tuple[str | None, str]]


def delta(home: Home, record: str, sets: Mapping[str, str], on: date | None = None) -> Delta:
    """Check a change against the record as it stands. Raises BadInput; nothing is written."""
    standing = _standing(home, record, on)
    columns = load_columns(standing.kind)
    changes = {name: _change(columns, standing, name, value) for name, value in sets.items()}
    if not changes:
        raise BadInput("nothing to change", "Give --set COLUMN=VALUE", value=record)
    return Delta(record, standing, changes)


def _standing(home: Home, record: str, on: date | None) -> Standing:
    found = [s for s in _versions(home, record) if on in (None, s.on)]
    if not found:
        raise BadInput("no source record has this id", "Ids are matched whole", field="--record", value=record)
    if len(found) > 1:
        days = ", ".join(f"{s.entity} {s.on}" for s in found)
        raise BadInput(f"several days have a record of this id ({days})", "Say which with --date", value=record)
    if found[0].row["withdrawn"][0] == "true":
        raise BadInput("this record was withdrawn", "Load it again instead", field="--record", value=record)
    return found[0]


def _versions(home: Home, record: str) -> Iterator[Standing]:
    """The latest version of the record on each day that has one."""
    for kind, entity, on in home.ledger.batch_days():
        last = None
        for batch in home.ledger.batches(kind, entity, on):
            rows = pl.scan_parquet(home.store.local(batch.digest)).filter(pl.col("transaction_id") == record).collect()
            if rows.drop("source_line").n_unique() > 1:
                raise BadInput("two different records of one file have this id", "Load the right one", value=record)
            last = last if rows.is_empty() else rows.head(1)
        if last is not None:
            yield Standing(kind, entity, on, last)


def _change(columns: Mapping[str, Column], standing: Standing, name: str, text: str) -> tuple[str | None, str]:
    """(value that stands, new value) of one column. Raises BadInput."""
    if name in FIXED or name not in columns:
        near = get_close_matches(name, [c for c in columns if c not in FIXED], 3)
        known = f"Near: {', '.join(near)}" if near else "Columns: docs/reference/source-columns.md"
        what = "this column says which record it is" if name in FIXED else "no such column"
        raise BadInput(what, known, field="--set", value=name)
    column = columns[name]
    if column.many:
        raise BadInput("a column that holds several values is corrected by a load", field="--set", value=name)
    read = read_values(pl.Series([text]), column.type, Reading())
    if read.problem[0] is not None or read.value[0] is None:
        raise BadInput(read.problem[0] or "an empty value", f"{column.meaning}", field=name, value=text)
    before, after = standing.row[name][0], str(read.value[0])
    if before == after:
        raise BadInput("the record has this value already", field=name, value=text)
    if name == "timestamp" and after[:10] != standing.on.isoformat():
        raise BadInput("the record would move to another day", "Withdraw it here and load it there", name, value=text)
    return before, after


def record_delta(home: Home, asked: Delta, reason: str) -> SourceBatch:
    """Store the document of a delta and land its batch. Raises StaleState where the very same was recorded."""
    standing = asked.standing
    number = home.ledger.next_batch_number(standing.kind, standing.entity, standing.on)
    batch_id = batch_id_of(standing.kind, standing.on, standing.entity, number)
    until = home.source_until(standing.on)
    folder = f"source/{standing.entity}/{standing.on.isoformat()}/{batch_id}"
    row, scope = _corrected(asked, batch_id), source_scope(standing.kind)
    with home.store.batch():
        document = home.store.put(_document(home, asked, reason, batch_id), f"{folder}.delta.json", until, scope)
        digest = home.store.put(parquet_bytes(row), f"{folder}.parquet", until, scope)
    batch = SourceBatch(
        batch_id=batch_id, number=number, kind=standing.kind, entity=standing.entity, business_date=standing.on,
        rows=1, digest=digest, file_name=f"correction of {asked.record}", file_digest=document,
        mapping_digest=document, loaded_at=home.now(), loaded_by=home.actor,
        totals=totals_by([row], "amount", "currency"),
    )  # fmt: skip
    with home.ledger.transaction():
        home.ledger.add_batches([batch], home.actor)
        told = {"record": asked.record, "columns": " ".join(asked.changes), "batch_id": batch_id, "reason": reason}
        home.ledger.note(f"source/{standing.entity}", "corrected", told, home.actor)
    return batch


def _corrected(asked: Delta, batch_id: str) -> pl.DataFrame:
    """The new version: the row with its new values; what was not understood of them before is understood now."""
    row = asked.standing.row.with_columns(
        pl.lit(batch_id).alias("batch_id"),
        pl.lit(1, dtype=pl.UInt32).alias("source_line"),
        *(pl.lit(after).alias(name) for name, (_, after) in asked.changes.items()),
    )
    understood = pl.element().struct.field("column").is_in(list(asked.changes))
    left = pl.col("source_faults").list.eval(pl.element().filter(~understood))
    return row.with_columns(source_faults=pl.when(left.list.len() > 0).then(left))


def _document(home: Home, asked: Delta, reason: str, batch_id: str) -> bytes:
    """Canonical JSON: what, from, to, who, when, why."""
    content: dict[str, Any] = {
        "record": asked.record,
        "entity": asked.standing.entity,
        "date": asked.standing.on.isoformat(),
        "batch_id": batch_id,
        "changes": {name: {"from": before, "to": after} for name, (before, after) in asked.changes.items()},
        "who": home.actor,
        "when": home.now().isoformat(),
        "why": reason,
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"
