"""Elements that may hold one element of any kind: their content is kept in the table as text that stands alone.

The wildcards of the known messages are lax: an element without a declaration at hand is taken as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from lxml import etree

from regreport.engine.lexical import BLANKS
from regreport.engine.table import Node


def wrong_raw(node: Node, values: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    """(kind, mask) of the raw texts that are not exactly one well-formed element of an allowed namespace.

    Distinct texts are parsed one by one: a wildcard holds a signature or supplementary data, which few ever send.
    """
    distinct = values.drop_nulls().unique(maintain_order=True)
    missing = [text for text in distinct if not text.strip()]
    wrong = [text for text in distinct if text.strip() and not _is_one_element(node, text)]
    for kind, texts in (("required", missing), ("unknown", wrong)):
        if texts:
            yield kind, values.is_in(texts).fill_null(value=False)


def _is_one_element(node: Node, text: str) -> bool:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    if "<!DOCTYPE" in text:
        return False
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        return False
    return node.wildcard == "##any" or str(root.tag).startswith(f"{{{node.wildcard}}}")


class Wildcard:
    """The content of an element that may hold one element of any kind: kept as text that stands alone.

    The text declares every namespace that was in scope, the default one in any case, so that it means the same wherever
    it is rendered again. Comments and processing instructions are dropped.
    """

    def __init__(self, namespaces: list[tuple[str, str]], text: list[str]) -> None:
        self.namespaces = namespaces
        self.text = text
        self.marks = [0]
        self.builder: etree.TreeBuilder | None = None
        self.roots: list[etree._Element] = []
        self.stray = ""

    @property
    def depth(self) -> int:
        return len(self.marks) - 1

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element opens inside the wildcard."""
        self.flush()
        fresh = dict(self.namespaces[self.marks[-1] :])
        self.marks.append(len(self.namespaces))
        if self.builder is None:
            self.builder = etree.TreeBuilder()
        declared = {prefix or None: uri for prefix, uri in fresh.items() if uri}
        self.builder.start(tag, dict(attrib), declared)  # type: ignore[arg-type, call-arg]

    def end(self, tag: str) -> bool:
        """An element closes; false if it is the wildcard's own."""
        self.flush()
        if self.builder is None:
            return False
        self.marks.pop()
        self.builder.end(tag)
        if self.depth == 0:
            self.roots.append(self.builder.close())
            self.builder = None
        return True

    def flush(self) -> None:
        text = "".join(self.text)
        self.text.clear()
        if self.builder is not None:
            if text:
                self.builder.data(text)
        else:
            self.stray += text.strip(BLANKS)

    def faults(self, node: Node) -> Iterator[tuple[str, str]]:
        """What is wrong with the content: more than one element, text beside it, or a namespace not allowed."""
        if self.stray:
            yield "text", self.stray
        if len(self.roots) > 1:
            yield "repeat", str(self.roots[1].tag)
        for root in self.roots[:1]:
            tag = str(root.tag)
            if node.wildcard != "##any" and not tag.startswith(f"{{{node.wildcard}}}"):
                yield "unknown", tag
            yield from (("unknown", str(e.tag)) for e in root.iter(f"{{{node.namespace}}}Document"))

    def raw(self) -> str:
        """The element as text; "" where there is none."""
        if not self.roots:
            return ""
        text: str = etree.tostring(self.roots[0], encoding="unicode", with_tail=False)
        if None not in self.roots[0].nsmap:
            name_end = min(i for i in (text.find(c) for c in " />") if i > 0)
            text = f'{text[:name_end]} xmlns=""{text[name_end:]}'
        return text
