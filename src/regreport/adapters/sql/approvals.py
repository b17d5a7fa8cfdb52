"""The ledger's part about two persons: requests, and the one decision that each of them gets from somebody else.

Both are rows that nobody may change, told in the chain of what they are about. That the second person is another one is
said here in words, and held by the database itself (a CHECK and a foreign key), whatever face a decision comes through.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from regreport.adapters.sql.session import Link, Session, as_text, put
from regreport.adapters.sql.tables import approval, request
from regreport.errors import NotApproved, NotFound, StaleState
from regreport.model.approval import Decision, Request, Verdict, same_person


class Approvals(Session):
    """Requests and their decisions; chain: the subject."""

    def ask(self, kind: str, subject: str, digest: str, reason: str, actor: str) -> str:
        """Ask for something; the request's id. What is open already is not asked for twice."""
        with self._write() as connection:
            table = request.c
            same = (table.kind == kind, table.subject == subject, table.digest == digest)
            there = connection.execute(_requests().where(*same, approval.c.request_id.is_(None))).first()
            if there is not None:
                return str(there.request_id)
            earlier = connection.execute(select(func.count()).select_from(request).where(*same)).scalar() or 0
            row = {
                "request_id": _request_id(kind, subject, digest, earlier + 1),
                "kind": kind,
                "subject": subject,
                "digest": digest,
                "reason": reason,
                "requested_by": actor,
                "requested_at": self.clock.now(),
            }
            put(connection, request, [row])
            told = {name: as_text(row[name]) for name in ("request_id", "kind", "digest", "reason", "requested_by")}
            self._append(connection, [Link(subject, "requested", told)], actor)
        return str(row["request_id"])

    def decide(self, request_id: str, decision: str, reason: str, actor: str) -> Request:
        """Decide an open request, `approved` or `rejected`; returns it. Raises NotFound, StaleState (it is decided),
        NotApproved (by its maker), ValueError (another decision than these)."""
        verdict = Verdict(decision)
        with self._write() as connection:
            asked = _one(connection, request_id)
            _refuse_decision(asked, actor)
            row = {
                "request_id": request_id,
                "decision": verdict,
                "requested_by": asked.requested_by,
                "decided_by": actor,
                "decided_at": self.clock.now(),
                "reason": reason,
            }
            put(connection, approval, [row])
            told = {name: as_text(value) for name, value in row.items() if name != "decided_at"}
            self._append(connection, [Link(asked.subject, verdict.value, told)], actor)
            return _one(connection, request_id)

    def request(self, request_id: str) -> Request:
        """One request. Raises NotFound."""
        with self._read() as connection:
            return _one(connection, request_id)

    def requests(self, subject: str | None = None, open_only: bool = False) -> list[Request]:
        """Requests about something, or all, oldest first; `open_only`: those that nobody has decided."""
        query = _requests().order_by(request.c.requested_at, request.c.request_id)
        if subject is not None:
            query = query.where(request.c.subject == subject)
        if open_only:
            query = query.where(approval.c.request_id.is_(None))
        with self._read() as connection:
            return [_request(row) for row in connection.execute(query)]


def _request_id(kind: str, subject: str, digest: str, number: int) -> str:
    """`R-` and twelve digits that follow from what is asked for: a restart asks for the same under the same id."""
    told = "\n".join((kind, subject, digest, str(number)))
    return f"R-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def _requests() -> Select[Any]:
    decided = (approval.c.decision, approval.c.decided_by, approval.c.decided_at, approval.c.reason.label("because"))
    return select(request, *decided).outerjoin(approval, approval.c.request_id == request.c.request_id)


def _one(connection: Connection, request_id: str) -> Request:
    row = connection.execute(_requests().where(request.c.request_id == request_id)).first()
    if row is None:
        raise NotFound(f"no request {request_id!r} in the ledger; `regreport approvals` lists the open ones")
    return _request(row)


def _refuse_decision(asked: Request, actor: str) -> None:
    if asked.decision is not None:
        raise StaleState(
            f"request {asked.request_id} ({asked.kind} of {asked.subject}) was {asked.decision.verdict} by "
            f"{asked.decision.decided_by} already; nothing was changed"
        )
    if same_person(asked.requested_by, actor):
        raise NotApproved(
            f"request {asked.request_id} ({asked.kind} of {asked.subject}) was made by {asked.requested_by}: somebody "
            "else has to decide it; nothing was changed"
        )


def _request(row: Row[Any]) -> Request:
    decision = None
    if row.decision is not None:
        decision = Decision(Verdict(row.decision), row.decided_by, row.decided_at, row.because)
    return Request(
        request_id=row.request_id,
        kind=row.kind,
        subject=row.subject,
        digest=row.digest,
        reason=row.reason,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        decision=decision,
    )
