"""Control totals: exact sums of amounts by currency, without binary floating point and without overflow.

Whole and fractional digits are summed apart as 128-bit integers: eighteen digits a value leave room for 10^20 values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import polars as pl

_SCALE = 18
_KEY = "@key"


def totals_by(chunks: Iterable[pl.DataFrame | pl.LazyFrame], amount: str, currency: str) -> dict[str, Decimal]:
    """Sum of `amount` (decimal text of at most 18 digits) by `currency`, in order of the currency; amounts without
    currency are summed under "". Each sum has as many decimals as the most precise of its amounts."""
    return totals_of_each(chunks, pl.lit(0), amount, currency).get(0, {})


def totals_of_each(
    chunks: Iterable[pl.DataFrame | pl.LazyFrame], by: pl.Expr, amount: str, currency: str
) -> dict[Any, dict[str, Decimal]]:
    """The same for each value of `by`; a value without any amount is absent."""
    sums: dict[tuple[Any, str], int] = defaultdict(int)
    places: dict[tuple[Any, str], int] = defaultdict(int)
    for chunk in chunks:
        for key, code, whole, part, digits in _sums(chunk.lazy(), by, amount, currency).iter_rows():
            sums[key, code] += whole * 10**_SCALE + part
            places[key, code] = max(places[key, code], digits)
    found: dict[Any, dict[str, Decimal]] = defaultdict(dict)
    for key, code in sorted(sums):
        found[key][code] = _decimal(sums[key, code], places[key, code])
    return dict(found)


def _sums(chunk: pl.LazyFrame, by: pl.Expr, amount: str, currency: str) -> pl.DataFrame:
    """One row a value of `by` and a currency (not a record)."""
    columns = chunk.collect_schema()
    if amount not in columns:
        return pl.DataFrame(schema=("key", "code", "whole", "part", "digits"))
    code = pl.col(currency).fill_null("") if currency in columns else pl.lit("")
    digits = pl.col(amount).str.extract(r"\.([0-9]+)$").fill_null("")
    sign = pl.when(pl.col(amount).str.starts_with("-")).then(-1).otherwise(1)
    part = digits.str.pad_end(_SCALE, "0").cast(pl.Int64) * sign
    return (
        chunk.with_columns(by.alias(_KEY))  # before the filter: it may be a column of values, one a row
        .filter(pl.col(amount).is_not_null())
        .select(
            key=_KEY,
            code=code,
            whole=pl.col(amount).str.extract(r"^(-?[0-9]+)").cast(pl.Int64).cast(pl.Int128),
            part=part.cast(pl.Int128),
            digits=digits.str.len_bytes().cast(pl.Int64),
        )
        .group_by("key", "code")
        .agg(pl.col("whole", "part").sum(), pl.col("digits").max())
        .collect()
    )


def _decimal(scaled: int, places: int) -> Decimal:
    kept = scaled // 10 ** (_SCALE - places)
    return Decimal((1 if kept < 0 else 0, tuple(int(digit) for digit in str(abs(kept))), -places))
