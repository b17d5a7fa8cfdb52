"""What the pipeline needs from the outside: Store, Ledger, Channel, Clock, as protocols on one page.

An adapter implements one of these and nothing else; `regreport.testing` holds in-memory twins, and one contract suite
under `tests/contract` runs over every adapter of a port.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from regreport.model.approval import Request
from regreport.model.batch import SourceBatch
from regreport.model.ledger import Accounting, Change, Delivery, Event, FeedbackEntry, ObligationState, Opening, Visit
from regreport.model.obligation import Obligation
from regreport.model.report import Submission
from regreport.model.seal import Head, Seal
from regreport.model.signed import Alert, SignOff


class Clock(Protocol):
    """The only place that knows what time it is. `now()` is aware and in UTC."""

    def now(self) -> datetime:
        """The present instant, UTC."""


class Store(Protocol):
    """Immutable objects named by the SHA-256 of their bytes (lower-case hex), with a readable name beside it.

    Putting the same bytes twice is one object. Nothing is ever overwritten or deleted before its retention date.
    Raises StoreUnavailable (may be retried), NotFound, IntegrityError (the bytes are not what their name says), and
    KeyDestroyed where the bytes of an object were ended with its key.
    """

    def put(self, content: bytes | Iterable[bytes | memoryview], name: str, retain_until: date, scope: str = "") -> str:
        """Store and return the digest. When this returns, the object survives a power cut. A later `retain_until`
        for the same object extends its retention; an earlier one never shortens it. With a `scope` (a regime whose
        records hold persons) what is stored is encrypted under the key of this scope and the year of `retain_until`,
        where the store has a keyring; the digest is of the plain bytes either way."""

    def open(self, digest: str) -> BinaryIO:
        """The bytes as a stream."""

    def read(self, digest: str) -> bytes:
        """The bytes at once; for small objects."""

    def local(self, digest: str) -> Path:
        """A read-only local file with the bytes (a download where the store is remote)."""

    def has(self, digest: str) -> bool:
        """Whether the object is there (its bytes are not read)."""

    def verify(self, digest: str) -> None:
        """Re-hash. Raises IntegrityError or NotFound, naming object and readable name."""

    def digests(self) -> Iterator[str]:
        """Every object in the store."""

    def retain_until(self, digest: str) -> date:
        """The day before which the object may not go."""

    def names(self, digest: str) -> list[str]:
        """The readable names under which the object was put, in order."""

    def key_id(self, digest: str) -> str:
        """The key that the object is encrypted under; '' where it is stored plain."""

    def batch(self) -> AbstractContextManager[None]:
        """Group many puts of this thread into few waits: what is put inside can be read at once, and survives a power
        cut when the block ends (so it ends before the ledger commits). An exception that leaves the block forgets it
        all. A path from `local` for an object put inside is good until the block ends."""

    def close(self) -> None:
        """Give back what reading took: a path from `local` is good until then."""


class Ledger(Protocol):
    """The truth. Every write is one transaction that holds the state change and its chained event together.

    `actor` is who acts (a person or 'system'). Raises DatabaseUnavailable (retry), NotFound, and StaleState (a
    conditional update found another status than expected: somebody else was there first).
    """

    # source batches
    def add_batches(self, batches: Sequence[SourceBatch], actor: str) -> None:
        """Record landed batches; unique on (file_digest, mapping_digest, kind, entity, business_date)."""

    def batches(self, kind: str, entity: str, on: date) -> list[SourceBatch]:
        """The batches of one day in order of their number."""

    def batch_days(self, kind: str | None = None) -> list[tuple[str, str, date]]:
        """(kind, entity, date) of every day that has a batch."""

    def next_batch_number(self, kind: str, entity: str, on: date) -> int:
        """1 for the first batch of a day."""

    def find_load(self, file_digest: str, mapping_digest: str) -> list[SourceBatch]:
        """The batches that this very file brought through this very mapping; empty if it was never loaded."""

    # reference data snapshots
    def add_snapshot(self, dataset: str, on: date, digest: str, rows: int, actor: str) -> None:
        """Record a dated reference data snapshot; a later one of the same date replaces it for new reports only."""

    def snapshot(self, dataset: str, on: date) -> tuple[date, str] | None:
        """(date, digest) of the latest snapshot not later than `on`; None where there is none."""

    # obligations and submissions
    def plan(self, obligations: Sequence[Obligation], actor: str) -> list[ObligationState]:
        """Insert what is not there yet and return the state of all of them, in the order given."""

    def obligations(self, **where: object) -> list[ObligationState]:
        """Obligations matching equal columns (report_date, entity, jurisdiction, report_type, regime, status, ...); a
        list, tuple or set means any of its values. An unknown column raises ValueError."""

    def account(self, obligation_id: str, actor: str, kind: str, columns: Mapping[str, object]) -> None:
        """Set status, late, decisions_digest, state_digest, findings_digest or batches_seen of an obligation, with its
        event."""

    def account_all(self, accountings: Sequence[Accounting], actor: str) -> None:
        """The same for many obligations in one transaction."""

    def plan_submission(
        self, obligation_id: str, created_at: datetime, sequence_key: str, files: int, actor: str
    ) -> tuple[Submission, int]:
        """Open the next numbered submission as PLANNED and reserve `files` file sequence numbers under
        `sequence_key`; returns it and the first number. If the last submission is still PLANNED, that one and its
        numbers come back (a restart plans nothing twice); new numbers only if it now needs more files."""

    def plan_submissions(self, openings: Sequence[Opening], actor: str) -> list[tuple[Submission, int]]:
        """The same for many obligations in one transaction, in the order given."""

    def submission(self, report_id: str) -> Submission:
        """One submission with its files. Raises NotFound."""

    def submissions(self, **where: object) -> list[Submission]:
        """Submissions matching equal columns of report_log (a list, tuple or set: any of its values), by report date,
        entity, obligation and number."""

    def find_file(self, message_id: str) -> tuple[str, int] | None:
        """(report_id, file number) of the file with this business message identifier."""

    def find_files(self, message_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """The same for many; one that no file has is absent."""

    def advance(self, changes: Sequence[Change], actor: str) -> None:
        """All changes in one transaction: each moves status by a conditional update on `before` whose row count is
        checked, and appends its event. An undeclared transition raises ValueError. When anything is refused, nothing is
        changed, also inside `transaction()`."""

    # delivery, feedback
    def add_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Append attempts."""

    def deliveries(self, report_id: str) -> list[Delivery]:
        """Attempts of one submission, oldest first."""

    def add_feedback(self, entry: FeedbackEntry, changes: Sequence[Change], actor: str) -> bool:
        """Record an answer and what it changes, in one transaction; False (and no change) if it is known: the same
        digest for the same submission and message."""

    def has_feedback(self, digest: str) -> bool:
        """Whether anything of an authority's file with this digest has been recorded."""

    def feedback(self, report_id: str | None = None) -> list[FeedbackEntry]:
        """Answers of one submission, or all, by received_at and digest."""

    # two persons
    def ask(self, kind: str, subject: str, digest: str, reason: str, actor: str) -> str:
        """Ask a second person for something (model.approval); the request's id. What is open is not asked twice."""

    def decide(self, request_id: str, decision: str, reason: str, actor: str) -> Request:
        """Decide an open request, `approved` or `rejected`, once and not by its maker. Raises NotFound, StaleState (it
        is decided), NotApproved (by its maker)."""

    def request(self, request_id: str) -> Request:
        """One request with its decision. Raises NotFound."""

    def requests(self, subject: str | None = None, open_only: bool = False) -> list[Request]:
        """Requests about something, or all, oldest first; `open_only`: those that nobody has decided."""

    # what a day leaves behind
    def raise_alert(self, kind: str, subject: str, words: str, actor: str) -> bool:
        """Record an alert; False (and no change) where this kind was raised about this subject before."""

    def alerts(self, subject: str | None = None) -> list[Alert]:
        """Alerts about something, or all, oldest first."""

    def sign(self, on: date, comment: str, digest: str, actor: str) -> SignOff:
        """Sign a day, once more under the next number; `digest` is that of the account that was seen."""

    def sign_offs(self, on: date | None = None) -> list[SignOff]:
        """Sign-offs of a day, or all, by day and number."""

    # who may write
    def take_lease(self, place: str, seconds: int) -> None:
        """Hold the ledger for this process; every commit is refused (StaleState) once another one has taken over.
        Raises DatabaseUnavailable where another process holds it. `place` names the workspace."""

    def release_lease(self) -> None:
        """Give it back."""

    def check_lease(self) -> None:
        """Raises StaleState where another process has taken over; asked right before each send."""

    # evidence
    def note(self, chain: str, kind: str, detail: Mapping[str, str], actor: str) -> None:
        """Append an event that changes no state (a look, a refusal)."""

    def events(self, chain: str) -> list[Event]:
        """One chain from its first link."""

    def chains(self) -> list[str]:
        """The names of all chains."""

    def verify_chains(self, visit: Visit | None = None) -> list[str]:
        """Every broken link in words, and every row that is not what its events say; empty when all holds. One pass,
        at one moment; `visit` is shown every link of it."""

    def object_digests(self) -> Mapping[str, str]:
        """Every digest that any row names -> what names it (for `verify` and the sweep of orphans)."""

    # what must be kept longer than the store says
    def held_subjects(self) -> list[tuple[str, str]]:
        """(hold, what it is about) of every legal hold that nobody has released."""

    def kept_longer(self) -> dict[str, tuple[date, bool]]:
        """Object -> (day before which it may not go, whether it is on hold), where the ledger says so itself."""

    # seals
    def unsealed_heads(self) -> list[Head]:
        """Where every chain ends that has moved since a seal last covered it."""

    def add_seal(self, seal: Seal, heads: Sequence[Head], detail: Mapping[str, str], actor: str) -> None:
        """Record a seal and the heads that it covers, with its event in chain `seals`. Raises StaleState where it does
        not follow on the last one."""

    def seals(self) -> list[Seal]:
        """Every seal, in order."""

    def seal_heads(self, seal_id: str) -> list[Head]:
        """The heads that a seal covers, by chain."""

    def sequence(self, key: str) -> int:
        """The last number reserved under a key; 0 before the first."""

    def close(self) -> None:
        """Give connections back; the ledger is not used afterwards."""

    def transaction(self) -> AbstractContextManager[None]:
        """Group several calls into one commit (one fsync for many small reports). May be nested; the outermost commits.
        It belongs to the thread that opened it, and is undone by an exception that leaves it."""


