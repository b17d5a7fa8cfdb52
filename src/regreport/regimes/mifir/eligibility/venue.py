"""Whether a trade was executed on a trading venue of the jurisdiction: regulated market, MTF or OTF.

XOFF and XXXX say that it was not, a systematic internaliser is none, and a venue elsewhere does not count. For a MIC
that the list of venues does not have, nothing is said.

Source: MiFIR Art. 2(1)(13) to (16) and MiFID II Art. 4(1)(24); ISO 10383; RTS 22 Annex I field 36.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

import polars as pl

from regreport.codelists import country
from regreport.regime import ReportContext

OFF_VENUE: Final = ("XOFF", "XXXX")
TRADING_VENUE: Final = ("RMKT", "MLTF", "OTFS")
UK_AND_GIBRALTAR: Final = ("GB", "GI")


def venue_facts(rows: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """`@venue.category` and `@executed_on_venue`, row for row. `rows`: venue, `@law`, `@trade_date`."""
    mics = context.reference_data.get("mics")
    asked = rows.select("venue", "@law", "@trade_date")
    if mics is None:
        nothing = pl.lit(None, pl.String)
        joined = asked.with_columns(category=nothing, country=nothing)
    else:
        wanted = rows["venue"].unique().implode()
        lines = mics.filter(pl.col("mic").is_in(wanted)).unique("mic", keep="first", maintain_order=True)
        lines = lines.select("category", "country", venue="mic")
        joined = asked.join(lines, on="venue", how="left", maintain_order="left")
    off = pl.col("venue").is_in(OFF_VENUE)
    market = pl.col("category").is_in(TRADING_VENUE)
    executed = pl.when(off | ~market).then(False).when(market).then(_within(joined, context))
    return joined.select(
        pl.col("category").alias("@venue.category"), executed.cast(pl.String).alias("@executed_on_venue")
    )


@lru_cache(maxsize=512)
def union_members(day: str) -> list[str]:
    """The countries of the European Economic Area on an ISO date; none for a text that is no date."""
    try:
        return country.eea_members(date.fromisoformat(day))
    except ValueError:
        return []


def _within(joined: pl.DataFrame, context: ReportContext) -> pl.Expr:
    """Whether the venue's country counts: the EEA of the trade date and, under UK law, the UK and Gibraltar too."""
    at = pl.col("country")
    own = at.is_in(UK_AND_GIBRALTAR)
    union = pl.lit(value=False)
    for day in joined["@trade_date"].unique().drop_nulls().sort():
        union = pl.when(pl.col("@trade_date") == day).then(at.is_in(union_members(day))).otherwise(union)
    if "UK" not in joined["@law"]:
        return union
    under_uk = own if context.settings.get("uk_scope") == "UK_ONLY" else own | union
    return pl.when(pl.col("@law") == "UK").then(under_uk).otherwise(union)
