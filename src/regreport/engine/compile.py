"""Compile an XML Schema file to the declaration of a message.

Only what the regulators' schemas use is understood: named types, one sequence or choice a type, restrictions of
built-in types, attributes on simple content, one wildcard. Anything else is an error that names it: a construct that
is passed over would make the check weaker than the schema without anybody noticing (W3C XML Schema 1.0).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lxml import etree

from regreport.engine.lexical import BASES
from regreport.engine.pattern import parse_pattern
from regreport.engine.table import Attribute, Facets, Node
from regreport.errors import BadInput, NotWellFormed

_XS = "{http://www.w3.org/2001/XMLSchema}"
_FACET_NAMES = {
    "minLength": "length_min",
    "maxLength": "length_max",
    "totalDigits": "digits_total",
    "fractionDigits": "digits_fraction",
    "minInclusive": "value_min",
    "minExclusive": "value_above",
    "maxInclusive": "value_max",
    "maxExclusive": "value_below",
}
_NUMERIC_FACETS = ("minLength", "maxLength", "totalDigits", "fractionDigits")


def compile_xsd(path: Path | str) -> Node:
    """Compile the schema at `path`; gives the node of its first global element.

    Raises NotWellFormed if it is no XML, BadInput naming the first construct that is not supported.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.parse(str(path), parser).getroot()
    except (etree.XMLSyntaxError, OSError) as problem:
        raise NotWellFormed(f"cannot be read as XML: {problem}", file=str(path)) from problem
    if root.tag != f"{_XS}schema":
        raise BadInput("is not an XML Schema", file=str(path), value=str(root.tag))
    compiler = _Compiler(root, str(path))
    return compiler.document()


