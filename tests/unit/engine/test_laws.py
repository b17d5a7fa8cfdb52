"""Law 2: what was rendered parses to the same table, and what was parsed renders to the same document."""

from __future__ import annotations

import io

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from instances import Instances, covering, holding
from lxml import etree

from regreport import messages
from regreport.engine.layout import canonical
from regreport.engine.message import Message
from regreport.engine.parse import read_all
from regreport.engine.render import render, render_rows
from regreport.engine.table import Node

EVERY = sorted(messages.MESSAGES)


def drawn(message: Message, head: pl.DataFrame | None, records: pl.DataFrame) -> bytes:
    return b"".join(bytes(block) for block in render(message, head, records))


def c14n(document: bytes) -> str:
    """C14N 2.0 with prefixes rewritten; comments, processing instructions and layout blanks dropped."""
    parser = etree.XMLParser(remove_comments=True, remove_pis=True)
    root = etree.fromstring(document, parser)
    for element in root.iter():
        if len(element) and not (element.text or "").strip(" \t\r\n"):
            element.text = None
        if not (element.tail or "").strip(" \t\r\n"):
            element.tail = None
    return str(etree.canonicalize(root, rewrite_prefixes=True))


def plain_documents(message: Message) -> list[bytes]:
    """The least, the fullest, and one whose records together hold every element and attribute of a record."""
    root, record = message.document, message.record
    made = [Instances(1, 0.0).element(root), Instances(2, 1.0).element(root)]
    made.append(holding(root, record, covering(record, seed=7)))
    return [etree.tostring(element, encoding="UTF-8") for element in made]


def enveloped_documents() -> list[bytes]:
    """Documents whose headers together hold every element and attribute of the envelope."""
    message = messages.load("auth.031.001.01")
    root = message.root(True)
    header = root.find("Hdr/AppHdr")
    made = [holding(root, header, [one]) for one in covering(header, seed=7)]
    made.append(Instances(5, 1.0).element(root))
    return [etree.tostring(element, encoding="UTF-8") for element in made]


@pytest.mark.parametrize("message_id", EVERY)
def test_both_laws_hold_for_every_element_of_a_message(message_id: str) -> None:
    message = messages.load(message_id)
    for source in plain_documents(message):
        require_both_laws(message, source)


def test_both_laws_hold_for_every_element_of_the_envelope() -> None:
    message = messages.load("auth.031.001.01")
    for source in enveloped_documents():
        require_both_laws(message, source)


def require_both_laws(message: Message, source: bytes) -> None:
    """What was parsed renders to the same document, and what was rendered parses to the same table."""
    head, records, faults = read_all(message, io.BytesIO(source))
    assert faults.is_empty()
    rendered = drawn(message, head, records)
    assert c14n(rendered) == c14n(source)
    head_again, records_again, _ = read_all(message, io.BytesIO(rendered))
    assert records_again.equals(records)
    assert head_again.equals(head)


def test_the_comparison_sees_a_lost_character() -> None:
    """Control: the canonical comparison is not blind."""
    message = messages.load("auth.016.001.01")
    source = plain_documents(message)[1]
    head, records, _ = read_all(message, io.BytesIO(source))
    text = drawn(message, head, records)
    assert c14n(text.replace(b"Z<", b"z<", 1)) != c14n(source)


SMALL = st.text(
    st.characters(
        blacklist_categories=("Cs", "Cc"), whitelist_characters="\t\n\r", blacklist_characters="\ufffe\uffff"
    ),
    max_size=6,
)


