"""The ledger's part about numbers: opening the next submission of an obligation and reserving its file numbers.

The report's own instant and its file sequence numbers are fixed here, once, before anything is generated: they are
inputs of generate, which is why the same report can be made again to the byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from regreport.adapters.sql.reports import Reports, submission_of
from regreport.adapters.sql.session import Link, as_text, fitting, parts, put, told
from regreport.adapters.sql.tables import file_sequence, obligation, report_log
from regreport.errors import NotFound, StaleState
from regreport.model.ledger import Opening
from regreport.model.obligation import report_id
from regreport.model.report import Status, Submission


class Openings(Reports):
    """Submissions as they are opened: PLANNED, numbered, with their file numbers."""

    def plan_submission(
        self, obligation_id: str, created_at: datetime, sequence_key: str, files: int, actor: str
    ) -> tuple[Submission, int]:
        """Open the next numbered submission, or get the one that is still PLANNED back with its first number."""
        return self.plan_submissions([Opening(obligation_id, created_at, sequence_key, files)], actor)[0]

    def plan_submissions(self, openings: Sequence[Opening], actor: str) -> list[tuple[Submission, int]]:
        """The same for many obligations in one transaction, in the order given.

        A submission still PLANNED comes back as it is; if it needs more files than were reserved (the day's records
        changed in between), it gets new numbers, and its event says so. Raises NotFound for an unknown obligation,
        StaleState where a submission would get another number than was asked for (somebody else opened one since: what
        was drafted knows nothing of it), and ValueError for the same obligation twice or less than one file.
        """
        ids = [opening.obligation_id for opening in openings]
        if len(set(ids)) != len(ids) or any(opening.files < 1 for opening in openings):
            raise ValueError("each obligation may be opened once in a call, for one file or more")
        with self._write() as connection:
            owed, last = _owed(connection, ids), _last(connection, ids)
            numbers = _Numbers(connection, [opening.sequence_key for opening in openings])
            fresh: list[dict[str, Any]] = []
            links: list[Link] = []
            opened: list[str] = []
            for opening in openings:
                row = _reopened(connection, opening, last.get(opening.obligation_id), numbers, links)
                if row is None:
                    row = _fresh(opening, owed, last.get(opening.obligation_id), numbers)
                    fresh.append(row)
                    links.append(_planned(row))
                _require_number(row["report_id"], opening)
                opened.append(row["report_id"])
            numbers.keep()
            put(connection, report_log, fresh)
            self._append(connection, links, actor)
            rows = _rows(connection, opened)
        return [(submission_of(rows[name], ()), rows[name].first_file_number) for name in opened]

    def sequence(self, key: str) -> int:
        """The last number reserved under a key; 0 before the first."""
        query = select(file_sequence.c.last_number).where(file_sequence.c.sequence_key == key)
        with self._read() as connection:
            return connection.execute(query).scalar() or 0


class _Numbers:
    """File numbers under their keys: read in bulk, reserved in memory, written back once."""

    def __init__(self, connection: Connection, keys: Sequence[str]) -> None:
        self.connection = connection
        self.there: dict[str, int] = {}
        for part in parts(sorted(set(keys))):
            query = select(file_sequence).where(file_sequence.c.sequence_key.in_(part))
            self.there.update((row.sequence_key, row.last_number) for row in connection.execute(query))
        self.last = dict(self.there)

    def reserve(self, key: str, count: int) -> int:
        """The first of `count` consecutive numbers."""
        first = self.last.get(key, 0) + 1
        self.last[key] = first + count - 1
        return first

    def keep(self) -> None:
        """Write the last numbers back."""
        for key, number in self.last.items():
            if key not in self.there:
                self.connection.execute(insert(file_sequence).values(sequence_key=key, last_number=number))
            elif number != self.there[key]:
                change = update(file_sequence).where(file_sequence.c.sequence_key == key)
                self.connection.execute(change.values(last_number=number))


def _owed(connection: Connection, ids: Sequence[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for part in parts(ids):
        query = select(obligation).where(obligation.c.obligation_id.in_(part))
        found.update((row.obligation_id, row) for row in connection.execute(query))
    for obligation_id in ids:
        if obligation_id not in found:
            raise NotFound(f"no obligation {obligation_id!r} in the ledger; plan its date first")
    return found


def _last(connection: Connection, ids: Sequence[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for part in parts(ids):
        query = select(report_log).where(report_log.c.obligation_id.in_(part)).order_by(report_log.c.number)
        found.update((row.obligation_id, row) for row in connection.execute(query))
    return found


def _rows(connection: Connection, report_ids: Sequence[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for part in parts(report_ids):
        query = select(report_log).where(report_log.c.report_id.in_(part))
        found.update((row.report_id, row) for row in connection.execute(query))
    return found


def _reopened(
    connection: Connection, opening: Opening, last: Row[Any] | None, numbers: _Numbers, links: list[Link]
) -> dict[str, Any] | None:
    """The submission that is still PLANNED, with numbers enough; None where a new one is due."""
    if last is None or last.status != Status.PLANNED:
        return None
    if last.sequence_key != opening.sequence_key or last.planned_files < opening.files:
        change = {
            "sequence_key": opening.sequence_key,
            "first_file_number": numbers.reserve(opening.sequence_key, opening.files),
            "planned_files": opening.files,
        }
        fitting(report_log, [change])
        connection.execute(update(report_log).where(report_log.c.report_id == last.report_id).values(change))
        links.append(Link(last.report_id, "renumbered", told(change, {}, last.report_id)))
    return {"report_id": last.report_id}


def _fresh(opening: Opening, owed: dict[str, Row[Any]], last: Row[Any] | None, numbers: _Numbers) -> dict[str, Any]:
    due = owed[opening.obligation_id]
    number = (last.number if last is not None else 0) + 1
    digests = ("fields_digest", "index_digest", "manifest_digest", "findings_digest", "outcomes_digest")
    texts = (*digests, "storage_location", "package_version", "delivered_to", "delivery_message_id")
    return {
        "report_id": report_id(opening.obligation_id, number),
        "obligation_id": opening.obligation_id,
        "number": number,
        "jurisdiction": due.jurisdiction,
        "report_type": due.report_type,
        "regime": due.regime,
        "report_date": due.report_date,
        "entity": due.entity,
        "destination": due.destination,
        "status": Status.PLANNED,
        "sequence_key": opening.sequence_key,
        "first_file_number": numbers.reserve(opening.sequence_key, opening.files),
        "planned_files": opening.files,
        "created_at": opening.created_at,
        **dict.fromkeys(("records", "errors", "warnings", "resolutions"), 0),
        **dict.fromkeys(texts, ""),
        **dict.fromkeys(("parked", "possible_duplicate"), False),
        **dict.fromkeys(("retry_at", "validated_at", "delivered_at", "confirmed_at"), None),
    }


def _require_number(name: str, opening: Opening) -> None:
    if opening.number and name != report_id(opening.obligation_id, opening.number):
        raise StaleState(
            f"{report_id(opening.obligation_id, opening.number)} was to be opened and {name} would be: somebody else "
            "was there first; nothing was changed"
        )


def _planned(row: dict[str, Any]) -> Link:
    names = (
        "obligation_id",
        "number",
        "destination",
        "created_at",
        "sequence_key",
        "first_file_number",
        "planned_files",
    )
    moved = {"before": "", "after": as_text(row["status"])}
    return Link(row["report_id"], "planned", told({name: row[name] for name in names}, {}, row["report_id"]) | moved)
