"""The facts that the rules look at beside the fields: from the report itself and from the snapshots, by joins.

`rules.facts.FACTS` says what each fact means. A fact about the report stays as it is where the table has it already
(many reports are enriched in one pass, and theirs differ). Where a snapshot is not loaded its facts are null, and the
rules that need it say "not checked".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from typing import Final

import polars as pl

from regreport.engine.fields_fold import inner_names
from regreport.regime import ReportContext
from regreport.regimes.mifir import reference

TRADE_DATE: Final = "@trade_date"
_GROUPS: Final = ("buyer", "seller", "buyer_decision_maker", "seller_decision_maker")
_FIRMS: Final[Mapping[str, str]] = {
    "executing": "executing_entity",
    "submitting": "submitting_entity",
    "transmitting_buyer": "transmitting_firm_buyer",
    "transmitting_seller": "transmitting_firm_seller",
}
_LEGS: Final = ("underlying", "underlying_in", "underlying_out")
_NAMED: Final = tuple(f"{leg}_{what}" for leg in _LEGS for what in ("isin", "index_isin"))
_LISTED: Final = tuple(f"{leg}_basket_isin" for leg in _LEGS)


def enrich(table: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """The complete field table with its `@` facts, and `lei_status` and `lei_category` inside the groups of parties."""
    facts = table.with_columns(_of_report(table, context))
    facts = facts.with_columns(pl.col("trading_date_time").str.head(10).alias(TRADE_DATE))
    facts = _instruments(facts, context.reference_data.get("instruments"))
    facts = _venues(facts, context.reference_data.get("mics"))
    return _parties(facts, context.reference_data.get("leis"))


def _of_report(table: pl.DataFrame, context: ReportContext) -> list[pl.Expr]:
    """Facts about the report that the table does not have yet."""
    created = context.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    facts: dict[str, str | None] = {
        "@report.date": context.report_date.isoformat(),
        "@report.created_at": created,
        "@jurisdiction": context.cell.jurisdiction,
        "@entity.lei": context.entity.lei,
        "@entity.country": context.entity.country,
    }
    missing = [pl.lit(value, dtype=pl.String).alias(name) for name, value in facts.items() if name not in table.columns]
    return missing if "@history.active" in table.columns else [*missing, _history(context).alias("@history.active")]


def _history(context: ReportContext) -> pl.Expr:
    """Whether a report with the reference stands at the authority, where the history says how each one stands."""
    history = context.history
    if history is None or "standing" not in history.columns:
        return pl.lit(None, dtype=pl.String)
    standing = history.filter(pl.col("standing") == "ACTIVE").get_column("reference")
    active = pl.col("transaction_reference").is_in(standing.implode())
    return pl.when(active).then(pl.lit("true")).otherwise(pl.lit("false"))


def _instruments(table: pl.DataFrame, snapshot: pl.DataFrame | None) -> pl.DataFrame:
    if snapshot is None:
        unknown = _without(table, ("@instrument.known", "@instrument.cfi", "@underlying.known"))
        return unknown.with_columns(pl.col("instrument_classification").alias("@cfi"))
    day_area = {"day": pl.col(TRADE_DATE), "area": pl.col("@jurisdiction")}
    named = [table.select(isin=pl.col(c), **day_area) for c in ("isin", *_NAMED) if _has(table, c)]
    named += [table.select(isin=pl.col(c), **day_area).explode("isin") for c in _LISTED if _has(table, c)]
    asked = pl.concat(named) if named else table.select(isin="isin", **day_area)
    facts = reference.instruments_on(asked, snapshot)
    on = facts.select(
        isin="isin", **{TRADE_DATE: "day", "@jurisdiction": "area", "@instrument.known": "known"}, cfi="cfi"
    )
    joined = table.join(on, on=("isin", TRADE_DATE, "@jurisdiction"), how="left", maintain_order="left")
    return joined.rename({"cfi": "@instrument.cfi"}).with_columns(
        pl.coalesce("instrument_classification", "@instrument.cfi").alias("@cfi"), _underlying(table, facts)
    )


def _underlying(table: pl.DataFrame, facts: pl.DataFrame) -> pl.Series:
    """Whether at least one of the underlyings that are named is in the list; null where none is named."""
    name = "@underlying.known"
    columns = [c for c in (*_NAMED, *_LISTED) if _has(table, c)]
    if not columns:
        return pl.Series(name, [None] * table.height, dtype=pl.String)
    days = {"day": pl.col(TRADE_DATE), "area": pl.col("@jurisdiction")}
    rows = table.with_row_index("row")
    asked = []
    for column in columns:
        frame = rows.select("row", isin=pl.col(column), **days)
        asked.append(frame.explode("isin") if column in _LISTED else frame)
    known = pl.concat(asked).drop_nulls("isin").join(facts, on=("isin", "day", "area"), how="left")
    verdict = known.group_by("row").agg((pl.col("known") == "true").any().alias("any"))
    text = pl.when(pl.col("any")).then(pl.lit("true")).when(~pl.col("any")).then(pl.lit("false"))
    joined = rows.select("row").join(verdict, on="row", how="left", maintain_order="left")
    return joined.select(text.alias(name)).get_column(name)


def _venues(table: pl.DataFrame, snapshot: pl.DataFrame | None) -> pl.DataFrame:
    names = [f"@venue.{fact}" for fact in reference.VENUE_FACTS]
    if snapshot is None:
        return _without(table, names)
    asked = table.select(venue="venue", day=TRADE_DATE, area="@jurisdiction")
    facts = reference.venues_on(asked, snapshot).rename({"day": TRADE_DATE, "area": "@jurisdiction"})
    facts = facts.rename({fact: f"@venue.{fact}" for fact in reference.VENUE_FACTS})
    return table.join(facts, on=("venue", TRADE_DATE, "@jurisdiction"), how="left", maintain_order="left")


def _parties(table: pl.DataFrame, snapshot: pl.DataFrame | None) -> pl.DataFrame:
    asked = [table.get_column(column) for column in _FIRMS.values()]
    asked += [_ids(table.get_column(group)) for group in _GROUPS]
    facts = reference.leis(pl.concat([s.alias("lei") for s in asked]), snapshot) if snapshot is not None else None
    status = _lookup(facts, "status")
    category = _lookup(facts, "category")
    columns = [status(pl.col(column)).alias(f"@{firm}.status") for firm, column in _FIRMS.items()]
    columns.append(category(pl.col("executing_entity")).alias("@executing.category"))
    for group in _GROUPS:
        inner = table.schema[group]
        kept = [pl.element().struct.field(name) for name in inner_names(inner)]
        lei = pl.when(pl.element().struct.field("id_type") == "LEI").then(pl.element().struct.field("id"))
        added = [status(lei).alias("lei_status"), category(lei).alias("lei_category")]
        columns.append(pl.col(group).list.eval(pl.struct([*kept, *added])))
    return table.with_columns(columns)


def _ids(group: pl.Series) -> pl.Series:
    """The LEIs of all parties of a group."""
    if group.null_count() == len(group):
        return pl.Series("lei", [], dtype=pl.String)
    members = group.explode(empty_as_null=False, keep_nulls=False).struct.unnest()
    return members.filter(pl.col("id_type") == "LEI").get_column("id")


def _lookup(facts: pl.DataFrame | None, column: str) -> Callable[[pl.Expr], pl.Expr]:
    """How an LEI becomes its fact: by the small table of those that occur; null where no table is loaded."""
    if facts is None or facts.is_empty():
        return lambda lei: pl.lit(None, dtype=pl.String)
    keys, values = facts.get_column("lei"), facts.get_column(column)
    return lambda lei: lei.replace_strict(keys, values, default=None, return_dtype=pl.String)


def _has(table: pl.DataFrame, column: str) -> bool:
    return table.get_column(column).null_count() < table.height


def _without(table: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """The table with these facts unknown."""
    return table.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in names)
