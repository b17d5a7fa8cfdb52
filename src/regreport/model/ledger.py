"""What the ledger is told and what it tells: rows and changes as frozen values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from regreport.model.obligation import Obligation, ObligationStatus
from regreport.model.report import ReportFile, Status


@dataclass(frozen=True)
class Event:
    """One link of a chain in `audit_log`. `hash` covers every other field and the hash of the link before."""

    chain: str
    sequence: int
    at: datetime
    actor: str
    kind: str
    """What happened, in the words of DESIGN section 5: planned, generated, validated, delivering, delivered, ..."""
    detail: Mapping[str, str]
    previous: str
    hash: str


Visit = Callable[[str, int, str, Mapping[str, str]], None]
"""Shown (chain, sequence, hash, detail) of each link, in order of chain and sequence."""


@dataclass(frozen=True)
class Change:
    """One step of a submission: status `before` -> `after`, columns to set, and what the event says.

    From DELIVERED on, `after` may equal `before`: an answer can settle records while the status stays what it was.
    """

    report_id: str
    before: Status
    after: Status
    kind: str
    detail: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, object] = field(default_factory=dict)
    """Columns of `report_log` to set: any field of Submission but ids, status and files; the event tells each as
    `set.<column>`, beside `before`, `after` and `file.<number>`."""
    files: Sequence[ReportFile] | None = None
    """Replaces nothing: the files of a submission are written once, with GENERATED."""


@dataclass(frozen=True)
class Opening:
    """A request for the next numbered submission of an obligation, and for numbers of its files."""

    obligation_id: str
    created_at: datetime
    sequence_key: str
    files: int
    number: int = 0
    """The number that it must get, as whoever asks has seen the ones before; 0 takes whichever is next."""


@dataclass(frozen=True)
class Accounting:
    """What changes about an obligation: columns status, late, decisions_digest, state_digest, findings_digest,
    batches_seen."""

    obligation_id: str
    kind: str
    columns: Mapping[str, object]
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ObligationState:
    """A row of `obligation`: what is owed and where it stands."""

    obligation: Obligation
    status: ObligationStatus
    late: bool
    decisions_digest: str
    """Parquet of one row a source record of the day: how each is accounted for at the latest generate."""
    state_digest: str
    """Parquet of one row a reference ever reported under this obligation: what the authority's books should hold."""
    findings_digest: str
    """Parquet of the findings of the latest generate, with the source row of each."""
    batches_seen: str
    """Digest over the batches that the decisions were made from; a new batch makes it stale."""


@dataclass(frozen=True)
class Delivery:
    """A row of `delivery_log`: one attempt to hand over one file."""

    report_id: str
    file_number: int
    attempt: int
    channel: str
    recipient: str
    at: datetime
    outcome: str
    """delivered, refused (by them), withheld (by us), unavailable, unknown."""
    receipt: str
    """Our proof of hand-over: the channel's own words (path and size, SMTP reply), never the content."""


@dataclass(frozen=True)
class FeedbackEntry:
    """A row of `feedback_log`: what one file from an authority says of one file of ours, used or quarantined; once per
    digest, submission and message answered."""

    digest: str
    file_name: str
    received_at: datetime
    report_id: str
    """Empty where it could not be tied to a submission."""
    feedback_id: str
    created_at: datetime | None
    file_status: str
    quarantine: str
    """Why it was not used; empty where it was."""
    records: int = 0
    message_id: str = ""
    """Which of our files it answers; several answers may come in one file."""