class _Compiler:
    def __init__(self, root: etree._Element, file: str) -> None:
        self.file = file
        self.namespace = root.get("targetNamespace", "")
        self.types: dict[str, etree._Element] = {}
        self.elements: list[etree._Element] = []
        self.prefixes = {prefix or "": uri for prefix, uri in root.nsmap.items()}
        for child in root.iterchildren(etree.Element):
            name = child.get("name", "")
            if child.tag in (f"{_XS}simpleType", f"{_XS}complexType"):
                self.types[name] = child
            elif child.tag == f"{_XS}element":
                self.elements.append(child)
            elif child.tag != f"{_XS}annotation":
                raise self.unsupported(child)

    def unsupported(self, element: etree._Element, what: str = "") -> BadInput:
        """An error that names the construct and its line."""
        tag = what or "xs:" + etree.QName(element).localname
        name = element.get("name", "")
        return BadInput(f"{tag} is not supported", file=self.file, line=_line(element), value=name)

    def document(self) -> Node:
        if not self.elements:
            raise BadInput("declares no element", file=self.file)
        node = self.element(self.elements[0], "", ())
        return replace(node, namespace=self.namespace, declares=True)

    def element(self, element: etree._Element, above: str, open_types: tuple[str, ...]) -> Node:
        tag, type_name = element.get("name"), element.get("type")
        if tag is None or type_name is None:
            raise self.unsupported(element, "an element without its own name and named type")
        self.only(element, {"name", "type", "minOccurs", "maxOccurs"})
        if type_name in open_types:
            raise self.unsupported(element, "a type that contains itself")
        most = element.get("maxOccurs", "1")
        path = f"{above}/{tag}" if above else tag
        node = Node(
            tag=tag,
            kind="leaf",
            min=int(element.get("minOccurs", "1")),
            max=None if most == "unbounded" else int(most),
            type=self.local(type_name),
            namespace=self.namespace,
            path=path,
        )
        declared = self.types.get(self.local(type_name))
        if declared is None or declared.tag == f"{_XS}simpleType":
            return replace(node, facets=self.simple(type_name, element))
        return self.complex(node, declared, (*open_types, type_name))

    def complex(self, node: Node, declared: etree._Element, open_types: tuple[str, ...]) -> Node:
        self.only(declared, {"name"})
        parts = [c for c in declared.iterchildren(etree.Element) if c.tag != f"{_XS}annotation"]
        if len(parts) != 1:
            raise self.unsupported(declared, "a type of several parts")
        part = parts[0]
        if part.tag == f"{_XS}simpleContent":
            return self.simple_content(node, part)
        if part.tag not in (f"{_XS}sequence", f"{_XS}choice"):
            raise self.unsupported(part)
        self.only(part, set())
        inside = [c for c in part.iterchildren(etree.Element) if c.tag != f"{_XS}annotation"]
        if len(inside) == 1 and inside[0].tag == f"{_XS}any":
            self.only(inside[0], {"namespace", "processContents"})
            return replace(node, kind="any", wildcard=inside[0].get("namespace", "##any"))
        for child in inside:
            if child.tag != f"{_XS}element":
                raise self.unsupported(child, f"xs:{etree.QName(child).localname} inside a sequence or choice")
        children = tuple(self.element(child, node.path, open_types) for child in inside)
        if len({child.tag for child in children}) != len(children):
            raise self.unsupported(part, "the same element twice in one type")
        return replace(node, kind=etree.QName(part).localname, children=children)

    def simple_content(self, node: Node, content: etree._Element) -> Node:
        extension = content[0]
        if extension.tag != f"{_XS}extension":
            raise self.unsupported(extension)
        attributes = []
        for child in extension.iterchildren(etree.Element):
            if child.tag != f"{_XS}attribute":
                raise self.unsupported(child)
            self.only(child, {"name", "type", "use"})
            type_name = child.get("type", "")
            facets = self.simple(type_name, child)
            required = child.get("use", "optional") == "required"
            attributes.append(Attribute(child.get("name", ""), required, self.local(type_name), facets))
        facets = self.simple(extension.get("base", ""), extension)
        return replace(node, facets=facets, attributes=tuple(attributes))

    def simple(self, type_name: str, user: etree._Element) -> Facets:
        prefix, _, local = type_name.rpartition(":")
        if f"{{{self.prefixes.get(prefix, '')}}}" == _XS:
            if local not in BASES:
                raise self.unsupported(user, f"built-in type {type_name}")
            return Facets(base=local)
        declared = self.types.get(local)
        if declared is None or declared.tag != f"{_XS}simpleType":
            raise self.unsupported(user, f"type {type_name}")
        restriction = declared.find(f"{_XS}restriction")
        if restriction is None:
            raise self.unsupported(declared, "a simple type that is no restriction")
        return self.restrict(self.simple(restriction.get("base", ""), restriction), restriction)

    def restrict(self, facets: Facets, restriction: etree._Element) -> Facets:
        patterns: list[str] = []
        listed: list[str] = []
        limits: dict[str, object] = {}
        for child in restriction.iterchildren(etree.Element):
            name, value = etree.QName(child).localname, child.get("value", "")
            if name == "pattern":
                patterns.append(value)
            elif name == "enumeration":
                listed.append(value)
            elif name == "length":
                limits |= {"length_min": int(value), "length_max": int(value)}
            elif name in _FACET_NAMES:
                limits[_FACET_NAMES[name]] = int(value) if name in _NUMERIC_FACETS else value
            elif name != "annotation":
                raise self.unsupported(child)
        if patterns:
            if facets.pattern:
                raise self.unsupported(restriction, "a pattern on a type that has one already")
            limits["pattern"] = "|".join(patterns)
            try:
                parse_pattern("|".join(patterns))
            except ValueError as problem:
                raise self.unsupported(restriction, f"pattern {patterns}: {problem}") from problem
        if listed:
            if facets.base != "string":
                raise self.unsupported(restriction, f"an enumeration of {facets.base} values")
            if any(" " in value or not value for value in listed):
                raise self.unsupported(restriction, "an enumeration value with a blank")
            limits["enumeration"] = tuple(listed)
        return replace(facets, **limits)  # type: ignore[arg-type]

    def only(self, element: etree._Element, allowed: set[str]) -> None:
        """Refuse attributes that would change the meaning (nillable, mixed, ref, default, minOccurs on a group)."""
        for name, value in element.attrib.items():
            if str(name) not in allowed and not (name in ("minOccurs", "maxOccurs") and value == "1"):
                raise self.unsupported(element, f"attribute {name!s} of xs:{etree.QName(element).localname}")

    def local(self, type_name: str) -> str:
        return type_name.rpartition(":")[2]


def _line(element: etree._Element) -> int | None:
    line: object = element.sourceline
    return line if isinstance(line, int) else None
