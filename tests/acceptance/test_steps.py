"""The four steps one by one: the same as a run, stopped by what is broken, and continued after any cut."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest

from regreport.adapters.folder import FolderChannel
from regreport.ports import Parcel, Receipt
from tests.acceptance.conftest import ANSWERED, CONFIRMED, DAY, RUN, Shell, everything, spoil, store_of

IRISH = f"EU-TRANSACTION-MIFIR-{DAY}-DEMO00LOUGHDERGEXE13-1"
STEPS = ("generate", "validate", "deliver", "confirm")


def query(shell: Shell, sql: str, *values: str) -> list[tuple[str, ...]]:
    with sqlite3.connect(shell.workspace / "ledger.sqlite") as ledger:
        return ledger.execute(sql, values).fetchall()


def stored(shell: Shell, digest: str) -> Path:
    """The file of the store that holds an object."""
    objects = (p for p in (shell.workspace / "store" / "objects").rglob("*") if p.is_file())
    return next(p for p in objects if digest in p.name)


def file_digest(shell: Shell, report: str) -> str:
    return query(shell, "select digest from report_file where report_id = ?", report)[0][0]


def status_of(shell: Shell, report: str) -> str:
    return str(query(shell, "select status from report_log where report_id = ?", report)[0][0])


def outbox(shell: Shell) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (shell.workspace / "outbox").rglob("*") if p.is_file()}


@pytest.fixture(scope="session")
def validated_day(made_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The day generated and validated, and nothing handed over."""
    folder = tmp_path_factory.mktemp("validated") / "workspace"
    shutil.copytree(made_day, folder, symlinks=True)
    shell = Shell(folder)
    shell("generate", "--date", DAY, at=RUN)
    shell("validate", at=RUN)
    return folder


@pytest.fixture
def validated(validated_day: Path, tmp_path: Path) -> Shell:
    """A copy of it to break."""
    shutil.copytree(validated_day, tmp_path / "workspace", symlinks=True)
    return Shell(tmp_path / "workspace")


def one_by_one(shell: Shell) -> None:
    shell("generate", "--date", DAY, at=RUN)
    for step in STEPS[1:]:
        shell(step, at=RUN)


def test_the_steps_one_by_one_are_a_run(loaded: Shell, confirmed_day: Path) -> None:
    one_by_one(loaded)
    sent = outbox(loaded)
    assert len(sent) == 3
    assert sent == outbox(Shell(confirmed_day))
    loaded("simulate", at=ANSWERED)
    loaded("confirm")
    assert loaded.balance() == Shell(confirmed_day).balance()


def test_a_step_takes_one_report_by_its_id(loaded: Shell) -> None:
    loaded("generate", "--date", DAY, at=RUN)
    for step, after in (("validate", "VALIDATED"), ("deliver", "DELIVERED")):
        told = loaded(step, IRISH, "--json", at=RUN).json
        assert told["reports"] == [{"report_id": IRISH, "status": after}]
    assert len(outbox(loaded)) == 1
    before = everything(loaded.workspace)
    assert loaded("deliver", IRISH, "--json", at=RUN).json["reports"] == []
    assert everything(loaded.workspace) == before


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_an_unknown_report_is_an_error(loaded: Shell, step: str) -> None:
    assert "no report 'EU-NOPE-1'" in loaded(step, "EU-NOPE-1", code=2).err


@pytest.mark.parametrize("done", range(1, 4))
def test_a_run_continues_after_any_step(loaded: Shell, confirmed_day: Path, done: int) -> None:
    loaded("generate", "--date", DAY, at=RUN)
    for step in STEPS[1:done]:
        loaded(step, at=RUN)
    loaded("run", "--date", DAY, at=RUN)
    assert outbox(loaded) == outbox(Shell(confirmed_day))
    assert loaded.balance()["residual"] == 0
    assert {s for (s,) in query(loaded, "select status from report_log")} == {"DELIVERED"}


def test_a_killed_run_is_continued(loaded: Shell, confirmed_day: Path) -> None:
    """The process is killed at whatever it does, twice; the last run finishes, and nothing is there twice."""
    env = {**os.environ, "REGREPORT_CLOCK": RUN, "REGREPORT_ACTOR": "ana"}
    command = [sys.executable, "-m", "regreport", "run", "--date", DAY]
    log = loaded.workspace / "ledger.sqlite-wal"
    for cut in range(2):
        process = subprocess.Popen(command, cwd=loaded.workspace, env=env, stdout=subprocess.DEVNULL)
        size = log.stat().st_size if log.exists() else 0
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if log.exists() and log.stat().st_size > size:  # it has begun to write: a moment later it is cut
                time.sleep(0.05 * cut)
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.01)
        process.wait()
    loaded("run", "--date", DAY, at=RUN, apart=True)
    assert outbox(loaded) == outbox(Shell(confirmed_day))
    counts = loaded.balance()
    assert (counts["residual"], counts["unanswered"], counts["held"]) == (0, 369, 8)
    assert loaded("verify", "--json").json["intact"]


