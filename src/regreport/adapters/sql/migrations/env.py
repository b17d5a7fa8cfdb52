"""How Alembic runs the migrations: on the connection that it is given, in the transaction that is open there."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=False)
context.run_migrations()
