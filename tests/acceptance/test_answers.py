"""What an authority answers, and what else lies in an inbox: used once, or kept with the reason why it cannot be."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.acceptance.conftest import ANSWERED, CONFIRMED, DAY, RUN, Shell, everything
from tests.acceptance.hostile import cases

LATER = "2026-11-26T09:00:00Z"
FIRM = "DEMO00SKARGARDFOND36"
REPORT = f"EU-TRANSACTION-MIFIR-{DAY}-{FIRM}-1"


@pytest.fixture(scope="session")
def delivered_day(made_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The day handed over, and not answered; nobody else writes to its inboxes, so none waits for a file to settle."""
    folder = tmp_path_factory.mktemp("delivered") / "workspace"
    shutil.copytree(made_day, folder, symlinks=True)
    path = folder / "regreport.toml"
    text = path.read_text(encoding="utf-8")
    quick = 'channel = "folder"\noptions = { settle_seconds = "0" }'
    path.write_text(text.replace('channel = "folder"', quick), encoding="utf-8")
    Shell(folder)("run", "--date", DAY, at=RUN)
    return folder


@pytest.fixture
def delivered(delivered_day: Path, tmp_path: Path) -> Shell:
    """A copy of it to break."""
    shutil.copytree(delivered_day, tmp_path / "workspace", symlinks=True)
    return Shell(tmp_path / "workspace")


@pytest.fixture(scope="session")
def answer_text(confirmed_day: Path) -> str:
    """The answer that the Swedish authority gives to the firm's report."""
    (answer,) = (confirmed_day / "inbox" / "authority-se").rglob("*.xml")
    return answer.read_text(encoding="utf-8")


def put(shell: Shell, name: str, text: str | bytes, authority: str = "authority-se") -> None:
    content = text.encode("utf-8") if isinstance(text, str) else text
    (shell.workspace / "inbox" / authority / name).write_bytes(content)


def ledger_alone(workspace: Path) -> object:
    rows, files = everything(workspace)
    return rows, {name for name in files if name.startswith("store/")}


def quarantined(shell: Shell) -> dict[str, str]:
    """Reason by file; status says that somebody should look."""
    return {q["file_name"]: q["quarantine"] for q in shell("status", "--json", code=1).json["quarantined"]}


BEHAVIOURS = {
    # behaviour: (accepted, rejected, unanswered) after the first answer, and after the second; status waits then
    "accept": ((363, 2, 4), None),
    "reject-some": ((325, 40, 4), None),
    "reject-all": ((0, 369, 0), None),
    "late": ((0, 0, 369), (363, 2, 4)),
    "never": ((0, 0, 369), (0, 0, 369)),
    "twice": ((363, 2, 4), None),
    "pending": ((325, 2, 42), (363, 2, 4)),
}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_regulator_in_a_box(delivered: Shell, behaviour: str) -> None:
    first, second = BEHAVIOURS[behaviour]
    for instant, wanted in ((ANSWERED, first), (LATER, second)):
        if wanted is None:
            continue
        before = ledger_alone(delivered.workspace)
        delivered("simulate", "--behaviour", behaviour, at=instant)
        assert ledger_alone(delivered.workspace) == before, "the simulator stands outside"
        delivered("confirm", at=instant)
        counts = delivered.balance()
        assert counts["residual"] == 0
        assert (counts["accepted"], counts["rejected"], counts["unanswered"]) == wanted
        assert sum(v for k, v in counts.items() if k != "ingested") == counts["ingested"] == 400


def test_every_record_of_a_category_is_named_with_its_reason(delivered: Shell) -> None:
    delivered("simulate", "--behaviour", "reject-some", at=ANSWERED)
    delivered("confirm")
    for category, count in (
        ("rejected", 40),
        ("unanswered", 4),
        ("accepted", 325),
        ("held", 8),
        ("not_reportable", 22),
    ):
        rows = delivered("balance", "--records", category, "--json", code=None).json
        assert len(rows) == count
        if category != "accepted":
            assert all(r["rule"] and r["reason"] for r in rows), category


