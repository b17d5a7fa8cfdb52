"""What becomes of a record when things happen one after the other: corrections, withdrawals, refusals, other days."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest

from tests.acceptance.conftest import DAY, Shell, spoil

NEXT_DAY = "2026-11-24"


class Firm:
    """One entity with few records; the clock goes on by a minute with every step."""

    def __init__(self, shell: Shell, rows: list[dict[str, str]], house: str) -> None:
        self.shell, self.rows, self.house = shell, rows, house
        self.minutes = 0
        self.files = 0

    def at(self) -> str:
        self.minutes += 1
        return f"2026-11-25T{7 + self.minutes // 60:02d}:{self.minutes % 60:02d}:00Z"

    def load(self, *rows: dict[str, str]) -> None:
        """Load records as one file."""
        self.files += 1
        path = self.shell.workspace / f"file-{self.files}.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(self.rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        self.shell("load", path.name, at=self.at())

    def run(self, on: str = DAY, code: int | None = 0) -> None:
        at = self.at()
        self.shell("run", "--date", on, "--entity", self.house, at=at, code=code)
        if self.shell.approve_all(at):
            self.shell("run", "--date", on, "--entity", self.house, at=at, code=code)

    def answered(self, behaviour: str = "accept") -> None:
        """The authority answers what it has, and the answer is taken in."""
        self.shell("simulate", "--behaviour", behaviour, at=self.at())
        self.shell("confirm", at=self.at())

    def answer(
        self, report: int, refused: str = "", rule: str = "CON-412", total: int = 1, *, keep: bool = True
    ) -> None:
        """An answer by hand to a report's first file: one record refused, the others accepted."""
        name = self.explain(report)["files"][0]["message_id"]
        status, counts = ("PART", {"RJCT": 1, "ACPT": total - 1}) if refused else ("ACPT", {"ACPT": total})
        if refused and total == 1:
            status = "PART"
        numbers = "".join(
            f"<NbOfRcrdsPerSts><DtldNbOfRcrds>{n}</DtldNbOfRcrds><DtldSts>{s}</DtldSts></NbOfRcrdsPerSts>"
            for s, n in counts.items()
            if n
        )
        listed = ""
        if refused:
            record = f"<OrgnlRcrdId>{self.house}{refused}</OrgnlRcrdId><Sts>RJCT</Sts>"
            listed = f"<RcrdSts>{record}<VldtnRule><Id>{rule}</Id><Desc>no</Desc></VldtnRule></RcrdSts>"
        statistics = f"<Sttstcs><TtlNbOfRcrds>{total}</TtlNbOfRcrds>{numbers}</Sttstcs>"
        advice = f"<MsgSts><Sts>{status}</Sts>{statistics}</MsgSts>"
        inbox = self.shell.workspace / "inbox" / "authority-de"
        answer = next((self.shell.workspace / "template").glob("*.xml")).read_text()
        answer = re.sub(r"<MsgRptIdr>[^<]*", f"<MsgRptIdr>{name}", answer)
        answer = re.sub(r"<Rltd>.*</Rltd>", "", answer, flags=re.S)
        answer = re.sub(r"<MsgSts>.*</StsAdvc>", f"{advice}{listed}</StsAdvc>", answer, flags=re.S)
        at = self.at()
        answer = re.sub(r"<CreDt>[^<]*", f"<CreDt>{at}", answer)
        inbox.mkdir(parents=True, exist_ok=True)
        (inbox / f"answer-{self.minutes}.xml").write_text(answer)
        if keep:
            self.shell("confirm", at=self.at())

    def explain(self, report: int, on: str = DAY) -> dict:  # type: ignore[type-arg]
        return self.shell("explain", f"EU-TRANSACTION-MIFIR-{on}-{self.house}-{report}", "--json").json

    def reports(self, on: str = DAY) -> list[str]:
        """The statuses of the reports of a day."""
        found = []
        while True:
            name = f"EU-TRANSACTION-MIFIR-{on}-{self.house}-{len(found) + 1}"
            answer = self.shell("explain", name, "--json", code=None)
            if answer.code:
                return found
            found.append(answer.json["report"]["status"])

    def lines(self, report: int, on: str = DAY) -> list[str]:
        """What a report's file says, in order: `New T1`, `Cxl T1`."""
        name = self.explain(report, on)["files"][0]["name"]
        text = (self.shell.workspace / "outbox" / "authority-de" / name).read_text()
        return [f"{kind} {ref}" for kind, ref in re.findall(r"<(New|Cxl)><TxId>([^<]*)", text)]

    def counts(self, on: str = DAY) -> dict[str, int]:
        """The account of a day without what is zero; the residual is always looked at."""
        (account,) = (a for a in self.shell("balance", "--date", on, "--json", code=None).json if a["ingested"])
        assert account["residual"] == 0, account["residual_records"]
        keys = ("not_reportable", "held", "duplicate", "cancelled", "unanswered", "accepted", "rejected")
        assert sum(account[k] for k in keys) == account["ingested"]
        return {k: account[k] for k in keys if account[k]}

    def status(self, on: str = DAY) -> str:
        rows = self.shell("status", "--date", on, "--json", code=None, at=self.at()).json["obligations"]
        return next(r["status"] for r in rows if self.house in r["obligation"])


