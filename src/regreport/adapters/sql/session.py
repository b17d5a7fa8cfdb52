"""One writer at a time, one commit for state and event: what every part of the ledger stands on.

A write outside `transaction()` is its own transaction; inside, it is a savepoint, so that a refused call leaves nothing
behind while the others stay. Writers queue on both databases (SQLite's own write lock; a locked row on MySQL): chains
and numbers are then read and extended without races, and a deadlock cannot happen.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from enum import Enum
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, Select, Table, and_, func, insert, select
from sqlalchemy.pool import StaticPool

from regreport.adapters.sql.chain import START, Head, append, canonical
from regreport.adapters.sql.database import WRITES, translated
from regreport.adapters.sql.tables import WRITER, audit_log, lease
from regreport.adapters.sql.types import instant_text
from regreport.errors import DatabaseUnavailable, StaleState
from regreport.failpoints import effect, writes
from regreport.model.ledger import Event
from regreport.ports import Clock

CHUNK: Final = 500
"""Values in one IN list; every database here takes at least that many."""

SET, FILE = "set.", "file."
"""How an event names the columns it sets and the files it adds."""


class Link(NamedTuple):
    """An event about to be appended."""

    chain: str
    kind: str
    detail: Mapping[str, str]


class _Turn(threading.local):
    """What a thread has open: its transaction, and whether the database has given it up."""

    connection: Connection | None = None
    lost: bool = False


class Session:
    """Transactions, inserts and chained events over one engine. Shared by threads; each has its own transaction."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self._turn = _Turn()
        self._fence: tuple[str, str, int] | None = None
        """Name, holder and token of the lease that every commit is checked against."""
        self._ended = threading.Event()
        # A database in memory is a single connection: its threads take turns.
        in_memory = isinstance(engine.pool, StaticPool)
        self._alone: AbstractContextManager[Any] = threading.RLock() if in_memory else nullcontext()

    @effect("close")
    def close(self) -> None:
        """Give back every connection; on SQLite this also folds the write-ahead log into the file."""
        self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Group several calls into one commit. An exception that leaves the block undoes all of them."""
        with self._write():
            yield

    @writes
    @contextmanager
    def _write(self) -> Iterator[Connection]:
        if self._turn.connection is None:
            with self._alone, translated(), self.engine.connect() as connection:
                yield from self._outermost(connection.execution_options(**{WRITES: True}))
        else:
            yield from self._nested(self._turn.connection)

    def _outermost(self, connection: Connection) -> Iterator[Connection]:
        with connection.begin():
            if connection.dialect.name != "sqlite":
                connection.execute(select(lease.c.token).where(lease.c.name == WRITER).with_for_update()).one()
            self._check_fence(connection)
            self._turn.connection, self._turn.lost = connection, False
            try:
                yield connection
                if self._turn.lost:
                    raise DatabaseUnavailable("the database gave up a part of this transaction; nothing of it was kept")
            finally:
                self._turn.connection = None

    def _check_fence(self, connection: Connection) -> None:
        """Raises StaleState where the lease of this process was taken over by another one."""
        if self._fence is None:
            return
        name, holder, token = self._fence
        row = connection.execute(select(lease.c.holder, lease.c.token).where(lease.c.name == name)).first()
        if row is None or (row.holder, row.token) != (holder, token):
            raise StaleState(
                "another process has taken over this ledger meanwhile: this one stops, nothing was changed"[:]
            )

    def _nested(self, connection: Connection) -> Iterator[Connection]:
        with self._losing(), translated(), connection.begin_nested():
            yield connection

    @contextmanager
    def _losing(self) -> Iterator[None]:
        """Some faults end the whole transaction on the side: committing the rest would lose what was before."""
        try:
            yield
        except DatabaseUnavailable:
            self._turn.lost = True
            raise

    @contextmanager
    def _read(self, *, frozen: bool = False) -> Iterator[Connection]:
        """A connection to read on; `frozen`: all of its queries see the same moment, whatever others commit."""
        if self._turn.connection is not None:
            with self._losing(), translated():
                yield self._turn.connection
        else:
            with self._alone, translated(), self.engine.connect() as connection:
                if frozen and connection.dialect.name != "sqlite":  # there it is so in any case
                    connection.execution_options(isolation_level="REPEATABLE READ")
                yield connection

    def _append(self, connection: Connection, links: Sequence[Link], actor: str) -> None:
        """Chain events in the order given; the heads are read in bulk."""
        at = self.clock.now()
        heads = _heads(connection, {link.chain for link in links})
        events = []
        for link in links:
            event = append(heads.get(link.chain, START), link.chain, link.kind, link.detail, actor, at)
            heads[link.chain] = Head(event.sequence, event.hash)
            events.append(event)
        put(connection, audit_log, [_event_row(event) for event in events])


def _event_row(event: Event) -> dict[str, object]:
    return {
        "chain": event.chain,
        "sequence": event.sequence,
        "at": event.at,
        "actor": event.actor,
        "kind": event.kind,
        "detail": canonical(dict(event.detail)),
        "previous": event.previous,
        "hash": event.hash,
    }


def _heads(connection: Connection, chains: set[str]) -> dict[str, Head]:
    heads: dict[str, Head] = {}
    for part in parts(sorted(chains)):
        last = (
            select(audit_log.c.chain, func.max(audit_log.c.sequence).label("sequence"))
            .where(audit_log.c.chain.in_(part))
            .group_by(audit_log.c.chain)
            .subquery()
        )
        found = select(audit_log.c.chain, audit_log.c.sequence, audit_log.c.hash).join(
            last, and_(audit_log.c.chain == last.c.chain, audit_log.c.sequence == last.c.sequence)
        )
        heads.update((row.chain, Head(row.sequence, row.hash)) for row in connection.execute(found))
    return heads


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows. Raises ValueError where a text is longer than its column."""
    if rows:
        fitting(table, rows)
        connection.execute(insert(table), list(rows))


