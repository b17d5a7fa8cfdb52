"""The table of findings about a message: the same columns whether the parser or the column check saw the fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

SCHEMA: dict[str, pl.DataType] = {
    "rule": pl.String(),
    "severity": pl.String(),
    "record": pl.UInt32(),
    "reference": pl.String(),
    "field": pl.String(),
    "path": pl.String(),
    "value": pl.String(),
    "message": pl.String(),
}
"""`record` counts from 1, null for the head; `reference` is the caller's to fill; `field` is the regulator's number."""

VALUE_SHOWN_MAX = 200
"""Characters of a value that a finding keeps."""


STRUCTURE_RULES: dict[str, str] = {
    "STR-required": "An element, attribute or value that must be there is missing",
    "STR-choice": "Of a choice none is there, or more than one",
    "STR-occurrence": "An element is there more often, or less often, than it may be",
    "STR-order": "An element stands before one that it must follow",
    "STR-unknown": "An element or attribute has no place in the message",
    "STR-text": "There is text where only elements may be",
    "STR-pattern": "A value does not have the form that it must have",
    "STR-length": "A text is too long or too short",
    "STR-enumeration": "A code is not one of those allowed",
    "STR-number": "A value is not a number in plain digits",
    "STR-boolean": "A value is neither true nor false",
    "STR-date": "A value is not a date, or time, that exists",
    "STR-digits": "A number has too many digits, or too many after the point",
    "STR-range": "A number is outside its limits",
    "STR-characters": "A text holds a character that XML cannot carry",
}
"""The rules of the structural check and of the parser's faults, each with the fault as a sentence."""


@dataclass(frozen=True)
class FieldName:
    """The regulator's number and name of the field that a path carries."""

    number: str
    name: str


Names = Mapping[str, FieldName]
"""Field names by path of the leaf or attribute, without list marks: `New/Buyr/AcctOwnr/Id/LEI`."""


def none() -> pl.DataFrame:
    """A table of no findings."""
    return pl.DataFrame(schema=SCHEMA)


def field_of(names: Names | None, path: str) -> FieldName | None:
    """The field of a path, or of the nearest element above it that is one."""
    while names and path:
        if path in names:
            return names[path]
        path = path.rpartition("/")[0]
    return None


def subject(names: Names | None, path: str) -> str:
    """How a message opens: the field's name and number where known, else the element's path."""
    found = field_of(names, path)
    return f"{found.name} (field {found.number})" if found else path
