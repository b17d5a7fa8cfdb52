"""The ledger on SQLite and on MySQL or MariaDB: the same tables, the same SQL, the same behaviour."""

from regreport.adapters.sql.ledger import SqlLedger, open_ledger
from regreport.adapters.sql.migration import migrate

__all__ = ["SqlLedger", "migrate", "open_ledger"]
