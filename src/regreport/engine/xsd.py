"""Write a declaration out as an XML Schema; validate final bytes against the user's own copies of the official ones.

The emitted schema says the same as the table and is ours to give away; the official files of the authorities are
licensed and not shipped, so `--xsd-dir` points at the user's. Which of them were used, and which were missing, is part
of the answer: a check that did not happen never looks like one that passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast
from xml.sax.saxutils import quoteattr

import polars as pl
from lxml import etree

from regreport.engine.findings import SCHEMA, VALUE_SHOWN_MAX, none
from regreport.engine.message import Message
from regreport.engine.pattern import alternatives
from regreport.engine.safe_xml import opened
from regreport.engine.table import Attribute, Facets, Node
from regreport.errors import BadInput

_XS = "http://www.w3.org/2001/XMLSchema"
_FACETS = (
    ("minLength", "length_min"),
    ("maxLength", "length_max"),
    ("totalDigits", "digits_total"),
    ("fractionDigits", "digits_fraction"),
    ("minInclusive", "value_min"),
    ("minExclusive", "value_above"),
    ("maxInclusive", "value_max"),
    ("maxExclusive", "value_below"),
)


def emit_xsd(root: Node) -> str:
    """The XML Schema of a tree (a message's `document`, or a table of `messages`), equivalent to its declaration."""
    emitter = _Emitter()
    element = emitter.element(root, top=True)
    types = "\n".join(emitter.types.values())
    namespace = quoteattr(root.namespace)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<xs:schema xmlns:xs="{_XS}" xmlns={namespace} '
        f'elementFormDefault="qualified" targetNamespace={namespace}>\n{element}\n{types}\n</xs:schema>\n'
    )


