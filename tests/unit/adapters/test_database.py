"""How a ledger's database is opened: durable or not at all, its tables made once, its faults turned into ours."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event
from sqlalchemy.exc import IntegrityError as ConstraintError

from regreport.adapters.sql import SqlLedger, database, migrate, open_ledger
from regreport.adapters.sql.migration import HEAD, SCRIPTS
from regreport.adapters.sql.tables import metadata
from regreport.errors import ConfigurationError, DatabaseUnavailable, IntegrityError
from regreport.testing import FixedClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def url(folder: Path) -> str:
    """The URL of a ledger in a folder."""
    return f"sqlite:///{folder}/ledger.sqlite"


def test_sqlite_is_opened_for_durability(tmp_path: Path) -> None:
    engine = database.open_database(url(tmp_path))
    with engine.connect() as connection:
        found = {
            p: connection.exec_driver_sql(f"PRAGMA {p}").scalar()
            for p in ("journal_mode", "synchronous", "foreign_keys")
        }
        assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == database.BUSY_TIMEOUT_S * 1000
    engine.dispose()


@pytest.mark.parametrize(
    ("pragma", "words"),
    [
        ("synchronous = 1", "synchronous is 1"),
        ("foreign_keys = 0", "foreign_keys is 0"),
        ("journal_mode = delete", "journal_mode"),
    ],
)
def test_less_than_durable_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pragma: str, words: str) -> None:
    usual = database._prepare_sqlite

    def weakened(connection: sqlite3.Connection, record: object) -> None:
        usual(connection, record)
        connection.execute(f"PRAGMA {pragma}")

    monkeypatch.setattr(database, "_prepare_sqlite", weakened)
    with pytest.raises(ConfigurationError, match=f"cannot promise durability: {words}"):
        database.open_database(url(tmp_path))


@pytest.mark.parametrize("wrong", ["", "nonsense", "postgresql://x/y", "oracle://x"])
def test_a_url_that_cannot_serve_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError):
        database.open_database(wrong)


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        database.open_database("mysql+pymysql://u:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(caught.value)


def test_the_migrations_make_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    migrate(url(tmp_path))
    engine = create_engine(url(tmp_path))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
        connection.exec_driver_sql("ALTER TABLE seal ADD COLUMN extra TEXT")
        assert compare_metadata(MigrationContext.configure(connection), metadata) != []
    engine.dispose()


def test_the_newest_migration_is_the_one_that_is_looked_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_ledger_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    migrate(url(tmp_path))
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(ConfigurationError, match="later version of regreport"):
        open_ledger(url(tmp_path), FixedClock(NOON))


def test_a_migration_cut_off_anywhere_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop before statement 1, 2, 3 ... until it runs through; each time the next attempt has to succeed."""
    usual, done, stop_at = database.open_database, 0, 1

    def fragile(where: str) -> object:
        engine = usual(where)

        def stop(*_: object) -> None:
            nonlocal done
            done += 1
            if done == stop_at:
                raise sqlite3.OperationalError("power cut")

        event.listen(engine, "before_cursor_execute", stop)
        return engine

    finished = False
    while not finished:
        path, done = tmp_path / str(stop_at), 0
        path.mkdir()
        with monkeypatch.context() as patch:
            patch.setattr("regreport.adapters.sql.migration.open_database", fragile)
            try:
                migrate(url(path))
                finished = True
            except (sqlite3.OperationalError, DatabaseUnavailable):
                pass
        with closing(open_ledger(url(path), FixedClock(NOON))) as ledger:
            ledger.note("a", "looked", {}, "x")
            assert ledger.verify_chains() == []
        stop_at += 5
    assert stop_at > 50


def test_a_locked_database_can_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
    with closing(open_ledger(url(tmp_path), FixedClock(NOON))) as ledger:
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(DatabaseUnavailable, match="locked"):
                ledger.note("a", "looked", {}, "x")
            other.rollback()
        ledger.note("a", "looked", {}, "x")
        assert len(ledger.events("a")) == 1


def test_a_full_disk_keeps_what_was_committed(tmp_path: Path) -> None:
    with closing(open_ledger(url(tmp_path), FixedClock(NOON))) as ledger:
        ledger.note("a", "looked", {}, "x")
        with ledger.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(DatabaseUnavailable, match="full"):
            _fill(ledger)
        assert ledger.verify_chains() == []


def _fill(ledger: SqlLedger) -> None:
    for number in range(2000):
        ledger.note("a", "looked", {"number": str(number), "ballast": "x" * 500}, "x")


def test_a_transaction_that_the_database_gave_up_is_not_half_kept(tmp_path: Path) -> None:
    """A caller that swallows the fault inside the block must not commit what is left of it."""
    with closing(open_ledger(url(tmp_path), FixedClock(NOON))) as ledger:
        with pytest.raises(DatabaseUnavailable, match="nothing of it was kept"):
            _swallow(ledger)
        assert ledger.chains() == []
        ledger.note("a", "looked", {}, "x")


def _swallow(ledger: SqlLedger) -> None:
    with ledger.transaction():
        ledger.note("first", "looked", {}, "x")
        try:
            with ledger.transaction():
                raise DatabaseUnavailable("disk full")
        except DatabaseUnavailable:
            pass
        ledger.note("second", "looked", {}, "x")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(IntegrityError, match="not a database"):
        open_ledger(url(tmp_path), FixedClock(NOON))


def test_a_ledger_without_tables_says_so(tmp_path: Path) -> None:
    with closing(open_ledger(url(tmp_path), FixedClock(NOON))) as ledger:
        with ledger.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE snapshot")
        with pytest.raises(ConfigurationError, match="no such table"):
            ledger.snapshot("leis", NOON.date())


def test_two_persons_are_two_persons(tmp_path: Path) -> None:
    """The rule of four eyes is the database's own: neither the same person, nor a maker who was never there."""
    with closing(open_ledger(url(tmp_path), FixedClock(NOON))) as ledger, ledger.engine.begin() as connection:
        for number in range(3):
            connection.exec_driver_sql(f"INSERT INTO request VALUES ('R{number}', 'delete', 's', '', '', 'ana', '')")
        decided = "INSERT INTO approval VALUES ('{}', 'approved', '{}', '{}', '', '')"
        connection.exec_driver_sql(decided.format("R0", "ana", "bea"))
        with pytest.raises(ConstraintError, match="ck_approval_two_persons"):
            connection.exec_driver_sql(decided.format("R1", "ana", "ana"))
        with pytest.raises(ConstraintError, match="FOREIGN KEY"):
            connection.exec_driver_sql(decided.format("R2", "eve", "ana"))


def test_a_copied_workspace_holds_everything(tmp_path: Path) -> None:
    """After close, the file alone is the ledger: nothing is left in the write-ahead log."""
    with closing(open_ledger(url(tmp_path), FixedClock(NOON))) as ledger:
        ledger.note("a", "looked", {}, "x")
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.sqlite"]
    with closing(open_ledger(url(tmp_path), FixedClock(NOON))) as ledger:
        assert ledger.chains() == ["a"]
