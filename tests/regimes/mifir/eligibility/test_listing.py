"""On the list or not: first and last day, gaps, missing dates, the lists under UK law, a list that is not loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from eligible import ENDED, LATER, LISTED, LISTED_UK, UNLISTED, context, instruments, listed

from regreport.regimes.mifir.eligibility.listing import listing


def on_list(isin: str | None, day: str | None, *lines: dict[str, Any], law: str = "EU", **where: Any) -> bool | None:
    at = context("UK" if law == "UK" else "EU", **({"lines": lines} if lines else {}), **where)
    found: bool | None = listing(law, at).on_list(
        pl.Series([isin], dtype=pl.String), pl.Series([day], dtype=pl.String)
    )[0]
    return found


@pytest.mark.parametrize(
    ("isin", "day", "expected"),
    [
        (LISTED, "2020-01-02", True),
        (LISTED, "2020-01-01", False),
        (LATER, "2026-11-20", True),  # admission was requested that day, trading began ten days later
        (LATER, "2026-11-19", False),
        (ENDED, "2026-11-22", True),
        (ENDED, "2026-11-23", False),
        (LISTED_UK, "2026-11-23", False),
        (UNLISTED, "2026-11-23", False),
        (None, "2026-11-23", None),
        (LISTED, None, None),
    ],
)
def test_first_and_last_day_count(isin: str | None, day: str | None, expected: bool | None) -> None:
    assert on_list(isin, day) is expected


def test_several_venues_together_and_the_gap_between_them() -> None:
    lines = (
        listed(LISTED, first_trade_date="2019-01-01", termination_date="2019-12-31"),
        listed(LISTED, venue="BTFE", first_trade_date="2021-01-01", termination_date="2022-12-31T23:59:59Z"),
        listed(LISTED, venue="XEUR", first_trade_date="2021-06-01"),
    )
    days = ("2018-12-31", "2019-06-01", "2020-06-01", "2021-01-01", "2023-01-01")
    assert [on_list(LISTED, d, *lines) for d in days] == [False, True, False, True, True]


def test_a_line_without_a_first_day_says_nothing() -> None:
    undated = listed(LISTED, first_trade_date=None)
    assert on_list(LISTED, "2026-11-23", undated) is None
    assert on_list(LISTED, "2026-11-23", undated, listed(LISTED, venue="BTFE")) is True
    assert on_list(LISTED, "2019-11-23", undated, listed(LISTED, venue="BTFE")) is None


def test_under_uk_law_both_lists_count_and_both_are_needed_for_a_no() -> None:
    assert on_list(LISTED, "2026-11-23", law="UK") is True
    assert on_list(LISTED_UK, "2026-11-23", law="UK") is True
    assert on_list(UNLISTED, "2026-11-23", law="UK") is False
    assert on_list(UNLISTED, "2026-11-23", listed(LISTED_UK, place="UK"), law="UK") is None
    assert on_list(LISTED_UK, "2026-11-23", listed(LISTED_UK, place="UK"), law="UK") is True
    only_uk = {"uk_scope": "UK_ONLY"}
    assert on_list(LISTED, "2026-11-23", law="UK", settings=only_uk) is False
    assert on_list(UNLISTED, "2026-11-23", listed(LISTED_UK, place="UK"), law="UK", settings=only_uk) is False


def test_without_a_snapshot_nothing_is_said() -> None:
    assert on_list(LISTED, "2026-11-23", lines=None) is None
    assert not listing("EU", context(lines=None)).loaded
    assert not listing("EU", context(lines=[listed(LISTED_UK, place="UK")])).loaded


def test_what_the_list_says_of_an_instrument() -> None:
    lines = (
        listed(LISTED, cfi="FFSPSX", underlying_isins=[UNLISTED, LATER]),
        listed(LISTED, cfi="FFSPSX", venue="BTFE", underlying_isins=[LATER], underlying_index="DEMO"),
        listed(LATER, cfi="ESVUFR"),
        listed(LATER, cfi="EPVUFR", venue="BTFE"),
    )
    found = listing("EU", context(lines=lines)).find(pl.Series([LATER, None, LISTED, UNLISTED], dtype=pl.String))
    assert found["cfi"].to_list() == [None, None, "FFSPSX", None]  # two venues that disagree say nothing
    assert found["underlying_isins"].to_list() == [None, None, sorted([UNLISTED, LATER]), None]
    assert found["underlying_index"].to_list() == [None, None, "DEMO", None]


def test_a_snapshot_is_prepared_once_for_its_digest_and_anew_for_another() -> None:
    at = replace(context(), snapshot_digests={"instruments": "one"})
    other = replace(at, reference_data={"instruments": instruments()})
    assert listing("EU", at) is listing("EU", other)
    assert listing("EU", replace(other, snapshot_digests={"instruments": "two"})) is not listing("EU", at)
    assert listing("EU", replace(at, snapshot_digests={})) is not listing("EU", replace(other, snapshot_digests={}))
