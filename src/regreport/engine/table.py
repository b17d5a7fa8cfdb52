"""The declaration of a message: its schema compiled to a tree of nodes, kept as one CSV table per message version.

One row is an element (or an attribute of the element above it) in document order, so that a new version of a message
is a new table and a diff that a person can review, and no code. The table holds facts only: names, order, how often,
and the limits of values (W3C XML Schema 1.0, parts 1 and 2).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

from regreport.errors import BadInput

RECORD = "/"
"""The path of the node whose elements are the records."""

KINDS = ("sequence", "choice", "leaf", "any")


@dataclass(frozen=True)
class Facets:
    """What the text of a leaf or attribute may be.

    `base` is the XML Schema built-in type. `pattern` is an XML Schema regular expression for the whole value (several
    patterns of one type are joined by `|`). Bounds are kept as the schema writes them. None or "" means no limit.
    """

    base: str = "string"
    pattern: str = ""
    enumeration: tuple[str, ...] = ()
    length_min: int | None = None
    length_max: int | None = None
    digits_total: int | None = None
    digits_fraction: int | None = None
    value_min: str = ""
    value_above: str = ""
    value_max: str = ""
    value_below: str = ""


@dataclass(frozen=True)
class Attribute:
    """An attribute of a leaf: its name, whether it must be there, its type name and facets."""

    name: str
    required: bool
    type: str
    facets: Facets


@dataclass(frozen=True, eq=False)
class Node:
    """One element at one place of the tree.

    `kind`: "sequence" and "choice" hold children, "leaf" holds text, "any" holds one element of any kind (kept as raw
    text). `min` and `max` are how often it may occur, `max` None means without limit. `path` is where the element
    stands, `name` the column that holds it (see `message.place`). `namespace` is written on the element where
    `declares` is true: where it differs from the parent's. `wildcard` is the namespace that an "any" accepts.
    """

    tag: str
    kind: str
    min: int = 1
    max: int | None = 1
    type: str = ""
    facets: Facets | None = None
    attributes: tuple[Attribute, ...] = ()
    children: tuple[Node, ...] = ()
    namespace: str = ""
    declares: bool = False
    wildcard: str = ""
    path: str = ""
    name: str = ""

    @property
    def repeats(self) -> bool:
        """Whether the element may occur more than once, so that its column is a list."""
        return self.max is None or self.max > 1

    @cached_property
    def by_tag(self) -> dict[str, tuple[int, Node]]:
        """Children by tag, each with its rank in document order."""
        return {child.tag: (rank, child) for rank, child in enumerate(self.children)}

    @cached_property
    def opening(self) -> str:
        """The start tag without its closing `>`, with the namespace where it changes."""
        return f'<{self.tag} xmlns="{self.namespace}"' if self.declares else f"<{self.tag}"

    @property
    def closing(self) -> str:
        """The end tag."""
        return f"</{self.tag}>"

    @property
    def base(self) -> str:
        """What its own column names begin with, in the table of its group: "" where the element is that group."""
        return "" if self.repeats or self.path == RECORD else self.name

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The columns of the table of which this element is a row (record, list element or root), in document order."""
        found: dict[str, Column] = {}
        _collect(self, found)
        return found

    def find(self, path: str) -> Node:
        """The node at `path` below this one (tags joined by `/`). Raises KeyError where there is none."""
        node = self
        for tag in filter(None, path.split("/")):
            node = node.by_tag[tag][1]
        return node


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a group's table: the node it belongs to and what it holds.

    `kind`: "text" (a leaf, or the raw text of a wildcard), "attribute", "marker" (present with nothing in it), "list".
    """

    node: Node
    kind: str
    attribute: Attribute | None = None


def _collect(node: Node, found: dict[str, Column]) -> None:
    base = node.base
    if node.kind in ("leaf", "any"):
        found[base] = Column(node, "text")
    else:
        found[f"{base}/"] = Column(node, "marker")
    for attribute in node.attributes:
        found[f"{base}/@{attribute.name}" if base else f"@{attribute.name}"] = Column(node, "attribute", attribute)
    for child in node.children:
        if child.path == RECORD:
            continue
        if child.repeats:
            found[child.name] = Column(child, "list")
        else:
            _collect(child, found)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in document order."""
    yield node
    for child in node.children:
        yield from walk(child)


COLUMNS = ("path", "kind", "min", "max", "type", *(f.name for f in fields(Facets)), "namespace")
_ENUMERATION_SEPARATOR = " "


def write_table(node: Node, path: Path | str) -> None:
    """Write the tree as a CSV table (columns `COLUMNS`), one row an element or attribute in document order."""
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table_rows(node))


