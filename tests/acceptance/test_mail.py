"""A report by e-mail: refused where persons' data would travel in the open, else a letter with a link, and only one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from regreport.errors import BadInput
from regreport.links import open_link
from tests.acceptance.conftest import DAY, RUN, Shell, everything

KEY = "a key of the environment, never of the file: 0123456789abcdef"
LATER = "2026-11-24T08:00:00Z"
RUN_AT = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
BANK = "DEMO00NORDLICHTBNK11"


class Postman:
    """A mail server on a free port of this machine that keeps what it gets."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, list[str], EmailMessage]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
        content = message_from_bytes(envelope.content, policy=default)
        assert isinstance(content, EmailMessage)
        self.letters.append((envelope.mail_from, envelope.rcpt_tos, content))
        return "250 accepted"


@pytest.fixture
def postman() -> Iterator[Postman]:
    found = Postman()
    controller = Controller(found, hostname="127.0.0.1", port=found.port)
    controller.start()
    yield found
    controller.stop()


def by_mail(
    shell: Shell,
    port: int,
    *,
    recipients: str = '"recipient.EU" = "reports@authority.example desk@authority.example"',
    sender: str = "reports@bank.example",
    link_allowed: bool = True,
    public_url: str = "https://reports.bank.example/r",
    more: str = "",
) -> Path:
    """Let the bank's authority be reached by mail."""
    path = shell.workspace / "regreport.toml"
    first, rest = path.read_text(encoding="utf-8").split('channel = "folder"', 1)
    options = [f'host = "127.0.0.1"\nport = "{port}"\ntls = "none"\nsender = "{sender}"', recipients, more]
    channel = f'channel = "email"\nlink_allowed = {str(link_allowed).lower()}'
    head, _, tail = rest.partition("\n[[destinations]]")
    table = "[destinations.options]\n" + "\n".join(filter(None, options))
    text = f'public_url = "{public_url}"\n{first}{channel}{head}\n{table}\n\n[[destinations]]{tail}'
    path.write_text(text, encoding="utf-8")
    return path


def status_of(shell: Shell, entity: str) -> str:
    rows = shell("status", "--json", at=RUN, code=None).json["obligations"]
    return str(next(r["report_status"] for r in rows if entity in r["obligation"]))


def refused(shell: Shell, says: str) -> None:
    """A run is refused by a setting, and nothing has been decided or sent: it can be set right and run."""
    answer = shell("run", "--date", DAY, at=RUN, code=3)
    assert says in answer.err
    assert answer.err.count("\n") == 1
    rows = shell("status", "--json", at=RUN, code=None).json["obligations"]
    assert {r["report_status"] for r in rows} <= {"not generated"}
    assert not list((shell.workspace / "outbox").rglob("*.xml"))


@pytest.mark.parametrize("change", [{"public_url": ""}, {"link_allowed": False}])
def test_a_mail_with_persons_is_refused_unless_a_link_may_go(
    loaded: Shell, postman: Postman, change: dict[str, object]
) -> None:
    by_mail(loaded, postman.port, **change)
    loaded.env["REGREPORT_LINK_KEY"] = KEY
    refused(loaded, "natural persons")
    assert postman.letters == []


