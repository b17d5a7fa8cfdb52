"""The ledger's part about what a day leaves behind: alerts, each raised once, and sign-offs, each numbered."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from regreport.adapters.sql.session import Link, Session, as_text, put
from regreport.adapters.sql.tables import alert, sign_off
from regreport.model.signed import Alert, SignOff


class Signed(Session):
    """Alerts (chain: their subject) and sign-offs (chain `day/<date>`)."""

    def raise_alert(self, kind: str, subject: str, words: str, actor: str) -> bool:
        """Record an alert; False (and no change) where this kind was raised about this subject before."""
        with self._write() as connection:
            there = select(alert.c.kind).where(alert.c.kind == kind, alert.c.subject == subject)
            if connection.execute(there).first() is not None:
                return False
            row = {"kind": kind, "subject": subject, "raised_at": self.clock.now(), "words": words}
            put(connection, alert, [row])
            self._append(connection, [Link(subject, "alerted", {"kind": kind, "words": words})], actor)
        return True

    def alerts(self, subject: str | None = None) -> list[Alert]:
        """Alerts about something, or all, oldest first."""
        query = select(alert).order_by(alert.c.raised_at, alert.c.kind, alert.c.subject)
        if subject is not None:
            query = query.where(alert.c.subject == subject)
        with self._read() as connection:
            return [Alert(**row._mapping) for row in connection.execute(query)]

    def sign(self, on: date, comment: str, digest: str, actor: str) -> SignOff:
        """Sign a day; `digest` is that of the account that was seen. A day may be signed again, under the next
        number."""
        with self._write() as connection:
            query = select(func.max(sign_off.c.number)).where(sign_off.c.report_date == on)
            number = (connection.execute(query).scalar() or 0) + 1
            signed = SignOff(on, number, actor, self.clock.now(), comment, digest)
            put(connection, sign_off, [vars(signed)])
            told = {n: as_text(v) for n, v in vars(signed).items() if n not in ("signed_at", "report_date")}
            self._append(connection, [Link(f"day/{on.isoformat()}", "signed", told)], actor)
        return signed

    def sign_offs(self, on: date | None = None) -> list[SignOff]:
        """Sign-offs of a day, or all, by day and number."""
        query = select(sign_off).order_by(sign_off.c.report_date, sign_off.c.number)
        if on is not None:
            query = query.where(sign_off.c.report_date == on)
        with self._read() as connection:
            return [SignOff(**row._mapping) for row in connection.execute(query)]
