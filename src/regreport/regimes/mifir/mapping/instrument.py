"""The instrument: by its ISIN where the reference data has it on the trade date, else described in full.

Fields 42 to 56 are not applicable to an instrument that is named by its ISIN in the reference data, so what the firm
holds about such an instrument stays in its books. Without a description an ISIN is all there is, and is reported as
such; the rules then say that the reference data does not know it.

Source: RTS 22 (EU) 2017/590 Annex I fields 41 to 56; ISO 10962 for what a CFI group says of the second currency.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from regreport.regime import ReportContext
from regreport.regimes.mifir import reference
from regreport.regimes.mifir.mapping.amounts import signed
from regreport.regimes.mifir.mapping.source import INDEX, LEGS, given, has, listed

KNOWN: Final = "~known"
CFI: Final = "~cfi"
"""The CFI code that the firm gives, else that of the reference data."""

PLAIN: Final = (
    *("instrument_name", "instrument_classification", "notional_currency_1", "notional_currency_2"),
    *("price_multiplier", "option_type", "strike_price_currency", "exercise_style"),
    *("maturity_date", "expiry_date", "delivery_type"),
)
"""Columns of the description that go to the report as they are."""
DESCRIPTION: Final = ("instrument_name", "price_multiplier", "delivery_type")
"""What the schema asks of every described instrument, besides its CFI code; one of them shows that it is described."""


def known_instruments(rows: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """The rows with KNOWN ("true", "false", null where the snapshot is not loaded or no ISIN is given) and CFI."""
    snapshot = context.reference_data.get("instruments")
    cfi = pl.col("instrument_classification")
    if snapshot is None:
        return rows.with_columns(pl.lit(None, dtype=pl.String).alias(KNOWN), cfi.alias(CFI))
    day = pl.col("timestamp").str.head(10)
    asked = rows.select("isin", day=day, area=pl.lit(context.cell.jurisdiction))
    facts = reference.instruments_on(asked, snapshot)
    joined = rows.with_columns(asked.select(pl.col("day").alias("~day"), pl.col("area").alias("~area")))
    facts = facts.rename({"day": "~day", "area": "~area", "known": KNOWN, "cfi": CFI})
    joined = joined.join(facts, on=("isin", "~day", "~area"), how="left", maintain_order="left")
    return joined.drop("~day", "~area").with_columns(pl.coalesce(cfi, CFI).alias(CFI))


def instrument(rows: pl.DataFrame) -> dict[str, pl.Expr]:
    """Fields 41 to 56 of rows that have KNOWN and CFI: column of the field table -> expression."""
    kind = _kind(rows)
    described = kind == "OTHR"

    def told(value: pl.Expr) -> pl.Expr:
        return pl.when(described).then(value)

    fields = {"isin": pl.col("isin"), "instrument_type": kind}
    fields |= {column: told(pl.col(column)) for column in PLAIN}
    second = pl.coalesce("notional_currency_2_type", _second_currency())
    fields["notional_currency_2_type"] = told(pl.when(pl.col("notional_currency_2").is_not_null()).then(second))
    strike = signed("strike_price", _strike_type())
    fields |= {column: told(value) for column, value in strike.items()}
    for leg in LEGS:
        fields |= {column: told(value) for column, value in _leg(rows, leg).items()}
    return fields


def _kind(rows: pl.DataFrame) -> pl.Expr:
    """ID where the ISIN is known or all there is; OTHR where there is none, or where it is described and not known."""
    described, no_isin = given(rows, DESCRIPTION), pl.col("isin").is_null()
    known = pl.when(pl.col(KNOWN) == "true").then(pl.lit("ID"))
    other = known.when(no_isin | (described & (pl.col(KNOWN) == "false"))).then(pl.lit("OTHR"))
    return other.when(~described).then(pl.lit("ID"))


def _second_currency() -> pl.Expr:
    """What the CFI group says of the second notional currency: of an interest rate or a currency contract."""
    group = pl.col(CFI).str.head(2)
    return (
        pl.when(group.is_in(["SF", "HF", "JF"]))
        .then(pl.lit("FX"))
        .when(group.is_in(["SR", "HR", "JR"]))
        .then(pl.lit("INTR"))
    )


def _strike_type() -> pl.Expr:
    """A strike with a currency is an amount of money: no other kind has one."""
    amount = pl.col("strike_price").is_not_null() & pl.col("strike_price_currency").is_not_null()
    return pl.coalesce("strike_price_type", pl.when(amount).then(pl.lit("MNTR")))


def index_columns(leg: str) -> tuple[str, ...]:
    """The source columns of a single index of a leg."""
    return tuple(f"{leg}_index_{what}" for what in INDEX)


def basket_columns(leg: str) -> tuple[str, ...]:
    """The source columns of a basket of a leg."""
    return (f"{leg}_basket_isin", *(f"{leg}_basket_index_{what}" for what in INDEX))


def _leg(rows: pl.DataFrame, leg: str) -> dict[str, pl.Expr]:
    """One underlying: a single ISIN, an index, or a basket; its kind from which columns the firm fills."""
    isin = pl.col(f"{leg}_isin")
    index, basket = given(rows, index_columns(leg)), given(rows, basket_columns(leg))
    one = isin.is_not_null()
    derived = (
        pl.when(one & ~index & ~basket).then(pl.lit("ISIN"))
        .when(~one & index & ~basket).then(pl.lit("INDEX"))
        .when(~one & ~index & basket).then(pl.lit("BASKET"))
    )  # fmt: skip
    kind = pl.coalesce(f"{leg}_type", derived)
    of_index = (kind == "INDEX") & pl.col(f"{leg}_index_isin").is_null()
    fields = {
        f"{leg}_type": kind,
        f"{leg}_isin": pl.when(~of_index.fill_null(value=False)).then(isin),
        f"{leg}_index_isin": pl.when(of_index).then(isin).otherwise(f"{leg}_index_isin"),
        f"{leg}_basket_isin": pl.col(f"{leg}_basket_isin"),
        f"{leg}_basket_index": _basket_indices(rows, leg),
    }
    return fields | {f"{leg}_index_{c}": pl.col(f"{leg}_index_{c}") for c in INDEX if c != "isin"}


def _basket_indices(rows: pl.DataFrame, leg: str) -> pl.Expr:
    """The indices of a basket: one struct for each place of the lists that describe them."""
    columns = {what: f"{leg}_basket_index_{what}" for what in INDEX}
    filled = {what: c for what, c in columns.items() if has(rows, c)}
    dtype = pl.List(pl.Struct(dict.fromkeys(INDEX, pl.String)))
    sizes = [rows.get_column(c).list.len().max() for c in filled.values()]
    size = max((int(s) for s in sizes if isinstance(s, int)), default=0)
    if not size:
        return pl.lit(None, dtype=dtype)
    return listed([_index(filled, place) for place in range(size)])


def _index(filled: dict[str, str], place: int) -> pl.Expr:
    values = {what: pl.col(c).list.get(place, null_on_oob=True) for what, c in filled.items()}
    there = pl.any_horizontal(v.is_not_null() for v in values.values())
    absent = pl.lit(None, dtype=pl.String)
    return pl.when(there).then(pl.struct([values.get(what, absent).alias(what) for what in INDEX]))
