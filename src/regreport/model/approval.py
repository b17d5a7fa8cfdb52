"""A request: what one person asks for and a second one decides, before anything of it happens.

The very thing that is asked for is named by its digest, so that nothing else than what was seen can be approved:
whoever acts on an approved request looks for it by kind, subject and digest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RequestKind(StrEnum):
    """What is asked for."""

    CORRECTION = "correction"
    """A submission that replaces what was reported before; the digest is that of its manifest."""
    CANCELLATION = "cancellation"
    """A submission that only takes back what was reported before."""
    RESEND = "resend"
    """A hand-over whose outcome is not known is made again, marked as a possible duplicate."""
    DELIVERED = "delivered"
    """A hand-over whose outcome is not known did arrive: somebody has asked the other side."""
    DELTA = "delta"
    """A field of one record is reported other than its source says."""
    DELETE = "delete"
    """An object whose retention has ended goes."""
    DESTROY_KEY = "destroy-key"
    """A key whose last duty has ended goes, and with it everything that it encrypts."""


class Verdict(StrEnum):
    """What the second person says."""

    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Decision:
    """What a second person decided, and why."""

    verdict: Verdict
    decided_by: str
    decided_at: datetime
    reason: str


@dataclass(frozen=True)
class Request:
    """One row of `request`, with its decision where there is one."""

    request_id: str
    kind: str
    subject: str
    """What it is about: a REPORT_ID, the digest of an object, the id of a key."""
    digest: str
    reason: str
    requested_by: str
    requested_at: datetime
    decision: Decision | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided it yet."""
        return self.decision is None

    @property
    def is_approved(self) -> bool:
        """Whether a second person said yes."""
        return self.decision is not None and self.decision.verdict is Verdict.APPROVED


def approved(requests: Iterable[Request], kind: str, subject: str, digest: str) -> Request | None:
    """The latest approved request for exactly this; None where there is none."""
    found = [r for r in requests if r.is_approved and (r.kind, r.subject, r.digest) == (kind, subject, digest)]
    return found[-1] if found else None


def same_person(one: str, other: str) -> bool:
    """Whether two names can be the same person: case and blanks around do not make a second one."""
    return one.strip().casefold() == other.strip().casefold()
