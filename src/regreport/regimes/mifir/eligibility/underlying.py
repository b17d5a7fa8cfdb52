"""Whether what an instrument rests on is traded on a venue: one underlying, or a component of an index or basket.

Looked up are the ISINs in the source and, for the instrument itself, those that the list of traded instruments names.
That nothing is there can be said of a share, a plain bond or a fund, of a contract on rates, currencies or commodities,
on a reference rate, and where every underlying was looked up; for the rest the firm says so in `underlying_on_venue`
(that it says yes where all of this says no leaves both open).

Source: MiFIR Art. 26(2)(b), (c); ISO 10962 for what a CFI code says of the underlying.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import polars as pl

LEGS: Final = ("underlying", "underlying_in", "underlying_out")
SINGLE: Final = tuple(f"{leg}_isin" for leg in LEGS)
INDEX_ISIN: Final = tuple(f"{leg}_index_isin" for leg in LEGS)
BASKET: Final = tuple(f"{leg}_basket_isin" for leg in LEGS)
BASKET_INDEX: Final = tuple(f"{leg}_basket_index_{what}" for leg in LEGS for what in ("isin", "name"))
RATE_CODE: Final = tuple(f"{leg}_index_code" for leg in LEGS)
INDEX_NAME: Final = tuple(f"{leg}_index_name" for leg in LEGS)
COMPONENT_LISTS: Final = (*BASKET, *(c for c in BASKET_INDEX if c.endswith("isin")))
UNDERLYING_COLUMNS: Final = {
    **dict.fromkeys((*SINGLE, *INDEX_ISIN, *RATE_CODE, *INDEX_NAME), False),
    **dict.fromkeys((*BASKET, *BASKET_INDEX), True),
}
"""Source column -> whether it is a list."""
RESTS_ON_NOTHING: Final = r"^(?:ES|EP|C|DB|DT|DY|DN|DG|I|L)"
"""Shares, funds, plain debt: no underlying that could be on a list."""
NO_INSTRUMENT_BELOW: Final = (
    r"^(?:SR[ACDGHZ]|SF[ACF]|ST[JKANGPST]|JFT|JT[AGJKNPST]|JRI|HFT|HT[JKANGPST]|FC[EAISNPH]|FF[CN]|O..[TCN])"
)
"""Contracts on rates, currencies and commodities themselves: what they rest on is no instrument. Not those on a future,
a swap, an index or 'others'."""

OnList = Callable[[pl.DataFrame], pl.Series]
"""(isin, @law, @trade_date) -> whether each is on the list; null where that cannot be said."""


def underlying_facts(rows: pl.DataFrame, on_list: OnList) -> pl.DataFrame:
    """`@underlying.on_list` and `@underlying.component_on_list`, row for row.

    `rows`: source columns with `@cfi`, `@law`, `@trade_date`, `listed_isins` and `listed_index` (of the instrument's
    own line in the list).
    """
    index = (*INDEX_ISIN, *INDEX_NAME, *BASKET_INDEX, "listed_index")
    base = rows.select("@cfi", "underlying_on_venue", has_index=_given(rows, index), has_rate=_given(rows, RATE_CODE))
    single = _listed(rows, SINGLE, ("listed_isins",), on_list)
    below = _listed(rows, INDEX_ISIN, COMPONENT_LISTS, on_list).rename(
        {"given": "given_below", "listed": "listed_below"}
    )
    found = pl.concat([base, single, below], how="horizontal").select(
        "underlying_on_venue", single=_single(), component=_component()
    )
    said = pl.col("underlying_on_venue")
    ruled_out = ((said == "true") & (pl.col("single") == "false") & (pl.col("component") == "false")).fill_null(False)
    return found.select(
        pl.when(~ruled_out).then(pl.coalesce("single", said)).alias("@underlying.on_list"),
        pl.when(~ruled_out).then(pl.coalesce("component", said)).alias("@underlying.component_on_list"),
    )


def _single() -> pl.Expr:
    none = _rests_on_nothing() | _no_instrument_below() | pl.col("given_below") | pl.col("has_index")
    return pl.when(pl.col("given")).then(pl.col("listed").cast(pl.String)).when(none).then(pl.lit("false"))


def _component() -> pl.Expr:
    """A component that is on the list settles it; one that is not leaves the components of an index open."""
    none = _rests_on_nothing() | _no_instrument_below() | pl.col("given")
    return (
        pl.when(pl.col("listed_below"))
        .then(pl.lit("true"))
        .when(pl.col("has_index") & ~_no_instrument_below())
        .then(pl.lit(None, pl.String))
        .when(pl.col("given_below"))
        .then(pl.col("listed_below").cast(pl.String))
        .when(none)
        .then(pl.lit("false"))
    )


def _rests_on_nothing() -> pl.Expr:
    return pl.col("@cfi").str.contains(RESTS_ON_NOTHING).fill_null(value=False)


def _no_instrument_below() -> pl.Expr:
    on_rate = pl.col("has_rate") & ~pl.col("given") & ~pl.col("given_below")
    return pl.col("@cfi").str.contains(NO_INSTRUMENT_BELOW).fill_null(value=False) | on_rate


def _given(rows: pl.DataFrame, columns: Sequence[str]) -> pl.Expr:
    """Whether a row has a value in one of these columns."""
    there = [pl.col(c).is_not_null() for c in columns if rows[c].null_count() < rows.height]
    return pl.any_horizontal(there) if there else pl.lit(value=False)


def _listed(rows: pl.DataFrame, single: Sequence[str], many: Sequence[str], on_list: OnList) -> pl.DataFrame:
    """`given`: these columns name an ISIN; `listed`: one of them is on the list (null where that cannot be said)."""
    named, listed = [], []
    for column in (c for c in single if rows[c].null_count() < rows.height):
        named.append(rows[column].is_not_null())
        listed.append(on_list(rows.select("@law", "@trade_date", isin=column)))
    lists = [c for c in many if rows[c].null_count() < rows.height]
    if lists:
        isins = pl.concat_list(pl.col(c).fill_null([]) for c in lists).list.drop_nulls()
        asked = rows.select("@law", "@trade_date", isin=isins).with_row_index("row")
        named.append(asked["isin"].list.len() > 0)
        listed.append(_any_of_lists(asked, on_list))
    if not named:
        nothing = {"given": [False] * rows.height, "listed": [None] * rows.height}
        return pl.DataFrame(nothing, schema={"given": pl.Boolean, "listed": pl.Boolean})
    columns = [n.alias(f"n{i}") for i, n in enumerate(named)] + [v.alias(f"v{i}") for i, v in enumerate(listed)]
    each = [pl.when(pl.col(f"n{i}")).then(pl.col(f"v{i}")).otherwise(False) for i in range(len(named))]
    given = pl.any_horizontal(f"n{i}" for i in range(len(named)))
    return pl.DataFrame(columns).select(given=given, listed=pl.when(given).then(pl.any_horizontal(each)))


def _any_of_lists(asked: pl.DataFrame, on_list: OnList) -> pl.Series:
    """For each row whether some ISIN in its list is on the list of traded instruments."""
    each = asked.filter(pl.col("isin").list.len() > 0).explode("isin")
    found = each.with_columns(on_list(each).alias("on_list"))
    verdict = found.group_by("row").agg(pl.col("on_list").any(ignore_nulls=False))
    everything = pl.Series("on_list", [None] * asked.height, dtype=pl.Boolean)
    return everything.scatter(verdict["row"], verdict["on_list"]) if verdict.height else everything
