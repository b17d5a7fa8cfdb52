"""Whether the ledger is what its events say: the links of every chain, and every row replayed from its events.

A chain alone does not show that its tail was cut or that a row was edited beside it. But each event tells the columns
it set, so the last word of the events about a column must be what the row holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row, String, Table, select, type_coerce

from regreport.adapters.sql.answers import QUARANTINE
from regreport.adapters.sql.chain import StoredLink, faults, parse_detail
from regreport.adapters.sql.obligations import ACCOUNTED, FIXED
from regreport.adapters.sql.reports import SETTABLE, file_text, files_of
from regreport.adapters.sql.session import FILE, SET, as_text
from regreport.adapters.sql.tables import audit_log, feedback_log, obligation, report_log, snapshot, source_batch

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


def ledger_faults(connection: Connection) -> Iterator[str]:
    """Every fault in words, links first."""
    said: dict[str, list[dict[str, str]]] = {}
    yield from faults(_heard(_links(connection), said))
    yield from _obligation_faults(connection, said)
    yield from _report_faults(connection, said)
    yield from _listed_faults(connection, said, source_batch, ("batch_id", "digest", "number", "row_count"))
    yield from _listed_faults(connection, said, snapshot, ("on_date", "number", "digest", "row_count"))
    yield from _listed_faults(connection, said, feedback_log, ("digest", "file_status", "quarantine", "feedback_id"))


def _links(connection: Connection) -> Iterator[StoredLink]:
    names = StoredLink._fields
    columns = [type_coerce(audit_log.c[name], String) if name == "at" else audit_log.c[name] for name in names]
    query = select(*columns).order_by(audit_log.c.chain, audit_log.c.sequence)
    for row in connection.execution_options(yield_per=2_000).execute(query):
        yield StoredLink(*row)


def _heard(links: Iterable[StoredLink], said: dict[str, list[dict[str, str]]]) -> Iterator[StoredLink]:
    """The links as they come, keeping what each chain said."""
    for link in links:
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


def _obligation_faults(connection: Connection, said: Mapping[str, list[dict[str, str]]]) -> Iterator[str]:
    for row in connection.execute(select(obligation)):
        words = _last_words(said.get(row.obligation_id, ()))
        yield from _differences(f"obligation {row.obligation_id}", row, words, (*FIXED, *ACCOUNTED))


def _report_faults(connection: Connection, said: Mapping[str, list[dict[str, str]]]) -> Iterator[str]:
    rows = connection.execute(select(report_log)).all()
    files = files_of(connection, [row.report_id for row in rows])
    for row in rows:
        place = f"report {row.report_id}"
        words = _last_words(said.get(row.report_id, ()))
        if words.get("after", "") != row.status:
            yield f"{place}: its status is {row.status}, its events end at {words.get('after') or 'nothing'}"
        yield from _differences(place, row, words, _REPORT_COLUMNS)
        for file in files.get(row.report_id, ()):
            if words.get(f"{FILE}{file.number}") != file_text(file.name, file.digest, file.size):
                yield f"{place}: file {file.number} ({file.name}) is not the one that its events name"


def _differences(place: str, row: Row[Any], words: Mapping[str, str], names: Iterable[str]) -> Iterator[str]:
    """Columns of a row that differ from the last event that set them; where none did, from the value at the start."""
    values = row._mapping
    for name in names:
        there, heard = as_text(values[name]), words.get(name)
        if heard is None and there not in ("", "0", "false"):
            yield f"{place}: {name} is {there!r}, and no event set it"
        elif heard is not None and heard != there:
            yield f"{place}: {name} is {there!r}, its events say {heard!r}"


def _listed_faults(
    connection: Connection, said: Mapping[str, list[dict[str, str]]], table: Table, names: tuple[str, ...]
) -> Iterator[str]:
    """Rows that an event announced once, and that never change: each must be in its chain, word for word."""
    heard: dict[str, set[tuple[str | None, ...]]] = {}
    for row in connection.execute(select(table)):
        chain = _chain_of(table, row)
        if chain not in heard:
            heard[chain] = {tuple(detail.get(name) for name in names) for detail in said.get(chain, ())}
        told = tuple(as_text(row._mapping[name]) for name in names)
        if told not in heard[chain]:
            yield f"{table.name} {told[0]}: the row is not what chain {chain!r} says was recorded"


def _chain_of(table: Table, row: Row[Any]) -> str:
    if table is source_batch:
        return f"source/{row.entity}"
    if table is snapshot:
        return f"refdata/{row.dataset}"
    return row.report_id or QUARANTINE
