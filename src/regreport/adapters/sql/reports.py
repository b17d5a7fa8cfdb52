"""The ledger's part about submissions: opening a numbered one, and moving its status with its event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select, update

from regreport.adapters.sql.session import (
    FILE,
    Link,
    Session,
    as_text,
    fitting,
    known_columns,
    matching,
    parts,
    put,
    told,
)
from regreport.adapters.sql.tables import report_file, report_log
from regreport.errors import NotFound, StaleState
from regreport.model.ledger import Change
from regreport.model.report import TRANSITIONS, ReportFile, Status, Submission

SETTABLE: Final = frozenset(
    {
        "storage_location",
        "records",
        "errors",
        "warnings",
        "fields_digest",
        "index_digest",
        "manifest_digest",
        "findings_digest",
        "outcomes_digest",
        "package_version",
        "delivered_to",
        "delivery_message_id",
        "retry_at",
        "parked",
        "possible_duplicate",
        "approval",
        "resolutions",
        "validated_at",
        "delivered_at",
        "confirmed_at",
    }
)
"""The columns of `report_log` that a change may set; ids, the report's instant and its numbers never change."""

ANSWERABLE: Final = frozenset(
    {Status.DELIVERED, Status.ACKNOWLEDGED, Status.CONFIRMED, Status.PARTIALLY_ACCEPTED, Status.REJECTED}
)
"""Where a change may keep the status: an answer can settle records of a report whose status stays what it was."""

_FIELDS: Final = tuple(name for name in Submission.__dataclass_fields__ if name not in ("files", "status"))


