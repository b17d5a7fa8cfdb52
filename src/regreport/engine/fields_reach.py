"""How far the rows of a field layer reach into a message: the places a record has, and which of them nobody claims.

A place is a path from the record down, `[]` after each repeating element: a leaf, an attribute (`/@Ccy`), or a
container with a slash at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from regreport.engine.fields_rows import FieldRow, PathRow
from regreport.engine.findings import FieldName
from regreport.engine.table import Facets, Node


@dataclass(frozen=True)
class Place:
    """One place of a record. `values` are all that a leaf may hold, where the schema lists them; else empty.

    `optional` says of a container that it is valid with nothing in it.
    """

    path: str
    optional: bool = False
    values: tuple[str, ...] = ()

    @property
    def container(self) -> bool:
        """Whether it is a container and not a leaf or attribute."""
        return self.path.endswith("/")


def places(record: Node) -> Iterator[Place]:
    """Every place of a record, in document order."""
    for child in record.children:
        yield from _places(child, child.tag)


def _places(node: Node, path: str) -> Iterator[Place]:
    path = f"{path}[]" if node.repeats else path
    if node.kind in ("leaf", "any"):
        yield Place(path, values=_values(node.facets))
        for attribute in node.attributes:
            yield Place(f"{path}/@{attribute.name}", values=_values(attribute.facets))
        return
    some_required = all(c.min for c in node.children) if node.kind == "choice" else any(c.min for c in node.children)
    yield Place(f"{path}/", optional=not some_required)
    for child in node.children:
        yield from _places(child, f"{path}/{child.tag}")


def _values(facets: Facets | None) -> tuple[str, ...]:
    """All values of a leaf, where the schema gives a list of them or a pattern that is nothing but such a list."""
    if facets is None or facets.enumeration:
        return facets.enumeration if facets else ()
    plain = facets.pattern.replace("(", "").replace(")", "")
    return tuple(plain.split("|")) if plain and re.fullmatch(r"[A-Z]+(\|[A-Z]+)*", plain) else ()


def column_ranks(record: Node) -> dict[str, int]:
    """Columns of the wire table of a record -> their rank in document order; a mark comes before what it contains."""
    columns: dict[str, int] = {}
    for rank, place in enumerate(places(record)):
        columns.setdefault(place.path.partition("[]")[0], rank)
    return columns


def unclaimed_places(record: Node, rows: Iterable[PathRow]) -> list[str]:
    """Leaves, attributes and containers that are valid when empty that no row claims, in document order.

    A leaf that is claimed by constants only is unclaimed if the schema allows other values too.
    """
    constants: dict[str, set[str]] = {}
    claimed: set[str] = set()
    for row in rows:
        if row.constant is None or row.path.endswith("/"):
            claimed.add(row.path)
        else:
            constants.setdefault(row.path, set()).add(row.constant)

    def free(place: Place) -> bool:
        if place.path in claimed or (place.container and not place.optional):
            return False
        given = constants.get(place.path)
        return given is None or not place.values or not given.issuperset(place.values)

    return [place.path for place in places(record) if free(place)]


def field_names(fields: Sequence[FieldRow], rows: Sequence[PathRow]) -> dict[str, FieldName]:
    """Path without `[]` -> the field that stands there.

    A container has the first field below it, where those that stand below are one field or belong together (the buyer,
    the quantity and its currency).
    """
    named = {row.column: FieldName(row.number, row.name.removesuffix(" (kind)")) for row in fields}
    names: dict[str, FieldName] = {}
    below: dict[str, list[str]] = {}
    for row in rows:
        column = row.column or row.when[-1].column
        path = row.path.replace("[]", "").rstrip("/")
        names.setdefault(path, named[column])
        steps = path.split("/")
        for depth in range(1, len(steps)):
            below.setdefault("/".join(steps[:depth]), []).append(column)
    for path, columns in below.items():
        if path not in names and _belong_together(columns, {named[c].number for c in columns}):
            names[path] = named[columns[0]]
    return names


_STEM_MIN: Final = 5
"""Columns whose names begin with the same letters, this many at least, speak of one thing (quantity, quantity_type)."""


def _belong_together(columns: Sequence[str], numbers: set[str]) -> bool:
    return len(numbers) == 1 or len(_stem(columns)) >= _STEM_MIN


def _stem(words: Sequence[str]) -> str:
    """The letters that all words begin with."""
    first, last = min(words), max(words)
    return next((first[:at] for at, letter in enumerate(first) if last[at : at + 1] != letter), first)


def known_paths(record: Node) -> Mapping[str, Place]:
    """Every place of a record by its path."""
    return {place.path: place for place in places(record)}
