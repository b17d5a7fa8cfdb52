"""What a day leaves behind beside its reports: an alert that was raised once, and the sign-off of its control owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Alert:
    """One row of `alert`: raised once for a kind and what it is about, however often it is met again."""

    kind: str
    subject: str
    raised_at: datetime
    words: str


@dataclass(frozen=True)
class SignOff:
    """One row of `sign_off`: who signed a day, what he said, and the digest of the account that he saw."""

    report_date: date
    number: int
    signed_by: str
    signed_at: datetime
    comment: str
    digest: str
