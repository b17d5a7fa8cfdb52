"""Signed links: where a mail may not carry a file, it carries a link that is good for seven days.

A link holds the digest, the file name and its last instant, under HMAC-SHA-256; whoever serves the public address
(console or function) checks it with `open_link` and needs no table of links. The key is a secret of the environment.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from regreport.errors import BadInput, ConfigurationError

LIFETIME: Final = timedelta(days=7)
KEY_BYTES_MIN: Final = 32
KEY_VARIABLE: Final = "REGREPORT_LINK_KEY"


@dataclass(frozen=True)
class Link:
    """What a valid token leads to."""

    digest: str
    file_name: str
    expires_at: datetime


def sign(public_url: str, key: bytes, digest: str, file_name: str, now: datetime) -> str:
    """The address of a file for the next seven days. Raises ConfigurationError for a key that is too short."""
    _check_key(key)
    expires = int((now + LIFETIME).timestamp())
    body = json.dumps({"d": digest, "n": file_name, "e": expires}, sort_keys=True, separators=(",", ":")).encode()
    return f"{public_url.rstrip('/')}/files/{_encode(body)}.{_encode(_seal(key, body))}"


def open_link(token: str, key: bytes, now: datetime) -> Link:
    """What a token leads to. Raises BadInput for one that was changed, is not ours, or has expired, and
    ConfigurationError for a key that is too short: without one, anybody could make a link."""
    _check_key(key)
    head, _, seal = token.partition(".")
    try:
        body, given = _decode(head), _decode(seal)
    except (binascii.Error, ValueError) as error:
        raise BadInput("the link is not whole", "Ask for a new one") from error
    if not hmac.compare_digest(_seal(key, body), given):
        raise BadInput("the link was changed, or was not made here", "Ask for a new one")
    held = json.loads(body)
    expires = datetime.fromtimestamp(held["e"], UTC)
    if now >= expires:
        raise BadInput(f"the link was good until {expires:%Y-%m-%d %H:%M} UTC", "Ask for a new one")
    return Link(held["d"], held["n"], expires)


def _check_key(key: bytes) -> None:
    if len(key) < KEY_BYTES_MIN:
        raise ConfigurationError(
            f"{KEY_VARIABLE} must hold at least {KEY_BYTES_MIN} bytes; make one with: openssl rand -hex 32"
        )


def _seal(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, b"regreport link v1\0" + body, hashlib.sha256).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