def rows_of(group: Node) -> st.SearchStrategy[dict[str, object]]:
    """Any row of the group's table, valid or not: every column may be there or not, whatever the schema asks for."""
    columns: dict[str, st.SearchStrategy[object]] = {}
    for name, column in group.columns.items():
        if column.kind == "list":
            plain = column.node.kind == "leaf" and not column.node.attributes
            inner = SMALL if plain else rows_of(column.node)
            if column.node.kind != "any":
                columns[name] = st.lists(inner, min_size=1, max_size=3)
        elif column.kind == "text" and column.node.kind == "leaf":
            columns[name] = SMALL
    attributes = {n: c for n, c in group.columns.items() if c.kind == "attribute" and ":" not in n}
    optional = st.fixed_dictionaries({}, optional=columns)

    def with_attributes(row: dict[str, object]) -> st.SearchStrategy[dict[str, object]]:
        fitting = {name: SMALL for name, column in attributes.items() if column.node.base in row}
        return st.fixed_dictionaries({}, optional=fitting).map(lambda more: row | more)

    return optional.flatmap(with_attributes)


def pruned(value: object) -> object:
    """A row without its nulls and markers."""
    if isinstance(value, dict):
        return {k: pruned(v) for k, v in sorted(value.items()) if v is not None and not k.endswith("/")}
    return [pruned(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("message_id", ["auth.016.001.01", "auth.031.001.01"])
def test_any_table_survives_render_and_parse(message_id: str) -> None:
    message = messages.load(message_id)

    @settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
    @given(st.lists(rows_of(message.record), min_size=1, max_size=4))
    def law(rows: list[dict[str, object]]) -> None:
        table = pl.from_dicts(
            [{"/": None, **row} for row in rows], schema_overrides={"/": pl.Boolean}, infer_schema_length=None
        )
        _, again, faults = read_all(message, io.BytesIO(drawn(message, None, table)))
        assert faults.is_empty()
        for row, same in zip(rows, again.to_dicts(), strict=True):
            assert pruned(same) == pruned(row)

    law()


def test_a_container_with_nothing_in_it_stays() -> None:
    message = messages.load("auth.016.001.01")
    table = pl.DataFrame({"New/": [True, None, None], "Cxl/TxId": [None, "A", None]})
    text = drawn(message, None, table)
    assert b"<Tx><New></New></Tx><Tx><Cxl><TxId>A</TxId></Cxl></Tx><Tx></Tx>" in text
    again = read_all(message, io.BytesIO(text))[1]
    assert again.to_dicts() == [
        {"/": None, "New/": True, "Cxl/TxId": None},
        {"/": None, "New/": None, "Cxl/TxId": "A"},
        {"/": True, "New/": None, "Cxl/TxId": None},
    ]


def test_a_document_without_records_stays_one() -> None:
    message = messages.load("auth.016.001.01")
    text = drawn(message, None, pl.DataFrame())
    head, records, _ = read_all(message, io.BytesIO(text))
    assert (head.to_dicts(), records.height) == ([{"/Document/FinInstrmRptgTxRpt/": True}], 0)
    assert drawn(message, head, records) == text


def test_an_attribute_without_a_value_keeps_its_element_and_the_other_way_round() -> None:
    message = messages.load("auth.016.001.01")
    amount = "New/Tx/Qty/NmnlVal"
    rows = render_rows(message, pl.DataFrame({amount: ["1", None, "3"], f"{amount}/@Ccy": [None, "EUR", "USD"]}))
    wrap = "<Tx><New><Tx><Qty>{}</Qty></Tx></New></Tx>".format
    assert rows.to_list() == [
        wrap("<NmnlVal>1</NmnlVal>"),
        wrap('<NmnlVal Ccy="EUR"></NmnlVal>'),
        wrap('<NmnlVal Ccy="USD">3</NmnlVal>'),
    ]


def test_chunks_do_not_show_in_the_document() -> None:
    message = messages.load("auth.016.001.01")
    maker = Instances(3)
    source = holding(message.document, message.record, [maker.element(message.record) for _ in range(40)])
    head, table, _ = read_all(message, io.BytesIO(etree.tostring(source)))
    whole = drawn(message, head, table)
    in_pieces = b"".join(bytes(b) for b in render(message, head, (table.slice(i, 7) for i in range(0, 40, 7))))
    assert in_pieces == whole
    assert "".join(render_rows(message, table)).encode() in whole
    assert canonical(message.record, table).equals(table)
