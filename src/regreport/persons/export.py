"""Subject access: everything that is kept about one natural person, in one file for whoever answers the request.

Source rows, field rows, the lines of reports as they were sent, and what the authority said of them, day by day. The
ledger notes that it was asked, by whom and why, and of the person only an HMAC-SHA256 under a key of the keyring: the
same person gives the same note, and nobody can go from the note to the person.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from regreport import books, messages
from regreport.engine.render import render_rows
from regreport.errors import BadInput
from regreport.model.batch import SourceBatch
from regreport.model.report import Submission
from regreport.persons.ends import ring
from regreport.persons.find import Person, of_person, rows_of
from regreport.pipeline import Home
from regreport.pipeline.home import cell_of

LOOKUP: Final = "lookup"
"""Id of the key that notes about persons are made with; it belongs to no period."""
CHAIN: Final = "persons"
_ORIGIN: Final = ("batch_id", "source_line")


@dataclass
class Found:
    """What is kept about a person."""

    source_rows: list[dict[str, Any]] = field(default_factory=list)
    report_lines: list[dict[str, Any]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    """What can be read no more, as its key was destroyed."""

    @property
    def count(self) -> int:
        """Rows and lines."""
        return len(self.source_rows) + len(self.report_lines)


def find(home: Home, who: Person) -> Found:
    """Everything about a person. The identifiers and names that the rows found give are looked for as well: a person
    traded under a CONCAT before the national id was known."""
    while True:
        own: list[dict[str, Any]] = []
        found = Found()
        for batch in _batches(home):
            _source(home, batch, who, found, own)
        for submission in home.ledger.submissions():
            _lines(home, submission, who, found, own)
        wider = who.with_others_of(own)
        if wider == who:
            return found
        who = wider


def _batches(home: Home) -> Iterator[SourceBatch]:
    for kind, entity, on in home.ledger.batch_days():
        yield from home.ledger.batches(kind, entity, on)


def _source(home: Home, batch: SourceBatch, who: Person, found: Found, own: list[dict[str, Any]]) -> None:
    if home.is_ended(batch.digest):
        found.ended.append(f"source rows {batch.batch_id}")
        return
    for row in rows_of(pl.scan_parquet(home.store.local(batch.digest)), who).iter_rows(named=True):  # a handful
        told = of_person(row, who)
        if told is not None:
            own += told[0]
            place = {"batch_id": batch.batch_id, "file": batch.file_name, "date": batch.business_date.isoformat()}
            found.source_rows.append(place | told[1])


def _lines(home: Home, submission: Submission, who: Person, found: Found, own: list[dict[str, Any]]) -> None:
    if not submission.fields_digest:
        return
    if home.is_ended(submission.fields_digest):
        found.ended.append(f"report {submission.report_id}")
        return
    table = pl.scan_parquet(home.store.local(submission.fields_digest)).with_row_index("@position", offset=1)
    rows = rows_of(table, who)
    if rows.is_empty():
        return
    regime = home.regime(cell_of(submission))
    layer = regime.layer
    wire = render_rows(messages.load(regime.message), layer.to_wire(layer.complete(rows.drop("@position"))))
    index = {r["position"]: r for r in books.index(home.store, submission).to_dicts()}
    for row, line in zip(rows.to_dicts(), wire, strict=True):
        told = of_person(row, who)
        if told is None:
            continue
        own += told[0]
        stands = index[row["@position"]]
        file = submission.files[stands["file"] - 1]
        others = sum(1 for _ in told[0]) < _persons(row)
        found.report_lines.append(
            {
                "report_id": submission.report_id,
                "status": submission.status.value,
                "file": file.name,
                "sha256": file.digest,
                "record_in_file": stands["record"],
                "action": stands["action"],
                "fields": {k: v for k, v in told[1].items() if not k.startswith("@")},
                "line": "" if others else line,
                "feedback": {k: stands[k] for k in ("outcome", "rule", "message")},
            }
        )


def _persons(row: dict[str, Any]) -> int:
    """How many persons a field row names; a line that names others as well is not handed out as it is."""
    from regreport.masking import masked
    from regreport.persons.find import parties_of

    return sum(1 for party, _, v in parties_of(row) if masked(party, str(v.get("id") or "")) != str(v.get("id") or ""))


def export(home: Home, who: Person, target: Path, reason: str) -> Found:
    """Write what is kept about a person to a new file that only its owner can read, and note that it was asked for.

    Raises BadInput where something is there under the file's name.
    """
    if target.exists():
        raise BadInput("it is there already", "Move it away, or name another file", file=str(target))
    found = find(home, who)
    told = {"person": blind(home, who), "source_rows": str(len(found.source_rows))}
    told |= {"report_lines": str(len(found.report_lines)), "reason": reason}
    home.ledger.note(CHAIN, "person exported", told, home.actor)
    content = {
        "made_at": home.now().isoformat(),
        "made_by": home.actor,
        "source_rows": found.source_rows,
        "report_lines": found.report_lines,
        "ended": found.ended,
        "others": "Values of other persons in the same records are hidden.",
    }
    _write(target, json.dumps(content, indent=1, ensure_ascii=False, default=str).encode() + b"\n")
    return found


def blind(home: Home, who: Person) -> str:
    """The note that stands for a person in the ledger."""
    told = sorted(who.ids) or sorted("|".join(name) for name in who.named)
    return hmac.new(ring(home).create(LOOKUP), "\n".join(told).encode(), hashlib.sha256).hexdigest()


def _write(target: Path, content: bytes) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(target)
        raise
