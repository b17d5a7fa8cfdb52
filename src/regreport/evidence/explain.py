"""explain: what happened to a record or a report, in words.

Everything said here is read from the ledger and the store, never worked out again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

import polars as pl

from regreport import books
from regreport.errors import NotFound
from regreport.model.ledger import ObligationState
from regreport.model.report import Submission
from regreport.ports import Ledger, Store
from regreport.regime import Regime, regimes

MATCHES_MAX: Final = 50
"""Source rows of one id that explain shows; more than that is a fault of the source."""


@dataclass(frozen=True)
class RecordStory:
    """One source row, from its file to the authority's answer, as plain values."""

    source: dict[str, Any]
    regimes: list[dict[str, Any]] = field(default_factory=list)


def explain_record(ledger: Ledger, store: Store, record_id: str) -> list[RecordStory]:
    """Every source row with this transaction_id or reference, with all that was decided and sent of it.

    Raises NotFound.
    """
    stories = [
        RecordStory(
            row, [_under(ledger, store, state, row) for state in ledger.obligations(entity=entity, report_date=on)]
        )
        for kind, entity, on in ledger.batch_days()
        for row in _source_rows(ledger, store, kind, entity, on, record_id)
    ]
    if not stories:
        raise NotFound(f"No source record has the id {record_id!r}. Ids are matched whole, upper and lower case apart")
    return stories[:MATCHES_MAX]


def _source_rows(
    ledger: Ledger, store: Store, kind: str, entity: str, on: date, record_id: str
) -> Iterator[dict[str, Any]]:
    for batch in ledger.batches(kind, entity, on):
        table = pl.scan_parquet(store.local(batch.digest))
        wanted = pl.col("transaction_id") == record_id
        if "transaction_reference" in table.collect_schema():
            wanted = wanted | (pl.col("transaction_reference") == record_id)
        for row in table.filter(wanted).head(MATCHES_MAX).collect().iter_rows(named=True):  # a handful, for a person
            given = {k: v for k, v in row.items() if v is not None}
            yield {
                "file": batch.file_name,
                "loaded_at": batch.loaded_at.isoformat(),
                "loaded_by": batch.loaded_by,
                **given,
            }


def _under(ledger: Ledger, store: Store, state: ObligationState, row: dict[str, Any]) -> dict[str, Any]:
    """What became of a source row under one obligation."""
    regime = regimes()[state.obligation.cell.regime]
    story: dict[str, Any] = {
        "obligation": state.obligation.obligation_id,
        "regime": regime.title,
        "due_at": state.obligation.due_at.isoformat(),
    }
    if not state.decisions_digest:
        return {**story, "decision": {"category": "NOT_GENERATED", "reason": "generate has not run for this day"}}
    decided = _rows_of(pl.scan_parquet(store.local(state.decisions_digest)), row)
    story["decision"] = {**decided[0], **_law(regime, decided[0].get("rule"))} if decided else {}
    if state.findings_digest:
        story["findings"] = _rows_of(pl.scan_parquet(store.local(state.findings_digest)), row)
    reference = decided[0].get("reference") if decided else None
    story["lines"] = [
        line
        for s in ledger.submissions(obligation_id=state.obligation.obligation_id)
        for line in _lines(ledger, store, s, row, reference)
    ]
    return story


def _rows_of(table: pl.LazyFrame, row: dict[str, Any]) -> list[dict[str, Any]]:
    mine = table.filter((pl.col("batch_id") == row["batch_id"]) & (pl.col("source_line") == row["source_line"]))
    return [
        {k: v for k, v in r.items() if v is not None} for r in mine.head(MATCHES_MAX).collect().to_dicts()
    ]  # one record


def _law(regime: Regime, rule_id: Any) -> dict[str, str]:
    """Sentence, source and confidence of the rule that decided."""
    for rule in regime.decisions:
        if rule.id == rule_id:
            return {"sentence": rule.sentence, "source": rule.source, "confidence": rule.confidence}
    for check in regime.rules:
        if check.id == rule_id:
            return {"sentence": check.title, "source": check.source, "confidence": check.confidence}
    return {}


def _lines(
    ledger: Ledger, store: Store, submission: Submission, row: dict[str, Any], reference: Any
) -> Iterator[dict[str, Any]]:
    """Where a source row stands in a submission, and what was said of it."""
    table = books.index(store, submission)
    mine = (pl.col("batch_id") == row["batch_id"]) & (pl.col("source_line") == row["source_line"])
    if reference is not None:
        mine = mine | ((pl.col("reference") == reference) & (pl.col("action") == "NEW"))
    deliveries = ledger.deliveries(submission.report_id)
    for line in table.filter(mine).head(MATCHES_MAX).to_dicts():  # one record
        file = submission.files[line["file"] - 1]
        yield {
            "report_id": submission.report_id,
            "status": submission.status.value,
            "action": line["action"],
            "reference": line["reference"],
            "file": file.name,
            "sha256": file.digest,
            "record_in_file": line["record"],
            "outcome": line["outcome"],
            "rule": line["rule"],
            "said": line["message"],
            "delivered": [
                {"at": d.at.isoformat(), "channel": d.channel, "outcome": d.outcome, "receipt": d.receipt}
                for d in deliveries
                if d.file_number == file.number
            ],
        }


def explain_report(ledger: Ledger, store: Store, report_id: str) -> dict[str, Any]:
    """A submission: what it is, its files, its events, its answers. Raises NotFound."""
    submission = ledger.submission(report_id)
    outcomes = books.index(store, submission).group_by("outcome", maintain_order=True).len().sort("outcome")
    return {
        "report": {k: v for k, v in asdict(submission).items() if k != "files"},
        "files": [asdict(f) for f in submission.files],
        "outcomes": dict(outcomes.rows()),
        "deliveries": [asdict(d) for d in ledger.deliveries(report_id)],
        "feedback": [asdict(f) for f in ledger.feedback(report_id)],
        "events": [
            {
                "sequence": e.sequence,
                "at": e.at,
                "actor": e.actor,
                "kind": e.kind,
                "detail": dict(e.detail),
                "hash": e.hash,
            }
            for e in ledger.events(report_id)
        ],
    }


def findings_of(ledger: Ledger, store: Store, report_id: str) -> pl.DataFrame:
    """All findings on a report: those that held records back when it was generated, and those of its validation.

    The latest report also has those of a later generate that had nothing to send.
    """
    submission = ledger.submission(report_id)
    generated = [e.detail.get("set.findings_digest", "") for e in ledger.events(report_id) if e.kind == "generated"]
    digests = [*generated, submission.findings_digest]
    if submission == ledger.submissions(obligation_id=submission.obligation_id)[-1]:
        digests += [s.findings_digest for s in ledger.obligations(obligation_id=submission.obligation_id)]
    frames = [pl.read_parquet(store.local(d)) for d in dict.fromkeys(digests) if d]
    return pl.concat(frames).unique(maintain_order=True) if frames else pl.DataFrame()
