"""Alerts, each raised once and told until somebody has it; and the sign-off of a day, which names what is open."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.acceptance.conftest import CONFIRMED, DAY, RUN, Shell, everything
from tests.acceptance.test_mail import Postman, postman
from tests.acceptance.test_sequences import Firm, few, firm

__all__ = ["few", "firm", "postman"]  # fixtures

LATER = "2026-11-27T09:00:00Z"


@contextmanager
def listener(status: int = 204, headers: dict[str, str] | None = None) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A firm's own tool: its address, and what it was told."""
    told: list[dict[str, str]] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Taker)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alerts?key=secret", told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def alerts(shell: Shell) -> list[tuple[str, str]]:
    return [(a["kind"], a["subject"]) for a in shell("alerts", "--json").json]


def webhook(workspace: Path, url: str) -> None:
    settings = workspace / "regreport.toml"
    text = settings.read_text().partition("\n[alerts]")[0]
    settings.write_text(f'{text}\n[alerts]\nwebhook = "{url}"\n')


@pytest.fixture
def sent(firm: Firm) -> str:
    """A report that was handed over and not answered."""
    firm.load(*firm.rows[:2])
    firm.shell("run", "--date", DAY, "--entity", firm.house, at=RUN)
    return f"EU-TRANSACTION-MIFIR-{DAY}-{firm.house}-1"


def test_no_answer_raises_one_alert_and_a_late_answer_counts(firm: Firm, sent: str) -> None:
    with listener() as (url, told):
        webhook(firm.shell.workspace, url)
        firm.shell("confirm", at=CONFIRMED)
        assert (alerts(firm.shell), told) == ([], [])
        for _ in range(3):
            firm.shell("confirm", at=LATER)
        assert alerts(firm.shell) == [("no-answer", sent)]
        assert [(t["kind"], t["about"]) for t in told] == [("no-answer", sent)]
        assert "within 24 hours" in told[0]["words"]
        firm.shell("status", at=LATER, code=1)
        firm.shell("simulate", at=LATER)
        firm.shell("confirm", at=LATER)
        assert firm.reports() == ["CONFIRMED"]
        firm.shell("status", at=LATER)
        assert (len(alerts(firm.shell)), len(told)) == (1, 1)
    firm.shell("verify")


def test_an_alert_that_nobody_took_is_told_again(firm: Firm, sent: str) -> None:
    with listener(503) as (url, refused):
        webhook(firm.shell.workspace, url)
        firm.shell("confirm", at=LATER)
        firm.shell("confirm", at=LATER)
        assert len(refused) == 2
    with listener() as (url, told):
        webhook(firm.shell.workspace, url)
        firm.shell("confirm", at=LATER)
        firm.shell("confirm", at=LATER)
        assert len(told) == 1
    assert alerts(firm.shell) == [("no-answer", sent)]


def test_a_redirect_is_not_followed(firm: Firm, sent: str) -> None:
    with listener() as (other, led_to), listener(307, {"Location": other}) as (url, told):
        webhook(firm.shell.workspace, url)
        firm.shell("confirm", at=LATER)
        assert (len(told), led_to) == (1, [])


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://169.254.169.254/latest", "where no alert may be sent"),
        ("http://[::ffff:169.254.169.254]/latest", "where no alert may be sent"),
        ("http://192.0.2.1/", "in the clear"),
    ],
)
def test_an_address_that_may_not_be_called(firm: Firm, sent: str, url: str, words: str) -> None:
    webhook(firm.shell.workspace, url)
    firm.shell("confirm", at=LATER)
    events = firm.explain(1)["events"]
    assert [words in e["detail"]["fault"] for e in events if e["kind"] == "alert not told"] == [True]


def test_a_web_address_that_is_none(firm: Firm) -> None:
    webhook(firm.shell.workspace, "ftp://example.com/")
    assert "is not an https address" in firm.shell("status", code=3).err


def test_an_alert_comes_by_mail_once(firm: Firm, sent: str, postman: Postman) -> None:
    settings = firm.shell.workspace / "regreport.toml"
    server = f'host = "127.0.0.1"\nport = "{postman.port}"\ntls = "none"\nsender = "r@bank.example"'
    settings.write_text(f'{settings.read_text()}\n[alerts.mail]\n{server}\n"recipient.alerts" = "ops@bank.example"\n')
    firm.shell("confirm", at=CONFIRMED)
    assert postman.letters == [], "control: nothing is due yet"
    for _ in range(2):
        firm.shell("confirm", at=LATER)
    ((_, recipients, letter),) = postman.letters
    assert (recipients, letter["Subject"]) == (["ops@bank.example"], "regreport: no-answer")
    assert f"About: {sent}" in letter.get_content()


