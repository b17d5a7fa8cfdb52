"""The rules of the pack over many drafts at once: which records are held, and what is left to send.

Record rules run over chunks that may hold rows of many reports. Rules across records need the whole report, but only a
few columns of it. A record with an error is held out and the rest goes (hold = "record"), or the whole report waits
(hold = "report"). A held new record keeps back the cancellation that was to make room for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from regreport.engine.rule import DRAFT
from regreport.engine.spool import Spool
from regreport.generate.draft import Draft, hold
from regreport.model.finding import Severity
from regreport.model.report import Action
from regreport.passes import PLACED_SCHEMA, run_pack
from regreport.regime import Regime, ReportContext


@dataclass(frozen=True)
class Judged:
    """A draft after the rules: `accounts` with the held records, `fields` to send with ORIGIN columns, `findings`
    (PLACED_SCHEMA; `record` is the position among the candidates)."""

    context: ReportContext
    accounts: pl.DataFrame
    fields: Spool
    findings: pl.DataFrame


def judge(regime: Regime, drafts: Sequence[Draft], *, hold_by: str, scratch: Path) -> list[Judged]:
    """Run the pack over the drafts, which share jurisdiction, report date and reference data."""
    findings = run_pack(regime, lambda: [(d.context, d.candidates.chunks()) for d in drafts])
    return [
        _judged(regime, d, findings.filter(pl.col(DRAFT) == i).drop(DRAFT), hold_by, scratch)
        for i, d in enumerate(drafts)
    ]


def _judged(regime: Regime, draft: Draft, findings: pl.DataFrame, hold_by: str, scratch: Path) -> Judged:
    errors = findings.filter((pl.col("severity") == Severity.ERROR.value) & pl.col("record").is_not_null())
    broken = errors.unique("record", keep="first", maintain_order=True)
    everything = pl.concat([draft.faults, findings.select(list(PLACED_SCHEMA))])
    if broken.is_empty():
        return Judged(draft.context, draft.accounts, draft.candidates, everything)
    if hold_by == "report":
        return _all_wait(draft, broken, everything, scratch)
    held = _held_positions(regime, draft, broken)
    kept = Spool(scratch, f"kept-{draft.context.entity.lei}")
    position = 0
    for chunk in draft.candidates.chunks():
        numbered = chunk.with_row_index("@position", offset=position + 1).cast({"@position": pl.UInt32})
        kept.append(numbered.join(held, on="@position", how="anti", maintain_order="left").drop("@position"))
        position += chunk.height
    return Judged(draft.context, hold(draft.accounts, _reasons(broken)), kept, everything)


def _held_positions(regime: Regime, draft: Draft, broken: pl.DataFrame) -> pl.DataFrame:
    """Positions of the records in error, and of the cancellations that go with a held new record."""
    narrow = draft.candidates.narrow([regime.reference, "@action"]).with_row_index("@position", offset=1)
    narrow = narrow.cast({"@position": pl.UInt32})
    bad = narrow.join(broken.select(pl.col("record").alias("@position")), on="@position", how="semi")
    new = bad.filter(pl.col("@action") == Action.NEW.value).select(regime.reference)
    with_them = narrow.filter(pl.col("@action") == Action.CANCEL.value).join(new, on=regime.reference, how="semi")
    return pl.concat([bad.select("@position"), with_them.select("@position")]).unique()


def _reasons(broken: pl.DataFrame) -> pl.DataFrame:
    return broken.select(
        pl.col("batch_id").alias("@batch_id"), pl.col("source_line").alias("@source_line"), "rule", reason="message"
    ).unique(["@batch_id", "@source_line"], keep="first", maintain_order=True)


def _all_wait(draft: Draft, broken: pl.DataFrame, findings: pl.DataFrame, scratch: Path) -> Judged:
    """hold = "report": nothing goes while a record is in error; every reportable record says what it waits for."""
    waits = draft.accounts.filter(pl.col("category") == "REPORTABLE").select(
        pl.col("batch_id").alias("@batch_id"),
        pl.col("source_line").alias("@source_line"),
        rule=pl.lit("HOLD-REPORT"),
        reason=pl.lit(f"The whole report waits: {broken.height} of its records are in error"),
    )
    accounts = hold(hold(draft.accounts, waits), _reasons(broken))
    return Judged(draft.context, accounts, Spool(scratch, "none"), findings)
