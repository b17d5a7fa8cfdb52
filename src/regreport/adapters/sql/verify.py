"""Whether the ledger is what its events say: the links of every chain, and every row replayed from its events.

A chain alone does not show that its tail was cut or that a row was edited beside it. But each event tells the columns
it set, so the last word of the events about a column must be what the row holds. A few hundred chains are looked at
at a time, with the rows that they tell of: memory does not grow with the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    Row,
    String,
    Table,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    type_coerce,
)

from regreport.adapters.sql.answers import QUARANTINE
from regreport.adapters.sql.chain import START, Head, StoredLink, faults_after
from regreport.adapters.sql.obligations import ACCOUNTED, FIXED
from regreport.adapters.sql.reports import SETTABLE, file_text
from regreport.adapters.sql.session import FILE, SET, as_text, parts
from regreport.adapters.sql.tables import (
    alert,
    approval,
    audit_log,
    feedback_log,
    obligation,
    report_file,
    report_log,
    request,
    seal,
    sign_off,
    snapshot,
    source_batch,
)
from regreport.model.ledger import Visit

_COLUMNS: Final = StoredLink._fields
_REPORT_COLUMNS: Final = (
    *sorted(SETTABLE),
    "obligation_id",
    "number",
    "destination",
    "created_at",
    "sequence_key",
    "first_file_number",
    "planned_files",
)


class _Listed(NamedTuple):
    """A table whose rows an event announced once, and that never change."""

    table: Table
    chain: ColumnElement[str]
    names: tuple[str, ...]
    """Columns that the row and the event that announced it have in common."""


_LISTED: Final = (
    _Listed(source_batch, literal("source/") + source_batch.c.entity, ("batch_id", "digest", "number", "row_count")),
    _Listed(snapshot, literal("refdata/") + snapshot.c.dataset, ("on_date", "number", "digest", "row_count")),
    _Listed(
        feedback_log,
        case((feedback_log.c.report_id == "", QUARANTINE), else_=feedback_log.c.report_id),
        ("digest", "message_id", "file_status", "quarantine", "feedback_id"),
    ),
    _Listed(request, request.c.subject, ("request_id", "kind", "digest", "reason", "requested_by")),
    _Listed(
        approval,
        select(request.c.subject).where(request.c.request_id == approval.c.request_id).scalar_subquery(),
        ("request_id", "decision", "requested_by", "decided_by", "reason"),
    ),
    _Listed(seal, literal("seals"), ("seal_id", "leaves", "root", "previous_seal_id", "object_digest")),
    _Listed(alert, alert.c.subject, ("kind", "words")),
    _Listed(
        sign_off,
        literal("day/") + type_coerce(sign_off.c.report_date, String),
        ("number", "signed_by", "comment", "digest"),
    ),
)

LINKS_AT_ONCE: Final = 20_000
"""How many links are read before the rows that they tell of are looked at."""

_FETCHED: Final = 5_000
_scan: Final = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # not in the stubs
"""Reads one JSON value of a text; what `json.loads` does around it costs more than the reading itself."""

Last = Mapping[str, Mapping[str, str]]
"""Chain -> the last value of each detail in its events: `set.<column>`, `after`, `file.<number>`, and others."""


@dataclass
class _Heard:
    """What the events of some chains have said: the last word on each detail, and the rows they announced."""

    words: dict[str, dict[str, str]] = field(default_factory=dict)
    announced: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    links: int = 0

    def take(self, chain: str, detail: Mapping[str, str]) -> None:
        """Take in one link."""
        self.links += 1
        words = self.words.get(chain)
        if words is None:
            words = self.words[chain] = {}
        words.update(detail)
        for listed in _announcing(tuple(detail)):
            told = (chain, *[detail[name] for name in listed.names])
            self.announced.setdefault(listed.table.name, set()).add(told)

    @property
    def enough(self) -> bool:
        """Whether the rows are to be looked at now."""
        return self.links >= LINKS_AT_ONCE

    def among(self, key: ColumnElement[str]) -> ColumnElement[bool]:
        """Whether a row's chain lies between the first and the last of these: they were read in order."""
        chains = iter(self.words)
        first = next(chains, "")
        return key.between(first, next(reversed(self.words), first))