class Anchor(Protocol):
    """Where seals are given away to, out of reach of ledger and store. What is there once is never changed."""

    def keep(self, name: str, content: bytes) -> None:
        """Keep a seal's document. The same again changes nothing; another one under a name raises IntegrityError."""

    def keep_key(self, public: str) -> None:
        """Keep a public key, in hexadecimal digits."""

    def names(self) -> list[str]:
        """The names of the documents, in order."""

    def read(self, name: str) -> bytes:
        """One document."""

    def keys(self) -> list[str]:
        """The public keys."""


@dataclass(frozen=True)
class Parcel:
    """What a channel carries: one file, and what a person may be told about it (never its content)."""

    report_id: str
    file_name: str
    content: Path
    size: int
    digest: str
    records: int
    jurisdiction: str
    report_type: str
    regime: str
    report_date: date
    recipient: str
    attach: bool
    """Whether the file itself may travel in a message (never where it holds natural persons)."""
    link: str = ""
    """A signed link instead of the file, or empty."""
    possible_duplicate: bool = False
    """An approved resend after an unknown outcome: marked as such where the channel has a way to say so."""


@dataclass(frozen=True)
class Receipt:
    """Proof of hand-over. `message_id` is the channel's own name for it (a path, a Message-ID)."""

    message_id: str
    words: str


