"""A seal: where every chain of events stood at one moment, under one root that was signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Head:
    """Where a chain ended: the number and hash of its last link."""

    chain: str
    sequence: int
    hash: str


@dataclass(frozen=True)
class Seal:
    """A row of `seal`; the document itself is the object."""

    seal_id: str
    """`S-000001`, counted without a gap."""
    sealed_at: datetime
    leaves: int
    root: str
    previous_seal_id: str | None
    object_digest: str
