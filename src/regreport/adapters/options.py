"""A destination's channel options from `regreport.toml`, read strictly: nothing misspelt is passed over in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from regreport.errors import ConfigurationError


def known_options(destination: str, channel: str, options: Mapping[str, str], known: Iterable[str]) -> None:
    """Raises ConfigurationError for an option that the channel does not have. `recipient.` stands for a family."""
    families = tuple(name for name in known if name.endswith("."))
    unknown = sorted(o for o in options if o not in known and not o.startswith(families or ("\0",)))
    if unknown:
        raise ConfigurationError(
            f"Destination {destination}: the {channel} channel has no option {', '.join(unknown)}; "
            f"it has {', '.join(sorted(known))}"
        )


def required(destination: str, channel: str, options: Mapping[str, str], name: str) -> str:
    """The option's value. Raises ConfigurationError where it is missing or empty."""
    if not options.get(name):
        raise ConfigurationError(f"Destination {destination}: the {channel} channel needs the option {name!r}")
    return options[name]


def number(destination: str, options: Mapping[str, str], name: str, default: str) -> float:
    """A number that is not negative. Raises ConfigurationError."""
    text = options.get(name, default)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise ConfigurationError(f"Destination {destination}: option {name!r} is {text!r}; write a number, 0 or more")
    return value


def yes_or_no(destination: str, options: Mapping[str, str], name: str) -> bool:
    """`true` or `false`; false where it is absent. Raises ConfigurationError."""
    text = options.get(name, "false").lower()
    if text not in ("true", "false"):
        raise ConfigurationError(f"Destination {destination}: option {name!r} is {text!r}; write true or false")
    return text == "true"
