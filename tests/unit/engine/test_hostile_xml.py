"""What may not be read is refused as a whole, with one clear error, and without exhausting the machine."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from regreport import messages
from regreport.engine.findings import STRUCTURE_RULES
from regreport.engine.parse import parse, read_all
from regreport.engine.safe_xml import Limits
from regreport.errors import NotWellFormed, UnknownMessage

ID = "auth.016.001.01"
NAMESPACE = f"urn:iso:std:iso:20022:tech:xsd:{ID}"
OPEN = f'<Document xmlns="{NAMESPACE}"><FinInstrmRptgTxRpt>'
CLOSE = "</FinInstrmRptgTxRpt></Document>"
RECORD = "<Tx><Cxl><TxId>{}</TxId></Cxl></Tx>"
GOOD = OPEN + RECORD.format("A1") + CLOSE


def with_dtd(dtd: str, text: str = "A1") -> bytes:
    return f"<!DOCTYPE Document {dtd}>{OPEN}{RECORD.format(text)}{CLOSE}".encode()


LAUGHS = "[<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 10)) + "]"

HOSTILE: dict[str, tuple[bytes, str]] = {
    "external entity": (with_dtd("[<!ENTITY x SYSTEM 'file:///etc/passwd'>]", "&x;"), "DTD"),
    "parameter entity": (with_dtd("[<!ENTITY % x SYSTEM 'http://127.0.0.1:9/x.dtd'> %x;]"), "DTD"),
    "billion laughs": (with_dtd(LAUGHS, "&a9;"), "DTD"),
    "external DTD": (with_dtd("SYSTEM 'http://127.0.0.1:9/x.dtd'"), "DTD"),
    "internal DTD": (with_dtd("[<!ELEMENT Document ANY>]"), "DTD"),
    "undeclared entity": (GOOD.replace("A1", "&x;").encode(), "not well-formed"),
    "UTF-7": (b'<?xml version="1.0" encoding="UTF-7"?>' + GOOD.encode(), "another encoding"),
    "latin-1": (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + GOOD.encode("latin-1"), "another encoding"),
    "UTF-16": (GOOD.encode("utf-16"), "not UTF-8"),
    "UTF-16 without mark": (GOOD.encode("utf-16-le"), "not UTF-8"),
    "UTF-32": (GOOD.encode("utf-32"), "not UTF-8"),
    "bad UTF-8": (GOOD.encode().replace(b"A1", b"\xff\xfe1"), "not well-formed"),
    "NUL": (GOOD.replace("A1", "A\x001").encode(), "not well-formed"),
    "control character": (GOOD.replace("A1", "A\x071").encode(), "not well-formed"),
    "reference to a control character": (GOOD.replace("A1", "A&#7;1").encode(), "not well-formed"),
    "truncated": (GOOD[:-20].encode(), "not well-formed"),
    "two roots": ((GOOD + GOOD).encode(), "not well-formed"),
    "text after the root": ((GOOD + "x").encode(), "not well-formed"),
    "mismatched tags": (GOOD.replace("</TxId>", "</Txid>").encode(), "not well-formed"),
    "unbound prefix": (GOOD.replace("<TxId>", "<z:TxId>").replace("</TxId>", "</z:TxId>").encode(), "not well-formed"),
    "attribute twice": (GOOD.replace("<TxId>", '<TxId a="1" a="2">').encode(), "not well-formed"),
    "20 MB of text": (GOOD.replace("A1", "A" * 20_000_000).encode(), "text"),
    "20 MB of attribute": (GOOD.replace("<TxId>", f'<TxId a="{"A" * 20_000_000}">').encode(), "not well-formed"),
    "depth 100,000": ((OPEN + "<Tx>" * 100_000 + "</Tx>" * 100_000 + CLOSE).encode(), "deep|Excessive depth"),
    "200,000 attributes": (
        GOOD.replace("<TxId>", "<TxId " + " ".join(f'a{i}="1"' for i in range(200_000)) + ">").encode(),
        "attributes",
    ),
    "empty": (b"", "is empty"),
    "white space only": (b" \n\t ", "is empty"),
    "no XML": (b"TxId,ExctgPty\nA1,B2\n", "not well-formed"),
    "JSON": (b'{"New/TxId": "A1"}', "not well-formed"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_refused(name: str, tmp_path: Path) -> None:
    content, words = HOSTILE[name]
    file = tmp_path / "file.xml"
    file.write_bytes(content)
    with pytest.raises(NotWellFormed, match=words) as refused:
        read_all(messages.load(ID), file)
    assert str(file) in str(refused.value)
    assert len(str(refused.value)) < 1_000, "the error is for a person to read"


@pytest.mark.parametrize("name", ["external entity", "billion laughs", "20 MB of text", "UTF-16", "empty"])
def test_identify_refuses_it_too_or_leaves_it_to_parse(name: str) -> None:
    try:
        message, enveloped = messages.identify(io.BytesIO(HOSTILE[name][0]))
    except NotWellFormed:
        return
    assert (message.id, enveloped) == (ID, False)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(NAMESPACE, "urn:other"),
        lambda text: text.replace("016.001.01", "016.001.09"),
        lambda text: text.replace(f' xmlns="{NAMESPACE}"', ""),
        lambda text: text.replace("Document", "Dokument"),
    ],
    ids=["other namespace", "other version", "no namespace", "other root"],
)
def test_another_document_is_no_known_message(change: Callable[[str], str]) -> None:
    content = change(GOOD).encode()
    with pytest.raises(UnknownMessage, match="Known: auth"):
        messages.identify(io.BytesIO(content))
    with pytest.raises(UnknownMessage, match=ID):
        read_all(messages.load(ID), io.BytesIO(content))


def test_the_good_file_is_read() -> None:
    """Control: the corpus differs from a good file only by what it is named for."""
    _, records, faults = read_all(messages.load(ID), io.BytesIO(("\ufeff" + GOOD).encode()))
    assert (records["Cxl/TxId"].to_list(), faults.height) == (["A1"], 0)


def test_the_five_entities_and_references_are_read() -> None:
    _, records, _ = read_all(
        messages.load(ID), io.BytesIO(GOOD.replace("A1", "&lt;&amp;&gt;&quot;&apos;&#xE9;&#10;").encode())
    )
    assert records["Cxl/TxId"].to_list() == ["<&>\"'é\n"]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(bytes_max=100), "100 bytes"),
        (Limits(elements_max=4), "4 elements"),
        (Limits(text_characters_max=1), "text"),
    ],
)
def test_limits_can_be_set(limits: Limits, words: str) -> None:
    content = GOOD.replace("A1", "A" * 400_000).encode()
    with pytest.raises(NotWellFormed, match=words):
        pl.concat(parse(messages.load(ID), io.BytesIO(content), limits=limits))


@pytest.mark.parametrize(
    ("fault", "rule", "path"),
    [
        ("<Tx><Cxl><ExctgPty>x</ExctgPty><TxId>a</TxId></Cxl></Tx>", "STR-order", "Cxl/TxId"),
        ("<Tx><Cxl><TxId>a</TxId><TxId>b</TxId></Cxl></Tx>", "STR-occurrence", "Cxl/TxId"),
        ("<Tx><Cxl><Zzz/></Cxl></Tx>", "STR-unknown", "Cxl/Zzz"),
        ("<Tx><Zzz><Deeper/></Zzz></Tx>", "STR-unknown", "Zzz"),
        ("<Tx><Cxl>text<TxId>a</TxId></Cxl></Tx>", "STR-text", "Cxl"),
        ("<Tx><Cxl>\u00a0<TxId>a</TxId></Cxl></Tx>", "STR-text", "Cxl"),
        ("<Tx><Cxl><TxId><B/></TxId></Cxl></Tx>", "STR-unknown", "Cxl/TxId"),
        ('<Tx><Cxl><TxId x="1">a</TxId></Cxl></Tx>', "STR-unknown", "Cxl/TxId/@x"),
        ('<Tx y="1"><Cxl><TxId>a</TxId></Cxl></Tx>', "STR-unknown", "/@y"),
    ],
)
def test_a_fault_names_record_and_place(fault: str, rule: str, path: str) -> None:
    content = (OPEN + RECORD.format("A1") + fault + CLOSE).encode()
    _, records, faults = read_all(messages.load(ID), io.BytesIO(content))
    assert records.height == 2
    assert rule in STRUCTURE_RULES
    assert faults.select("rule", "record", "path").rows() == [(rule, 2, path)]


def test_of_a_repeated_element_the_first_value_stays() -> None:
    content = (OPEN + "<Tx><Cxl><TxId>a</TxId><TxId>b</TxId></Cxl></Tx>" + CLOSE).encode()
    assert read_all(messages.load(ID), io.BytesIO(content))[1]["Cxl/TxId"].to_list() == ["a"]


def test_a_file_of_faults_only_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regreport.engine.harvest.FAULTS_MAX", 3)
    content = (OPEN + "<Tx><Zzz/></Tx>" * 10 + CLOSE).encode()
    faults = read_all(messages.load(ID), io.BytesIO(content))[2]
    assert faults["record"].to_list() == [1, 2, 3, None]
    assert "not listed" in faults["message"][3]
