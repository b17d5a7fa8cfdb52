"""The letter of a sign-off: who signed which day, and the seal that stood then, out of reach of our own database.

What the comment says stays in the ledger: a person may stand in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from regreport.adapters.letter import check_address, plain_letter
from regreport.adapters.smtp import EmailChannel
from regreport.model.seal import Seal
from regreport.model.signed import SignOff


@dataclass(frozen=True)
class SignOffPost:
    """The Post of ports.py by mail, over the same SMTP rules as reports."""

    channel: EmailChannel
    recipients: tuple[str, ...]

    @classmethod
    def open(cls, options: Mapping[str, str], recipients: Sequence[str], workspace: Path) -> SignOffPost:
        """From the options of the e-mail channel. Raises ConfigurationError."""
        checked = tuple(check_address(r, "sign_off.mail_to") for r in recipients)
        return cls(EmailChannel.open("sign-off", options, workspace), checked)

    def send(self, signed: SignOff, seal: Seal | None) -> None:
        """Send one letter. Raises ChannelUnavailable, DeliveryRefused, DeliveryUnknown."""
        day, number = signed.report_date.isoformat(), str(signed.number)
        subject, about = f"regreport: {day} signed off, number {number}", ("sign-off", day, number, signed.digest)
        text = "".join(f"{name}: {value}\n" for name, value in _facts(signed, seal))
        letter = plain_letter(self.channel.sender, self.recipients, subject, signed.signed_at, about, text)
        self.channel.post(letter, self.recipients)


def _facts(signed: SignOff, seal: Seal | None) -> list[tuple[str, str]]:
    facts = [
        ("Day", signed.report_date.isoformat()),
        ("Number", str(signed.number)),
        ("Signed by", "".join(c for c in signed.signed_by if c.isprintable())),
        ("Signed at", f"{signed.signed_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("Account SHA-256", signed.digest),
    ]
    if seal is None:
        return [*facts, ("Seal", "none was made yet")]
    return [
        *facts,
        ("Seal", seal.seal_id),
        ("Sealed at", f"{seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("Root", seal.root),
    ]