@pytest.mark.parametrize("sent_before", [False, True])
def test_a_cut_in_the_hand_over_is_made_good(
    validated: Shell, confirmed_day: Path, monkeypatch: pytest.MonkeyPatch, sent_before: bool
) -> None:
    """Committed to deliver and then cut off: the folder is looked into, and what is there is not put there again."""
    send = FolderChannel.send

    def cut_off(self: FolderChannel, parcel: Parcel) -> Receipt:
        if sent_before:
            send(self, parcel)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FolderChannel, "send", cut_off)
        validated("deliver", at=RUN, code=130)
    assert {s for (s,) in query(validated, "select status from report_log")} == {"DELIVERING"}
    assert validated.balance()["residual"] == 0
    there = {p: p.stat().st_mtime_ns for p in (validated.workspace / "outbox").rglob("*.xml")}
    assert len(there) == sent_before
    validated("run", "--date", DAY, at=RUN)
    assert outbox(validated) == outbox(Shell(confirmed_day))
    assert {p: p.stat().st_mtime_ns for p in there} == there


def test_another_file_of_that_name_is_never_overwritten(validated: Shell) -> None:
    name = query(validated, "select name from report_file where report_id = ?", IRISH)[0][0]
    foreign = validated.workspace / "outbox" / "authority-ie" / name
    foreign.parent.mkdir(parents=True, exist_ok=True)
    foreign.write_text("somebody else's")
    answer = validated("deliver", at=RUN, code=1)
    assert "exists and is not this file" in answer.out
    assert foreign.read_text() == "somebody else's"
    assert status_of(validated, IRISH) == "DELIVERY_FAILED"
    foreign.unlink()
    validated("deliver", at=RUN)
    assert not foreign.exists(), "parked: not before somebody asks for it"
    validated("deliver", IRISH, at=RUN)
    assert hashlib.sha256(foreign.read_bytes()).hexdigest() == file_digest(validated, IRISH)


def test_an_outbox_that_went_away_is_tried_again(loaded: Shell) -> None:
    path = loaded.workspace / "regreport.toml"
    text = path.read_text(encoding="utf-8")
    first, last = text.rsplit('channel = "folder"', 1)
    path.write_text(f'{first}channel = "folder"\noptions = {{ outbox = "mount/ie" }}{last}', encoding="utf-8")
    answer = loaded("run", "--date", DAY, at=RUN, code=4)
    assert "does not exist; make it, or mount it" in answer.out
    assert status_of(loaded, IRISH) == "DELIVERY_FAILED"
    assert loaded.balance()["residual"] == 0
    (loaded.workspace / "mount" / "ie").mkdir(parents=True)
    loaded("run", "--date", DAY, at=RUN)
    assert status_of(loaded, IRISH) == "DELIVERY_FAILED", "not yet"
    loaded("run", "--date", DAY, at="2026-11-24T07:31:30Z")
    assert status_of(loaded, IRISH) == "DELIVERED"
    assert len(list((loaded.workspace / "mount" / "ie").iterdir())) == 1


def test_a_spoilt_file_is_stopped_by_validate(loaded: Shell) -> None:
    loaded("generate", "--date", DAY, at=RUN)
    path = stored(loaded, file_digest(loaded, IRISH))
    good = spoil(path)
    answer = loaded("validate", at=RUN, code=1)
    assert f"VALIDATION_FAILED {IRISH}" in answer.out
    found = loaded("findings", IRISH, "--json", code=1).json
    assert [f["rule"] for f in found if f["severity"] == "error" and f["field"] == "file"] == ["VAL-INTEGRITY"]
    loaded("deliver", at=RUN)
    assert len(outbox(loaded)) == 2
    assert loaded("status", at=RUN, code=1)
    _held_and_made_anew(loaded, lambda: path.write_bytes(good))


def _held_and_made_anew(shell: Shell, repair: Callable[[], object]) -> None:
    """What was stopped is held, not lost; set right, a person asks for it again by its id."""
    counts = shell.balance()
    assert (counts["residual"], counts["held"]) == (0, 8 + 77)
    repair()
    shell("run", "--date", DAY, at=RUN)
    assert status_of(shell, IRISH) == "VALIDATION_FAILED"
    again = shell("generate", IRISH, "--json", at=RUN).json["reports"]
    assert [(r["report_id"], r["status"]) for r in again] == [(f"{IRISH[:-2]}-2", "GENERATED")]
    shell("run", "--date", DAY, at=RUN)
    assert status_of(shell, f"{IRISH[:-2]}-2") == "DELIVERED"
    counts = shell.balance()
    assert (counts["residual"], counts["held"], counts["unanswered"]) == (0, 8, 369)
    before = everything(shell.workspace)
    shell("generate", IRISH, at=RUN)
    assert everything(shell.workspace) == before


