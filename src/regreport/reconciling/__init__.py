"""reconcile: an authority's extract against our books and the source, over a stated range, kept as evidence.

What an extract does not cover is not compared: per entity the range is that of the days in the extract, or the one
that is asked for, and entities of ours that it does not name are listed as not covered. RTS 22 Article 15(3): firms
have arrangements to reconcile their front-office records with data samples from their authority.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import polars as pl

from regreport.engine.spool import ROWS_PER_CHUNK, parquet_bytes
from regreport.errors import BadInput
from regreport.masking import masked_table
from regreport.model.ledger import ObligationState
from regreport.pipeline import Home
from regreport.reconcile import BREAKS_SCHEMA, DIFFERENCES_SCHEMA, Bucket, compare, differences
from regreport.reconciling.extract import Extract, read_extract
from regreport.reconciling.ours import Ours
from regreport.regime import Regime, regimes
from regreport.sources.export import rows_csv

CHAIN: Final = "reconcile-"
KIND: Final = "reconciled"


@dataclass(frozen=True)
class Asked:
    """The range and the entity (LEI) that the extract is said to cover; empty: what it holds."""

    start: date | None = None
    end: date | None = None
    entity: str = ""
    jurisdiction: str = ""


@dataclass(frozen=True)
class Reconciled:
    """What came out. `breaks` is BREAKS_SCHEMA without what is aligned, `fields` DIFFERENCES_SCHEMA, each with
    `age_days`; `ranges` by entity the days compared; `left_out` lines of the extract outside of them."""

    extract: Extract
    counts: dict[str, int]
    breaks: pl.DataFrame
    fields: pl.DataFrame
    ranges: dict[str, tuple[str, str]]
    not_covered: tuple[str, ...]
    left_out: int
    digests: dict[str, str] = field(default_factory=dict)

    def one_sided(self, rows_max: int) -> list[dict[str, Any]]:
        """The first breaks that only one side has, for a person."""
        return self.breaks.filter(pl.col("bucket") != Bucket.DIFFERING.value).head(rows_max).to_dicts()

    @property
    def broken(self) -> bool:
        """Whether anything is not aligned."""
        return self.breaks.height > 0


def regime_asked(name: str) -> Regime:
    """The regime of this id. Raises BadInput naming those there are."""
    known = regimes()
    if name not in known:
        raise BadInput("no such regime", f"Known: {', '.join(known)}", field="--regime", value=name)
    return known[name]


def reconcile(home: Home, regime: Regime, file: Path, asked: Asked, *, keep: bool = True) -> Reconciled:
    """Compare, and keep the result: objects in the store, and an event with who, when, counts and digests.

    Raises BadInput for a file that cannot be used, or where it is not told what it covers: then nothing was kept.
    """
    with TemporaryDirectory(dir=home.scratch, prefix="reconcile-") as folder:
        extract = read_extract(regime, file, asked.entity, Path(folder))
        states = _obligations(home, regime, asked)
        ours_to_report = {s.obligation.entity for s in states} | {e.lei for e in home.settings.entities}
        ranges = _ranges(extract, asked, sorted(ours_to_report))
        covered = [s for s in states if _within(s, ranges)]
        done = _compared(home, regime, extract, covered, states, ranges, sorted(ours_to_report))
        return _kept(home, regime, done) if keep else done


def _obligations(home: Home, regime: Regime, asked: Asked) -> list[ObligationState]:
    where: dict[str, object] = {"regime": regime.id}
    if asked.entity:
        where["entity"] = asked.entity
    if asked.jurisdiction:
        where["jurisdiction"] = asked.jurisdiction
    states = home.ledger.obligations(**where)
    twice: dict[str, set[str]] = {}
    for state in states:
        twice.setdefault(state.obligation.entity, set()).add(state.obligation.cell.jurisdiction)
    for entity, several in twice.items():
        if len(several) > 1:
            remedy = f"Say whose extract this is: --jurisdiction {' or '.join(sorted(several))}"
            raise BadInput(
                f"{entity} reports under {regime.id} in several jurisdictions", remedy, field="--jurisdiction"
            )
    return states


def _ranges(extract: Extract, asked: Asked, known: list[str]) -> dict[str, tuple[str, str]]:
    """By entity the first and last day to compare. Raises BadInput where nothing tells it."""
    first, last = (d.isoformat() if d else "" for d in (asked.start, asked.end))
    days = (
        extract.keys.drop_nulls("day").group_by("entity").agg(pl.min("day").alias("first"), pl.max("day").alias("last"))
    )
    there = {e: (a, b) for e, a, b in days.rows()}
    entities = [asked.entity] if asked.entity else sorted(set(extract.keys["entity"]))
    found = {}
    for entity in entities:
        own = there.get(entity, ("", ""))
        span = (first or own[0], last or own[1])
        if not all(span):
            remedy = "Say which days the extract covers: --from and --to"
            raise BadInput("the extract does not say which days it covers", remedy, file=extract.file)
        if span[0] > span[1]:
            raise BadInput(f"the range {span[0]} to {span[1]} is empty", "Give --from before --to", field="--from")
        found[entity] = span
    if not entities:
        raise BadInput("the extract has no records", "Say whose it is: --entity, --from and --to", file=extract.file)
    if known and not set(entities) & set(known):
        named = ", ".join(entities[:3])
        raise BadInput(f"the extract is about {named}, none of our entities", "Is it ours?", file=extract.file)
    return found


def _within(state: ObligationState, ranges: dict[str, tuple[str, str]]) -> bool:
    span = ranges.get(state.obligation.entity)
    return span is not None and span[0] <= state.obligation.report_date.isoformat() <= span[1]


def _compared(
    home: Home,
    regime: Regime,
    extract: Extract,
    covered: list[ObligationState],
    states: list[ObligationState],
    ranges: dict[str, tuple[str, str]],
    known: list[str],
) -> Reconciled:
    ours = Ours(home, regime, covered, extract.compared)
    theirs = _theirs(extract, ranges, ours.keys)
    strangers = theirs.join(ours.keys, on=["entity", "reference"], how="anti").select("reference").unique()
    ours.also([s for s in states if s not in covered and s.obligation.entity in ranges], strangers)
    found = compare(ours.keys, theirs, ours.source(), known)
    counts = {b.value: found.filter(pl.col("bucket") == b.value).height for b in Bucket}
    today = home.now().date()
    differing = found.filter(pl.col("bucket") == Bucket.DIFFERING.value)
    fields = pl.concat([pl.DataFrame(schema=DIFFERENCES_SCHEMA), *_differences(ours, extract, differing)])
    entities = {s.obligation.entity for s in states}
    return Reconciled(
        extract=extract,
        counts=counts,
        breaks=_aged(found.filter(pl.col("bucket") != Bucket.ALIGNED.value), today),
        fields=_aged(fields, today),
        ranges=ranges,
        not_covered=tuple(sorted(entities - set(ranges))),
        left_out=extract.records - theirs.height,
    )


def _theirs(extract: Extract, ranges: dict[str, tuple[str, str]], ours: pl.DataFrame) -> pl.DataFrame:
    """The lines of the extract in the range, and those outside it whose reference our books have inside it."""
    rows = [(entity, first, last) for entity, (first, last) in ranges.items()]
    spans = pl.DataFrame(rows, schema=["entity", "first", "last"], orient="row")
    told = extract.keys.join(spans, on="entity", how="inner", maintain_order="left")
    inside = pl.col("day").is_null() | pl.col("day").is_between(pl.col("first"), pl.col("last"))
    known = pl.struct("entity", "reference").is_in(ours.select(pl.struct("entity", "reference")).to_series().implode())
    return told.filter(inside | known).drop("first", "last")


def _differences(ours: Ours, extract: Extract, differing: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Chunk by chunk, in the order in which our reports have them."""
    ordered = differing.sort("report_id", "position")
    for start in range(0, ordered.height, ROWS_PER_CHUNK):
        part = ordered.slice(start, ROWS_PER_CHUNK)
        mine, others = ours.rows(part), extract.rows(part["row"])
        yield differences(part, mine, others, ours.source_rows(part), extract.compared)