def test_silence_is_an_alarm(delivered: Shell) -> None:
    delivered("simulate", "--behaviour", "never", at=ANSWERED)
    told = delivered("status", "--json", at=CONFIRMED, code=1).json
    assert (told["days"][0]["overdue"], told["needs"]) == ([], {"held": 8, "unanswered": 369})
    told = delivered("status", "--json", at=LATER, code=1).json
    assert all("no answer within 24 hours" in " ".join(o["waits"]) for o in told["obligations"])
    assert (len(told["days"][0]["overdue"]), told["needs"]["overdue"]) == (3, 3)


def test_a_refused_file_waits_for_a_person(delivered: Shell) -> None:
    delivered("simulate", "--behaviour", "reject-all", at=ANSWERED)
    delivered("confirm")
    told = delivered("status", "--json", code=1).json["obligations"]
    assert all("REJECTED" in " ".join(o["waits"]) for o in told)


def test_an_unknown_behaviour_or_destination_is_an_error(delivered: Shell) -> None:
    assert "known: accept" in delivered("simulate", "--behaviour", "shrug", code=3).err
    assert "No destination 'nowhere'" in delivered("simulate", "--destination", "nowhere", code=3).err


def test_one_destination_answers_alone(delivered: Shell) -> None:
    told = delivered("simulate", "--destination", "authority-se", "--json", at=ANSWERED).json
    assert [a["destination"] for a in told] == ["authority-se"]
    delivered("confirm")
    assert delivered.balance()["unanswered"] == 237


def test_hostile_files_are_kept_with_a_reason_and_change_nothing(delivered: Shell) -> None:
    before = delivered.balance()
    wanted = [c for c in cases() if c.exit == 2]
    for case in wanted:
        case.put(delivered.workspace / "inbox" / "authority-se")
    delivered("confirm")
    assert delivered.balance() == before
    reasons = quarantined(delivered)
    assert set(reasons) == {c.file for c in wanted}
    for case in wanted:
        reason = reasons[case.file]
        assert "not an answer" in reason or "its bytes are" in reason or all(words in reason for words in case.says), (
            case.file
        )
    inbox = delivered.workspace / "inbox" / "authority-se"
    assert [p.name for p in inbox.iterdir()] == ["done"]
    assert {p.name for p in (inbox / "done").iterdir()} == {c.file for c in wanted}
    assert delivered("verify", "--json").json["intact"]


def changed(text: str, how: str) -> str:
    """An answer that is well-formed and cannot be used."""
    substitutions = {
        "another-file.xml": (r"<MsgRptIdr>[^<]*", "<MsgRptIdr>YY_DATTRA_XX_000777-0-000776_26"),
        "too-many.xml": (r"<TtlNbOfRcrds>\d+", "<TtlNbOfRcrds>135"),
        "wrong-sum.xml": (r"<DtldNbOfRcrds>132", "<DtldNbOfRcrds>131"),
        "unknown-record.xml": (rf"<OrgnlRcrdId>{FIRM}", "<OrgnlRcrdId>DEMO00SOMEBODYELSE99"),
        "unknown-status.xml": (r"<Sts>PDNG", "<Sts>PERHAPS"),
        "no-such-instant.xml": (r"<CreDt>2026-11-24", "<CreDt>2026-02-30"),
        "local-time.xml": (r"<CreDt>2026-11-24T09:00:00Z", "<CreDt>2026-11-24T09:00:00"),
        "no-counts.xml": (r"<Sttstcs>.*</Sttstcs>", ""),
    }
    pattern, words = substitutions[how]
    found, times = re.subn(pattern, words, text, count=1)
    assert times == 1, how
    return found


UNUSABLE = {
    "another-file.xml": "never sent",
    "too-many.xml": "counts 135 records",
    "wrong-sum.xml": "counts 134 records in all, but 133 by status",
    "unknown-record.xml": "does not hold, such as 'DEMO00SOMEBODYELSE99",
    "unknown-status.xml": "is no valid auth.031.001.01",
    "no-such-instant.xml": "is no valid auth.031.001.01",
    "local-time.xml": "time",
    "no-counts.xml": "without counts",
}


