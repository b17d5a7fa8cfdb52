"""The trade itself: references, transmission, time, quantity, price, who decided, and the indicators.

Source: RTS 22 (EU) 2017/590 Annex I fields 1 to 6, 25 to 40, 57 to 65; Article 4 for the transmission of orders.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from regreport.codelists import concat
from regreport.regime import ReportContext
from regreport.regimes.mifir.mapping.amounts import signed
from regreport.regimes.mifir.mapping.instrument import CFI
from regreport.regimes.mifir.mapping.persons import Nationals

PLAIN: Final = (
    *("venue_transaction_id", "transmitting_firm_buyer", "transmitting_firm_seller", "trading_capacity"),
    *("quantity", "quantity_currency", "notional_change", "price_currency", "net_amount", "venue"),
    *("branch_membership_country", "upfront_payment_currency", "complex_trade_id", "investment_decision_country"),
    *("execution_country", "waiver", "short_selling", "otc_post_trade", "commodity_derivative"),
)
"""Columns that go to the report as they are."""
CONDITIONS: Final = ("receiver_is_firm", "receiver_agreed", "agreement_controls", "details_complete")
"""The points of RTS 22 Article 4(1); where one of them fails, the transmitter reports too and says true in field 25."""
FINANCING: Final = ("SFT", "REPO", "BUY_SELL_BACK", "SECURITIES_LENDING", "MARGIN_LENDING")
"""Events that are securities financing transactions (SFTR Article 3(11))."""
EXECUTES: Final = ("CLIENT_EXECUTION", "OWN_ACCOUNT")
"""Services in which the entity executes and so does not transmit."""
NORE: Final = "NORE"


def trade(rows: pl.DataFrame, context: ReportContext, nationals: Nationals) -> dict[str, pl.Expr]:
    """Every column of the field table but parties and instrument, from rows that have the CFI: column -> expression."""
    fields = {column: pl.col(column) for column in PLAIN}
    fields |= {
        "status": pl.lit("NEWT"),
        "transaction_reference": pl.coalesce("transaction_reference", "transaction_id"),
        "executing_entity": pl.col("entity"),
        "investment_firm": investment_firm(context),
        "submitting_entity": submitting_entity(context),
        "transmission": pl.coalesce("transmission", transmission()),
        "trading_date_time": pl.col("timestamp"),
        "quantity_type": pl.coalesce("quantity_type", _quantity_type()),
        "sft": pl.coalesce("sft", _sft()),
    }
    amount = pl.col("price").is_not_null() & pl.col("price_currency").is_not_null()
    fields |= signed("price", pl.coalesce("price_type", pl.when(amount).then(pl.lit("MNTR"))))
    fields |= signed("upfront_payment")
    fields |= _decider(rows, "investment_decision", nationals)
    return fields | _decider(rows, "execution", nationals)


def investment_firm(context: ReportContext) -> pl.Expr:
    """Field 5: what the settings say of the entity; a firm by its kind is one. Null where neither says.

    A venue's operator reports for its member, and it is the member that field 5 speaks of then.
    """
    facts = context.entity.facts
    ours = pl.lit(facts.get("investment_firm") or ("true" if facts.get("kind") == "FIRM" else None), dtype=pl.String)
    if facts.get("kind") != "VENUE_OPERATOR":
        return ours
    return pl.when(pl.col("member").is_not_null()).then("member_subject_to_mifir").otherwise(ours)


def submitting_entity(context: ReportContext) -> pl.Expr:
    """Field 6: the destination's submitting entity, else the entity itself; the firm's own column wins."""
    ours = pl.lit(context.destination.submitting_entity) if context.destination.submitting_entity else pl.col("entity")
    return pl.coalesce("submitting_entity", ours)


def transmission() -> pl.Expr:
    """Field 25 by the facts: true where the order was transmitted and a condition fails, false where it was not."""
    fails = pl.any_horizontal(pl.col(c) == "false" for c in CONDITIONS) | (pl.col("order_origin") == "OWN")
    executed = pl.col("transmitted").is_null() & pl.col("service").is_in(EXECUTES)
    told = pl.when((pl.col("transmitted") == "true") & fails.fill_null(value=False)).then(pl.lit("true"))
    return told.when((pl.col("transmitted") == "false") | executed).then(pl.lit("false"))


def _quantity_type() -> pl.Expr:
    """A debt instrument with a currency is counted in nominal, a share, fund unit or listed contract in units."""
    category, currency = pl.col(CFI).str.head(1), pl.col("quantity_currency").is_not_null()
    nominal = pl.when((category == "D") & currency).then(pl.lit("NMNL"))
    units = nominal.when(category.is_in(["E", "C", "O", "F"]) & ~currency).then(pl.lit("UNIT"))
    return pl.when(pl.col("quantity").is_not_null()).then(units)


def _sft() -> pl.Expr:
    """Field 65 by what happened: only a securities financing transaction is one."""
    financing = pl.col("event_kind").is_in(FINANCING)
    return pl.when(financing).then(pl.lit("true")).when(~financing).then(pl.lit("false"))


def _decider(rows: pl.DataFrame, what: str, nationals: Nationals) -> dict[str, pl.Expr]:
    """A person or algorithm of the firm: CONCAT and NORE by their form, a person's number by the nationality."""
    text, nationality = pl.col(f"{what}_id"), pl.lit(nationals.one(rows[f"{what}_nationality"]))
    client = (text == NORE) if what == "execution" else pl.lit(value=False)
    formed = pl.when(concat.well_formed(text)).then(pl.lit("CONCAT")).when(client).then(pl.lit(NORE))
    kind = pl.coalesce(f"{what}_type", formed.when(text.is_not_null()).then(nationals.kind(nationality)))
    nobody = (kind == NORE) & (text.fill_null(NORE) == NORE)
    return {f"{what}_id": pl.when(nobody.fill_null(value=False)).then(None).otherwise(text), f"{what}_type": kind}
