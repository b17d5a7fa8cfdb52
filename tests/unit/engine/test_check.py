"""What findings say: rule, record, field, path, value, and the constraint in words."""

from __future__ import annotations

import io

import polars as pl
import pytest
from instances import Instances, holding
from lxml import etree

from regreport import messages
from regreport.engine.check import check, check_heads, check_records_present
from regreport.engine.findings import SCHEMA, STRUCTURE_RULES, FieldName
from regreport.engine.message import Message
from regreport.engine.parse import parse, read_all
from regreport.engine.render import render_head, render_heads
from regreport.errors import BadInput

NAMES = {
    "New/Buyr": FieldName("7", "Buyer identification code"),
    "New/Tx/Qty/Unit": FieldName("30", "Quantity"),
    "New/Tx/TradDt": FieldName("28", "Trading date time"),
}


@pytest.fixture(scope="module")
def message() -> Message:
    return messages.load("auth.016.001.01")


@pytest.fixture(scope="module")
def valid(message: Message) -> pl.DataFrame:
    """Three valid new transactions."""
    maker = Instances(4, 0.0)
    records = [etree.Element(f"{{{message.namespace}}}Tx") for _ in range(3)]
    for record in records:
        record.append(maker.element(message.record.find("New")))
    document = etree.tostring(holding(message.document, message.record, records))
    return read_all(message, io.BytesIO(document))[1]


def findings(message: Message, table: pl.DataFrame) -> list[tuple[object, ...]]:
    found = check(message, table, names=NAMES)
    assert found.schema == pl.Schema(SCHEMA)
    assert set(found["rule"]) <= STRUCTURE_RULES.keys()
    return found.select("rule", "record", "field", "path", "value").rows()


def with_value(table: pl.DataFrame, name: str, row: int, value: object) -> pl.DataFrame:
    held = table[name].to_list() if name in table.columns else [None] * table.height
    held[row] = value
    return table.with_columns(pl.Series(name, held))


def test_a_valid_table_has_no_finding(message: Message, valid: pl.DataFrame) -> None:
    assert findings(message, valid) == []


def test_a_wrong_value_is_named_with_its_field(message: Message, valid: pl.DataFrame) -> None:
    table = with_value(valid, "New/Tx/TradDt", 1, "2026-02-30T10:00:00Z")
    assert findings(message, table) == [("STR-date", 2, "28", "New/Tx/TradDt", "2026-02-30T10:00:00Z")]
    text = check(message, table, names=NAMES)["message"][0]
    assert text.startswith("Trading date time (field 28): ")
    assert "a date and time that exists" in text


def test_inside_a_list_the_record_is_named(message: Message, valid: pl.DataFrame) -> None:
    owners = [{"Id/LEI": "ABCDEFGHIJKLMNOPQR12"}, {"Id/LEI": "SHORT"}]
    table = with_value(valid.drop("New/Buyr/AcctOwnr"), "New/Buyr/AcctOwnr", 2, owners)
    found = check(message, table.tail(1), names=NAMES, first_record=100)
    assert found.select("rule", "record", "field", "value").rows() == [("STR-pattern", 100, "7", "SHORT")]
    assert found["message"][0] == (
        "Buyer identification code (field 7): LEI must be 20 characters: 18 capital letters or digits, then 2 digits"
    )


@pytest.mark.parametrize(
    ("name", "value", "rule", "words"),
    [
        ("New/Tx/TradgCpcty", "XXXX", "STR-enumeration", "one of MTCH, DEAL, AOTC"),
        ("New/InvstmtPtyInd", "yes", "STR-boolean", "true or false"),
        ("New/TxId", "a b", "STR-pattern", "1 to 52 capital letters or digits"),
        ("New/Tx/NetAmt", "1.123456", "STR-digits", "at most 5 of them after the point"),
        ("New/Tx/NetAmt", "1,5", "STR-number", "a number in plain digits"),
        ("New/Tx/NetAmt", "-1", "STR-range", "0 or more"),
        ("New/Tx/TradPlcMtchgId", "A" * 53, "STR-pattern", "1 to 52"),
        ("New/FinInstrm/Othr/FinInstrmGnlAttrbts/FullNm", "", "STR-length", "1 to 350 characters"),
        ("New/FinInstrm/Othr/FinInstrmGnlAttrbts/FullNm", "a\x07b", "STR-characters", "control characters"),
    ],
)
def test_each_kind_of_limit_in_words(
    message: Message, valid: pl.DataFrame, name: str, value: str, rule: str, words: str
) -> None:
    found = check(message, with_value(valid, name, 0, value)).filter(pl.col("path") == name)
    assert found.select("rule", "record", "value").rows() == [(rule, 1, value)]
    assert words in found["message"][0]
    assert "{" not in found["message"][0]


