"""The state of a document being parsed: where we are in the tree, the values collected so far, and the faults seen.

Every place of the tree has one cell, which holds the values of its column as a plain list; a row that lacks the value
is filled up lazily, when the next value comes or the chunk is complete. Only containers, repeats and faults cost more
than one append per leaf.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

import polars as pl

from regreport.engine.layout import concat, framed, list_of
from regreport.engine.lexical import BLANKS
from regreport.engine.message import XSI, Message
from regreport.engine.safe_xml import Limits
from regreport.engine.table import RECORD, Node
from regreport.engine.wildcard import Wildcard
from regreport.errors import NotWellFormed, UnknownMessage

FAULTS_MAX = 100_000
"""Faults kept of one document; a file with more is not a report with mistakes but another file."""

ELEMENTS_PER_PART = 100_000
"""Elements of one list after which they are put away in columns: one record may hold half a million of them."""

_XSI_HINTS = (f"{{{XSI}}}schemaLocation", f"{{{XSI}}}noNamespaceSchemaLocation")


class Group:
    """The rows of one table being filled: of the records, of one repeating element, or the single row of the head."""

    def __init__(self, node: Node, parent: Group | None) -> None:
        self.node = node
        self.parent = parent
        self.rows = 0
        self.owners: list[int] = []
        self.columns: dict[str, list[str | bool | None]] = {}
        self.lists: dict[str, Group] = {}
        self.parts: list[tuple[pl.Series, pl.DataFrame]] = []

    def add_row(self) -> None:
        """Begin an element of the list, in the row that its parent is at."""
        self.rows += 1
        if self.parent is not None:
            self.owners.append(self.parent.rows - 1)

    def frame(self) -> pl.DataFrame:
        """The rows as a table with the columns that occur, in document order; the group is empty afterwards."""
        found: dict[str, pl.Series] = {}
        for name, values in self.columns.items():
            if values:
                values.extend(repeat(None, self.rows - len(values)))
                found[name] = pl.Series(name, values, dtype=pl.Boolean if name.endswith("/") else pl.String)
                values.clear()
        for name, group in self.lists.items():
            if group.rows or group.parts:
                found[name] = group.as_list(self.rows)
        height, self.rows = self.rows, 0
        return framed({name: found[name] for name in self.node.columns if name in found}, height)

    def as_list(self, height: int) -> pl.Series:
        """The rows as the list column of the parent's table."""
        self.put_away()
        owners = pl.concat([owner for owner, _ in self.parts])
        inner = concat(self.node, [frame for _, frame in self.parts])
        self.parts.clear()
        plain = self.node.kind in ("leaf", "any") and not self.node.attributes
        if not plain and inner.columns == [""]:
            inner = inner.with_columns(pl.lit(None, dtype=pl.String).alias(f"@{self.node.attributes[0].name}"))
        return list_of(owners, inner, height)

    def put_away(self) -> None:
        """Turn the rows collected so far into columns, which take a tenth of the memory."""
        owners = pl.Series(self.owners, dtype=pl.UInt32)
        self.owners.clear()
        self.parts.append((owners, self.frame()))

    def may_put_away(self) -> None:
        """Called where no element of the list is open."""
        if self.rows >= ELEMENTS_PER_PART:
            self.put_away()


class Cell:
    """One place of the tree: what may come below it, and where its text goes."""

    def __init__(self, node: Node, group: Group | None) -> None:
        self.node = node
        self.path = node.path
        self.repeats = node.repeats or node.path == RECORD
        self.is_record = node.path == RECORD
        self.leaf = node.kind == "leaf"
        self.any = node.kind == "any"
        self.group = Group(node, None if self.is_record else group) if self.repeats or group is None else group
        base = node.base
        self.values: list[str | bool | None] = self.group.columns.setdefault(
            base if node.kind in ("leaf", "any") else f"{base}/", []
        )
        self.attributes: dict[str, list[str | bool | None]] = {}
        for attribute in node.attributes:
            prefix, _, local = attribute.name.rpartition(":")
            name = f"{base}/@{attribute.name}" if base else f"@{attribute.name}"
            key = f"{{{XSI}}}{local}" if prefix else local
            self.attributes[key] = self.group.columns.setdefault(name, [])
        self.children: dict[str, tuple[int, Cell]] = {}
        for rank, child in enumerate(node.children):
            cell = Cell(child, self.group)
            self.children[f"{{{child.namespace}}}{child.tag}"] = (rank, cell)
            if cell.repeats and not cell.is_record:
                self.group.lists[child.name] = cell.group


