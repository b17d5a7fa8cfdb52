"""The ledger on a SQL database, put together from its parts by subject."""

from __future__ import annotations

from regreport.adapters.sql.answers import Answers
from regreport.adapters.sql.approvals import Approvals
from regreport.adapters.sql.batches import Batches
from regreport.adapters.sql.database import open_database
from regreport.adapters.sql.evidence import Evidence
from regreport.adapters.sql.keeping import Keeping
from regreport.adapters.sql.leases import Leases
from regreport.adapters.sql.migration import migrate_engine
from regreport.adapters.sql.obligations import Obligations
from regreport.adapters.sql.openings import Openings
from regreport.adapters.sql.seals import Seals
from regreport.adapters.sql.signed import Signed
from regreport.ports import Clock


class SqlLedger(Keeping, Leases, Batches, Obligations, Openings, Answers, Approvals, Signed, Seals, Evidence):
    """The Ledger of ports.py on SQLite, MySQL or MariaDB. `SqlLedger(engine, clock)`; see `open_ledger`."""


def open_ledger(url: str, clock: Clock) -> SqlLedger:
    """The ledger behind a URL, its tables made or brought up to this version first.

    Raises ConfigurationError (a URL or a database that cannot serve, a ledger newer than this version), MissingExtra,
    DatabaseUnavailable. Give it back with `close()`.
    """
    engine = open_database(url)
    try:
        migrate_engine(engine)
    except BaseException:
        engine.dispose()
        raise
    return SqlLedger(engine, clock)
