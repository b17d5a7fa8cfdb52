"""Requests that wait for a second person, sign-offs, alerts and legal holds; nothing leaves unapproved where asked.

Frozen, and each step can be repeated, as in 0001. The table `approval` of 0001 was never written to and is made anew.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"

INSTANT, DAY = sa.String(27), sa.String(10)
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
_MYSQL = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
TABLE_OPTIONS = {f"{family}_{name}": value for family in ("mysql", "mariadb") for name, value in _MYSQL.items()}
INSERT_ONLY = ("request", "approval", "sign_off", "alert", "legal_hold", "hold_release")
NEEDS_MORE_RIGHTS = ("(1419,", "(1142,", "(1227,")
"""MySQL's refusals of a trigger where the user may not make one (binary log on and no right, or no TRIGGER right)."""

_APPROVED: Final = (
    "SELECT COUNT(*) FROM request r JOIN approval a ON a.request_id = r.request_id "
    "WHERE r.subject = NEW.report_id AND a.decision = 'approved'"
)
GUARDS: Final = {
    "tr_report_log_approved": (
        "NEW.status = 'DELIVERING' AND OLD.status <> 'DELIVERING' AND NEW.approval <> '' AND "
        f"({_APPROVED} AND r.kind = NEW.approval AND r.digest = NEW.manifest_digest) = 0",
        "report_log: not approved by a second person",
    ),
    "tr_report_log_resolved": (
        "OLD.status = 'DELIVERY_UNKNOWN' AND NEW.status IN ('DELIVERING', 'DELIVERED') AND "
        "(NEW.resolutions <> OLD.resolutions + 1 OR "
        f"({_APPROVED} AND r.kind IN ('resend', 'delivered')) < NEW.resolutions)",
        "report_log: an unknown delivery was not resolved by two persons",
    ),
}
"""Trigger -> (when a change of report_log is refused, in which words)."""


def upgrade() -> None:
    """Tables, columns, and the triggers that hold the two persons to it."""
    _requests()
    _days()
    _holds()
    _add_column("report_log", sa.Column("approval", sa.String(32), nullable=False, server_default=""))
    _add_column("report_log", sa.Column("resolutions", sa.Integer(), nullable=False, server_default="0"))
    for table in INSERT_ONLY:
        for action in ("UPDATE", "DELETE"):
            _trigger(f"tr_{table}_no_{action.lower()}", f"{action} ON {table}", "1 = 1", f"{table} is insert only")
    for name, (refused, words) in GUARDS.items():
        _trigger(name, "UPDATE ON report_log", refused, words)


def _table(name: str, *parts: Any) -> None:
    op.create_table(name, *parts, if_not_exists=True, **TABLE_OPTIONS)


def _column(name: str, kind: Any, *, key: bool = False, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=key, nullable=null, autoincrement=False)


def _add_column(table: str, column: sa.Column[Any]) -> None:
    if column.name not in _columns(table):
        op.add_column(table, column)


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


def _trigger(name: str, when: str, refused: str, words: str) -> None:
    """Refuse a change. Without the right to make triggers on MySQL, our own code and the chains alone stand for it."""
    op.execute(f"DROP TRIGGER IF EXISTS {name}")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} BEFORE {when} WHEN {refused} BEGIN SELECT RAISE(ABORT, '{words}'); END")
        return
    body = f"FOR EACH ROW IF {refused} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{words}'; END IF"
    try:
        op.execute(f"CREATE TRIGGER {name} BEFORE {when} {body}")
    except sa.exc.OperationalError as fault:
        if not any(code in str(fault.orig) for code in NEEDS_MORE_RIGHTS):
            raise


def _requests() -> None:
    """What a maker asks for, and what another person decides."""
    if "report_id" in _columns("approval"):
        op.drop_table("approval")
    _table(
        "request",
        _column("request_id", sa.String(64), key=True),
        _column("kind", sa.String(32)),
        _column("subject", sa.String(255)),
        _column("digest", sa.String(64)),
        _column("reason", LONG_TEXT),
        _column("requested_by", sa.String(128)),
        _column("requested_at", INSTANT),
        sa.UniqueConstraint("request_id", "requested_by", name="uq_request_maker"),
    )
    if "ix_request_subject" not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("request")}:
        op.create_index("ix_request_subject", "request", ["subject"])
    _table(
        "approval",
        _column("request_id", sa.String(64), key=True),
        _column("decision", sa.String(32)),
        _column("requested_by", sa.String(128)),
        _column("decided_by", sa.String(128)),
        _column("decided_at", INSTANT),
        _column("reason", LONG_TEXT),
        sa.CheckConstraint("requested_by <> decided_by", name="ck_approval_two_persons"),
        sa.CheckConstraint("decision in ('approved', 'rejected')", name="ck_approval_decision"),
        sa.ForeignKeyConstraint(
            ["request_id", "requested_by"], ["request.request_id", "request.requested_by"], name="fk_approval_request"
        ),
    )


def _days() -> None:
    """What a day's control owner signs, and what was raised."""
    _table(
        "sign_off",
        _column("report_date", DAY, key=True),
        _column("number", sa.Integer(), key=True),
        _column("signed_by", sa.String(128)),
        _column("signed_at", INSTANT),
        _column("comment", LONG_TEXT),
        _column("digest", sa.String(64)),
    )
    _table(
        "alert",
        _column("kind", sa.String(32), key=True),
        _column("subject", sa.String(255), key=True),
        _column("raised_at", INSTANT),
        _column("words", LONG_TEXT),
    )


def _holds() -> None:
    """What may not go whatever its age, until it is released."""
    _table(
        "legal_hold",
        _column("hold_id", sa.String(64), key=True),
        _column("subject", sa.String(255)),
        _column("reason", LONG_TEXT),
        _column("placed_by", sa.String(128)),
        _column("placed_at", INSTANT),
    )
    _table(
        "hold_release",
        _column("hold_id", sa.String(64), key=True),
        _column("reason", LONG_TEXT),
        _column("released_by", sa.String(128)),
        _column("released_at", INSTANT),
        sa.ForeignKeyConstraint(["hold_id"], ["legal_hold.hold_id"], name="fk_hold_release_hold"),
    )