class Harvest:
    """Receives the events of one document (see `safe_xml.feed`) and gives the frames as they are complete."""

    def __init__(self, message: Message, records_per_chunk: int, limits: Limits) -> None:
        self.message = message
        self.limits = limits
        self.records_per_chunk = records_per_chunk
        self.file = ""
        self.enveloped = False
        self.records = 0
        self.faults: list[tuple[int | None, str, str, str]] = []
        self.complete: list[pl.DataFrame] = []
        self.elements = 0
        self.text: list[str] = []
        self.data = self.text.append
        self.skipped = 0
        self.wild: Wildcard | None = None
        self.namespaces: list[tuple[str, str]] = []
        self.cell: Cell | None = None
        self.last = -1
        self.open: list[tuple[Cell | None, int]] = []
        self.current: int | None = None
        self.record: Cell | None = None
        self.root: Cell | None = None
        self.head_frame: pl.DataFrame | None = None

    # The four events of the parser, called once or more per element: kept flat for speed.

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element opens."""
        self.elements += 1
        if self.wild is not None:
            self.wild.start(tag, attrib)
            self.limit(self.wild.depth + len(self.open), attrib)
            return
        if self.skipped:
            self.skipped += 1
            self.limit(self.skipped + len(self.open), attrib)
            return
        cell = self.cell
        if self.text:
            self.stray(cell)
        found = cell.children.get(tag) if cell is not None else self.begin(tag)
        if found is None:
            self.skipped = 1
            self.limit(len(self.open), attrib)
            self.fault_of_child(cell, tag)
            return
        rank, child = found
        if rank <= self.last and (rank < self.last or not child.repeats):
            self.fault(child.path, "repeat" if rank == self.last else "order", "")
        self.open.append((cell, rank))
        self.cell, self.last = child, -1
        if child.repeats:
            child.group.add_row()
            if child.is_record:
                self.records += 1
                self.current = self.records
        if attrib:
            self.limit(len(self.open), attrib)
            self.take_attributes(child, attrib)
        if child.any:
            self.wild = Wildcard(self.namespaces, self.text)

    def end(self, tag: str) -> None:
        """An element closes."""
        if self.wild is not None and self.wild.end(tag):
            return
        if self.skipped:
            self.skipped -= 1
            self.text.clear()
            return
        cell = self.cell
        assert cell is not None
        if cell.leaf:
            text = self.text
            value = text[0] if len(text) == 1 else "".join(text)
            text.clear()
            self.put(cell, cell.values, value)
        elif cell.any:
            self.end_wild(cell)
        else:
            if self.text:
                self.stray(cell)
            if self.last < 0:
                self.put(cell, cell.values, True)
        self.cell, self.last = self.open.pop()
        if cell.repeats:
            if cell.is_record:
                self.current = None
                if cell.group.rows >= self.records_per_chunk:
                    self.complete.append(cell.group.frame())
            else:
                cell.group.may_put_away()

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """A document type is refused before anything in it is read."""
        raise refused_doctype(self.file)

    def start_ns(self, prefix: str | None, uri: str | None) -> None:
        """A namespace comes into scope; only wildcards need to know."""
        self.namespaces.append((prefix or "", uri or ""))

    def end_ns(self, prefix: str | None) -> None:
        """The namespace that came last goes out of scope."""
        self.namespaces.pop()

    # What happens less than once per element.

    def begin(self, tag: str) -> tuple[int, Cell]:
        """The root decides whether the document is plain or enveloped."""
        for enveloped, root in enumerate((self.message.document, self.message.enveloped)):
            if root is not None and tag == f"{{{root.namespace}}}{root.tag}":
                self.enveloped = bool(enveloped)
                self.root = Cell(root, None)
                self.root.group.rows = 1
                self.record = _record_cell(self.root)
                return 0, self.root
        raise UnknownMessage(f"is not {self.message.id}, neither plain nor enveloped", file=self.file, value=tag)

    def put(self, cell: Cell, values: list[str | bool | None], value: str | bool) -> None:
        """Store a value in its row; of a repeat, which is a fault, the first stays."""
        missing = cell.group.rows - 1 - len(values)
        if missing >= 0:
            if missing:
                values.extend(repeat(None, missing))
            values.append(value)

    def take_attributes(self, cell: Cell, attrib: dict[str, str]) -> None:
        """Store the declared attributes. Hints at schemas are allowed everywhere and kept on the roots only."""
        for name, value in attrib.items():
            values = cell.attributes.get(name)
            if values is not None:
                self.put(cell, values, value)
            elif name not in _XSI_HINTS and not self.names_own_type(cell, name, value):
                above = "" if cell.is_record else cell.path
                self.fault(f"{above}/@{name.rpartition('}')[2]}", "attribute", value)

    def names_own_type(self, cell: Cell, name: str, value: str) -> bool:
        """xsi:type changes nothing where it names the type that the element has anyway."""
        prefix, _, local = value.strip(BLANKS).rpartition(":")
        return (
            name == f"{{{XSI}}}type"
            and local == cell.node.type
            and dict(self.namespaces).get(prefix, "") == cell.node.namespace
        )

    def stray(self, cell: Cell | None) -> None:
        """Text between elements: layout blanks are dropped, anything else is a fault."""
        if cell is not None and not cell.leaf:
            text = "".join(self.text)
            if text.strip(BLANKS):
                self.fault(cell.path, "text", text.strip(BLANKS))
        self.text.clear()

    def fault_of_child(self, cell: Cell | None, tag: str) -> None:
        """An element that has no place here."""
        assert cell is not None
        if cell.leaf:
            self.fault(cell.path, "child", tag)
        else:
            above = "" if cell.is_record else f"{cell.path}/"
            self.fault(above + tag.rpartition("}")[2], "unknown", tag)

    def fault(self, path: str, kind: str, value: str) -> None:
        """Note a fault of the current record (None: of the head)."""
        if len(self.faults) < FAULTS_MAX:
            self.faults.append((self.current, path, kind, value))
        elif len(self.faults) == FAULTS_MAX:
            self.faults.append((None, path, "more", ""))

    def end_wild(self, cell: Cell) -> None:
        """Store the raw text of the one element that a wildcard holds."""
        assert self.wild is not None
        for kind, value in self.wild.faults(cell.node):
            self.fault(cell.path, kind, value)
        self.put(cell, cell.values, self.wild.raw())
        self.wild = None

    def limit(self, depth: int, attrib: dict[str, str]) -> None:
        """Refuse what no report needs."""
        limits = self.limits
        if depth > limits.depth_max:
            raise NotWellFormed(f"is nested deeper than {limits.depth_max} elements", file=self.file)
        if len(attrib) > limits.attributes_max:
            raise NotWellFormed(f"has an element with more than {limits.attributes_max} attributes", file=self.file)

    def take(self) -> Iterator[pl.DataFrame]:
        """The chunks of records that are complete by now; called after each block read."""
        limits = self.limits
        if self.elements > limits.elements_max:
            raise NotWellFormed(f"has more than {limits.elements_max:,} elements", file=self.file)
        if sum(map(len, self.text)) > limits.text_characters_max:
            raise NotWellFormed(f"has a text of more than {limits.text_characters_max:,} characters", file=self.file)
        while self.complete:
            yield self.complete.pop(0)

    def take_last(self) -> Iterator[pl.DataFrame]:
        """The records after the last full chunk, once the document has ended."""
        yield from self.take()
        if self.record is not None and self.record.group.rows:
            yield self.record.group.frame()

    def head(self) -> pl.DataFrame:
        """The single row around the records, once the document has ended."""
        if self.head_frame is None:
            frame = self.root.group.frame() if self.root is not None else pl.DataFrame()
            if self.enveloped and not any(name.startswith("/BizData") for name in frame.columns):
                frame = frame.with_columns(pl.Series("/BizData/", [True]))  # an envelope without a header is one too
            self.head_frame = frame
        return self.head_frame

    def close(self) -> None:
        """The parser has ended."""


def _record_cell(cell: Cell) -> Cell | None:
    if cell.is_record:
        return cell
    found = (_record_cell(child) for _, child in cell.children.values())
    return next((inner for inner in found if inner is not None), None)


def refused_doctype(file: str) -> NotWellFormed:
    """The error for a document type declaration."""
    return NotWellFormed("has a document type declaration (DTD), which is refused", "Remove <!DOCTYPE ...>", file)
