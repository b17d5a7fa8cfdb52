"""Which source records are reportable under a regime, and why the others are not: its decision rules run over columns.

The steps know no regime: they hand the rows with their `@` facts, the regime's rules and the report's context to
`decide`, and get one decision a row. `trail` gives the outcome of every block, for whoever asks why.

Many records of a day share the same facts, so every distinct combination of facts is decided once, and remembered for
the next report.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from regreport.eligibility.pack import Pack, pack_for
from regreport.eligibility.words import Answer, answers, block_answers
from regreport.engine.decision import DECISION_COLUMNS, Decision, DecisionRule
from regreport.regime import ReportContext

DECISION_SCHEMA: Final = pl.Schema({c: pl.UInt32 if c == "source_line" else pl.String for c in DECISION_COLUMNS})
TRAIL_COLUMNS: Final = ("batch_id", "source_line", "block", "outcome", "rule", "reason", "missing")
"""One row a source record and block: its outcome (an Effect), by which rule, in which words, what is missing."""
TRAIL_SCHEMA: Final = pl.Schema({c: pl.UInt32 if c == "source_line" else pl.String for c in TRAIL_COLUMNS})
KEY: Final = ("batch_id", "source_line")
CONTRADICTION: Final = "LABEL"
"""Rule id of a record that is held because what the firm says of it contradicts the decision."""
REMEMBERED_MAX: Final = 20_000


def decide(records: pl.DataFrame, decisions: Sequence[DecisionRule], context: ReportContext) -> pl.DataFrame:
    """One decision a record, in order: DECISION_SCHEMA.

    `records`: source rows with the `@` facts that the regime's `facts` adds. Rules that are not in force on the
    record's own trade date (`@trade_date`, else the date of `timestamp`), not of this jurisdiction, or switched off by
    a setting, are not looked at. A record whose own labels (`jurisdiction`, several joined by +, and `report_type`)
    contradict the decision is UNDECIDED. Raises ConfigurationError where a rule looks at a column that the records do
    not have.
    """
    if records.is_empty():
        return pl.DataFrame(schema=DECISION_SCHEMA)
    facts = _with_trade_date(records)
    pack = pack_for(facts, decisions, context)
    seen = facts.select(pack.columns)
    distinct = seen.unique(maintain_order=True)
    made = pl.DataFrame(_remembered(pack, distinct), schema=["decision", "rule", "reason", "missing"], orient="row")
    told = distinct.hstack(made.cast(pl.String))
    decided = seen.join(told, on=list(pack.columns), how="left", nulls_equal=True, maintain_order="left")
    decided = records.select(*KEY, "transaction_id").hstack(decided.select(made.columns))
    return _contradictions(decided, records, context).select(DECISION_COLUMNS).cast(DECISION_SCHEMA)


def trail(records: pl.DataFrame, decisions: Sequence[DecisionRule], context: ReportContext) -> pl.DataFrame:
    """The outcome of every block for every record, by record and block: TRAIL_SCHEMA. `records` as for `decide`."""
    if records.is_empty():
        return pl.DataFrame(schema=TRAIL_SCHEMA)
    facts = _with_trade_date(records)
    pack = pack_for(facts, decisions, context)
    parts = []
    for number, (block, words) in enumerate(block_answers(pack, facts)):
        keys = records.select(*KEY).with_columns(block=pl.lit(block), at=pl.lit(number)).with_row_index("row")
        parts.append(keys.hstack(words))
    return pl.concat(parts).sort("row", "at").select(TRAIL_COLUMNS).cast(TRAIL_SCHEMA)


def _with_trade_date(records: pl.DataFrame) -> pl.DataFrame:
    if "@trade_date" in records.columns:
        return records
    return records.with_columns(pl.col("timestamp").str.head(10).alias("@trade_date"))


def _remembered(pack: Pack, distinct: pl.DataFrame) -> list[Answer]:
    """The answer for each combination of facts; those not met before are worked out and kept."""
    combinations = distinct.rows()
    if distinct.height > REMEMBERED_MAX or any(isinstance(t, pl.List) for t in distinct.dtypes):
        return answers(pack, distinct)
    new = [n for n, combination in enumerate(combinations) if combination not in pack.remembered]
    if new:
        if len(pack.remembered) + len(new) > REMEMBERED_MAX:
            pack.remembered.clear()
            new = list(range(distinct.height))
        worked_out = answers(pack, distinct[new])
        pack.remembered.update(zip((combinations[n] for n in new), worked_out, strict=True))
    return [pack.remembered[combination] for combination in combinations]


def _contradictions(decided: pl.DataFrame, records: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """Decisions with those records held that the firm itself labels otherwise."""
    labels = [c for c in ("jurisdiction", "report_type") if c in records.columns]
    if all(records[c].null_count() == records.height for c in labels):
        return decided
    cell, nothing = context.cell, pl.lit(None, pl.String)
    said = {c: pl.lit(records[c]) if c in labels else nothing for c in ("jurisdiction", "report_type")}
    here = said["jurisdiction"].str.split("+").list.contains(cell.jurisdiction)
    this = said["report_type"] == cell.report_type
    reportable = pl.col("decision") == Decision.REPORTABLE.value
    taken_out = pl.col("decision") == Decision.NOT_REPORTABLE.value
    against = reportable & ~(here.fill_null(value=True) & this.fill_null(value=True))
    against |= taken_out & here.fill_null(value=False) & this.fill_null(value=True)
    reason = pl.format(
        "The source labels this record {} {} (jurisdiction, report_type), but under {} it is {} by rule {}: correct "
        "the label or the facts.",
        said["jurisdiction"].fill_null("-"),
        said["report_type"].fill_null("-"),
        pl.lit(f"{cell.regime} {cell.jurisdiction} {cell.report_type}"),
        pl.when(reportable).then(pl.lit("reportable")).otherwise(pl.lit("not reportable")),
        pl.col("rule").fill_null("-"),
    )
    return decided.with_columns(
        rule=pl.when(against).then(pl.lit(CONTRADICTION)).otherwise("rule"),
        reason=pl.when(against).then(reason).otherwise("reason"),
        missing=pl.when(against).then(pl.lit("jurisdiction report_type")).otherwise("missing"),
        decision=pl.when(against).then(pl.lit(Decision.UNDECIDED.value)).otherwise("decision"),
    )
