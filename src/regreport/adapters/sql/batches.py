"""The ledger's part about what came in: source batches by entity and day, and reference data snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select

from regreport.adapters.sql.session import Link, Session, as_text, put
from regreport.adapters.sql.tables import snapshot, source_batch
from regreport.adapters.sql.types import amounts_text
from regreport.model.batch import SourceBatch


class Batches(Session):
    """Source batches and snapshots; chains `source/<entity>` and `refdata/<dataset>`."""

    def add_batches(self, batches: Sequence[SourceBatch], actor: str) -> None:
        """Record landed batches. Raises StaleState where one is there already: then none of them is recorded."""
        with self._write() as connection:
            put(connection, source_batch, [_batch_row(batch) for batch in batches])
            self._append(connection, [_batch_link(batch) for batch in batches], actor)

    def batches(self, kind: str, entity: str, on: date) -> list[SourceBatch]:
        """The batches of one day in order of their number."""
        table = source_batch.c
        query = select(source_batch).where(table.kind == kind, table.entity == entity, table.business_date == on)
        with self._read() as connection:
            return [_batch(row) for row in connection.execute(query.order_by(table.number))]

    def batch_days(self, kind: str | None = None) -> list[tuple[str, str, date]]:
        """(kind, entity, date) of every day that has a batch, in order."""
        table = source_batch.c
        columns = (table.kind, table.entity, table.business_date)
        query = select(*columns).distinct().order_by(*columns)
        if kind is not None:
            query = query.where(table.kind == kind)
        with self._read() as connection:
            return [(row.kind, row.entity, row.business_date) for row in connection.execute(query)]

    def next_batch_number(self, kind: str, entity: str, on: date) -> int:
        """1 for the first batch of a day."""
        table = source_batch.c
        query = select(func.max(table.number)).where(
            table.kind == kind, table.entity == entity, table.business_date == on
        )
        with self._read() as connection:
            return (connection.execute(query).scalar() or 0) + 1

    def find_load(self, file_digest: str, mapping_digest: str) -> list[SourceBatch]:
        """The batches that this very file brought through this very mapping; empty if it was never loaded."""
        table = source_batch.c
        query = select(source_batch).where(table.file_digest == file_digest, table.mapping_digest == mapping_digest)
        with self._read() as connection:
            ordered = query.order_by(table.business_date, table.kind, table.entity, table.number)
            return [_batch(row) for row in connection.execute(ordered)]

    def add_snapshot(self, dataset: str, on: date, digest: str, rows: int, actor: str) -> None:
        """Record a dated snapshot. The same bytes again for the same day change nothing."""
        table = snapshot.c
        with self._write() as connection:
            query = select(table.number, table.digest).where(table.dataset == dataset, table.on_date == on)
            last = connection.execute(query.order_by(table.number.desc()).limit(1)).first()
            if last is not None and last.digest == digest:
                return
            row = {
                "dataset": dataset,
                "on_date": on,
                "number": (last.number if last else 0) + 1,
                "digest": digest,
                "row_count": rows,
                "loaded_at": self.clock.now(),
                "loaded_by": actor,
            }
            put(connection, snapshot, [row])
            told = {name: as_text(row[name]) for name in ("on_date", "number", "digest", "row_count")}
            self._append(connection, [Link(f"refdata/{dataset}", "loaded", told)], actor)

    def snapshot(self, dataset: str, on: date) -> tuple[date, str] | None:
        """(date, digest) of the latest snapshot not later than `on`; None where there is none."""
        table = snapshot.c
        query = select(table.on_date, table.digest).where(table.dataset == dataset, table.on_date <= on)
        with self._read() as connection:
            latest = query.order_by(table.on_date.desc(), table.number.desc()).limit(1)
            row = connection.execute(latest).first()
        return None if row is None else (row.on_date, row.digest)


def _batch_row(batch: SourceBatch) -> dict[str, object]:
    return {
        "batch_id": batch.batch_id,
        "number": batch.number,
        "kind": batch.kind,
        "entity": batch.entity,
        "business_date": batch.business_date,
        "row_count": batch.rows,
        "digest": batch.digest,
        "file_name": batch.file_name,
        "file_digest": batch.file_digest,
        "mapping_digest": batch.mapping_digest,
        "loaded_at": batch.loaded_at,
        "loaded_by": batch.loaded_by,
        "totals": batch.totals,
    }


def _batch_link(batch: SourceBatch) -> Link:
    told = {name: as_text(value) for name, value in _batch_row(batch).items() if name not in ("entity", "totals")}
    return Link(f"source/{batch.entity}", "loaded", told | {"totals": amounts_text(batch.totals)})


def _batch(row: Row[Any]) -> SourceBatch:
    return SourceBatch(
        batch_id=row.batch_id,
        number=row.number,
        kind=row.kind,
        entity=row.entity,
        business_date=row.business_date,
        rows=row.row_count,
        digest=row.digest,
        file_name=row.file_name,
        file_digest=row.file_digest,
        mapping_digest=row.mapping_digest,
        loaded_at=row.loaded_at,
        loaded_by=row.loaded_by,
        totals=row.totals,
    )
