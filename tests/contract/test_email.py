"""The e-mail channel against a mail server that does as it is told: accepts, refuses, falls silent, lies about TLS."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from regreport.adapters.smtp import EmailChannel
from regreport.errors import (
    ChannelUnavailable,
    ConfigurationError,
    DeliveryRefused,
    DeliveryUnknown,
    IntegrityError,
    NotFound,
    RegreportError,
)
from regreport.ports import Parcel
from regreport.testing import FixedClock

CUT, SILENCE = "cut the line", "say nothing"


def certificate(folder: Path, host: str, expires: timedelta = timedelta(days=2)) -> tuple[Path, Path]:
    """A self-made certificate for a host: (certificate, certificate and key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + expires)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = made.public_bytes(serialization.Encoding.PEM)
    (folder / f"{host}.pem").write_bytes(public)
    (folder / f"{host}.key").write_bytes(private + public)
    return folder / f"{host}.pem", folder / f"{host}.key"


@dataclass
class Server:
    """A mail server on loopback. `replies` says what it answers to a command (or `.`: the end of the letter)."""

    replies: dict[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    tls_at_once: bool = False
    letters: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    port: int = 0
    done: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        """One connection after the other until told to stop."""
        while not self.done.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(20)
            with ExitStack() as stack, suppress(OSError, StopIteration):
                self._talk(stack.enter_context(connection), stack)

    def _talk(self, connection: socket.socket, stack: ExitStack) -> None:
        if self.tls_at_once and self.tls:
            connection = stack.enter_context(self.tls.wrap_socket(connection, server_side=True))
        self._say(connection, "greeting", "220 ready")
        lines = iter(connection.makefile("rb").readline, b"")
        while True:
            line = next(lines).decode("ascii").strip()
            verb = line.split(" ")[0].upper()
            self.commands.append(line)
            if verb == "EHLO":
                self._say(connection, verb, "250-hello\r\n250-STARTTLS\r\n250 AUTH PLAIN" if self.tls else "250 hello")
            elif verb == "STARTTLS" and self.tls:
                self._say(connection, verb, "220 go")
                connection = stack.enter_context(self.tls.wrap_socket(connection, server_side=True))
                lines = iter(connection.makefile("rb").readline, b"")
            elif verb == "DATA":
                self._say(connection, verb, "354 go on")
                letter = b""
                while (line_of_letter := next(lines)) != b".\r\n":
                    letter += line_of_letter.removeprefix(b".")
                self.letters.append(letter)
                self._say(connection, ".", "250 accepted as Q1")
            else:
                self._say(connection, verb, "235 welcome" if verb == "AUTH" else "250 fine")

    def _say(self, connection: socket.socket, verb: str, usual: str) -> None:
        reply = self.replies.get(verb, usual)
        if reply == SILENCE:
            self.done.wait(20)
            raise OSError("silent until the end")
        if reply == CUT:
            connection.shutdown(socket.SHUT_RDWR)
            raise OSError("cut")
        connection.sendall(reply.encode() + b"\r\n")


@pytest.fixture
def server() -> Iterator[Server]:
    """A running server."""
    made = Server()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made.port = listener.getsockname()[1]
        thread = threading.Thread(target=made.serve, args=(listener,))
        thread.start()
        yield made
        made.done.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(20)


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    """A file to hand over, with lines that mail could trip over."""
    content = b"<a>\n.\n.\r\nMAIL FROM:<eve@x>\r\n\xc3\xa9" + b"x" * 3000 + b"</a>"
    (tmp_path / "object").write_bytes(content)
    return Parcel(
        report_id="EU-TRANSACTION-MIFIR-2026-11-23-529900T8BM49AURSDO55-1",
        file_name="R_1.xml",
        content=tmp_path / "object",
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        records=1000,
        jurisdiction="EU",
        report_type="TRANSACTION",
        regime="mifir",
        report_date=date(2026, 11, 23),
        recipient="AFM",
        attach=True,
    )


def channel(server: Server, **options: object) -> EmailChannel:
    """The channel to a server on this machine."""
    known: dict[str, object] = {"tls": "none", "timeout_seconds": 5, "clock": FixedClock()}
    return EmailChannel(
        "127.0.0.1",
        server.port,
        "reports@firm.example",
        {"EU": ["a@afm.example", "b@afm.example"]},
        **(known | options),  # type: ignore[arg-type]
    )


def letter_of(server: Server) -> EmailMessage:
    """The one letter that the server has."""
    [content] = server.letters
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    parsed = message_from_bytes(content, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def parts_of(letter: EmailMessage) -> tuple[str, str]:
    """The text and the HTML of a letter."""
    text, page = letter.get_body(["plain"]), letter.get_body(["html"])
    assert text is not None
    assert page is not None
    return text.get_content().replace("\r\n", "\n"), page.get_content().replace("\r\n", "\n")


def test_a_letter_tells_what_it_carries(server: Server, parcel: Parcel) -> None:
    receipt = channel(server).send(parcel)
    letter = letter_of(server)
    text, page = parts_of(letter)
    for told in (parcel.report_id, "EU", "TRANSACTION", "2026-11-23", "1000", parcel.digest):
        assert told in str(letter["Subject"])
        assert told in text
        assert told in page
    assert (letter["To"], letter["From"]) == ("a@afm.example, b@afm.example", "reports@firm.example")
    assert letter["Message-ID"] == receipt.message_id
    assert "250 accepted as Q1" in receipt.words
    assert "a@afm.example, b@afm.example" in receipt.words
    [attached] = letter.iter_attachments()
    assert attached.get_filename() == "R_1.xml"
    assert attached.get_content() == parcel.content.read_bytes()


def test_the_message_id_follows_from_the_file_alone(server: Server, parcel: Parcel) -> None:
    first = channel(server).send(parcel).message_id
    later = channel(server, clock=FixedClock(datetime(2027, 1, 1, tzinfo=UTC))).send(parcel).message_id
    other = channel(server).send(replace(parcel, file_name="R_2.xml")).message_id
    assert first == later != other


def test_a_file_with_persons_stays_here(server: Server, parcel: Parcel) -> None:
    channel(server).send(replace(parcel, attach=False))
    assert list(letter_of(server).iter_attachments()) == []
    assert b"MAIL FROM:<eve@x>" not in server.letters[0]


def test_a_link_goes_instead_where_there_is_one(server: Server, parcel: Parcel) -> None:
    link = "https://reports.firm.example/d/abc?until=1&signature=xyz"
    channel(server).send(replace(parcel, attach=False, link=link))
    text, page = parts_of(letter_of(server))
    assert f"Link: {link}\n" in text
    assert 'href="https://reports.firm.example/d/abc?until=1&amp;signature=xyz"' in page


def test_a_resend_says_that_it_may_be_a_duplicate(server: Server, parcel: Parcel) -> None:
    channel(server).send(replace(parcel, possible_duplicate=True))
    letter = letter_of(server)
    assert letter["X-Possible-Duplicate"] == "yes"
    assert str(letter["Subject"]).startswith("POSSIBLE DUPLICATE ")


def test_values_are_escaped_in_html(server: Server, parcel: Parcel) -> None:
    channel(server).send(replace(parcel, regime="<script>alert(1)</script>", report_type='"><img onerror=x>'))
    _, page = parts_of(letter_of(server))
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("name", ["report_id", "jurisdiction", "report_type", "regime", "file_name", "link"])
@pytest.mark.parametrize(
    "smuggled",
    [
        "x\r\nBcc: eve@x.example",
        "x\nBcc: eve@x.example",
        "x\rBcc: eve@x.example",
        "x\0y",
        "x\u2028Bcc: eve@x.example",
        "x\u0085y",
        "=?utf-8?q?x=0D=0ABcc:_eve@x.example?=",
        "x =?utf-8?b?DQpCY2M6IGV2ZUB4?=",
        "x\u202ey",
    ],
)
def test_a_value_that_would_break_out_is_refused(server: Server, parcel: Parcel, name: str, smuggled: str) -> None:
    tainted = replace(parcel, attach=name != "link", **{name: smuggled})
    sender = channel(server)
    sender._recipients[tainted.jurisdiction] = ("a@afm.example",)
    with pytest.raises(DeliveryRefused, match="nothing was sent"):
        sender.send(tainted)
    assert server.commands == []


@pytest.mark.parametrize(
    "link", ["http://afm.example/x", "javascript:alert(1)", "https://a@b/x", "//x", "http://127.0.0.1.eve.example/"]
)
def test_a_link_that_is_not_ours_is_refused(server: Server, parcel: Parcel, link: str) -> None:
    with pytest.raises(DeliveryRefused, match="not an https address"):
        channel(server).send(replace(parcel, attach=False, link=link))


@pytest.mark.parametrize(
    "address",
    [
        "a@x\r\nRCPT TO:<eve@x>",
        '"a,eve@x"@afm.example',
        "a@afm.example, eve@x.example",
        "a@afm.example eve@x.example",
        "A <a@afm.example>",
        "=?utf-8?q?a?=@afm.example\n",
        "a@afm.example\u2028",
        "a",
        "",
        "a@" + "x" * 300,
    ],
)
def test_an_address_that_could_hide_another_is_refused(server: Server, address: str) -> None:
    for recipients, sender in (({"EU": [address]}, "a@b.example"), ({"EU": ["a@b.example"]}, address)):
        with pytest.raises(ConfigurationError, match="one plain e-mail address"):
            EmailChannel("127.0.0.1", server.port, sender, recipients, tls="none")


def test_nobody_is_guessed(server: Server, parcel: Parcel) -> None:
    for jurisdiction, recipients in (
        ("UK", {"EU": ["a@b.example"]}),
        ("EU", {"EU": []}),
        ("", {"EU": ["a@b.example"]}),
    ):
        sender = EmailChannel("127.0.0.1", server.port, "a@b.example", recipients, tls="none")
        with pytest.raises(ConfigurationError, match=f"no e-mail recipient for jurisdiction '{jurisdiction}'"):
            sender.send(replace(parcel, jurisdiction=jurisdiction))
    assert server.commands == []


def test_bytes_that_are_not_the_validated_ones_are_not_sent(server: Server, parcel: Parcel) -> None:
    parcel.content.write_bytes(b"changed")
    with pytest.raises(IntegrityError, match="not those that were validated"):
        channel(server).send(parcel)
    assert server.commands == []


REPLIES = [
    ("greeting", "421 busy", ChannelUnavailable),
    ("greeting", "554 go away", DeliveryRefused),
    ("greeting", CUT, ChannelUnavailable),
    ("greeting", SILENCE, ChannelUnavailable),
    ("MAIL", "451 later", ChannelUnavailable),
    ("MAIL", "550 not you", DeliveryRefused),
    ("MAIL", CUT, ChannelUnavailable),
    ("RCPT", "450 later", ChannelUnavailable),
    ("RCPT", "550 nobody", DeliveryRefused),
    ("RCPT", SILENCE, ChannelUnavailable),
    ("DATA", "451 later", ChannelUnavailable),
    ("DATA", "554 no", DeliveryRefused),
    ("DATA", CUT, DeliveryUnknown),
    (".", "421 closing", ChannelUnavailable),
    (".", "452 full", ChannelUnavailable),
    (".", "552 too big", DeliveryRefused),
    (".", "554 no", DeliveryRefused),
    (".", CUT, DeliveryUnknown),
    (".", SILENCE, DeliveryUnknown),
    (".", "nonsense", DeliveryUnknown),
    (".", "354 what", DeliveryUnknown),
]


@pytest.mark.parametrize(("verb", "reply", "error"), REPLIES)
def test_every_answer_has_its_meaning(
    server: Server, parcel: Parcel, verb: str, reply: str, error: type[RegreportError]
) -> None:
    server.replies[verb] = reply
    with pytest.raises(error) as caught:
        channel(server, timeout_seconds=0.4 if reply == SILENCE else 5).send(parcel)
    assert type(caught.value) is error
    assert f"127.0.0.1:{server.port}" in str(caught.value)


def test_a_server_that_is_not_there_can_be_tried_again(parcel: Parcel) -> None:
    with pytest.raises(ChannelUnavailable, match="cannot connect"):
        channel(Server(port=1)).send(parcel)


@pytest.mark.parametrize("reply", [CUT, "550 no", SILENCE])
def test_what_happens_after_acceptance_changes_nothing(server: Server, parcel: Parcel, reply: str) -> None:
    server.replies["QUIT"] = reply
    assert "250 accepted" in channel(server, timeout_seconds=0.5).send(parcel).words


def test_one_refused_recipient_refuses_all(server: Server, parcel: Parcel) -> None:
    replies: Callable[[], Iterator[str]] = lambda: iter(["250 fine", "550 nobody"])  # noqa: E731
    answers = replies()

    class Once(dict[str, str]):
        def get(self, verb: str, usual: str) -> str:  # type: ignore[override]
            return next(answers) if verb == "RCPT" else usual

    server.replies = Once()
    with pytest.raises(DeliveryRefused, match=r"recipient b@afm\.example"):
        channel(server).send(parcel)
    assert server.letters == []


def secure(server: Server, folder: Path, host: str = "localhost", expires: timedelta = timedelta(days=2)) -> Path:
    """Give a server a certificate; the file to trust."""
    trusted, key = certificate(folder, host, expires)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(key)
    return trusted


def tls_channel(server: Server, ca_file: Path | None, **options: object) -> EmailChannel:
    """The channel over TLS."""
    known: dict[str, object] = {"timeout_seconds": 5, "ca_file": ca_file, "clock": FixedClock()}
    return EmailChannel("localhost", server.port, "r@firm.example", {"EU": ["a@afm.example"]}, **(known | options))  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_a_trusted_certificate_carries_the_letter(server: Server, parcel: Parcel, tmp_path: Path, mode: str) -> None:
    trusted = secure(server, tmp_path)
    server.tls_at_once = mode == "tls"
    tls_channel(server, trusted, tls=mode).send(parcel)
    assert letter_of(server)["To"] == "a@afm.example"


@pytest.mark.parametrize("mode", ["starttls", "tls"])
@pytest.mark.parametrize("fault", ["untrusted", "another host", "expired"])
def test_a_certificate_that_is_not_good_is_refused(
    server: Server, parcel: Parcel, tmp_path: Path, mode: str, fault: str
) -> None:
    host = "mail.example" if fault == "another host" else "localhost"
    trusted = secure(server, tmp_path, host, timedelta(days=-1 if fault == "expired" else 2))
    server.tls_at_once = mode == "tls"
    with pytest.raises(DeliveryRefused, match="no trustworthy TLS"):
        tls_channel(server, None if fault == "untrusted" else trusted, tls=mode).send(parcel)
    assert server.letters == []
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_tls_that_was_stripped_is_refused(server: Server, parcel: Parcel) -> None:
    with pytest.raises(DeliveryRefused, match="no trustworthy TLS"):
        tls_channel(server, None).send(parcel)
    assert [command.split(" ")[0] for command in server.commands] == ["ehlo"]


def test_mail_in_the_clear_stays_on_this_machine() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        EmailChannel(host, 25, "a@b.example", {}, tls="none")
    for host in ("mail.example", "10.0.0.1", "127.0.0.1.eve.example", "0.0.0.0"):
        with pytest.raises(ConfigurationError, match="in the clear"):
            EmailChannel(host, 25, "a@b.example", {}, tls="none")


def test_a_secret_rotated_meanwhile_is_read_once_more(
    server: Server, parcel: Parcel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = secure(server, tmp_path)
    secrets = iter(["old", "new", "new"])
    monkeypatch.setattr("regreport.adapters.smtp.read_secret", lambda _: next(secrets))
    answers = iter(["535 wrong", "235 welcome"])

    class Once(dict[str, str]):
        def get(self, verb: str, usual: str) -> str:  # type: ignore[override]
            return next(answers) if verb == "AUTH" else usual

    server.replies = Once()
    tls_channel(server, trusted, user="u", password="env:X").send(parcel)
    assert len(server.letters) == 1


def test_a_wrong_password_is_refused_and_not_shown(
    server: Server, parcel: Parcel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_SECRET", "hunter2")
    trusted = secure(server, tmp_path)
    server.replies["AUTH"] = "535 wrong"
    with pytest.raises(DeliveryRefused, match="535 wrong") as caught:
        tls_channel(server, trusted, user="u", password="env:MAIL_SECRET").send(parcel)
    assert "hunter2" not in str(caught.value)


def test_what_mail_cannot_do_it_says(server: Server, parcel: Parcel) -> None:
    sender = channel(server)
    with pytest.raises(DeliveryUnknown, match="cannot tell"):
        sender.look(parcel)
    assert list(sender.collect()) == sender.strays() == []
    with pytest.raises(NotFound):
        sender.take("x")


def test_another_implementation_reads_the_letter_as_it_was_meant(parcel: Parcel) -> None:
    """aiosmtpd instead of our own scripted server: the lines that look like the end of a letter must not end it."""
    letters: list[bytes] = []

    class Keep:
        async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
            letters.append(envelope.original_content)  # type: ignore[attr-defined]
            return "250 kept"

    controller = Controller(Keep(), hostname="127.0.0.1", port=0)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()
    try:
        channel(Server(port=controller.port)).send(parcel)
    finally:
        controller.stop()
    [letter] = letters
    parsed = message_from_bytes(letter, policy=default)
    assert isinstance(parsed, EmailMessage)
    assert next(parsed.iter_attachments()).get_content() == parcel.content.read_bytes()
