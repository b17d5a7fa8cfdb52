"""The ledger's part about what is owed: obligations, and how each day's records are accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select, update

from regreport.adapters.sql.session import Link, Session, fitting, known_columns, matching, parts, put, told
from regreport.adapters.sql.tables import obligation
from regreport.errors import NotFound
from regreport.model.ledger import Accounting, ObligationState
from regreport.model.obligation import Cell, Obligation, ObligationStatus

ACCOUNTED: Final = ("status", "late", "decisions_digest", "state_digest", "findings_digest", "batches_seen")
"""The columns of an obligation that may change after it was planned."""

FIXED: Final = ("jurisdiction", "report_type", "regime", "entity", "report_date", "destination", "due_at")
"""The columns of an obligation that are set when it is planned and never again."""


class Obligations(Session):
    """Obligations; each has a chain of its own name."""

    def plan(self, obligations: Sequence[Obligation], actor: str) -> list[ObligationState]:
        """Insert what is not there yet and return the state of all of them, in the order given."""
        wanted = {owed.obligation_id: owed for owed in obligations}
        with self._write() as connection:
            there = _states(connection, list(wanted))
            rows = [_new_row(owed) for owed in wanted.values() if owed.obligation_id not in there]
            put(connection, obligation, rows)
            self._append(connection, [_planned(row) for row in rows], actor)
            there |= _states(connection, [str(row["obligation_id"]) for row in rows])
        return [there[owed.obligation_id] for owed in obligations]

    def obligations(self, **where: object) -> list[ObligationState]:
        """Obligations matching equal columns (a list means any of), by report date, entity and id."""
        table = obligation.c
        query = matching(select(obligation), obligation, where)
        with self._read() as connection:
            ordered = query.order_by(table.report_date, table.entity, table.obligation_id)
            return [_state(row) for row in connection.execute(ordered)]

    def account(self, obligation_id: str, actor: str, kind: str, columns: Mapping[str, object]) -> None:
        """Set some of the columns of ACCOUNTED of an obligation, with its event."""
        self.account_all([Accounting(obligation_id, kind, columns)], actor)

    def account_all(self, accountings: Sequence[Accounting], actor: str) -> None:
        """The same for many obligations in one transaction. Raises NotFound: then none was changed."""
        for accounting in accountings:
            known_columns(accounting.columns, ACCOUNTED, f"obligation {accounting.obligation_id}")
        with self._write() as connection:
            there = _states(connection, [accounting.obligation_id for accounting in accountings])
            for accounting in accountings:
                if accounting.obligation_id not in there:
                    raise NotFound(f"no obligation {accounting.obligation_id!r} in the ledger; plan its date first")
            for names in dict.fromkeys(tuple(sorted(a.columns)) for a in accountings):
                _set(connection, names, [a for a in accountings if tuple(sorted(a.columns)) == names])
            links = [
                Link(a.obligation_id, a.kind, told(a.columns, a.detail, f"obligation {a.obligation_id}"))
                for a in accountings
            ]
            self._append(connection, links, actor)


def _set(connection: Connection, names: tuple[str, ...], accountings: Sequence[Accounting]) -> None:
    if not names:
        return
    change = (
        update(obligation)
        .where(obligation.c.obligation_id == bindparam("key_id"))
        .values({name: bindparam(f"set_{name}") for name in names})
    )
    rows = [{"key_id": a.obligation_id} | {f"set_{name}": a.columns[name] for name in names} for a in accountings]
    fitting(obligation, [a.columns for a in accountings])
    connection.execute(change, rows)


def _new_row(owed: Obligation) -> dict[str, object]:
    return {
        "obligation_id": owed.obligation_id,
        "jurisdiction": owed.cell.jurisdiction,
        "report_type": owed.cell.report_type,
        "regime": owed.cell.regime,
        "entity": owed.entity,
        "report_date": owed.report_date,
        "destination": owed.destination,
        "due_at": owed.due_at,
        "status": ObligationStatus.OPEN,
        "late": False,
        "decisions_digest": "",
        "state_digest": "",
        "findings_digest": "",
        "batches_seen": "",
    }


def _planned(row: Mapping[str, object]) -> Link:
    place = str(row["obligation_id"])
    return Link(place, "planned", told({name: row[name] for name in (*FIXED, *ACCOUNTED)}, {}, place))


def _states(connection: Connection, ids: Sequence[str]) -> dict[str, ObligationState]:
    found: dict[str, ObligationState] = {}
    for part in parts(ids):
        query = select(obligation).where(obligation.c.obligation_id.in_(part))
        found.update((row.obligation_id, _state(row)) for row in connection.execute(query))
    return found


def _state(row: Row[Any]) -> ObligationState:
    owed = Obligation(
        obligation_id=row.obligation_id,
        cell=Cell(row.jurisdiction, row.report_type, row.regime),
        entity=row.entity,
        report_date=row.report_date,
        destination=row.destination,
        due_at=row.due_at,
    )
    return ObligationState(
        obligation=owed,
        status=ObligationStatus(row.status),
        late=row.late,
        decisions_digest=row.decisions_digest,
        state_digest=row.state_digest,
        findings_digest=row.findings_digest,
        batches_seen=row.batches_seen,
    )