def _aged(table: pl.DataFrame, today: date) -> pl.DataFrame:
    """With the age in days since it was delivered, else traded."""
    since = pl.col("since").str.head(10).str.to_date("%Y-%m-%d", strict=False)
    return table.with_columns(age_days=(pl.lit(today) - since).dt.total_days().cast(pl.Int32))


def _kept(home: Home, regime: Regime, done: Reconciled) -> Reconciled:
    """Store the breaks and differences (persons' values masked) and the summary, and chain the event."""
    last = max(date.fromisoformat(end) for _, end in done.ranges.values())
    until = home.retain_until(regime, last)
    name = f"reconcile/{regime.id}/{home.now():%Y-%m-%dT%H%M%SZ}-{done.extract.sha256[:12]}"
    tables = {"breaks": done.breaks, "fields": hidden(regime, done.fields)}
    with home.store.batch():
        digests = {
            f"{what}_digest": home.store.put(parquet_bytes(table), f"{name}-{what}.parquet", until, regime.scope)
            for what, table in tables.items()
        }
        text = json.dumps(summary(done) | digests, indent=1, sort_keys=True)
        digests["summary_digest"] = home.store.put(text.encode(), f"{name}.json", until, regime.scope)
    counts = {bucket: str(count) for bucket, count in done.counts.items()}
    ranges = "; ".join(f"{entity} {first}..{last}" for entity, (first, last) in sorted(done.ranges.items()))
    told = {"extract": done.extract.file, "extract_sha256": done.extract.sha256, "range": ranges} | counts | digests
    home.ledger.note(CHAIN + regime.id, KIND, told, home.actor)
    return Reconciled(**{**done.__dict__, "digests": digests})


