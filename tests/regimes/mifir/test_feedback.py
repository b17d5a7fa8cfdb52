"""Answers read: file status, record outcomes with every reason, and what may not be used."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from regreport.engine.render import render
from regreport.errors import BadInput, NotWellFormed, UnknownMessage
from regreport.messages import load
from regreport.model.feedback import FileAnswer, FileStatus, Outcome
from regreport.regimes.mifir.feedback import UNDATED, pending_until, read_feedback, record_ids
from regreport.regimes.mifir.layout import HEADER, PARTY

FILE = "YY_DATTRA_XX_000001-0-000000_26"
LISTED = (("FIRM1", "RJCT", (("CON-023", "Duplicate"), ("CON-070", "LEI"))), ("FIRM2", "PDNG", (("CON-411", "Wait"),)))
Record = tuple[str, str, Sequence[tuple[str, str]]]


def advice(
    status: str = "PART",
    counts: Mapping[str, int] | None = None,
    listed: Sequence[Record] = LISTED,
    total: int | None = None,
    reasons: Sequence[tuple[str, str]] = (),
    file: str | None = FILE,
) -> dict[str, Any]:
    """One StsAdvc as a row of the message's records."""
    row: dict[str, Any] = {"MsgRptIdr": file, "MsgSts/Sts": status}
    row["MsgSts/VldtnRule"] = [{"Id": i, "Desc": d} for i, d in reasons] or None
    if counts is not None:
        row["MsgSts/Sttstcs/TtlNbOfRcrds"] = str(sum(counts.values()) if total is None else total)
        row["MsgSts/Sttstcs/NbOfRcrdsPerSts"] = [{"DtldNbOfRcrds": str(n), "DtldSts": s} for s, n in counts.items()]
    row["RcrdSts"] = [
        {"OrgnlRcrdId": r, "Sts": s, "VldtnRule": [{"Id": i, "Desc": d} for i, d in why] or None}
        for r, s, why in listed
    ] or None
    return row


def document(*rows: dict[str, Any], header: bool = True, related: str = "") -> bytes:
    message = load("auth.031.001.01")
    values = {
        f"{HEADER}/Fr/{PARTY}": "XX",
        f"{HEADER}/To/{PARTY}": "YY",
        f"{HEADER}/BizMsgIdr": "XX_FDBTRA_YY_000001_26",
        f"{HEADER}/MsgDefIdr": "auth.031.001.01",
        f"{HEADER}/CreDt": "2026-11-24T08:00:00.25Z",
    }
    if related:
        values |= {k.replace("/AppHdr/", "/AppHdr/Rltd/"): v for k, v in values.items()}
        values[f"{HEADER}/Rltd/BizMsgIdr"] = related
    frame = pl.DataFrame(rows, infer_schema_length=None)
    frame = frame.drop([c for c in frame.columns if frame[c].null_count() == frame.height])
    return b"".join(bytes(p) for p in render(message, message.head(values) if header else None, frame))


def answers(*rows: dict[str, Any], **around: Any) -> list[FileAnswer]:
    return read_feedback(io.BytesIO(document(*rows, **around)), "in/XX_FDBTRA_YY_000001_26.xml")


def outcomes(answer: FileAnswer) -> list[tuple[str, ...]]:
    assert isinstance(answer.outcomes, pl.DataFrame)
    return answer.outcomes.rows()


@pytest.mark.shared
def test_the_samples(shared_dir: Path) -> None:
    def read(name: str) -> FileAnswer:
        path = shared_dir / "samples" / "mifir" / name
        with path.open("rb") as stream:
            (answer,) = read_feedback(stream, path.name)
        return answer

    part = read("XX_FDBTRA_YY_000001_26_PART.xml")
    assert (part.message_id, part.status, part.quarantine) == (FILE, FileStatus.PARTIAL, "")
    assert part.counts == {Outcome.ACCEPTED: 4, Outcome.PENDING: 1, Outcome.REJECTED: 1}
    assert outcomes(part) == [
        ("TESTFIRMAAAAAAAAAA61T0001", "PENDING", "CON-411", "Pending instrument validation"),
        ("TESTFIRMAAAAAAAAAA61T0000", "REJECTED", "CON-024", "Transaction to cancel not found"),
    ]
    refused = read("XX_FDBTRA_YY_000002_26_RJCT_file.xml")
    assert (refused.status, refused.quarantine) == (FileStatus.REJECTED, "")
    assert refused.reasons == (("FIL-105", "File does not match the schema"),)


