"""Read XML from outside without trusting it: no DTD, no entities, no network, UTF-8 only, and a cap on everything.

The document is never built as a tree: events go to a target as they are read, so memory does not grow with the file.
libxml2's own limits (depth 256, 10 MB a text) stay on beneath ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from lxml import etree

from regreport.errors import NotWellFormed


@dataclass(frozen=True)
class Limits:
    """Caps on a document: none is near what a real report needs, each stops a file made to exhaust the machine."""

    bytes_max: int = 64 * 1024**3
    depth_max: int = 64
    elements_max: int = 2_000_000_000
    attributes_max: int = 32
    text_characters_max: int = 10_000_000


class Target(Protocol):
    """What receives the events of `feed`; text comes in pieces."""

    def start(self, tag: str, attrib: dict[str, str]) -> None: ...
    def end(self, tag: str) -> None: ...
    def data(self, text: str) -> None: ...
    def doctype(self, name: str, public: str | None, system: str | None) -> None: ...


READ_BYTES = 1 << 18

_DECLARED = re.compile(rb"^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']", re.DOTALL)
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00", b"<\x00")


def feed(target: Target, source: BinaryIO, file: str, limits: Limits | None = None) -> Iterator[None]:
    """Read `source` through `target`, yielding after each block, so that the caller can take what is complete.

    Raises NotWellFormed, naming file and line, for what is no well-formed UTF-8 XML, or breaks a limit.
    """
    limits = limits or Limits()
    parser = etree.XMLParser(
        target=target,  # type: ignore[arg-type]
        encoding="utf-8",
        resolve_entities="internal",  # type: ignore[arg-type]  # without a DTD there are only the five of XML; else "&" in attributes stays "&#38;"
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    block = source.read(READ_BYTES)
    _require_utf8(block, file)
    size = 0
    with _as_not_well_formed(file):
        while block:
            size += len(block)
            if size > limits.bytes_max:
                raise NotWellFormed(f"is larger than {limits.bytes_max:,} bytes", "Split it, or raise the limit", file)
            parser.feed(block)
            _require_bound_prefixes(parser, file)
            yield
            block = source.read(READ_BYTES)
        parser.close()


def _require_utf8(block: bytes, file: str) -> None:
    if not block.strip():
        raise NotWellFormed("is empty", "Send an XML document", file)
    if block.startswith(_WIDE_MARKS):
        raise NotWellFormed("is not UTF-8", "Convert it to UTF-8", file)
    declared = _DECLARED.match(block[:1024])
    if declared and declared[1].lower() not in (b"utf-8", b"us-ascii"):
        name = declared[1].decode("ascii", "replace")
        raise NotWellFormed("declares another encoding than UTF-8", "Convert it to UTF-8", file, value=name)


def _require_bound_prefixes(parser: etree.XMLParser, file: str) -> None:
    """libxml2 goes on after an undeclared prefix, while for its tree builder it is an error; so it is here."""
    if len(parser.feed_error_log):
        for entry in parser.feed_error_log.filter_from_errors():
            raise NotWellFormed(f"is not well-formed XML: {entry.message}", file=file, line=entry.line or None)


@contextmanager
def _as_not_well_formed(file: str) -> Iterator[None]:
    try:
        yield
    except etree.XMLSyntaxError as problem:
        line = problem.lineno or None
        raise NotWellFormed(
            f"is not well-formed XML: {problem.msg}", "Nothing was taken from it", file, line=line
        ) from None


@contextmanager
def opened(source: Path | str | BinaryIO) -> Iterator[tuple[BinaryIO, str]]:
    """The source as a binary stream with the name for messages; a path is opened and closed here."""
    if isinstance(source, (str, Path)):
        try:
            stream = Path(source).open("rb")  # noqa: SIM115 (closed below; only opening may fail as "cannot be read")
        except OSError as problem:
            raise NotWellFormed(f"cannot be read: {problem.strerror}", file=str(source)) from problem
        with stream:
            yield stream, str(source)
    else:
        yield source, str(getattr(source, "name", "") or "")
