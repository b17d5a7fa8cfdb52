"""How text is read as values: what a mapping declares under [file] and, where needed, again for one column."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any
from zoneinfo import available_timezones

from regreport.errors import ConfigurationError
from regreport.sources.declared import flag, known_keys, one_of, text
from regreport.sources.timeform import compile_form


@dataclass(frozen=True)
class Reading:
    """`zone` holds for timestamps that carry none themselves; `fold` ("earlier", "later" or "") says which instant a
    local time means that the clocks show twice. `strip` takes blanks off both ends. `parted_by` parts the entries of a
    list. `float` "shortest" takes a binary number at its shortest decimal form.
    """

    decimal_mark: str = "."
    thousands: str = ""
    date_format: str = "%Y-%m-%d"
    timestamp_format: str = ""
    zone: str = ""
    fold: str = ""
    strip: bool = False
    parted_by: str = "|"
    float: str = ""


READING_KEYS = set(Reading.__dataclass_fields__)


def declared_reading(base: Reading, settings: dict[str, Any], where: str) -> Reading:
    """`base` with what is declared. Raises ConfigurationError naming key and what is allowed."""
    known_keys(settings, READING_KEYS, where)
    for key, value in settings.items():
        (flag if key == "strip" else text)(value, f"{where} {key}")
    reading = replace(base, **settings)
    one_of(reading.decimal_mark, (".", ","), f"{where} decimal_mark")
    one_of(reading.thousands, ("", ".", ",", "'", " "), f"{where} thousands")
    one_of(reading.fold, ("", "earlier", "later"), f"{where} fold")
    one_of(reading.float, ("", "shortest"), f"{where} float")
    if reading.thousands == reading.decimal_mark:
        raise ConfigurationError(f"{where} thousands and decimal_mark are the same character")
    if not reading.parted_by:
        raise ConfigurationError(f"{where} parted_by is empty")
    _check_zone(reading.zone, where)
    compile_form(reading.date_format, f"{where} date_format")
    if reading.timestamp_format:
        form = compile_form(reading.timestamp_format, f"{where} timestamp_format")
        if not {"hour", "minute", "second"} <= form.groups:
            raise ConfigurationError(f"{where} timestamp_format must hold hour, minute and second (%H %M %S)")
    return reading


def _check_zone(zone: str, where: str) -> None:
    if not zone or zone in available_timezones():
        return
    near = get_close_matches(zone, sorted(available_timezones()), n=3)
    hint = f". Near it: {', '.join(near)}" if near else ". For example: Europe/Stockholm"
    raise ConfigurationError(f"{where} zone {zone!r} is not in the IANA time zone database{hint}")
