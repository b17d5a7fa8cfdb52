"""The first half of generate, for one obligation: what is reportable, why the rest is not, and what has to be sent.

Which version of each source record stands, what eligibility says, the regulator's fields, and the difference to what
the authority holds already: new records, and cancellations of what has changed or was withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from regreport import eligibility, versions
from regreport.books import ACCOUNT_SCHEMA
from regreport.engine.decision import Decision
from regreport.engine.spool import Spool
from regreport.generate.reported import Reported
from regreport.inputs import SourceDay
from regreport.masking import masked_table
from regreport.model.finding import Severity
from regreport.model.report import Action
from regreport.passes import PLACED_SCHEMA
from regreport.ports import Store
from regreport.regime import Regime, ReportContext
from regreport.versions import Standing

ORIGIN: Final = ("@batch_id", "@source_line", "@action")
"""Columns that travel with a field row: where it came from and what it does."""


@dataclass(frozen=True)
class Draft:
    """One report about to be made: everything decided, nothing rendered.

    `accounts` has ACCOUNT_SCHEMA. `candidates` are field rows with ORIGIN columns in sending order. `faults` are
    findings of the mapping with batch_id and source_line.
    """

    context: ReportContext
    accounts: pl.DataFrame
    candidates: Spool
    faults: pl.DataFrame


def draft(
    regime: Regime,
    context: ReportContext,
    day: SourceDay,
    books: pl.DataFrame,
    store: Store,
    field_tables: dict[str, str],
    scratch: Path,
    *,
    resend: bool = False,
) -> Draft:
    """Decide and map one obligation's day.

    `books`: BOOKS_SCHEMA of this obligation. `field_tables`: report_id -> digest of the field table it sent. `scratch`:
    a folder for what does not fit in memory. `resend`: what the authority rejected goes again, even unchanged.
    """
    standing = versions.stand(day.rows, day.chunks)
    accounts = [_not_live(standing)]
    faults: list[pl.DataFrame] = []
    fresh = Spool(scratch, f"fresh-{context.entity.lei}")
    reported = Reported(regime, books, standing, store, field_tables, resend=resend)
    live = standing.filter(pl.col("standing") == Standing.LIVE.value).select(versions.KEY)
    for chunk in _live_chunks(day, live):
        account, mapped, fault = _one_chunk(regime, context, chunk)
        accounts.append(account)
        faults.append(fault)
        fresh.append(reported.to_send(mapped))
    account = pl.concat([pl.DataFrame(schema=ACCOUNT_SCHEMA), *accounts])
    candidates = Spool(scratch, f"send-{context.entity.lei}")
    for cancel in reported.cancellations(context, account):
        candidates.append(cancel)
    for chunk in fresh.chunks():
        candidates.append(chunk)
    return Draft(context, account, candidates, pl.concat([pl.DataFrame(schema=PLACED_SCHEMA), *faults]))


def _live_chunks(day: SourceDay, live: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The live rows in order of batch and line, a chunk at a time."""
    for chunk in day.chunks():
        kept = chunk.join(live, on=versions.KEY, how="semi", maintain_order="left")
        if kept.height:
            yield kept.drop("batch_number")


def _not_live(standing: pl.DataFrame) -> pl.DataFrame:
    """Accounts of the rows that are no longer, or never were, a record of their own."""
    category = pl.col("standing").replace_strict(
        {
            Standing.DUPLICATE.value: "DUPLICATE",
            Standing.SUPERSEDED.value: "SUPERSEDED",
            Standing.WITHDRAWAL.value: "SUPERSEDED",
            Standing.CONFLICT.value: "HELD",
            Standing.ORPHAN.value: "HELD",
        },
        return_dtype=pl.String,
    )
    gone = standing.filter(pl.col("standing") != Standing.LIVE.value)
    return gone.select(
        *versions.KEY,
        "transaction_id",
        category=category,
        rule=pl.format("SRC-{}", pl.col("standing")),
        reason="standing_reason",
        missing=pl.lit(None, dtype=pl.String),
        reference=pl.lit(None, dtype=pl.String),
    ).cast(ACCOUNT_SCHEMA)


