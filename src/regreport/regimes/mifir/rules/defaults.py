"""Values that never change: an indicator, price or quantity that looks filled in by the system, not by the trade.

Each is judged over all records of one entity in one report and named once, at the first of them. A small report says
nothing, so each needs a number of records before it speaks.

Source: FCA Market Watch 62.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import polars as pl

from regreport.engine.rule import DRAFT, RECORD, CrossRule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.terms import MARKET_WATCH_62, PARTLY

RECORDS_MIN: Final = 10
INSTRUMENTS_MIN: Final = 5
"""One price for so many instruments is no market."""


def _named_once(kept: pl.DataFrame, shown: str, constant: pl.Expr) -> pl.DataFrame:
    """Entities (first record, value and count) whose kept records are enough and meet `constant`."""
    entities = kept.group_by(DRAFT, "executing_entity", maintain_order=True).agg(
        record=pl.col(RECORD).min(), count=pl.len(), shown=pl.col(shown).first(), constant=constant
    )
    found = entities.filter(pl.col("constant") & (pl.col("count") >= RECORDS_MIN))
    return found.select("record", value=pl.format("{} on all of {} records", "shown", "count"))


def always(table: pl.DataFrame, column: str, value: str) -> pl.DataFrame:
    """Entities whose every record that has the column has this value in it."""
    kept = table.filter(pl.col(column).is_not_null())
    return _named_once(kept, column, (pl.col(column) == value).all())


def always_alike(table: pl.DataFrame, column: str, kinds: tuple[str, ...]) -> pl.DataFrame:
    """Entities whose every record on these kinds of venue has the same, and some, flags in the list column."""
    here = table.filter(pl.col("@venue.kind").is_in(list(kinds)))
    entity = [DRAFT, "executing_entity"]
    flagged = here.group_by(entity).agg(pl.col(column).null_count() == 0).filter(pl.col(column)).select(entity)
    kept = here.join(flagged, on=entity, how="semi", nulls_equal=True)
    kept = kept.with_columns(flags=pl.col(column).list.sort().list.join("|"))
    return _named_once(kept, "flags", (pl.col("flags").n_unique() == 1) & (pl.col("flags") != "").all())


def one_for_all(table: pl.DataFrame, column: str) -> pl.DataFrame:
    """Entities that have one value in the column for all of many instruments."""
    kept = table.filter(pl.col(column).is_not_null() & pl.col("isin").is_not_null())
    many = pl.col("isin").n_unique() >= INSTRUMENTS_MIN
    return _named_once(kept, column, (pl.col(column).n_unique() == 1) & many)


def _rule(
    id_: str,
    title: str,
    field: str,
    find: Callable[[pl.DataFrame], pl.DataFrame],
    *columns: str,
    needs: tuple[str, ...] = (),
    remedy: str = "",
) -> CrossRule:
    return CrossRule(
        id=id_,
        title=title,
        remedy=remedy,
        source=MARKET_WATCH_62,
        fields=(field,),
        find=find,
        columns=(*columns, "executing_entity"),
        severity=Severity.WARNING,
        needs=needs,
        confidence=PARTLY,
    )


ON_VENUE: Final = ("OPRT", "SGMT")
OFF_VENUE: Final = ("XOFF", "SINT")

RULES: tuple[CrossRule, ...] = (
    _rule(
        "MFR-30-01",
        "Every trade has the same quantity",
        "30",
        partial(one_for_all, column="quantity"),
        "quantity",
        "isin",
    ),
    _rule("MFR-33-03", "Every trade has the same price", "33", partial(one_for_all, column="price"), "price", "isin"),
    _rule(
        "MFR-61-01",
        "Every trade on a venue has the same waiver",
        "61",
        partial(always_alike, column="waiver", kinds=ON_VENUE),
        *("waiver", "@venue.kind"),
        needs=("mics",),
        remedy="A waiver is that of the order, as the venue confirmed it",
    ),
    _rule(
        "MFR-62-01",
        "Every short selling indicator is UNDI",
        "62",
        partial(always, column="short_selling", value="UNDI"),
        "short_selling",
        remedy="UNDI is for a client who was asked and did not answer, not a default",
    ),
    _rule(
        "MFR-63-01",
        "Every trade off venue has the same post-trade indicator",
        "63",
        partial(always_alike, column="otc_post_trade", kinds=OFF_VENUE),
        *("otc_post_trade", "@venue.kind"),
        needs=("mics",),
    ),
    _rule(
        "MFR-64-01",
        "Every commodity derivative indicator is false",
        "64",
        partial(always, column="commodity_derivative", value="false"),
        "commodity_derivative",
        remedy="Leave it empty except on commodity derivatives, and answer it there",
    ),
)
