"""Feedback: the authority's answer, by file and by record, as the regime's parser hands it over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What the authority (or nobody yet) said of one record."""

    SENT = "SENT"
    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    WARNED = "WARNED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"


class FileStatus(StrEnum):
    """What the authority said of the file as a whole."""

    RECEIVED = "RECEIVED"
    ACCEPTED = "ACCEPTED"
    PARTIAL = "PARTIAL"
    REJECTED = "REJECTED"


OUTCOME_COLUMNS: Final = ("reference", "outcome", "rule", "message")
"""One row a (record, reason): reference (as the authority writes it), outcome, its rule's code, its words."""


@dataclass(frozen=True)
class FileAnswer:
    """One answer to one of our files. `outcomes` is the table of OUTCOME_COLUMNS; `counts` is by outcome, if given.

    A status of ACCEPTED or PARTIAL says that a record which is not listed counts as accepted; a regime gives it only
    where its rules say so and the counts in the message agree. `quarantine` is why this answer may not be used, or ''.
    """

    message_id: str
    """The business message identifier of our file that is answered."""
    feedback_id: str
    created_at: datetime
    status: FileStatus
    outcomes: object
    reasons: tuple[tuple[str, str], ...] = ()
    records_total: int | None = None
    counts: dict[Outcome, int] = field(default_factory=dict)
    sender: str = ""
    recipient: str = ""
    quarantine: str = ""
