"""What a firm loads again: nothing is edited in place, and the authority is told only the difference."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tests.acceptance.conftest import CONFIRMED, DAY, Shell

LATER = "2026-11-24T10:00:00Z"


def accepted(shell: Shell, entity: str) -> dict[str, str]:
    """One source row, in the firm's own columns, whose report was accepted."""
    rows = shell("balance", "--records", "accepted", "--json", code=None).json
    ids = {r["transaction_id"] for r in rows if entity in r["report_id"]}
    with (shell.workspace / "trades.csv").open(newline="") as file:
        rows_of_file = (r for r in csv.DictReader(file) if r["TradeRef"] in ids and r["FirmLEI"] == entity)
        return next(r for r in rows_of_file if r["Px"] and not r["NetAmt"] and "." in r["Px"])


def write(path: Path, row: dict[str, str]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(row), lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    path.write_text(out.getvalue())


def entity_of(shell: Shell) -> str:
    return str(shell("status", "--json", code=None).json["obligations"][0]["obligation"].rpartition("-")[2])


def sent(shell: Shell, entity: str) -> list[tuple[str, str]]:
    """(report id, status) of the entity's submissions."""
    rows = shell("balance", "--json", code=None).json
    obligation = next(r["obligation"] for r in rows if entity in r["obligation"])
    found = []
    for number in (1, 2, 3):
        answer = shell("explain", f"{obligation}-{number}", "--json", code=None)
        if answer.code == 0:
            found.append((f"{obligation}-{number}", answer.json["report"]["status"]))
    return found


def test_a_changed_record_is_cancelled_and_reported_anew(confirmed: Shell) -> None:
    entity = entity_of(confirmed)
    row = accepted(confirmed, entity)
    write(confirmed.workspace / "correction.csv", row | {"Px": f"{row['Px']}1"})
    confirmed("load", "correction.csv", at=LATER)
    confirmed("run", "--date", DAY, at=LATER)
    assert confirmed.approve_all(LATER) == 1
    confirmed("run", "--date", DAY, at=LATER)
    reports = sent(confirmed, entity)
    assert len(reports) == 2
    xml = next((confirmed.workspace / "outbox").rglob("*0002-*.xml"), None) or _last_file(confirmed)
    text = xml.read_text()
    assert text.count("<Cxl>") == 1
    assert text.count("<New>") == 1
    assert text.index("<Cxl>") < text.index("<New>")
    confirmed("simulate", at="2026-11-24T11:00:00Z")
    confirmed("confirm", at="2026-11-24T11:30:00Z")
    counts = confirmed.balance()
    assert counts["residual"] == 0
    assert counts["ingested"] == 401
    assert counts["cancelled"] == 1


def _last_file(shell: Shell) -> Path:
    return max((shell.workspace / "outbox").rglob("*.xml"), key=lambda p: p.stat().st_mtime)


def test_the_same_file_again_changes_nothing(confirmed: Shell) -> None:
    before = confirmed.balance()
    assert "already loaded" in confirmed("load", "trades.csv", at=LATER).out
    assert confirmed.balance() == before


def test_the_same_record_in_another_file_is_a_duplicate(confirmed: Shell) -> None:
    entity = entity_of(confirmed)
    write(confirmed.workspace / "again.csv", accepted(confirmed, entity))
    before = confirmed.balance()
    confirmed("load", "again.csv", at=LATER)
    confirmed("run", "--date", DAY, at=LATER)
    after = confirmed.balance()
    assert after["duplicate"] == before["duplicate"] + 1
    assert after["residual"] == 0
    assert len(sent(confirmed, entity)) == 1


def test_a_nil_day_is_asserted_from_a_batch_without_records(confirmed: Shell) -> None:
    entity = entity_of(confirmed)
    header = (confirmed.workspace / "trades.csv").read_text().splitlines()[0]
    (confirmed.workspace / "nil.csv").write_text(header + "\n")
    refused = confirmed("load", "nil.csv", code=2)
    assert "--date" in refused.err or "--entity" in refused.err
    confirmed("load", "nil.csv", "--date", "2026-11-24", "--entity", entity, at=LATER)
    confirmed("run", "--date", "2026-11-24", "--entity", entity, at="2026-11-25T07:30:00Z")
    told = confirmed("status", "--date", "2026-11-24", "--json", at="2026-11-25T07:30:00Z", code=None)
    rows = told.json["obligations"]
    assert [r["status"] for r in rows if entity in r["obligation"]] == ["nil"]


def test_a_day_without_any_batch_is_not_nil(confirmed: Shell) -> None:
    confirmed("run", "--date", "2026-11-20", at=CONFIRMED)
    rows = confirmed("status", "--date", "2026-11-20", "--json", code=1).json["obligations"]
    assert {r["status"] for r in rows} == {"open"}
    assert {r["report_status"] for r in rows} == {"no source"}


def test_a_record_that_lacks_what_the_message_needs_is_held_and_the_rest_goes(confirmed: Shell) -> None:
    entity = entity_of(confirmed)
    row = accepted(confirmed, entity)
    write(confirmed.workspace / "late.csv", row | {"TradeRef": "LATE1", "Cpty": ""})
    before = confirmed.balance()
    confirmed("load", "late.csv", at=LATER)
    confirmed("run", "--date", DAY, at=LATER)
    after = confirmed.balance()
    assert after["held"] == before["held"] + 1
    assert after["residual"] == 0
    held = confirmed("balance", "--records", "held", "--json", code=None).json
    assert any(r["transaction_id"] == "LATE1" and "missing" in r["reason"] for r in held)


def test_a_rejected_report_goes_again_when_a_person_asks(loaded: Shell) -> None:
    loaded("run", "--date", DAY, at="2026-11-24T07:30:00Z")
    loaded("simulate", "--behaviour", "reject-all", at="2026-11-24T09:00:00Z")
    loaded("confirm", at=CONFIRMED)
    entity = entity_of(loaded)
    (first,) = [r for r, status in sent(loaded, entity) if status == "REJECTED"]
    loaded("run", "--date", DAY, at=LATER)
    assert len(sent(loaded, entity)) == 1, "nothing goes again by itself"
    again = loaded("generate", first, "--json", at=LATER).json["reports"]
    assert [r["report_id"] for r in again] == [f"{first.rpartition('-')[0]}-2"]
    loaded("validate", at=LATER)
    loaded("deliver", at=LATER)
    loaded("simulate", at="2026-11-24T11:00:00Z")
    loaded("confirm", at="2026-11-24T11:30:00Z")
    counts = next(a for a in loaded("balance", "--json", code=None).json if entity in a["obligation"])
    assert counts["residual"] == 0
    assert counts["accepted"] > 50
    assert counts["rejected"] <= 2