def test_missing_repeated_and_excluding_elements(message: Message, valid: pl.DataFrame) -> None:
    assert ("STR-required", 1, None, "New/TxId", None) in findings(message, with_value(valid, "New/TxId", 0, None))
    waivers = with_value(valid, "New/AddtlAttrbts/WvrInd", 1, ["OILQ"] * 7)
    assert findings(message, waivers) == [("STR-occurrence", 2, None, "New/AddtlAttrbts/WvrInd", None)]
    both = with_value(valid, "Cxl/TxId", 2, "A")
    found = check(message, both).filter(pl.col("rule") == "STR-choice")
    assert found.select("record", "path").rows() == [(3, "/")]
    assert found["message"][0] == "/: the record must hold exactly one of New, Cxl; more than one is there"


def test_an_amount_without_its_currency_and_the_other_way_round(message: Message) -> None:
    name = "New/Tx/Qty/NmnlVal"
    found = check(message, pl.DataFrame({name: ["1", None], f"{name}/@Ccy": [None, "EUR"]}))
    held = found.filter(pl.col("path").str.starts_with(name)).select("rule", "record", "path").rows()
    assert held == [("STR-required", 1, f"{name}/@Ccy"), ("STR-required", 2, name)]


def test_the_head_is_checked_without_a_record_number(message: Message, valid: pl.DataFrame) -> None:
    head = message.head({"/BizData/Hdr/AppHdr/BizMsgIdr": "X" * 36, "/BizData/Hdr/AppHdr/CreDt": "2026-01-01T00:00:00"})
    found = check(message, valid, head=head)
    assert found["record"].null_count() == found.height
    assert found.filter(pl.col("value").is_not_null()).select("rule", "path").rows() == [
        ("STR-length", "/BizData/Hdr/AppHdr/BizMsgIdr"),
        ("STR-pattern", "/BizData/Hdr/AppHdr/CreDt"),
    ]


def test_many_heads_are_checked_and_rendered_at_once(message: Message) -> None:
    heads = pl.concat(
        message.head({"/BizData/Hdr/AppHdr/Fr/OrgId/Id/OrgId/Othr/Id": "XX", "/BizData/Hdr/AppHdr/BizMsgIdr": number})
        for number in ("A", "B" * 36, "C")
    )
    found = check_heads(message, heads)
    assert found.filter(pl.col("value").is_not_null()).select("rule", "record").rows() == [("STR-length", 2)]
    assert check(message, None, head=heads[1]).height == found.filter(pl.col("record") == 2).height
    assert render_heads(message, heads) == [render_head(message, heads[row]) for row in range(3)]


def test_a_document_without_records_is_told_at_its_end(message: Message) -> None:
    reader = parse(message, io.BytesIO(etree.tostring(holding(message.document, message.record, []))))
    assert [frame.height for frame in reader] == []
    assert check(message, None, head=reader.head).is_empty()
    found = check_records_present(message, reader.head, reader.records)
    assert found.select("rule", "record").rows() == [("STR-required", None)]
    assert check_records_present(message, reader.head, 1).is_empty()


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pl.Series("New/Tx/Zzz", ["x"]), "no such element"),
        (pl.Series("New/Tx/Pric/Pric/Pctg", [1.5]), "must be text"),
        (pl.Series("New/", ["x"]), "Boolean"),
        (pl.Series("New/AddtlAttrbts/WvrInd", ["SIZE"]), "must be a list"),
        (pl.Series("New/Buyr/AcctOwnr", [[{"Id/Zzz": "x"}]]), r"New/Buyr/AcctOwnr\[\]/Id/Zzz"),
        (pl.Series("New/Buyr/AcctOwnr", [["x"]]), "list of structs"),
    ],
)
def test_a_column_that_the_message_does_not_have_is_an_error(message: Message, column: pl.Series, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        check(message, column.to_frame())


def test_a_large_frame_is_judged_like_its_parts(message: Message, valid: pl.DataFrame) -> None:
    """Columns of few distinct values are tested once each; the wrong one is still found at its row."""
    large = pl.concat([valid] * 1_000)
    large = with_value(with_value(large, "New/ExctgPty", 2_500, "X"), "New/Tx/TradVn", 2_501, "X")
    assert findings(message, large) == [
        ("STR-pattern", 2_501, None, "New/ExctgPty", "X"),
        ("STR-pattern", 2_502, None, "New/Tx/TradVn", "X"),
    ]