def fitting(table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Raises ValueError where a text is longer than its column: nothing is cut or kept too long, on any database."""
    widths = [(c.name, length) for c in table.columns if isinstance(length := getattr(c.type, "length", None), int)]
    for row in rows:
        for name, length in widths:
            value = row.get(name)
            if isinstance(value, str) and len(value) > length:
                raise ValueError(f"{table.name}.{name} holds {length} characters; {value[:80]!r} has {len(value)}")


def parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Lists short enough for one IN."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def matching(query: Select[Any], table: Table, where: Mapping[str, object]) -> Select[Any]:
    """Restrict a query to rows whose columns equal values, or are one of a list, tuple or set of them.

    Raises ValueError for a column that the table does not have: a misspelt filter must not match everything.
    """
    for name, value in where.items():
        if name not in table.columns:
            raise ValueError(f"{table.name} has no column {name!r}; it has {', '.join(table.columns.keys())}")
        column = table.columns[name]
        if isinstance(value, list | tuple | set | frozenset):
            query = query.where(column.in_(list(value)))
        else:
            query = query.where(column == value)
    return query


def as_text(value: object) -> str:
    """A column's value as an event tells it: the same text the table keeps; empty for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return instant_text(value)
    return str(value)


def told(columns: Mapping[str, object], detail: Mapping[str, str], place: str) -> dict[str, str]:
    """The detail of an event that changes state: each column it sets as `set.<column>`, and what the caller adds."""
    refuse_reserved(detail, place)
    return dict(detail) | {f"{SET}{name}": as_text(value) for name, value in columns.items()}


def refuse_reserved(detail: Mapping[str, str], place: str) -> None:
    """Raises ValueError where a caller's detail speaks of state: only the ledger does, so a replay can trust it."""
    reserved = [name for name in detail if name in ("before", "after") or name.startswith((SET, FILE))]
    if reserved:
        raise ValueError(f"{place}: {', '.join(reserved)} cannot be told by a caller; the ledger tells what it changes")


def known_columns(columns: Iterable[str], allowed: Iterable[str], place: str) -> None:
    """Raises ValueError for a column that may not be set in this way."""
    wrong = sorted(set(columns) - set(allowed))
    if wrong:
        raise ValueError(f"{place}: {', '.join(wrong)} cannot be set here; only {', '.join(sorted(allowed))}")
