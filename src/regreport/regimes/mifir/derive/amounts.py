"""The net amount of a bond trade from its clean price and accrued interest.

Net amount = (clean price + accrued interest, both in percent of the nominal) x nominal x index ratio, where an index
ratio is given; rounded half up to the digits of the currency. Only reckoned where accrued interest is given, so that a
bond whose interest is not known gets no amount.

Source: RTS 22 (EU) 2017/590 Annex I field 35; ESMA Q&A 1690 (inflation-indexed bonds).
"""

from __future__ import annotations

from typing import Final

import polars as pl

from regreport.codelists import currency
from regreport.engine.checks import NUMBER
from regreport.regimes.mifir.derive.clash import given

READ: Final = (
    *("price", "price_type", "quantity", "quantity_currency", "accrued_interest", "index_ratio", "net_amount"),
)
DIGITS_MAX: Final = 4


def derived(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `net_amount` where it is empty and its terms are all there."""
    if not given(rows, "accrued_interest"):
        return rows
    percent = _number("price") + _number("accrued_interest")
    ratio = pl.coalesce(_number("index_ratio"), pl.when(pl.col("index_ratio").is_null()).then(pl.lit("1").cast(NUMBER)))
    amount = percent * _number("quantity") * ratio * pl.lit("0.01").cast(NUMBER)
    reckoned = pl.when(pl.col("price_type") == "PCTG").then(
        _rounded(amount, currency.minor_digits("quantity_currency"))
    )
    return rows.with_columns(net_amount=pl.coalesce("net_amount", reckoned))


def _number(column: str) -> pl.Expr:
    return pl.col(column).cast(NUMBER, strict=False)


def _rounded(amount: pl.Expr, digits: pl.Expr) -> pl.Expr:
    """Half up to so many digits after the point, as text; null where the currency has no digits listed."""
    texts = [
        pl.when(digits == n).then(amount.round(n, mode="half_away_from_zero").cast(pl.Decimal(38, n)).cast(pl.String))
        for n in range(DIGITS_MAX + 1)
    ]
    return pl.coalesce(texts)
