"""Landing: rows through a mapping to canonical tables, one for each entity and business date.

Every record lands: what was not understood is null and named in `source_faults`, so that it is held and counted, never
lost. Only a record that cannot be booked at all (not an entity of ours, no day) refuses the whole load, before anything
is stored. The business date is the UTC date of `timestamp`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from regreport.engine.spool import Spool
from regreport.engine.totals import totals_by
from regreport.errors import BadInput
from regreport.sources.canonical import Canonical, to_canonical
from regreport.sources.columns import Columns, landed_schema, load_columns
from regreport.sources.mapping import Mapping as SourceMapping
from regreport.sources.rows import SourceRows

ROW_GROUP_ROWS = 50_000


@dataclass(frozen=True)
class LandedBatch:
    """The records of one entity and business date, in the order of the file.

    `landed` holds only the columns that the mapping fills; `scan` and `write` give the complete landed table.
    """

    kind: str
    entity: str
    business_date: date
    rows: int
    totals: Mapping[str, Decimal]
    """Sum of `amount` by currency; "" for amounts without currency."""
    faults: Mapping[str, int]
    """Canonical column -> how many of its values were not understood."""
    landed: Spool

    def scan(self, batch_id: str) -> pl.LazyFrame:
        """`batch_id`, `source_line`, every canonical column, `source_faults` (see columns.landed_schema)."""
        schema = landed_schema(load_columns(self.kind))
        empty = pl.LazyFrame(schema=schema)
        parts = [_complete(chunk, schema) for chunk in self.landed.scans()] or [empty]
        return pl.concat(parts).select(pl.lit(batch_id).alias("batch_id"), *schema)

    def table(self, batch_id: str) -> pl.DataFrame:
        """The same at once."""
        return self.scan(batch_id).collect()

    def write(self, path: Path, batch_id: str) -> None:
        """The same as a Parquet file, in bounded memory."""
        self.scan(batch_id).sink_parquet(path, compression="zstd", row_group_size=ROW_GROUP_ROWS, statistics=False)


@dataclass(frozen=True)
class Landed:
    """What one load brought, ordered by entity and date, and what the person who loads it should be told."""

    file_name: str
    file_digest: str
    mapping_digest: str
    kind: str
    records: int
    batches: tuple[LandedBatch, ...]
    unmapped: tuple[str, ...]
    """Source columns that the mapping neither uses nor ignores."""
    ignored: tuple[str, ...]
    composed: Mapping[str, int]
    """Canonical column -> how many names were composed to NFC."""


def land(
    rows: SourceRows,
    mapping: SourceMapping,
    *,
    entities: Collection[str],
    loaded_at: datetime,
    on: date | None = None,
    entity: str | None = None,
    scratch: Path | None = None,
) -> Landed:
    """The rows as landed batches. `entities` are our LEIs; `on` books records whose text names no day, and a file
    without records, for which `entity` says whose day it is (needed where we have more than one).

    `scratch` is a folder for what does not fit in memory. A timestamp later than `loaded_at` is a fault. Raises
    BadInput; then nothing may be stored.
    """
    columns = load_columns(mapping.kind)
    _check_origins(rows, mapping)
    parts: dict[tuple[str, date], Spool] = {}
    composed: dict[str, int] = {}
    records = 0
    for canonical in _canonical(rows, mapping, loaded_at):
        booked = _booked(canonical, rows.name, mapping, entities, on)
        records += booked.height
        for name, count in canonical.composed.items():
            composed[name] = composed.get(name, 0) + count
        for key, part in booked.partition_by("entity", "_day", as_dict=True, maintain_order=True).items():
            place = (str(key[0]), key[1])
            parts.setdefault(place, Spool(scratch, "landed-{}-{}".format(*place))).append(part.drop("_day"))
    if not records:
        parts[(_nil_entity(rows, mapping, entities, entity), _nil_day(rows, on))] = Spool(scratch, "nil")
    used = {rule.origin for rule in mapping.rules.values()}
    return Landed(
        file_name=rows.name,
        file_digest=rows.digest,
        mapping_digest=mapping.digest,
        kind=mapping.kind,
        records=records,
        batches=tuple(_batch(mapping.kind, *key, parts[key], columns) for key in sorted(parts)),
        unmapped=tuple(name for name in rows.columns if name not in used and name not in mapping.ignored),
        ignored=tuple(name for name in rows.columns if name in mapping.ignored and name not in used),
        composed={name: composed[name] for name in columns if composed.get(name)},
    )


def _canonical(rows: SourceRows, mapping: SourceMapping, loaded_at: datetime) -> Iterator[Canonical]:
    first = 1
    for chunk in rows.chunks():
        yield to_canonical(chunk, mapping.rules, first, loaded_at)
        first += chunk.height


def _batch(kind: str, entity: str, on: date, landed: Spool, columns: Columns) -> LandedBatch:
    faults: dict[str, int] = {}
    for chunk in landed.chunks():
        if "source_faults" not in chunk.columns:
            continue
        named = chunk.select(pl.col("source_faults").explode().struct.field("column").drop_nulls())["column"]
        for name, count in named.value_counts().iter_rows():
            faults[name] = faults.get(name, 0) + count
    return LandedBatch(
        kind=kind,
        entity=entity,
        business_date=on,
        rows=landed.rows,
        totals=totals_by(landed.chunks(), "amount", "currency"),
        faults={name: faults[name] for name in columns if name in faults},
        landed=landed,
    )


def _complete(chunk: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
    there = chunk.collect_schema()
    nulls = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in schema.items() if name not in there]
    return chunk.with_columns(nulls).select(schema.names())


def _booked(
    canonical: Canonical, file: str, mapping: SourceMapping, entities: Collection[str], on: date | None
) -> pl.DataFrame:
    """The chunk with the day in `_day`. Raises BadInput for the first record that has no entity of ours or no day."""
    table = canonical.table.with_columns((canonical.day if on is None else canonical.day.fill_null(on)).alias("_day"))
    foreign = table.filter(~pl.col("entity").is_in(list(entities)).fill_null(False)).head(1)
    if foreign.height:
        line = foreign["source_line"][0]
        value = canonical.raw("entity", line)
        raise BadInput(
            "this is none of our entities" if value else "the record names no entity",
            f"Known: {', '.join(sorted(entities)) or 'none'}. Correct the file, or add it to regreport.toml",
            file=file,
            record=line,
            field=_theirs(mapping, "entity"),
            value=value,
        )
    undated = table.filter(pl.col("_day").is_null()).head(1)
    if undated.height:
        line = undated["source_line"][0]
        raise BadInput(
            "the record names no day to book it under",
            "Correct it, or say which day such records belong to with --date",
            file=file,
            record=line,
            field=_theirs(mapping, "timestamp"),
            value=canonical.raw("timestamp", line),
        )
    return table


def _theirs(mapping: SourceMapping, column: str) -> str:
    rule = mapping.rules[column]
    return column if rule.origin in (None, column) else f"{column} (from {rule.origin})"


def _check_origins(rows: SourceRows, mapping: SourceMapping) -> None:
    for name, rule in mapping.rules.items():
        if rule.origin is None:
            continue
        if rule.origin not in rows.columns:
            near = get_close_matches(rule.origin, rows.columns, n=3, cutoff=0.5)
            hint = f"Near it: {', '.join(near)}" if near else f"The file has: {', '.join(rows.columns)}"
            problem = f"the file has no column {rule.origin!r}, from which the mapping {mapping.name} takes {name}"
            raise BadInput(problem, hint, file=rows.name)
        if rule.origin in rows.inexact and not rule.reading.float:
            raise BadInput(
                f"the column holds binary floating point numbers, which are not exact, and {name} is taken from it",
                'Export it as decimal or text, or declare float = "shortest" to take the shortest decimal form',
                file=rows.name,
                field=rule.origin,
            )


def _nil_entity(rows: SourceRows, mapping: SourceMapping, entities: Collection[str], entity: str | None) -> str:
    constant = mapping.rules["entity"].constant
    one = entity or constant or (next(iter(entities)) if len(entities) == 1 else None)
    if one is None:
        remedy = f"Say whose day had no records with --entity. Known: {', '.join(sorted(entities))}"
        raise BadInput("the file has no records, and we have more than one entity", remedy, file=rows.name)
    if one not in entities:
        known = f"Known: {', '.join(sorted(entities)) or 'none'}"
        raise BadInput("this is none of our entities", known, file=rows.name, field="entity", value=one)
    return one


def _nil_day(rows: SourceRows, on: date | None) -> date:
    if on is None:
        raise BadInput("the file has no records", "Say which day had none with --date", file=rows.name)
    return on
