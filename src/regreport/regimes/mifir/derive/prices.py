"""The price where it is a term of the contract, and prices quoted in parts of a currency.

A fixed rate, a spread or a strike that is agreed with the trade, because the instrument does not fix it, is the price;
with a fixed rate the up-front payment is zero, with a strike it is the premium. A price in pence or cents becomes one
in the major unit: the code of the price currency (GBX) or `price_unit` says so, never the size of the number.

Source: RTS 22 (EU) 2017/590 Annex I fields 33, 34, 38, 51; ESMA Q&A 1694 (terms of the trade), 1697 (spread in basis
points, negative if the spread is); FCA Market Watch 59 (major unit).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from regreport.codelists import currency
from regreport.codelists.column import code_list
from regreport.engine.checks import NUMBER
from regreport.regimes.mifir.derive.clash import Clash, given, unknown_word

TERMS: Final = (("fixed_rate", "PCTG"), ("spread", "BAPO"), ("agreed_strike", None))
"""Source column -> the kind of price that it is; a strike is whatever the record says."""
UNITS: Final = ("MAJOR", "MINOR")
READ: Final = (
    *("price", "price_type", "price_currency", "price_unit", "fixed_rate", "spread", "agreed_strike", "premium"),
    *("upfront_payment", "upfront_payment_currency", "strike_price", "strike_price_currency", "strike_price_type"),
    *("quantity_currency", "notional_currency_1"),
)
MONEY: Final = (("price", "price_currency"), ("strike_price", "strike_price_currency"))
"""Amounts that a market may quote in a part of the currency."""


def derived(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with price, its kind, the up-front payment, and all prices in major units."""
    for column, kind in TERMS:
        if given(rows, column):
            rows = _price_from(rows, column, kind)
    if given(rows, "fixed_rate"):
        nothing = pl.when(pl.col("fixed_rate").is_not_null()).then(pl.lit("0"))
        rows = _up_front(rows, nothing, ("notional_currency_1", "quantity_currency"))
    if given(rows, "premium"):
        rows = _up_front(rows, pl.col("premium"), ("price_currency", "notional_currency_1"))
    for amount, unit in MONEY:
        if given(rows, unit):
            rows = _major(rows, amount, unit)
    return rows


def clashes(rows: pl.DataFrame) -> Iterator[Clash]:
    """Where the price is not the term that it has to be, or a unit is not known."""
    for column, _ in TERMS:
        if given(rows, column):
            wrong = pl.col("price").cast(NUMBER, strict=False) != pl.col(column).cast(NUMBER, strict=False)
            yield Clash("33", "price", wrong, f"{column} says that another number is the price of this contract")
    if given(rows, "price_unit"):
        yield unknown_word("price_unit", "33,34", UNITS)
        parts = currency.major_unit("price_currency").is_null() & ~pl.col("price_currency").is_in(_divided())
        wrong = (pl.col("price_unit") == "MINOR") & pl.col("price_currency").is_not_null() & parts
        yield Clash("33,34", "price_currency", wrong, "No market quotes in a part of this currency, as far as is known")


def _price_from(rows: pl.DataFrame, column: str, kind: str | None) -> pl.DataFrame:
    here = pl.col("price").is_null() & pl.col(column).is_not_null()
    columns = [pl.when(here).then(column).otherwise("price").alias("price")]
    if kind:
        columns.append(pl.coalesce("price_type", pl.when(here).then(pl.lit(kind))).alias("price_type"))
    return rows.with_columns(columns)


def _up_front(rows: pl.DataFrame, payment: pl.Expr, currencies: tuple[str, ...]) -> pl.DataFrame:
    """Fill the up-front payment where it is empty and its currency is known: its own, else the first of these."""
    money = pl.coalesce("upfront_payment_currency", *currencies)
    paid = pl.when(money.is_not_null()).then(payment)
    here = pl.col("upfront_payment").is_null() & paid.is_not_null()
    return rows.with_columns(
        upfront_payment=pl.when(here).then(paid).otherwise("upfront_payment"),
        upfront_payment_currency=pl.when(here).then(money).otherwise("upfront_payment_currency"),
    )


def _major(rows: pl.DataFrame, amount: str, unit: str) -> pl.DataFrame:
    """The amount and its currency in the major unit, where code or `price_unit` say that it is in a part."""
    major = currency.major_unit(unit)
    by_word = (pl.col("price_unit") == "MINOR") & pl.col(unit).is_in(_divided())
    parts = (
        rows.select(by_code=major.is_not_null(), by_word=by_word.fill_null(value=False))
        if given(rows, "price_unit")
        else rows.select(by_code=major.is_not_null(), by_word=pl.lit(value=False))
    )
    if not (parts["by_code"].any() or parts["by_word"].any()):
        return rows
    factor = pl.coalesce(_per_major(unit, "code"), pl.when(by_word).then(_per_major(unit, "major")))
    return rows.with_columns(
        pl.when(factor.is_not_null()).then(_divide(pl.col(amount), factor)).otherwise(amount).alias(amount),
        pl.coalesce(major, unit).alias(unit),
    )


def _divided() -> list[str]:
    """Currencies that some market quotes in a part of."""
    return code_list("minor_unit")["major"].unique().sort().to_list()


def _per_major(unit: str, key: str) -> pl.Expr:
    """How many parts make one: 100 or 1000, as text."""
    listed = code_list("minor_unit").unique(key, keep="first", maintain_order=True)
    return pl.col(unit).replace_strict(
        listed[key], listed["per_major"].cast(pl.String), default=None, return_dtype=pl.String
    )


def _divide(text: pl.Expr, factor: pl.Expr) -> pl.Expr:
    """Text decimal divided by 100 or 1000 by moving its point: exact, whatever its length."""
    digits = pl.when(factor == "1000").then(pl.lit(3)).otherwise(pl.lit(2))
    minus = pl.when(text.str.starts_with("-")).then(pl.lit("-")).otherwise(pl.lit(""))
    plain = text.str.strip_prefix("-")
    whole = pl.lit("000") + plain.str.extract(r"^([0-9]+)")
    part = plain.str.extract(r"\.([0-9]+)$").fill_null("")
    length = whole.str.len_chars().cast(pl.Int64) - digits
    left = whole.str.slice(0, length).str.strip_chars_start("0")
    right = (whole.str.slice(length) + part).str.strip_chars_end("0")
    shown = pl.when(left == "").then(pl.lit("0")).otherwise(left)
    return minus + shown + pl.when(right == "").then(pl.lit("")).otherwise(pl.lit(".") + right)