def table_rows(node: Node, above: str = "") -> Iterator[dict[str, str]]:
    """The rows of `write_table`, each a dict of text by column."""
    path = f"{above}/{node.tag}" if above else node.tag
    most = "unbounded" if node.max is None else str(node.max)
    row = dict.fromkeys(COLUMNS, "") | {"path": path, "kind": node.kind, "min": str(node.min), "max": most}
    row["type"] = node.type
    row["namespace"] = node.namespace if node.declares else node.wildcard
    yield row | _facet_cells(node.facets)
    for attribute in node.attributes:
        cells = {"path": f"{path}/@{attribute.name}", "kind": "attribute", "min": str(int(attribute.required))}
        yield dict.fromkeys(COLUMNS, "") | cells | {"max": "1", "type": attribute.type} | _facet_cells(attribute.facets)
    for child in node.children:
        yield from table_rows(child, path)


def _facet_cells(facets: Facets | None) -> dict[str, str]:
    if facets is None:
        return {}
    cells = {f.name: getattr(facets, f.name) for f in fields(Facets)}
    cells["enumeration"] = _ENUMERATION_SEPARATOR.join(facets.enumeration)
    return {name: "" if value is None else str(value) for name, value in cells.items()}


def read_table(path: Path | str) -> Node:
    """Read a table that `write_table` wrote; gives the root. Raises BadInput where it is no such table."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    try:
        root, used = _read_node(rows, 0, "")
    except (KeyError, ValueError, IndexError) as problem:
        raise BadInput(f"not a message table: {problem!r}", file=str(path)) from problem
    if used != len(rows):
        raise BadInput("not below the element before it", file=str(path), line=used + 2, value=rows[used]["path"])
    return root


def _read_node(rows: list[dict[str, str]], at: int, namespace: str) -> tuple[Node, int]:
    row = rows[at]
    kind = row["kind"]
    if kind not in KINDS:
        raise ValueError(f"line {at + 2}: kind {kind!r} is not one of {', '.join(KINDS)}")
    declares = bool(row["namespace"]) and kind != "any"
    namespace = row["namespace"] if declares else namespace
    below = row["path"] + "/"
    attributes: list[Attribute] = []
    children: list[Node] = []
    at += 1
    while at < len(rows) and rows[at]["path"].startswith(below):
        if rows[at]["kind"] == "attribute":
            attributes.append(_read_attribute(rows[at]))
            at += 1
        else:
            child, at = _read_node(rows, at, namespace)
            children.append(child)
    node = Node(
        tag=row["path"].rpartition("/")[2],
        kind=kind,
        min=int(row["min"]),
        max=None if row["max"] == "unbounded" else int(row["max"]),
        type=row["type"],
        facets=_read_facets(row) if kind == "leaf" else None,
        attributes=tuple(attributes),
        children=tuple(children),
        namespace=namespace,
        declares=declares,
        wildcard=row["namespace"] if kind == "any" else "",
        path=row["path"],
    )
    return node, at


def _read_attribute(row: dict[str, str]) -> Attribute:
    return Attribute(row["path"].rpartition("@")[2], row["min"] == "1", row["type"], _read_facets(row))


def _read_facets(row: dict[str, str]) -> Facets:
    number = {name: int(row[name]) if row[name] else None for name in _NUMBERS}
    text = {name: row[name] for name in ("base", "pattern", "value_min", "value_above", "value_max", "value_below")}
    listed = tuple(filter(None, row["enumeration"].split(_ENUMERATION_SEPARATOR)))
    return Facets(**text, **number, enumeration=listed)  # type: ignore[arg-type]


_NUMBERS = ("length_min", "length_max", "digits_total", "digits_fraction")


def diff_tables(old: Node, new: Node) -> list[str]:
    """What changed between two tables, one sentence a path: removed, added, or `column: old -> new`; [] if nothing."""
    before = {row["path"]: row for row in table_rows(old)}
    after = {row["path"]: row for row in table_rows(new)}
    lines = [f"- {path}" for path in before if path not in after]
    lines += [f"+ {path}" for path in after if path not in before]
    for path, row in after.items():
        if path in before and row != before[path]:
            was = before[path]
            names = [name for name in COLUMNS if was[name] != row[name]]
            lines.append(f"~ {path}  " + "; ".join(f"{n}: {was[n] or '-'} -> {row[n] or '-'}" for n in names))
    shared_before = [path for path in before if path in after]
    if shared_before != [path for path in after if path in before]:
        lines.append("~ the order of elements changed")
    return lines


def drop_facet(node: Node, path: str, facet: str) -> Node:
    """The tree with one facet of the leaf at `path` (from the root's tag) removed: the control of the tests."""
    if path == node.tag and node.facets is not None:
        return replace(node, facets=replace(node.facets, **{facet: getattr(Facets(), facet)}))
    below = path.partition("/")[2]
    head = below.partition("/")[0]
    children = tuple(drop_facet(c, below, facet) if c.tag == head else c for c in node.children)
    return replace(node, children=children)
