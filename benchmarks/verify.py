"""How long `verify` takes over a ledger of a million events: `python -m benchmarks.verify [EVENTS]`.

The ledger is made by the product itself: obligations, submissions with their files, every step, answers. The links of
all chains are hashed again, and every row is replayed from its events.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from regreport.adapters.sql import SqlLedger, open_ledger
from regreport.evidence.verify import Watch
from regreport.model.ledger import Accounting, Change, FeedbackEntry, Opening
from regreport.model.obligation import Cell, Obligation, ObligationStatus, obligation_id
from regreport.model.report import ReportFile, Status
from regreport.testing import FixedClock

EVENTS, AIM_S = 1_000_000, 10.0
EVENTS_EACH = 8
"""Events of one obligation: planned, accounted; planned, generated, validated, delivering, delivered, answered."""

AT_ONCE = 2_000
_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def digest(*parts: object) -> str:
    """A digest as any object has it."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def fill(ledger: SqlLedger, events: int) -> None:
    """As many obligations, each reported and answered, as make this many events."""
    for start in range(0, events // EVENTS_EACH, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, events // EVENTS_EACH))
        with ledger.transaction():
            _one_lot(ledger, list(_owed(numbers)))


def _owed(numbers: range) -> Iterator[Obligation]:
    cell = Cell("EU", "TRANSACTION", "mifir")
    for number in numbers:
        on = date(2026, 1, 1) + timedelta(days=number // 500)
        entity = f"DEMO{number % 500:014d}11"
        yield Obligation(obligation_id(cell, on, entity), cell, entity, on, "authority-de", _NOON)


def _one_lot(ledger: SqlLedger, owed: list[Obligation]) -> None:
    ledger.plan(owed, "system")
    opened = ledger.plan_submissions([Opening(o.obligation_id, _NOON, "authority-de/2026", 1) for o in owed], "system")
    ids = [submission.report_id for submission, _ in opened]
    ledger.advance([_generated(r) for r in ids], "system")
    columns = {n: digest(n) for n in ("decisions_digest", "findings_digest", "state_digest", "batches_seen")}
    accounted = columns | {"status": ObligationStatus.OPEN}
    ledger.account_all([Accounting(o.obligation_id, "accounted", accounted) for o in owed], "system")
    for before, after in ((Status.GENERATED, Status.VALIDATED), (Status.VALIDATED, Status.DELIVERING)):
        ledger.advance([Change(r, before, after, after.lower()) for r in ids], "system")
    sent = {"delivered_to": "outbox/authority-de", "delivered_at": _NOON, "delivery_message_id": "outbox/f.xml"}
    ledger.advance([Change(r, Status.DELIVERING, Status.DELIVERED, "delivered", {}, sent) for r in ids], "system")
    for report_id in ids:
        answer = FeedbackEntry(digest(report_id, "answer"), "a.xml", _NOON, report_id, "FB", _NOON, "ACPT", "", 500)
        ledger.add_feedback(answer, [], "system")


def _generated(report_id: str) -> Change:
    names = ("fields_digest", "index_digest", "manifest_digest", "findings_digest")
    columns: dict[str, object] = {name: digest(report_id, name) for name in names}
    file = ReportFile(1, "N_DATTRA_DE_000001-0-000000_26.xml", report_id, digest(report_id), 900_000, 500, 1)
    files = {"files": f"{file.name}:{file.digest}"}
    return Change(report_id, Status.PLANNED, Status.GENERATED, "generated", files, columns | {"records": 500}, [file])


def main() -> None:
    """Fill a ledger, verify it, print how long each took."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with TemporaryDirectory(prefix="regreport-bench-") as folder:
        path = Path(folder) / "ledger.sqlite"
        with closing(open_ledger(f"sqlite:///{path}", FixedClock(_NOON))) as ledger:
            began = time.perf_counter()
            fill(ledger, events)
            print(f"{events:,} events written in {time.perf_counter() - began:.1f} s, {path.stat().st_size >> 20} MB")
            began, cpu = time.perf_counter(), time.process_time()
            named = ledger.object_digests()
            faults = ledger.verify_chains(Watch(dict.fromkeys(named, False), named).see)
            took = time.perf_counter() - began
            told = f"CPU {time.process_time() - cpu:.1f} s, aim {AIM_S:.0f} s"
            print(f"{events:,} events verified in {took:.1f} s ({told}), {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
