"""Who is buyer where a trade is no plain purchase: the side from what is paid or received, and fields 26 and 27.

In a rate swap or forward rate agreement the payer of the fixed rate is buyer, in a basis swap the payer of the spread,
in a swap on securities who takes the price risk, in a dividend swap who receives the dividends, in a credit derivative
who buys protection, in a commodity contract who receives the commodity. In a currency forward or swap it is who
receives, at the end, the currency that comes first in the alphabet. A venue's operator that reports for a member that
is no firm names that member as executing entity.

Source: RTS 22 (EU) 2017/590 Annex I fields 4, 6, 7, 26, 27; ESMA Q&A 1695 (currency swaps, far leg), 1697 (rate swaps),
1698 (currency forwards); MiFIR Art. 26(5).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from regreport.regime import ReportContext
from regreport.regimes.mifir.derive.clash import Clash, given, unknown_word

BUYER_BY: Final = (
    "PAYS_FIXED",
    "PAYS_SPREAD",
    "RECEIVES_RETURN",
    "RECEIVES_DIVIDENDS",
    "BUYS_PROTECTION",
    "RECEIVES_COMMODITY",
)
SELLER_BY: Final = (
    "RECEIVES_FIXED",
    "RECEIVES_SPREAD",
    "PAYS_RETURN",
    "PAYS_DIVIDENDS",
    "SELLS_PROTECTION",
    "DELIVERS_COMMODITY",
)
READ: Final = (
    *("side", "pays_or_receives", "currency_received", "notional_currency_1", "notional_currency_2"),
    *("quantity_currency", "price_currency", "transmitting_firm", "transmitting_firm_buyer"),
    *("transmitting_firm_seller", "entity", "member", "submitting_entity"),
)


def derived(rows: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """Rows with `side`, `transmitting_firm_buyer` or `_seller`, and for a venue's operator the member as entity."""
    if given(rows, "pays_or_receives"):
        rows = rows.with_columns(side=pl.coalesce("side", _side_by_role()))
    if given(rows, "currency_received"):
        rows = rows.with_columns(side=pl.coalesce("side", _side_by_currency()))
    if given(rows, "transmitting_firm"):
        rows = rows.with_columns(_transmitting("buyer", "BUY"), _transmitting("seller", "SELL"))
    if given(rows, "member") and context.entity.facts.get("kind") == "VENUE_OPERATOR":
        operator = pl.lit(context.destination.submitting_entity or None, pl.String)
        rows = rows.with_columns(
            submitting_entity=pl.coalesce("submitting_entity", operator, "entity"),
            entity=pl.coalesce("member", "entity"),
        )
    return rows


def clashes(rows: pl.DataFrame) -> Iterator[Clash]:
    """Where side says the opposite of the terms, or the terms cannot be understood."""
    if given(rows, "pays_or_receives"):
        yield unknown_word("pays_or_receives", "7,16", (*BUYER_BY, *SELLER_BY))
        wrong = pl.col("side") != _side_by_role()
        yield Clash("7,16", "side", wrong, "pays_or_receives makes the other party the buyer (RTS 22 field 7)")
    if given(rows, "currency_received"):
        wrong = pl.col("side") != _side_by_currency()
        yield Clash("7,16", "side", wrong, "currency_received makes the other party the buyer (RTS 22 field 7)")
        first, second = _pair()
        neither = (pl.col("currency_received") != first) & (pl.col("currency_received") != second)
        yield Clash("7,16", "currency_received", neither, "It is neither of the two currencies of the contract")
    if given(rows, "transmitting_firm"):
        named = pl.coalesce("transmitting_firm_buyer", "transmitting_firm_seller")
        wrong = named != pl.col("transmitting_firm")
        yield Clash("26,27", "transmitting_firm", wrong, "Field 26 or 27 is filled with another firm")


def _side_by_role() -> pl.Expr:
    role = pl.col("pays_or_receives")
    return pl.when(role.is_in(BUYER_BY)).then(pl.lit("BUY")).when(role.is_in(SELLER_BY)).then(pl.lit("SELL"))


def _side_by_currency() -> pl.Expr:
    first, second = _pair()
    received = pl.col("currency_received")
    known = first.is_not_null() & second.is_not_null() & (first != second)
    alphabetically_first = pl.when(first < second).then(first).otherwise(second)
    other = pl.when(first < second).then(second).otherwise(first)
    buys = pl.when(known & (received == alphabetically_first)).then(pl.lit("BUY"))
    return buys.when(known & (received == other)).then(pl.lit("SELL"))


def _pair() -> tuple[pl.Expr, pl.Expr]:
    """The two currencies of a contract: the notional ones, else those of quantity and price."""
    return pl.coalesce("notional_currency_1", "quantity_currency"), pl.coalesce("notional_currency_2", "price_currency")


def _transmitting(party: str, side: str) -> pl.Expr:
    column = f"transmitting_firm_{party}"
    here = pl.when(pl.col("side") == side).then("transmitting_firm")
    return pl.coalesce(column, here).alias(column)