class Alarm(Protocol):
    """One way to tell people of an alert."""

    @property
    def name(self) -> str:
        """What the ledger calls it."""

    def tell(self, alert: Alert) -> None:
        """Tell it. Raises ChannelUnavailable (try again), ConfigurationError, DeliveryRefused, DeliveryUnknown."""


class Post(Protocol):
    """Sends a letter of each sign-off to whoever keeps it outside of the ledger's reach."""

    def send(self, signed: SignOff, seal: Seal | None) -> None:
        """One letter; `seal` is the newest there is. Raises ChannelUnavailable (try again), ConfigurationError,
        DeliveryRefused, DeliveryUnknown."""


class Channel(Protocol):
    """One way to hand a file over.

    `send` returns a Receipt when the other side has it. It raises ChannelUnavailable when nothing was handed over and
    trying again is right, DeliveryRefused when the answer is a clear no, and DeliveryUnknown when it cannot be known.
    """

    name: str

    def send(self, parcel: Parcel) -> Receipt:
        """Hand one file over."""

    def look(self, parcel: Parcel) -> Receipt | None:
        """Whether the file is already there: a Receipt, None for 'it is not', DeliveryUnknown where it cannot tell."""

    def collect(self) -> Iterator[tuple[str, Path]]:
        """(name, local file) of every answer that lies ready; complete files only."""

    def take(self, name: str) -> None:
        """The answer of this name is stored: move it out of the way."""

    def strays(self) -> list[tuple[str, str]]:
        """(name, why) of what lies where answers are expected but is not an answer file, so that somebody looks."""
