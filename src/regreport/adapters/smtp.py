"""The e-mail channel: one letter a file over SMTP with TLS, and a clear word about what happened to it.

The step from "not accepted" to "accepted" lies between the last dot and the server's 250. A reply of 4xx or 5xx is an
answer; anything else after DATA has begun (a cut, a silence) cannot be told apart from acceptance, and is never sent
again without a person's decision. What goes wrong after the 250 changes nothing any more.
"""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from regreport.adapters.clock import SystemClock
from regreport.adapters.letter import check_address, compose, message_id, wire
from regreport.adapters.options import known_options, number, required
from regreport.adapters.secret import from_workspace, read_secret
from regreport.errors import ChannelUnavailable, ConfigurationError, DeliveryRefused, DeliveryUnknown, NotFound
from regreport.ports import Clock, Parcel, Receipt

TLS_MODES: Final = ("starttls", "tls", "none")
OPTIONS: Final = ("host", "port", "sender", "recipient.", "tls", "user", "password", "timeout_seconds", "ca_file")
_PORTS: Final = {"starttls": "587", "tls": "465", "none": "25"}
_ACCEPTED: Final = 250


class EmailChannel:
    """The Channel of ports.py over one SMTP server.

    `recipients`: jurisdiction -> addresses. `tls`: `starttls`, `tls` (from the first byte) or `none`, which only a
    server on this very machine may be given. `password` is a reference (see secret.py), read for each connection.
    Raises ConfigurationError where any of it cannot be used.
    """

    name: str = "email"
    blind: bool = True
    """It can never look whether a letter arrived."""

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        recipients: Mapping[str, Sequence[str]],
        *,
        tls: str = "starttls",
        user: str = "",
        password: str = "",
        timeout_seconds: float = 30.0,
        ca_file: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        if tls not in TLS_MODES:
            raise ConfigurationError(f"tls is {tls!r}; it is one of {', '.join(TLS_MODES)}")
        if tls == "none" and not _is_loopback(host):
            raise ConfigurationError(f"mail to {host} would go in the clear; tls = 'none' is for this machine only")
        if bool(user) != bool(password):
            raise ConfigurationError("user and password go together; the password is a reference such as env:NAME")
        if timeout_seconds <= 0:
            raise ConfigurationError("timeout_seconds must be more than 0: a silent server must not hold us forever")
        self.host, self.port, self.tls = host, port, tls
        self.sender = check_address(sender, "the sender")
        self._recipients = {
            where: tuple(check_address(address, f"the recipient for {where}") for address in addresses)
            for where, addresses in recipients.items()
        }
        self._user, self._password, self._timeout_seconds = user, password, timeout_seconds
        self._trust = _trust(ca_file)
        self._clock = clock or SystemClock()

    @classmethod
    def open(cls, destination: str, options: Mapping[str, str], workspace: Path) -> EmailChannel:
        """The channel of a destination from its options (OPTIONS; several addresses are separated by blanks).

        Raises ConfigurationError.
        """
        known_options(destination, cls.name, options, OPTIONS)
        tls = options.get("tls", "starttls")
        port = number(destination, options, "port", _PORTS.get(tls, "587"))
        recipients = {o.partition(".")[2]: v.split() for o, v in options.items() if o.startswith("recipient.")}
        return cls(
            required(destination, cls.name, options, "host"),
            int(port),
            required(destination, cls.name, options, "sender"),
            recipients,
            tls=tls,
            user=options.get("user", ""),
            password=from_workspace(options.get("password", ""), workspace),
            timeout_seconds=number(destination, options, "timeout_seconds", "30"),
            ca_file=workspace / options["ca_file"] if options.get("ca_file") else None,
        )

    def recipients(self, jurisdiction: str) -> tuple[str, ...]:
        """Who gets the letters of a jurisdiction. Raises ConfigurationError where nobody is named: none is guessed."""
        found = self._recipients.get(jurisdiction, ())
        if not found:
            known = ", ".join(sorted(where for where, addresses in self._recipients.items() if addresses)) or "none"
            raise ConfigurationError(
                f"no e-mail recipient for jurisdiction {jurisdiction!r} (configured: {known}); "
                f"set the option recipient.{jurisdiction}"
            )
        return found

    def send(self, parcel: Parcel) -> Receipt:
        """Send one letter to every recipient, or to none.

        Raises ConfigurationError, ChannelUnavailable (nothing was handed over), DeliveryRefused, DeliveryUnknown and
        IntegrityError.
        """
        recipients = self.recipients(parcel.jurisdiction)
        content = wire(compose(parcel, self.sender, recipients, self._clock.now()))
        words = self.post(content, recipients)
        return Receipt(message_id(parcel, self.sender), f"{words} ({', '.join(recipients)})")

    def post(self, content: bytes, recipients: Sequence[str]) -> str:
        """One letter as it goes over the wire, to all of these or to none; the server's words. Raises as `send`."""
        server = self._connect()
        try:
            self._envelope(server, recipients)
            words = self._data(server, content)
        except BaseException:
            server.close()
            raise
        with suppress(smtplib.SMTPException, OSError):  # it is accepted: how we part changes nothing
            server.quit()
        server.close()
        return words

    def look(self, parcel: Parcel) -> Receipt | None:
        """Always raises DeliveryUnknown: nobody can look into another's mailbox."""
        raise DeliveryUnknown(
            f"{parcel.report_id}: e-mail cannot tell whether letter {message_id(parcel, self.sender)} arrived; ask the "
            "recipient, or wait for the answer"
        )

    def collect(self) -> Iterator[tuple[str, Path]]:
        """Nothing: answers to e-mailed reports come through another channel."""
        return iter(())

    def take(self, name: str) -> None:
        """Raises NotFound: this channel brings no answers."""
        raise NotFound(f"no answer {name!r}: the e-mail channel brings none")

    def strays(self) -> list[tuple[str, str]]:
        """Nothing."""
        return []

    def _connect(self) -> smtplib.SMTP:
        try:
            return self._greet()
        except smtplib.SMTPResponseException as fault:
            raise self._by_code(fault.smtp_code, fault.smtp_error, "the greeting") from fault
        except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as fault:
            raise DeliveryRefused(
                f"{self._place()}: no trustworthy TLS ({fault}); nothing was sent. Somebody may be in between, or the "
                "certificate or the option tls is wrong"
            ) from fault
        except (smtplib.SMTPException, OSError) as fault:
            raise ChannelUnavailable(
                f"{self._place()}: cannot connect ({fault}); nothing was sent, try again"
            ) from fault

    def _greet(self) -> smtplib.SMTP:
        ours = self.sender.rpartition("@")[2]
        if self.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, ours, timeout=self._timeout_seconds, context=self._trust
            )
        else:
            server = smtplib.SMTP(self.host, self.port, ours, timeout=self._timeout_seconds)
        try:
            server.ehlo_or_helo_if_needed()
            if self.tls == "starttls":
                server.starttls(context=self._trust)
                server.ehlo_or_helo_if_needed()
            if self._user:
                self._login(server)
        except BaseException:
            server.close()
            raise
        return server

    def _login(self, server: smtplib.SMTP) -> None:
        """Once more with the secret as it is by then: it may be rotated between reading and using it."""
        used = read_secret(self._password)
        try:
            server.login(self._user, used)
        except smtplib.SMTPAuthenticationError:
            fresh = read_secret(self._password)
            if fresh == used:
                raise
            server.login(self._user, fresh)

    def _envelope(self, server: smtplib.SMTP, recipients: Sequence[str]) -> None:
        """Sender and recipients; a single refusal refuses all, because half of the recipients is nobody's wish."""
        try:
            code, words = server.mail(self.sender)
            what = f"the sender {self.sender}"
            for address in recipients:
                if code != _ACCEPTED:
                    break
                code, words = server.rcpt(address)
                what = f"the recipient {address}"
                code = _ACCEPTED if code == 251 else code
        except (smtplib.SMTPException, OSError) as fault:
            raise ChannelUnavailable(
                f"{self._place()}: cut off before the letter ({fault}); nothing was sent"
            ) from fault
        if code != _ACCEPTED:
            raise self._by_code(code, words, what)

    def _data(self, server: smtplib.SMTP, content: bytes) -> str:
        """The letter itself; the server's words when it has accepted it."""
        try:
            code, words = server.data(content)
        except smtplib.SMTPDataError as fault:  # an answer to DATA itself
            raise self._by_code(fault.smtp_code, fault.smtp_error, "the letter") from fault
        except Exception as fault:
            raise DeliveryUnknown(
                f"{self._place()}: cut off in the middle of the letter ({fault}); it may have been accepted"
            ) from fault
        if code != _ACCEPTED:
            raise self._by_code(code, words, "the letter")
        return f"{code} {_shown(words)}"

    def _by_code(self, code: int, words: bytes | str, what: str) -> Exception:
        reply = f"{self._place()} answered {code} {_shown(words)} to {what}"
        if 400 <= code < 500:
            return ChannelUnavailable(f"{reply}; nothing was handed over, try again later")
        if 500 <= code < 600:
            return DeliveryRefused(f"{reply}; it will not accept this letter, somebody has to look")
        return DeliveryUnknown(f"{reply}, which is neither yes nor no")

    def _place(self) -> str:
        return f"SMTP server {self.host}:{self.port}"


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as fault:
        raise ConfigurationError(f"the certificate file {ca_file} cannot be used: {fault}") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(words: bytes | str) -> str:
    """A server's words on one line, without anything that could disturb a log."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return "".join(c if c.isprintable() else " " for c in text)[:500]
