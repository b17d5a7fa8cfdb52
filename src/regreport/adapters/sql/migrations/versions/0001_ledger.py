"""The first tables of the ledger.

Frozen: it says what a ledger of this version looks like, whatever `tables.py` says later. Each step can be repeated,
because MySQL commits every statement by itself and a migration may be killed between any two.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

INSTANT, DAY = sa.String(27), sa.String(10)
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
_MYSQL = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
TABLE_OPTIONS = {f"{family}_{name}": value for family in ("mysql", "mariadb") for name, value in _MYSQL.items()}
INSERT_ONLY = ("audit_log", "delivery_log", "approval", "seal", "seal_head")
NEEDS_MORE_RIGHTS = ("(1419,", "(1142,", "(1227,")
"""MySQL's refusals of a trigger where the user may not make one (binary log on and no right, or no TRIGGER right)."""


def upgrade() -> None:
    """All tables, the insert-only triggers, and the row that writers on MySQL lock."""
    _owed()
    _submissions()
    _files()
    _evidence()
    _sources()
    _keeping()
    for table in INSERT_ONLY:
        _insert_only(table)
    writer = sa.table("lease", sa.column("name"), sa.column("holder"), sa.column("token"))
    there = sa.select(writer.c.name).where(writer.c.name == "ledger/writer")
    if op.get_bind().execute(there).first() is None:
        op.execute(writer.insert().values(name="ledger/writer", holder="", token=0))


def _table(name: str, *parts: Any) -> None:
    op.create_table(name, *parts, if_not_exists=True, **TABLE_OPTIONS)


def _column(name: str, kind: Any, *, key: bool = False, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=key, nullable=null, autoincrement=False)


def _index(name: str, table: str, *columns: str) -> None:
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, list(columns))


