"""The store as a folder: every object once, named by the SHA-256 of its bytes, read-only, and durable when put returns.

    objects/ab/abcdef...     the bytes
    names/reports/EU/...     links from readable names to the bytes, for people; lost ones cost nothing
    index/ab.ndjson          names and retention dates, append only
    incoming/                what is being written

No path in it is absolute: the folder can be copied elsewhere and verified there. Nothing is ever removed by this class.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

from regreport.adapters.durable import flush_folder, flush_many, make_folder
from regreport.adapters.local_index import Entry, Index
from regreport.adapters.names import safe_path
from regreport.errors import IntegrityError, NotFound, StoreUnavailable

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_READ_BYTES: Final = 1 << 20


@dataclass
class _Batch:
    """What a thread has put and not yet made durable: the bytes still under `incoming/`."""

    waiting: dict[str, Path] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)


class _Turn(threading.local):
    batch: _Batch | None = None


class LocalStore:
    """The Store of ports.py under one folder, which is made when missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._objects, self._names, self._incoming = folder / "objects", folder / "names", folder / "incoming"
        self._index = Index(folder / "index")
        self._turn = _Turn()
        with _unavailable(folder):
            for part in (self._objects, self._names, self._incoming, self._index.folder):
                make_folder(part)

    def put(self, content: bytes | Iterable[bytes], name: str, retain_until: date) -> str:
        """Store and return the digest. Raises StoreUnavailable, IntegrityError, BadInput (a name that cannot be used)."""
        safe_path(name, "an object")
        with _unavailable(self.folder):
            path, digest, size = self._write(content)
            try:
                return self._keep(path, Entry(digest, size, name, retain_until))
            except BaseException:
                path.unlink(missing_ok=True)
                raise

    def open(self, digest: str) -> BinaryIO:
        """The bytes as a stream; they are not checked against their name (see `verify`)."""
        with _unavailable(self.folder):
            return self.local(digest).open("rb")

    def read(self, digest: str) -> bytes:
        """The bytes at once, checked against their name."""
        with _unavailable(self.folder):
            content = self.local(digest).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise IntegrityError(self._changed(digest))
        return content

    def local(self, digest: str) -> Path:
        """The object's own file. Raises NotFound."""
        batch = self._turn.batch
        if batch is not None and digest in batch.waiting:
            return batch.waiting[digest]
        path = self._path(digest)
        if not path.is_file():
            raise NotFound(f"no object {self._called(digest)} in the store {self.folder}")
        return path

    def has(self, digest: str) -> bool:
        """Whether the object is there (its bytes are not read)."""
        batch = self._turn.batch
        waiting = batch is not None and digest in batch.waiting
        return waiting or (_DIGEST.fullmatch(digest) is not None and self._path(digest).is_file())

    def verify(self, digest: str) -> None:
        """Re-hash. Raises IntegrityError (changed bytes, or no line tells its name and retention) or NotFound."""
        hasher = hashlib.sha256()
        with _unavailable(self.folder), self.open(digest) as stream:
            while part := stream.read(_READ_BYTES):
                hasher.update(part)
        if hasher.hexdigest() != digest:
            raise IntegrityError(self._changed(digest))
        if not self._entries(digest):
            raise IntegrityError(f"object {digest} has no line in the store's index: its name and retention are lost")

    def digests(self) -> Iterator[str]:
        """Every object in the store, in order of digest."""
        with _unavailable(self.folder):
            for folder in sorted(self._objects.iterdir()):
                yield from sorted(path.name for path in folder.iterdir() if _DIGEST.fullmatch(path.name))

    def retain_until(self, digest: str) -> date:
        """The latest retention date that the object was put with. Raises NotFound."""
        entries = self._entries(digest)
        if not entries:
            raise NotFound(f"no object {digest} in the store {self.folder}")
        return max(entry.retain_until for entry in entries)

    def names(self, digest: str) -> list[str]:
        """The readable names of an object, in order. Raises NotFound."""
        entries = self._entries(digest)
        if not entries:
            raise NotFound(f"no object {digest} in the store {self.folder}")
        return sorted({entry.name for entry in entries})

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Group this thread's puts: durable together when the outermost block ends, forgotten if it is left by an
        exception."""
        if self._turn.batch is not None:
            yield
            return
        batch = self._turn.batch = _Batch()
        try:
            yield
            with _unavailable(self.folder):
                self._keep_all(batch)
        finally:
            self._turn.batch = None
            for path in batch.waiting.values():
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise NotFound(f"{digest[:80]!r} is not the name of an object (64 digits of SHA-256, lower case)")
        return self._objects / digest[:2] / digest

    def _entries(self, digest: str) -> list[Entry]:
        batch = self._turn.batch
        waiting = [entry for entry in batch.entries if entry.digest == digest] if batch else []
        with _unavailable(self.folder):
            return self._index.entries(digest) + waiting

    def _called(self, digest: str) -> str:
        names = ", ".join(self.names(digest)) if self._entries(digest) else "without a name"
        return f"{digest} ({names})"

    def _changed(self, digest: str) -> str:
        return f"object {self._called(digest)}: its bytes are not what was stored; restore it from a copy"

    def _write(self, content: bytes | Iterable[bytes]) -> tuple[Path, str, int]:
        """Write to `incoming/`, hashing on the way; flushed unless a batch will do it."""
        hasher, size = hashlib.sha256(), 0
        descriptor, name = tempfile.mkstemp(suffix=".part", dir=self._incoming)
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                for part in (content,) if isinstance(content, bytes | bytearray | memoryview) else content:
                    hasher.update(part)
                    size += len(part)
                    stream.write(part)
                stream.flush()
                os.fchmod(stream.fileno(), 0o444)
                if self._turn.batch is None:
                    os.fsync(stream.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path, hasher.hexdigest(), size

    def _keep(self, path: Path, entry: Entry) -> str:
        batch = self._turn.batch
        known = batch is not None and entry.digest in batch.waiting
        if known or self._is_there(entry):
            path.unlink()
        elif batch is not None:
            batch.waiting[entry.digest] = path
        else:
            self._place(path, entry.digest)
        if batch is not None:
            batch.entries.append(entry)
            return entry.digest
        flush_folder(self._path(entry.digest).parent)  # another process may have placed it and not come to this yet
        self._tell([entry], flush=True)
        return entry.digest

    def _keep_all(self, batch: _Batch) -> None:
        """The bytes become durable first, then their names: never a name without its bytes."""
        flush_many(batch.waiting.values(), (), self.folder)
        for digest, path in batch.waiting.items():
            self._place(path, digest)
        folders = {self._path(entry.digest).parent for entry in batch.entries}
        written = self._tell(batch.entries, flush=False)
        batch.waiting.clear()
        flush_many(written, (*folders, self._index.folder), self.folder)

    def _place(self, path: Path, digest: str) -> None:
        target = self._path(digest)
        if not target.parent.is_dir():
            make_folder(target.parent)
        path.rename(target)

    def _is_there(self, entry: Entry) -> bool:
        try:
            size = self._path(entry.digest).stat().st_size
        except FileNotFoundError:
            return False
        if size != entry.size:
            raise IntegrityError(f"{self._changed(entry.digest)} ({size} bytes instead of {entry.size})")
        return True

    def _tell(self, entries: list[Entry], *, flush: bool) -> list[Path]:
        once = list(dict.fromkeys(entries))
        written = self._index.append(once, flush=flush)
        for entry in once:
            with suppress(OSError):  # a convenience for people; the index is what counts
                self._link(entry)
        return written

    def _link(self, entry: Entry) -> None:
        """`names/<readable>` -> the bytes; a second content under the same name gets its digest appended."""
        parts = safe_path(entry.name, "an object")
        target = "/".join((*[".."] * len(parts), "objects", entry.digest[:2], entry.digest))
        link = self._names.joinpath(*parts)
        link.parent.mkdir(parents=True, exist_ok=True)
        try:
            link.symlink_to(target)
        except FileExistsError:
            if not link.is_symlink() or os.readlink(link) != target:
                with suppress(FileExistsError):
                    link.with_name(f"{link.name}.{entry.digest[:12]}").symlink_to(target)


@contextmanager
def _unavailable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise StoreUnavailable(f"the store {folder} failed: {fault}; nothing was half kept, try again") from fault
