"""A record as an lxml tree, from a row whose keys are the paths of its elements (the wire table's own names)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from lxml import etree

from regreport.engine.message import Message
from regreport.engine.table import Node


@dataclass(frozen=True)
class _Step:
    """How one column becomes elements: the tags on the way to it, its own, and what it is."""

    column: str
    above: tuple[tuple[str, str], ...]
    """(path, tag) of the containers between the record and this element."""
    tag: str
    attributes: tuple[tuple[str, str], ...]
    """(column, name) of its attributes."""
    inner: tuple[_Step, ...] | None
    """The steps of a repeating element's own columns; None for one of text."""
    repeats: bool


class TreeBuilder:
    """Builds the elements of one message's records; `schema` says which columns there are to look at."""

    def __init__(self, message: Message, schema: pl.Schema) -> None:
        self.namespace = message.namespace
        self.record_tag = self._name(message.record.tag)
        self.above = [self._name(tag) for tag in message.record_path.split("/")[1:-1]]
        self.steps = self._steps(message.record, dict(schema))

    def document(self, rows: Sequence[Mapping[str, Any]]) -> etree._Element:
        """A whole document of the rows, in their order, without an envelope."""
        root = etree.Element(self._name("Document"), nsmap={None: self.namespace})
        parent = root
        for tag in self.above:
            parent = etree.SubElement(parent, tag)
        for row in rows:
            self._fill(etree.SubElement(parent, self.record_tag), row, self.steps)
        return root

    def _name(self, tag: str) -> str:
        return f"{{{self.namespace}}}{tag}"

    def _steps(self, group: Node, columns: Mapping[str, Any]) -> tuple[_Step, ...]:
        """The columns that a record has, or a repeating element, in document order."""
        steps: list[_Step] = []
        for child in group.children:
            self._collect(child, (), columns, steps)
        return tuple(steps)

    def _collect(
        self, node: Node, above: tuple[tuple[str, str], ...], columns: Mapping[str, Any], steps: list[_Step]
    ) -> None:
        tag = self._name(node.tag)
        if node.kind != "leaf" and not node.repeats:
            for child in node.children:
                self._collect(child, (*above, (node.name, tag)), columns, steps)
        elif node.name in columns:
            names = [(f"{node.name}/@{a.name}", a.name) for a in node.attributes]
            attributes = tuple(named for named in names if named[0] in columns)
            inner = None if node.kind == "leaf" else self._steps(node, _fields(columns[node.name]))
            steps.append(_Step(node.name, above, tag, attributes, inner, node.repeats))

    def _fill(self, element: etree._Element, row: Mapping[str, Any], steps: Sequence[_Step]) -> None:
        made: dict[str, etree._Element] = {}
        for step in steps:
            value = row.get(step.column)
            if value is None:
                continue
            parent = element
            for path, tag in step.above:
                if path not in made:
                    made[path] = etree.SubElement(parent, tag)
                parent = made[path]
            for one in value if step.repeats else (value,):
                leaf = etree.SubElement(parent, step.tag)
                if step.inner is not None:
                    self._fill(leaf, one, step.inner)
                    continue
                leaf.text = one
                for column, name in step.attributes:
                    if row.get(column) is not None:
                        leaf.set(name, row[column])


def _fields(dtype: Any) -> dict[str, Any]:
    """The columns of the elements of a repeating group."""
    return {f.name: f.dtype for f in dtype.inner.fields}
