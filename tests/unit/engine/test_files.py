"""Documents and row files on disk: digests, splitting, Parquet and NDJSON, and the user's own schemas."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import polars as pl
import pytest
from instances import Instances, covering, holding
from lxml import etree

from regreport import messages
from regreport.engine.document import parts, write_document
from regreport.engine.layout import canonical, concat
from regreport.engine.message import Message
from regreport.engine.parse import parse, read_all
from regreport.engine.render import render, render_head
from regreport.engine.rows import join_head, read_rows, split_head, write_rows
from regreport.engine.xsd import emit_xsd, validate_with_xsd
from regreport.errors import BadInput


@pytest.fixture(scope="module")
def message() -> Message:
    return messages.load("auth.016.001.01")


@pytest.fixture(scope="module")
def source(message: Message) -> bytes:
    """An enveloped document whose records hold every element."""
    return etree.tostring(holding(message.root(True), message.record, covering(message.record, seed=3)))


def test_a_document_is_digested_while_it_is_written(message: Message, source: bytes) -> None:
    head, records, _ = read_all(message, io.BytesIO(source))
    sink = io.BytesIO()
    written = write_document(message, head, (records.slice(i, 5) for i in range(0, records.height, 5)), sink)
    assert written.sha256 == hashlib.sha256(sink.getvalue()).hexdigest()
    assert (written.size_bytes, written.records) == (len(sink.getvalue()), records.height)


@pytest.mark.parametrize("sizes", [[], [0], [3, 3, 3], [10], [1, 0, 9], [4, 1, 5, 2]])
@pytest.mark.parametrize("most", [1, 4, 5, 100])
def test_a_stream_is_cut_into_parts(sizes: list[int], most: int) -> None:
    total = sum(sizes)
    numbers = pl.DataFrame({"n": range(total)}, schema={"n": pl.Int64})
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    frames = (numbers.slice(start, size) for start, size in zip(starts, sizes, strict=True))
    cut = [[row for frame in part for row in frame["n"]] for part in parts(frames, most)]
    assert [n for part in cut for n in part] == list(range(total))
    assert [len(part) for part in cut] == [min(most, total - start) for start in range(0, total, most)]


@pytest.mark.parametrize("suffix", [".parquet", ".ndjson", ".jsonl"])
@pytest.mark.parametrize("records_per_chunk", [7, 25_000])
def test_rows_round_trip(message: Message, source: bytes, suffix: str, records_per_chunk: int, tmp_path: Path) -> None:
    path = tmp_path / f"rows{suffix}"
    reader = parse(message, io.BytesIO(source), records_per_chunk=records_per_chunk)
    frames = list(reader)
    assert write_rows(message, path, reader.head, frames) == reader.records
    head, again = read_rows(message, path)
    table = concat(message.record, again)
    root = message.root(True)
    assert canonical(message.record, table).equals(canonical(message.record, concat(message.record, frames)))
    assert canonical(root, head).equals(canonical(root, reader.head))
    assert [path.name] == [left.name for left in tmp_path.iterdir()]


@pytest.mark.parametrize("suffix", [".parquet", ".ndjson"])
def test_a_document_without_records_is_one_row_of_its_head(message: Message, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows{suffix}"
    head = read_all(message, io.BytesIO(etree.tostring(holding(message.document, message.record, []))))[0]
    assert write_rows(message, path, head, []) == 0
    again, frames = read_rows(message, path)
    assert (again.to_dicts(), list(frames)) == (head.to_dicts(), [])


def test_the_head_must_be_the_same_on_every_row(message: Message, tmp_path: Path) -> None:
    name = "/BizData/Hdr/AppHdr/BizMsgIdr"
    rows = pl.DataFrame({name: ["A", "B"], "Cxl/TxId": ["1", "2"]})
    with pytest.raises(BadInput, match=name):
        split_head(rows)
    rows.write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(BadInput, match=f"rows.parquet.*{name}"):
        read_rows(message, tmp_path / "rows.parquet")
    head, records = split_head(rows.head(1))
    assert join_head(head, records).equals(rows.head(1))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"Cxl/TxId": 5}', "number 5 is not text"),
        ('{"Cxl/TxId": "1", "New/Tx/NetAmt": 1.10}', r"number 1\.10"),
        ('{"Cxl/TxId": NaN}', "NaN"),
        ('{"Cxl/TxId": "1"', "line 1"),
        ('["x"]', "not a JSON object"),
        ('{"Cxl/Zzz": "1"}', "Cxl/Zzz"),
        ('{"Cxl/TxId": "1", "Cxl/TxId": "2"}', "twice"),
        ("", "no row"),
    ],
)
def test_a_row_file_that_is_not_text_is_refused(message: Message, line: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_text(line + "\n")
    with pytest.raises(BadInput, match=words):
        read_rows(message, path)


def test_another_suffix_or_no_parquet_is_refused(message: Message, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="suffix"):
        read_rows(message, tmp_path / "rows.csv")
    (tmp_path / "rows.parquet").write_text("x")
    with pytest.raises(BadInput, match="Parquet"):
        read_rows(message, tmp_path / "rows.parquet")


def rendered(message: Message, seed: int, enveloped: bool) -> bytes:
    maker = Instances(seed, 0.4)
    tree = holding(message.root(enveloped), message.record, [maker.element(message.record) for _ in range(9)])
    head, records, _ = read_all(message, io.BytesIO(etree.tostring(tree)))
    return b"".join(bytes(block) for block in render(message, head, records))


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """A folder of schemas as a user may have it, made from our own tables."""
    folder = tmp_path / "schemas"
    folder.mkdir()
    for name in ("auth.016.001.01", "head.001.001.01"):
        (folder / f"{name}.xsd").write_text(emit_xsd(messages.table(name)), encoding="utf-8")
    return folder


@pytest.mark.parametrize("enveloped", [False, True])
def test_final_bytes_are_validated_by_the_users_schemas(message: Message, schemas: Path, enveloped: bool) -> None:
    document = rendered(message, 3, enveloped)
    verdict = validate_with_xsd(message, enveloped, io.BytesIO(document), schemas)
    assert verdict.findings.is_empty()
    assert len(verdict.used) == (2 if enveloped else 1)
    assert verdict.missing == (("urn:iso:std:iso:20022:tech:xsd:head.003.001.01",) if enveloped else ())


@pytest.mark.parametrize("enveloped", [False, True])
def test_a_wrong_record_is_found_at_its_number(message: Message, schemas: Path, enveloped: bool) -> None:
    document = rendered(message, 3, enveloped)
    at = [i for i in range(len(document)) if document.startswith(b"<Tx><New>", i)][2]
    broken = document[:at] + document[at:].replace(b"<ExctgPty>", b"<ExctgPty>x", 1)
    number = document[:at].count(b"<Tx><New>") + document[:at].count(b"<Tx><Cxl>") + 1
    verdict = validate_with_xsd(message, enveloped, io.BytesIO(broken), schemas)
    assert verdict.findings.select("rule", "record", "path").rows()[0] == ("XSD-pattern", number, "ExctgPty")
    assert "urn:" not in verdict.findings["message"][0]


def test_a_wrong_header_has_no_record(message: Message, schemas: Path) -> None:
    document = rendered(message, 3, True).replace(b"<MsgDefIdr>", b"<MsgDefIdr>" + b"x" * 40, 1)
    verdict = validate_with_xsd(message, True, io.BytesIO(document), schemas)
    assert verdict.findings.select("rule", "record").rows() == [("XSD-length", None)]


def test_what_was_not_validated_is_said(message: Message, schemas: Path) -> None:
    (schemas / "auth.016.001.01.xsd").unlink()
    verdict = validate_with_xsd(message, False, io.BytesIO(rendered(message, 3, False)), schemas)
    assert (verdict.used, verdict.missing) == ({}, (message.namespace,))


def test_two_schemas_for_one_namespace_are_refused(message: Message, schemas: Path) -> None:
    (schemas / "copy.xsd").write_bytes((schemas / "auth.016.001.01.xsd").read_bytes())
    with pytest.raises(BadInput, match=r"auth\.016\.001\.01\.xsd and copy\.xsd"):
        validate_with_xsd(message, False, io.BytesIO(b""), schemas)


@pytest.mark.shared
def test_the_samples_are_valid_and_come_back_the_same(shared_dir: Path) -> None:
    for file in sorted((shared_dir / "samples" / "mifir").glob("*.xml")):
        known, enveloped = messages.identify(file)
        head, records, faults = read_all(known, file)
        assert enveloped
        assert faults.is_empty()
        again = b"".join(bytes(block) for block in render(known, head, records))
        parser = etree.XMLParser(remove_blank_text=True)
        assert etree.canonicalize(etree.fromstring(again), rewrite_prefixes=True) == etree.canonicalize(
            etree.parse(str(file), parser), rewrite_prefixes=True
        )


def test_an_unknown_column_is_told_before_anything_is_written(message: Message) -> None:
    blocks = render(message, None, pl.DataFrame({"New/Zzz": ["x"]}))
    with pytest.raises(BadInput, match="New/Zzz"):
        next(blocks)


def test_text_of_the_head_cannot_pass_for_the_place_of_the_records(message: Message) -> None:
    head = message.head({"/BizData/Hdr/AppHdr/BizMsgIdr": "<\x00>"})
    before, after = render_head(message, head)
    assert before.endswith("<FinInstrmRptgTxRpt>")
    assert after == "</FinInstrmRptgTxRpt></Document></Pyld></BizData>"
