"""The account of a day: the categories, and the residual that names a record whichever table loses it."""

from __future__ import annotations

import polars as pl
import pytest

from regreport.balance import CATEGORIES, Account, balance, sent
from regreport.books import ACCOUNT_SCHEMA, INDEX_SCHEMA

LINES = range(1, 11)
INGESTED = pl.DataFrame(
    {"batch_id": ["B"] * 10, "source_line": LINES, "transaction_id": [f"T{n}" for n in LINES]},
    schema_overrides={"source_line": pl.UInt32},
)
ACCOUNTS = pl.DataFrame(
    [
        ("B", 1, "T1", "NOT_REPORTABLE", "MF-N1", "a securities financing transaction", None, None),
        ("B", 2, "T2", "HELD", "R22-7-01", "no buyer", None, None),
        ("B", 3, "T3", "DUPLICATE", "SRC-DUPLICATE", "loaded before", None, None),
        ("B", 4, "T4", "SUPERSEDED", "SRC-SUPERSEDED", "replaced", None, None),
        ("B", 5, "T5", "REPORTABLE", "MF-I2", None, None, "R5"),
        ("B", 6, "T6", "REPORTABLE", "MF-I2", None, None, "R6"),
        ("B", 7, "T7", "REPORTABLE", "MF-I2", None, None, "R7"),
        ("B", 8, "T8", "REPORTABLE", "MF-I2", None, None, "R8"),
        ("B", 9, "T9", "REPORTABLE", "MF-I2", None, None, "R9"),
        ("B", 10, "T10", "SUPERSEDED", "SRC-WITHDRAWAL", "taken back", None, None),
    ],
    schema=ACCOUNT_SCHEMA,
    orient="row",
)
INDEX = pl.DataFrame(
    [
        (1, 1, 1, "NEW", "R5", "X5", "B", 5),
        (2, 1, 2, "NEW", "R6", "X6", "B", 6),
        (3, 1, 3, "NEW", "R7", "X7", "B", 7),
        (4, 1, 4, "NEW", "R8", "X8", "B", 8),
        (5, 1, 5, "CANCEL", "R10", "X10", "B", 10),
    ],
    schema=INDEX_SCHEMA,
    orient="row",
).with_columns(
    outcome=pl.Series(["ACCEPTED", "REJECTED", "SENT", "WARNED", "REJECTED"]),
    rule=pl.Series([None, "CON-412", None, "W-1", "CON-024"], dtype=pl.String),
    message=pl.Series([None, "unknown instrument", None, "late", "nothing to cancel"], dtype=pl.String),
)
WAITING = pl.DataFrame([(1, 1, 1, "NEW", "R9", "X9", "B", 9)], schema=INDEX_SCHEMA, orient="row").with_columns(
    outcome=pl.lit("SENT"), rule=pl.lit(None, dtype=pl.String), message=pl.lit(None, dtype=pl.String)
)


def account(
    ingested: pl.DataFrame = INGESTED,
    accounts: pl.DataFrame = ACCOUNTS,
    index: pl.DataFrame = INDEX,
    waiting: pl.DataFrame = WAITING,
) -> Account:
    return balance(ingested, accounts, sent([(index, "REP-1", 1, True), (waiting, "REP-2", 2, False)]))


def test_every_record_is_in_one_category() -> None:
    found = account()
    assert found.residual.is_empty()
    assert sum(found.counts.values()) == found.ingested == 10
    assert found.counts == {
        "not_reportable": 1,
        "held": 2,  # one in error, one in a report that has not left
        "duplicate": 1,
        "cancelled": 1,
        "unanswered": 1,
        "accepted": 2,  # one of them with a warning
        "rejected": 2,  # one record, one refused cancellation
    }
    assert not found.done


def test_every_claim_has_a_reason() -> None:
    claims = account().records
    silent = claims.filter(pl.col("reason").is_null() & ~pl.col("category").is_in(["accepted", "unanswered"]))
    assert silent.is_empty()
    assert set(claims["category"]) <= set(CATEGORIES)


@pytest.mark.parametrize("row", range(10))
def test_a_row_lost_from_the_source_is_named(row: int) -> None:
    lost = INGESTED[row, "transaction_id"]
    found = account(ingested=_without(INGESTED, row))
    assert found.residual["transaction_id"].to_list() == [lost]


@pytest.mark.parametrize("row", range(10))
def test_a_row_lost_from_the_accounts_is_named(row: int) -> None:
    lost = ACCOUNTS[row, "transaction_id"]
    found = account(accounts=_without(ACCOUNTS, row))
    assert found.residual["transaction_id"].to_list() == [lost]


@pytest.mark.parametrize("row", range(4))
def test_a_row_lost_from_an_index_is_named(row: int) -> None:
    lost = f"T{INDEX[row, 'source_line']}"
    found = account(index=_without(INDEX, row))
    assert found.residual["transaction_id"].to_list() == [lost]


def test_a_record_counted_twice_is_named() -> None:
    twice = pl.concat([ACCOUNTS, ACCOUNTS[:1].with_columns(category=pl.lit("HELD"))])
    found = account(accounts=twice)
    assert found.residual["transaction_id"].to_list() == ["T1"]
    assert "held and not_reportable" in found.residual["problem"][0]


def test_a_replaced_record_counts_as_what_it_is_while_its_new_version_is_held() -> None:
    accounts = pl.DataFrame(
        [
            ("B", 1, "T1", "SUPERSEDED", "SRC-SUPERSEDED", "replaced", None, None),
            ("C", 1, "T1", "HELD", "R22-7-01", "no buyer", None, None),
        ],
        schema=ACCOUNT_SCHEMA,
        orient="row",
    )
    ingested = accounts.select("batch_id", "source_line", "transaction_id")
    index = INDEX[:1].with_columns(source_line=pl.lit(1, dtype=pl.UInt32), reference=pl.lit("T1"))
    found = balance(ingested, accounts, sent([(index, "REP-1", 1, True)]))
    assert found.residual.is_empty()
    assert (found.counts["accepted"], found.counts["held"]) == (1, 1)


def _without(frame: pl.DataFrame, row: int) -> pl.DataFrame:
    return pl.concat([frame[:row], frame[row + 1 :]])
