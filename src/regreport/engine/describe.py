"""The field table of a message for the docs: every leaf and attribute, what it must be and how often, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from regreport.engine.findings import Names, field_of
from regreport.engine.message import Message
from regreport.engine.table import RECORD, Node
from regreport.engine.words import value_words


@dataclass(frozen=True)
class Description:
    """One leaf or attribute of a record: its path, field number and name where known, occurrence and form in words."""

    path: str
    number: str
    name: str
    occurrence: str
    form: str


def describe(message: Message, names: Names | None = None) -> list[Description]:
    """The leaves and attributes of a record in document order."""
    return list(_describe(message.record, names, optional=False, in_choice=False))


def _describe(node: Node, names: Names | None, *, optional: bool, in_choice: bool) -> Iterator[Description]:
    optional = optional or (node.min == 0 and node.path != RECORD)
    if node.kind in ("leaf", "any"):
        form = value_words(node.facets) if node.facets else "one element of another schema"
        yield _row(node.path, names, _occurrence(node, optional=optional, in_choice=in_choice), form)
        for attribute in node.attributes:
            occurrence = "required with its element" if attribute.required else "optional"
            yield _row(f"{node.path}/@{attribute.name}", names, occurrence, value_words(attribute.facets))
    for child in node.children:
        yield from _describe(child, names, optional=optional, in_choice=node.kind == "choice")


def _row(path: str, names: Names | None, occurrence: str, form: str) -> Description:
    field = field_of(names, path)
    return Description(path, field.number if field else "", field.name if field else "", occurrence, form)


def _occurrence(node: Node, *, optional: bool, in_choice: bool) -> str:
    if in_choice:
        text = "one of a choice"
    else:
        text = "optional" if optional else "required"
    if node.repeats:
        text += ", repeats without limit" if node.max is None else f", up to {node.max} times"
    return text
