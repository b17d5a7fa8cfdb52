"""Passes over the records of many reports at once: complete, enriched frames, and findings put back in their place.

Two thousand reports of five hundred records must not cost two thousand passes, and one report of a million must not be
in memory at once: rules and checks see frames of about one chunk, whatever reports the rows belong to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from regreport import messages
from regreport.books import BookStanding
from regreport.engine.check import check
from regreport.engine.rule import DRAFT, FINDING_SCHEMA, HISTORY, CrossRule, Rule, run_rules
from regreport.engine.totals import totals_of_each
from regreport.regime import Regime, ReportContext

PLACED_SCHEMA: Final = pl.Schema(dict(FINDING_SCHEMA) | {"batch_id": pl.String(), "source_line": pl.UInt32()})
"""A finding with the source row it is about; `record` is the position in its report."""
DRAFTED_SCHEMA: Final = pl.Schema(dict(PLACED_SCHEMA) | {DRAFT: pl.UInt32()})
"""A finding with the report of the pass that it belongs to."""


ROWS_PER_PASS: Final = 50_000
"""Rows that rules and checks are shown at once: a call costs as much for a few as for some thousands."""

SOURCE_ROW: Final = ("@batch_id", "@source_line")
"""Columns of a field row that say which source row it came from, where that is known."""

Tables = Callable[[], Sequence[tuple[ReportContext, Iterator[pl.DataFrame]]]]
"""The reports of a pass, each with its field rows in chunks, which are read once."""


def run_pack(regime: Regime, tables: Tables, *, structure: bool) -> pl.DataFrame:
    """Findings of the regime's rules over reports that share jurisdiction, date and reference data: DRAFTED_SCHEMA.

    `structure` asks for those of the structural check on each record too; they come after the rules', whose words say
    more.
    """
    reports = tables()
    if not reports:
        return pl.DataFrame(schema=DRAFTED_SCHEMA)
    context = reports[0][0]
    rules = [r for r in regime.rules if r.in_force(context.report_date, context.cell.jurisdiction)]
    missing = context.missing(*regime.datasets)
    if context.history is None:
        missing |= {HISTORY}
    alone = [r for r in rules if isinstance(r, Rule)]
    across = [r for r in rules if isinstance(r, CrossRule)]
    looked_at = dict.fromkeys(
        (DRAFT, "@position", *SOURCE_ROW, regime.reference, *(c for r in across for c in r.columns))
    )
    found, seen = [pl.DataFrame(schema=DRAFTED_SCHEMA)], []
    for table in groups(regime, reports):
        found.append(place(run_rules(alone, table, reference=regime.reference, missing=missing), table))
        if structure:
            found.append(place(_structure(regime, table), table))
        seen.append(table.select(_slim(c, across) for c in looked_at if c in table.columns))
    if seen:
        narrow = pl.concat(seen, how="diagonal")
        found.append(place(run_rules(across, narrow, reference=regime.reference, missing=missing), narrow))
    return pl.concat(found).unique(maintain_order=True)


def _slim(column: str, rules: Sequence[CrossRule]) -> pl.Expr:
    """A column with only those inner columns that rules look at, where all that look at it say which."""
    inner = [[n.partition(".")[2] for n in r.inner if n.startswith(f"{column}.")] for r in rules if column in r.columns]
    if not inner or not all(inner):
        return pl.col(column)
    names = sorted({name for of_rule in inner for name in of_rule})
    return pl.col(column).list.eval(pl.struct(pl.element().struct.field(name) for name in names))


def _structure(regime: Regime, table: pl.DataFrame) -> pl.DataFrame:
    """Findings of the structural check on the records as they go to the wire, with their references."""
    wire = regime.layer.to_wire(table.select(list(regime.layer.schema)))
    findings = check(messages.load(regime.message), wire, names=regime.layer.names)
    if findings.is_empty():
        return findings
    names = table.select(pl.col(regime.reference).alias("@name")).with_row_index("record", offset=1)
    joined = findings.join(names.cast({"record": pl.UInt32}), on="record", how="left", maintain_order="left")
    return joined.with_columns(reference=pl.col("@name")).select(list(FINDING_SCHEMA))


@dataclass(frozen=True)
class _Chunk:
    """Rows of one report: which report of the pass, how many of its rows came before, its context."""

    rows: pl.DataFrame
    number: int
    before: int
    context: ReportContext


def groups(regime: Regime, tables: Sequence[tuple[ReportContext, Iterator[pl.DataFrame]]]) -> Iterator[pl.DataFrame]:
    """The rows of many reports in complete, enriched frames of at most ROWS_PER_PASS, with DRAFT and `@position`."""
    waiting: list[_Chunk] = []
    rows = 0
    for number, (context, chunks) in enumerate(tables):
        before = 0
        for chunk in chunks:
            if rows and rows + chunk.height > ROWS_PER_PASS:
                yield _enriched(regime, waiting)
                waiting, rows = [], 0
            if chunk.height:
                waiting.append(_Chunk(chunk, number, before, context))
            before += chunk.height
            rows += chunk.height
    if waiting:
        yield _enriched(regime, waiting)


def _enriched(regime: Regime, chunks: Sequence[_Chunk]) -> pl.DataFrame:
    frames = [c.rows for c in chunks]
    joined = frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal", rechunk=True)
    extra = [c for c in joined.columns if c not in regime.layer.schema]
    whole = regime.layer.complete(joined).with_columns(joined.select(extra)).with_columns(_labels(chunks))
    return regime.enrich(whole.with_columns(_known_before(whole[regime.reference], chunks)), chunks[-1].context)


def _labels(chunks: Sequence[_Chunk]) -> pl.DataFrame:
    """What each row's report, entity and place in it are: facts that differ between reports of one pass."""
    of_chunk = pl.DataFrame(
        {
            DRAFT: [c.number for c in chunks],
            "@position": [c.before for c in chunks],
            "@report.date": [c.context.report_date.isoformat() for c in chunks],
            "@report.created_at": [c.context.created_at.strftime("%Y-%m-%dT%H:%M:%SZ") for c in chunks],
            "@jurisdiction": [c.context.cell.jurisdiction for c in chunks],
            "@entity.lei": [c.context.entity.lei for c in chunks],
            "@entity.country": [c.context.entity.country for c in chunks],
        },
        schema_overrides={DRAFT: pl.UInt32, "@position": pl.UInt32},
    )
    sizes = pl.DataFrame({"chunk": range(len(chunks)), "rows": [c.rows.height for c in chunks]})
    chunk = sizes.select(pl.col("chunk").repeat_by("rows").explode()).to_series()
    within = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over(chunk)
    return of_chunk[chunk].with_columns(pl.col("@position") + within)