def test_every_reason_is_tied_to_its_record() -> None:
    (answer,) = answers(advice(counts={"ACPT": 4, "RJCT": 1, "PDNG": 1}))
    assert outcomes(answer) == [
        ("FIRM1", "REJECTED", "CON-023", "Duplicate"),
        ("FIRM1", "REJECTED", "CON-070", "LEI"),
        ("FIRM2", "PENDING", "CON-411", "Wait"),
    ]
    assert answer.quarantine == ""
    assert (answer.records_total, answer.sender, answer.recipient) == (6, "XX", "YY")
    assert answer.created_at == datetime(2026, 11, 24, 8, 0, 0, 250_000, tzinfo=UTC)
    assert answer.feedback_id == "XX_FDBTRA_YY_000001_26"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (advice(counts={"ACPT": 4, "RJCT": 2, "PDNG": 1}), "lists 1 records as REJECTED, but counts 2"),
        (advice(counts={"ACPT": 5, "RJCT": 1}), "lists 1 records as PENDING, but counts 0"),
        (advice(counts={"ACPT": 4, "RJCT": 1, "PDNG": 1}, total=7), "counts 7 records in all, but 6"),
        (advice(counts=None), "without counts"),
        (advice("ACPT", counts=None, listed=()), "without counts"),
        (advice("ACPT", {"ACPT": 0, "RJCT": 1}, (("A", "ACPT", ()), ("B", "RJCT", ()))), "lists 1 accepted records"),
        (advice("RMDR", listed=()), "reminder"),
        (advice(counts={"ACPT": 4, "RJCT": 1, "PDNG": 1}, listed=(*LISTED, ("FIRM1", "ACPT", ()))), "two different"),
    ],
)
def test_an_answer_that_does_not_add_up_may_not_be_used(row: dict[str, Any], words: str) -> None:
    (answer,) = answers(row)
    assert words in answer.quarantine


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("RCVD", FileStatus.RECEIVED),
        ("ACTC", FileStatus.RECEIVED),
        ("WARN", FileStatus.RECEIVED),
        ("RJCT", FileStatus.REJECTED),
        ("INCF", FileStatus.REJECTED),
        ("CRPT", FileStatus.REJECTED),
    ],
)
def test_statuses_that_accept_nothing_need_no_counts(status: str, ours: FileStatus) -> None:
    (answer,) = answers(advice(status, listed=()))
    assert (answer.status, answer.quarantine) == (ours, "")
    assert bool(answer.reasons) is (status in ("INCF", "CRPT"))


def test_the_base_codes_of_records() -> None:
    listed = tuple((f"R{c}", c, ()) for c in ("ACPT", "ACPD", "PDNG", "RCVD", "RJCT", "RJPD", "WARN"))
    (answer,) = answers(advice("WARN", listed=listed))
    assert [row[1] for row in outcomes(answer)] == [
        *("ACCEPTED", "ACCEPTED", "PENDING", "SENT", "REJECTED", "REJECTED", "WARNED")
    ]


def test_accepted_after_pending_adds_up() -> None:
    (answer,) = answers(advice("ACPT", {"ACPT": 6}, (("FIRM2", "ACPT", ()),)))
    assert answer.quarantine == ""


def test_several_files_in_one_answer() -> None:
    first, second = answers(advice("ACPT", {"ACPT": 2}, ()), advice("RJCT", None, (), file="OTHER"))
    assert (first.message_id, first.status) == (FILE, FileStatus.ACCEPTED)
    assert (second.message_id, second.status) == ("OTHER", FileStatus.REJECTED)


def test_the_header_names_the_file_where_the_body_does_not() -> None:
    (answer,) = answers(advice("RCVD", listed=(), file=None), related=FILE)
    assert (answer.message_id, answer.quarantine) == (FILE, "")
    (clash,) = answers(advice("RCVD", listed=()), related="ANOTHER")
    assert "two files" in clash.quarantine
    (nameless,) = answers(advice("RCVD", listed=(), file=None))
    assert "names no file" in nameless.quarantine


def test_a_plain_document_is_read_too() -> None:
    (answer,) = answers(advice("ACPT", {"ACPT": 2}, ()), header=False)
    assert (answer.feedback_id, answer.created_at) == ("XX_FDBTRA_YY_000001_26", UNDATED)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"not xml", NotWellFormed),
        (b"<a/>", UnknownMessage),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:auth.016.001.01"/>', UnknownMessage),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:auth.031.001.01"/>', BadInput),
    ],
)
def test_what_is_no_answer_is_refused(content: bytes, error: type[BadInput]) -> None:
    with pytest.raises(error):
        read_feedback(io.BytesIO(content), "x.xml")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<Sts>RJCT</Sts>", b"<Sts>ODD</Sts>"),
        (b"<OrgnlRcrdId>FIRM1</OrgnlRcrdId>", b""),
        (b"T08:00:00.25Z", b"T24:00:00Z"),
        (b"00.25Z", b"00"),
    ],
)
def test_a_malformed_answer_is_refused_with_the_place(old: bytes, new: bytes) -> None:
    content = document(advice(counts={"ACPT": 4, "RJCT": 1, "PDNG": 1}))
    assert old in content
    with pytest.raises(BadInput, match="is no") as caught:
        read_feedback(io.BytesIO(content.replace(old, new)), "x.xml")
    assert caught.value.file == "x.xml"
    assert caught.value.field


def test_record_ids_and_pending_days() -> None:
    table = pl.DataFrame({"executing_entity": ["FIRM"], "transaction_reference": ["T1"]})
    assert table.select(record_ids(table).alias("id"))["id"].to_list() == ["FIRMT1"]
    assert pending_until(datetime(2026, 11, 24, 8, tzinfo=UTC)) == datetime(2026, 12, 1, 8, tzinfo=UTC)