@lru_cache(maxsize=4096)
def _announcing(names: tuple[str, ...]) -> tuple[_Listed, ...]:
    """The tables of which an event with these details may announce a row."""
    return tuple(listed for listed in _LISTED if set(listed.names) <= set(names))


def ledger_faults(connection: Connection, visit: Visit | None = None) -> Iterator[str]:
    """Every fault in words. `visit` is shown every link as it is read."""
    yield from _chain_faults(connection, visit)
    yield from _untold(connection, obligation, obligation.c.obligation_id)
    yield from _untold(connection, report_log, report_log.c.report_id)
    for listed in _LISTED:
        yield from _untold(connection, listed.table, listed.chain)


def _chain_faults(connection: Connection, visit: Visit | None) -> Iterator[str]:
    """One pass over all links in order; the rows of some hundred chains are looked at together."""
    heard, current, head = _Heard(), "", START
    for link in _links(connection):
        chain, sequence, _, _, _, text, _, stored = link
        if chain != current:
            current, head = chain, START
            if heard.enough:
                yield from _row_faults(connection, heard)
                heard = _Heard()
        if found := faults_after(head, link):
            yield from found
        head = Head(sequence, stored)
        detail = _parsed(text)
        heard.take(chain, detail)
        if visit is not None:
            visit(chain, sequence, stored, detail)
    yield from _row_faults(connection, heard)


def _links(connection: Connection) -> Iterator[StoredLink]:
    """All links as they lie there, in order, some thousands at a time."""
    columns = [type_coerce(audit_log.c[name], String) if name == "at" else audit_log.c[name] for name in _COLUMNS]
    query = select(*columns).order_by(audit_log.c.chain, audit_log.c.sequence)
    if connection.dialect.name == "sqlite":  # the driver's own tuples: there may be millions
        cursor = connection.execute(query).cursor
        while cursor is not None and (rows := cursor.fetchmany(_FETCHED)):
            yield from map(StoredLink._make, rows)
        return
    result = connection.execute(query.execution_options(stream_results=True, max_row_buffer=_FETCHED))
    for part in result.partitions(_FETCHED):
        yield from map(StoredLink._make, part)


def _parsed(text: str) -> dict[str, str]:
    """The detail as a mapping; whether it is the very text that was written, its hash says."""
    try:
        detail, _ = _scan(text, 0)
    except (ValueError, StopIteration):
        return {}
    return detail if isinstance(detail, dict) else {}


def _row_faults(connection: Connection, heard: _Heard) -> Iterator[str]:
    """The rows that these chains tell of, against what the chains said."""
    yield from _obligation_faults(connection, heard)
    yield from _report_faults(connection, heard)
    for listed in _LISTED:
        yield from _listed_faults(connection, listed, heard)


class _Told:
    """A table whose rows are set column by column by the events of a chain that has the name of the row's key."""

    def __init__(self, table: Table, key: str, names: Sequence[str]) -> None:
        self.table, self.key = table, table.c[key]
        self.names = tuple(names)
        self._texts = select(self.key, *(_as_text_column(table.c[name]) for name in names))
        self._start = {f"{SET}{name}": _at_start(table.c[name]) for name in names}
        self._said = itemgetter(*(f"{SET}{name}" for name in names))

    def differing(self, connection: Connection, heard: _Heard) -> tuple[set[str], list[Row[Any]]]:
        """The keys that are there, and the whole rows that are not what their events say. The database makes texts of
        the columns, as an event tells them, so that a row is one comparison."""
        there, wrong, start, words = set(), [], self._start, heard.words
        for key, *texts in connection.execute(self._texts.where(heard.among(self.key))):
            if key in words:
                there.add(key)
                if self._said({**start, **words[key]}) != tuple(texts):
                    wrong.append(key)
        rows = [row for p in parts(wrong) for row in connection.execute(select(self.table).where(self.key.in_(p)))]
        return there, rows


def _as_text_column(column: Column[Any]) -> ColumnElement[str]:
    """A column as `as_text` would tell it."""
    if isinstance(column.type, Boolean):
        return case((column, "true"), else_="false")
    if isinstance(column.type, Integer):
        return cast(column, String)
    return func.coalesce(type_coerce(column, String), "")


