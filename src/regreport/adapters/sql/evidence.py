"""The ledger's part about proof: notes, chains, their verification, and every digest that a row names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Column, Row, Table, select

from regreport.adapters.sql.chain import parse_detail
from regreport.adapters.sql.session import Link, Session, refuse_reserved
from regreport.adapters.sql.tables import (
    audit_log,
    feedback_log,
    obligation,
    report_file,
    report_log,
    seal,
    sign_off,
    snapshot,
    source_batch,
)
from regreport.adapters.sql.verify import ledger_faults
from regreport.model.ledger import Event, Visit

_NAMED: Final[tuple[tuple[Table, tuple[str, ...], tuple[str, ...]], ...]] = (
    (source_batch, ("batch_id",), ("digest", "file_digest", "mapping_digest")),
    (snapshot, ("dataset", "on_date", "number"), ("digest",)),
    (obligation, ("obligation_id",), ("decisions_digest", "state_digest", "findings_digest")),
    (
        report_log,
        ("report_id",),
        ("fields_digest", "index_digest", "manifest_digest", "findings_digest", "outcomes_digest"),
    ),
    (report_file, ("report_id", "number"), ("digest", "container_digest")),
    (feedback_log, ("file_name",), ("digest",)),
    (seal, ("seal_id",), ("object_digest",)),
    (sign_off, ("report_date", "number"), ("digest",)),
)
"""Table, the columns that name a row, the columns that hold digests of objects."""


class Evidence(Session):
    """Events and what they prove."""

    def note(self, chain: str, kind: str, detail: Mapping[str, str], actor: str) -> None:
        """Append an event that changes no state (a look, a refusal)."""
        refuse_reserved(detail, chain)
        with self._write() as connection:
            self._append(connection, [Link(chain, kind, detail)], actor)

    def events(self, chain: str) -> list[Event]:
        """One chain from its first link; empty where there is none."""
        query = select(audit_log).where(audit_log.c.chain == chain).order_by(audit_log.c.sequence)
        with self._read() as connection:
            return [_event(row) for row in connection.execute(query)]

    def chains(self) -> list[str]:
        """The names of all chains, in order."""
        query = select(audit_log.c.chain).distinct().order_by(audit_log.c.chain)
        with self._read() as connection:
            return list(connection.execute(query).scalars())

    def verify_chains(self, visit: Visit | None = None) -> list[str]:
        """Every broken link in words, and every row that is not what its events say; empty when all holds."""
        with self._read(frozen=True) as connection:
            return list(ledger_faults(connection, visit))

    def object_digests(self) -> Mapping[str, str]:
        """Every digest that any row names -> what names it: table, row and column."""
        found: dict[str, str] = {}
        with self._read() as connection:
            for table, keys, digests in _NAMED:
                columns: list[Column[Any]] = [table.columns[name] for name in (*keys, *digests)]
                for row in connection.execute(select(*columns)):
                    place = " ".join(str(value) for value in row[: len(keys)])
                    for name, digest in zip(digests, row[len(keys) :], strict=True):
                        if digest:
                            found.setdefault(digest, f"{table.name} {place}: {name}")
        return found


def _event(row: Row[Any]) -> Event:
    return Event(
        chain=row.chain,
        sequence=row.sequence,
        at=row.at,
        actor=row.actor,
        kind=row.kind,
        detail=parse_detail(row.detail) or {},
        previous=row.previous,
        hash=row.hash,
    )