class _Emitter:
    """Types by name and definition, so that a type name stands for one definition only."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        self.names: dict[tuple[str, str], str] = {}

    def define(self, wish: str, kind: str, inside: str) -> str:
        """Define a type and give its name: the one wished for, numbered where another definition has it."""
        if (wish, inside) in self.names:
            return self.names[wish, inside]
        name, number = wish or "Text", 1
        while name in self.types:
            number += 1
            name = f"{wish}_{number}"
        self.types[name] = f'<xs:{kind} name="{name}">{inside}</xs:{kind}>'
        self.names[wish, inside] = name
        return name

    def element(self, node: Node, *, top: bool = False) -> str:
        occurs = ""
        if not top:
            occurs += f' minOccurs="{node.min}"' if node.min != 1 else ""
            occurs += f' maxOccurs="{"unbounded" if node.max is None else node.max}"' if node.max != 1 else ""
        return f'<xs:element name="{node.tag}" type="{self.type_of(node)}"{occurs}/>'

    def type_of(self, node: Node) -> str:
        attributes = [a for a in node.attributes if ":" not in a.name]
        if node.kind == "leaf":
            assert node.facets is not None
            if not attributes:
                return self.define(node.type, "simpleType", _simple(node.facets))
            base = self.define(f"{node.type}_Value", "simpleType", _simple(node.facets))
            held = "".join(map(self.attribute, attributes))
            content = f'<xs:simpleContent><xs:extension base="{base}">{held}</xs:extension></xs:simpleContent>'
            return self.define(node.type, "complexType", content)
        if node.kind == "any":
            wildcard = f'<xs:any namespace="{node.wildcard}" processContents="lax"/>'
            return self.define(node.type, "complexType", f"<xs:sequence>{wildcard}</xs:sequence>")
        children = "".join(map(self.element, node.children))
        return self.define(node.type, "complexType", f"<xs:{node.kind}>{children}</xs:{node.kind}>")

    def attribute(self, attribute: Attribute) -> str:
        name = self.define(attribute.type, "simpleType", _simple(attribute.facets))
        use = "required" if attribute.required else "optional"
        return f'<xs:attribute name="{attribute.name}" type="{name}" use="{use}"/>'


def _simple(facets: Facets) -> str:
    limits = [("pattern", pattern) for pattern in alternatives(facets.pattern)]
    limits += [("enumeration", value) for value in facets.enumeration]
    limits += [(xs, str(getattr(facets, ours))) for xs, ours in _FACETS if getattr(facets, ours) not in (None, "")]
    inside = "".join(f"<xs:{name} value={quoteattr(value)}/>" for name, value in limits)
    return f'<xs:restriction base="xs:{facets.base}">{inside}</xs:restriction>'


@dataclass(frozen=True)
class XsdVerdict:
    """What the official schemas say: findings (columns of `findings.SCHEMA`, rules `XSD-...`), the file used for each
    namespace, and the namespaces of the document for which the folder held none."""

    findings: pl.DataFrame
    used: dict[str, Path]
    missing: tuple[str, ...]


FINDINGS_MAX = 10_000
"""Findings after which validation stops: the file needs another look than one by one."""


def schemas_in(folder: Path) -> dict[str, Path]:
    """The schema files of a folder by target namespace. Raises BadInput where two files claim the same one."""
    if not folder.is_dir():
        raise BadInput("is not a folder of schema files", "Give the folder that holds the .xsd files", str(folder))
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.xsd")):
        namespace = _target_namespace(path)
        if namespace in found:
            problem = f"{found[namespace].name} and {path.name} are both for one namespace; which is meant?"
            raise BadInput(problem, "Leave one of them in the folder", str(folder), value=namespace)
        found[namespace] = path
    return found


def _target_namespace(path: Path) -> str:
    try:
        with path.open("rb") as file:
            for _, element in etree.iterparse(file, events=("start",), resolve_entities=False, no_network=True):
                return str(element.get("targetNamespace", ""))
    except etree.XMLSyntaxError as problem:
        raise BadInput(f"cannot be read as XML: {problem.msg}", file=str(path)) from problem
    return ""


def validate_with_xsd(message: Message, enveloped: bool, source: Path | str | BinaryIO, xsd_dir: Path) -> XsdVerdict:
    """Validate a well-formed document against the schemas of `xsd_dir`, streaming.

    An envelope, its header and the Document are each judged by the schema of their own namespace. Raises BadInput where
    the folder is ambiguous or a schema cannot be used.
    """
    available = schemas_in(xsd_dir)
    root = message.root(enveloped)
    wanted = [message.namespace]
    if enveloped:
        wanted += [root.namespace, root.find("Hdr").children[0].namespace]
    used = {namespace: available[namespace] for namespace in wanted if namespace in available}
    missing = tuple(namespace for namespace in wanted if namespace not in available)
    if message.namespace not in used and not (enveloped and used):
        return XsdVerdict(none(), used, missing)
    schema = _joined_schema(used, root, xsd_dir)
    with opened(source) as (stream, _):
        return XsdVerdict(_findings(_errors(schema, message, stream)), used, missing)


def _joined_schema(used: dict[str, Path], root: Node, folder: Path) -> etree.XMLSchema:
    """One schema that imports those of all parts; an envelope without one is held to be what its standard says."""
    imports = "".join(
        f"<xs:import namespace={quoteattr(namespace)} schemaLocation={quoteattr(path.resolve().as_uri())}/>"
        for namespace, path in used.items()
    )
    text = f'<xs:schema xmlns:xs="{_XS}">{imports}</xs:schema>'
    if root.tag == "BizData" and root.namespace not in used:
        text = _open_envelope(root, imports)
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        return etree.XMLSchema(etree.fromstring(text.encode(), parser))
    except etree.XMLSchemaParseError as problem:
        raise BadInput(f"the schemas cannot be used: {problem}", file=str(folder)) from problem


def _open_envelope(root: Node, imports: str) -> str:
    any_part = '<xs:sequence><xs:any namespace="##any" processContents="lax"/></xs:sequence>'
    any_part = f"<xs:complexType>{any_part}</xs:complexType>"
    parts = "".join(f'<xs:element name="{child.tag}">{any_part}</xs:element>' for child in root.children)
    return (
        f'<xs:schema xmlns:xs="{_XS}" targetNamespace={quoteattr(root.namespace)} elementFormDefault="qualified">'
        f'{imports}<xs:element name="{root.tag}"><xs:complexType><xs:sequence>{parts}</xs:sequence>'
        "</xs:complexType></xs:element></xs:schema>"
    )


def _errors(schema: etree.XMLSchema, message: Message, stream: BinaryIO) -> Iterator[tuple[int | None, str, str]]:
    """(record, kind, text) of each error.

    libxml2 gives no position while streaming, so the stream is fed in pieces that begin or end with a record's tag.
    """
    record = f"{{{message.namespace}}}{message.record.tag}"
    tags = {record, *(f"{{{node.namespace}}}{node.tag}" for node in message.record.children if node.repeats)}
    parser = etree.XMLPullParser(("start", "end"), tag=tags, schema=schema, resolve_entities=False, no_network=True)
    depth = message.record_path.count("/")
    seen, records, inside = 0, 0, False
    for piece in _pieces(stream, message.record.tag):
        parser.feed(piece)
        was_inside = inside
        for event, found in parser.read_events():
            element = cast("etree._Element", found)
            if event == "end":
                _forget(element)
            if element.tag == record and _depth_in_document(element, message.namespace) == depth:
                inside = event == "start"
                records += inside
        log = parser.feed_error_log
        for entry in list(log)[seen:] if len(log) > seen else ():
            yield (records if inside or was_inside else None), entry.type_name, entry.message
        seen = len(log)
        if seen > FINDINGS_MAX:
            return


def _forget(element: etree._Element) -> None:
    """Free an element that has ended, and those before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _pieces(stream: BinaryIO, tag: str) -> Iterator[bytes]:
    cut = re.compile(rb"<(/?)(?:[^\s<>/]+:)?" + tag.encode() + rb"(?=[\s>/])[^<>]*>")
    rest = b""
    while block := stream.read(1 << 20):
        block = rest + block
        at = 0
        for found in cut.finditer(block):
            end = found.end() if found[1] else found.start()
            if end > at:
                yield block[at:end]
                at = end
        keep = block.rfind(b"<", at)
        rest = block[keep:] if keep > at else block[at:]
        if keep > at:
            yield block[at:keep]
    yield rest