def _at_start(column: Column[Any]) -> str:
    if isinstance(column.type, Boolean):
        return "false"
    return "0" if isinstance(column.type, Integer) else ""


_OBLIGATIONS: Final = _Told(obligation, "obligation_id", (*FIXED, *ACCOUNTED))
_REPORTS: Final = _Told(report_log, "report_id", _REPORT_COLUMNS)


def _tells_state(words: Mapping[str, str]) -> bool:
    return any(name.startswith(SET) for name in words)


def _obligation_faults(connection: Connection, heard: _Heard) -> Iterator[str]:
    """Obligations against the last words of their chains; theirs set columns, but move no status `after`."""
    there, wrong = _OBLIGATIONS.differing(connection, heard)
    for row in wrong:
        place = f"obligation {row.obligation_id}"
        yield from _differences(place, row, heard.words[row.obligation_id], _OBLIGATIONS.names)
    for chain, words in heard.words.items():
        if chain not in there and "after" not in words and _tells_state(words):
            yield f"obligation {chain}: its events are there, its row is not"


def _report_faults(connection: Connection, heard: _Heard) -> Iterator[str]:
    there, wrong = _REPORTS.differing(connection, heard)
    for row in wrong:
        yield from _differences(f"report {row.report_id}", row, heard.words[row.report_id], _REPORTS.names)
    for chain, words in heard.words.items():
        if chain not in there and "after" in words:
            yield f"report {chain}: its events are there, its row is not"
    query = select(report_log.c.report_id, type_coerce(report_log.c.status, String))
    for report_id, status in connection.execute(query.where(heard.among(report_log.c.report_id))):
        if report_id in there and (end := heard.words[report_id].get("after", "")) != status:
            yield f"report {report_id}: its status is {status}, its events end at {end or 'nothing'}"
    yield from _file_faults(connection, heard, there)


def _file_faults(connection: Connection, heard: _Heard, reports: set[str]) -> Iterator[str]:
    table, words = report_file.c, heard.words
    query = select(table.report_id, table.number, table.name, table.digest, table.size)
    met = set()
    for report_id, number, name, digest, size in connection.execute(query.where(heard.among(table.report_id))):
        if report_id in reports:
            met.add((report_id, f"{FILE}{number}"))
            if words[report_id].get(f"{FILE}{number}") != file_text(name, digest, size):
                yield f"report {report_id}: file {number} ({name}) is not the one that its events name"
    for report_id in reports:
        for name, said in words[report_id].items():
            if name[:5] == FILE and (report_id, name) not in met:
                yield f"report {report_id}: its events name {name} ({said}), which is not there"


def _differences(place: str, row: Row[Any], words: Mapping[str, str], names: Iterable[str]) -> Iterator[str]:
    """Columns of a row that differ from the last event that set them; where none did, from the value at the start."""
    values = row._mapping
    for name in names:
        there, heard = as_text(values[name]), words.get(f"{SET}{name}")
        if heard is None and there not in ("", "0", "false"):
            yield f"{place}: {name} is {there!r}, and no event set it"
        elif heard is not None and heard != there:
            yield f"{place}: {name} is {there!r}, its events say {heard!r}"


def _listed_faults(connection: Connection, listed: _Listed, heard: _Heard) -> Iterator[str]:
    """Each row must have been announced in its chain, and each announced row must be there, word for word."""
    announced = heard.announced.get(listed.table.name, set())
    there = set()
    texts = [_as_text_column(listed.table.c[name]) for name in listed.names]
    for row in connection.execute(select(listed.chain, *texts).where(heard.among(listed.chain))):
        told = tuple(row)
        if told[0] in heard.words:
            there.add(told)
            if told not in announced:
                yield f"{listed.table.name} {told[1]}: the row is not what chain {told[0]!r} says was recorded"
    for chain, first, *_ in sorted(announced - there):
        yield f"{listed.table.name} {first}: chain {chain!r} says that it was recorded, the row is not there"


def _untold(connection: Connection, table: Table, chain: ColumnElement[str]) -> Iterator[str]:
    """Rows of which no chain tells at all."""
    told = exists().where(audit_log.c.chain == chain)
    for name in connection.execute(select(chain).select_from(table).where(~told).distinct()).scalars():
        yield f"{table.name}: a row of {name!r} is there, its events end at nothing: the whole chain is missing"
