"""What a file from outside holds: itself, or the documents of an archive, unpacked in memory within hard limits.

An archive is refused as a whole, with its reason, as soon as anything about it is odd: then nothing of it is used.
Nothing is ever written under a name that an archive gives, and nothing of it is run. Names, sizes and flags are judged
before the first byte is inflated, and inflating stops at the limits, whatever the headers promised.

Sources: PKWARE APPNOTE.TXT 6.3.10 (zip), RFC 1952 (gzip), RFC 1951 (deflate).
"""

from __future__ import annotations

from regreport.errors import BadInput
from regreport.unpack.gzipped import inflate_gzip
from regreport.unpack.kinds import Entry, Kind, Limits, expected_kind, is_test_virus, kind_of
from regreport.unpack.zipped import inflate_zip

__all__ = ["Entry", "Kind", "Limits", "kind_of", "unpack"]


def unpack(content: bytes, name: str, limits: Limits | None = None) -> list[Entry]:
    """The documents of a file by its name and bytes: itself where it is no archive, else what the archive holds.

    Raises BadInput, naming the file and in it the entry, for an archive that is not safe or of a kind that is not read,
    and for a name whose ending says another kind than the bytes.
    """
    limits = limits or Limits()
    kind = _agreed_kind(content, name)
    if kind is Kind.DOCUMENT:
        return [Entry(name, content)]
    if len(content) > limits.archive_bytes_max:
        raise BadInput(f"is an archive of more than {limits.archive_bytes_max:,} bytes", file=name)
    inflate = {Kind.ZIP: inflate_zip, Kind.GZIP: inflate_gzip}.get(kind)
    if inflate is None:
        raise BadInput(f"is {kind.value}, which is not read", "Ask for the document itself, or zip or gz", file=name)
    entries = inflate(content, name, limits)
    for entry in entries:
        if _agreed_kind(entry.content, entry.name, outer=name) is not Kind.DOCUMENT:
            raise BadInput("is an archive inside an archive", "Ask for the document itself", file=entry.name)
    return entries


def _agreed_kind(content: bytes, name: str, *, outer: str = "") -> Kind:
    """The kind of the bytes. Raises BadInput where the ending of the name says another."""
    place = f"{name} in {outer}" if outer else name
    kind = kind_of(content)
    if is_test_virus(content):
        raise BadInput("holds the EICAR test signature, as a scanner's alarm would be tried with", file=place)
    said = expected_kind(name)
    if said is not None and said is not kind:
        raise BadInput(f"its name says that it is {said.value}, its bytes are {kind.value}", file=place)
    if said is None and kind is not Kind.DOCUMENT:
        raise BadInput(f"is {kind.value}, and its name does not say so", file=place)
    return kind
