"""Reading what a TOML file declares, key by key: a wrong type or an unknown key is an error that names its place."""

from __future__ import annotations

from typing import Any

from regreport.errors import ConfigurationError


def known_keys(settings: dict[str, Any], known: set[str], where: str) -> None:
    """Raises ConfigurationError for the first key that is not known: one that is ignored would be a silent default."""
    for key in settings:
        if key not in known:
            raise ConfigurationError(f"{where}: unknown key {key!r}. Known: {', '.join(sorted(known))}")


def table(value: object, where: str) -> dict[str, Any]:
    """The value as a TOML table."""
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where} must be a table")
    return value


def text(value: object, where: str) -> str:
    """The value as text; TOML's own true and false are taken as the words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise ConfigurationError(f"{where} must be text between quotes, not {value!r}")
    return value


def flag(value: object, where: str) -> bool:
    """The value as true or false."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{where} must be true or false, not {value!r}")
    return value


def one_of(value: object, allowed: tuple[str, ...], where: str) -> str:
    """The value as one of a few texts."""
    if not isinstance(value, str) or value not in allowed:
        raise ConfigurationError(f"{where} is {value!r}; it may be {', '.join(repr(one) for one in allowed)}")
    return value
