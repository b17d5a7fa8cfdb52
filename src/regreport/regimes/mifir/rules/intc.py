"""The aggregate client account: what goes in comes out the same day, for more than one client (fields 7, 16).

A firm that groups orders reports the execution into INTC and the allocations out of it. Over a day and instrument the
account must end flat; one movement in and one out, or always the same other side, means that nothing was grouped. Such
a group is named once, at its first record. Everything is judged within one report, so a group that spans two days or
two files looks uneven; that is why it is a warning.

Source: RTS 22 Annex I fields 7 and 16; CSSF press release 22/03 on its INTC campaign.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from regreport.engine.checks.base import number
from regreport.engine.rule import DRAFT, RECORD, CrossRule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.terms import CSSF_22_03, DERIVED, MARKET_WATCH_62, PARTLY, annex

COLUMNS: Final = (
    *("buyer", "seller", "executing_entity", "isin", "instrument_name", "trading_date_time"),
    *("quantity", "quantity_type", "quantity_currency"),
)
INNER: Final = ("buyer.id", "buyer.id_type", "seller.id", "seller.id_type")
_GROUP: Final = (DRAFT, "executing_entity", "instrument", "day", "quantity_type", "quantity_currency")


def _has_intc(group: str) -> pl.Expr:
    return pl.col(group).list.eval(pl.element().struct.field("id_type") == "INTC").list.any().fill_null(False)


def _names(group: str) -> pl.Expr:
    return pl.col(group).list.eval(pl.element().struct.field("id")).list.drop_nulls().list.sort().list.join("|")


def movements(table: pl.DataFrame) -> pl.DataFrame:
    """One row a group: first record, movements and quantity in and out, and how many other sides each way has."""
    told = table.with_columns(into=_has_intc("buyer"), out=_has_intc("seller"))
    into = pl.col("into")
    moves = told.filter(into ^ pl.col("out")).select(
        RECORD,
        DRAFT,
        "executing_entity",
        "quantity_type",
        "quantity_currency",
        instrument=pl.coalesce("isin", "instrument_name"),
        day=pl.col("trading_date_time").str.slice(0, 10),
        into=into,
        quantity=number(pl.col("quantity")).fill_null(0),
        other=pl.when(into).then(_names("seller")).otherwise(_names("buyer")),
    )
    way_in, way_out = into, ~into
    return moves.group_by(_GROUP, maintain_order=True).agg(
        record=pl.col(RECORD).min(),
        moves_in=way_in.sum(),
        moves_out=way_out.sum(),
        quantity_in=pl.col("quantity").filter(way_in).sum(),
        quantity_out=pl.col("quantity").filter(way_out).sum(),
        others_in=pl.col("other").filter(way_in).n_unique(),
        others_out=pl.col("other").filter(way_out).n_unique(),
    )


def _plain(column: str) -> pl.Expr:
    """An exact decimal as text without the zeros that only its scale adds."""
    return pl.col(column).cast(pl.String).str.replace(r"\.?0*$", "")


def not_flat(moves: pl.DataFrame) -> pl.DataFrame:
    """Groups (first record, both quantities) whose account does not end flat."""
    uneven = moves.filter(pl.col("quantity_in") != pl.col("quantity_out"))
    return uneven.select("record", value=pl.format("in {}, out {}", _plain("quantity_in"), _plain("quantity_out")))


def single_movements(moves: pl.DataFrame) -> pl.DataFrame:
    """Groups (first record, instrument) with exactly one movement in and one out."""
    single = (pl.col("moves_in") == 1) & (pl.col("moves_out") == 1)
    return moves.filter(single).select("record", value="instrument")


def same_other_side(moves: pl.DataFrame) -> pl.DataFrame:
    """Groups (first record, instrument) of several movements where each way has only one other side."""
    several = (pl.col("moves_in") + pl.col("moves_out")) > 2
    alike = (pl.col("others_in") == 1) & (pl.col("others_out") == 1)
    return moves.filter(several & alike).select("record", value="instrument")


RULES: tuple[CrossRule, ...] = (
    CrossRule(
        id="R22-7-05",
        title="The aggregate client account does not end flat for this instrument and day",
        remedy="What is bought into INTC must be allocated out of it to clients, in the same quantity",
        source=f"{annex('7')} and 16; {MARKET_WATCH_62}",
        fields=("7", "16", "30"),
        find=not_flat,
        columns=COLUMNS,
        inner=INNER,
        prepare=movements,
        severity=Severity.WARNING,
        confidence=DERIVED,
    ),
    CrossRule(
        id="MFR-7-01",
        title="One movement goes into the aggregate client account and one out: nothing was grouped",
        remedy="Report the one client instead of INTC",
        source=CSSF_22_03,
        fields=("7", "16"),
        find=single_movements,
        columns=COLUMNS,
        inner=INNER,
        prepare=movements,
        severity=Severity.WARNING,
        confidence=PARTLY,
    ),
    CrossRule(
        id="MFR-7-02",
        title="All movements into the aggregate client account have one other side, and so have all out of it: nothing "
        "was grouped",
        remedy="One client order that was filled in parts is reported for the client, part by part",
        source=CSSF_22_03,
        fields=("7", "16"),
        find=same_other_side,
        columns=COLUMNS,
        inner=INNER,
        prepare=movements,
        severity=Severity.WARNING,
        confidence=PARTLY,
    ),
)