def test_a_letter_with_a_link_goes_once(loaded: Shell, postman: Postman) -> None:
    by_mail(loaded, postman.port)
    loaded.env["REGREPORT_LINK_KEY"] = KEY
    loaded("run", "--date", DAY, at=RUN)
    ((sender, recipients, letter),) = postman.letters
    assert sender == "reports@bank.example"
    assert recipients == ["reports@authority.example", "desk@authority.example"]
    assert [p.get_content_type() for p in letter.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    report = f"EU-TRANSACTION-MIFIR-{DAY}-{BANK}-1"
    told = loaded("explain", report, "--json").json
    (file,) = told["files"]
    text, page = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for value in (report, "EU", "TRANSACTION", DAY, str(file["records"]), file["digest"], file["name"]):
        assert value in text
        assert value in page
    assert letter["Message-ID"] in told["report"]["delivery_message_id"]
    _link_opens(text, file)
    before = everything(loaded.workspace)
    loaded("run", "--date", DAY, at=LATER)
    assert len(postman.letters) == 1
    assert everything(loaded.workspace) == before


def _link_opens(text: str, file: dict[str, object]) -> None:
    """The link leads to the file for seven days, and not with another key."""
    link = next(line.removeprefix("Link: ") for line in text.splitlines() if line.startswith("Link: "))
    address, _, token = link.rpartition("/")
    assert address == "https://reports.bank.example/r/files"
    found = open_link(token, KEY.encode(), RUN_AT + timedelta(days=6, hours=23))
    assert (found.digest, found.file_name) == (file["digest"], file["name"])
    with pytest.raises(BadInput, match="good until"):
        open_link(token, KEY.encode(), RUN_AT + timedelta(days=7))
    with pytest.raises(BadInput, match="not made here"):
        open_link(token, b"x" * 64, RUN_AT)


@pytest.mark.parametrize("key", ["", "short"])
def test_the_key_of_links_is_asked_for_before_anything_is_sent(loaded: Shell, postman: Postman, key: str) -> None:
    by_mail(loaded, postman.port)
    loaded.env["REGREPORT_LINK_KEY"] = key
    refused(loaded, "REGREPORT_LINK_KEY must hold at least 32 bytes")
    loaded.env["REGREPORT_LINK_KEY"] = KEY
    loaded("run", "--date", DAY, at=RUN)
    assert len(postman.letters) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"recipients": '"recipient.UK" = "a@fca.example"'}, "no e-mail recipient for jurisdiction 'EU'"),
        ({"recipients": ""}, "no e-mail recipient for jurisdiction 'EU' (configured: none)"),
        ({"recipients": '"recipient.EU" = "a@x.example,b@x.example"'}, "not one plain e-mail address"),
        ({"sender": r"a@x.example>\r\nRCPT TO:<b@x.example"}, "not one plain e-mail address"),
        ({"more": 'colour = "red"'}, "has no option colour"),
        ({"more": 'user = "us"'}, "user and password go together"),
    ],
)
def test_a_wrong_setting_of_the_mail_stops_before_anything_is_done(
    loaded: Shell, postman: Postman, change: dict[str, str], says: str
) -> None:
    by_mail(loaded, postman.port, **change)
    loaded.env["REGREPORT_LINK_KEY"] = KEY
    refused(loaded, says)
    assert postman.letters == []


def test_deliver_alone_checks_the_way_too(loaded: Shell, postman: Postman) -> None:
    path = by_mail(loaded, postman.port)
    loaded.env["REGREPORT_LINK_KEY"] = KEY
    loaded("generate", "--date", DAY, at=RUN)
    loaded("validate", at=RUN)
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace("recipient.EU", "recipient.UK"), encoding="utf-8")
    assert "no e-mail recipient" in loaded("deliver", at=RUN, code=3).err
    assert status_of(loaded, BANK) == "VALIDATED"
    path.write_text(good, encoding="utf-8")
    loaded("deliver", at=RUN)
    assert status_of(loaded, BANK) == "DELIVERED"
    assert len(postman.letters) == 1


def test_a_server_that_was_down_gets_the_letter_when_it_is_up(loaded: Shell, postman: Postman) -> None:
    """Nothing was handed over, and that is known: trying again is right, and is no guess."""
    path = by_mail(loaded, postman.port)
    loaded.env["REGREPORT_LINK_KEY"] = KEY
    good = path.read_text(encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        path.write_text(good.replace(f'"{postman.port}"', f'"{free.getsockname()[1]}"'), encoding="utf-8")
        answer = loaded("run", "--date", DAY, at=RUN, code=4)
    assert "cannot connect" in answer.out
    assert status_of(loaded, BANK) == "DELIVERY_FAILED"
    assert len(list((loaded.workspace / "outbox").rglob("*.xml"))) == 2  # the others have had theirs
    assert loaded("status", at=RUN, code=1)
    path.write_text(good, encoding="utf-8")
    loaded("deliver", at=LATER)
    assert len(postman.letters) == 1
    assert status_of(loaded, BANK) == "DELIVERED"
    assert loaded("balance", "--json", at=LATER).json[0]["residual"] == 0


def test_a_letter_may_not_go_in_the_clear(loaded: Shell) -> None:
    path = by_mail(loaded, 25)
    path.write_text(path.read_text(encoding="utf-8").replace("127.0.0.1", "mail.bank.example"), encoding="utf-8")
    loaded.env["REGREPORT_LINK_KEY"] = KEY
    refused(loaded, "in the clear")


def test_doctor_says_what_a_run_would_say(loaded: Shell, postman: Postman) -> None:
    by_mail(loaded, postman.port, recipients='"recipient.UK" = "a@fca.example"')
    loaded.env["REGREPORT_LINK_KEY"] = ""
    told = loaded("doctor", "--json", code=1).json
    found = [line["found"] for line in told if not line["ok"]]
    assert any("no e-mail recipient for jurisdiction 'EU'" in words for words in found)
