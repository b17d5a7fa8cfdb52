"""The store as a folder: every object once, named by the SHA-256 of its bytes, read-only, and durable when put returns.

    objects/ab/abcdef...     the bytes
    names/reports/EU/...     the same files under readable names, for people; lost ones cost nothing
    index/ab.ndjson          names and retention dates, append only
    incoming/                what is being written
    keyring                  which keyring the sealed ones are sealed under (its identity, no key)

With a keyring, objects of a scope are sealed (see sealing.py): file and readable name hold the same encrypted bytes.
No path in it is absolute: the folder can be copied elsewhere and verified there. Nothing is ever removed by this class.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

from regreport.adapters.durable import (
    flush,
    flush_folder,
    flush_many,
    make_folder,
    make_read_only,
    mkdir,
    rename,
    unlink,
    write_all,
)
from regreport.adapters.local_index import Entry, Index
from regreport.adapters.local_names import ReadableNames
from regreport.adapters.names import safe_path
from regreport.adapters.sealed import Sealing, key_id_in
from regreport.adapters.sealing import Seal
from regreport.errors import IntegrityError, KeyDestroyed, NotFound, StoreUnavailable

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass
class _Batch:
    """What a thread has put and not yet made durable: the bytes still under `incoming/`."""

    waiting: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)


class _Turn(threading.local):
    batch: _Batch | None = None


class LocalStore:
    """The Store of ports.py under one folder, which is made when missing."""

    def __init__(self, folder: Path, sealing: Sealing | None = None) -> None:
        self.folder = folder
        self._sealing = sealing or Sealing()
        self._objects, self._incoming = str(folder / "objects"), str(folder / "incoming")
        self._names, self._index = ReadableNames(folder / "names"), Index(str(folder / "index"))
        self._made: set[str] = set()
        self._numbers = itertools.count()
        self._turn = _Turn()
        with _unavailable(folder):
            for part in ("objects", "names", "incoming", "index"):
                make_folder(folder / part)

    def put(self, content: bytes | Iterable[bytes | memoryview], name: str, retain_until: date, scope: str = "") -> str:
        """Store and return the digest. Raises StoreUnavailable, IntegrityError, BadInput (a name not to be used),
        KeyDestroyed (of a period that has ended)."""
        safe_path(name, "an object")
        with _unavailable(self.folder):
            seal = self._sealing.begin(scope, retain_until, self.folder / "keyring")
            path, digest, size = self._write(content, seal)
            try:
                return self._keep(path, Entry(digest, size, name, retain_until), seal)
            except BaseException:
                with suppress(FileNotFoundError):
                    unlink(path)
                raise

    def open(self, digest: str) -> BinaryIO:
        """The bytes as a stream; they are not checked against their name (see `verify`)."""
        with _unavailable(self.folder):
            return self._sealing.stream(self._file(digest), digest)

    def read(self, digest: str) -> bytes:
        """The bytes at once, checked against their name."""
        with _unavailable(self.folder), self._unchanged(digest):
            content = b"".join(self._sealing.parts(self._file(digest), digest))
        if hashlib.sha256(content).hexdigest() != digest:
            raise IntegrityError(self._changed(digest))
        return content

    def local(self, digest: str) -> Path:
        """The object's own file, or where it is sealed one with its plain bytes. Raises NotFound, KeyDestroyed."""
        with _unavailable(self.folder), self._unchanged(digest):
            return self._sealing.path(self._file(digest), digest)

    def key_id(self, digest: str) -> str:
        """The key that the object is sealed under; '' where it is plain. Raises NotFound."""
        with _unavailable(self.folder):
            return key_id_in(self._file(digest))

    def close(self) -> None:
        """Remove what `local` made of sealed objects."""
        self._sealing.close()

    def _file(self, digest: str) -> str:
        batch = self._turn.batch
        if batch is not None and digest in batch.waiting:
            return batch.waiting[digest]
        path = self._path(digest)
        if not os.path.isfile(path):
            raise NotFound(f"no object {self._called(digest)} in the store {self.folder}")
        return path

    def has(self, digest: str) -> bool:
        """Whether the object is there (its bytes are not read)."""
        batch = self._turn.batch
        waiting = batch is not None and digest in batch.waiting
        return waiting or (_DIGEST.fullmatch(digest) is not None and os.path.isfile(self._path(digest)))

    def verify(self, digest: str) -> None:
        """Re-hash, also what lies under its readable names. Raises NotFound, IntegrityError (changed bytes, or no line
        tells its name and retention), and KeyDestroyed (there is nothing left to hash)."""
        with _unavailable(self.folder), self._unchanged(digest):
            if not self._holds(self._file(digest), digest):
                raise IntegrityError("not the bytes of this digest")
        if not self._entries(digest):
            raise IntegrityError(f"object {digest} has no line in the store's index: its name and retention are lost")
        with _unavailable(self.folder):
            for entry in self._entries(digest):
                if fault := self._names.fault(self._path(digest), entry.link, lambda file: self._is(file, digest)):
                    raise IntegrityError(f"object {self._called(digest)}: {fault}")

    def _holds(self, file: str, digest: str) -> bool:
        hasher = hashlib.sha256()
        for part in self._sealing.parts(file, digest):
            hasher.update(part)
        return hasher.hexdigest() == digest

    def _is(self, file: str, digest: str) -> bool:
        """The same of a copy under a readable name, which may be older than the object's present key."""
        try:
            return self._holds(file, digest)
        except IntegrityError:
            return False
        except KeyDestroyed:
            return True

    def digests(self) -> Iterator[str]:
        """Every object in the store, in order of digest."""
        with _unavailable(self.folder):
            for folder in sorted(os.listdir(self._objects)):
                yield from sorted(filter(_DIGEST.fullmatch, os.listdir(f"{self._objects}/{folder}")))

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
                    unlink(path)

    def _path(self, digest: str) -> str:
        if not _DIGEST.fullmatch(digest):
            raise NotFound(f"{digest[:80]!r} is not the name of an object (64 digits of SHA-256, lower case)")
        return f"{self._objects}/{digest[:2]}/{digest}"

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

    @contextmanager
    def _unchanged(self, digest: str) -> Iterator[None]:
        """Whatever is wrong with the bytes is said of the object."""
        try:
            yield
        except IntegrityError as fault:
            raise IntegrityError(self._changed(digest)) from fault

    def _write(self, content: bytes | Iterable[bytes | memoryview], seal: Seal | None) -> tuple[str, str, int]:
        """Write to `incoming/`, hashing on the way; flushed unless a batch will do it. Path, digest, size (plain)."""
        hasher, size = hashlib.sha256(), 0
        path, descriptor = self._incoming_file()
        try:
            with os.fdopen(descriptor, "wb", buffering=0):
                if seal is not None:
                    write_all(descriptor, seal.header)
                for part in (content,) if isinstance(content, bytes) else content:
                    hasher.update(part)
                    view = memoryview(part).cast("B")
                    size += len(view)
                    for piece in (view,) if seal is None else seal.feed(view):
                        write_all(descriptor, piece)
                if seal is not None:
                    write_all(descriptor, seal.end(hasher.digest()))
                make_read_only(descriptor)
                if self._turn.batch is None:
                    flush(descriptor)
        except BaseException:
            unlink(path)
            raise
        return path, hasher.hexdigest(), size

    def _incoming_file(self) -> tuple[str, int]:
        """A file of our own to write to; a crash may have left one of the same name."""
        while True:
            path = f"{self._incoming}/{os.getpid()}-{threading.get_ident():x}-{next(self._numbers)}.part"
            with suppress(FileExistsError):
                return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

    def _keep(self, path: str, entry: Entry, seal: Seal | None) -> str:
        batch = self._turn.batch
        if self._stands(entry, seal):
            unlink(path)
        elif batch is not None:
            before, batch.waiting[entry.digest] = batch.waiting.get(entry.digest), path
            if before:
                unlink(before)
        else:
            self._place(path, entry.digest)
        if batch is not None:
            batch.entries.append(entry)
            return entry.digest
        # Always: another process may have placed it and not come to this yet.
        flush_folder(os.path.dirname(self._path(entry.digest)))
        flush_folder(self._objects)
        self._tell([entry], flush=True)
        return entry.digest

    def _keep_all(self, batch: _Batch) -> None:
        """The bytes become durable first, then their names: never a name without its bytes."""
        flush_many(batch.waiting.values(), (), self.folder)
        for digest, path in batch.waiting.items():
            self._place(path, digest)
        folders = {os.path.dirname(self._path(entry.digest)) for entry in batch.entries}
        written = self._tell(batch.entries, flush=False)
        batch.waiting.clear()
        flush_many(written, (*folders, self._objects, self._index.folder), self.folder)

    def _place(self, path: str, digest: str) -> None:
        target = self._path(digest)
        if (folder := digest[:2]) not in self._made:
            mkdir(os.path.dirname(target))
            self._made.add(folder)
        if os.path.exists(target):  # sealed anew: its names must not go on leading to what it was before
            for entry in self._index.entries(digest):
                self._names.move(entry.link, path)
        rename(path, target)

    def _stands(self, entry: Entry, seal: Seal | None) -> bool:
        """Whether the object is there already, and need not be sealed anew."""
        try:
            file = self._file(entry.digest)
        except NotFound:
            return False
        key_id = key_id_in(file)
        size, expected = os.stat(file).st_size, self._sealing.stored_size(entry.size, key_id)
        if size != expected:
            raise IntegrityError(f"{self._changed(entry.digest)} ({size} bytes instead of {expected})")
        return not self._sealing.supersedes(seal, key_id)

    def _tell(self, entries: list[Entry], *, flush: bool) -> list[str]:
        """Index and name what is not known yet; the files of the index that tell of the entries."""
        new = [entry for entry in dict.fromkeys(entries) if self._index.lacks(entry)]
        names = self._names
        self._index.append(replace(e, link=names.link(self._path(e.digest), e.digest, e.name)) for e in new)
        files = sorted({self._index.path(entry.digest) for entry in entries})
        if flush:
            flush_many(files, [self._index.folder], self.folder)
        return files


@contextmanager
def _unavailable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise StoreUnavailable(f"the store {folder} failed: {fault}; nothing was half kept, try again") from fault
