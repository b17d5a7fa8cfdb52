"""The public test kit: twins of the ports in memory, which pass the same contract suite as the real adapters.

The ledger is no imitation: it is the SQL ledger on SQLite in memory, so transactions, keys, triggers and chains are the
real ones; only durability is missing.
"""

from __future__ import annotations

import hashlib
import io
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, ClassVar

from regreport.adapters.names import safe_path
from regreport.adapters.sql.database import open_database
from regreport.adapters.sql.ledger import SqlLedger
from regreport.adapters.sql.migration import migrate_engine
from regreport.errors import DeliveryRefused, IntegrityError, NotFound
from regreport.ports import Clock, Parcel, Receipt

__all__ = ["FixedClock", "MemoryChannel", "MemoryLedger", "MemoryStore"]


class FixedClock:
    """A clock that shows what it is told; `step` is added after each reading, so that instants can differ."""

    def __init__(
        self, instant: datetime = datetime(2026, 11, 23, 18, tzinfo=UTC), step: timedelta = timedelta()
    ) -> None:
        self.instant, self.step = instant, step

    def now(self) -> datetime:
        """The instant, in UTC."""
        shown = self.instant.astimezone(UTC)
        self.instant += self.step
        return shown


class MemoryLedger(SqlLedger):
    """The Ledger on SQLite in memory. Threads share it one at a time; it ends with `close()`."""

    _empty: ClassVar[bytes] = b""
    """A ledger without rows, made once: the migrations take longer than most tests."""

    def __init__(self, clock: Clock | None = None) -> None:
        engine = open_database("sqlite://")
        with closing(engine.raw_connection()) as pooled:
            connection = pooled.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            if MemoryLedger._empty:
                connection.deserialize(MemoryLedger._empty)
            else:
                migrate_engine(engine)
                MemoryLedger._empty = connection.serialize()
        super().__init__(engine, clock or FixedClock())


@dataclass
class _Kept:
    content: bytes
    retain_until: date
    names: set[str] = field(default_factory=set)


class MemoryStore:
    """The Store in a dictionary. `local` writes to a temporary folder that goes with the store."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def put(self, content: bytes | Iterable[bytes | memoryview], name: str, retain_until: date, scope: str = "") -> str:
        """Keep and return the digest; memory is not at rest, so nothing is encrypted."""
        safe_path(name, "an object")
        whole = content if isinstance(content, bytes) else b"".join(content)
        digest = hashlib.sha256(whole).hexdigest()
        kept = self._kept.setdefault(digest, _Kept(whole, retain_until))
        kept.names.add(name)
        kept.retain_until = max(kept.retain_until, retain_until)
        return digest

    def open(self, digest: str) -> BinaryIO:
        """The bytes as a stream."""
        return io.BytesIO(self._find(digest).content)

    def read(self, digest: str) -> bytes:
        """The bytes at once, checked against their name."""
        self.verify(digest)
        return self._find(digest).content

    def local(self, digest: str) -> Path:
        """A read-only file with the bytes."""
        content = self._find(digest).content
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="regreport-", ignore_cleanup_errors=True)
        path = Path(self._folder.name) / digest
        if not path.exists():
            path.write_bytes(content)
            path.chmod(0o444)
        return path

    def has(self, digest: str) -> bool:
        """Whether the object is there."""
        return digest in self._kept

    def verify(self, digest: str) -> None:
        """Re-hash. Raises IntegrityError or NotFound."""
        kept = self._find(digest)
        if hashlib.sha256(kept.content).hexdigest() != digest:
            raise IntegrityError(
                f"object {digest} ({', '.join(sorted(kept.names))}): its bytes are not what was stored"
            )

    def digests(self) -> Iterator[str]:
        """Every object, in order of digest."""
        return iter(sorted(self._kept))

    def retain_until(self, digest: str) -> date:
        """The latest retention date that the object was put with."""
        return self._find(digest).retain_until

    def names(self, digest: str) -> list[str]:
        """The readable names of an object, in order."""
        return sorted(self._find(digest).names)

    def key_id(self, digest: str) -> str:
        """Everything is plain here."""
        self._find(digest)
        return ""

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Puts inside are forgotten if an exception leaves the block."""
        before = {d: _Kept(kept.content, kept.retain_until, set(kept.names)) for d, kept in self._kept.items()}
        try:
            yield
        except BaseException:
            self._kept = before
            raise

    def close(self) -> None:
        """Remove the temporary folder."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def damage(self, digest: str, content: bytes) -> None:
        """Replace an object's bytes behind the store's back: for tests that want it found."""
        self._find(digest).content = content

    def _find(self, digest: str) -> _Kept:
        if digest not in self._kept:
            raise NotFound(f"no object {digest[:80]!r} in the store")
        return self._kept[digest]


class MemoryChannel:
    """The Channel in a dictionary: `delivered` is what the other side has, `failures` what the next sends raise.

    To play a file that arrived although the answer was lost, let a send raise DeliveryUnknown and put its bytes into
    `delivered`.
    """

    name: str = "memory"

    def __init__(self, failures: Iterable[Exception] = ()) -> None:
        self.delivered: dict[str, bytes] = {}
        self.sends = 0
        self.failures = list(failures)
        self.taken: list[str] = []
        self._answers: dict[str, bytes] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def send(self, parcel: Parcel) -> Receipt:
        """Take the file over, or raise the next of `failures`."""
        there = self.look(parcel)
        if there is not None:
            return there
        if self.failures:
            raise self.failures.pop(0)
        content = parcel.content.read_bytes()
        if hashlib.sha256(content).hexdigest() != parcel.digest:
            raise IntegrityError(
                f"{parcel.report_id}: the bytes of {parcel.file_name} are not those that were validated"
            )
        self.sends += 1
        self.delivered[parcel.file_name] = content
        return _receipt(parcel)

    def look(self, parcel: Parcel) -> Receipt | None:
        """Whether the file was taken over. Raises DeliveryRefused where another one has its name."""
        content = self.delivered.get(parcel.file_name)
        if content is None:
            return None
        if hashlib.sha256(content).hexdigest() != parcel.digest:
            raise DeliveryRefused(f"{parcel.report_id}: another file is already there as {parcel.file_name}")
        return _receipt(parcel)

    def answer(self, name: str, content: bytes) -> None:
        """Lay an answer ready."""
        self._answers[name] = content

    def collect(self) -> Iterator[tuple[str, Path]]:
        """(name, file) of every answer that lies ready, by name."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="regreport-", ignore_cleanup_errors=True)
        for name, content in sorted(self._answers.items()):
            path = Path(self._folder.name) / name
            path.write_bytes(content)
            yield name, path

    def take(self, name: str) -> None:
        """Move an answer out of the way; once more changes nothing. Raises NotFound where it was never there."""
        if self._answers.pop(name, None) is not None:
            self.taken.append(name)
        elif name not in self.taken:
            raise NotFound(f"no answer {name!r}")

    def strays(self) -> list[tuple[str, str]]:
        """Nothing strays here."""
        return []

    def close(self) -> None:
        """Remove the temporary folder."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _receipt(parcel: Parcel) -> Receipt:
    return Receipt(parcel.file_name, f"{parcel.file_name} in memory, {parcel.size} bytes, SHA-256 {parcel.digest}")