@pytest.fixture(scope="session")
def few(confirmed_day: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, str]], str]:
    """A workspace without records, records that an authority accepts (the fourth was traded off venue), and whose they
    are."""
    old = Shell(confirmed_day)
    accepted = {r["transaction_id"] for r in old("balance", "--records", "accepted", "--json", code=None).json}
    house = "DEMO00NORDLICHTBNK11"
    with (confirmed_day / "trades.csv").open(newline="") as file:
        good = [r for r in csv.DictReader(file) if r["TradeRef"] in accepted and r["FirmLEI"] == house and r["Px"]]
    rows = [{**r, "Ref": "", "Gone": ""} for r in good if not r["NetAmt"] and "." in r["Px"] and r["Cap"] == "P"]
    off_venue = next(r for r in rows if r["Venue"] == "XOFF")
    rows = [*[r for r in rows if r is not off_venue][:3], off_venue]
    folder = tmp_path_factory.mktemp("few") / "workspace"
    folder.mkdir()
    for name in ("regreport.toml", "mappings", "simulator"):
        source = confirmed_day / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    shutil.rmtree(folder / "simulator" / "books", ignore_errors=True)
    (folder / "template").mkdir()
    shutil.copy(next((confirmed_day / "inbox" / "authority-de").rglob("*.xml")), folder / "template")
    mapping = folder / "mappings" / "trades.toml"
    mapping.write_text(mapping.read_text() + 'transaction_reference = "Ref"\nwithdrawn = "Gone"\n')
    shell = Shell(folder)
    for dataset in ("instruments", "leis", "mics"):
        shutil.copy(confirmed_day / f"{dataset}.csv", folder)
        shell("refdata", "load", dataset, f"{dataset}.csv", "--date", DAY, at="2026-11-24T06:45:00Z")
    return folder, rows, house


@pytest.fixture
def firm(few: tuple[Path, list[dict[str, str]], str], tmp_path: Path) -> Firm:
    folder, rows, house = few
    shutil.copytree(folder, tmp_path / "workspace", symlinks=True)
    return Firm(Shell(tmp_path / "workspace"), [dict(r) for r in rows], house)


def dearer(row: dict[str, str], by: int = 1) -> dict[str, str]:
    """The record with another price."""
    return row | {"Px": f"{row['Px']}{by}"}


def gone(row: dict[str, str]) -> dict[str, str]:
    """The record taken back."""
    return row | {"Gone": "true"}


def test_a_correction_of_a_correction(firm: Firm) -> None:
    a, b, *_ = firm.rows
    firm.load(a, b)
    firm.run()
    firm.answered()
    assert firm.status() == "discharged"
    for number, row in enumerate((dearer(a, 1), dearer(a, 2)), start=2):
        firm.load(row)
        firm.run()
        assert firm.lines(number) == [f"Cxl {a['TradeRef']}", f"New {a['TradeRef']}"]
        firm.answered()
    assert firm.counts() == {"cancelled": 2, "accepted": 2}
    assert firm.status() == "discharged"


