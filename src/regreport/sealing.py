"""Sealing over a home: which key signs, where seals are given away to, and what `verify` may trust."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from regreport.adapters.anchor import AnchorFolder
from regreport.errors import BadInput, ConfigurationError
from regreport.evidence import keys
from regreport.evidence import seal as sealing
from regreport.evidence.seal_check import Trust
from regreport.model.seal import Seal
from regreport.pipeline.home import Home, later


@dataclass(frozen=True)
class Sealed:
    """What sealing did: the new seal (None where nothing was new), the seals given to the anchor, the public key."""

    seal: Seal | None
    given: tuple[str, ...]
    public_key: str
    anchored: bool


def open_anchor(home: Home, workspace: Path, given: Path | None = None) -> AnchorFolder | None:
    """The anchor that is given, else that of the settings; None where there is neither. Raises ConfigurationError."""
    if given is None and home.settings.seal.anchor:
        given = workspace / home.settings.seal.anchor
    return None if given is None else AnchorFolder(given, workspace)


def seal(home: Home, workspace: Path, on: date) -> Sealed | None:
    """Seal what no seal covers yet and give every seal to the anchor; None where no key is configured."""
    key = keys.signing_key(home.settings.seal.key, workspace)
    if key is None:
        return None
    until = later(home.now().date(), home.settings.retention_years)
    made = sealing.make(home.ledger, home.store, key, on, home.now(), until, home.actor)
    anchor = open_anchor(home, workspace)
    given = sealing.anchor_missing(anchor, home.ledger.seals(), home.store, key.public) if anchor else []
    return Sealed(made, tuple(given), key.public, anchor is not None)


def trust(home: Home, workspace: Path, anchor: Path | None, public_keys: Sequence[str], told: Sequence[str]) -> Trust:
    """What `verify` may trust: from options, settings, the anchor and the private key; never from the store.

    `told`: SEAL=ROOT. Raises ConfigurationError, BadInput.
    """
    settings = home.settings.seal
    held = open_anchor(home, workspace, anchor)
    if held is not None and not held.folder.is_dir():
        raise ConfigurationError(f"There is no anchor {held.folder}: give the folder that the seals were given to")
    publics = [keys.public_key(k) for k in public_keys]
    publics += [keys.public_key(str(workspace / k) if (workspace / k).is_file() else k) for k in settings.public_keys]
    own = None if publics else keys.signing_key(settings.key, workspace)
    publics += [keys.public_key(k) for k in (held.keys() if held else [])] + ([own.public] if own else [])
    return Trust(keys.by_id(publics), held, dict(_root_told(words) for words in told))


def _root_told(words: str) -> tuple[str, str]:
    name, _, root = words.partition("=")
    if not re.fullmatch(r"S-[0-9]{6,}", name) or not re.fullmatch(r"[0-9a-f]{64}", root):
        raise BadInput(
            "this is not SEAL=ROOT", "Write it as the mail does: S-000001=<64 digits>", field="--sealed", value=words
        )
    return name, root
