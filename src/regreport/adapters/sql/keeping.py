"""The ledger's part about what must be kept longer than its store says: open legal holds, and extended retention."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from regreport.adapters.sql.session import Session
from regreport.adapters.sql.tables import hold_release, legal_hold, object_retention


class Keeping(Session):
    """What keeps an object, read only."""

    def held_subjects(self) -> list[tuple[str, str]]:
        """(hold, what it is about) of every legal hold that nobody has released, by hold."""
        query = (
            select(legal_hold.c.hold_id, legal_hold.c.subject)
            .outerjoin(hold_release, hold_release.c.hold_id == legal_hold.c.hold_id)
            .where(hold_release.c.hold_id.is_(None))
            .order_by(legal_hold.c.hold_id)
        )
        with self._read() as connection:
            return [(str(hold), str(subject)) for hold, subject in connection.execute(query)]

    def kept_longer(self) -> dict[str, tuple[date, bool]]:
        """Object -> (day before which it may not go, whether it is on hold), where the ledger says so itself."""
        table = object_retention.c
        with self._read() as connection:
            rows = connection.execute(select(table.digest, table.retain_until, table.legal_hold))
            return {str(digest): (until, bool(held)) for digest, until, held in rows}