def _depth_in_document(element: etree._Element, namespace: str) -> int:
    """How many elements lie between the Document and the element; -1 outside of it."""
    for depth, above in enumerate(element.iterancestors(), start=1):
        if above.tag == f"{{{namespace}}}Document":
            return depth
    return -1


_KINDS = {
    "SCHEMAV_ELEMENT_CONTENT": "content",
    "SCHEMAV_CVC_PATTERN_VALID": "pattern",
    "SCHEMAV_CVC_ENUMERATION_VALID": "enumeration",
    "SCHEMAV_CVC_MAXLENGTH_VALID": "length",
    "SCHEMAV_CVC_MINLENGTH_VALID": "length",
    "SCHEMAV_CVC_TOTALDIGITS_VALID": "digits",
    "SCHEMAV_CVC_FRACTIONDIGITS_VALID": "digits",
}


def _findings(errors: Iterator[tuple[int | None, str, str]]) -> pl.DataFrame:
    rows = [(record, f"XSD-{_KINDS.get(kind, 'schema')}", _plain(text)) for record, kind, text in errors]
    if not rows:
        return none()
    element = re.compile(r"^Element '([^']*)'")
    return pl.DataFrame(
        {
            "rule": [rule for _, rule, _ in rows],
            "severity": ["error"] * len(rows),
            "record": [record for record, _, _ in rows],
            "reference": [None] * len(rows),
            "field": [None] * len(rows),
            "path": [found[1] if (found := element.match(text)) else None for _, _, text in rows],
            "value": [None] * len(rows),
            "message": [f"refused by the official schema: {text[:VALUE_SHOWN_MAX]}" for _, _, text in rows],
        },
        schema=SCHEMA,
    )


def _plain(text: str) -> str:
    return re.sub(r"\{[^}]*\}|\[facet '[^']*'\] ", "", text).strip()
