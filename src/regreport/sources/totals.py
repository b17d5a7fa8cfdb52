"""Control totals: exact sums of amounts by currency, without binary floating point and without overflow.

Whole and fractional digits are summed apart as 128-bit integers: eighteen digits a value leave room for 10^20 values.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import polars as pl

_SCALE = 18


def totals_by(chunks: Iterable[pl.DataFrame], amount: str, currency: str) -> dict[str, Decimal]:
    """Sum of `amount` (text, as values.py makes it) by `currency`, in order of the currency; amounts without currency
    are summed under "". Each sum has as many decimals as the most precise of its amounts."""
    sums: dict[str, int] = {}
    places: dict[str, int] = {}
    for chunk in chunks:
        for code, whole, part, digits in _sums(chunk, amount, currency).iter_rows():
            sums[code] = sums.get(code, 0) + whole * 10**_SCALE + part
            places[code] = max(places.get(code, 0), digits)
    return {code: _decimal(sums[code], places[code]) for code in sorted(sums)}


def _sums(chunk: pl.DataFrame, amount: str, currency: str) -> pl.DataFrame:
    """One row a currency (not a record)."""
    if amount not in chunk.columns:
        return pl.DataFrame(schema={"code": pl.String, "whole": pl.Int128, "part": pl.Int128, "digits": pl.Int64})
    code = pl.col(currency).fill_null("") if currency in chunk.columns else pl.lit("")
    digits = pl.col(amount).str.extract(r"\.([0-9]+)$").fill_null("")
    sign = pl.when(pl.col(amount).str.starts_with("-")).then(-1).otherwise(1)
    part = digits.str.pad_end(_SCALE, "0").cast(pl.Int64) * sign
    return (
        chunk.filter(pl.col(amount).is_not_null())
        .select(
            code=code,
            whole=pl.col(amount).str.extract(r"^(-?[0-9]+)").cast(pl.Int64).cast(pl.Int128),
            part=part.cast(pl.Int128),
            digits=digits.str.len_bytes().cast(pl.Int64),
        )
        .group_by("code")
        .agg(pl.col("whole", "part").sum(), pl.col("digits").max())
    )


def _decimal(scaled: int, places: int) -> Decimal:
    kept = scaled // 10 ** (_SCALE - places)
    return Decimal((1 if kept < 0 else 0, tuple(int(digit) for digit in str(abs(kept))), -places))