def test_two_corrections_before_any_answer(firm: Firm) -> None:
    (a, *_) = firm.rows
    for row in (a, dearer(a, 1), dearer(a, 2)):
        firm.load(row)
        firm.run()
    assert firm.counts() == {"unanswered": 3}
    firm.answered()
    assert firm.reports() == ["CONFIRMED"] * 3
    assert firm.counts() == {"cancelled": 2, "accepted": 1}


def test_a_withdrawn_record_comes_back(firm: Firm) -> None:
    a, b, *_ = firm.rows
    for row in (a, gone(a)):
        firm.load(row, b) if row is a else firm.load(row)
        firm.run()
        firm.answered()
    assert firm.counts() == {"cancelled": 2, "accepted": 1}
    firm.load(a | {"BookNote": "again"})
    firm.run()
    assert firm.lines(3) == [f"New {a['TradeRef']}"]
    firm.answered()
    assert firm.counts() == {"cancelled": 2, "accepted": 2}


def test_a_rejected_record_is_corrected(firm: Firm) -> None:
    a, b, *_ = firm.rows
    firm.load(a, b)
    firm.run()
    firm.answer(1, a["TradeRef"], total=2)
    assert firm.counts() == {"accepted": 1, "rejected": 1}
    firm.load(dearer(a))
    firm.run()
    assert firm.lines(2) == [f"New {a['TradeRef']}"]
    firm.answer(2)
    assert firm.counts() == {"cancelled": 1, "accepted": 2}
    assert firm.status() == "discharged"


def test_only_the_new_report_of_a_correction_is_rejected(firm: Firm) -> None:
    """The answer names the record once; cancellation and new report bear the same name."""
    (a, *_) = firm.rows
    firm.load(a)
    firm.run()
    firm.answer(1)
    firm.load(dearer(a))
    firm.run()
    firm.answer(2, a["TradeRef"], rule="CON-412", total=2)
    assert firm.reports() == ["CONFIRMED", "PARTIALLY_ACCEPTED"]
    assert firm.counts() == {"cancelled": 1, "rejected": 1}
    firm.load(dearer(a, 2))
    firm.run()
    assert firm.lines(3) == [f"New {a['TradeRef']}"]
    firm.answer(3)
    assert firm.counts() == {"cancelled": 2, "accepted": 1}
    assert firm.status() == "discharged"


def test_only_the_cancellation_of_a_correction_is_rejected(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a)
    firm.run()
    firm.answer(1)
    firm.load(dearer(a))
    firm.run()
    firm.answer(2, a["TradeRef"], rule="CON-024", total=2)
    assert firm.counts() == {"rejected": 1, "accepted": 1}


def test_a_refused_withdrawal_leaves_the_report_standing(firm: Firm) -> None:
    a, b, *_ = firm.rows
    firm.load(a, b)
    firm.run()
    firm.answer(1, total=2)
    firm.load(gone(a))
    firm.run()
    firm.answer(2, a["TradeRef"], rule="SIM-PURPOSE")
    assert firm.counts() == {"rejected": 1, "cancelled": 1, "accepted": 1}
    firm.load(a | {"BookNote": "it stands after all"})
    firm.run()
    assert firm.reports() == ["CONFIRMED", "REJECTED"]
    assert firm.counts() == {"cancelled": 2, "accepted": 2}


def test_a_held_correction_keeps_the_old_report(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a)
    firm.run()
    firm.answered()
    firm.load(a | {"Px": "", "Ref": "ANOTHERNAME1"})
    firm.run()
    assert firm.reports() == ["CONFIRMED"]
    assert firm.counts() == {"accepted": 1, "held": 1}
    firm.load(dearer(a))
    firm.run()
    assert firm.lines(2) == [f"Cxl {a['TradeRef']}", f"New {a['TradeRef']}"]
    firm.answered()
    assert firm.counts() == {"cancelled": 2, "accepted": 1}


