"""A submission: one numbered version of a report, its status, and the only ways its status may move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """Where a submission is. CONFIRMED, PARTIALLY_ACCEPTED and REJECTED may still be changed by later feedback."""

    PLANNED = "PLANNED"
    GENERATED = "GENERATED"
    VALIDATED = "VALIDATED"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    DELIVERING = "DELIVERING"
    DELIVERED = "DELIVERED"
    DELIVERY_FAILED = "DELIVERY_FAILED"
    DELIVERY_UNKNOWN = "DELIVERY_UNKNOWN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    CONFIRMED = "CONFIRMED"
    PARTIALLY_ACCEPTED = "PARTIALLY_ACCEPTED"
    REJECTED = "REJECTED"


_ANSWERS: Final = frozenset({Status.ACKNOWLEDGED, Status.CONFIRMED, Status.PARTIALLY_ACCEPTED, Status.REJECTED})

TRANSITIONS: Final[dict[Status, frozenset[Status]]] = {
    Status.PLANNED: frozenset({Status.GENERATED}),
    Status.GENERATED: frozenset({Status.VALIDATED, Status.VALIDATION_FAILED}),
    Status.VALIDATION_FAILED: frozenset(),
    # A second person who rejects a correction is a gate like validate: it never leaves, a new one may be asked for.
    Status.VALIDATED: frozenset({Status.DELIVERING, Status.VALIDATION_FAILED}),
    Status.DELIVERING: frozenset({Status.DELIVERED, Status.DELIVERY_FAILED, Status.DELIVERY_UNKNOWN}),
    Status.DELIVERY_FAILED: frozenset({Status.DELIVERING}),
    # An approved resend goes back to DELIVERING with its mark; feedback may also prove that the file did arrive.
    Status.DELIVERY_UNKNOWN: frozenset({Status.DELIVERING, Status.DELIVERED}) | _ANSWERS,
    Status.DELIVERED: _ANSWERS,
    Status.ACKNOWLEDGED: _ANSWERS - {Status.ACKNOWLEDGED},
    Status.CONFIRMED: _ANSWERS - {Status.CONFIRMED, Status.ACKNOWLEDGED},
    Status.PARTIALLY_ACCEPTED: _ANSWERS - {Status.PARTIALLY_ACCEPTED, Status.ACKNOWLEDGED},
    Status.REJECTED: _ANSWERS - {Status.REJECTED, Status.ACKNOWLEDGED},
}
"""From each status, the statuses that may follow. Anything else is refused by the ledger."""


class Action(StrEnum):
    """What a line of a submission does to the authority's books."""

    NEW = "NEW"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class ReportFile:
    """One delivered file of a submission: what it is called, which bytes, which records.

    `message_id` is the business message identifier that the authority's answer will name.
    """

    number: int
    name: str
    message_id: str
    digest: str
    size: int
    records: int
    first_record: int


@dataclass(frozen=True)
class Submission:
    """One row of `report_log`. Times are UTC; null until the step was reached."""

    report_id: str
    obligation_id: str
    number: int
    jurisdiction: str
    report_type: str
    regime: str
    report_date: date
    entity: str
    destination: str
    status: Status
    created_at: datetime
    """The report's own instant (creation date in its header), fixed when it was planned."""
    records: int = 0
    errors: int = 0
    warnings: int = 0
    fields_digest: str = ""
    index_digest: str = ""
    manifest_digest: str = ""
    findings_digest: str = ""
    outcomes_digest: str = ""
    approval: str = ""
    """Kind of the request that a second person has to approve before it is handed over; empty where none has to."""
    possible_duplicate: bool = False
    """It was handed over again after an outcome that nobody knows."""
    retry_at: datetime | None = None
    """A hand-over that failed is not tried again before."""
    parked: bool = False
    """It is not tried again before a person asks for it."""
    resolutions: int = 0
    """How often two persons have resolved an unknown outcome."""
    delivered_to: str = ""
    delivery_message_id: str = ""
    validated_at: datetime | None = None
    delivered_at: datetime | None = None
    confirmed_at: datetime | None = None
    files: tuple[ReportFile, ...] = ()

    @property
    def folder(self) -> str:
        """Where its objects stand in the store, by readable name."""
        return f"reports/{self.jurisdiction}/{self.report_date.isoformat()}/{self.report_id}"
