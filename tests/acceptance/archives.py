"""Files that an inbox may hold and that are not to be trusted, numbered as in the list of bad inputs, each with what
the refusal says and a control: the same thing done decently, which is used.

`make` gets a good answer's bytes and gives what lies in the inbox.
"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Make = Callable[[bytes], bytes]
ZEROS = bytes(200_000_000)


@dataclass(frozen=True)
class Case:
    """One bad file and its control."""

    number: int
    name: str
    make: Make
    says: str
    control_name: str = "control.zip"
    control: Make = lambda good: zipped([("answer.xml", good)])


def zipped(entries: Iterable[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of these entries."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as archive:
        for name, content in entries:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = method
            archive.writestr(info, content)
    return whole.getvalue()


def renamed(name: bytes) -> Make:
    """An archive whose entry has a name that no writer of ours would give."""

    def make(good: bytes) -> bytes:
        plain = b"x" * len(name)
        return zipped([(plain.decode(), good)]).replace(plain, name)

    return make


def linked(good: bytes) -> bytes:
    info = zipfile.ZipInfo("answer.xml")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return zipped([(info, b"/etc/passwd")])


def nested(good: bytes, depth: int = 6) -> bytes:
    inner = zipped([("answer.xml", good)])
    for _ in range(depth - 1):
        inner = zipped([("inner.zip", inner)])
    return inner


def twice(good: bytes) -> bytes:
    return zipped([("a.xml", good), ("b.xml", good)]).replace(b"b.xml", b"a.xml")


def size_lies(good: bytes, *, more: int) -> bytes:
    """Both headers announce another size than the stream has."""
    whole = bytearray(zipped([("answer.xml", good)]))
    directory = whole.rindex(b"PK\x01\x02")
    for place in (22, directory + 24):
        struct.pack_into("<L", whole, place, len(good) + more)
    return bytes(whole)


def headers_disagree(good: bytes) -> bytes:
    whole = bytearray(zipped([("answer.xml", good)]))
    struct.pack_into("<L", whole, 22, 10)
    return bytes(whole)


def overlapping(good: bytes) -> bytes:
    """Two entries of the directory that lead to the same bytes."""
    whole = bytearray(zipped([("a.xml", good), ("a.xmm", good)]))
    second = whole.rindex(b"PK\x01\x02")
    struct.pack_into("<L", whole, second + 42, 0)
    return bytes(whole)


def count_lies(good: bytes) -> bytes:
    whole = bytearray(zipped([("a.xml", good), ("b.xml", good)]))
    struct.pack_into("<H", whole, whole.rindex(b"PK\x05\x06") + 10, 1)
    return bytes(whole)


def encrypted(good: bytes) -> bytes:
    whole = bytearray(zipped([("answer.xml", good)]))
    for place in (6, whole.rindex(b"PK\x01\x02") + 8):
        whole[place] |= 1
    return bytes(whole)


def flipped(good: bytes) -> bytes:
    """One byte of a stored entry is another one."""
    whole = bytearray(zipped([("answer.xml", good)], zipfile.ZIP_STORED))
    whole[60] ^= 1
    return bytes(whole)


def many(good: bytes) -> bytes:
    return zipped(((f"{n}.xml", b"") for n in range(100_000)), zipfile.ZIP_STORED)


def as_gzip(good: bytes) -> bytes:
    return gzip.compress(good, mtime=0)


def itself(good: bytes) -> bytes:
    return good


EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
GZ = {"control_name": "control.xml.gz", "control": as_gzip}
PLAIN = {"control_name": "control.xml", "control": itself}

CASES = (
    Case(71, "bomb.zip", lambda good: zipped([("answer.xml", ZEROS)]), "a zip bomb"),
    Case(71, "overlapping.zip", overlapping, "header does not agree"),
    Case(72, "nested.zip", nested, "an archive inside an archive"),
    Case(72, "gz-in-zip.zip", lambda good: zipped([("answer.xml.gz", as_gzip(good))]), "an archive inside an archive"),
    Case(72, "tar.gz", lambda good: gzip.compress(bytes(257) + b"ustar" + bytes(250)), "a tar archive", **GZ),
    Case(73, "slip.zip", lambda good: zipped([("../../etc/x", good)]), "as if it were a path"),
    Case(73, "folder.zip", lambda good: zipped([("folder/", b""), ("folder/a.xml", good)]), "is no file but a folder"),
    Case(74, "link.zip", linked, "is a link"),
    Case(75, "absolute.zip", lambda good: zipped([("/etc/passwd", good)]), "as if it were a path"),
    Case(75, "drive.zip", lambda good: zipped([("C:answer.xml", good)]), "as if it named a drive"),
    Case(75, "backslash.zip", renamed(b"..\\..\\x.xml"), "as if it were a path"),
    Case(76, "many.zip", many, "more than 1,000"),
    Case(77, "twice.zip", twice, "is there twice"),
    Case(77, "twice-by-case.zip", lambda good: zipped([("a.xml", good), ("A.XML", good)]), "is there twice"),
    Case(78, "size-less.zip", lambda good: size_lies(good, more=-10), "does not hold the"),
    Case(78, "size-more.zip", lambda good: size_lies(good, more=10), "does not hold the"),
    Case(78, "headers.zip", headers_disagree, "does not agree with the directory"),
    Case(78, "count.zip", count_lies, "says that it has 1 entries and has 2"),
    Case(78, "checksum.zip", flipped, "its checksum is wrong"),
    Case(79, "encrypted.zip", encrypted, "is encrypted"),
    Case(80, "bomb.xml.gz", lambda good: as_gzip(ZEROS), "a gzip bomb", **GZ),
    Case(80, "cut.xml.gz", lambda good: as_gzip(good)[:-9], "cut off", **GZ),
    Case(80, "tail.xml.gz", lambda good: as_gzip(good) + b"tail", "something after its end", **GZ),
    Case(80, "two.xml.gz", lambda good: as_gzip(good) * 2, "something after its end", **GZ),
    Case(81, "dots.zip", lambda good: zipped([("....//x.xml", good)]), "as if it were a path"),
    Case(81, "percent.zip", lambda good: zipped([("..%2fx.xml", good)]), "begins with a dot"),
    Case(82, "with-nul.zip", renamed(b"a.xml\x00.exe"), "its name is not what it seems"),
    Case(82, "newline.zip", lambda good: zipped([("a\nb.xml", good)]), "cannot be seen"),
    Case(82, "long.zip", lambda good: zipped([(f"{'a' * 300}.xml", good)]), "longer than 240 bytes"),
    Case(82, "dash.zip", lambda good: zipped([("-rf.xml", good)]), "begins with a dot, a dash"),
    Case(82, "device.zip", lambda good: zipped([("CON.xml", good)]), "take it for a device"),
    Case(82, "dot-at-end.zip", lambda good: zipped([("answer.xml.", good)]), "ends with a dot"),
    Case(88, "xml-that-is-a-zip.xml", lambda good: zipped([("answer.xml", good)]), "its bytes are a zip", **PLAIN),
    Case(88, "zip-that-is-xml.zip", itself, "its bytes are a document"),
    Case(88, "gz-that-is-a-zip.gz", lambda good: zipped([("answer2.xml", good)]), "its bytes are a zip archive", **GZ),
    Case(88, "answer.pdf", lambda good: good + b"\n", "its name says that it is a PDF", **PLAIN),
    Case(88, "pdf.xml", lambda good: b"%PDF-1.7\n" + good, "its bytes are a PDF", **PLAIN),
    Case(88, "unnamed", as_gzip, "its name does not say so", control_name="unnamed", control=itself),
    Case(88, "inside.zip", lambda good: zipped([("answer.pdf", good)]), "answer.pdf in inside.zip: its name says"),
    Case(88, "seven.7z", lambda good: b"7z\xbc\xaf\x27\x1c" + good, "which is not read"),
    Case(89, "eicar.xml", lambda good: EICAR, "EICAR", **PLAIN),
    Case(89, "eicar.zip", lambda good: zipped([("answer.xml", EICAR)]), "EICAR"),
)
"""83 (a name with `$(id)`), 84 (named for another report), 85 to 87 are told of the inbox as a whole in the tests."""
