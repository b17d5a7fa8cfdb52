"""The tables of the ledger, as SQLAlchemy Core values; `migrations/` makes them, and a test holds the two together.

Words are compared byte for byte on both databases (utf8mb4_bin on MySQL). Some columns serve what comes later (seals,
approval, containers, encryption, retries), so that a ledger written today needs no rewriting then.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

from regreport.adapters.sql.types import Amounts, Day, Instant, LongText

metadata = MetaData()
MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
MARIADB: dict[str, Any] = {name.replace("mysql", "mariadb"): value for name, value in MYSQL.items()}

OBLIGATION_ID, REPORT_ID, CHAIN, DIGEST = String(190), String(200), String(255), String(64)
WORD, NAME, PERSON = String(32), String(64), String(128)
FILE_NAME, MESSAGE_ID = String(255), String(255)


def _table(name: str, *parts: SchemaItem) -> Table:
    made: Table = Table(name, metadata, *parts, **MYSQL, **MARIADB)
    return made


def _column(name: str, kind: Any, *, key: bool = False, null: bool = False) -> Column[Any]:
    return Column(name, kind, primary_key=key, nullable=null, autoincrement=False)


obligation = _table(
    "obligation",
    _column("obligation_id", OBLIGATION_ID, key=True),
    _column("jurisdiction", WORD),
    _column("report_type", WORD),
    _column("regime", WORD),
    _column("entity", NAME),
    _column("report_date", Day),
    _column("destination", NAME),
    _column("due_at", Instant),
    _column("status", WORD),
    _column("late", Boolean),
    _column("decisions_digest", DIGEST),
    _column("state_digest", DIGEST),
    _column("findings_digest", DIGEST),
    _column("batches_seen", DIGEST),
    Index("ix_obligation_day", "report_date", "entity"),
)

report_log = _table(
    "report_log",
    _column("report_id", REPORT_ID, key=True),
    _column("obligation_id", OBLIGATION_ID),
    _column("number", Integer),
    _column("jurisdiction", WORD),
    _column("report_type", WORD),
    _column("regime", WORD),
    _column("report_date", Day),
    _column("entity", NAME),
    _column("destination", NAME),
    _column("storage_location", String(512)),
    _column("status", WORD),
    _column("records", Integer),
    _column("errors", Integer),
    _column("warnings", Integer),
    _column("fields_digest", DIGEST),
    _column("index_digest", DIGEST),
    _column("manifest_digest", DIGEST),
    _column("findings_digest", DIGEST),
    _column("outcomes_digest", DIGEST),
    _column("sequence_key", PERSON),
    _column("first_file_number", Integer),
    _column("planned_files", Integer),
    _column("package_version", WORD),
    _column("delivered_to", String(512)),
    _column("delivery_message_id", String(512)),
    _column("retry_at", Instant, null=True),
    _column("parked", Boolean),
    _column("possible_duplicate", Boolean),
    _column("approval", WORD),
    _column("resolutions", Integer),
    _column("created_at", Instant),
    _column("validated_at", Instant, null=True),
    _column("delivered_at", Instant, null=True),
    _column("confirmed_at", Instant, null=True),
    UniqueConstraint("obligation_id", "number", name="uq_report_log_number"),
    ForeignKeyConstraint(["obligation_id"], ["obligation.obligation_id"], name="fk_report_log_obligation"),
    Index("ix_report_log_day", "report_date", "entity"),
    Index("ix_report_log_status", "status"),
)

report_file = _table(
    "report_file",
    _column("report_id", REPORT_ID, key=True),
    _column("number", Integer, key=True),
    _column("name", FILE_NAME),
    _column("message_id", MESSAGE_ID, null=True),
    _column("digest", DIGEST),
    _column("size", BigInteger),
    _column("records", Integer),
    _column("first_record", Integer),
    _column("container", WORD),
    _column("container_digest", DIGEST),
    _column("container_size", BigInteger),
    UniqueConstraint("message_id", name="uq_report_file_message"),
    ForeignKeyConstraint(["report_id"], ["report_log.report_id"], name="fk_report_file_report"),
)

delivery_log = _table(
    "delivery_log",
    _column("report_id", REPORT_ID, key=True),
    _column("file_number", Integer, key=True),
    _column("attempt", Integer, key=True),
    _column("channel", WORD),
    _column("recipient", String(512)),
    _column("at", Instant),
    _column("outcome", WORD),
    _column("receipt", LongText),
    ForeignKeyConstraint(["report_id"], ["report_log.report_id"], name="fk_delivery_log_report"),
)

feedback_log = _table(
    "feedback_log",
    _column("digest", DIGEST, key=True),
    _column("file_name", FILE_NAME),
    _column("received_at", Instant),
    _column("report_id", REPORT_ID, key=True),
    _column("message_id", MESSAGE_ID, key=True),
    _column("feedback_id", MESSAGE_ID),
    _column("created_at", Instant, null=True),
    _column("file_status", WORD),
    _column("quarantine", LongText),
    _column("records", Integer),
    Index("ix_feedback_log_report", "report_id"),
)

audit_log = _table(
    "audit_log",
    _column("chain", CHAIN, key=True),
    _column("sequence", Integer, key=True),
    _column("at", Instant),
    _column("actor", PERSON),
    _column("kind", NAME),
    _column("detail", LongText),
    _column("previous", DIGEST),
    _column("hash", DIGEST),
    UniqueConstraint("hash", name="uq_audit_log_hash"),
)

# A link may never be updated, not even to say by which seal it is covered: the seal lists the heads it covers.
seal = _table(
    "seal",
    _column("seal_id", NAME, key=True),
    _column("sealed_at", Instant),
    _column("leaves", Integer),
    _column("root", DIGEST),
    _column("previous_seal_id", NAME, null=True),
    _column("object_digest", DIGEST),
)

seal_head = _table(
    "seal_head",
    _column("seal_id", NAME, key=True),
    _column("chain", CHAIN, key=True),
    _column("sequence", Integer),
    _column("hash", DIGEST),
    ForeignKeyConstraint(["seal_id"], ["seal.seal_id"], name="fk_seal_head_seal"),
)

source_batch = _table(
    "source_batch",
    _column("batch_id", PERSON, key=True),
    _column("number", Integer),
    _column("kind", WORD),
    _column("entity", NAME),
    _column("business_date", Day),
    _column("row_count", Integer),
    _column("digest", DIGEST),
    _column("file_name", FILE_NAME),
    _column("file_digest", DIGEST),
    _column("mapping_digest", DIGEST),
    _column("loaded_at", Instant),
    _column("loaded_by", PERSON),
    _column("totals", Amounts),
    UniqueConstraint("file_digest", "mapping_digest", "kind", "entity", "business_date", name="uq_source_batch_load"),
    UniqueConstraint("kind", "entity", "business_date", "number", name="uq_source_batch_number"),
)

snapshot = _table(
    "snapshot",
    _column("dataset", NAME, key=True),
    _column("on_date", Day, key=True),
    _column("number", Integer, key=True),
    _column("digest", DIGEST),
    _column("row_count", Integer),
    _column("loaded_at", Instant),
    _column("loaded_by", PERSON),
)

file_sequence = _table(
    "file_sequence",
    _column("sequence_key", PERSON, key=True),
    _column("last_number", Integer),
)

# What waits for a second person: the very thing that is asked for is named by its digest.
request = _table(
    "request",
    _column("request_id", NAME, key=True),
    _column("kind", WORD),
    _column("subject", CHAIN),
    _column("digest", DIGEST),
    _column("reason", LongText),
    _column("requested_by", PERSON),
    _column("requested_at", Instant),
    UniqueConstraint("request_id", "requested_by", name="uq_request_maker"),
    Index("ix_request_subject", "subject"),
)

# One decision a request. Its maker is repeated here, so that the database itself can refuse the same person.
approval = _table(
    "approval",
    _column("request_id", NAME, key=True),
    _column("decision", WORD),
    _column("requested_by", PERSON),
    _column("decided_by", PERSON),
    _column("decided_at", Instant),
    _column("reason", LongText),
    CheckConstraint("requested_by <> decided_by", name="ck_approval_two_persons"),
    CheckConstraint("decision in ('approved', 'rejected')", name="ck_approval_decision"),
    ForeignKeyConstraint(
        ["request_id", "requested_by"], ["request.request_id", "request.requested_by"], name="fk_approval_request"
    ),
)

sign_off = _table(
    "sign_off",
    _column("report_date", Day, key=True),
    _column("number", Integer, key=True),
    _column("signed_by", PERSON),
    _column("signed_at", Instant),
    _column("comment", LongText),
    _column("digest", DIGEST),
)

alert = _table(
    "alert",
    _column("kind", WORD, key=True),
    _column("subject", CHAIN, key=True),
    _column("raised_at", Instant),
    _column("words", LongText),
)

legal_hold = _table(
    "legal_hold",
    _column("hold_id", NAME, key=True),
    _column("subject", CHAIN),
    _column("reason", LongText),
    _column("placed_by", PERSON),
    _column("placed_at", Instant),
)

hold_release = _table(
    "hold_release",
    _column("hold_id", NAME, key=True),
    _column("reason", LongText),
    _column("released_by", PERSON),
    _column("released_at", Instant),
    ForeignKeyConstraint(["hold_id"], ["legal_hold.hold_id"], name="fk_hold_release_hold"),
)

lease = _table(
    "lease",
    _column("name", PERSON, key=True),
    _column("holder", PERSON),
    _column("token", BigInteger),
    _column("expires_at", Instant, null=True),
)

object_retention = _table(
    "object_retention",
    _column("digest", DIGEST, key=True),
    _column("name", String(512)),
    _column("size", BigInteger),
    _column("retain_until", Day),
    _column("legal_hold", Boolean),
    _column("basis", LongText),
    _column("key_id", PERSON),
)

INSERT_ONLY = (
    audit_log,
    delivery_log,
    request,
    approval,
    seal,
    seal_head,
    sign_off,
    alert,
    legal_hold,
    hold_release,
)
"""Tables whose rows are evidence: a trigger refuses to change or remove one."""

WRITER = "ledger/writer"
"""The row of `lease` that a writing transaction locks on MySQL, so that there is one writer at a time as on SQLite."""
