"""The e-mail about a report: what a person may be told, in plain text and HTML, and nothing that a value can smuggle.

Every value is checked before it comes near a header (RFC 5322 headers end at a line break, and encoded words of RFC
2047 can decode to one), and escaped in HTML. The Message-ID follows from the report alone: the same file sent again has
the same one, so the other side can tell a repetition.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from io import BytesIO
from typing import Final
from urllib.parse import urlsplit

from regreport.adapters.names import name_fault
from regreport.errors import ChannelUnavailable, ConfigurationError, DeliveryRefused, IntegrityError
from regreport.ports import Parcel

_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+"
)
_UNSEEN: Final = ("Cc", "Cf", "Cs", "Zl", "Zp")
_BARE: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")
LINE_BYTES_MAX: Final = 998


def check_address(address: str, what: str) -> str:
    """The address as it came. Raises ConfigurationError for anything but one plain `name@domain` (no quotes, commas,
    blanks or brackets: each of them can hide a second recipient)."""
    if not _ADDRESS.fullmatch(address) or len(address) > 254:
        raise ConfigurationError(f"{what} {address[:80]!r} is not one plain e-mail address such as reports@example.com")
    return address


def message_id(parcel: Parcel, sender: str) -> str:
    """The Message-ID of a file's letter: from report, file name and digest, never random."""
    return message_id_of((parcel.report_id, parcel.file_name, parcel.digest), sender)


def message_id_of(parts: Sequence[str], sender: str) -> str:
    """The Message-ID that follows from what a letter is about."""
    seed = "\n".join(parts)
    return f"<regreport.{hashlib.sha256(seed.encode('utf-8')).hexdigest()[:40]}@{sender.rpartition('@')[2]}>"


def compose(parcel: Parcel, sender: str, recipients: Sequence[str], at: datetime) -> EmailMessage:
    """The letter. Raises DeliveryRefused for a value that would break out of its place, IntegrityError where the file
    to attach is not the one that was validated."""
    facts = _facts(parcel)
    for name, value in facts:
        _refuse_smuggling(parcel, name, value)
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = ", ".join(recipients)
    letter["Subject"] = _subject(parcel)
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = message_id(parcel, sender)
    letter["Auto-Submitted"] = "auto-generated"
    if parcel.possible_duplicate:
        letter["X-Possible-Duplicate"] = "yes"
    letter.set_content(_text(facts))
    letter.add_alternative(_html(facts), subtype="html")
    if parcel.attach:
        letter.add_attachment(
            _content(parcel), maintype="application", subtype="octet-stream", filename=parcel.file_name
        )
    return letter


def plain_letter(
    sender: str, recipients: Sequence[str], subject: str, at: datetime, about: Sequence[str], text: str
) -> bytes:
    """A letter in plain text as it goes over the wire; its Message-ID follows from what it is `about`."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = ", ".join(recipients)
    letter["Subject"] = subject
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = message_id_of(about, sender)
    letter.set_content(text)
    return wire(letter)


def wire(letter: EmailMessage) -> bytes:
    """The letter as it goes over the wire: CRLF only, no line over 998 bytes (RFC 5321). Raises DeliveryRefused."""
    stream = BytesIO()
    BytesGenerator(stream, policy=SMTP).flatten(letter)
    content = stream.getvalue()
    if _BARE.search(content) or any(len(line) > LINE_BYTES_MAX for line in content.split(b"\r\n")):
        raise DeliveryRefused(f"the letter {letter['Message-ID']} has a line that SMTP cannot carry; nothing was sent")
    return content


def _subject(parcel: Parcel) -> str:
    mark = "POSSIBLE DUPLICATE " if parcel.possible_duplicate else ""
    kind = f"{parcel.jurisdiction} {parcel.report_type} {parcel.report_date.isoformat()}"
    return f"{mark}{parcel.report_id}: {kind}, {parcel.records} records, SHA-256 {parcel.digest}"


def _facts(parcel: Parcel) -> list[tuple[str, str]]:
    facts = [
        ("Report", parcel.report_id),
        ("Jurisdiction", parcel.jurisdiction),
        ("Report type", parcel.report_type),
        ("Regime", parcel.regime),
        ("Report date", parcel.report_date.isoformat()),
        ("Records", str(parcel.records)),
        ("File", parcel.file_name),
        ("Size", f"{parcel.size} bytes"),
        ("SHA-256", parcel.digest),
    ]
    if parcel.possible_duplicate:
        facts.append(("Possible duplicate", "yes: an earlier hand-over of this very file had an unknown outcome"))
    if not parcel.attach and parcel.link:
        facts.append(("Link", parcel.link))
    return facts


def _text(facts: Sequence[tuple[str, str]]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in facts)


def _html(facts: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<tr><th>{html.escape(name)}</th><td>{_cell(name, value)}</td></tr>\n" for name, value in facts)
    return f"<!doctype html>\n<html><body>\n<table>\n{rows}</table>\n</body></html>\n"


def _cell(name: str, value: str) -> str:
    escaped = html.escape(value, quote=True)
    return f'<a href="{escaped}">{escaped}</a>' if name == "Link" else escaped


def _refuse_smuggling(parcel: Parcel, name: str, value: str) -> None:
    if any(unicodedata.category(c) in _UNSEEN for c in value):
        fault = "holds a line break or another character that cannot be seen"
    elif "=?" in value:
        fault = "holds an encoded word ('=?'), which mail programs decode"
    elif name == "File" and name_fault(value):
        fault = f"cannot be used: {name_fault(value)}"
    elif name == "Link" and not _is_safe_link(value):
        fault = "is not an https address"
    else:
        return
    raise DeliveryRefused(f"report {parcel.report_id!r}: {name} {value[:80]!r} {fault}; nothing was sent")


def _is_safe_link(link: str) -> bool:
    """https, or this very machine (a rehearsal)."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    if " " in link or not parts.hostname or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"))


def _content(parcel: Parcel) -> bytes:
    try:
        content = parcel.content.read_bytes()
    except OSError as fault:
        raise ChannelUnavailable(f"{parcel.report_id}: {parcel.file_name} cannot be read: {fault}") from fault
    if hashlib.sha256(content).hexdigest() != parcel.digest or len(content) != parcel.size:
        raise IntegrityError(
            f"{parcel.report_id}: the bytes of {parcel.file_name} are not those that were validated (SHA-256 "
            f"{parcel.digest[:16]}...); nothing was sent. Run `regreport verify`"
        )
    return content
