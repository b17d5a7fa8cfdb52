"""Keys of seals: Ed25519 (RFC 8032). The private one is kept by reference, outside the ledger and the store.

A public key is written as 64 hexadecimal digits; its id is the start of its SHA-256. Which public keys are trusted is
said by a setting, an option or the anchor folder, never by the store: whoever can rewrite the store could put his own
there.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from regreport.errors import BadInput, ConfigurationError

VARIABLE: Final = "REGREPORT_SIGNING_KEY"
"""A file with the private key, or the key itself (PEM, or 64 hexadecimal digits)."""

KEY_BYTES: Final = 32
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")
_REMEDY: Final = f"Make one with: regreport seal --new-key FILE, and name it in {VARIABLE} or [seal] key"


class SigningKey:
    """A private key in use. `public` is the public key in hexadecimal digits, `id` its short name."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw().hex()
        self.id = key_id(self.public)

    def sign(self, message: bytes) -> str:
        """The signature in hexadecimal digits."""
        return self._key.sign(message).hex()


def key_id(public: str) -> str:
    """The short name of a public key."""
    return sha256(bytes.fromhex(public)).hexdigest()[:16]


def signing_key(configured: str, workspace: Path) -> SigningKey | None:
    """The private key that the environment names, else the settings; None where neither does.

    Raises ConfigurationError: it cannot be read, others can read it, it lies in the store, or it is no such key.
    """
    told = os.environ.get(VARIABLE, "").strip()
    if "PRIVATE KEY" in told or _HEX.fullmatch(told):
        return SigningKey(_private(told, VARIABLE))
    if told or configured:
        path = Path(told) if told else workspace / configured
        return SigningKey(_private(_text_of(path, workspace), str(path)))
    return None


def require_key(configured: str, workspace: Path) -> SigningKey:
    """The private key. Raises ConfigurationError where there is none."""
    key = signing_key(configured, workspace)
    if key is None:
        raise ConfigurationError(f"No signing key is configured: nothing can be sealed. {_REMEDY}")
    return key


def _text_of(path: Path, workspace: Path) -> str:
    _outside_store(path, workspace)
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigurationError(f"The signing key {path} can be read by others; run: chmod 600 {path}")
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"The signing key {path} cannot be read: {type(fault).__name__}. {_REMEDY}") from fault


def _outside_store(path: Path, workspace: Path) -> None:
    if (workspace / "store").resolve() in path.resolve().parents:
        raise ConfigurationError(f"The signing key {path} lies in the store that it is to protect; move it elsewhere")


def _private(text: str, place: str) -> Ed25519PrivateKey:
    try:
        if _HEX.fullmatch(text.strip()):
            return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text.strip()))
        key = serialization.load_pem_private_key(text.encode("ascii"), None)
    except (ValueError, TypeError, UnicodeEncodeError) as fault:
        raise ConfigurationError(f"{place} holds no private key in PEM form without a password. {_REMEDY}") from fault
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"{place} holds a key of another kind than Ed25519. {_REMEDY}")
    return key


def new_key(path: Path, workspace: Path) -> str:
    """Make a private key in a new file that only its owner can read, and its public key beside it (`.pub`), which is
    returned. Raises BadInput (there is a file already, or it cannot be made), ConfigurationError (in the store)."""
    _outside_store(path, workspace)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = SigningKey(key).public
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(pem)
            stream.flush()
            os.fsync(stream.fileno())
        path.with_name(path.name + ".pub").write_text(public + "\n", encoding="ascii")
    except FileExistsError:
        raise BadInput("there is a file already; a key is never overwritten", "Name another", str(path)) from None
    except OSError as fault:
        raise BadInput(f"the key cannot be written: {fault.strerror}", "Name another place", str(path)) from fault
    return public


def public_key(told: str) -> str:
    """A public key as given, in hexadecimal digits: those digits, base64, PEM, or a file with one of them.

    Raises ConfigurationError.
    """
    text = told.strip()
    if not _HEX.fullmatch(text) and Path(text).is_file():
        text = Path(text).read_text(encoding="ascii", errors="replace").strip()
    if _HEX.fullmatch(text):
        return text.lower()
    body = "".join(line for line in text.splitlines() if not line.startswith("-----"))
    try:
        raw = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) not in (KEY_BYTES, KEY_BYTES + 12):  # PEM puts 12 bytes before the key (RFC 8410)
        raise ConfigurationError(
            f"{told[:80]!r} is no public key: give 64 hexadecimal digits, base64, or a file with one of them"
        )
    return raw[-KEY_BYTES:].hex()


def by_id(publics: Iterable[str]) -> dict[str, str]:
    """Public keys by their ids."""
    return {key_id(public): public for public in publics}


def is_signed(document: bytes, signature: str, public: str) -> bool:
    """Whether the signature of a message is that of this key."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), document)
    except (InvalidSignature, ValueError):
        return False
    return True


Trusted = Mapping[str, str]
"""Key id -> public key."""