def test_a_report_that_waits_as_a_whole_holds_only_what_it_would_send(firm: Firm) -> None:
    a, b, c, _ = firm.rows
    toml = firm.shell.workspace / "regreport.toml"
    toml.write_text('hold = "report"\n' + toml.read_text())
    firm.load(a, b, c)
    firm.run()
    firm.answered()
    firm.load(a | {"Px": ""}, gone(b))
    firm.run()
    assert firm.reports() == ["CONFIRMED"]
    assert firm.counts() == {"accepted": 2, "held": 2, "cancelled": 1}
    firm.load(dearer(a))
    firm.run()
    assert firm.lines(2) == [f"Cxl {a['TradeRef']}", f"Cxl {b['TradeRef']}", f"New {a['TradeRef']}"]
    firm.answered()
    assert firm.counts() == {"accepted": 2, "cancelled": 4}


def test_one_reference_for_two_records_is_held_and_takes_nothing_back(firm: Firm) -> None:
    a, b, *_ = firm.rows
    firm.load(a)
    firm.run()
    firm.answered()
    firm.load(b | {"Ref": a["TradeRef"]})
    firm.run()
    assert firm.reports() == ["CONFIRMED"]
    assert firm.counts() == {"accepted": 1, "held": 1}
    firm.load(gone(a))
    firm.run()
    assert firm.lines(2) == [f"Cxl {a['TradeRef']}", f"New {a['TradeRef']}"]
    firm.answered()
    assert firm.counts() == {"accepted": 1, "cancelled": 2}


def test_a_record_that_is_not_reportable_any_more_is_cancelled(firm: Firm) -> None:
    a, b, *_ = firm.rows
    firm.load(a, b)
    firm.run()
    firm.answered()
    firm.load(a | {"Event": "EXPIRE"})
    firm.run()
    assert firm.lines(2) == [f"Cxl {a['TradeRef']}"]
    assert firm.counts() == {"accepted": 1, "unanswered": 1, "not_reportable": 1}
    firm.answered()
    assert firm.counts() == {"accepted": 1, "cancelled": 1, "not_reportable": 1}


def test_a_contradiction_is_settled_by_either_record(firm: Firm) -> None:
    (a, *_) = firm.rows
    for right in (a, dearer(a)):
        firm.load(a | {"TradeRef": f"X{right['Px'][-1]}"}, dearer(a) | {"TradeRef": f"X{right['Px'][-1]}"})
        firm.load(right | {"TradeRef": f"X{right['Px'][-1]}"})
    firm.run()
    firm.answered()
    assert firm.counts()["accepted"] == 2
    assert "held" not in firm.counts()


@pytest.mark.parametrize("first", [DAY, NEXT_DAY])
def test_a_record_moves_to_another_day(firm: Firm, first: str) -> None:
    """It is withdrawn from the day it was on; both days come to zero whichever of them is run first."""
    a, b, *_ = firm.rows
    moved = a | {"ExecTime": a["ExecTime"].replace(DAY, NEXT_DAY)}
    assert moved != a
    firm.load(a, b)
    firm.run()
    firm.answered()
    firm.load(gone(a), moved)
    second = NEXT_DAY if first == DAY else DAY
    for day in (first, second, first):
        firm.run(day)
        firm.answered()
    assert firm.counts(DAY) == {"accepted": 1, "cancelled": 2}
    assert firm.counts(NEXT_DAY) == {"accepted": 1}
    assert firm.status(NEXT_DAY) == "discharged"


def test_a_duplicate_after_all_was_accepted_leaves_the_day_discharged(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a)
    firm.run()
    firm.answered()
    firm.load(a | {"BookNote": "again"})
    firm.run()
    assert firm.counts() == {"accepted": 1, "duplicate": 1}
    assert firm.status() == "discharged"