def _known_before(references: pl.Series, chunks: Sequence[_Chunk]) -> pl.Series:
    """`@history.active`: 'true' where the reference stands in the authority's books; null where nobody knows."""
    parts, start = [], 0
    for chunk in chunks:
        parts.append(_active(references.slice(start, chunk.rows.height), chunk.context.history))
        start += chunk.rows.height
    return pl.concat(parts).alias("@history.active")


def _active(references: pl.Series, history: pl.DataFrame | None) -> pl.Series:
    if history is None or history.is_empty():
        return pl.repeat(None if history is None else "false", len(references), dtype=pl.String, eager=True)
    active = history.filter(pl.col("standing") == BookStanding.ACTIVE.value)["reference"]
    known = references.is_in(active.implode()).fill_null(value=False)
    return pl.select(pl.when(known).then(pl.lit("true")).otherwise(pl.lit("false"))).to_series()


def place(findings: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """Findings with the draft, position and source row of the table's record; one for the file goes to every draft."""
    rows = table.select(
        pl.col(DRAFT),
        pl.col("@position"),
        batch_id=pl.col("@batch_id") if "@batch_id" in table.columns else pl.lit(None, dtype=pl.String),
        source_line=pl.col("@source_line") if "@source_line" in table.columns else pl.lit(None, dtype=pl.UInt32),
    ).with_row_index("record", offset=1)
    of_records = findings.filter(pl.col("record").is_not_null()).join(
        rows.cast({"record": pl.UInt32}), on="record", how="left", maintain_order="left"
    )
    of_records = of_records.with_columns(record=pl.col("@position")).drop("@position")
    of_files = findings.filter(pl.col("record").is_null()).join(
        table.select(DRAFT).unique(maintain_order=True), how="cross"
    )
    of_files = of_files.with_columns(batch_id=pl.lit(None, dtype=pl.String), source_line=pl.lit(None, dtype=pl.UInt32))
    columns = [*FINDING_SCHEMA, "batch_id", "source_line", DRAFT]
    return pl.concat([of_records.select(columns), of_files.select(columns)]).cast({"source_line": pl.UInt32})


def control_totals(
    regime: Regime, chunks: Callable[[], Iterable[pl.DataFrame | pl.LazyFrame]], by: pl.Expr
) -> dict[Any, dict[str, dict[str, str]]]:
    """Amount column -> currency -> exact sum, for each value of `by`, of the regime's control totals."""
    found: dict[Any, dict[str, dict[str, str]]] = defaultdict(dict)
    for amount, currency in regime.totals:
        for key, sums in totals_of_each(chunks(), by, amount, currency).items():
            found[key][amount] = {code: f"{total:f}" for code, total in sums.items()}
    return dict(found)
