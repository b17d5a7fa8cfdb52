"""An obligation: one report that an entity owes for a date, whether or not anything has been generated for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class ObligationStatus(StrEnum):
    """OPEN until its records are accepted or signed for; NIL is asserted from a batch of zero reportable records."""

    OPEN = "open"
    NIL = "nil"
    DISCHARGED = "discharged"


@dataclass(frozen=True)
class Cell:
    """A place in the grid, and the regime that fills it."""

    jurisdiction: str
    report_type: str
    regime: str


@dataclass(frozen=True)
class Obligation:
    """What `plan` says is owed. `due_at` is in UTC; it was worked out in the destination's zone and calendar."""

    obligation_id: str
    cell: Cell
    entity: str
    report_date: date
    destination: str
    due_at: datetime


def obligation_id(cell: Cell, report_date: date, entity: str) -> str:
    """`EU-TRANSACTION-MIFIR-2026-11-23-<LEI>`: deterministic, so that planning twice is planning once."""
    return f"{cell.jurisdiction}-{cell.report_type}-{cell.regime.upper()}-{report_date.isoformat()}-{entity}"


def report_id(obligation: str, submission: int) -> str:
    """The id of the numbered submission of an obligation: `<obligation_id>-1`."""
    return f"{obligation}-{submission}"