def _insert_only(table: str) -> None:
    """Refuse to change or remove a row. Without the right to make triggers on MySQL, the chains alone find it out."""
    for action in ("update", "delete"):
        name = f"tr_{table}_no_{action}"
        words = f"{table} is insert only"
        if op.get_bind().dialect.name == "sqlite":
            body = f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
            op.execute(f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {action.upper()} ON {table} {body}")
            continue
        body = f"FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{words}'"
        op.execute(f"DROP TRIGGER IF EXISTS {name}")
        try:
            op.execute(f"CREATE TRIGGER {name} BEFORE {action.upper()} ON {table} {body}")
        except sa.exc.OperationalError as fault:
            if not any(code in str(fault.orig) for code in NEEDS_MORE_RIGHTS):
                raise


def _owed() -> None:
    """What is owed."""
    _table(
        "obligation",
        _column("obligation_id", sa.String(190), key=True),
        _column("jurisdiction", sa.String(32)),
        _column("report_type", sa.String(32)),
        _column("regime", sa.String(32)),
        _column("entity", sa.String(64)),
        _column("report_date", DAY),
        _column("destination", sa.String(64)),
        _column("due_at", INSTANT),
        _column("status", sa.String(32)),
        _column("late", sa.Boolean()),
        _column("decisions_digest", sa.String(64)),
        _column("state_digest", sa.String(64)),
        _column("findings_digest", sa.String(64)),
        _column("batches_seen", sa.String(64)),
    )
    _index("ix_obligation_day", "obligation", "report_date", "entity")
    _table(
        "file_sequence",
        _column("sequence_key", sa.String(128), key=True),
        _column("last_number", sa.Integer()),
    )


def _submissions() -> None:
    """One row a submission."""
    _table(
        "report_log",
        _column("report_id", sa.String(200), key=True),
        _column("obligation_id", sa.String(190)),
        _column("number", sa.Integer()),
        _column("jurisdiction", sa.String(32)),
        _column("report_type", sa.String(32)),
        _column("regime", sa.String(32)),
        _column("report_date", DAY),
        _column("entity", sa.String(64)),
        _column("destination", sa.String(64)),
        _column("storage_location", sa.String(512)),
        _column("status", sa.String(32)),
        _column("records", sa.Integer()),
        _column("errors", sa.Integer()),
        _column("warnings", sa.Integer()),
        _column("fields_digest", sa.String(64)),
        _column("index_digest", sa.String(64)),
        _column("manifest_digest", sa.String(64)),
        _column("findings_digest", sa.String(64)),
        _column("outcomes_digest", sa.String(64)),
        _column("sequence_key", sa.String(128)),
        _column("first_file_number", sa.Integer()),
        _column("planned_files", sa.Integer()),
        _column("package_version", sa.String(32)),
        _column("delivered_to", sa.String(512)),
        _column("delivery_message_id", sa.String(512)),
        _column("retry_at", INSTANT, null=True),
        _column("parked", sa.Boolean()),
        _column("possible_duplicate", sa.Boolean()),
        _column("created_at", INSTANT),
        _column("validated_at", INSTANT, null=True),
        _column("delivered_at", INSTANT, null=True),
        _column("confirmed_at", INSTANT, null=True),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.obligation_id"], name="fk_report_log_obligation"),
        sa.UniqueConstraint("obligation_id", "number", name="uq_report_log_number"),
    )
    _index("ix_report_log_status", "report_log", "status")
    _index("ix_report_log_day", "report_log", "report_date", "entity")


def _files() -> None:
    """The files of a submission, its approvals, and where they went."""
    _table(
        "report_file",
        _column("report_id", sa.String(200), key=True),
        _column("number", sa.Integer(), key=True),
        _column("name", sa.String(255)),
        _column("message_id", sa.String(255), null=True),
        _column("digest", sa.String(64)),
        _column("size", sa.BigInteger()),
        _column("records", sa.Integer()),
        _column("first_record", sa.Integer()),
        _column("container", sa.String(32)),
        _column("container_digest", sa.String(64)),
        _column("container_size", sa.BigInteger()),
        sa.ForeignKeyConstraint(["report_id"], ["report_log.report_id"], name="fk_report_file_report"),
        sa.UniqueConstraint("message_id", name="uq_report_file_message"),
    )
    _table(
        "approval",
        _column("report_id", sa.String(200), key=True),
        _column("kind", sa.String(32), key=True),
        _column("number", sa.Integer(), key=True),
        _column("requested_by", sa.String(128)),
        _column("requested_at", INSTANT),
        _column("approved_by", sa.String(128)),
        _column("at", INSTANT),
        _column("reason", LONG_TEXT),
        _column("digest", sa.String(64)),
        sa.CheckConstraint("requested_by <> approved_by", name="ck_approval_two_persons"),
        sa.ForeignKeyConstraint(["report_id"], ["report_log.report_id"], name="fk_approval_report"),
    )
    _table(
        "delivery_log",
        _column("report_id", sa.String(200), key=True),
        _column("file_number", sa.Integer(), key=True),
        _column("attempt", sa.Integer(), key=True),
        _column("channel", sa.String(32)),
        _column("recipient", sa.String(512)),
        _column("at", INSTANT),
        _column("outcome", sa.String(32)),
        _column("receipt", LONG_TEXT),
        sa.ForeignKeyConstraint(["report_id"], ["report_log.report_id"], name="fk_delivery_log_report"),
    )
    _table(
        "feedback_log",
        _column("digest", sa.String(64), key=True),
        _column("file_name", sa.String(255)),
        _column("received_at", INSTANT),
        _column("report_id", sa.String(200), key=True),
        _column("message_id", sa.String(255), key=True),
        _column("feedback_id", sa.String(255)),
        _column("created_at", INSTANT, null=True),
        _column("file_status", sa.String(32)),
        _column("quarantine", LONG_TEXT),
        _column("records", sa.Integer()),
    )
    _index("ix_feedback_log_report", "feedback_log", "report_id")


def _evidence() -> None:
    """The chains, and the seals that cover their heads."""
    _table(
        "audit_log",
        _column("chain", sa.String(255), key=True),
        _column("sequence", sa.Integer(), key=True),
        _column("at", INSTANT),
        _column("actor", sa.String(128)),
        _column("kind", sa.String(64)),
        _column("detail", LONG_TEXT),
        _column("previous", sa.String(64)),
        _column("hash", sa.String(64)),
        sa.UniqueConstraint("hash", name="uq_audit_log_hash"),
    )
    _table(
        "seal",
        _column("seal_id", sa.String(64), key=True),
        _column("sealed_at", INSTANT),
        _column("leaves", sa.Integer()),
        _column("root", sa.String(64)),
        _column("previous_seal_id", sa.String(64), null=True),
        _column("object_digest", sa.String(64)),
    )
    _table(
        "seal_head",
        _column("seal_id", sa.String(64), key=True),
        _column("chain", sa.String(255), key=True),
        _column("sequence", sa.Integer()),
        _column("hash", sa.String(64)),
        sa.ForeignKeyConstraint(["seal_id"], ["seal.seal_id"], name="fk_seal_head_seal"),
    )


def _sources() -> None:
    """What came in."""
    _table(
        "source_batch",
        _column("batch_id", sa.String(128), key=True),
        _column("number", sa.Integer()),
        _column("kind", sa.String(32)),
        _column("entity", sa.String(64)),
        _column("business_date", DAY),
        _column("row_count", sa.Integer()),
        _column("digest", sa.String(64)),
        _column("file_name", sa.String(255)),
        _column("file_digest", sa.String(64)),
        _column("mapping_digest", sa.String(64)),
        _column("loaded_at", INSTANT),
        _column("loaded_by", sa.String(128)),
        _column("totals", LONG_TEXT),
        sa.UniqueConstraint(
            "file_digest", "mapping_digest", "kind", "entity", "business_date", name="uq_source_batch_load"
        ),
        sa.UniqueConstraint("kind", "entity", "business_date", "number", name="uq_source_batch_number"),
    )
    _table(
        "snapshot",
        _column("dataset", sa.String(64), key=True),
        _column("on_date", DAY, key=True),
        _column("number", sa.Integer(), key=True),
        _column("digest", sa.String(64)),
        _column("row_count", sa.Integer()),
        _column("loaded_at", INSTANT),
        _column("loaded_by", sa.String(128)),
    )


def _keeping() -> None:
    """Who may run, and how long objects are kept."""
    _table(
        "lease",
        _column("name", sa.String(128), key=True),
        _column("holder", sa.String(128)),
        _column("token", sa.BigInteger()),
        _column("expires_at", INSTANT, null=True),
    )
    _table(
        "object_retention",
        _column("digest", sa.String(64), key=True),
        _column("name", sa.String(512)),
        _column("size", sa.BigInteger()),
        _column("retain_until", DAY),
        _column("legal_hold", sa.Boolean()),
        _column("basis", LONG_TEXT),
        _column("key_id", sa.String(128)),
    )
