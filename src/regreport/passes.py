"""Passes over the records of many reports at once: complete, enriched frames, and findings put back in their place.

Two thousand reports of five hundred records must not cost two thousand passes, and one report of a million must not be
in memory at once: rules and checks see frames of about one chunk, whatever reports the rows belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import polars as pl

from regreport.books import BookStanding
from regreport.engine.rule import DRAFT, FINDING_SCHEMA, HISTORY, CrossRule, Rule, run_rules
from regreport.engine.spool import ROWS_PER_CHUNK
from regreport.regime import Regime, ReportContext

PLACED_SCHEMA: Final = pl.Schema(dict(FINDING_SCHEMA) | {"batch_id": pl.String(), "source_line": pl.UInt32()})
"""A finding with the source row it is about; `record` is the position in its report."""
DRAFTED_SCHEMA: Final = pl.Schema(dict(PLACED_SCHEMA) | {DRAFT: pl.UInt32()})
"""A finding with the report of the pass that it belongs to."""


Tables = Callable[[], Sequence[tuple[ReportContext, Iterator[pl.DataFrame]]]]
"""The reports of a pass, each with its field rows in chunks; called anew for each reading."""


def run_pack(
    regime: Regime, tables: Tables, also: Callable[[pl.DataFrame], pl.DataFrame] | None = None
) -> pl.DataFrame:
    """Findings of the regime's rules over reports that share jurisdiction, date and reference data: DRAFTED_SCHEMA.

    `also` is asked for more findings (FINDING_SCHEMA) on each frame, such as those of the structural check.
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
    found: list[pl.DataFrame] = []
    for table in groups(regime, reports):
        found.append(place(run_rules(alone, table, reference=regime.reference, missing=missing), table))
        if also is not None:
            found.append(place(also(table), table))
    narrow = cross_table(regime, across, tables())
    if narrow.height:
        found.append(place(run_rules(across, narrow, reference=regime.reference, missing=missing), narrow))
    return pl.concat([pl.DataFrame(schema=DRAFTED_SCHEMA), *found]).unique(maintain_order=True)


def groups(regime: Regime, tables: Sequence[tuple[ReportContext, Iterator[pl.DataFrame]]]) -> Iterator[pl.DataFrame]:
    """The rows of many reports in complete, enriched frames of about ROWS_PER_CHUNK, with DRAFT and `@position`."""
    waiting: list[pl.DataFrame] = []
    rows = 0
    for number, (context, chunks) in enumerate(tables):
        position = 0
        for chunk in chunks:
            waiting.append(_labelled(chunk, number, position, context, regime.reference))
            position += chunk.height
            rows += chunk.height
            if rows >= ROWS_PER_CHUNK:
                yield _enriched(regime, waiting, context)
                waiting, rows = [], 0
    if waiting:
        yield _enriched(regime, waiting, tables[-1][0])


def _labelled(chunk: pl.DataFrame, number: int, position: int, context: ReportContext, reference: str) -> pl.DataFrame:
    """A chunk with what its report, entity and place in it are: facts that differ between reports of one pass."""
    labels = {
        "@report.date": context.report_date.isoformat(),
        "@report.created_at": context.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "@jurisdiction": context.cell.jurisdiction,
        "@entity.lei": context.entity.lei,
        "@entity.country": context.entity.country,
    }
    numbered = chunk.with_row_index("@position", offset=position + 1).cast({"@position": pl.UInt32})
    return numbered.with_columns(
        pl.lit(number, dtype=pl.UInt32).alias(DRAFT),
        *(pl.lit(v).alias(k) for k, v in labels.items()),
        _known_before(context, reference),
    )


def _known_before(context: ReportContext, reference: str) -> pl.Expr:
    """`@history.active`: 'true' where the reference stands in the authority's books; null where nobody knows."""
    if context.history is None:
        return pl.lit(None, dtype=pl.String).alias("@history.active")
    active = context.history.filter(pl.col("standing") == BookStanding.ACTIVE.value)["reference"]
    known = pl.col(reference).is_in(active.implode()) if len(active) else pl.lit(False)
    return pl.when(known).then(pl.lit("true")).otherwise(pl.lit("false")).alias("@history.active")


def _enriched(regime: Regime, frames: Sequence[pl.DataFrame], context: ReportContext) -> pl.DataFrame:
    joined = frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal")
    extra = [c for c in joined.columns if c not in regime.layer.schema]
    whole = regime.layer.complete(joined).with_columns(joined.select(extra))
    return regime.enrich(whole, context)


def cross_table(
    regime: Regime, rules: Sequence[CrossRule], tables: Sequence[tuple[ReportContext, Iterator[pl.DataFrame]]]
) -> pl.DataFrame:
    """The few columns that rules across records look at, of all rows of all reports, with DRAFT and `@position`."""
    wanted = dict.fromkeys([DRAFT, "@position", "@batch_id", "@source_line", regime.reference])
    for rule in rules:
        wanted.update(dict.fromkeys(rule.columns))
    frames = [t.select(c for c in wanted if c in t.columns) for t in groups(regime, tables)]
    return pl.concat(frames) if frames else pl.DataFrame()


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
