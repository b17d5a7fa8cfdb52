"""One chunk of rows, through the rules of a mapping, to canonical columns and the faults of each record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from regreport.sources.columns import FAULT
from regreport.sources.mapping import ColumnRule
from regreport.sources.rows import filled
from regreport.sources.times import read_timestamps
from regreport.sources.values import Values, read_values

NAME_ENDINGS = ("_first_names", "_surnames", "_name")


@dataclass(frozen=True)
class Canonical:
    """`table`: `source_line`, the mapped canonical columns, `source_faults`. `day`: the day each record names (Date).
    `composed`: column -> names composed to NFC. `source`: the chunk as it came."""

    table: pl.DataFrame
    day: pl.Series
    composed: Mapping[str, int]
    source: pl.DataFrame
    rules: Mapping[str, ColumnRule]

    def raw(self, column: str, line: int) -> str:
        """The text of a canonical column as it came, for a message."""
        rule = self.rules[column]
        if rule.origin is None:
            return rule.constant or ""
        return self.source[rule.origin][line - self.table["source_line"][0]] or ""


def to_canonical(
    chunk: pl.DataFrame, rules: Mapping[str, ColumnRule], first_line: int, loaded_at: datetime
) -> Canonical:
    """The chunk whose first record is number `first_line`."""
    lines = pl.int_range(first_line, first_line + chunk.height, dtype=pl.UInt32, eager=True).alias("source_line")
    landed, composed = [lines], {}
    faults: list[pl.Expr] = []
    troubled: dict[str, pl.Series] = {}
    day = pl.Series("_day", [None], dtype=pl.Date).new_from_index(0, chunk.height)
    for name, rule in rules.items():
        raw = _raw(chunk, rule)
        values = _read(raw, rule)
        if rule.column.type == "timestamp" and name == "timestamp":
            values, day = _traded(values, raw, rule, loaded_at)
        problem = _with_missing(values, rule) if rule.column.required else values.problem
        landed.append(values.value.alias(name))
        composed[name] = values.composed
        if problem.null_count() < chunk.height:
            troubled |= {f"{name}.raw": raw, f"{name}.problem": problem}
            faults.append(_fault(name))
    table = pl.DataFrame(landed).with_columns(_faults(troubled, faults, chunk.height))
    return Canonical(table, day.alias("_day"), composed, chunk, rules)


def _raw(chunk: pl.DataFrame, rule: ColumnRule) -> pl.Series:
    if rule.origin is not None:
        return chunk[rule.origin].alias("raw")
    return pl.Series("raw", [rule.constant], dtype=pl.String).new_from_index(0, chunk.height)


def _read(raw: pl.Series, rule: ColumnRule) -> Values:
    if not rule.column.many:
        return _entries(raw, rule)
    parted = filled(raw).str.split(rule.reading.parted_by)
    flat = pl.DataFrame({"parted": parted}).with_row_index("row").explode("parted", empty_as_null=True)
    entries = _entries(flat["parted"].alias("raw"), rule)
    lists = (
        flat.select("row", entries.value, entries.problem)
        .group_by("row", maintain_order=True)
        .agg("value", pl.col("problem").drop_nulls().first())
        .with_columns(nothing=(pl.col("value").list.len() == 1) & pl.col("value").list.first().is_null())
        .select(
            value=pl.when(pl.col("problem").is_null() & ~pl.col("nothing")).then("value"),
            problem="problem",
        )
    )
    return Values(lists["value"], lists["problem"], entries.composed)


def _entries(raw: pl.Series, rule: ColumnRule) -> Values:
    return read_values(
        raw,
        rule.column.type,
        rule.reading,
        translate=rule.translate,
        keep=rule.otherwise == "keep",
        when_empty=rule.when_empty,
        name=rule.column.name.endswith(NAME_ENDINGS),
    )


def _traded(values: Values, raw: pl.Series, rule: ColumnRule, loaded_at: datetime) -> tuple[Values, pl.Series]:
    """The timestamp, where one later than the load is a fault, and the day that each record is booked under."""
    text = raw.str.strip_chars() if rule.reading.strip else raw
    times = read_timestamps(filled(text), rule.reading)
    latest = pl.lit(loaded_at, dtype=pl.Datetime("us", "UTC"))
    later = f"is later than the load ({loaded_at:%Y-%m-%dT%H:%M:%SZ})"
    frame = pl.DataFrame({"value": values.value, "problem": values.problem, "instant": times.instant, "day": times.day})
    frame = frame.with_columns(future=pl.col("value").is_not_null() & (pl.col("instant") > latest))
    frame = frame.select(
        value=pl.when(~pl.col("future").fill_null(False)).then("value"),
        problem=pl.when("future").then(pl.lit(later)).otherwise("problem"),
        day=pl.coalesce(pl.col("instant").dt.date(), "day"),
    )
    return Values(frame["value"], frame["problem"], values.composed), frame["day"]


def _with_missing(values: Values, rule: ColumnRule) -> pl.Series:
    frame = pl.DataFrame({"value": values.value, "problem": values.problem})
    missing = pl.col("value").is_null() & pl.col("problem").is_null()
    return frame.select(problem=pl.when(missing).then(pl.lit("is required and empty")).otherwise("problem"))["problem"]


def _fault(name: str) -> pl.Expr:
    problem = pl.col(f"{name}.problem")
    fault = pl.struct(
        pl.lit(name).alias("column"),
        pl.col(f"{name}.raw").fill_null("").alias("value"),
        problem.alias("problem"),
    )
    return pl.when(problem.is_not_null()).then(fault)


def _faults(troubled: dict[str, pl.Series], faults: list[pl.Expr], height: int) -> pl.Series:
    if not faults:
        return pl.Series("source_faults", [None], dtype=pl.List(FAULT)).new_from_index(0, height)
    frame = pl.DataFrame([series.alias(name) for name, series in troubled.items()])
    named = frame.select(source_faults=pl.concat_list(faults).list.drop_nulls())
    return named.select(pl.when(pl.col("source_faults").list.len() > 0).then("source_faults"))["source_faults"]
