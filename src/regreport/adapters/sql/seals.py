"""The ledger's part about seals: which heads no seal covers yet, and the seals with the heads that they cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Subquery, and_, func, select

from regreport.adapters.sql.session import Link, Session, as_text, put
from regreport.adapters.sql.tables import audit_log, seal, seal_head
from regreport.errors import StaleState
from regreport.model.seal import Head, Seal

CHAIN = "seals"


class Seals(Session):
    """Seals; their chain is `seals`."""

    def unsealed_heads(self) -> list[Head]:
        """Where every chain ends that has moved since a seal last covered it, by chain."""
        ends = _last(audit_log.c.chain, audit_log.c.sequence, "ends")
        covered = _last(seal_head.c.chain, seal_head.c.sequence, "covered")
        at_end = and_(audit_log.c.chain == ends.c.chain, audit_log.c.sequence == ends.c.last)
        query = (
            select(audit_log.c.chain, audit_log.c.sequence, audit_log.c.hash)
            .join(ends, at_end)
            .outerjoin(covered, covered.c.chain == audit_log.c.chain)
            .where((covered.c.last.is_(None)) | (covered.c.last < audit_log.c.sequence))
        )
        with self._read(frozen=True) as connection:
            return sorted((Head(*row) for row in connection.execute(query)), key=lambda head: head.chain)

    def add_seal(self, new: Seal, heads: Sequence[Head], detail: Mapping[str, str], actor: str) -> None:
        """Record a seal and what it covers, with its event. Raises StaleState where it does not follow on the last."""
        with self._write() as connection:
            last = connection.execute(select(func.max(seal.c.seal_id))).scalar()
            if last != new.previous_seal_id:
                raise StaleState(f"seal {new.seal_id} would follow on {new.previous_seal_id}; the last one is {last}")
            put(connection, seal, [vars(new)])
            put(connection, seal_head, [{"seal_id": new.seal_id, **vars(head)} for head in heads])
            told = {name: as_text(value) for name, value in vars(new).items() if name != "sealed_at"}
            self._append(connection, [Link(CHAIN, "sealed", told | dict(detail))], actor)

    def seals(self) -> list[Seal]:
        """Every seal, in order."""
        with self._read() as connection:
            return [Seal(**row._mapping) for row in connection.execute(select(seal).order_by(seal.c.seal_id))]

    def seal_heads(self, seal_id: str) -> list[Head]:
        """The heads that a seal covers, by chain."""
        table = seal_head.c
        query = select(table.chain, table.sequence, table.hash).where(table.seal_id == seal_id)
        with self._read() as connection:
            return sorted((Head(*row) for row in connection.execute(query)), key=lambda head: head.chain)


def _last(chain: ColumnElement[str], sequence: ColumnElement[int], name: str) -> Subquery:
    return select(chain.label("chain"), func.max(sequence).label("last")).group_by(chain).subquery(name)
