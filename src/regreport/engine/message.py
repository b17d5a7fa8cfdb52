"""A message: its declaration, the group of records that is streamed, and the envelope it may travel in.

A message is held as two tables. The **records** table has one row a record and one text column a leaf. The **head** is
one row with everything around the records: the envelope (ISO 20022 head.003 with the business application header
head.001) and what the Document holds besides them. Column names are paths:

- in the records table from the record down, without its own tag: `New/TxId`; an attribute is `New/Tx/Qty/NmnlVal/@Ccy`;
- in the head from the root, with a leading slash: `/BizData/Hdr/AppHdr/BizMsgIdr`, `/Document/...`;
- a repeating element is one column of lists, named by its path; inside it the names start from that element
  (`Id/LEI`); a repeating leaf without attributes is a list of text, one with attributes a list of structs whose own
  text is the field "";
- a container that is present with nothing in it has a Boolean column of its path with a trailing slash (`New/`; "/" for
  a record or list element itself).

Absent means null, and an absent column means null everywhere. Columns are text: what a value means is for the layers
above, so that parsing what was rendered gives the same table, to the character.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from regreport.engine.table import RECORD, Attribute, Facets, Node, walk
from regreport.errors import BadInput

XSI = "http://www.w3.org/2001/XMLSchema-instance"
HINTS = tuple(Attribute(f"xsi:{name}", False, "", Facets()) for name in ("schemaLocation", "noNamespaceSchemaLocation"))
"""Where a document says its schema lies: kept on the roots (Document, AppHdr, BizData), as columns of the head."""


@dataclass(frozen=True)
class Message:
    """One version of one message.

    `id` such as "auth.016.001.01"; `document` the tree of the plain form, `enveloped` the tree of the enveloped form
    (None where the message has no envelope), both placed (see `place`); `record` the node of the streamed group.
    """

    id: str
    namespace: str
    record_path: str
    document: Node
    enveloped: Node | None
    record: Node

    def root(self, enveloped: bool) -> Node:
        """The tree of the plain or the enveloped form. Raises BadInput where the message has no envelope."""
        if not enveloped:
            return self.document
        if self.enveloped is None:
            raise BadInput(f"{self.id} has no envelope", field="/BizData")
        return self.enveloped

    def record_in(self, root: Node) -> Node:
        """The node of the records in the tree `root`, the plain or the enveloped one."""
        above = "" if root is self.document else "Pyld/Document/"
        return root.find(above + self.record_path.partition("/")[2])

    def record_slot(self, root: Node) -> str:
        """The column name that stands for the records in the head of `root`."""
        return self.record_in(root).name

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """The paths of all leaves and attributes of a record, in document order."""
        return tuple(leaf_paths(self.record))

    def head(self, values: Mapping[str, str]) -> pl.DataFrame:
        """A one-row head from leaf paths and their text; an element that may repeat becomes a list of one.

        Example: `message.head({"/BizData/Hdr/AppHdr/Fr/OrgId/Id/OrgId/Othr/Id": "XX"})`. Raises BadInput naming a path
        that the message does not have.
        """
        root = self.root(any(path.startswith("/BizData") for path in values))
        address = _addresses(root, ())
        row: dict[str, object] = {}
        for path, text in values.items():
            if path not in address:
                raise BadInput(f"{self.id} has no such element around its records", field=path, value=text)
            _put(row, address[path], text)
        return pl.DataFrame({name: [value] for name, value in row.items()})

    def head_value(self, head: pl.DataFrame, path: str) -> str | None:
        """The text at a leaf path of a head; of a repeating element the first; None where absent."""
        for column in head.columns:
            if path == column or path.startswith(column + "/"):
                value = head[column][0]
                inner = path[len(column) + 1 :]
                if isinstance(value, pl.Series):
                    value = value[0] if len(value) else None
                if isinstance(value, dict):
                    value = value.get(inner)
                if value is not None:
                    return str(value)
        return None


def make_message(name: str, document: Node, record_path: str, envelope: Node | None, header: Node | None) -> Message:
    """Compose a message from its tables: `envelope` (BizData: Hdr and Pyld hold any) around `header` and `document`."""
    plain = place(document, record_path)
    whole = None
    if envelope is not None and header is not None:
        parts = {"Hdr": header, "Pyld": document}
        children = tuple(replace(c, kind="sequence", wildcard="", children=(parts[c.tag],)) for c in envelope.children)
        whole = place(replace(envelope, children=children), record_path)
    record = plain.find(record_path.partition("/")[2])
    return Message(name, document.namespace, record_path, plain, whole, record)


def place(root: Node, record_path: str) -> Node:
    """The tree with every node's `path` and `name` (column) set.

    `path` is where findings and field rows find it: from the record down ("/" the record itself), or from the root with
    a leading slash. `name` is the column: the path from the nearest repeating element above. A Document starts anew, so
    that its columns are the same with and without an envelope.
    """
    return _place(root, "", "", f"/{record_path}")


def _place(node: Node, path_above: str, name_above: str, record_path: str) -> Node:
    starts = not path_above and not name_above and node.declares
    path = f"/{node.tag}" if starts or node.tag == "Document" else _join(path_above, node.tag)
    name = path if path == f"/{node.tag}" else _join(name_above, node.tag)
    is_record = path == record_path
    path_below = "" if is_record else path
    name_below = "" if is_record or node.repeats else name
    children = tuple(_place(child, path_below, name_below, record_path) for child in node.children)
    attributes = node.attributes + (HINTS if node.declares else ())
    return replace(node, path=RECORD if is_record else path, name=name, children=children, attributes=attributes)


def _join(above: str, tag: str) -> str:
    return f"{above}/{tag}" if above else tag


def _addresses(group: Node, outer: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """For each leaf and attribute path the columns that lead to it, one per repeating element on the way."""
    found: dict[str, tuple[str, ...]] = {}
    for name, column in group.columns.items():
        node = column.node
        if column.kind == "list":
            plain = node.kind == "leaf" and not node.attributes
            found |= {node.path: (*outer, name)} if plain else _addresses(node, (*outer, name))
        elif column.kind == "text":
            found[node.path] = (*outer, name)
        elif column.attribute is not None:
            found[f"{node.path}/@{column.attribute.name}"] = (*outer, name)
    return found


def _put(row: dict[str, object], address: tuple[str, ...], text: str) -> None:
    name, rest = address[0], address[1:]
    if rest:
        elements = row.setdefault(name, [{}])
        assert isinstance(elements, list)
        _put(elements[0], rest, text)
    else:
        row[name] = text


def leaf_paths(node: Node) -> list[str]:
    """Paths of the leaves and attributes at and below a node, in document order."""
    paths = []
    for inner in walk(node):
        if inner.kind in ("leaf", "any"):
            paths.append(inner.path)
        paths += [f"{inner.path}/@{attribute.name}" for attribute in inner.attributes]
    return paths
