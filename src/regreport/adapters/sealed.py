"""What a store does to bytes that hold persons: seal them on the way in, open them on the way out.

The store keeps one file an object, named by the SHA-256 of the plain bytes; whether the file is plain or sealed is read
from its beginning, so that stores from before there was a keyring stay readable. One object has one key: a put under a
key that ends later seals it anew, so that no period's key is needed after its period.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from regreport.adapters.durable import write_new
from regreport.adapters.opened import Opened
from regreport.adapters.sealing import Readable, Seal, key_id_of, plain_stream, sealed_size, unsealed
from regreport.errors import ConfigurationError, KeyDestroyed
from regreport.keyring import KeyRing

_BLOCK_BYTES = 1 << 20


class Sealing:
    """Seals and opens the files of a store. Without a keyring nothing is sealed, and what is sealed cannot be read."""

    def __init__(self, keyring: KeyRing | None = None, opened: Opened | None = None, *, seals: bool = True) -> None:
        """`seals`: whether new objects of a scope are sealed; those that are, are opened in any case."""
        self.keyring, self._opened, self._seals = keyring, opened, seals
        self._marked = False

    def begin(self, scope: str, retain_until: date, mark: Path) -> Seal | None:
        """What seals a new object of a scope; None where it is stored plain.

        `mark` is the store's file that says which keyring it is sealed under: an empty keyring in the wrong place must
        not begin a second set of keys. Raises KeyDestroyed, ConfigurationError.
        """
        if not scope or not self._seals or self.keyring is None:
            return None
        key_id = f"{scope}-{retain_until.year:04d}"
        if self._marked:
            return Seal(key_id, self.keyring.create(key_id))
        bound = _mark_in(mark)
        if bound and bound != self.keyring.identity():
            raise ConfigurationError(
                "the store was sealed under another keyring than the one that is there. Say where it is: [keys] "
                "folder, or REGREPORT_KEYRING"
            )
        key = self.keyring.create(key_id)
        if not bound:
            write_new(mark, self.keyring.identity().encode() + b"\n")
            self._marked = _mark_in(mark) == self.keyring.identity()
        return Seal(key_id, key)

    def supersedes(self, seal: Seal | None, there: str) -> bool:
        """Whether an object of the same bytes, sealed so, takes the place of one under the key `there` ('': plain)."""
        if self._ended(there):
            return True
        return seal is not None and (not there or seal.key_id[-4:] > there[-4:])

    def stored_size(self, plain_bytes: int, key_id: str) -> int:
        """Bytes of an object's file."""
        return sealed_size(plain_bytes, key_id) if key_id else plain_bytes

    def parts(self, file: str, digest: str) -> Iterator[bytes]:
        """The plain bytes in a file. Raises KeyDestroyed, IntegrityError at what cannot be opened."""
        with open(file, "rb", buffering=0) as stream:
            yield from self._parts(stream, _key_id_at_start(stream), digest)

    def _parts(self, stream: FileIO, key_id: str, digest: str) -> Iterator[bytes]:
        if key_id:
            return unsealed(stream, self._key(key_id), digest)
        return iter(lambda: stream.read(_BLOCK_BYTES), b"")

    def stream(self, file: str, digest: str) -> BinaryIO:
        """The same as a stream."""
        stream = open(file, "rb")  # noqa: SIM115 - handed on
        try:
            key_id = _key_id_at_start(stream)
            return plain_stream(stream, self._key(key_id), digest) if key_id else stream
        except BaseException:
            stream.close()
            raise

    def path(self, file: str, digest: str) -> Path:
        """A file with the plain bytes: the object's own, or one in private scratch that is good until `close`."""
        if self._opened is not None and (there := self._opened.find(digest)):
            return there
        with open(file, "rb", buffering=0) as stream:
            key_id = _key_id_at_start(stream)
            if not key_id:
                return Path(file)
            if self._opened is None:
                raise ConfigurationError("an object is encrypted, and this store was opened without scratch space")
            size = os.fstat(stream.fileno()).st_size
            return self._opened.keep(digest, size, self._parts(stream, key_id, digest))

    def close(self) -> None:
        """Remove what `path` made."""
        if self._opened is not None:
            self._opened.close()

    def _key(self, key_id: str) -> bytes:
        if self.keyring is None:
            raise ConfigurationError(
                f"an object is encrypted under the key {key_id}, and there is no keyring to read it"
            )
        return self.keyring.key(key_id)

    def _ended(self, key_id: str) -> bool:
        if not key_id or self.keyring is None:
            return False
        try:
            self.keyring.key(key_id)
        except KeyDestroyed:
            return True
        return False


def _key_id_at_start(stream: Readable) -> str:
    key_id = key_id_of(stream)
    stream.seek(0)
    return key_id


def _mark_in(mark: Path) -> str:
    try:
        return mark.read_text("ascii").strip()
    except FileNotFoundError:
        return ""


def key_id_in(file: str) -> str:
    """The id of the key that an object's file is sealed under; '' where it is plain."""
    with open(file, "rb", buffering=0) as stream:
        return key_id_of(stream)
