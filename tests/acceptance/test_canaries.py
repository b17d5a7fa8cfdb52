"""A hundred planted persons through a whole day: in no log, no file name, no mail, no event, nowhere in the store."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from tests.acceptance.canaries import PERSONS, Canaries, dearer, leaks, ledger_values, person, plant
from tests.acceptance.conftest import ANSWERED, DAY, LOADED, RUN, Answer, Shell
from tests.acceptance.test_mail import KEY, Postman, by_mail

IN_PLAIN = ("trades.csv", "again.csv", "outbox/", "simulator/", "out.json")
"""What came in, what the authority gets, what somebody took out: plain on purpose."""


@dataclass
class Planted:
    """A day with planted persons, and everything that was said of it on the way."""

    shell: Shell
    canaries: Canaries
    said: list[tuple[str, Answer]] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)

    def __call__(self, *words: str, at: str = RUN) -> Answer:
        answer = self.shell(*words, at=at, code=None)
        self.said.append((" ".join(words), answer))
        return answer


@pytest.fixture(scope="module")
def planted(made_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """The day run, answered with rejections, corrected, looked at from every side, and one report sent by mail."""
    folder = tmp_path_factory.mktemp("canaries") / "workspace"
    shutil.copytree(made_day, folder, symlinks=True, ignore=shutil.ignore_patterns("store", "keys", "ledger.sqlite*"))
    canaries = plant(folder / "trades.csv")
    day = Planted(Shell(folder), canaries)
    postman = Postman()
    controller = Controller(postman, hostname="127.0.0.1", port=postman.port)
    controller.start()
    by_mail(day.shell, postman.port)
    day.shell.env["REGREPORT_LINK_KEY"] = KEY
    try:
        _live_through(day)
    finally:
        controller.stop()
    day.letters = [bytes(letter) for _, _, letter in postman.letters]
    return day


def _live_through(day: Planted) -> None:
    for dataset in ("instruments", "leis", "mics"):
        day("refdata", "load", dataset, f"{dataset}.csv", "--date", DAY, at=LOADED)
    day("load", "trades.csv", at=LOADED)
    day("run", "--date", DAY)
    day("simulate", "--behaviour", "reject-some", at=ANSWERED)
    day("confirm", at=ANSWERED)
    dearer(day.shell.workspace / "trades.csv", day.shell.workspace / "again.csv")
    day("load", "again.csv", at=ANSWERED)
    day("run", "--date", DAY, at=ANSWERED)
    for report in sorted({r["report"] for r in day("status", "--json").json["obligations"] if r["report"]}):
        for words in (
            ["findings", report],
            ["findings", report, "--json"],
            ["explain", report],
            ["explain", report, "--json"],
        ):
            day(*words)
    for words in (["status"], ["balance"], ["balance", "--json"], ["doctor"], ["approvals"], ["alerts"], ["verify"]):
        day(*words)
    for category in ("held", "rejected", "unanswered", "accepted", "not-reportable"):
        day("balance", "--records", category)
        day("balance", "--records", category, "--json")
    trader, other = person(1 + PERSONS)["id"], person(2 + PERSONS)["id"]
    day.canaries.add(trader, other)
    record = day("balance", "--records", "accepted", "--json").json[0]["transaction_id"]
    change = ["correct", "--record", record, "--set", f"execution_id={trader}"]
    for words in ([*change, "--preview"], [*change, "--preview", "--json"], change):
        day(*words, "--reason", "another trader", at=ANSWERED)
    day("run", "--date", DAY, at=ANSWERED)
    day("correct", "--record", record, "--set", f"execution_id={other}", "--reason", "no", "--preview", at=ANSWERED)
    day("sign-off", "--date", DAY, "--comment", "all that is held is known", at=ANSWERED)
    day("controls", "--date", DAY)
    day("persons", "export", "--id", trader, "-o", "out.json")
    for row in day("balance", "--records", "held", "--json").json[:40]:
        day("explain", "--record", row["transaction_id"])
        day("explain", "--record", row["transaction_id"], "--json")


def test_enough_was_planted_sent_held_and_rejected(planted: Planted) -> None:
    """The control of all others: the planted persons did go through the day."""
    assert len({v for v in planted.canaries.values if v.endswith("vogel")}) == PERSONS
    sent = b"".join(p.read_bytes() for p in (planted.shell.workspace / "outbox").rglob("*.xml"))
    assert len(planted.canaries.found_in(sent)) > PERSONS
    counts = planted.shell.balance()
    assert counts["held"] > 30
    assert counts["rejected"] > 0
    assert counts["residual"] == 0
    assert len(planted.letters) >= 1
    told = {words: answer for words, answer in planted.said if words.startswith(("correct", "persons"))}
    assert {words: answer.err for words, answer in told.items() if answer.code} == {}
    assert any("Recorded as" in answer.out for answer in told.values())
    assert all("Traceback" not in a.out + a.err for _, a in planted.said)


def test_no_person_is_found_in_what_was_printed(planted: Planted) -> None:
    found = {words: planted.canaries.found_in((a.out + a.err).encode()) for words, a in planted.said}
    assert {words: values for words, values in found.items() if values} == {}


def test_no_person_is_found_in_a_mail(planted: Planted) -> None:
    assert [planted.canaries.found_in(letter) for letter in planted.letters] == [[]] * len(planted.letters)


def test_no_person_is_found_in_the_ledger(planted: Planted) -> None:
    found = [(place, v) for place, v in ledger_values(planted.shell.workspace / "ledger.sqlite")]
    assert len(found) > 500
    assert [(place, values) for place, v in found if (values := planted.canaries.found_in(v.encode()))] == []


def test_no_person_is_found_in_any_file_or_its_name(planted: Planted) -> None:
    """The whole workspace, byte by byte: store, ledger with its journal, scratch, keyring, inbox."""
    assert leaks(planted.canaries, planted.shell.workspace, IN_PLAIN) == {}
    assert list((planted.shell.workspace / ".scratch").iterdir()) == []


@pytest.mark.parametrize("where", ["store/names/reports/Vjaawvogel.xml", "ledger.sqlite", "notes.txt"])
def test_a_planted_leak_is_found(planted: Planted, tmp_path: Path, where: str) -> None:
    folder = tmp_path / "workspace"
    shutil.copytree(planted.shell.workspace, folder, symlinks=True)
    with (folder / where).open("ab") as file:
        file.write(b"" if "vogel" in where else b"...QZAAXKANARI...")
    assert list(leaks(planted.canaries, folder, IN_PLAIN)) == [where]


def test_without_encryption_they_are_found_in_the_store(planted: Planted, tmp_path: Path) -> None:
    """The control of the store's scan: the same day stored in plain is full of them."""
    shell = Shell(tmp_path / "workspace")
    kept = shutil.ignore_patterns("store", "keys", "ledger.sqlite*", "outbox", "inbox")
    shutil.copytree(planted.shell.workspace, shell.workspace, symlinks=True, ignore=kept)
    with (shell.workspace / "regreport.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[keys]\nencrypt = "nothing"\n')
    shell("load", "trades.csv", at=LOADED)
    assert any(name.startswith("store/objects/") for name in leaks(planted.canaries, shell.workspace, IN_PLAIN))
    assert not (shell.workspace / "keys").exists()


def test_who_says_why_sees_them_and_the_ledger_notes_it(planted: Planted) -> None:
    shell = planted.shell
    record = shell("balance", "--records", "held", "--json", code=None).json[0]["transaction_id"]
    hidden = shell("explain", "--record", record).out
    shown = shell("explain", "--record", record, "--reveal", "the client asks", "--as", "ben").out
    assert "(person, " in hidden
    assert planted.canaries.found_in(shown.encode())
    (note,) = [v for p, v in ledger_values(shell.workspace / "ledger.sqlite") if "the client asks" in v]
    assert not planted.canaries.found_in(note.encode())


def shifted(text: str) -> str:
    """A field less in every line but the header: what stands under a name is another's."""
    head, *rows = text.splitlines()
    return "\n".join([head, *(row.split(",", 1)[1] + "," for row in rows)])


@pytest.mark.parametrize(
    "broken",
    [
        shifted,
        lambda text: text.replace(",", ";"),
        lambda text: text.replace("vogel", "vogel,", 1),
        lambda text: text.replace("vogel", 'vogel"', 3),
        lambda text: text.replace("Qzaaxkanari", '"Qzaaxkanari\nQzab', 1),
        lambda text: text.replace("FirmLEI", "CliLast", 1),
        lambda text: text.replace("Vjaawvogel", "Vjaawvogel\0", 1),
        lambda text: text.replace("Vjaawvogel", "Vjaawvogel" * 2000, 1),
    ],
    ids=["shifted", "semicolons", "a field more", "a stray quote", "an open quote", "two of a name", "NUL", "long"],
)
def test_a_file_that_is_refused_is_not_quoted(planted: Planted, tmp_path: Path, broken: Callable[[str], str]) -> None:
    file = tmp_path / "broken.csv"
    text = (planted.shell.workspace / "trades.csv").read_text(encoding="utf-8")
    file.write_text(broken(text), encoding="utf-8")
    for code, content in (("utf-8", file.read_bytes()), ("utf-16", file.read_text("utf-8").encode("utf-16"))):
        file.write_bytes(content)
        answer = planted.shell("load", str(file), at=ANSWERED, code=None)
        assert planted.canaries.found_in((answer.out + answer.err).encode()) == [], code


def test_a_proposed_mapping_quotes_nobody(planted: Planted, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    answer = shell("init", "--from", str(planted.shell.workspace / "trades.csv"), at=LOADED)
    assert planted.canaries.found_in((answer.out + answer.err).encode()) == []
    assert leaks(planted.canaries, tmp_path, ()) == {}
