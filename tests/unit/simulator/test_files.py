"""What the simulated authority says of a file as a whole, and that its own memory holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from regreport.errors import ConfigurationError


def test_nothing_to_read_is_nothing_said(desk: Any) -> None:
    assert desk.ask() == []


def test_an_unfinished_file_is_left_alone(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good, name="NLB_DATTRA_DE_000001-0-000000_26.xml.part")
    assert desk.ask() == []


@pytest.mark.parametrize(
    ("content", "status", "rule"),
    [
        (b"<BizData xmlns='urn:iso:std:iso:20022:tech:xsd:head.003.001.01'><Hdr>", "CRPT", "FIL-101"),
        (b"", "CRPT", "FIL-101"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "CRPT", "FIL-101"),
        (b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:auth.999.001.01'/>", "RJCT", "FIL-104"),
    ],
)
def test_what_cannot_be_read_is_refused(desk: Any, content: bytes, status: str, rule: str) -> None:
    desk.put("NLB_DATTRA_DE_000001-0-000000_26.xml", content)
    (answered,) = desk.ask()
    assert answered.status == status
    assert desk.reasons(answered.answers[0]) == [rule]
    assert desk.answer(answered.answers[0])["MsgRptIdr"][0] == "NLB_DATTRA_DE_000001-0-000000_26"


def test_a_structural_fault_refuses_the_whole_file(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(
        good.with_columns(venue=pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("TOOLONG")).otherwise("venue"))
    )
    (answered,) = desk.ask()
    assert (answered.status, answered.counts) == ("RJCT", {})
    assert desk.reasons(answered.answers[0]) == ["FIL-105"]
    words = desk.answer(answered.answers[0])["MsgSts/VldtnRule"][0][0]["Desc"]
    assert "record 8" in words
    desk.deliver(good, 2)
    assert desk.ask()[0].status == "ACPT", "nothing of the refused file was taken"


def test_a_name_that_is_not_the_identifier(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good, message_id="SOMETHING_ELSE")
    assert desk.ask()[0].status == "INCF"


def test_another_file_under_an_old_name(desk: Any, good: pl.DataFrame) -> None:
    name = desk.deliver(good.head(5))
    assert desk.ask()[0].status == "ACPT"
    desk.deliver(good.slice(5, 5), name=name)
    (answered,) = desk.ask()
    assert desk.reasons(answered.answers[0]) == ["FIL-107"]
    assert desk.ask() == []


def test_the_answer_names_our_file_and_its_own(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good)
    (answered,) = desk.ask()
    text = (desk.inbox / answered.answers[0]).read_text(encoding="utf-8")
    assert answered.answers == ("DE_FDBTRA_NLB_000001_26.xml",)
    assert "<BizMsgIdr>DE_FDBTRA_NLB_000001_26</BizMsgIdr>" in text
    assert "<Rltd>" in text
    assert "<CreDt>2026-11-24T12:00:00Z</CreDt>" in text
    assert not list(desk.inbox.glob("*.part"))


def test_who_answered_and_a_behaviour_written_with_a_hyphen(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good)
    (answered,) = desk.ask("reject-all")
    assert (answered.destination, answered.status) == ("authority-de", "RJCT")
    assert answered.answer == "DE_FDBTRA_NLB_000001_26.xml"


def test_numbers_of_answers_go_on(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good.head(5), 1)
    first = desk.ask()[0].answers
    desk.deliver(good.slice(5, 5), 2)
    second = desk.ask()[0].answers
    assert [*first, *second] == ["DE_FDBTRA_NLB_000001_26.xml", "DE_FDBTRA_NLB_000002_26.xml"]


def test_the_same_question_gives_the_same_bytes(desk: Any, good: pl.DataFrame, tmp_path: Any) -> None:
    desk.deliver(good)
    name = desk.ask("reject_some")[0].answers[0]
    once = (desk.inbox / name).read_bytes()
    for path in (desk.workspace / "simulator/books/authority-de").iterdir():
        path.unlink()
    assert desk.ask("reject_some")[0].answers[0] == name
    assert (desk.inbox / name).read_bytes() == once


def test_asking_wrongly_is_an_error(desk: Any) -> None:
    with pytest.raises(ConfigurationError, match="behaviour 'kind'"):
        desk.ask("kind")
    with pytest.raises(ConfigurationError, match="no zone"):
        desk.ask(at=datetime(2026, 11, 24, 12))  # noqa: DTZ001 - the point
    from regreport.simulator import simulate

    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with pytest.raises(ConfigurationError, match="email"):
        simulate(desk.workspace, desk.settings, "by-mail", "accept", at)
    with pytest.raises(ConfigurationError, match="nowhere"):
        simulate(desk.workspace, desk.settings, "nowhere", "accept", at)
    (desk.workspace / "outbox/authority-de").rmdir()
    with pytest.raises(ConfigurationError, match="no inbox"):
        desk.ask()


def test_reference_data_that_lack_a_column(desk: Any) -> None:
    desk.reference("leis", lambda frame: frame.drop("ended_on"))
    with pytest.raises(ConfigurationError, match="ended_on"):
        desk.ask()
