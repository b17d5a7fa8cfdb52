"""Forms of dates and timestamps: a declared format as an exact pattern, so that nothing is read leniently.

A format is compiled to a regular expression with one named group a part. Library date parsers accept missing zeros,
trailing text and rolled-over seconds; a pattern does not. Default timestamps are ISO 8601 / RFC 3339.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from regreport.errors import ConfigurationError

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ZONE = r"(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})"

_PARTS = {
    "%Y": r"(?P<year>[0-9]{4})",
    "%m": r"(?P<month>[0-9]{2})",
    "%-m": r"(?P<month>[0-9]{1,2})",
    "%b": rf"(?P<month_name>{'|'.join(MONTHS)})",
    "%d": r"(?P<day>[0-9]{2})",
    "%-d": r"(?P<day>[0-9]{1,2})",
    "%H": r"(?P<hour>[0-9]{2})",
    "%M": r"(?P<minute>[0-9]{2})",
    "%S": r"(?P<second>[0-9]{2})",
    "%.f": r"(?:\.(?P<fraction>[0-9]+))?",
    "%z": ZONE,
    "%%": "%",
}
_ISO_DATE = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_ISO_TIMESTAMP = (
    rf"{_ISO_DATE}[T ](?P<hour>[0-9]{{2}}):(?P<minute>[0-9]{{2}}):(?P<second>[0-9]{{2}})"
    rf"(?:\.(?P<fraction>[0-9]+))?{ZONE}?"
)


@dataclass(frozen=True)
class Form:
    """`pattern` for the whole text with the groups in `groups`; `shown` is how it is called in messages."""

    pattern: str
    groups: frozenset[str]
    shown: str


ISO_TIMESTAMP = Form(
    f"^{_ISO_TIMESTAMP}$",
    frozenset({"year", "month", "day", "hour", "minute", "second", "fraction", "offset"}),
    "YYYY-MM-DDTHH:MM:SS[.ffffff] with Z or an offset",
)


@cache
def compile_form(declared: str, where: str = "") -> Form:
    """The form of a declared format such as `%d/%m/%Y %H:%M:%S%.f`. Raises ConfigurationError for an unknown part."""
    pattern = ""
    groups: set[str] = set()
    for part in re.findall(r"%-?\.?[A-Za-z%]|%|[^%]+", declared):
        if not part.startswith("%"):
            pattern += re.escape(part)
        elif part not in _PARTS:
            known = " ".join(_PARTS)
            raise ConfigurationError(f"{where} {declared!r} has the unknown part {part!r}. Known: {known}")
        else:
            named = re.findall(r"\?P<([a-z_]+)>", _PARTS[part])
            if groups & set(named):
                raise ConfigurationError(f"{where} {declared!r} names the {named[0]} twice")
            groups |= set(named)
            pattern += _PARTS[part]
    month = groups & {"month", "month_name"}
    if not {"year", "day"} <= groups or len(month) != 1:
        raise ConfigurationError(f"{where} {declared!r} must hold a year of four digits (%Y), one month and a day")
    return Form(f"^{pattern}$", frozenset(groups), declared)