def test_nil_after_records_and_records_after_nil(firm: Firm) -> None:
    (a, *_) = firm.rows
    (firm.shell.workspace / "nil.csv").write_text(",".join(a) + "\n")
    firm.shell("load", "nil.csv", "--date", NEXT_DAY, "--entity", firm.house, at=firm.at())
    firm.run(NEXT_DAY)
    assert firm.status(NEXT_DAY) == "nil"
    firm.load(a | {"ExecTime": a["ExecTime"].replace(DAY, NEXT_DAY)})
    firm.run(NEXT_DAY)
    firm.answered()
    assert firm.status(NEXT_DAY) == "discharged"
    firm.load(a | {"TradeRef": "ANOTHER1"})
    firm.run()
    firm.answered()
    firm.shell("load", "nil.csv", "--date", DAY, "--entity", firm.house, at=firm.at())
    firm.run()
    assert firm.status() == "discharged"
    assert firm.counts() == {"accepted": 1}


def test_a_nil_day_that_was_asserted_in_time_is_not_late_afterwards(firm: Firm) -> None:
    (a, *_) = firm.rows
    (firm.shell.workspace / "nil.csv").write_text(",".join(a) + "\n")
    firm.shell("load", "nil.csv", "--date", NEXT_DAY, "--entity", firm.house, at=firm.at())
    firm.run(NEXT_DAY)
    late = "2026-12-01T08:00:00Z"
    firm.shell("run", "--date", NEXT_DAY, "--entity", firm.house, at=late)
    rows = firm.shell("status", "--date", NEXT_DAY, "--json", code=None, at=late).json["obligations"]
    assert not any(r["late"] or r["overdue"] for r in rows if r["status"] == "nil")


def test_an_answer_while_a_report_is_stuck_on_its_way_does_no_harm(firm: Firm) -> None:
    a, b, c, _ = firm.rows
    toml = firm.shell.workspace / "regreport.toml"
    text = toml.read_text()
    toml.write_text(text.replace('name = "authority-de"\n', 'name = "authority-de"\nrecords_max = 2\n', 1))
    firm.load(a, b, c)
    firm.shell("generate", "--date", DAY, at=firm.at())
    firm.shell("validate", at=firm.at())
    files = firm.explain(1)["files"]
    assert [f["records"] for f in files] == [2, 1]
    blocked = firm.shell.workspace / "outbox" / "authority-de" / files[1]["name"]
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("somebody else's")
    firm.shell("deliver", at=firm.at(), code=None)
    assert firm.reports() == ["DELIVERY_FAILED"]
    firm.answer(1, total=2)
    assert firm.reports() == ["DELIVERY_FAILED"]
    blocked.unlink()
    firm.shell("deliver", firm.explain(1)["report"]["report_id"], at=firm.at())
    firm.shell("confirm", at=firm.at())
    assert firm.reports() == ["PARTIALLY_ACCEPTED"]
    assert firm.counts() == {"accepted": 2, "unanswered": 1}
    told = firm.shell("status", "--json", code=1, at="2026-11-27T08:00:00Z").json["obligations"]
    assert any("24 hours for 1 record" in " ".join(r["waits"]) for r in told)


def test_a_correction_waits_for_the_report_that_it_corrects(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a)
    firm.shell("generate", "--date", DAY, at=firm.at())
    firm.shell("validate", at=firm.at())
    name = firm.explain(1)["files"][0]["name"]
    blocked = firm.shell.workspace / "outbox" / "authority-de" / name
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("somebody else's")
    firm.load(dearer(a))
    firm.run(code=None)
    assert firm.reports() == ["DELIVERY_FAILED", "VALIDATED"]
    firm.run(code=None)
    assert firm.reports() == ["DELIVERY_FAILED", "VALIDATED"]
    assert firm.counts() == {"held": 2}
    blocked.unlink()
    firm.shell("deliver", firm.explain(1)["report"]["report_id"], at=firm.at())
    firm.run()
    assert firm.reports() == ["DELIVERED", "DELIVERED"]
    firm.answered()
    assert firm.counts() == {"accepted": 1, "cancelled": 1}


