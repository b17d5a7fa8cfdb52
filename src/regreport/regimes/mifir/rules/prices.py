"""Prices and multipliers that look wrong beside the other records of the same report (fields 33, 34, 40, 46).

Everything here compares records within one report: pence beside pounds, no price beside prices, two multipliers for one
instrument, two prices for one package. With one record of an instrument there is nothing to compare and nothing said.

Source: FCA Market Watch 59, 62 and 74.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from regreport.engine.checks.base import number
from regreport.engine.rule import DRAFT, RECORD, CrossRule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.terms import DERIVED, MARKET_WATCH_59, MARKET_WATCH_62, MARKET_WATCH_74, PARTLY

PRICE: Final = ("price", "price_type", "price_currency", "isin")
HUNDRED_FROM: Final = "70"
HUNDRED_TO: Final = "140"
"""Prices of one day may drift, so a factor of about 100 is one between these."""


def _times(column: str, factor: str) -> pl.Expr:
    return pl.col(column) * pl.lit(factor).cast(pl.Decimal(38, 0))


def _hundredfold(one: str, other: str) -> pl.Expr:
    """Whether the first is about a hundred times the second."""
    return (pl.col(one) >= _times(other, HUNDRED_FROM)) & (pl.col(one) <= _times(other, HUNDRED_TO))


def hundredfold_prices(table: pl.DataFrame) -> pl.DataFrame:
    """Prices (record, price and the usual one) about 100 times, or a hundredth of, their instrument's middle price."""
    key = [DRAFT, "isin", "price_currency"]
    priced = table.filter((pl.col("price_type") == "MNTR") & pl.col("isin").is_not_null())
    priced = priced.select(RECORD, *key, text="price", price=number(pl.col("price")).cast(pl.Decimal(38, 13)))
    priced = priced.filter(pl.col("price") > 0)
    groups = priced.group_by(key).agg(
        least=pl.col("price").min(), most=pl.col("price").max(), middle=pl.col("price").sort().get((pl.len() - 1) // 2)
    )
    wide = groups.filter(pl.col("most") >= _times("least", HUNDRED_FROM))
    suspects = priced.join(wide, on=key, how="inner", nulls_equal=True)
    odd = suspects.filter(_hundredfold("price", "middle") | _hundredfold("middle", "price"))
    middle = pl.col("middle").cast(pl.String).str.replace(r"\.?0*$", "")
    return odd.select(record=RECORD, value=pl.format("{} beside {}", "text", middle))


def priceless_beside_priced(table: pl.DataFrame) -> pl.DataFrame:
    """Records (record, price or kind) with NOAP or zero of an instrument that others in the report have a price for."""
    rows = table.filter(pl.col("isin").is_not_null()).select(
        RECORD, DRAFT, "isin", "price_type", "price", zero=(number(pl.col("price")) == 0).fill_null(False)
    )
    priced = rows.filter(pl.col("price").is_not_null() & ~pl.col("zero")).select(DRAFT, "isin").unique()
    without = rows.filter((pl.col("price_type") == "NOAP") | pl.col("zero"))
    found = without.join(priced, on=[DRAFT, "isin"], how="semi")
    return found.select(record=RECORD, value=pl.coalesce("price", "price_type"))


def uneven_packages(table: pl.DataFrame) -> pl.DataFrame:
    """Legs (record, price) whose price is not that of the first leg with the same complex trade id."""
    key = [DRAFT, "executing_entity", "complex_trade_id"]
    price = pl.struct("price_type", number(pl.col("price")), "price_currency")
    legs = table.filter(pl.col("complex_trade_id").is_not_null()).sort(RECORD).with_columns(leg_price=price)
    odd = legs.filter(pl.col("leg_price").ne_missing(pl.col("leg_price").first().over(key)))
    return odd.select(record=RECORD, value=pl.coalesce("price", "price_type"))


def uneven_multipliers(table: pl.DataFrame) -> pl.DataFrame:
    """Records (record, multiplier) whose multiplier is not the first one given for the same instrument."""
    rows = table.filter(pl.col("price_multiplier").is_not_null()).select(
        RECORD,
        DRAFT,
        "price_multiplier",
        instrument=pl.coalesce("isin", "instrument_name"),
        multiplier=number(pl.col("price_multiplier")),
    )
    first = pl.col("multiplier").sort_by(RECORD).first().over(DRAFT, "instrument")
    odd = rows.filter(pl.col("instrument").is_not_null() & (pl.col("multiplier") != first))
    return odd.select(record=RECORD, value="price_multiplier")


RULES: tuple[CrossRule, ...] = (
    CrossRule(
        id="MFR-33-01",
        title="The price is about a hundred times, or a hundredth of, what others in the report have for this ISIN",
        remedy="Prices stand in the major unit: 2.515 pounds, not 251.5 pence",
        source=f"{MARKET_WATCH_59}; {MARKET_WATCH_62}",
        fields=("33", "34"),
        find=hundredfold_prices,
        columns=PRICE,
        severity=Severity.WARNING,
        confidence=PARTLY,
    ),
    CrossRule(
        id="MFR-33-02",
        title="There is no price, or zero, where others in the report have a price for this ISIN",
        remedy="NOAP and zero are not for prices that are known",
        source=MARKET_WATCH_59,
        fields=("33",),
        find=priceless_beside_priced,
        columns=("price", "price_type", "isin"),
        severity=Severity.WARNING,
        confidence=PARTLY,
    ),
    CrossRule(
        id="R22-40-01",
        title="Legs of one package have different prices",
        remedy="Every leg carries the price of the whole; legs that are priced each for itself are no complex trade",
        source=f"RTS 22 (EU) 2017/590 Article 12; {MARKET_WATCH_74}",
        fields=("40", "33"),
        find=uneven_packages,
        columns=("complex_trade_id", "executing_entity", "price", "price_type", "price_currency"),
        severity=Severity.WARNING,
        confidence=DERIVED,
    ),
    CrossRule(
        id="MFR-46-01",
        title="One instrument has two price multipliers",
        remedy="The multiplier is a term of the contract: the same on every report of it",
        source=MARKET_WATCH_62,
        fields=("46",),
        find=uneven_multipliers,
        columns=("price_multiplier", "isin", "instrument_name"),
        severity=Severity.WARNING,
        confidence=PARTLY,
    ),
)
