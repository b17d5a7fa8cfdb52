"""Bringing a ledger's tables up to this version: by itself, once, whoever comes first, and again after a crash.

On SQLite a migration is one transaction. MySQL commits each statement by itself, so every step of a migration there can
be repeated; a named lock keeps two processes from doing it at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect

from regreport.adapters.sql.database import WRITES, open_database, translated
from regreport.errors import ConfigurationError, DatabaseUnavailable

HEAD: Final = "0002"
"""The newest migration in this version (a test holds it to the scripts)."""

SCRIPTS: Final = Path(__file__).with_name("migrations")
_LOCK: Final = "regreport.migrate"
_LOCK_WAIT_S: Final = 120


def migrate(url: str) -> None:
    """Make or upgrade the ledger's tables at a database URL. Doing it again changes nothing.

    Raises ConfigurationError (a ledger of a later version), DatabaseUnavailable.
    """
    engine = open_database(url)
    try:
        migrate_engine(engine)
    finally:
        engine.dispose()


def migrate_engine(engine: Engine) -> None:
    """The same for an engine of `open_database`."""
    with translated(), engine.connect() as connection:
        there = _version(connection)
    if there == HEAD:
        return
    with translated(), engine.connect().execution_options(**{WRITES: True}) as connection, _alone(connection):
        _upgrade(connection, _version(connection))


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """One migration at a time: SQLite's write lock is taken by the transaction itself, MySQL has named locks."""
    if connection.dialect.name == "sqlite":
        with connection.begin():
            yield
        return
    got = connection.exec_driver_sql(f"SELECT GET_LOCK('{_LOCK}', {_LOCK_WAIT_S})").scalar()
    if got != 1:
        raise DatabaseUnavailable(
            f"another process has been migrating the ledger for {_LOCK_WAIT_S} seconds; try again"
        )
    try:
        yield
        connection.commit()
    finally:
        connection.exec_driver_sql(f"SELECT RELEASE_LOCK('{_LOCK}')")


def _upgrade(connection: Connection, there: str | None) -> None:
    # Imported here: Alembic costs more than opening a ledger that is already up to date.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if there is not None and there not in known:
        raise ConfigurationError(
            f"this ledger was made by a later version of regreport (tables {there}, this version knows {HEAD}); upgrade"
        )
    try:
        command.upgrade(config, "head")
    except CommandError as fault:
        raise ConfigurationError(f"the ledger's tables cannot be upgraded: {fault}") from fault
