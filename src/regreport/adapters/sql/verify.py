"""Whether the ledger is what its events say: the links of every chain, and every row replayed from its events.

A chain alone does not show that its tail was cut or that a row was edited beside it. But each event tells the columns
it set, so the last word of the events about a column must be what the row holds. A few hundred chains are looked at
at a time, with the rows that they tell of: memory does not grow with the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, String, Table, case, exists, literal, select, type_coerce

from regreport.adapters.sql.answers import QUARANTINE
from regreport.adapters.sql.chain import StoredLink, faults, parse_detail
from regreport.adapters.sql.obligations import ACCOUNTED, FIXED
from regreport.adapters.sql.reports import SETTABLE, file_text, files_of
from regreport.adapters.sql.session import CHUNK, FILE, SET, as_text
from regreport.adapters.sql.tables import (
    alert,
    approval,
    audit_log,
    feedback_log,
    obligation,
    report_log,
    request,
    sign_off,
    snapshot,
    source_batch,
)

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
    _Listed(alert, alert.c.subject, ("kind", "words")),
    _Listed(
        sign_off,
        literal("day/") + type_coerce(sign_off.c.report_date, String),
        ("number", "signed_by", "comment", "digest"),
    ),
)

Said = Mapping[str, Sequence[Mapping[str, str]]]
"""Chain -> the details of its events, in order."""

Last = Mapping[str, Mapping[str, str]]
"""Chain -> column -> the last value that an event gave it."""


def ledger_faults(connection: Connection) -> Iterator[str]:
    """Every fault in words."""
    for chains in _chains(connection):
        said: dict[str, list[dict[str, str]]] = {}
        yield from faults(_links(connection, chains, said))
        words = {chain: _last_words(details) for chain, details in said.items()}
        yield from _obligation_faults(connection, words)
        yield from _report_faults(connection, words)
        for listed in _LISTED:
            yield from _listed_faults(connection, listed, said)
    yield from _untold(connection, obligation, obligation.c.obligation_id)
    yield from _untold(connection, report_log, report_log.c.report_id)
    for listed in _LISTED:
        yield from _untold(connection, listed.table, listed.chain)


def _chains(connection: Connection) -> Iterator[list[str]]:
    """The names of all chains, some at a time, in order."""
    last = ""
    while True:
        query = select(audit_log.c.chain).where(audit_log.c.chain > last).distinct().order_by(audit_log.c.chain)
        chains = list(connection.execute(query.limit(CHUNK)).scalars())
        if not chains:
            return
        yield chains
        last = chains[-1]


def _links(
    connection: Connection, chains: Sequence[str], said: dict[str, list[dict[str, str]]]
) -> Iterator[StoredLink]:
    """The links of some chains as they lie there, keeping what each chain said."""
    names = StoredLink._fields
    columns = [type_coerce(audit_log.c[name], String) if name == "at" else audit_log.c[name] for name in names]
    query = select(*columns).where(audit_log.c.chain.in_(chains)).order_by(audit_log.c.chain, audit_log.c.sequence)
    for row in connection.execute(query):
        link = StoredLink(*row)
        said.setdefault(link.chain, []).append(parse_detail(link.detail) or {})
        yield link


def _last_words(details: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The last value of each column (without `set.`), of `after`, and of each file, by the events of one chain."""
    words: dict[str, str] = {}
    for detail in details:
        words.update((name.removeprefix(SET), value) for name, value in detail.items() if _tells_state(name))
    return words


def _tells_state(name: str) -> bool:
    return name == "after" or name.startswith((SET, FILE))


def _obligation_faults(connection: Connection, last: Last) -> Iterator[str]:
    """Obligations against the last words of their chains; theirs set columns, but move no status `after`."""
    missing = {chain for chain, words in last.items() if words and "after" not in words}
    for row in connection.execute(select(obligation).where(obligation.c.obligation_id.in_(list(last)))):
        missing.discard(row.obligation_id)
        yield from _differences(f"obligation {row.obligation_id}", row, last[row.obligation_id], (*FIXED, *ACCOUNTED))
    for chain in sorted(missing):
        yield f"obligation {chain}: its events are there, its row is not"


def _report_faults(connection: Connection, last: Last) -> Iterator[str]:
    rows = connection.execute(select(report_log).where(report_log.c.report_id.in_(list(last)))).all()
    missing = {chain for chain, words in last.items() if "after" in words} - {row.report_id for row in rows}
    for chain in sorted(missing):
        yield f"report {chain}: its events are there, its row is not"
    files = files_of(connection, [row.report_id for row in rows])
    for row in rows:
        place, words = f"report {row.report_id}", last[row.report_id]
        if words.get("after", "") != row.status:
            yield f"{place}: its status is {row.status}, its events end at {words.get('after') or 'nothing'}"
        yield from _differences(place, row, words, _REPORT_COLUMNS)
        there = {f"{FILE}{file.number}": file for file in files.get(row.report_id, ())}
        for name, file in there.items():
            if words.get(name) != file_text(file.name, file.digest, file.size):
                yield f"{place}: file {file.number} ({file.name}) is not the one that its events name"
        for name in words.keys() - there.keys():
            if name.startswith(FILE):
                yield f"{place}: its events name {name} ({words[name]}), which is not there"


def _differences(place: str, row: Row[Any], words: Mapping[str, str], names: Iterable[str]) -> Iterator[str]:
    """Columns of a row that differ from the last event that set them; where none did, from the value at the start."""
    values = row._mapping
    for name in names:
        there, heard = as_text(values[name]), words.get(name)
        if heard is None and there not in ("", "0", "false"):
            yield f"{place}: {name} is {there!r}, and no event set it"
        elif heard is not None and heard != there:
            yield f"{place}: {name} is {there!r}, its events say {heard!r}"


def _listed_faults(connection: Connection, listed: _Listed, said: Said) -> Iterator[str]:
    """Each row must have been announced in its chain, and each announced row must be there, word for word."""
    announced = {
        (chain, *(detail[name] for name in listed.names))
        for chain, details in said.items()
        for detail in details
        if detail.keys() >= set(listed.names)
    }
    there = set()
    query = select(listed.table, listed.chain.label("chain")).where(listed.chain.in_(list(said)))
    for row in connection.execute(query):
        told = (row.chain, *(as_text(row._mapping[name]) for name in listed.names))
        there.add(told)
        if told not in announced:
            yield f"{listed.table.name} {told[1]}: the row is not what chain {row.chain!r} says was recorded"
    for chain, first, *_ in sorted(announced - there):
        yield f"{listed.table.name} {first}: chain {chain!r} says that it was recorded, the row is not there"


def _untold(connection: Connection, table: Table, chain: ColumnElement[str]) -> Iterator[str]:
    """Rows of which no chain tells at all."""
    told = exists().where(audit_log.c.chain == chain)
    for name in connection.execute(select(chain).select_from(table).where(~told).distinct()).scalars():
        yield f"{table.name}: a row of {name!r} is there, its events end at nothing: the whole chain is missing"
