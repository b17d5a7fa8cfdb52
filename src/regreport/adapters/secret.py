"""Secrets by reference: configuration says where a secret is, never what it is, and it is read anew for each use.

So it can be rotated without a restart, and neither the settings, a log nor an error message can show it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from regreport.errors import ConfigurationError


def read_secret(reference: str) -> str:
    """The secret behind `env:NAME` or `file:PATH` (its first line).

    Raises ConfigurationError: an unknown form, nothing there, or a file that others on the machine can read.
    """
    kind, _, place = reference.partition(":")
    if kind == "env" and place:
        if not os.environ.get(place):
            raise ConfigurationError(f"the environment variable {place} is not set; it should hold a secret")
        return os.environ[place]
    if kind == "file" and place:
        return _from_file(Path(place))
    raise ConfigurationError("a secret is given by reference: env:NAME or file:PATH, never by its value")


def from_workspace(reference: str, workspace: Path) -> str:
    """The reference with a relative file taken from the workspace."""
    kind, _, place = reference.partition(":")
    return f"file:{workspace / place}" if kind == "file" and place else reference


def _from_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ConfigurationError(f"the secret file {path} can be read by others; run: chmod 600 {path}")
            secret = stream.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"the secret file {path} cannot be read: {type(fault).__name__}") from fault
    if not secret:
        raise ConfigurationError(f"the secret file {path} is empty")
    return secret
