"""One gzip stream (RFC 1952): one member, complete, nothing after it, and no more bytes than the limits allow.

The name inside a gzip header is not used: the document is called as the archive is, without its last ending.
"""

from __future__ import annotations

import zlib
from typing import Final

from regreport.errors import BadInput
from regreport.unpack.kinds import Entry, Limits

_GZIP_BITS: Final = 31
"""zlib: window of 32 KiB, gzip header and trailer expected and its CRC checked."""


def inflate_gzip(content: bytes, name: str, limits: Limits) -> list[Entry]:
    """The document inside. Raises BadInput."""
    room = min(limits.inflated_bytes_max, limits.ratio_max * len(content))
    stream = zlib.decompressobj(_GZIP_BITS)
    try:
        inside = stream.decompress(content, room + 1)
    except zlib.error as fault:
        raise BadInput(f"is a damaged gzip archive ({fault})", file=name) from None
    if len(inside) > room:
        raise BadInput(f"inflates to more than {room:,} bytes from {len(content):,}: a gzip bomb", file=name)
    if not stream.eof:
        raise BadInput("is a gzip archive that is cut off", file=name)
    if stream.unused_data:
        raise BadInput("is a gzip archive with something after its end", file=name)
    return [Entry(name.rpartition(".")[0] or name, inside)]
