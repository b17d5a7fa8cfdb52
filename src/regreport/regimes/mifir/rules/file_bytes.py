"""What the bytes of a file say before any element is read, and what a container holds.

Both look at the bytes as a stream in bounded pieces, so that a file of two gigabytes costs no more memory than a small
one.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import re
import zipfile
import zlib
from typing import BinaryIO, Final

PIECE_BYTES: Final = 1 << 20
PROLOG_BYTES: Final = 4_096
"""Document type declarations stand before the first element, in far fewer bytes than this."""
_ENCODING: Final = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_BROKEN: Final = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)
"""What the standard library raises where a container is cut short, damaged, encrypted or none."""


def form_of(stream: BinaryIO) -> tuple[str, int]:
    """The first thing wrong with the form of an XML file (OK, BOM, ENCODING or DTD) and its size in bytes."""
    first = stream.read(PROLOG_BYTES)
    fault = _prolog_fault(first)
    decoder = codecs.getincrementaldecoder("utf-8")()
    size, piece = 0, first
    while piece:
        size += len(piece)
        if fault == "OK":
            fault = _utf8_fault(decoder, piece)
        piece = stream.read(PIECE_BYTES)
    return ("ENCODING" if fault == "OK" and decoder.getstate()[0] else fault), size


def _prolog_fault(first: bytes) -> str:
    if first.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "BOM"
    declared = _ENCODING.match(first)
    if declared and declared[1].lower() not in (b"utf-8", b"utf8"):
        return "ENCODING"
    return "DTD" if b"<!DOCTYPE" in first else "OK"


def _utf8_fault(decoder: codecs.IncrementalDecoder, piece: bytes) -> str:
    try:
        decoder.decode(piece)
    except UnicodeDecodeError:
        return "ENCODING"
    return "OK"


def entries_of(name: str, stream: BinaryIO) -> tuple[bool, tuple[str, ...]]:
    """Whether a container (.zip, .gz, .bz2, or the file itself) can be read to its end, and the names that it holds."""
    kind = name.lower().rpartition(".")[2]
    inner = name.rpartition(".")[0]
    try:
        if kind == "zip":
            return _zip_entries(stream)
        if kind in ("gz", "bz2"):
            with gzip.GzipFile(fileobj=stream) if kind == "gz" else bz2.BZ2File(stream) as content:
                while content.read(PIECE_BYTES):
                    pass
            return True, (inner if inner.lower().endswith(".xml") else f"{inner}.xml",)
    except _BROKEN:
        return False, ()
    return True, (name,)


def _zip_entries(stream: BinaryIO) -> tuple[bool, tuple[str, ...]]:
    with zipfile.ZipFile(stream) as container:
        if container.testzip() is not None:
            return False, ()
        return True, tuple(i.filename for i in container.infolist() if not i.is_dir())
