"""Clocks that look wrong: trades outside a venue's hours, at midnight, or never with a fraction of a second (field 28).

Local time reported as UTC puts a block of trades whole hours outside the hours of a venue: the FCA's own example is
British summer time. Trades of one entity, venue, day and side of the session that lie outside are one block; where a
shift by whole hours would bring all of it inside, the shift is named.

`hours.csv` has the session of the larger share markets in local time, auctions and trading at the close included and
ten minutes to spare (recalled, not read from the venues' rule books); other venues are not looked at.

Source: FCA Market Watch 59; RTS 25 (EU) 2017/574 for the granularity of time stamps.
"""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files
from typing import Final

import polars as pl

from regreport.engine.checks import matches, negate
from regreport.engine.rule import DRAFT, RECORD, AnyRule, CrossRule, Rule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.terms import DERIVED, MARKET_WATCH_59, PARTLY

TIME: Final = "trading_date_time"
COLUMNS: Final = (TIME, "venue", "executing_entity")
BLOCK_MIN: Final = 5
"""So many trades outside hours are a pattern; fewer are named one by one."""
NO_FRACTION_MIN: Final = 10
"""So many trades on venues without a fraction of a second are no coincidence."""
_BLOCK: Final = (DRAFT, "executing_entity", "venue", "day", "early")


@cache
def _hours() -> pl.DataFrame:
    return pl.read_csv(io.BytesIO(files(__package__).joinpath("hours.csv").read_bytes()), infer_schema=False)


def _sessions(days: pl.DataFrame) -> pl.DataFrame:
    """Venue and day with the session's first and last minute in UTC, counted from midnight."""
    joined = days.join(_hours(), left_on="venue", right_on="mic", how="inner")
    minutes = []
    for zone in joined["zone"].unique().sort():
        here = joined.filter(pl.col("zone") == zone)
        minutes.append(here.select("venue", "day", _utc_minutes("opens", zone), _utc_minutes("closes", zone)))
    schema = {"venue": pl.String, "day": pl.String, "opens": pl.Int32, "closes": pl.Int32}
    return pl.concat([pl.DataFrame(schema=schema), *minutes])


def _utc_minutes(column: str, zone: str) -> pl.Expr:
    local = pl.concat_str("day", column, separator="T").str.to_datetime("%Y-%m-%dT%H:%M", strict=False)
    utc = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    return _minutes(utc.dt.hour(), utc.dt.minute()).alias(column)


def _minutes(hours: pl.Expr, minutes: pl.Expr) -> pl.Expr:
    return hours.cast(pl.Int32, strict=False) * 60 + minutes.cast(pl.Int32, strict=False)


def outside(table: pl.DataFrame) -> pl.DataFrame:
    """Trades outside hours with their block's size and the hours (0: none) by which a shift would bring it inside."""
    trades = table.filter(pl.col("venue").is_in(_hours()["mic"].implode()) & pl.col(TIME).is_not_null()).select(
        RECORD, DRAFT, *COLUMNS, day=pl.col(TIME).str.slice(0, 10)
    )
    trades = trades.join(_sessions(trades.select("venue", "day").unique()), on=["venue", "day"], how="inner")
    minute = _minutes(pl.col(TIME).str.slice(11, 2), pl.col(TIME).str.slice(14, 2))
    out = trades.with_columns(minute=minute).filter(~pl.col("minute").is_between("opens", "closes"))
    out = out.with_columns(early=pl.col("minute") < pl.col("opens"))
    first, last = pl.col("minute").min().over(_BLOCK), pl.col("minute").max().over(_BLOCK)
    least = ((pl.col("opens") - first) / 60).ceil().cast(pl.Int32)
    most = ((pl.col("closes") - last) / 60).floor().cast(pl.Int32)
    shift = pl.when(least > most).then(0).when(pl.col("early")).then(least).otherwise(most)
    return out.with_columns(size=pl.len().over(_BLOCK), shift=shift)


def shifted_blocks(trades: pl.DataFrame) -> pl.DataFrame:
    """Trades (record, time and fitting shift) of blocks that a shift by whole hours brings inside the venue's hours."""
    block = trades.filter((pl.col("size") >= BLOCK_MIN) & (pl.col("shift") != 0))
    hours = pl.format("{}, one of {} outside hours; {} h would fit", TIME, "size", "shift")
    return block.select(record=RECORD, value=hours)


def out_of_hours(trades: pl.DataFrame) -> pl.DataFrame:
    """Trades (record, time) outside the venue's hours that belong to no shifted block."""
    single = trades.filter((pl.col("size") < BLOCK_MIN) | (pl.col("shift") == 0))
    return single.select(record=RECORD, value=TIME)


def never_a_fraction(table: pl.DataFrame) -> pl.DataFrame:
    """Entities (first record, count) whose trades on venues all have whole seconds."""
    trades = table.filter(pl.col("@venue.kind").is_in(["OPRT", "SGMT"]) & pl.col(TIME).is_not_null())
    fraction = pl.col(TIME).str.contains(r"\.[0-9]*[1-9]")
    counted = trades.group_by(DRAFT, "executing_entity", maintain_order=True).agg(
        record=pl.col(RECORD).min(), trades=pl.len(), fractions=fraction.sum()
    )
    whole = counted.filter((pl.col("fractions") == 0) & (pl.col("trades") >= NO_FRACTION_MIN))
    return whole.select("record", value=pl.format("{} trades, all on a whole second", "trades"))


RULES: tuple[AnyRule, ...] = (
    CrossRule(
        id="MFR-28-01",
        title="A block of trades lies outside the venue's hours by whole hours: the clock looks shifted",
        remedy="Report UTC; British summer time and other local times are one or more hours off",
        source=MARKET_WATCH_59,
        fields=("28", "36"),
        find=shifted_blocks,
        columns=COLUMNS,
        prepare=outside,
        severity=Severity.WARNING,
        confidence=PARTLY,
    ),
    CrossRule(
        id="MFR-28-02",
        title="The trade lies outside the hours of its venue",
        remedy="Check time, time zone and venue",
        source=MARKET_WATCH_59,
        fields=("28", "36"),
        find=out_of_hours,
        columns=COLUMNS,
        prepare=outside,
        severity=Severity.WARNING,
        confidence=PARTLY,
    ),
    Rule(
        id="MFR-28-03",
        title="The trade is at midnight to the second: a date without its time of day",
        source=MARKET_WATCH_59,
        fields=("28",),
        must=negate(matches(TIME, "[0-9-]{10}T00:00:00(?:[.]0+)?Z")),
        severity=Severity.WARNING,
        confidence=DERIVED,
    ),
    CrossRule(
        id="MFR-28-04",
        title="No trade on a venue has a fraction of a second",
        remedy="Times of trades on venues are due to the millisecond or microsecond, voice trading excepted",
        source="RTS 25 (EU) 2017/574 Annex",
        fields=("28",),
        find=never_a_fraction,
        columns=(TIME, "executing_entity", "@venue.kind"),
        severity=Severity.WARNING,
        needs=("mics",),
        confidence=DERIVED,
    ),
)
