"""Settling a submission from its answers: any order, any number of times, the same result."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import permutations

import polars as pl
import pytest

from regreport.books import INDEX_SCHEMA
from regreport.confirm import quarantine_reason, settle
from regreport.model.feedback import FileAnswer, FileStatus
from regreport.model.report import ReportFile, Status, Submission

FILE = ReportFile(1, "YY_1.xml", "YY_1", "d" * 64, 10, 3, 1)
SUBMISSION = Submission(
    "R-1", "R", 1, "EU", "TRANSACTION", "mifir", date(2026, 11, 23), "LEI", "authority", Status.DELIVERED,
    datetime(2026, 11, 24, 7, 30, tzinfo=UTC), records=3, files=(FILE,),
)  # fmt: skip
INDEX = pl.DataFrame(
    [(n, 1, n, "NEW", f"T{n}", f"LEIT{n}", "B", n) for n in (1, 2, 3)], schema=INDEX_SCHEMA, orient="row"
)


def answer(minute: int, status: FileStatus, *listed: tuple[str, str, str]) -> FileAnswer:
    """An answer created at a minute, listing (record id, outcome, rule)."""
    table = pl.DataFrame(
        [(ref, outcome, rule, "words") for ref, outcome, rule in listed],
        schema={"reference": pl.String, "outcome": pl.String, "rule": pl.String, "message": pl.String},
        orient="row",
    )
    at = datetime(2026, 11, 24, 8, minute, tzinfo=UTC)
    return FileAnswer("YY_1", f"F{minute}", at, status, table, records_total=3)


RECEIVED = answer(0, FileStatus.RECEIVED)
PARTLY = answer(10, FileStatus.PARTIAL, ("LEIT2", "PENDING", "CON-411"), ("LEIT3", "REJECTED", "CON-023"))
RESOLVED = answer(20, FileStatus.PARTIAL, ("LEIT2", "REJECTED", "CON-412"))
TAKEN_BACK = answer(30, FileStatus.PARTIAL, ("LEIT3", "ACCEPTED", ""))


def outcomes(*answers: FileAnswer) -> dict[int, str]:
    said = settle(SUBMISSION, answers, INDEX).outcomes
    return dict(said.select("position", "outcome").rows())


def test_received_is_no_acceptance() -> None:
    assert settle(SUBMISSION, [RECEIVED], INDEX).status is Status.ACKNOWLEDGED
    assert outcomes(RECEIVED) == {}


def test_what_a_complete_answer_does_not_list_is_accepted() -> None:
    assert outcomes(PARTLY) == {1: "ACCEPTED", 2: "PENDING", 3: "REJECTED"}
    assert settle(SUBMISSION, [PARTLY], INDEX).status is Status.PARTIALLY_ACCEPTED


def test_a_later_answer_overrides_record_by_record_and_silence_overrides_nothing() -> None:
    assert outcomes(PARTLY, RESOLVED) == {1: "ACCEPTED", 2: "REJECTED", 3: "REJECTED"}
    assert outcomes(PARTLY, RESOLVED, TAKEN_BACK) == {1: "ACCEPTED", 2: "REJECTED", 3: "ACCEPTED"}


def test_what_waits_is_accepted_when_a_later_complete_answer_does_not_list_it_any_more() -> None:
    assert outcomes(PARTLY, answer(20, FileStatus.PARTIAL, ("LEIT3", "REJECTED", "CON-023")))[2] == "ACCEPTED"
    assert outcomes(PARTLY, answer(20, FileStatus.RECEIVED))[2] == "PENDING"
    assert outcomes(answer(5, FileStatus.ACCEPTED), PARTLY)[2] == "PENDING"


CORRECTION = pl.DataFrame(
    [
        (1, 1, 1, "CANCEL", "T1", "LEIT1", "B", 1),
        (2, 1, 2, "NEW", "T1", "LEIT1", "C", 1),
        (3, 1, 3, "NEW", "T3", "LEIT3", "B", 3),
    ],
    schema=INDEX_SCHEMA,
    orient="row",
)


@pytest.mark.parametrize(
    ("listed", "wanted"),
    [
        ((("LEIT1", "REJECTED", "CON-412"),), ("ACCEPTED", "REJECTED", "ACCEPTED")),
        ((("LEIT1", "REJECTED", "CON-024"),), ("REJECTED", "ACCEPTED", "ACCEPTED")),
        ((("LEIT1", "REJECTED", "CON-024"), ("LEIT1", "REJECTED", "CON-023")), ("REJECTED", "REJECTED", "ACCEPTED")),
        ((("LEIT1", "PENDING", "CON-411"),), ("ACCEPTED", "PENDING", "ACCEPTED")),
        ((("LEIT3", "REJECTED", "CON-024"),), ("ACCEPTED", "ACCEPTED", "REJECTED")),
    ],
)
def test_one_name_for_a_cancellation_and_a_new_report(
    listed: tuple[tuple[str, str, str], ...], wanted: tuple[str, ...]
) -> None:
    found = settle(SUBMISSION, [answer(5, FileStatus.PARTIAL, *listed)], CORRECTION, frozenset({"CON-024"}))
    assert tuple(found.outcomes["outcome"]) == wanted
    assert found.unknown_records == 0


def test_the_order_of_arrival_and_repetition_change_nothing() -> None:
    every = [RECEIVED, PARTLY, RESOLVED, TAKEN_BACK, PARTLY]
    results = {str(outcomes(*order)) for order in permutations(every)}
    assert len(results) == 1


def test_a_rejected_file_rejects_every_record_with_its_reason() -> None:
    found = settle(SUBMISSION, [answer(5, FileStatus.REJECTED)], INDEX)
    assert found.status is Status.REJECTED
    assert found.outcomes["outcome"].to_list() == ["REJECTED"] * 3


def test_all_accepted_is_confirmed() -> None:
    assert settle(SUBMISSION, [answer(5, FileStatus.ACCEPTED)], INDEX).status is Status.CONFIRMED


def test_records_that_were_never_sent_are_counted() -> None:
    assert settle(SUBMISSION, [answer(5, FileStatus.PARTIAL, ("LEIT9", "REJECTED", "X"))], INDEX).unknown_records == 1


def test_an_answer_for_nothing_of_ours_is_quarantined() -> None:
    assert "never sent" in quarantine_reason(PARTLY, None)
    assert quarantine_reason(PARTLY, SUBMISSION) == ""


def test_an_answer_that_counts_another_number_of_records_is_quarantined() -> None:
    from dataclasses import replace

    assert "counts 4 records" in quarantine_reason(replace(PARTLY, records_total=4), SUBMISSION)
