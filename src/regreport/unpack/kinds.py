"""Kinds of files by their first bytes and by the ending of their names, and the limits within which they are opened."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


@dataclass(frozen=True)
class Limits:
    """Caps on an archive. An answer that lists half a million records has about 200 MB and shrinks to a twentieth."""

    archive_bytes_max: int = 128 * 1024**2
    inflated_bytes_max: int = 512 * 1024**2
    """Of all entries together."""
    ratio_max: int = 200
    """Bytes inflated for each byte of the archive; deflate cannot pass 1,032."""
    entries_max: int = 1_000


@dataclass(frozen=True)
class Entry:
    """One document and what it is called: one plain name, never a path."""

    name: str
    content: bytes


class Kind(StrEnum):
    """What a file is, in words that end the sentence 'its bytes are ...'."""

    DOCUMENT = "a document"
    ZIP = "a zip archive"
    GZIP = "a gzip archive"
    BZIP2 = "a bzip2 archive"
    XZ = "an xz archive"
    ZSTD = "a zstd archive"
    SEVEN_ZIP = "a 7z archive"
    RAR = "a rar archive"
    TAR = "a tar archive"
    PDF = "a PDF"
    PROGRAM = "a program"
    OTHER = "of another kind"


_MAGIC: Final = (
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"PK\x07\x08", Kind.ZIP),
    (b"\x1f\x8b", Kind.GZIP),
    (b"BZh", Kind.BZIP2),
    (b"\xfd7zXZ\x00", Kind.XZ),
    (b"\x28\xb5\x2f\xfd", Kind.ZSTD),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Kind.RAR),
    (b"%PDF-", Kind.PDF),
    (b"MZ", Kind.PROGRAM),
    (b"\x7fELF", Kind.PROGRAM),
    (b"#!", Kind.PROGRAM),
)
_TAR_MARK: Final = slice(257, 262)
_ENDINGS: Final = {
    "xml": Kind.DOCUMENT,
    "zip": Kind.ZIP,
    "gz": Kind.GZIP,
    "bz2": Kind.BZIP2,
    "xz": Kind.XZ,
    "zst": Kind.ZSTD,
    "7z": Kind.SEVEN_ZIP,
    "rar": Kind.RAR,
    "tar": Kind.TAR,
    "tgz": Kind.GZIP,
    "pdf": Kind.PDF,
    "exe": Kind.PROGRAM,
    "dll": Kind.PROGRAM,
    "sh": Kind.PROGRAM,
    "bat": Kind.OTHER,
    "js": Kind.OTHER,
    "vbs": Kind.OTHER,
    "html": Kind.OTHER,
    "htm": Kind.OTHER,
    "doc": Kind.OTHER,
    "docx": Kind.OTHER,
    "xls": Kind.OTHER,
    "xlsx": Kind.OTHER,
    "png": Kind.OTHER,
    "jpg": Kind.OTHER,
}
"""What a name's last ending says. One that is not here says nothing: the bytes decide."""
_EICAR: Final = b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE"
"""In two parts, so that a scanner does not find it in this file."""


def kind_of(content: bytes) -> Kind:
    """What the bytes are; what is none of the kinds known here is a document, for its reader to judge."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    return Kind.TAR if content[_TAR_MARK] == b"ustar" else Kind.DOCUMENT


def expected_kind(name: str) -> Kind | None:
    """What the ending of the name says; None where it says nothing."""
    return _ENDINGS.get(name.rpartition(".")[2].lower()) if "." in name else None


def is_test_virus(content: bytes) -> bool:
    """Whether a scanner's test signature is in it: the place where a real scanner's verdict would be asked for."""
    return _EICAR in content
