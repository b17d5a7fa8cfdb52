"""Parse XML to tables and faults: the mirror of `render`, one event at a time and with bounded memory.

A fault is what only the parser can see and a table cannot hold: elements out of order or repeated, unknown elements or
attributes, stray text. Everything else (what is missing, which values are wrong) is left in the table for the check;
a document is valid when there are neither faults nor findings. Comments, processing instructions and layout blanks are
dropped. What is not well-formed, or unsafe, is refused as a whole (see `safe_xml`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import polars as pl

from regreport.engine.findings import SCHEMA, VALUE_SHOWN_MAX, FieldName, Names, field_of, none, subject
from regreport.engine.harvest import Harvest, refused_doctype
from regreport.engine.layout import concat
from regreport.engine.message import Message
from regreport.engine.safe_xml import Limits, feed, opened
from regreport.errors import UnknownMessage

RECORDS_PER_CHUNK = 25_000

_FAULT_WORDS = {
    "order": "stands after an element that it must come before",
    "repeat": "is there more than once",
    "unknown": "is not an element of this message at this place",
    "attribute": "is not an attribute of this element",
    "text": "has text between its elements",
    "child": "must hold text only",
    "more": "and what follows has further faults, which are not listed",
}


class Reader:
    """A document being read: iterate for the record frames, then ask for `head` and `faults`.

    Frames hold the columns that occur in them; the fields of list columns may grow from one frame to the next (see
    `layout.concat`). `head` (one row) and `faults` (columns of `findings.SCHEMA`) are complete after the last frame.
    """

    def __init__(
        self,
        message: Message,
        source: Path | str | BinaryIO,
        *,
        records_per_chunk: int = RECORDS_PER_CHUNK,
        limits: Limits | None = None,
        names: Names | None = None,
    ) -> None:
        self.message = message
        self._source = source
        self._names = names
        self._limits = limits or Limits()
        self._harvest = Harvest(message, records_per_chunk, self._limits)

    def __iter__(self) -> Iterator[pl.DataFrame]:
        assert not self._harvest.elements, "a document is read once; make another Reader"
        with opened(self._source) as (stream, file):
            self._harvest.file = file
            for _ in feed(self._harvest, stream, file, self._limits):
                yield from self._harvest.take()
        yield from self._harvest.take_last()

    @property
    def head(self) -> pl.DataFrame:
        """The one row around the records."""
        return self._harvest.head()

    @property
    def enveloped(self) -> bool:
        """Whether the document came in its envelope."""
        return self._harvest.enveloped

    @property
    def records(self) -> int:
        """Records read so far."""
        return self._harvest.records

    @property
    def faults(self) -> pl.DataFrame:
        """What no table can hold, as findings."""
        return _fault_findings(self._harvest.faults, self._names)


def parse(
    message: Message,
    source: Path | str | BinaryIO,
    *,
    records_per_chunk: int = RECORDS_PER_CHUNK,
    limits: Limits | None = None,
    names: Names | None = None,
) -> Reader:
    """Read a document of `message`, plain or enveloped; see `Reader`.

    Raises, while the reader is iterated, NotWellFormed for what is refused and UnknownMessage for another document.
    """
    return Reader(message, source, records_per_chunk=records_per_chunk, limits=limits, names=names)


def read_all(message: Message, source: Path | str | BinaryIO) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """(head, records, faults) of a document that is known to be small."""
    reader = parse(message, source)
    records = concat(message.record, reader)
    return reader.head, records, reader.faults


def _fault_findings(faults: list[tuple[int | None, str, str, str]], names: Names | None) -> pl.DataFrame:
    if not faults:
        return none()
    fields = [field_of(names, path) or FieldName("", "") for _, path, _, _ in faults]
    rule = {
        "repeat": "STR-occurrence",
        "attribute": "STR-unknown",
        "child": "STR-unknown",
        "text": "STR-text",
        "more": "STR-unknown",
    }
    return pl.DataFrame(
        {
            "rule": [rule.get(kind, f"STR-{kind}") for _, _, kind, _ in faults],
            "severity": ["error"] * len(faults),
            "record": [record for record, _, _, _ in faults],
            "reference": [None] * len(faults),
            "field": [field.number or None for field in fields],
            "path": [path for _, path, _, _ in faults],
            "value": [value[:VALUE_SHOWN_MAX] or None for _, _, _, value in faults],
            "message": [
                f"{subject(names, path)}: {path.rpartition('/')[2]} {_FAULT_WORDS[k]}" for _, path, k, _ in faults
            ],
        },
        schema=SCHEMA,
    )


def identify(message_of_namespace: dict[str, Message], source: Path | str | BinaryIO) -> tuple[Message, bool]:
    """The message of a document, and whether it is enveloped, from its first elements; a stream is not rewound.

    Raises NotWellFormed for what is refused, UnknownMessage where no known message is found.
    """
    finder = _Finder()
    with opened(source) as (stream, file):
        finder.file = file
        for _ in feed(finder, stream, file):
            if finder.found[1] or finder.elements > _Finder.ELEMENTS_MAX:
                break
    namespace, tag = finder.found
    message = message_of_namespace.get(namespace) if tag == "Document" else None
    if message is None:
        known = ", ".join(sorted(m.id for m in message_of_namespace.values()))
        what = f"{{{namespace}}}{tag}" if tag else "/".join(finder.seen)
        raise UnknownMessage("is no message that this version knows", f"Known: {known}", file, value=what)
    return message, finder.enveloped


class _Finder:
    """Stops at the first Document element."""

    ELEMENTS_MAX = 10_000

    def __init__(self) -> None:
        self.found: tuple[str, str] = ("", "")
        self.enveloped = False
        self.elements = 0
        self.seen: list[str] = []
        self.file = ""

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        self.elements += 1
        namespace, _, local = tag[1:].rpartition("}") if tag.startswith("{") else ("", "", tag)
        if len(self.seen) < 3:
            self.seen.append(tag)
        if not self.found[1] and local == "Document":
            self.found = (namespace, local)
            self.enveloped = self.elements > 1

    def end(self, tag: str) -> None:
        """Nothing to do."""

    def data(self, text: str) -> None:
        """Nothing to do."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refused, as when parsing."""
        raise refused_doctype(self.file)

    def close(self) -> None:
        """Nothing to do."""
