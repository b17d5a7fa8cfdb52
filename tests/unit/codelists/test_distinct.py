"""Judging each distinct value once gives what judging every value gives."""

from __future__ import annotations

import random

import polars as pl
import pytest

from regreport.codelists import cfi, isin, lei, upi
from regreport.codelists.distinct import SHORT_ROWS, judged_once

POOLS = {
    "lei": (lei.is_valid, ["529900T8BM49AURSDO55", "529900T8BM49AURSDO56", None, "x"]),
    "isin": (isin.is_valid, ["US0378331005", "US0378331006", None, ""]),
    "upi": (upi.is_valid, ["QZ17F5PN51JM", "QZ17F5PN51JN", None, "QZ"]),
    "cfi": (cfi.is_valid, ["ESVUFR", "ESVUFQ", None, "esvufr"]),
}


@pytest.mark.parametrize("rows", [0, 1, SHORT_ROWS, SHORT_ROWS + 1, 3 * SHORT_ROWS])
@pytest.mark.parametrize("name", POOLS)
def test_the_same_verdicts_short_and_long(name, rows):
    check, pool = POOLS[name]
    values = random.Random(rows).choices(pool, k=rows)
    frame = pl.DataFrame({"value": pl.Series(values, dtype=pl.String)})
    both = frame.lazy().select(once=judged_once("value", check), each=check(pl.col("value")))
    for engine in ("in-memory", "streaming"):
        answer = both.collect(engine=engine)
        assert answer["once"].to_list() == answer["each"].to_list()


def test_a_column_of_nulls_stays_null():
    frame = pl.DataFrame({"value": pl.Series([None] * (SHORT_ROWS + 1), dtype=pl.String)})
    assert frame.select(judged_once("value", lei.is_valid)).to_series().null_count() == SHORT_ROWS + 1
