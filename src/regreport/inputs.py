"""What a report is made from, read from store and ledger: source rows, reference data, history. All of it by digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from regreport.engine.spool import read_chunks
from regreport.model.batch import SourceBatch
from regreport.ports import Ledger, Store
from regreport.regime import DestinationFacts, EntityFacts, Regime
from regreport.settings import Destination, Entity


@dataclass(frozen=True)
class SourceDay:
    """The landed rows of one entity's day, in order of batch and line, each with its `batch_number`."""

    batches: tuple[tuple[int, Path], ...]
    """(batch number, landed Parquet) in order."""

    @property
    def rows(self) -> pl.LazyFrame:
        """All rows, to ask for a few columns of."""
        return pl.concat([_numbered(pl.scan_parquet(path), number) for number, path in self.batches], how="diagonal")

    def chunks(self) -> Iterator[pl.DataFrame]:
        """All rows and columns, one chunk after the other."""
        for number, path in self.batches:
            for chunk in read_chunks(path):
                yield _numbered(chunk.lazy(), number).collect()


def _numbered(rows: pl.LazyFrame, number: int) -> pl.LazyFrame:
    return rows.with_columns(batch_number=pl.lit(number, dtype=pl.UInt32))


def source_day(store: Store, batches: Sequence[SourceBatch]) -> SourceDay:
    """The landed rows of a day from the store."""
    return SourceDay(tuple((b.number, store.local(b.digest)) for b in batches))


def ingested(store: Store, batches: Sequence[SourceBatch]) -> pl.DataFrame:
    """batch_id, source_line, transaction_id of every landed row: what the account of the day starts from."""
    schema = {"batch_id": pl.String, "source_line": pl.UInt32, "transaction_id": pl.String}
    frames = [pl.read_parquet(store.local(b.digest), columns=list(schema)) for b in batches]
    return pl.concat([pl.DataFrame(schema=schema), *frames])


def snapshot_digests(ledger: Ledger, regime: Regime, on: date) -> dict[str, str]:
    """Data set -> digest of the snapshot in force on a date; a data set without one is left out."""
    found = {d: ledger.snapshot(d, on) for d in regime.datasets}
    return {name: entry[1] for name, entry in found.items() if entry is not None}


def reference_data(store: Store, digests: Mapping[str, str]) -> dict[str, pl.DataFrame]:
    """The snapshots themselves."""
    return {name: pl.read_parquet(store.local(digest)) for name, digest in digests.items()}


def fingerprint(
    batches: Sequence[SourceBatch],
    snapshots: Mapping[str, str],
    settings: Mapping[str, str],
    elsewhere: Sequence[str] = (),
) -> str:
    """One digest over everything a decision rests on: where it has not changed, there is nothing to generate."""
    parts = [b.digest for b in batches]
    parts += [f"{k}={v}" for k, v in sorted(snapshots.items())]
    parts += [f"{k}={v}" for k, v in sorted(settings.items())]
    parts += elsewhere
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def entity_facts(entity: Entity) -> EntityFacts:
    """An entity as a regime sees it."""
    return EntityFacts(entity.lei, entity.name, entity.country, {**entity.ids, **entity.facts})


def destination_facts(destination: Destination) -> DestinationFacts:
    """A destination as a regime sees it."""
    return DestinationFacts(
        name=destination.name,
        sender=destination.sender,
        recipient=destination.recipient,
        file_name=destination.file_name,
        records_max=destination.records_max,
        size_max=destination.size_max,
        submitting_entity=destination.submitting_entity,
    )


def entity_settings(settings: Mapping[str, str], entity: Entity) -> dict[str, str]:
    """Regime settings and the entity's own facts, as one map for the fingerprint."""
    return {**settings, **{f"entity.{k}": v for k, v in sorted(entity.facts.items())}, "entity.country": entity.country}
