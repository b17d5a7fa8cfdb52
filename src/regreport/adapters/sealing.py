"""How an object looks at rest: encrypted in chunks with AES-256-GCM under a data key, readable by anyone with the key.

    header     b"RGSEAL1\\n", one byte: length of the key id, the key id, 32 random bytes of salt
    chunk 0..  at most 1 MiB of plain bytes each, as AES-256-GCM gives them (16 bytes longer)

    object key   HKDF-SHA256(data key, salt, info = b"regreport object 1"), 32 bytes
    nonce        the chunk's number, 12 bytes, big end first
    associated   header + chunk number (8 bytes) + b"\\1" for the last chunk, else b"\\0";
                 the last chunk's is followed by the SHA-256 of the plain bytes

An object key encrypts one object only, so a nonce never comes twice. Nothing can be swapped, left out or cut off: a
chunk opens only in its own object, at its place, and the last one only under the digest that names the object. There is
always a last chunk: that of an empty object is empty. Sources: NIST SP 800-38D (GCM), RFC 5869 (HKDF); chunks after
STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, 2015).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import BinaryIO, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from regreport.errors import IntegrityError

MAGIC: Final = b"RGSEAL1\n"
SALT_BYTES: Final = 32
CHUNK_BYTES: Final = 1 << 20
TAG_BYTES: Final = 16
HEADER_BYTES_MAX: Final = len(MAGIC) + 1 + 255 + SALT_BYTES
_INFO: Final = b"regreport object 1"


class Readable(Protocol):
    """A stored object's file, raw or buffered."""

    def read(self, size: int, /) -> bytes | None:
        """At most so many bytes; nothing at the end."""

    def seek(self, offset: int, /) -> int:
        """Go to a place."""


class Seal:
    """Encrypts one object on its way to the store: `header`, then what `feed` gives, then `end`."""

    def __init__(self, key_id: str, key: bytes) -> None:
        self.key_id = key_id
        name = key_id.encode("ascii")
        salt = os.urandom(SALT_BYTES)
        self.header = MAGIC + bytes([len(name)]) + name + salt
        self._cipher = AESGCM(_object_key(key, salt))
        self._held = bytearray()
        self._number = 0

    def feed(self, part: memoryview) -> Iterator[bytes]:
        """Take plain bytes; gives whole chunks as they fill. The last chunk always waits for `end`."""
        while len(self._held) + len(part) > CHUNK_BYTES:
            take = CHUNK_BYTES - len(self._held)
            self._held += part[:take]
            part = part[take:]
            yield self._chunk(b"\0")
            self._held.clear()
        self._held += part

    def end(self, digest: bytes) -> bytes:
        """The last chunk, which is tied to the SHA-256 of the plain bytes."""
        return self._chunk(b"\1" + digest)

    def _chunk(self, ending: bytes) -> bytes:
        number, self._number = self._number, self._number + 1
        return self._cipher.encrypt(_nonce(number), self._held, _associated(self.header, number, ending))


def sealed_size(plain_bytes: int, key_id: str) -> int:
    """Bytes of the sealed object."""
    chunks = max(1, -(-plain_bytes // CHUNK_BYTES))
    return len(MAGIC) + 1 + len(key_id) + SALT_BYTES + plain_bytes + chunks * TAG_BYTES


def key_id_of(stream: Readable) -> str:
    """The id of the key that a stored object is sealed under; '' for one that is stored plain. Reads the beginning."""
    start = _read(stream, HEADER_BYTES_MAX)
    if len(start) <= len(MAGIC) or not start.startswith(MAGIC):
        return ""
    after = len(MAGIC) + 1
    return start[after : after + start[after - 1]].decode("ascii", "replace")


def unsealed(stream: Readable, key: bytes, digest: str) -> Iterator[bytes]:
    """The plain bytes of a sealed object, a chunk at a time, from a stream that stands at its beginning.

    Raises IntegrityError at the first chunk that is not what was stored, or not of this object.
    """
    header = _header(stream)
    cipher = AESGCM(_object_key(key, header[-SALT_BYTES:]))
    number, chunk = 0, _read(stream, CHUNK_BYTES + TAG_BYTES)
    while True:
        after = _read(stream, CHUNK_BYTES + TAG_BYTES) if len(chunk) == CHUNK_BYTES + TAG_BYTES else b""
        ending = b"\0" if after else b"\1" + bytes.fromhex(digest)
        try:
            yield cipher.decrypt(_nonce(number), chunk, _associated(header, number, ending))
        except (InvalidTag, ValueError):
            raise IntegrityError(f"chunk {number} cannot be opened") from None
        if not after:
            return
        number, chunk = number + 1, after


def plain_stream(stream: BinaryIO, key: bytes, digest: str) -> BinaryIO:
    """The plain bytes of a sealed object as a stream that is read from its beginning to its end."""
    return io.BufferedReader(_Unsealed(stream, unsealed(stream, key, digest)), CHUNK_BYTES)


class _Unsealed(io.RawIOBase):
    """Plain bytes as they are asked for; closing it closes the stored object."""

    def __init__(self, stream: BinaryIO, parts: Iterator[bytes]) -> None:
        self._stream, self._parts, self._left = stream, parts, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        while not len(self._left):
            part = next(self._parts, None)
            if part is None:
                return 0
            self._left = memoryview(part)
        size = min(len(into), len(self._left))
        into[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def close(self) -> None:
        self._stream.close()
        super().close()


def _read(stream: Readable, size: int) -> bytes:
    """So many bytes, or all that are left; a raw file may give fewer at a time."""
    found = stream.read(size) or b""
    while len(found) < size and (more := stream.read(size - len(found))):
        found += more
    return found


def _header(stream: Readable) -> bytes:
    start = _read(stream, len(MAGIC) + 1)
    if len(start) <= len(MAGIC) or not start.startswith(MAGIC):
        raise IntegrityError("it does not begin as a sealed object")
    return start + _read(stream, start[-1] + SALT_BYTES)


def _object_key(key: bytes, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=_INFO).derive(key)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _associated(header: bytes, number: int, ending: bytes) -> bytes:
    return header + number.to_bytes(8, "big") + ending