def test_a_good_day_raises_nothing(firm: Firm, sent: str) -> None:
    firm.shell("simulate", at=CONFIRMED)
    firm.shell("confirm", at=CONFIRMED)
    firm.shell("confirm", at=LATER)
    assert alerts(firm.shell) == []


def sign(shell: Shell, comment: str, code: int = 0) -> str:
    return shell("sign-off", "--date", DAY, "--comment", comment, at=CONFIRMED, code=code).out


def test_a_day_is_signed_when_everything_open_is_named(confirmed: Shell) -> None:
    before = everything(confirmed.workspace)
    refused = sign(confirmed, "all fine", code=1)
    for item in ("held 8", "unanswered 4", "rejected 2"):
        assert f"(name it as {item!r})" in refused
    assert "name it as 'held 8'" in sign(confirmed, "held 80, unanswered 4, rejected 2", code=1)
    assert everything(confirmed.workspace) == before
    named = "held 8: data team is on it; unanswered 4 pending instruments; rejected 2 sent back"
    assert f"{DAY} signed off by ana (number 1" in sign(confirmed, named)
    assert "number 2" in sign(confirmed, named)
    assert "signed off by ana" in confirmed("status", "--date", DAY, code=None).out
    assert "changed since" not in confirmed("status", "--date", DAY, code=None).out
    confirmed("verify")


def test_what_comes_after_the_signature_is_seen(firm: Firm, sent: str) -> None:
    firm.answered()
    sign(firm.shell, "nothing is open")
    firm.load(firm.rows[2])
    assert "changed since" in firm.shell("status", "--date", DAY, code=None).out
    assert "held 1" in sign(firm.shell, "nothing is open", code=1)


def test_nobody_signs_without_a_name_or_a_day_that_is_not_there(firm: Firm, sent: str) -> None:
    assert "nothing to sign off" in firm.shell("sign-off", "--date", "2026-11-20", "--comment", "x", code=2).err
    firm.shell.env["REGREPORT_ACTOR"] = ""
    assert "Say who you are" in firm.shell("sign-off", "--date", DAY, "--comment", "x", at=RUN, code=1).err


def needs(shell: Shell, code: int, at: str = CONFIRMED) -> dict[str, int]:
    """What status says that somebody has to look at."""
    return dict(shell("status", "--json", at=at, code=code).json["needs"])


def test_status_ends_with_1_while_something_needs_a_person(firm: Firm, sent: str) -> None:
    """Unanswered within its time needs nobody; the control is the same day accepted."""
    assert needs(firm.shell, 0) == {"unanswered": 2}
    firm.shell("simulate", at=CONFIRMED)
    firm.shell("confirm", at=CONFIRMED)
    assert needs(firm.shell, 0, LATER) == {}
    assert firm.shell("status", "--json", at=LATER).json["days"][0]["done"]
    firm.load(firm.rows[2])
    assert needs(firm.shell, 1) == {"held": 1}


def test_partly_accepted_needs_a_person_until_it_is_signed_for(confirmed: Shell) -> None:
    assert needs(confirmed, 1) == {"held": 8, "rejected": 2, "unanswered": 4}
    (day,) = confirmed("status", "--json", code=1).json["days"]
    assert (day["done"], day["signed"]) == (False, None)
    sign(confirmed, "8 held, Rejected: 2, unanswered=4.")
    assert needs(confirmed, 0) == {}
    (day,) = confirmed("status", "--json").json["days"]
    assert (day["done"], day["signed"]["by"], day["open"]["held"]) == (True, "ana", 8)
    assert "done: signed off by ana" in confirmed("status").out


def test_what_is_open_is_named_one_by_one(confirmed: Shell) -> None:
    ids = {
        c: [r["transaction_id"] for r in confirmed("balance", "--records", c, "--json").json]
        for c in ("held", "rejected", "unanswered")
    }
    most = "; ".join((*ids["held"], *ids["rejected"][:-1], *ids["unanswered"]))
    assert "rejected 2" in sign(confirmed, most, code=1)
    assert "held" not in sign(confirmed, most, code=1)
    sign(confirmed, f"{most}, {ids['rejected'][-1]}.")


