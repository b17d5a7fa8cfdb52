"""Files in and out without a ledger, as a stranger tries them first: parse, render, check, compile-schema."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import polars as pl
import pytest
from lxml import etree

from tests.acceptance.conftest import Answer, Shell
from tests.acceptance.hostile import CORPUS, Case, cases

GRID = ("--jurisdiction", "EU", "--report-type", "TRANSACTION")
PARSED = ("rows.parquet", "rows.ndjson", "rows.jsonl")
SAMPLES = (
    "YY_DATTRA_XX_000001-0-000000_26.xml",
    "XX_FDBTRA_YY_000001_26_PART.xml",
    "XX_FDBTRA_YY_000002_26_RJCT_file.xml",
)


@pytest.fixture
def here(tmp_path: Path) -> Shell:
    """A folder that is no workspace."""
    return Shell(tmp_path)


def canonical(file: Path) -> str:
    return etree.canonicalize(from_file=str(file), strip_text=True, rewrite_prefixes=True)


def both_ways(here: Shell, file: Path, rows: str) -> Path:
    """The file after parse and render."""
    here("parse", file, "-o", rows)
    here("render", *GRID, rows, "-o", "again.xml")
    return here.workspace / "again.xml"


@pytest.mark.shared
@pytest.mark.parametrize("rows", PARSED)
@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_the_same_after_parse_and_render(here: Shell, shared_dir: Path, sample: str, rows: str) -> None:
    file = shared_dir / "samples" / "mifir" / sample
    assert canonical(both_ways(here, file, rows)) == canonical(file)


@pytest.mark.parametrize("rows", PARSED)
@pytest.mark.parametrize("file", ["good-enveloped.xml", "good-plain.xml", "good-cdata.xml", "good-prefixes.xml"])
def test_a_document_is_the_same_after_parse_and_render(here: Shell, file: str, rows: str) -> None:
    again = both_ways(here, CORPUS / file, rows)
    assert canonical(again) == canonical(CORPUS / file)
    assert ("BizData" in again.read_text(encoding="utf-8")) is (
        "BizData" in (CORPUS / file).read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("rows", PARSED[:2])
def test_what_we_sent_and_what_was_answered_is_the_same_byte_for_byte(reading: Shell, here: Shell, rows: str) -> None:
    files = [*(reading.workspace / "outbox").rglob("*.xml"), *(reading.workspace / "inbox").rglob("*.xml")]
    assert len(files) == 6
    for file in files:
        assert both_ways(here, file, rows).read_bytes() == file.read_bytes(), file.name


@pytest.mark.parametrize("rows", PARSED[:2])
def test_the_field_layer_holds_all_of_a_report(reading: Shell, here: Shell, rows: str) -> None:
    for file in (reading.workspace / "outbox").rglob("*.xml"):
        here("parse", file, "-o", rows, "--fields")
        here("render", *GRID, rows, "-o", "again.xml", "--fields")
        document = re.search(r"<Document .*</Document>", file.read_text(encoding="utf-8"), re.DOTALL)
        assert document
        declared, _, again = (here.workspace / "again.xml").read_text(encoding="utf-8").partition("\n")
        assert declared.startswith("<?xml")
        assert again == document[0]


def test_the_field_layer_speaks_the_regulators_columns(here: Shell) -> None:
    here("parse", CORPUS / "good-plain.xml", "-o", "fields.ndjson", "--fields")
    first, second = (json.loads(line) for line in (here.workspace / "fields.ndjson").read_text().splitlines())
    assert (first["status"], first["transaction_reference"], first["venue"]) == ("NEWT", "A0001", "XETB")
    assert first["buyer"][0]["id"] == "SE198403179917"
    assert first["price"] == "6.735"
    assert (second["status"], second["transaction_reference"]) == ("CANC", "A0002")


def test_render_says_what_it_wrote(here: Shell) -> None:
    here("parse", CORPUS / "good-plain.xml", "-o", "rows.parquet")
    told = here("render", *GRID, "rows.parquet", "-o", "again.xml", "--json").json
    content = (here.workspace / "again.xml").read_bytes()
    assert told == {
        "file": "again.xml",
        "records": 2,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


@pytest.mark.parametrize("case", cases(), ids=lambda c: c.file.removesuffix(".xml"))
def test_check_of_the_corpus(here: Shell, case: Case) -> None:
    case.put(here.workspace)
    answer = here("check", case.file, code=case.exit)
    told = answer.err if case.exit == 2 else answer.out
    for words in (case.file, *case.says):
        assert words in told
    if case.exit == 2:
        one_clear_line(answer)


def one_clear_line(answer: Answer) -> None:
    assert answer.out == ""
    assert answer.err.startswith("regreport: ")
    assert answer.err.count("\n") == 1
    assert len(answer.err) < 400


def test_the_corpus_holds_no_file_that_nobody_expects() -> None:
    assert {c.file for c in cases() if not c.made} == {p.name for p in CORPUS.glob("*.xml")}
    assert {c.exit for c in cases()} == {0, 1, 2}


@pytest.mark.parametrize("case", [c for c in cases() if c.exit == 2], ids=lambda c: c.file.removesuffix(".xml"))
def test_nothing_is_parsed_of_a_file_that_is_refused(here: Shell, case: Case) -> None:
    case.put(here.workspace)
    one_clear_line(here("parse", case.file, "-o", "rows.parquet", code=2))
    assert [p.name for p in here.workspace.iterdir()] == [case.file]


def test_parse_tells_what_a_table_cannot_hold(here: Shell) -> None:
    answer = here("parse", CORPUS / "fault-unknown-element.xml", "-o", "rows.parquet", code=1)
    assert "Foo is not an element" in answer.out
    assert pl.read_parquet(here.workspace / "rows.parquet").height == 2


def test_check_speaks_json(here: Shell) -> None:
    told = here("check", CORPUS / "fault-enumeration.xml", "--json", code=1).json
    assert told["message"] == "auth.016.001.01"
    assert (told["records"], told["clean"]) == (2, False)
    (finding,) = told["findings"]
    assert (finding["record"], finding["field"], finding["value"]) == (1, "29", "XXXX")


def test_the_verdict_without_rules_knows_no_check_digits(here: Shell) -> None:
    text = (CORPUS / "good-enveloped.xml").read_text(encoding="utf-8")
    (here.workspace / "digits.xml").write_text(text.replace("DEMO00DEMOCCPEQUIT33", "DEMO00DEMOCCPEQUIT34"))
    here("check", "digits.xml")
    told = here("check", "digits.xml", "--rules", "--json", code=1).json["findings"]
    assert [f["value"] for f in told if f["severity"] == "error"] == ["DEMO00DEMOCCPEQUIT34"]


def test_rules_that_nobody_can_check_in_a_single_file_say_so(here: Shell) -> None:
    """The cancellation of the corpus file is of a report that only a ledger knows: that is no error."""
    told = here("check", CORPUS / "good-enveloped.xml", "--rules", "--json").json["findings"]
    assert {f["severity"] for f in told} == {"not_checked"}
    unchecked = {f["rule"] for f in told}
    assert "CON-024" in unchecked
    assert len(unchecked) > 20


def test_a_report_that_we_sent_breaks_no_rule(reading: Shell) -> None:
    for file in (reading.workspace / "outbox").rglob("*.xml"):
        told = reading("check", file, "--rules", "--json", code=None).json
        assert told["clean"], [f for f in told["findings"] if f["severity"] == "error"]


def test_rules_of_a_message_without_rules_are_not_run_quietly(reading: Shell) -> None:
    answer = next((reading.workspace / "inbox").rglob("*.xml"))
    assert "auth.031.001.01" in reading("check", answer, "--rules", code=3).err


def test_one_broken_rule_is_found(here: Shell) -> None:
    text = (CORPUS / "good-enveloped.xml").read_text(encoding="utf-8")
    (here.workspace / "child.xml").write_text(text.replace("<TradVn>XETB", "<TradVn>XOFF"), encoding="utf-8")
    told = here("check", "child.xml", "--rules", "--json", code=1).json["findings"]
    broken = [f for f in told if f["severity"] == "error"]
    assert broken
    assert all(f["reference"] == "A0001" for f in broken)


@pytest.mark.shared
def test_official_schemas_have_the_same_verdict(here: Shell, shared_dir: Path, reading: Shell) -> None:
    schemas = shared_dir / "schemas" / "iso20022"
    answer = next((reading.workspace / "inbox").rglob("*.xml"))
    told = here("check", answer, "--xsd-dir", schemas)
    assert "used urn:iso:std:iso:20022:tech:xsd:auth.031.001.01" in told.out
    assert "used urn:iso:std:iso:20022:tech:xsd:head.001.001.01" in told.out
    broken = here.workspace / "broken.xml"
    broken.write_text(answer.read_text(encoding="utf-8").replace("<Sts>PART</Sts>", "<Sts>PERHAPS</Sts>", 1))
    rules = {f["rule"] for f in here("check", broken, "--xsd-dir", schemas, "--json", code=1).json["findings"]}
    assert {"STR-enumeration", "XSD-enumeration"} <= rules


@pytest.mark.shared
def test_a_schema_that_is_not_there_is_named_and_never_counts_as_passed(here: Shell, shared_dir: Path) -> None:
    schemas = shared_dir / "schemas" / "iso20022"
    told = here("check", CORPUS / "good-enveloped.xml", "--xsd-dir", schemas)
    assert "no schema in" in told.out
    assert "auth.016.001.01" in told.out
    assert "is not a folder" in here("check", CORPUS / "good-enveloped.xml", "--xsd-dir", "nowhere", code=2).err


@pytest.mark.shared
@pytest.mark.parametrize("wrong", ["", "AOTC=XXXX", "<Unit>250</Unit>=<Unit>many</Unit>", "<TradVn>XETB</TradVn>="])
def test_the_later_base_version_is_checked_by_its_schema(here: Shell, shared_dir: Path, wrong: str) -> None:
    text = (CORPUS / "good-plain.xml").read_text(encoding="utf-8").replace("auth.016.001.01", "auth.016.001.03")
    (here.workspace / "base.xml").write_text(text.replace(*wrong.split("=")) if wrong else text, encoding="utf-8")
    schemas = shared_dir / "schemas" / "iso20022"
    told = here("check", "base.xml", "--xsd-dir", schemas, "--json", code=1 if wrong else 0).json
    assert told["message"] == "auth.016.001.03"
    ours = {f["record"] for f in told["findings"] if f["rule"].startswith("STR-")}
    official = {f["record"] for f in told["findings"] if f["rule"].startswith("XSD-")}
    assert ours == official == ({1} if wrong else set()), told["findings"]


@pytest.mark.shared
def test_compile_schema_writes_and_compares(here: Shell, shared_dir: Path) -> None:
    xsd = shared_dir / "schemas" / "iso20022" / "auth.031.001.01.xsd"
    assert "no change" in here("compile-schema", xsd, "-o", "table.csv").out
    table = here.workspace / "table.csv"
    first = table.read_bytes()
    assert "no change" in here("compile-schema", xsd, "-o", "table.csv").out
    table.write_bytes(first.replace(b"OrgnlRcrdId", b"OrgnlRecordId"))
    changed = here("compile-schema", xsd, "-o", "table.csv", "--json").json["changes"]
    assert any("OrgnlRcrdId" in line for line in changed)
    assert table.read_bytes() == first


def test_compile_schema_refuses_what_is_no_schema(here: Shell) -> None:
    one_clear_line(here("compile-schema", CORPUS / "good-plain.xml", "-o", "table.csv", code=2))
    one_clear_line(here("compile-schema", CORPUS / "refused-billion-laughs.xml", "-o", "table.csv", code=2))
    one_clear_line(here("compile-schema", "nothere.xsd", "-o", "table.csv", code=2))
    assert list(here.workspace.iterdir()) == []


BAD_TABLES = {
    "text.parquet": ("this is no parquet", "cannot be read"),
    "unknown.ndjson": ('{"New/TxId": "A1", "New/Colour": "red"}', "field 'New/Colour'"),
    "number.ndjson": ('{"New/TxId": 12}', "the number 12 is not text"),
    "list.ndjson": ('{"New/TxId": ["A1"]}', "field 'New/TxId'"),
    "half.ndjson": ('{"New/TxId": "A1"}\n{"New/TxId": ', "line 2"),
    "empty.ndjson": ("", "holds no row"),
    "deep.ndjson": ("[" * 100_000, "line 1"),
    "twice.ndjson": ('{"New/TxId": "A1", "New/TxId": "A2"}', "twice"),
    "control.ndjson": (
        '{"New/TxId": "A1"}\n{"New/TxId": "A\\u0001B"}',
        "record 2, field 'New/TxId', value 'A\\x01B'",
    ),
    "no-character.ndjson": ('{"New/FinInstrm/Othr/FinInstrmGnlAttrbts/FullNm": "A\\uffff"}', "record 1"),
    "surrogate.ndjson": ('{"New/TxId": "A\\ud800"}', "line 1"),
    "head.ndjson": ('{"/BizData/Hdr/AppHdr/CreDt": "a"}\n{"/BizData/Hdr/AppHdr/CreDt": "b"}', "same on every row"),
    "table.csv": ("New/TxId\nA1\n", "suffix"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_bad_table_leaves_no_file(here: Shell, name: str) -> None:
    content, says = BAD_TABLES[name]
    (here.workspace / name).write_text(content)
    answer = here("render", *GRID, name, "-o", "out.xml", code=2)
    one_clear_line(answer)
    assert name in answer.err
    assert says in answer.err
    assert [p.name for p in here.workspace.iterdir()] == [name]


BAD_FIELDS = {
    "unknown.ndjson": ('{"transaction_reference": "A1", "status": "NEWT", "colour": "red"}', "field 'colour'"),
    "number.ndjson": ('{"transaction_reference": "A1", "status": "NEWT", "price": 1.10}', "field 'price'"),
    "lost.ndjson": ('{"transaction_reference": "A1", "status": "NEWT", "price": "1.10"}', "value '1.10'"),
    "text.parquet": ("this is no parquet", "cannot be read"),
}


@pytest.mark.parametrize("name", BAD_FIELDS)
def test_a_bad_field_table_leaves_no_file(here: Shell, name: str) -> None:
    content, says = BAD_FIELDS[name]
    (here.workspace / name).write_text(content)
    answer = here("render", *GRID, name, "-o", "out.xml", "--fields", code=2)
    one_clear_line(answer)
    assert name in answer.err
    assert says in answer.err
    assert [p.name for p in here.workspace.iterdir()] == [name]


def test_an_output_that_was_there_survives_a_failure(here: Shell) -> None:
    (here.workspace / "out.xml").write_text("yesterday's")
    (here.workspace / "bad.ndjson").write_text('{"New/TxId": "A1"}\n{"New/TxId": "A\\u0001"}\n')
    here("render", *GRID, "bad.ndjson", "-o", "out.xml", code=2)
    assert (here.workspace / "out.xml").read_text() == "yesterday's"


def test_an_output_that_cannot_be_is_said_so(here: Shell) -> None:
    here("parse", CORPUS / "good-plain.xml", "-o", "rows.parquet")
    (here.workspace / "folder.xml").mkdir()
    for output, says in (("nowhere/out.xml", "does not exist"), ("folder.xml", "is a folder")):
        answer = here("render", *GRID, "rows.parquet", "-o", output, code=2)
        one_clear_line(answer)
        assert says in answer.err
    assert "suffix" in here("parse", CORPUS / "good-plain.xml", "-o", "rows.csv", code=2).err
    assert "suffix" in here("parse", CORPUS / "good-plain.xml", "-o", "rows.csv", "--fields", code=2).err
    assert not (here.workspace / "rows.csv").exists()


def test_what_is_written_can_be_read_by_others(here: Shell) -> None:
    mask = os.umask(0o022)
    try:
        here("parse", CORPUS / "good-plain.xml", "-o", "rows.parquet")
    finally:
        os.umask(mask)
    assert (here.workspace / "rows.parquet").stat().st_mode & 0o777 == 0o644


def test_render_asks_for_a_cell_that_is_built(here: Shell) -> None:
    here("parse", CORPUS / "good-plain.xml", "-o", "rows.parquet")
    uk = ("--jurisdiction", "UK", "--report-type", "TRANSACTION")
    answer = here("render", *uk, "rows.parquet", "-o", "out.xml", code=3)
    assert "built for this cell: mifir" in answer.err
    here("render", *uk, "--regime", "mifir", "rows.parquet", "-o", "out.xml")
    assert "no cell" in here("render", "--jurisdiction", "MARS", "rows.parquet", "-o", "out.xml", code=3).err


def test_a_name_from_outside_cannot_drive_the_terminal(here: Shell) -> None:
    (here.workspace / "a\x1b[31mred.xml").write_text("no xml")
    assert "\x1b" not in here("check", "a\x1b[31mred.xml", code=2).err