def test_a_correction_of_what_failed_validation_is_a_first_report(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a)
    firm.shell("generate", "--date", DAY, at=firm.at())
    digest = firm.explain(1)["files"][0]["digest"]
    stored = next(p for p in (firm.shell.workspace / "store" / "objects").rglob(digest))
    spoil(stored)
    firm.load(dearer(a))
    firm.shell("generate", "--date", DAY, at=firm.at())
    firm.run(code=None)
    assert firm.reports() == ["VALIDATION_FAILED", "DELIVERED"]
    (sent,) = (firm.shell.workspace / "outbox" / "authority-de").glob("*.xml")
    assert "<Cxl>" not in sent.read_text()
    firm.answered()
    assert firm.counts() == {"accepted": 1, "cancelled": 1}


def test_a_late_second_answer_after_the_correction_was_sent(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a)
    firm.run()
    firm.answer(1)
    firm.load(dearer(a))
    firm.run()
    firm.answer(1, a["TradeRef"])
    firm.answer(2, total=2)
    assert firm.reports() == ["REJECTED", "CONFIRMED"]
    assert firm.counts() == {"cancelled": 1, "accepted": 1}


def test_a_correction_of_what_was_in_time_is_not_late(firm: Firm) -> None:
    a, b, *_ = firm.rows
    firm.load(a)
    firm.shell("run", "--date", DAY, "--entity", firm.house, at="2026-11-24T08:00:00Z")
    firm.load(dearer(a))
    firm.run()
    rows = firm.shell("status", "--date", DAY, "--json", code=None, at=firm.at()).json["obligations"]
    assert [r["late"] for r in rows if firm.house in r["obligation"]] == [False]
    firm.load(b)
    firm.run()
    rows = firm.shell("status", "--date", DAY, "--json", code=None, at=firm.at()).json["obligations"]
    assert [r["late"] for r in rows if firm.house in r["obligation"]] == [True]


def stop_the_second(firm: Firm) -> None:
    """Generate the second report, spoil its file, and let validate stop it."""
    firm.shell("generate", "--date", DAY, at=firm.at())
    digest = firm.explain(2)["files"][0]["digest"]
    stored = next(p for p in (firm.shell.workspace / "store" / "objects").rglob(digest))
    spoil(stored)
    firm.shell("validate", at=firm.at(), code=1)
    assert firm.reports()[1] == "VALIDATION_FAILED"


def test_a_stopped_correction_that_is_taken_back_leaves_nothing_waiting(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a)
    firm.run()
    firm.answered()
    firm.load(dearer(a))
    stop_the_second(firm)
    assert firm.counts() == {"held": 2}
    firm.load(a | {"BookNote": "it was right"})
    firm.run(code=None)
    assert firm.reports() == ["CONFIRMED", "VALIDATION_FAILED"]
    assert firm.counts() == {"cancelled": 2, "accepted": 1}
    assert firm.status() == "discharged"


def test_a_stopped_withdrawal_is_made_good_by_a_new_one(firm: Firm) -> None:
    a, b, *_ = firm.rows
    firm.load(a, b)
    firm.run()
    firm.answered()
    firm.load(gone(a))
    stop_the_second(firm)
    assert firm.counts() == {"held": 1, "cancelled": 1, "accepted": 1}
    firm.load(b | {"BookNote": "something else"})
    firm.run()
    assert firm.lines(3) == [f"Cxl {a['TradeRef']}"]
    firm.answered()
    assert firm.counts() == {"cancelled": 2, "accepted": 1, "duplicate": 1}
    assert firm.status() == "discharged"


def test_a_corrected_reference_cancels_the_old_one(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a)
    firm.run()
    firm.answered()
    firm.load(a | {"Ref": "ANOTHERNAME1"})
    firm.run()
    assert firm.lines(2) == [f"Cxl {a['TradeRef']}", "New ANOTHERNAME1"]
    firm.answered()
    assert firm.counts() == {"cancelled": 1, "accepted": 1}


