"""Which version of a source record stands: by hand, and as a law."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regreport.versions import Standing, stand

SCHEMA = {
    "batch_id": pl.String,
    "batch_number": pl.UInt32,
    "source_line": pl.UInt32,
    "transaction_id": pl.String,
    "withdrawn": pl.String,
    "price": pl.String,
}


def rows(*records: tuple[int, int, str, str | None, str | None]) -> pl.LazyFrame:
    """(batch number, line, transaction_id, withdrawn, price)."""
    return pl.LazyFrame([(f"B{b}", b, line, t, w, p) for b, line, t, w, p in records], schema=SCHEMA, orient="row")


def standings(frame: pl.LazyFrame) -> list[str]:
    return stand(frame, lambda: frame.collect().iter_slices(2)).get_column("standing").to_list()


def test_a_single_record_stands() -> None:
    assert standings(rows((1, 1, "A", None, "1"))) == [Standing.LIVE]


def test_the_same_record_twice_counts_once() -> None:
    assert standings(rows((1, 1, "A", None, "1"), (1, 2, "A", None, "1"))) == [Standing.LIVE, Standing.DUPLICATE]


def test_two_different_records_of_one_file_contradict_each_other() -> None:
    found = standings(rows((1, 1, "A", None, "1"), (1, 2, "A", None, "2"), (1, 3, "B", None, "1")))
    assert found == [Standing.CONFLICT, Standing.CONFLICT, Standing.LIVE]


def test_a_later_batch_corrects_an_earlier_one() -> None:
    assert standings(rows((1, 1, "A", None, "1"), (2, 1, "A", None, "2"))) == [Standing.SUPERSEDED, Standing.LIVE]


def test_a_contradicting_correction_leaves_the_earlier_record_standing() -> None:
    found = standings(rows((1, 1, "A", None, "1"), (2, 1, "A", None, "2"), (2, 2, "A", None, "3")))
    assert found == [Standing.LIVE, Standing.CONFLICT, Standing.CONFLICT]


def test_a_withdrawal_takes_the_record_back() -> None:
    found = standings(rows((1, 1, "A", None, "1"), (2, 1, "A", "true", None)))
    assert found == [Standing.SUPERSEDED, Standing.WITHDRAWAL]


def test_a_withdrawal_of_nothing_is_an_orphan() -> None:
    assert standings(rows((1, 1, "A", "true", None))) == [Standing.ORPHAN]


def test_a_record_may_come_back_after_its_withdrawal() -> None:
    found = standings(rows((1, 1, "A", None, "1"), (2, 1, "A", "true", None), (3, 1, "A", None, "1")))
    assert found == [Standing.SUPERSEDED, Standing.WITHDRAWAL, Standing.LIVE]


record = st.tuples(
    st.integers(1, 3), st.sampled_from("AB"), st.sampled_from([None, "true"]), st.sampled_from(["1", "2"])
)


@given(st.lists(record, max_size=12))
def test_at_most_one_version_stands_and_every_row_is_judged(drawn: list[tuple[int, str, str | None, str]]) -> None:
    numbered = [(b, n, t, w, p) for n, (b, t, w, p) in enumerate(sorted(drawn, key=lambda r: r[0]), start=1)]
    frame = rows(*numbered)
    found = stand(frame, lambda: [frame.collect()])
    assert found.height == len(numbered)
    live = found.filter(pl.col("standing") == Standing.LIVE.value)
    assert live.get_column("transaction_id").is_duplicated().sum() == 0


@pytest.mark.parametrize("right", ["1", "2", "3"])
def test_a_contradiction_ends_with_the_right_record_loaded_again(right: str) -> None:
    found = standings(rows((1, 1, "A", None, "1"), (1, 2, "A", None, "2"), (2, 1, "A", None, right)))
    assert found == [Standing.SUPERSEDED, Standing.SUPERSEDED, Standing.LIVE]


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1")])
def test_a_batch_that_contradicts_itself_does_so_in_any_order(order: tuple[str, str]) -> None:
    first, second = order
    found = standings(rows((1, 1, "A", None, "1"), (2, 1, "A", None, first), (2, 2, "A", None, second)))
    assert found == [Standing.LIVE, Standing.CONFLICT, Standing.CONFLICT]


def test_what_contradicts_itself_can_be_withdrawn() -> None:
    found = standings(rows((1, 1, "A", None, "1"), (1, 2, "A", None, "2"), (2, 1, "A", "true", None)))
    assert found == [Standing.SUPERSEDED, Standing.SUPERSEDED, Standing.WITHDRAWAL]


def test_an_orphan_is_replaced_by_the_record_that_comes_later() -> None:
    assert standings(rows((1, 1, "A", "true", None), (2, 1, "A", None, "1"))) == [Standing.SUPERSEDED, Standing.LIVE]


def test_withdrawing_nothing_twice_is_no_withdrawal() -> None:
    found = standings(rows((1, 1, "A", "true", None), (2, 1, "A", "true", "1")))
    assert found == [Standing.SUPERSEDED, Standing.ORPHAN]


def test_a_blank_is_no_duplicate_of_what_could_not_be_understood() -> None:
    fault = [{"column": "price", "value": "1,000", "problem": "not a number"}]
    base = rows((1, 1, "A", None, None), (2, 1, "A", None, None))
    faults = pl.Series([fault, []], dtype=pl.List(pl.Struct(dict.fromkeys(fault[0], pl.String))))
    assert standings(base.with_columns(source_faults=faults)) == [Standing.SUPERSEDED, Standing.LIVE]