def test_answers_that_do_not_add_up_are_not_used(delivered: Shell, answer_text: str) -> None:
    before = delivered.balance()
    for how in UNUSABLE:
        put(delivered, how, changed(answer_text, how))
    delivered("confirm")
    reasons = quarantined(delivered)
    assert set(reasons) == set(UNUSABLE)
    for how, says in UNUSABLE.items():
        assert says in reasons[how], how
    assert delivered.balance() == before
    put(delivered, "good.xml", answer_text)
    delivered("confirm")
    assert delivered.balance()["accepted"] == 132


def test_a_report_is_no_answer(delivered: Shell) -> None:
    report = next((delivered.workspace / "outbox").rglob("*.xml"))
    put(delivered, "echo.xml", report.read_bytes())
    delivered("confirm")
    assert "not an answer" in quarantined(delivered)["echo.xml"]


def test_an_answer_from_another_authority_is_not_used(delivered: Shell, answer_text: str) -> None:
    put(delivered, "stray.xml", answer_text, "authority-de")
    delivered("confirm")
    assert "went to authority-se" in quarantined(delivered)["stray.xml"]
    assert delivered.balance()["accepted"] == 0


def test_an_answer_to_what_was_never_handed_over_is_not_used(loaded: Shell, answer_text: str) -> None:
    loaded("generate", "--date", DAY, at=RUN)
    (loaded.workspace / "inbox" / "authority-se").mkdir(parents=True, exist_ok=True)
    put(loaded, "forged.xml", answer_text)
    loaded("confirm")
    assert "never sent" in quarantined(loaded)["forged.xml"]
    assert loaded("validate", at=RUN)


def test_the_same_answer_under_another_name_counts_once(delivered: Shell, answer_text: str) -> None:
    put(delivered, "first.xml", answer_text)
    delivered("confirm")
    before = delivered.balance()
    assert before["accepted"] == 132
    for name in ("second.xml", "-third;$(id).xml"):
        put(delivered, name, answer_text)
        delivered("confirm")
    assert delivered.balance() == before


def test_answers_in_any_order_come_to_the_same(delivered: Shell, tmp_path: Path) -> None:
    other = Shell(tmp_path / "other")
    shutil.copytree(delivered.workspace, other.workspace, symlinks=True)
    delivered("simulate", "--behaviour", "pending", at=ANSWERED)
    answers = {p.name: p.read_bytes() for p in (delivered.workspace / "inbox" / "authority-se").glob("*.xml")}
    delivered("confirm", at=ANSWERED)
    delivered("simulate", "--behaviour", "pending", at=LATER)
    answers |= {p.name: p.read_bytes() for p in (delivered.workspace / "inbox" / "authority-se").glob("*.xml")}
    delivered("confirm", at=LATER)
    assert len(answers) == 2
    for name in sorted(answers, reverse=True):
        put(other, name, answers[name])
        other("confirm", at=LATER)
    ours, theirs = (s("explain", REPORT, "--json").json for s in (delivered, other))
    assert ours["outcomes"] == theirs["outcomes"]
    assert ours["report"]["status"] == theirs["report"]["status"]


def test_what_is_no_file_is_left_alone_and_shown(delivered: Shell) -> None:
    inbox = delivered.workspace / "inbox" / "authority-se"
    (inbox / "link.xml").symlink_to("/etc/passwd")
    (inbox / "folder").mkdir()
    os.mkfifo(inbox / "pipe.xml")
    (inbox / "half.xml.part").write_text("<BizData")
    delivered("confirm")
    strays = " ".join(delivered("status", "--json", code=1).json["strays"])
    assert all(name in strays for name in ("link.xml", "folder", "pipe.xml"))
    assert "half.xml.part" not in strays
    assert {p.name for p in inbox.iterdir()} >= {"link.xml", "folder", "pipe.xml", "half.xml.part"}
