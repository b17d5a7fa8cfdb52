"""Every adapter of every port, for the suites that all of them must pass."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from regreport.adapters.keyring import LocalKeyRing
from regreport.adapters.local import LocalStore
from regreport.adapters.opened import Opened
from regreport.adapters.sealed import Sealing
from regreport.adapters.sql import SqlLedger, migrate, open_ledger
from regreport.adapters.sql.tables import INSERT_ONLY, metadata
from regreport.model.obligation import Cell, Obligation, obligation_id
from regreport.ports import Store
from regreport.testing import FixedClock, MemoryLedger, MemoryStore

DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def mysql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a MySQL or MariaDB server in which databases may be made."""
    given = os.environ.get("REGREPORT_TEST_MYSQL", "")
    if given:
        yield given
        return
    binary = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if binary is None:
        pytest.skip("no MariaDB or MySQL: set REGREPORT_TEST_MYSQL, or put mariadbd on the PATH")
    memory = Path("/dev/shm")  # what is tested is behaviour, not this machine's disk
    if memory.is_dir() and os.access(memory, os.W_OK):
        with tempfile.TemporaryDirectory(dir=memory, prefix="regreport-") as folder:
            yield from _own_server(binary, Path(folder))
    else:
        yield from _own_server(binary, tmp_path_factory.mktemp("mariadb"))


def _own_server(binary: str, folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "data").mkdir()
    command = [binary, "--no-defaults", f"--datadir={folder}/data", f"--socket={folder}/s", f"--port={port}"]
    command += ["--bind-address=127.0.0.1", "--skip-grant-tables", "--skip-networking=0", f"--pid-file={folder}/pid"]
    command += ["--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M"]
    command += ["--user=root"] if os.geteuid() == 0 else []
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(600):
            if server.poll() is not None:
                pytest.fail(f"mariadbd did not start:\n{(folder / 'log').read_text(errors='replace')[-2000:]}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"mysql+pymysql://root@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


def _new_database(server: str) -> str:
    name = f"regreport_test_{os.getpid()}_{next(_NUMBERS)}"
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _drop_database(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {engine.url.database}")
    engine.dispose()


@pytest.fixture
def mysql_url(mysql_server: str) -> Iterator[str]:
    """The URL of an empty database, dropped afterwards."""
    url = _new_database(mysql_server)
    yield url
    _drop_database(url)


class Reused:
    """A database with the ledger's tables, emptied between tests: making the tables is what costs most."""

    def __init__(self, server: str) -> None:
        self.server, self.url = server, ""

    def lend(self) -> str:
        """Its URL."""
        self.url = self.url or _new_database(self.server)
        return self.url

    def empty(self) -> None:
        """Ready for the next test, with the triggers that a test may have taken away."""
        engine = create_engine(self.url)
        with engine.begin() as connection:
            there = {row[0] for row in connection.exec_driver_sql("SHOW TRIGGERS")}
            connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
            for table in metadata.tables.keys() - {"lease"}:
                connection.exec_driver_sql(f"TRUNCATE {table}")
            connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")
            for table, action in itertools.product([t.name for t in INSERT_ONLY], ("update", "delete")):
                name, words = f"tr_{table}_no_{action}", f"{table} is insert only"
                if name not in there:
                    connection.exec_driver_sql(
                        f"CREATE TRIGGER {name} BEFORE {action.upper()} ON {table} FOR EACH ROW "
                        f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{words}'"
                    )
        engine.dispose()

    def give_up(self) -> None:
        """Drop it."""
        if self.url:
            _drop_database(self.url)
        self.url = ""


@pytest.fixture(scope="session")
def mysql_reused(mysql_server: str) -> Iterator[Reused]:
    """The database that most tests share, one after the other."""
    shared = Reused(mysql_server)
    yield shared
    shared.give_up()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger as a file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite"
    migrate(f"sqlite:///{path}")
    return path


DATABASES = ["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)]


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind that lasts."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.sqlite"
    return str(request.getfixturevalue("mysql_url"))


@pytest.fixture
def clock() -> FixedClock:
    """A clock that moves a second with each look."""
    return FixedClock(NOON, timedelta(seconds=1))


@pytest.fixture(params=["memory", *DATABASES])
def ledger(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[SqlLedger]:
    """Every ledger."""
    if request.param == "memory":
        with closing(MemoryLedger(clock)) as made:
            yield made
    elif request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "ledger.sqlite")
        with closing(open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", clock)) as opened:
            yield opened
    else:
        reused: Reused = request.getfixturevalue("mysql_reused")
        with closing(open_ledger(reused.lend(), clock)) as opened:
            yield opened
        reused.empty()


class SealedStore(LocalStore):
    """A local store in which everything that the suite puts is sealed."""

    def put(
        self, content: bytes | Iterable[bytes | memoryview], name: str, retain_until: date, scope: str = "mifir"
    ) -> str:
        """As put, under the keys of a scope."""
        return super().put(content, name, retain_until, scope)


@pytest.fixture
def keyring(tmp_path: Path) -> LocalKeyRing:
    """A new keyring."""
    return LocalKeyRing(tmp_path / "keys", lambda: NOON)


@pytest.fixture(params=["local", "sealed", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Every store."""
    if request.param == "local":
        yield LocalStore(tmp_path / "store")
    elif request.param == "sealed":
        keyring = request.getfixturevalue("keyring")
        with closing(SealedStore(tmp_path / "store", Sealing(keyring, Opened(tmp_path / "scratch")))) as made:
            yield made
    else:
        made = MemoryStore()
        yield made
        made.close()


@pytest.fixture
def owed() -> Callable[..., Obligation]:
    """A maker of obligations: `owed("A")`, `owed("B", due_at=...)`."""

    def make(entity: str, on: date = DAY, due_at: datetime = NOON) -> Obligation:
        cell = Cell("EU", "TRANSACTION", "mifir")
        return Obligation(obligation_id(cell, on, entity), cell, entity, on, "AFM", due_at)

    return make
