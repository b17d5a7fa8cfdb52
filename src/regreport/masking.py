"""Persons' values hidden where people look: what a value tells of a person is left out, its length stays.

A column is known by its name, in the source as in a regime's fields; a value that is an LEI, a MIC or a code of four
letters in the place of an identifier is no person and stays. The length helps to see a lost letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import polars as pl

_PARTY: Final = r"(client|buyer|seller|counterparty)(_decision_maker)?"
_IDENTIFIER: Final = rf"^({_PARTY}([._]id)?|(investment_decision|execution)_id)$"
_NAMED: Final = rf"^{_PARTY}[._](first_names|surnames|birth_date)$|/Prsn(/|$)"
_CODE: Final = r"([A-Z0-9]{18}[0-9]{2}|[A-Z0-9]{4})"
_NO_PERSON: Final = rf"^{_CODE}([|, ]+{_CODE})*$"
_PERSON: Final = re.compile(f"{_IDENTIFIER}|{_NAMED}")
_BY_NAME: Final = re.compile(_NAMED)
_OTHERS: Final = re.compile(_NO_PERSON)
_SHORT: Final = 3
"""A value of fewer letters is not looked for inside a sentence."""


def is_person(column: str) -> bool:
    """Whether a column (of the source, of a regime's fields, or a path of a message) may tell who a person is."""
    return _PERSON.search(column) is not None


def masked(column: str, value: Any) -> Any:
    """A value as it may be shown: hidden where its column may tell who a person is. Lists and the faults of a source
    row are masked inside."""
    if isinstance(value, (list, tuple)):
        return [masked(column, one) for one in value]
    if isinstance(value, Mapping):
        return masked_row(value, str(value.get("column", column)))
    if not isinstance(value, str) or not is_person(column):
        return value
    if not value or (not _BY_NAME.search(column) and _OTHERS.fullmatch(value)):
        return value
    return f"(person, {len(value)} characters)"


def masked_row(row: Mapping[str, Any], about: str) -> dict[str, Any]:
    """A finding or a fault: its value is hidden where what it is `about` may tell who a person is, also where its words
    quote the value."""
    value = row.get("value")
    shown = masked(about, value)
    if shown == value or not isinstance(value, str):
        return dict(row)
    return {k: shown if k == "value" else without(v, [value]) for k, v in row.items()}


def masked_source(row: Mapping[str, Any]) -> dict[str, Any]:
    """A source row: every column that may tell who a person is."""
    return {column: masked(column, value) for column, value in row.items()}


def persons_in(row: Mapping[str, Any]) -> list[str]:
    """The values of a source row that are hidden, those of its faults too, longest first."""
    faults = [(str(f.get("column", "")), f.get("value")) for f in row.get("source_faults") or ()]
    parted = [(column, one) for column, value in row.items() for one in (value if isinstance(value, list) else [value])]
    found = {one for column, one in [*parted, *faults] if isinstance(one, str) and masked(column, one) != one}
    return sorted(found, key=len, reverse=True)


def without(words: Any, values: Iterable[str]) -> Any:
    """A sentence with these values taken out of it; anything else as it is."""
    if isinstance(words, str):
        for value in values:
            if len(value) >= _SHORT:
                words = words.replace(value, f"(person, {len(value)} characters)")
    return words


def masked_story(source: Mapping[str, Any], told: Any) -> tuple[dict[str, Any], Any]:
    """A source row, and everything that is told of it: findings masked, and the row's persons taken out of every
    sentence, whoever wrote it."""
    persons = persons_in(source)
    return masked_source(source), _told(told, persons)


def _told(told: Any, persons: Iterable[str]) -> Any:
    if isinstance(told, list):
        return [_told(one, persons) for one in told]
    if isinstance(told, Mapping):
        row = masked_row(told, str(told.get("path", ""))) if "path" in told else dict(told)
        return {k: _told(v, persons) for k, v in row.items()}
    return without(told, persons)


def masked_table(table: pl.DataFrame, shown: Iterable[str], column: str = "column") -> pl.DataFrame:
    """The table with the values in `shown` hidden where the field named in `column` may tell who a person is."""
    person = pl.col(column).str.contains(_PERSON.pattern)
    named = pl.col(column).str.contains(_NAMED)
    return table.with_columns(
        pl.when(person & (pl.col(c) != "") & (named | ~pl.col(c).str.contains(_NO_PERSON)))
        .then(pl.format("(person, {} characters)", pl.col(c).str.len_chars()))
        .otherwise(pl.col(c))
        .alias(c)
        for c in shown
    )
