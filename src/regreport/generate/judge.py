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
from regreport.generate.draft import ORIGIN, Draft, hold
from regreport.model.finding import Severity
from regreport.model.report import Action
from regreport.passes import PLACED_SCHEMA, run_pack
from regreport.regime import Regime, ReportContext
from regreport.versions import KEY


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
    if not drafts:
        return []
    findings = run_pack(regime, lambda: [(d.context, d.candidates.chunks()) for d in drafts], structure=True)
    errors = findings.filter((pl.col("severity") == Severity.ERROR.value) & pl.col("record").is_not_null())
    broken = errors.unique([DRAFT, "record"], keep="first", maintain_order=True)
    accounts = hold(pl.concat([d.accounts for d in drafts]), _reasons(broken))
    of_draft, broken_of = _by_draft(findings.select([*PLACED_SCHEMA, DRAFT])), _by_draft(broken)
    judged, start = [], 0
    for number, draft in enumerate(drafts):
        mine = accounts.slice(start, draft.accounts.height)
        start += draft.accounts.height
        found = of_draft.get(number)
        everything = draft.faults if found is None else pl.concat([draft.faults, found])
        fields = draft.candidates
        if number in broken_of and hold_by == "report":
            mine, fields = _waiting(mine, draft, broken_of[number].height), Spool(scratch, "none")
        elif number in broken_of:
            fields = fields.without(_held_positions(regime, draft, broken_of[number]["record"]))
        judged.append(Judged(draft.context, mine, fields, everything))
    return judged


def _by_draft(findings: pl.DataFrame) -> dict[object, pl.DataFrame]:
    parts = findings.partition_by(DRAFT, as_dict=True, include_key=False, maintain_order=True)
    return {key[0]: part for key, part in parts.items()}


def _held_positions(regime: Regime, draft: Draft, broken: pl.Series) -> pl.Series:
    """Positions of the records in error, and of the cancellations that go with a held new record: of its reference, or
    of the same source record under another reference."""
    actions = draft.candidates.narrow(["@action"])
    if not (actions["@action"] == Action.CANCEL.value).any():
        return broken
    narrow = _with_names(draft, regime.reference).with_row_index("@position", offset=1)
    bad = narrow.filter(pl.col("@position").is_in(broken.implode()))
    new = bad.filter(pl.col("@action") == Action.NEW.value)
    cancels = narrow.filter(pl.col("@action") == Action.CANCEL.value)
    with_them = [
        cancels.join(new.select(c), on=c, how="semi")["@position"] for c in (regime.reference, "transaction_id")
    ]
    return pl.concat([bad["@position"], *with_them]).unique()


def _with_names(draft: Draft, *columns: str) -> pl.DataFrame:
    """ORIGIN and a few columns of the candidates, in order, with the transaction_id of their source row."""
    names = draft.accounts.select(
        pl.col("batch_id").alias("@batch_id"), pl.col("source_line").alias("@source_line"), "transaction_id"
    )
    narrow = draft.candidates.narrow([*ORIGIN, *columns])
    return narrow.join(names, on=["@batch_id", "@source_line"], how="left", maintain_order="left")


def _reasons(broken: pl.DataFrame) -> pl.DataFrame:
    return broken.select(
        pl.col("batch_id").alias("@batch_id"), pl.col("source_line").alias("@source_line"), "rule", reason="message"
    ).unique(["@batch_id", "@source_line"], keep="first", maintain_order=True)


def _waiting(accounts: pl.DataFrame, draft: Draft, in_error: int) -> pl.DataFrame:
    """hold = "report": nothing goes while a record is in error, and every other one of this report says what it waits
    for. What was reported before and has not changed is not part of it."""
    candidates = _with_names(draft)
    new = candidates.filter(pl.col("@action") == Action.NEW.value)
    taken_back = candidates.filter(pl.col("@action") == Action.CANCEL.value)
    taken_back = taken_back.join(new, on="transaction_id", how="anti", maintain_order="left")
    in_it = pl.concat([new, taken_back]).rename({"@batch_id": "batch_id", "@source_line": "source_line"})
    open_ = accounts.filter(pl.col("category") != "HELD").join(in_it, on=KEY, how="semi", maintain_order="left")
    waits = open_.select(
        pl.col("batch_id").alias("@batch_id"),
        pl.col("source_line").alias("@source_line"),
        rule=pl.lit("HOLD-REPORT"),
        reason=pl.lit(f"The whole report waits: {in_error} of its records are in error"),
    )
    return hold(accounts, waits)