def test_a_correction_that_is_stopped_leaves_what_was_reported(confirmed: Shell) -> None:
    """The new version waits, and so does the cancellation of the old one; all other records stay as they were."""
    before = confirmed.balance()
    name = change_a_price(confirmed)
    confirmed("load", name, at=CONFIRMED)
    (made,) = confirmed("generate", "--json", at=CONFIRMED).json["reports"]
    good = spoil(path := stored(confirmed, file_digest(confirmed, made["report_id"])))
    confirmed("validate", at=CONFIRMED, code=1)
    stopped = confirmed.balance()
    assert stopped == before | {"ingested": 401, "held": before["held"] + 2, "accepted": before["accepted"] - 1}
    path.write_bytes(good)
    confirmed("generate", made["report_id"], at=CONFIRMED)
    assert confirmed.approve_all() == 1
    confirmed("run", "--date", DAY, at=CONFIRMED)
    after = confirmed.balance()
    assert (after["held"], after["residual"]) == (before["held"], 0)


def change_a_price(shell: Shell) -> str:
    """The firm's file with one accepted record at another price."""
    taken = {r["transaction_id"] for r in shell("balance", "--records", "accepted", "--json", code=None).json}
    with (shell.workspace / "trades.csv").open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        row = next(r for r in rows if r["TradeRef"] in taken and "." in r["Px"] and not r["NetAmt"])
    with (shell.workspace / "correction.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        writer.writeheader()
        writer.writerow(row | {"Px": f"{row['Px']}1"})
    return "correction.csv"


def test_a_file_spoilt_after_validate_is_not_handed_over(validated: Shell) -> None:
    path = stored(validated, file_digest(validated, IRISH))
    good = spoil(path)
    answer = validated("deliver", at=RUN, code=1)
    assert "not what was stored" in answer.out
    assert status_of(validated, IRISH) == "DELIVERY_FAILED"
    aside = path.rename(path.with_name("aside"))
    assert "no object" in validated("deliver", at=RUN, code=1).out
    assert len(outbox(validated)) == 2
    aside.rename(path)
    path.write_bytes(good)
    validated("deliver", at=RUN)
    assert len(outbox(validated)) == 3
    assert validated("verify", "--json").json["intact"]


@pytest.mark.parametrize(
    ("column", "planted", "rule"),
    [("executing_entity", "DEMO00LOUGHDERGEXE14", ""), ("quantity", "999999", "VAL-TOTALS")],
    ids=["a wrong check digit", "a quantity that no rule would notice"],
)
def test_an_error_planted_after_generate_is_stopped_by_validate(
    loaded: Shell, column: str, planted: str, rule: str
) -> None:
    """The second gate judges what was stored, not what generate believes."""
    loaded("generate", "--date", DAY, at=RUN)
    ((digest,),) = query(loaded, "select fields_digest from report_log where report_id = ?", IRISH)
    table = pl.read_parquet(BytesIO(store_of(loaded).read(digest)))
    here = pl.int_range(pl.len()) == 3
    wrong = table.with_columns(pl.when(here).then(pl.lit(planted)).otherwise(column).alias(column))
    content = BytesIO()
    wrong.write_parquet(content)
    other = store_of(loaded).put(content.getvalue(), "planted.parquet", date(2040, 1, 1))
    with sqlite3.connect(loaded.workspace / "ledger.sqlite") as ledger:
        ledger.execute("update report_log set fields_digest = ? where report_id = ?", (other, IRISH))
    assert f"VALIDATION_FAILED {IRISH}" in loaded("validate", at=RUN, code=1).out
    found = [f for f in loaded("findings", IRISH, "--json", code=1).json if f["severity"] == "error"]
    assert any(f["rule"] == rule if rule else f["value"] == planted for f in found)
    loaded("deliver", at=RUN)
    assert "authority-ie" not in {p.parent.name for p in (loaded.workspace / "outbox").rglob("*.xml")}
    assert loaded("verify", code=5).out.count("BROKEN") >= 1


def test_what_left_the_settings_stays_readable(confirmed: Shell) -> None:
    """A house that was sold is no longer configured; what was reported for it is still accounted for."""
    path = confirmed.workspace / "regreport.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.rindex("[[entities]]")], encoding="utf-8")
    counts = confirmed.balance()
    assert (counts["ingested"], counts["residual"]) == (400, 0)
    assert "DEMO00LOUGHDERGEXE13" in confirmed("balance").out
    confirmed("status", at=CONFIRMED, code=None)
    for step in STEPS:
        confirmed(step)
    confirmed("run", "--date", DAY, at=CONFIRMED)
    assert confirmed("explain", IRISH)
