"""Valid documents made from a declaration: minimal, maximal, random, or together covering every leaf.

They need no outside file. Text holds what is awkward: markup characters, carriage returns, letters beyond ASCII.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from lxml import etree

from regreport.engine.pattern import Choice, Repeat, parse_pattern
from regreport.engine.table import Facets, Node, walk

AWKWARD = "aZ09 .,'-éß漢😀&<>\"]\r\n\t/"


class Instances:
    """Makes elements of a tree; the same seed makes the same ones. `fullness` is the chance of what is optional."""

    def __init__(self, seed: int, fullness: float = 0.5) -> None:
        self.random = random.Random(seed)
        self.fullness = fullness
        self.used: dict[str, int] = {}
        """How often each path was made: choices take the branch that was made least."""

    def element(self, node: Node) -> etree._Element:
        """One valid element of the node, with all that it must hold."""
        self.used[node.path] = self.used.get(node.path, 0) + 1
        made = etree.Element(f"{{{node.namespace}}}{node.tag}", nsmap={None: node.namespace})
        if node.kind == "leaf":
            assert node.facets is not None
            made.text = self.value(node.facets)
            for attribute in node.attributes:
                if attribute.required or (":" not in attribute.name and self.chance()):
                    made.set(attribute.name, self.value(attribute.facets))
        elif node.kind == "any":
            made.append(self.foreign(node))
        elif node.kind == "choice":
            made.extend(self.elements(self.least_used(node.children), at_least=1))
        else:
            for child in node.children:
                made.extend(self.elements(child))
        return made

    def elements(self, node: Node, at_least: int = 0) -> Iterator[etree._Element]:
        """As many elements of the node as are allowed, by chance."""
        count = max(node.min, at_least)
        if self.chance():
            most = 3 if node.max is None else min(node.max, 3)
            count = max(count, self.random.randint(1, most))
        for _ in range(count):
            yield self.element(node)

    def chance(self) -> bool:
        return self.random.random() < self.fullness

    def least_used(self, nodes: tuple[Node, ...]) -> Node:
        fewest = min(self.used.get(node.path, 0) for node in nodes)
        return self.random.choice([node for node in nodes if self.used.get(node.path, 0) == fewest])

    def foreign(self, node: Node) -> etree._Element:
        """An element of another schema, as a wildcard takes it."""
        namespace = "urn:example:other" if node.wildcard.startswith("##") else node.wildcard
        made = etree.Element(f"{{{namespace}}}Thing", nsmap={"x": namespace})
        inner = etree.SubElement(made, f"{{{namespace}}}Part", {"note": 'a"b'})
        inner.text = "text & more"
        etree.SubElement(made, "plain").text = self.value(Facets(length_min=0, length_max=5))
        return made

    def value(self, facets: Facets) -> str:
        """A valid value."""
        rnd = self.random
        if facets.enumeration:
            return rnd.choice(facets.enumeration)
        if facets.base == "string":
            if facets.pattern:
                return self.matching(parse_pattern(facets.pattern))
            low = facets.length_min or 0
            high = low + 12 if facets.length_max is None else facets.length_max
            size = rnd.choice([low, high, rnd.randint(low, min(high, low + 12))])
            return "".join(rnd.choice(AWKWARD) for _ in range(size))
        if facets.base == "boolean":
            return rnd.choice(["true", "false", "1", "0", " true"])
        if facets.base == "decimal":
            return self.number(facets)
        day = f"{rnd.randint(1990, 2030)}-{rnd.randint(1, 12):02}-{rnd.randint(1, 28):02}"
        clock = f"{rnd.randint(0, 23):02}:{rnd.randint(0, 59):02}:{rnd.randint(0, 59):02}"
        fraction = rnd.choice(["", ".1", ".123456"])
        return {"date": day, "time": clock + fraction, "dateTime": f"{day}T{clock}{fraction}Z"}[facets.base]

    def number(self, facets: Facets) -> str:
        rnd = self.random
        total = facets.digits_total or 10
        places = rnd.randint(0, min(total - 1, 4 if facets.digits_fraction is None else facets.digits_fraction))
        whole = rnd.randint(1, total - places)
        digits = str(rnd.randint(1, 9)) + "".join(rnd.choice("0123456789") for _ in range(whole + places - 1))
        text = digits[:whole] + ("." + digits[whole:] if places else "")
        may_be_negative = not (facets.value_min or facets.value_above)
        form = rnd.choice(["{}", "{}", "{}", "+{}", "0{}", "{} ", "-{}" if may_be_negative else "{}"])
        return form.format(text)

    def matching(self, choice: Choice) -> str:
        """A text that the expression matches."""
        return "".join(self._repeated(part) for part in self.random.choice(choice.branches))

    def _repeated(self, part: Repeat) -> str:
        most = part.min + 3 if part.max is None else part.max
        count = self.random.choice([part.min, most, self.random.randint(part.min, most)])
        return "".join(self._one(part) for _ in range(count))

    def _one(self, part: Repeat) -> str:
        if isinstance(part.what, Choice):
            return self.matching(part.what)
        if part.what.negated:
            return self.random.choice("aZ0 é")
        low, high = self.random.choice(part.what.ranges)
        return chr(self.random.randint(ord(low), ord(high)))


def covering(node: Node, seed: int, *, at_least: int = 0, fullness: float = 0.6) -> list[etree._Element]:
    """Valid elements of the node that together hold every leaf, attribute and container of the tree."""
    maker = Instances(seed, fullness)
    wanted = {inner.path for inner in walk(node)}
    made = [Instances(seed, 0.0).element(node), Instances(seed, 1.0).element(node)]
    while len(made) < at_least or not wanted <= maker.used.keys():
        made.append(maker.element(node))
        assert len(made) < 3_000, f"not reached: {sorted(wanted - maker.used.keys())[:5]}"
    return made


def holding(root: Node, record: Node, records: list[etree._Element]) -> etree._Element:
    """A minimal document of the tree `root` that holds the given records (elements of `record`) in place of its own."""
    made = Instances(0, 0.0).element(root)
    tag = f"{{{record.namespace}}}{record.tag}"
    first = next(made.iter(tag))
    parent = first.getparent()
    assert parent is not None
    at = parent.index(first)
    parent.remove(first)
    for offset, element in enumerate(records):
        parent.insert(at + offset, element)
    return made