def test_an_answer_that_cannot_be_used_is_named_once(confirmed: Shell) -> None:
    named = "held 8, unanswered 4, rejected 2"
    sign(confirmed, named)
    (confirmed.workspace / "inbox" / "authority-se" / "odd.xml").write_text("<odd/>")
    confirmed("confirm")
    assert needs(confirmed, 1) == {"quarantined": 1}
    assert "quarantined 1" in sign(confirmed, named, code=1)
    sign(confirmed, f"{named}, odd.xml was sent to us by mistake")
    assert needs(confirmed, 0) == {}
    ((kind, digest),) = alerts(confirmed)
    assert (kind, len(digest)) == ("quarantine", 64)
    assert "odd" not in confirmed("alerts").out, "the name comes from outside, and is not told on"
    confirmed("verify")


def test_a_day_that_was_never_loaded_is_late_once(firm: Firm) -> None:
    firm.run()
    for at in (CONFIRMED, LATER, LATER):
        firm.shell("confirm", at=at)
    assert alerts(firm.shell) == [("late", f"EU-TRANSACTION-MIFIR-{DAY}-{firm.house}")]
    assert "overdue" in needs(firm.shell, 1, LATER)


def test_what_lies_in_an_inbox_and_is_no_file_alerts_once(firm: Firm, sent: str) -> None:
    inbox = next(p for p in (firm.shell.workspace / "inbox").iterdir() if p.is_dir())
    (inbox / "link.xml").symlink_to("/etc/passwd")
    for _ in range(2):
        firm.shell("confirm", at=CONFIRMED)
    ((kind, subject),) = alerts(firm.shell)
    assert (kind, subject.partition("/")[0]) == ("stray", inbox.name)
    assert firm.shell("alerts", "--json").json[0]["open"]
    (inbox / "link.xml").unlink()
    assert not firm.shell("alerts", "--json").json[0]["open"]


def test_a_parked_report_alerts_once(firm: Firm) -> None:
    firm.load(*firm.rows[:2])
    firm.shell("generate", "--date", DAY, at=RUN)
    firm.shell("validate", at=RUN)
    told = firm.explain(1)
    place = firm.shell.workspace / "outbox" / told["report"]["destination"]
    place.mkdir(parents=True)
    (place / told["files"][0]["name"]).write_text("another file of that name")
    for _ in range(2):
        firm.shell("run", "--date", DAY, "--entity", firm.house, at=RUN, code=None)
    assert ("parked", f"EU-TRANSACTION-MIFIR-{DAY}-{firm.house}-1") in alerts(firm.shell)
    assert [k for k, _ in alerts(firm.shell)].count("parked") == 1
    assert needs(firm.shell, 1, RUN)["stuck"] == 1


def test_a_letter_of_each_sign_off_carries_the_newest_seal(firm: Firm, sent: str, postman: Postman) -> None:
    firm.shell("seal", "--new-key", firm.shell.workspace / "key.pem", at=CONFIRMED)
    firm.shell.env["REGREPORT_SIGNING_KEY"] = str(firm.shell.workspace / "key.pem")
    firm.shell("seal", at=CONFIRMED)
    with sqlite3.connect(firm.shell.workspace / "ledger.sqlite") as ledger:
        ((seal_id, root),) = ledger.execute("select seal_id, root from seal").fetchall()
    settings = firm.shell.workspace / "regreport.toml"
    plain = settings.read_text()
    settings.write_text(f'{plain}\n[sign_off]\nmail_to = ["audit@bank.example"]\n')
    assert "needs a mail server" in firm.shell("status", code=3).err
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    for port, letters in ((closed, 0), (postman.port, 1)):
        server = f'[alerts.mail]\nhost = "127.0.0.1"\nport = "{port}"\ntls = "none"\nsender = "r@bank.example"'
        more = '"recipient.alerts" = "ops@bank.example"\n[sign_off]\nmail_to = ["audit@bank.example"]'
        settings.write_text(f"{plain}\n{server}\n{more}\n")
        if not letters:
            answer = firm.shell("sign-off", "--date", DAY, "--comment", "unanswered 2, Ms Secret", at=CONFIRMED)
            assert "was not sent" in answer.err
        for _ in range(2):
            firm.shell("confirm", at=CONFIRMED)
        assert len(postman.letters) == letters
    ((_, recipients, letter),) = postman.letters
    text = letter.get_content()
    assert recipients == ["audit@bank.example"]
    assert all(words in text for words in (DAY, "Signed by: ana", seal_id, root))
    assert "Secret" not in text
    firm.shell("verify")
