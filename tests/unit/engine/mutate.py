"""Changes to valid elements, one kind at a time: most make them invalid, some leave them valid.

`applicable(kind, element, node)` says whether a change of that kind can be made at an element; `apply` makes it.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

from instances import Instances
from lxml import etree

from regreport.engine.message import XSI
from regreport.engine.table import Node

AWKWARD_VALUES = [
    "", "x", "X" * 20, "ABCDEFGHIJKLMNOPQR12", "true", "TRUE", "1", "0", "-1", "+1.50", " 1.5 ", "1.", ".5", ".", "1e3",
    "00012.3400", "123456789012345678", "1234567890123456789", "0.12345678901234567", "0.123456789012345678", "0.00000",
    "-0", "12345678901234.12345", "1234567890123.123456", "2020-02-30", "2020-02-29", "2021-02-29", "2020-01-01Z",
    "2020-01-01+05:00", "2020-13-01", "2020-01-01T00:00:00Z", "2020-01-01T24:00:00Z", "2020-01-01T00:00:00",
    "2020-01-01T00:00:00.123456789Z", "2020-01-01T25:00:00Z", "EUR", "eur", "GB", "XLON", "é" * 140, "é" * 141,
    "A" * 350, "A" * 351, "a&b<c>\"d'", "tab\there", "new\nline", "back\rthere", " EUR", "EUR ", "NIDN", "CONCAT",
    "PNDG", "DEAL", "OCASPS", "US0378331005", "BUYI", "999", "1000", "99.9", "10000-01-01", "0000-01-01", "2020-1-1",
    " 2020-01-01", "2020-01-01 ", "2020-01-01T00:00:00Z ", " 2020-01-01T00:00:00Z", "true ", "\ntrue", "NaN", "INF",
    "1,5", "１２", "\u00a0", "😀" * 35, "😀" * 36,
]  # fmt: skip


class Mutator:
    """Applies changes; the same seed makes the same ones. `nodes` are the declared nodes by path of tags."""

    def __init__(self, root: Node, pool: list[etree._Element], seed: int) -> None:
        self.random = random.Random(seed)
        self.maker = Instances(seed)
        self.root = root
        self.pool = pool
        self.tags = sorted({element.tag for one in pool for element in one.iter() if isinstance(element.tag, str)})
        self.kinds: dict[str, Callable[[etree._Element, Node], bool]] = {
            name[5:]: getattr(self, name) for name in dir(self) if name.startswith("kind_")
        }

    def mutated(self, original: etree._Element, path: list[int], kind: str, node: Node) -> etree._Element | None:
        """A copy of the element with a change of `kind` at the descendant at `path`; None where it cannot be made."""
        made = copy.deepcopy(original)
        at = made
        for index in path:
            at = at[index]
        return made if self.kinds[kind](at, node) else None

    # Changes of content.

    def kind_drop(self, element: etree._Element, node: Node) -> bool:
        parent = element.getparent()
        if parent is None:
            return False
        parent.remove(element)
        return True

    def kind_duplicate(self, element: etree._Element, node: Node) -> bool:
        return self._copies(element, 1)

    def kind_repeat(self, element: etree._Element, node: Node) -> bool:
        return self._copies(element, self.random.choice([2, 5, 12, 14]))

    def _copies(self, element: etree._Element, count: int) -> bool:
        parent = element.getparent()
        if parent is None:
            return False
        for _ in range(count):
            parent.insert(parent.index(element), copy.deepcopy(element))
        return True

    def kind_reorder(self, element: etree._Element, node: Node) -> bool:
        parent = element.getparent()
        if parent is None or len(parent) < 2:
            return False
        other = self.random.choice([child for child in parent if child is not element])
        here, there = parent.index(element), parent.index(other)
        one, two = copy.deepcopy(element), copy.deepcopy(other)
        parent[here], parent[there] = two, one
        return True

    def kind_rename(self, element: etree._Element, node: Node) -> bool:
        element.tag = self.random.choice(self.tags)
        return True

    def kind_other_namespace(self, element: etree._Element, node: Node) -> bool:
        element.tag = "{urn:other}" + etree.QName(element).localname
        return True

    def kind_unknown_element(self, element: etree._Element, node: Node) -> bool:
        stranger = etree.Element(f"{{{node.namespace}}}Zzz")
        element.insert(self.random.randint(0, len(element)), stranger)
        return True

    def kind_graft(self, element: etree._Element, node: Node) -> bool:
        donor = self.random.choice(self.pool)
        piece = self.random.choice([inner for inner in donor.iter() if inner is not donor] or [donor])
        element.insert(self.random.randint(0, len(element)), copy.deepcopy(piece))
        return True

    def kind_empty(self, element: etree._Element, node: Node) -> bool:
        for child in list(element):
            element.remove(child)
        element.text = None
        return True

    def kind_replace_by_valid(self, element: etree._Element, node: Node) -> bool:
        parent = element.getparent()
        if parent is None:
            return False
        parent[parent.index(element)] = self.maker.element(node)
        return True

    def kind_optional_added(self, element: etree._Element, node: Node) -> bool:
        """Another child of the node put at its right place: valid in a sequence where it was missing."""
        if node.kind not in ("sequence", "choice"):
            return False
        child = self.random.choice(node.children)
        rank = node.by_tag[child.tag][0]
        at = sum(1 for one in element if node.by_tag.get(etree.QName(one).localname, (99,))[0] <= rank)
        element.insert(at, self.maker.element(child))
        return True

    # Changes of text.

    def kind_stray_text(self, element: etree._Element, node: Node) -> bool:
        text = self.random.choice(["x", " ", "A1", "\n\t ", "\u00a0"])
        if len(element) and self.random.random() < 0.5:
            element[-1].tail = text
        else:
            element.text = (element.text or "") + text
        return True

    def kind_comment(self, element: etree._Element, node: Node) -> bool:
        element.insert(self.random.randint(0, len(element)), etree.Comment("a comment"))
        return True

    def kind_valid_value(self, element: etree._Element, node: Node) -> bool:
        return self._text(element, node, self.maker.value(node.facets) if node.facets else "")

    def kind_awkward_value(self, element: etree._Element, node: Node) -> bool:
        return self._text(element, node, self.random.choice(AWKWARD_VALUES))

    def kind_too_long(self, element: etree._Element, node: Node) -> bool:
        return self._text(element, node, (element.text or "A") * self.random.choice([2, 40]) + "9")

    def kind_too_short(self, element: etree._Element, node: Node) -> bool:
        return self._text(element, node, (element.text or "")[: self.random.choice([0, 1, -1])])

    def kind_one_character(self, element: etree._Element, node: Node) -> bool:
        text = element.text or "0"
        at = self.random.randrange(len(text))
        return self._text(element, node, text[:at] + self.random.choice("0aZ9.-+ é#\n") + text[at + 1 :])

    def kind_other_case(self, element: etree._Element, node: Node) -> bool:
        return self._text(element, node, (element.text or "").swapcase())

    def kind_blanks_around(self, element: etree._Element, node: Node) -> bool:
        blank = self.random.choice([" ", "\n", "\t", "\r"])
        text = element.text or ""
        return self._text(element, node, self.random.choice([blank + text, text + blank]))

    def kind_more_digits(self, element: etree._Element, node: Node) -> bool:
        text = element.text or "0"
        added = self.random.choice(["0", "1", "." + "1" * 6, "." + "1" * 18, "0" * 18, "1" * 18])
        return self._text(element, node, text + added)

    def kind_other_code(self, element: etree._Element, node: Node) -> bool:
        return self._text(element, node, self.random.choice(["ZZZZ", "NEWT", "XOFF", "", "PHYS"]))

    def _text(self, element: etree._Element, node: Node, text: str) -> bool:
        if node.kind != "leaf":
            return False
        element.text = text
        return True

    # Changes of attributes.

    def kind_attribute_dropped(self, element: etree._Element, node: Node) -> bool:
        if not element.attrib or node.kind == "any":
            return False
        element.attrib.clear()
        return True

    def kind_attribute_value(self, element: etree._Element, node: Node) -> bool:
        if not element.attrib or node.kind == "any":
            return False
        name = next(iter(element.attrib))
        element.set(name, self.random.choice(["EU", "eur", "EURO", "", " EUR", "USD", "GBP"]))
        return True

    def kind_attribute_added(self, element: etree._Element, node: Node) -> bool:
        element.set(self.random.choice(["Ccy", "foo", "{urn:other}Ccy"]), "EUR")
        return True

    def kind_schema_attribute(self, element: etree._Element, node: Node) -> bool:
        name, value = self.random.choice([("nil", "true"), ("nil", "false"), ("schemaLocation", "urn:a a.xsd")])
        element.set(f"{{{XSI}}}{name}", value)
        return True
