"""The raw text that stands for an element of any kind: what a table may hold there."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from lxml import etree

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
