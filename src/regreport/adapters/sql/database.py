"""How a database is opened: durable or not at all, and its faults turned into ours.

A ledger that may lose a committed row after a power cut is worse than none. So SQLite runs in WAL mode with
synchronous=FULL and foreign keys on, MySQL in strict mode with a flushed log, and both are asked whether it is so.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, StatementError
from sqlalchemy.exc import IntegrityError as ConstraintError
from sqlalchemy.pool import StaticPool

from regreport.errors import (
    ConfigurationError,
    DatabaseUnavailable,
    IntegrityError,
    MissingExtra,
    NotApproved,
    NotFound,
    RegreportError,
    StaleState,
)
from regreport.failpoints import effect, watch

BUSY_TIMEOUT_S: Final = 30
WRITES: Final = "regreport_writes"
"""Execution option of a connection that is about to write: SQLite then takes its write lock at once."""

_SQLITE_PRAGMAS: Final = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
_MYSQL_INIT: Final = "SET SESSION sql_mode = 'TRADITIONAL', SESSION innodb_lock_wait_timeout = 30"
_MISSING_SCHEMA: Final = ("no such table", "no such column", "(1146,", "(1054,")
_MALFORMED: Final = ("malformed", "not a database")
_MYSQL_INSERT_ONLY: Final = "(1644,"


def open_database(url: str) -> Engine:
    """An engine whose every connection is set for durability, checked once here.

    `url`: `sqlite:///path/ledger.sqlite`, `sqlite://` (in memory, for tests) or `mysql+pymysql://...`.
    Raises ConfigurationError (a URL not understood, a database that cannot promise durability), MissingExtra,
    DatabaseUnavailable.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as fault:
        raise ConfigurationError(
            "the ledger's database URL cannot be read; write e.g. sqlite:///ledger.sqlite"
        ) from fault
    family = parsed.get_backend_name()
    if family == "sqlite":
        engine = _open_sqlite(url, in_memory=parsed.database in (None, "", ":memory:"))
    elif family in ("mysql", "mariadb"):
        engine = _open_mysql(url)
    else:
        raise ConfigurationError(f"the ledger runs on SQLite, MySQL and MariaDB, not on {family!r}; change its URL")
    watch(engine.dialect, "do_commit", "commit")
    with translated(), engine.connect() as connection:
        _check_durable(connection)
    return engine


def _open_sqlite(url: str, *, in_memory: bool) -> Engine:
    arguments: dict[str, Any] = {"timeout": BUSY_TIMEOUT_S}
    if in_memory:
        engine = create_engine(url, poolclass=StaticPool, connect_args=arguments | {"check_same_thread": False})
    else:
        engine = create_engine(url, connect_args=arguments)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@effect("connect")
def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own; _begin_sqlite does
    _use_write_ahead_log(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: a plain fsync stops at the disk's cache
    connection.execute("PRAGMA recursive_triggers = ON")  # REPLACE must not slip past the insert-only triggers


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Turn WAL on where it is not; SQLite does not wait for others in this one statement, so we do."""
    patience = time.monotonic() + BUSY_TIMEOUT_S
    while connection.execute("PRAGMA journal_mode").fetchone()[0] not in ("wal", "memory"):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as fault:
            if "locked" not in str(fault) or time.monotonic() > patience:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _open_mysql(url: str) -> Engine:
    try:
        return create_engine(
            url,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            connect_args={"init_command": _MYSQL_INIT, "charset": "utf8mb4"},
        )
    except (ModuleNotFoundError, NoSuchModuleError) as fault:
        raise MissingExtra("a ledger on MySQL or MariaDB", "mysql") from fault


def _check_durable(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in _SQLITE_PRAGMAS}
        wanted: dict[str, object] = dict(_SQLITE_PRAGMAS)
        if found["journal_mode"] == "memory" and connection.engine.url.database in (None, "", ":memory:"):
            wanted["journal_mode"] = "memory"
    else:
        query = "SELECT @@innodb_flush_log_at_trx_commit, @@transaction_isolation"
        if connection.dialect.is_mariadb:  # type: ignore[attr-defined]  # of the MySQL dialect only
            query = query.replace("@@transaction_isolation", "@@tx_isolation")
        flush, isolation = connection.exec_driver_sql(query).one()
        found = {"innodb_flush_log_at_trx_commit": int(flush), "isolation": isolation}
        wanted = {"innodb_flush_log_at_trx_commit": 1, "isolation": "READ-COMMITTED"}
    wrong = [f"{name} is {found[name]!r}, must be {wanted[name]!r}" for name in wanted if found[name] != wanted[name]]
    if wrong:
        place = connection.engine.url.render_as_string(hide_password=True)
        raise ConfigurationError(f"the ledger's database {place} cannot promise durability: {'; '.join(wrong)}")


@contextmanager
def translated() -> Iterator[None]:
    """Turn a database's faults into ours (errors.py); the text keeps the database's own words, never a parameter."""
    try:
        yield
    except DBAPIError as fault:
        raise ours(fault) from fault
    except StatementError as fault:
        if isinstance(fault.orig, ValueError):  # a value refused by our own column types
            raise fault.orig from fault
        raise


def ours(fault: DBAPIError) -> RegreportError:
    """The error of ours that a driver's error means: what is worth a retry, and what is not."""
    words = str(fault.orig)
    if "second person" in words or "two persons" in words:
        return NotApproved(f"the ledger refused it: {words}. See: regreport status")
    if "insert only" in words or _MYSQL_INSERT_ONLY in words:
        return IntegrityError(f"the ledger refused to change evidence: {words}")
    if any(sign in words for sign in _MISSING_SCHEMA):
        return ConfigurationError(f"the ledger's tables are missing or older than this version ({words}); run migrate")
    if any(sign in words for sign in _MALFORMED):
        return IntegrityError(f"the ledger's file is damaged ({words}); restore it from the last copy")
    if isinstance(fault, ConstraintError):
        if "foreign key" in words.lower():
            return NotFound(f"the ledger has no row that this one belongs to ({words})")
        return StaleState(f"the ledger already holds this ({words}); somebody else was there first")
    if isinstance(fault, OperationalError) or fault.connection_invalidated:
        return DatabaseUnavailable(f"the ledger's database did not answer ({words}); try again")
    return DatabaseUnavailable(f"the ledger's database failed ({words}); try again, and see its log if it stays")
