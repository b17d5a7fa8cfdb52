"""The bytes of a text file, checked on the way in: encoding, NUL, and that the file stays what it was.

Everything downstream may rely on well-formed UTF-8 without NUL. A byte that is wrong is named by line and offset.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from pathlib import Path

from regreport.errors import BadInput

BLOCK_BYTES = 8 * 1024 * 1024
BOM = codecs.BOM_UTF8


def digest_of(path: Path) -> str:
    """SHA-256 of the file, lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def utf8_blocks(path: Path, encoding: str, digest: str) -> Iterator[bytes]:
    """Blocks of UTF-8 without byte order mark. Raises BadInput on a NUL, on bytes that are not `encoding`, and where
    the file as read is not the one that `digest` names (it was written to meanwhile)."""
    decoder = codecs.getincrementaldecoder(encoding)()
    seen = hashlib.sha256()
    offset = 0
    with path.open("rb") as stream:
        while True:
            raw = stream.read(BLOCK_BYTES)
            seen.update(raw)
            _refuse_nul(path, raw, offset)
            waiting = len(decoder.getstate()[0])
            try:
                text = decoder.decode(raw, final=not raw)
            except UnicodeDecodeError as fault:
                raise _wrong_byte(path, encoding, offset - waiting + fault.start, fault.object[fault.start]) from None
            block = text.encode("utf-8")
            yield block[len(BOM) :] if offset == 0 and block.startswith(BOM) else block
            if not raw:
                break
            offset += len(raw)
    if seen.hexdigest() != digest:
        raise BadInput("the file changed while it was read", "Load it again when it is complete", file=path.name)


def line_of(path: Path, offset: int) -> int:
    """The physical line (from 1) that the byte at `offset` is on."""
    with path.open("rb") as stream:
        before = stream.read(offset)
    return before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n") + 1


def _refuse_nul(path: Path, raw: bytes, offset: int) -> None:
    at = raw.find(b"\0")
    if at < 0:
        return
    raise BadInput(
        f"a NUL byte at byte offset {offset + at}",
        "A text file holds none; UTF-16 text does: export the file as UTF-8",
        file=path.name,
        line=line_of(path, offset + at),
    )


def _wrong_byte(path: Path, encoding: str, offset: int, byte: int) -> BadInput:
    return BadInput(
        f"the byte 0x{byte:02X} at byte offset {offset} is not {encoding.upper()}",
        'Export the file as UTF-8, or declare its encoding in the mapping: [file] encoding = "latin-1"',
        file=path.name,
        line=line_of(path, offset),
    )