class Reports(Session):
    """Submissions and their files; each submission has a chain of its own name."""

    def submission(self, report_id: str) -> Submission:
        """One submission with its files. Raises NotFound."""
        found = self.submissions(report_id=report_id)
        if not found:
            raise NotFound(f"no report {report_id!r} in the ledger; `regreport status` lists them")
        return found[0]

    def submissions(self, **where: object) -> list[Submission]:
        """Submissions matching equal columns of report_log (a list means any of), by report date, entity and number."""
        table = report_log.c
        query = matching(select(report_log), report_log, where)
        with self._read() as connection:
            ordered = query.order_by(table.report_date, table.entity, table.obligation_id, table.number)
            rows = connection.execute(ordered).all()
            files = files_of(connection, [row.report_id for row in rows])
        return [submission_of(row, files.get(row.report_id, ())) for row in rows]

    def find_file(self, message_id: str) -> tuple[str, int] | None:
        """(report_id, file number) of the file with this business message identifier."""
        return self.find_files([message_id]).get(message_id)

    def find_files(self, message_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """The same for many; one that no file has is absent."""
        table = report_file.c
        found: dict[str, tuple[str, int]] = {}
        with self._read() as connection:
            for part in parts([m for m in message_ids if m]):
                query = select(table.message_id, table.report_id, table.number).where(table.message_id.in_(part))
                found |= {row.message_id: (row.report_id, row.number) for row in connection.execute(query)}
        return found

    def advance(self, changes: Sequence[Change], actor: str) -> None:
        """All changes in one transaction, each with its event.

        Raises ValueError (an undeclared transition, a column or files that may not be set), NotFound and StaleState;
        then nothing was changed.
        """
        with self._write() as connection:
            self._apply(connection, changes, actor)

    def _apply(self, connection: Connection, changes: Sequence[Change], actor: str) -> None:
        links = [Link(change.report_id, change.kind, _detail(change)) for change in changes]
        for wave in _waves(changes):
            for names in dict.fromkeys(tuple(sorted(change.columns)) for change in wave):
                _move(connection, names, [change for change in wave if tuple(sorted(change.columns)) == names])
        put(connection, report_file, [_file_row(c.report_id, file) for c in changes for file in c.files or ()])
        self._append(connection, links, actor)


def _detail(change: Change) -> dict[str, str]:
    """What the event says; refuses what may not be done at all."""
    place = f"report {change.report_id}"
    kept = change.before is change.after and change.before in ANSWERABLE
    if change.after not in TRANSITIONS[change.before] and not kept:
        raise ValueError(f"{place}: {change.before} -> {change.after} is not a declared transition")
    if change.files is not None and change.after is not Status.GENERATED:
        raise ValueError(f"{place}: files are written once, with GENERATED, not with {change.after}")
    known_columns(change.columns, SETTABLE, place)
    moved = {"before": as_text(change.before), "after": as_text(change.after)}
    files = {f"{FILE}{file.number}": file_text(file.name, file.digest, file.size) for file in change.files or ()}
    return told(change.columns, change.detail, place) | moved | files


def file_text(name: str, digest: str, size: int) -> str:
    """How an event names a file: digest, size and name."""
    return f"{digest} {size} {name}"


def _waves(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Changes split so that no report moves twice in one list, in the order given."""
    waves: list[list[Change]] = []
    seen: dict[str, int] = {}
    for change in changes:
        turn = seen.get(change.report_id, 0)
        seen[change.report_id] = turn + 1
        if turn == len(waves):
            waves.append([])
        waves[turn].append(change)
    yield from waves


def _move(connection: Connection, names: tuple[str, ...], changes: Sequence[Change]) -> None:
    """One UPDATE for all changes that set the same columns, conditional on the status before; the count is checked."""
    conditional = (
        update(report_log)
        .where(report_log.c.report_id == bindparam("key_id"), report_log.c.status == bindparam("key_before"))
        .values({name: bindparam(f"set_{name}") for name in names} | {"status": bindparam("set_after")})
    )
    rows = [
        {"key_id": change.report_id, "key_before": change.before, "set_after": change.after}
        | {f"set_{name}": change.columns[name] for name in names}
        for change in changes
    ]
    fitting(report_log, [change.columns for change in changes])
    attempt = connection.begin_nested()
    if connection.execute(conditional, rows).rowcount == len(rows):
        attempt.commit()
        return
    attempt.rollback()
    raise _refusal(connection, changes)


def _refusal(connection: Connection, changes: Sequence[Change]) -> NotFound | StaleState:
    status: dict[str, str] = {}
    for part in parts([change.report_id for change in changes]):
        query = select(report_log.c.report_id, report_log.c.status).where(report_log.c.report_id.in_(part))
        status.update((row.report_id, row.status) for row in connection.execute(query))
    missing = [change.report_id for change in changes if change.report_id not in status]
    if missing:
        return NotFound(f"no report {missing[0]!r} in the ledger; nothing was changed")
    stale = [change for change in changes if status[change.report_id] != change.before]
    words = "; ".join(f"{c.report_id} is {status[c.report_id]}, not {c.before}" for c in stale[:5])
    more = f" and {len(stale) - 5} more" if len(stale) > 5 else ""
    return StaleState(f"{words}{more}: somebody else was there first; nothing was changed")


def _file_row(report_id: str, file: ReportFile) -> dict[str, object]:
    return {
        "report_id": report_id,
        "number": file.number,
        "name": file.name,
        "message_id": file.message_id or None,
        "digest": file.digest,
        "size": file.size,
        "records": file.records,
        "first_record": file.first_record,
        "container": "",
        "container_digest": "",
        "container_size": 0,
    }


def files_of(connection: Connection, report_ids: Sequence[str]) -> dict[str, tuple[ReportFile, ...]]:
    """The files of each report, in order of their number."""
    found: dict[str, list[ReportFile]] = {}
    for part in parts(report_ids):
        query = select(report_file).where(report_file.c.report_id.in_(part)).order_by(report_file.c.number)
        for row in connection.execute(query):
            found.setdefault(row.report_id, []).append(
                ReportFile(
                    number=row.number,
                    name=row.name,
                    message_id=row.message_id or "",
                    digest=row.digest,
                    size=row.size,
                    records=row.records,
                    first_record=row.first_record,
                )
            )
    return {report_id: tuple(files) for report_id, files in found.items()}


def submission_of(row: Row[Any], files: tuple[ReportFile, ...]) -> Submission:
    """A row of report_log and its files as a value."""
    values = row._mapping
    return Submission(status=Status(row.status), files=files, **{name: values[name] for name in _FIELDS})