def _one_chunk(
    regime: Regime, context: ReportContext, chunk: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """(accounts, field rows with ORIGIN, mapping findings) of one chunk of live rows."""
    faulty = _source_faults(chunk)
    sound = chunk.join(faulty, on=versions.KEY, how="anti", maintain_order="left").drop("source_faults")
    facts = regime.facts(sound, context)
    decided = eligibility.decide(facts, regime.decisions, context)
    reportable = facts.filter(decided["decision"] == Decision.REPORTABLE.value)
    mapped = regime.to_fields(reportable, context)
    origin = reportable.select(pl.col("batch_id").alias("@batch_id"), pl.col("source_line").alias("@source_line"))
    fields = pl.concat(
        [mapped.fields, origin.with_columns(pl.lit(Action.NEW.value).alias("@action"))], how="horizontal"
    )
    faults, broken = _mapping_faults(mapped.faults, origin)
    fields = fields.join(broken, on=["@batch_id", "@source_line"], how="anti", maintain_order="left")
    accounts = _accounts(decided, faulty, broken, fields, regime.reference)
    return accounts, fields, faults


def _source_faults(chunk: pl.DataFrame) -> pl.DataFrame:
    """Rows with a value that could not be understood: key, transaction_id, rule, reason (of the first such value; who a
    person is stays in the source row)."""
    bad = chunk.filter(pl.col("source_faults").list.len() > 0)
    first = pl.col("source_faults").list.first().struct
    faults = bad.select(*versions.KEY, "transaction_id", *(first.field(f) for f in ("column", "problem", "value")))
    shown = masked_table(faults, ["value"]).with_columns(pl.col("value").fill_null(""))
    return shown.select(
        *versions.KEY,
        "transaction_id",
        rule=pl.format("SRC-{}", "column"),
        reason=pl.format("{}: {} (value '{}')", "column", "problem", "value"),
    )


def _mapping_faults(faults: pl.DataFrame, origin: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Mapping findings with their source row, and (source row, rule, reason) of each record held by one."""
    keys = origin.rename({"@batch_id": "batch_id", "@source_line": "source_line"})
    numbered = keys.with_row_index("record", offset=1).cast({"record": pl.UInt32})
    placed = faults.join(numbered, on="record", how="left", maintain_order="left")
    held = placed.filter(pl.col("severity") == Severity.ERROR.value).unique(
        versions.KEY, keep="first", maintain_order=True
    )
    broken = held.select(
        pl.col("batch_id").alias("@batch_id"), pl.col("source_line").alias("@source_line"), "rule", reason="message"
    )
    return placed.select(list(PLACED_SCHEMA)), broken


def _accounts(
    decided: pl.DataFrame, faulty: pl.DataFrame, broken: pl.DataFrame, fields: pl.DataFrame, reference: str
) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.String)
    unread = faulty.select(
        *versions.KEY,
        "transaction_id",
        category=pl.lit("HELD"),
        rule="rule",
        reason="reason",
        missing=nothing,
        reference=nothing,
    )
    category = pl.col("decision").replace_strict(
        {
            Decision.REPORTABLE.value: "REPORTABLE",
            Decision.NOT_REPORTABLE.value: "NOT_REPORTABLE",
            Decision.UNDECIDED.value: "HELD",
        },
        return_dtype=pl.String,
    )
    names = fields.select(
        pl.col("@batch_id").alias("batch_id"), pl.col("@source_line").alias("source_line"), reference=reference
    )
    read = decided.select(
        *versions.KEY, "transaction_id", category=category, rule="rule", reason="reason", missing="missing"
    )
    read = read.join(names, on=versions.KEY, how="left", maintain_order="left")
    return hold(pl.concat([unread, read]).cast(ACCOUNT_SCHEMA), broken)


def hold(accounts: pl.DataFrame, broken: pl.DataFrame) -> pl.DataFrame:
    """Accounts with the given records held: `broken` has @batch_id, @source_line, rule, reason."""
    if broken.is_empty():
        return accounts
    keys = broken.rename(
        {"@batch_id": "batch_id", "@source_line": "source_line", "rule": "held_rule", "reason": "held_reason"}
    )
    joined = accounts.join(keys, on=versions.KEY, how="left", maintain_order="left")
    held = pl.col("held_rule").is_not_null()
    return joined.with_columns(
        category=pl.when(held).then(pl.lit("HELD")).otherwise("category"),
        rule=pl.when(held).then("held_rule").otherwise("rule"),
        reason=pl.when(held).then("held_reason").otherwise("reason"),
        reference=pl.when(held).then(None).otherwise("reference"),
    ).select(list(ACCOUNT_SCHEMA))
