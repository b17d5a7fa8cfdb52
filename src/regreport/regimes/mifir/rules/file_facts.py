"""What is known of one file before it is sent, as a table of one row.

The facts come to be known one after the other: name and header when the report is planned, the bytes after rendering,
the container at delivery. What the caller does not know yet is None, and the rules that need it say "not checked".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

NAME_FORM: Final = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}"
"""Letters, digits, underscore, dot, hyphen: what every naming rule that was seen stays within."""


@dataclass(frozen=True)
class FileFacts:
    """What is known of one file; None is not known (yet). Lists and limits that are empty set no limit."""

    name: str
    extensions: tuple[str, ...] = ("xml", "zip", "gz", "bz2")
    """What the destination takes, without the dot."""
    name_form: str = NAME_FORM
    """Pattern of the destination's names, for the whole name."""
    created_at: datetime | None = None
    due_at: datetime | None = None
    message: str | None = None
    """MsgDefIdr of the header."""
    identifier: str | None = None
    """BizMsgIdr of the header."""
    identifier_is_stem: bool = False
    """The destination wants the identifier to be the file name without its extension."""
    sender: str | None = None
    """Who the header says it is from."""
    submitting_entity: str | None = None
    """The submitting entity of the records; several, which is wrong, parted by `|`."""
    names_sent: tuple[str, ...] | None = None
    identifiers_sent: tuple[str, ...] | None = None
    records: int | None = None
    size: int | None = None
    """Bytes of what is sent."""
    size_max: int | None = None
    faults: int | None = None
    """Faults against the schema that the structural check or the official schema found."""
    form: str | None = None
    """What is wrong with the bytes before any element is read: OK, or BOM, ENCODING, DTD (see `file_bytes`)."""
    readable: bool | None = None
    """The container was opened and read to its end."""
    entries: tuple[str, ...] | None = None
    """Names of what the container holds."""


_LISTS: Final = ("names_sent", "identifiers_sent")


def file_table(files: Sequence[FileFacts]) -> pl.DataFrame:
    """The facts as a table, one row a file, all text but the two lists of what was sent before."""
    rows = [_row(facts) for facts in files]
    types = {name: pl.List(pl.String) if name in _LISTS else pl.String for name in rows[0]}
    return pl.DataFrame({name: [row[name] for row in rows] for name in types}, schema=types)


def _row(facts: FileFacts) -> dict[str, str | list[str] | None]:
    stem, _, extension = facts.name.partition(".")
    entries = facts.entries or ()
    lists = {name: None if (sent := getattr(facts, name)) is None else list(sent) for name in _LISTS}
    return {
        "name": facts.name,
        "extension": extension.lower(),
        "extension_ok": _text(extension.lower().rpartition(".")[2] in facts.extensions),
        "name_ok": _text(re.fullmatch(facts.name_form, facts.name) is not None),
        "name_date": _name_date(facts.name),
        "created_at": _instant(facts.created_at),
        "due_at": _instant(facts.due_at),
        "message": facts.message,
        "identifier": facts.identifier,
        "stem_wanted": stem if facts.identifier_is_stem else None,
        "sender": facts.sender,
        "submitting_entity": facts.submitting_entity,
        "records": _text(facts.records),
        "size_ok": None if facts.size is None else _text(not facts.size_max or facts.size <= facts.size_max),
        "size": _text(facts.size),
        "faults": _text(facts.faults),
        "form": facts.form,
        "readable": _text(facts.readable),
        "xml_entries": _text(sum(e.lower().endswith(".xml") for e in entries)),
        "other_entries": _text(sum(not e.lower().endswith(".xml") for e in entries)),
        **lists,
    }


def unknown(facts: FileFacts) -> frozenset[str]:
    """Which kinds of fact are not known: history, header, due, bytes, structure, container."""
    known = {
        "history": facts.names_sent is not None and facts.identifiers_sent is not None,
        "header": facts.message is not None and facts.identifier is not None,
        "created": facts.created_at is not None,
        "due": facts.due_at is not None and facts.created_at is not None,
        "sender": facts.sender is not None and facts.submitting_entity is not None,
        "bytes": facts.form is not None and facts.size is not None,
        "records": facts.records is not None,
        "structure": facts.faults is not None,
        "container": facts.readable is not None and facts.entries is not None,
    }
    return frozenset(k for k, there in known.items() if not there)


def _text(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


def _name_date(name: str) -> str | None:
    """The day that a name says (YYYYMMDD outside an LEI), or the first day of its year (_YY before the extension)."""
    bare = re.sub(r"[A-Z0-9]{18}[0-9]{2}", "", name)
    if day := re.search(r"(20[0-9]{2})([0-9]{2})([0-9]{2})", bare):
        return "-".join(day.groups())
    year = re.search(r"_([0-9]{2})(?:\.[A-Za-z0-9.]+)?$", bare)
    return f"20{year[1]}-01-01" if year else None
