"""A source batch: what one load brought for one entity and one day, and how to prove it is still the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class SourceBatch:
    """One part of one load: the rows of one kind, entity and business date.

    `digest` names the landed Parquet, `file_digest` the bytes as they came. `number` orders the batches of one day:
    a later batch corrects an earlier one, record by record.
    """

    batch_id: str
    number: int
    kind: str
    entity: str
    business_date: date
    rows: int
    digest: str
    file_name: str
    file_digest: str
    mapping_digest: str
    loaded_at: datetime
    loaded_by: str
    totals: dict[str, Decimal] = field(default_factory=dict)
    """Control totals of `amount` by currency."""


def batch_id_of(kind: str, on: date, entity: str, number: int) -> str:
    """The id of the numbered batch of a day."""
    return f"{kind}-{on.isoformat()}-{entity}-{number}"
