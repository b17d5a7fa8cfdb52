"""Telling people of an alert: by mail, and to a web address that a firm's own tools listen at.

Only what is known of the report is told (its id, what is wrong), never its content. A web address is called over https,
or on this very machine; a redirect is not followed, for it could lead into somebody else's network.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from regreport.adapters.letter import plain_letter
from regreport.adapters.smtp import EmailChannel
from regreport.errors import ChannelUnavailable, ConfigurationError
from regreport.model.signed import Alert

RECIPIENTS: Final = "alerts"
TIMEOUT_SECONDS: Final = 10.0


@dataclass(frozen=True)
class MailAlarm:
    """Alerts by mail, over the same SMTP rules as reports."""

    channel: EmailChannel
    name: str = "mail"

    @classmethod
    def open(cls, options: Mapping[str, str], workspace: Path) -> MailAlarm:
        """From the options of the e-mail channel, with `recipient.alerts`. Raises ConfigurationError."""
        channel = EmailChannel.open(RECIPIENTS, options, workspace)
        channel.recipients(RECIPIENTS)
        return cls(channel)

    def tell(self, alert: Alert) -> None:
        """Send one letter. Raises ChannelUnavailable, DeliveryRefused, DeliveryUnknown."""
        recipients = self.channel.recipients(RECIPIENTS)
        text = f"{alert.words}\n\nAbout: {alert.subject}\nRaised: {alert.raised_at:%Y-%m-%d %H:%M} UTC\n"
        subject, about = f"regreport: {alert.kind}", ("alert", alert.kind, alert.subject)
        letter = plain_letter(self.channel.sender, recipients, subject, alert.raised_at, about, text)
        self.channel.post(letter, recipients)


@dataclass(frozen=True)
class WebAlarm:
    """Alerts as JSON, posted to one address. Raises ConfigurationError for an address that may not be called."""

    url: str
    name: str = "webhook"

    def __post_init__(self) -> None:
        told = urlsplit(self.url)
        if told.scheme not in ("https", "http") or not told.hostname or told.username:
            raise ConfigurationError(f"alerts.webhook {self.url!r} is not an https address without a user in it")

    def tell(self, alert: Alert) -> None:
        """Post it. Raises ChannelUnavailable, and ConfigurationError where the name leads where nobody may call."""
        told = urlsplit(self.url)
        address = self._address(str(told.hostname), told.port or (443 if told.scheme == "https" else 80))
        content = {"kind": alert.kind, "about": alert.subject, "words": alert.words, "raised_at": alert.raised_at}
        body = json.dumps(content, default=lambda instant: instant.isoformat())
        headers = {"Content-Type": "application/json"}
        connection = self._connection(told.scheme, str(told.hostname), address)
        try:
            connection.request("POST", (told.path or "/") + (f"?{told.query}" if told.query else ""), body, headers)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as fault:
            raise ChannelUnavailable(f"{self._place()} did not take an alert: {fault}") from fault
        finally:
            connection.close()
        if not 200 <= answer.status < 300:
            raise ChannelUnavailable(f"{self._place()} did not take an alert: it answered {answer.status}")

    def _address(self, host: str, port: int) -> tuple[str, int]:
        """Where the name leads now, checked: the very address that is checked is called."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]
        except OSError as fault:
            raise ChannelUnavailable(f"{self._place()} cannot be found: {fault}") from fault
        address = ipaddress.ip_address(found)
        address = getattr(address, "ipv4_mapped", None) or address
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            raise ConfigurationError(f"{self._place()} leads to {address}, where no alert may be sent")
        if self.url.startswith("http:") and not address.is_loopback:
            raise ConfigurationError(f"{self._place()} would be called in the clear; use https")
        return str(found), port

    def _connection(self, scheme: str, host: str, address: tuple[str, int]) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(*address, timeout=TIMEOUT_SECONDS)
        made = http.client.HTTPSConnection(host, address[1], timeout=TIMEOUT_SECONDS)
        context = ssl.create_default_context()
        try:
            plain = socket.create_connection(address, TIMEOUT_SECONDS)
            made.sock = context.wrap_socket(plain, server_hostname=host)
        except OSError as fault:
            raise ChannelUnavailable(f"{self._place()} cannot be reached: {fault}") from fault
        return made

    def _place(self) -> str:
        told = urlsplit(self.url)
        return f"alerts.webhook {told.scheme}://{told.hostname}"  # what follows may be a secret
