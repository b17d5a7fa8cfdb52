"""A zip archive, its directory judged whole before anything is inflated, and each entry held to what it announced.

The standard library's reader finds the directory; what it is lenient about (names cut at a NUL, headers that disagree,
entries that overlap, a count that is wrong) is refused here.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import pairwise
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from regreport.errors import BadInput
from regreport.model.names import name_fault
from regreport.unpack.kinds import Entry, Limits

_END: Final = struct.Struct("<4s4H2LH")
_END_MAGIC: Final = b"PK\x05\x06"
_COMMENT_BYTES_MAX: Final = 65_535
_COUNT_IN_ZIP64: Final = 0xFFFF
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_LOCAL_MAGIC: Final = b"PK\x03\x04"
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_SIZES_FOLLOW: Final = 0x8
_SIZE_IN_ZIP64: Final = 0xFFFFFFFF
_RAW_DEFLATE: Final = -15


def inflate_zip(content: bytes, name: str, limits: Limits) -> list[Entry]:
    """The documents inside, in the order of the directory. Raises BadInput."""
    infos = _directory(content, name, limits)
    for fault in _faults(content, infos, limits):
        raise BadInput(fault, file=name)
    places = _places(content, name, infos)
    return [
        Entry(i.filename, _inflated(content[start:end], i, name)) for i, (start, end) in zip(infos, places, strict=True)
    ]


def _directory(content: bytes, name: str, limits: Limits) -> list[ZipInfo]:
    """The entries, no more than allowed and as many as the archive says."""
    count = _count(content, name)
    if count > limits.entries_max and count != _COUNT_IN_ZIP64:
        raise BadInput(f"has {count:,} entries, more than {limits.entries_max:,}", file=name)
    try:
        with ZipFile(BytesIO(content)) as archive:
            infos = archive.infolist()
    except (BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError, struct.error) as fault:
        raise BadInput(f"is a damaged zip archive ({fault})", file=name) from None
    if len(infos) > limits.entries_max:
        raise BadInput(f"has {len(infos):,} entries, more than {limits.entries_max:,}", file=name)
    if count not in (len(infos), _COUNT_IN_ZIP64):
        raise BadInput(f"says that it has {count} entries and has {len(infos)}", file=name)
    if not infos:
        raise BadInput("is an empty zip archive", file=name)
    return infos


def _count(content: bytes, name: str) -> int:
    """How many entries the end of the archive announces."""
    place = content.rfind(_END_MAGIC, max(0, len(content) - _END.size - _COMMENT_BYTES_MAX))
    if place < 0 or len(content) - place < _END.size:
        raise BadInput("is a zip archive that is cut off", file=name)
    return int(_END.unpack_from(content, place)[4])


def _faults(content: bytes, infos: Sequence[ZipInfo], limits: Limits) -> Iterator[str]:
    """What the directory says that is not safe."""
    seen: set[str] = set()
    for info in infos:
        shown = repr(info.orig_filename[:80])
        fault = _fault(info)
        if fault:
            yield f"entry {shown} {fault}"
        if info.filename.casefold() in seen:
            yield f"entry {shown} is there twice"
        seen.add(info.filename.casefold())
    total, room = sum(i.file_size for i in infos), limits.ratio_max * len(content)
    if total > limits.inflated_bytes_max:
        yield f"holds {total:,} bytes, more than {limits.inflated_bytes_max:,}: a zip bomb"
    if total > room or any(i.file_size > limits.ratio_max * max(i.compress_size, 1) for i in infos):
        yield f"holds {total:,} bytes in {len(content):,}, more than {limits.ratio_max} for one: a zip bomb"


def _fault(info: ZipInfo) -> str:
    """Why an entry may not be opened; empty where it may."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if kind == stat.S_IFLNK:
        return "is a link"
    if kind not in (0, stat.S_IFREG) or info.orig_filename.endswith("/"):
        return "is no file but a folder or a device"
    if info.filename != info.orig_filename:
        return "cannot be used: its name is not what it seems"
    if fault := name_fault(info.filename) or _drive_fault(info.filename):
        return f"cannot be used: {fault}"
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return f"is packed in a way that is not read (method {info.compress_type})"
    return ""


def _drive_fault(name: str) -> str:
    return "it holds a colon, as if it named a drive" if ":" in name else ""


def _places(content: bytes, name: str, infos: Sequence[ZipInfo]) -> list[tuple[int, int]]:
    """Where each entry's packed bytes lie: behind a header that agrees with the directory, no two in one place."""
    places = [_place(content, name, info) for info in infos]
    taken = sorted((i.header_offset, end) for i, (_, end) in zip(infos, places, strict=True))
    for (_, end), (start, _) in pairwise(taken):
        if start < end:
            raise BadInput("has entries that lie over each other: a zip bomb", file=name)
    return places


def _place(content: bytes, name: str, info: ZipInfo) -> tuple[int, int]:
    lies = BadInput(f"entry {info.orig_filename[:80]!r}: its header does not agree with the directory", file=name)
    if not 0 <= info.header_offset <= len(content) - _LOCAL.size:
        raise lies
    magic, _, flags, method, _, _, _, packed, size, name_bytes, extra = _LOCAL.unpack_from(content, info.header_offset)
    start = info.header_offset + _LOCAL.size + name_bytes + extra
    written = content[info.header_offset + _LOCAL.size :][:name_bytes]
    told = info.orig_filename.encode("utf-8" if flags & 0x800 else "cp437", "replace")
    end = start + info.compress_size
    if magic != _LOCAL_MAGIC or flags & _ENCRYPTED or method != info.compress_type or written != told:
        raise lies
    if not flags & _SIZES_FOLLOW:
        for said, true in ((packed, info.compress_size), (size, info.file_size)):
            if said not in (true, _SIZE_IN_ZIP64):
                raise lies
    if end > len(content):
        raise lies
    return start, end


def _inflated(packed: bytes, info: ZipInfo, name: str) -> bytes:
    """The bytes of an entry, exactly as many as announced and with the sum that was announced."""
    lies = BadInput(f"entry {info.filename!r} does not hold the {info.file_size:,} bytes that it announces", file=name)
    if info.compress_type == ZIP_STORED:
        inside = packed
    else:
        stream = zlib.decompressobj(_RAW_DEFLATE)
        try:
            inside = stream.decompress(packed, info.file_size + 1)
        except zlib.error as fault:
            raise BadInput(f"entry {info.filename!r} is damaged ({fault})", file=name) from None
        if len(inside) == info.file_size and not stream.eof:
            inside += stream.decompress(stream.unconsumed_tail, 1)  # the end of the stream may still be to come
        if not stream.eof or stream.unused_data:
            raise lies
    if len(inside) != info.file_size:
        raise lies
    if zlib.crc32(inside) != info.CRC:
        raise BadInput(f"entry {info.filename!r} is damaged: its checksum is wrong", file=name)
    return inside