def hidden(regime: Regime, fields: pl.DataFrame) -> pl.DataFrame:
    """The differing fields with persons' values masked."""
    return masked_table(fields, ("ours", "theirs", "source")) if regime.holds_persons else fields


def summary(done: Reconciled) -> dict[str, Any]:
    """The result in figures: what was compared, the buckets, the breaks by status and the fields that differ."""
    by_status = done.breaks.group_by("bucket", "status").len().sort("bucket", "status", nulls_last=True)
    by_field = done.fields.group_by("field", "column").len().sort("len", "column", descending=[True, False])
    return {
        "extract": {
            "file": done.extract.file,
            "sha256": done.extract.sha256,
            "form": done.extract.form,
            "records": done.extract.records,
            "fields_compared": len(done.extract.compared),
            "columns_ignored": list(done.extract.ignored),
            "left_out": done.left_out,
        },
        "ranges": {entity: {"from": first, "to": last} for entity, (first, last) in sorted(done.ranges.items())},
        "not_covered": list(done.not_covered),
        "counts": done.counts,
        "by_status": [{"bucket": b, "status": s, "count": n} for b, s, n in by_status.rows()],
        "by_field": [{"field": f, "column": c, "count": n} for f, c, n in by_field.rows()],
    }


def write_breaks(done: Reconciled, regime: Regime, output: Path, *, persons: bool) -> None:
    """Every break and its differing fields as one CSV: a row a break, one a differing field. Raises BadInput."""
    fields = done.fields if persons else hidden(regime, done.fields)
    about = ["entity", "reference"]
    joined = done.breaks.join(
        fields.select(*about, "field", "name", "column", "ours", "theirs", "source"), on=about, how="left"
    )
    part = output.with_name(f".{output.name}.part")
    try:
        part.write_text(rows_csv(joined), encoding="utf-8", newline="")
        part.replace(output)
    except OSError as fault:
        raise BadInput(f"cannot be written: {fault.strerror or fault}", file=str(output)) from fault


__all__ = ["BREAKS_SCHEMA", "CHAIN", "KIND", "Asked", "Reconciled", "hidden", "reconcile", "regime_asked", "summary"]
