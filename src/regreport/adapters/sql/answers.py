"""The ledger's part about what left the house and what came back: delivery attempts and the authority's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Row, select

from regreport.adapters.sql.reports import Reports
from regreport.adapters.sql.session import Link, as_text, put
from regreport.adapters.sql.tables import delivery_log, feedback_log
from regreport.model.ledger import Change, Delivery, FeedbackEntry

QUARANTINE: Final = "feedback/quarantine"
"""The chain of answers that could not be tied to a submission."""


class Answers(Reports):
    """Delivery attempts and feedback."""

    def add_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Append attempts. Raises StaleState where an attempt of that number is there, NotFound for no such report."""
        with self._write() as connection:
            put(connection, delivery_log, [asdict(delivery) for delivery in deliveries])

    def deliveries(self, report_id: str) -> list[Delivery]:
        """Attempts of one submission, oldest first."""
        table = delivery_log.c
        query = select(delivery_log).where(table.report_id == report_id).order_by(table.attempt, table.file_number)
        with self._read() as connection:
            return [Delivery(**row._mapping) for row in connection.execute(query)]

    def add_feedback(self, entry: FeedbackEntry, changes: Sequence[Change], actor: str) -> bool:
        """Record an answer and what it changes, in one transaction; False (and no change) if it is known: the same
        digest for the same submission and message."""
        with self._write() as connection:
            table = feedback_log.c
            known = select(table.digest).where(table.digest == entry.digest, table.report_id == entry.report_id)
            if connection.execute(known.where(table.message_id == entry.message_id)).first() is not None:
                return False
            put(connection, feedback_log, [asdict(entry)])
            self._append(connection, [_received(entry)], actor)
            self._apply(connection, changes, actor)
        return True

    def has_feedback(self, digest: str) -> bool:
        """Whether anything of an authority's file with this digest has been recorded."""
        query = select(feedback_log.c.digest).where(feedback_log.c.digest == digest).limit(1)
        with self._read() as connection:
            return connection.execute(query).first() is not None

    def feedback(self, report_id: str | None = None) -> list[FeedbackEntry]:
        """Answers of one submission, or all, by received_at and digest."""
        table = feedback_log.c
        query = select(feedback_log).order_by(table.received_at, table.digest, table.report_id)
        if report_id is not None:
            query = query.where(table.report_id == report_id)
        with self._read() as connection:
            return [_entry(row) for row in connection.execute(query)]


def _received(entry: FeedbackEntry) -> Link:
    detail = {name: as_text(value) for name, value in asdict(entry).items() if name != "report_id"}
    return Link(entry.report_id or QUARANTINE, "quarantined" if entry.quarantine else "answered", detail)


def _entry(row: Row[Any]) -> FeedbackEntry:
    return FeedbackEntry(**row._mapping)
