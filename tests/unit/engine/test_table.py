"""The declaration: compiled from a schema, kept as a table, compared, described and written out again."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from regreport import messages
from regreport.engine.compile import compile_xsd
from regreport.engine.describe import describe
from regreport.engine.findings import FieldName
from regreport.engine.table import diff_tables, drop_facet, read_table, table_rows, walk, write_table
from regreport.engine.xsd import emit_xsd
from regreport.errors import BadInput, NotWellFormed, UnknownMessage

TABLES = sorted([*messages.MESSAGES, messages.ENVELOPE, messages.HEADER])


def schema(inside: str) -> str:
    return (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:t" targetNamespace="urn:t" '
        f'elementFormDefault="qualified">{inside}</xs:schema>'
    )


def document_type(children: str) -> str:
    return schema(
        '<xs:element name="Document" type="Document"/>'
        f'<xs:complexType name="Document"><xs:sequence>{children}</xs:sequence></xs:complexType>'
    )


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_and_written_without_change(name: str, tmp_path: Path) -> None:
    write_table(messages.table(name), tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (messages.FOLDER / f"{name}.csv").read_bytes()


@pytest.mark.parametrize("name", TABLES)
def test_the_emitted_schema_compiles_to_the_same_table(name: str, tmp_path: Path) -> None:
    root = messages.table(name)
    (tmp_path / "emitted.xsd").write_text(emit_xsd(root), encoding="utf-8")
    etree.XMLSchema(etree.parse(str(tmp_path / "emitted.xsd")))
    again = compile_xsd(tmp_path / "emitted.xsd")
    same = {**dict.fromkeys(("type", "pattern"), "")}
    rows = [row | same for row in table_rows(root)]
    assert [row | same for row in table_rows(again)] == rows


@pytest.mark.shared
@pytest.mark.parametrize("name", ["auth.016.001.03", "auth.031.001.01", "head.001.001.01"])
def test_a_table_is_what_its_schema_compiles_to(name: str, shared_dir: Path) -> None:
    compiled = compile_xsd(shared_dir / "schemas" / "iso20022" / f"{name}.xsd")
    assert diff_tables(messages.table(name), compiled) == []


@pytest.mark.shared
def test_every_message_schema_at_hand_compiles(shared_dir: Path) -> None:
    files = sorted((shared_dir / "schemas" / "iso20022").glob("*.xsd"))
    assert len(files) > 20
    for file in files:
        assert sum(1 for _ in walk(compile_xsd(file))) > 10, file.name


def test_a_difference_is_told_by_path() -> None:
    old = messages.table("auth.016.001.01")
    path = "Document/FinInstrmRptgTxRpt/Tx/New/TxId"
    assert diff_tables(old, drop_facet(old, path, "pattern")) == [f"~ {path}  pattern: ([A-Z]|[0-9]){{1,52}} -> -"]
    lines = diff_tables(old, messages.table("auth.016.001.03"))
    assert "+ Document/FinInstrmRptgTxRpt/Tx/New/TechAttrbts" in lines
    assert any(line.startswith("~ Document/FinInstrmRptgTxRpt/Tx/New/TxId ") for line in lines)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (document_type('<xs:element ref="Other"/>'), "own name"),
        (document_type('<xs:element name="A" type="xs:string" nillable="true"/>'), "nillable"),
        (document_type('<xs:element name="A" type="xs:float"/>'), "xs:float"),
        (document_type('<xs:choice><xs:element name="A" type="xs:string"/></xs:choice>'), "inside a sequence"),
        (document_type('<xs:element name="A" type="Nowhere"/>'), "Nowhere"),
        (document_type('<xs:element name="A" type="xs:string"/>' * 2), "twice"),
        (schema('<xs:include schemaLocation="x.xsd"/>'), "xs:include"),
        (schema(""), "declares no element"),
        ("<html/>", "not an XML Schema"),
    ],
)
def test_what_a_table_cannot_say_is_refused(content: str, words: str, tmp_path: Path) -> None:
    """A construct that was passed over would make the check weaker than the schema without anybody noticing."""
    file = tmp_path / "s.xsd"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput, match=words):
        compile_xsd(file)


def test_a_schema_that_is_no_xml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.xsd").write_text("path,kind")
    with pytest.raises(NotWellFormed):
        compile_xsd(tmp_path / "s.xsd")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("leaf", "leef"), "leef"),
        (("path,kind", "path,sort"), "kind"),
        (("Document/FinInstrm", "Other/FinInstrm"), "not below"),
    ],
)
def test_a_damaged_table_is_refused(change: tuple[str, str], words: str, tmp_path: Path) -> None:
    text = (messages.FOLDER / "auth.031.001.01.csv").read_text(encoding="utf-8")
    (tmp_path / "t.csv").write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=words):
        read_table(tmp_path / "t.csv")


def test_an_unknown_message_is_named_with_those_known() -> None:
    with pytest.raises(UnknownMessage, match=r"auth\.016\.001\.01"):
        messages.load("auth.999.001.01")


def test_the_field_table_says_every_leaf_in_words() -> None:
    message = messages.load("auth.016.001.01")
    rows = {row.path: row for row in describe(message, {"New/Buyr": FieldName("7", "Buyer")})}
    assert list(rows) == list(message.leaves)
    lei = rows["New/Buyr/AcctOwnr/Id/LEI"]
    assert (lei.number, lei.name, lei.occurrence) == ("7", "Buyer", "one of a choice")
    assert "18 capital letters or digits" in lei.form
    assert rows["New/AddtlAttrbts/WvrInd"].occurrence == "optional, up to 6 times"
    assert rows["New/Tx/Qty/NmnlVal/@Ccy"].occurrence == "required with its element"
    assert all("{" not in row.form for row in rows.values())