def test_a_held_record_that_is_withdrawn_leaves_nothing(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a | {"Px": ""})
    firm.run()
    assert firm.counts() == {"held": 1}
    firm.load(gone(a))
    firm.run()
    assert firm.reports() == []
    assert firm.counts() == {"cancelled": 2}


def test_reference_data_that_takes_an_instrument_away_and_brings_it_back(firm: Firm) -> None:
    """Traded off venue, it is reportable as long as a venue trades it."""
    _, b, _, a = firm.rows
    with (firm.shell.workspace / "instruments.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    with (firm.shell.workspace / "ended.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(r | ({"termination_date": "2026-11-20"} if r["isin"] == a["ISIN"] else {}) for r in lines)
    firm.load(a, b)
    firm.run()
    firm.answered()
    for number in (2, 4):
        firm.shell("refdata", "load", "instruments", "ended.csv", "--date", DAY, at=firm.at())
        firm.run()
        assert firm.lines(number) == [f"Cxl {a['TradeRef']}"]
        assert firm.counts() == {"accepted": 1, "unanswered": 1}
        firm.answered()
        assert firm.counts() == {"accepted": 1, "not_reportable": 1}
        assert firm.status() == "discharged"
        firm.shell("refdata", "load", "instruments", "instruments.csv", "--date", DAY, at=firm.at())
        firm.run()
        assert firm.lines(number + 1) == [f"New {a['TradeRef']}"]
        firm.answered()
        assert firm.counts() == {"accepted": 2}
    firm.load(dearer(a))
    firm.run()
    firm.answered()
    assert firm.counts() == {"cancelled": 1, "accepted": 2}
    assert firm.status() == "discharged"


def test_a_withdrawal_that_was_refused_and_then_a_correction(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a)
    firm.run()
    firm.answer(1)
    firm.load(gone(a))
    firm.run()
    firm.answer(2, a["TradeRef"], rule="SIM-PURPOSE")
    firm.load(dearer(a))
    firm.run()
    assert firm.lines(3) == [f"Cxl {a['TradeRef']}", f"New {a['TradeRef']}"]
    firm.answer(3, total=2)
    assert firm.counts() == {"cancelled": 2, "accepted": 1}
    assert firm.status() == "discharged"


def test_an_answer_that_speaks_of_one_file_twice_is_kept_and_not_used(firm: Firm) -> None:
    (a, *_) = firm.rows
    firm.load(a)
    firm.run()
    firm.answer(1, keep=False)
    (answer,) = (firm.shell.workspace / "inbox" / "authority-de").glob("*.xml")
    advice = re.search(r"<StsAdvc>.*</StsAdvc>", answer.read_text(), flags=re.S)
    assert advice
    answer.write_text(answer.read_text().replace(advice[0], advice[0] * 2))
    firm.shell("confirm", at=firm.at())
    assert firm.counts() == {"unanswered": 1}
    (kept,) = firm.shell("status", "--json", code=1, at=firm.at()).json["quarantined"]
    assert "2 times" in kept["quarantine"]


def test_an_inbox_that_went_away_keeps_no_other_waiting(firm: Firm) -> None:
    (a, *_) = firm.rows
    toml = firm.shell.workspace / "regreport.toml"
    text = toml.read_text()
    first = text.index('channel = "folder"')
    toml.write_text(f'{text[:first]}channel = "folder"\noptions = {{ inbox = "mount/de" }}{text[first + 18 :]}')
    mount = firm.shell.workspace / "mount" / "de"
    mount.mkdir(parents=True)
    firm.load(a)
    firm.run()
    mount.rmdir()
    (firm.shell.workspace / "inbox" / "authority-ie").mkdir(parents=True, exist_ok=True)
    (firm.shell.workspace / "inbox" / "authority-ie" / "odd.xml").write_text("not an answer")
    assert "mount/de" in firm.shell("confirm", at=firm.at(), code=4).err
    assert [p.name for p in (firm.shell.workspace / "inbox" / "authority-ie").glob("*.xml")] == []
