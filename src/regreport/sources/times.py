"""Dates and timestamps as text: ISO, UTC, as many fractional digits as came; local time only through a declared zone.

A local time that the clocks skip has no instant, and one that they show twice has two: neither is guessed. A leap
second (:60) and 24:00 are refused, as they have no place in the reports (RTS 25 and ISO 20022 want a UTC instant).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from regreport.sources.reading import Reading
from regreport.sources.timeform import ISO_TIMESTAMP, MONTHS, Form, compile_form

RAW = pl.col("raw")
YEAR_MIN, YEAR_MAX = 1900, 2199
FRACTION_MAX = 6
OFFSET_HOURS_MAX = 14


@dataclass(frozen=True)
class Times:
    """`value` and `problem` as elsewhere; `instant` (Datetime, UTC, whole seconds) null where there is a problem;
    `day` (Date): the day that the text names, read even where the rest of it is wrong, null where it names none."""

    value: pl.Series
    problem: pl.Series
    instant: pl.Series
    day: pl.Series


def read_dates(text: pl.Series, reading: Reading) -> tuple[pl.Series, pl.Series]:
    """ISO dates, and problems."""
    form = compile_form(reading.date_format)
    frame = _parts(text, form).with_columns(day=_day())
    problem = (
        pl.when(RAW.is_null())
        .then(None)
        .when(pl.col("year").is_null())
        .then(pl.lit(f"is not a date of the form {form.shown}; declare date_format in the mapping where yours differs"))
        .when(pl.col("day").is_null())
        .then(pl.lit("is a day that does not exist"))
        .when(~_sane_year())
        .then(pl.lit(f"has a year outside {YEAR_MIN} to {YEAR_MAX}"))
    )
    frame = frame.with_columns(problem=problem)
    value = pl.when(pl.col("problem").is_null()).then(pl.col("day").dt.to_string("%Y-%m-%d"))
    return frame.select(value=value)["value"], frame["problem"]


def read_timestamps(text: pl.Series, reading: Reading) -> Times:
    """UTC timestamps `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`, and problems."""
    form = compile_form(reading.timestamp_format) if reading.timestamp_format else ISO_TIMESTAMP
    clock = pl.concat_str(
        [_day().dt.to_string("%Y-%m-%d"), pl.lit("T"), "hour", pl.lit(":"), "minute", pl.lit(":"), "second"]
    )
    frame = _parts(text, form).with_columns(
        day=_day(),
        local=pl.when(pl.col("second") != "60").then(
            clock.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
        ),
    )
    frame = frame.with_columns(shift=_shift()).with_columns(**_local(reading))
    frame = frame.with_columns(
        instant=pl.when(pl.col("offset").is_not_null())
        .then((pl.col("local") - pl.duration(minutes="shift")).dt.replace_time_zone("UTC"))
        .otherwise("zoned")
    ).with_columns(problem=_timestamp_problem(form, reading))
    fraction = pl.when(pl.col("fraction").is_null()).then(pl.lit("")).otherwise("." + pl.col("fraction"))
    written = pl.concat_str([pl.col("instant").dt.to_string("%Y-%m-%dT%H:%M:%S"), fraction, pl.lit("Z")])
    fine = pl.col("problem").is_null()
    frame = frame.with_columns(value=pl.when(fine).then(written), instant=pl.when(fine).then("instant"))
    return Times(frame["value"], frame["problem"], frame["instant"], frame.select(day=_named_day())["day"])


def _parts(text: pl.Series, form: Form) -> pl.DataFrame:
    """`raw` and one text column a part of the form, null where the text does not have the form."""
    frame = text.to_frame("raw")
    parts = frame.select(RAW.str.extract_groups(form.pattern).alias("parts")).unnest("parts")
    frame = pl.concat([frame, parts], how="horizontal")
    if "month_name" in form.groups:
        numbers = {name: f"{number:02d}" for number, name in enumerate(MONTHS, start=1)}
        frame = frame.with_columns(month=pl.col("month_name").replace_strict(numbers, return_dtype=pl.String))
    absent = [name for name in ("hour", "minute", "second", "fraction", "offset") if name not in form.groups]
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in absent)


def _day() -> pl.Expr:
    day = pl.concat_str(["year", pl.lit("-"), pl.col("month").str.zfill(2), pl.lit("-"), pl.col("day").str.zfill(2)])
    return day.str.to_date("%Y-%m-%d", strict=False)


def _named_day() -> pl.Expr:
    start = RAW.str.extract(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})").str.to_date("%Y-%m-%d", strict=False)
    day = pl.coalesce("day", start)
    return pl.when(day.dt.year().is_between(YEAR_MIN, YEAR_MAX)).then(day)


def _sane_year() -> pl.Expr:
    return pl.col("year").cast(pl.Int32).is_between(YEAR_MIN, YEAR_MAX)


def _shift() -> pl.Expr:
    """Minutes east of UTC; null where there is no offset or it is none that exists (-00:00 means unknown, RFC 3339)."""
    sign, hours, minutes = (pl.col("offset").str.extract(r"^([+-])([0-9]{2}):?([0-9]{2})$", n) for n in (1, 2, 3))
    h, m = hours.cast(pl.Int32), minutes.cast(pl.Int32)
    real = (h * 60 + m <= OFFSET_HOURS_MAX * 60) & (m < 60) & ~((sign == "-") & (h == 0) & (m == 0))
    east = pl.when(real).then((h * 60 + m) * pl.when(sign == "-").then(-1).otherwise(1))
    return pl.when(pl.col("offset") == "Z").then(0).otherwise(east)


def _local(reading: Reading) -> dict[str, pl.Expr]:
    """`zoned`: the UTC instant of a local time; `skipped`: the clocks never show it."""
    if not reading.zone:
        return {"zoned": pl.lit(None, dtype=pl.Datetime("us", "UTC")), "skipped": pl.lit(False)}
    local = pl.col("local").dt
    either = local.replace_time_zone(reading.zone, ambiguous="earliest", non_existent="null")
    folds: dict[str, Literal["earliest", "latest"]] = {"earlier": "earliest", "later": "latest"}
    zoned = local.replace_time_zone(reading.zone, ambiguous=folds.get(reading.fold, "null"), non_existent="null")
    return {"zoned": zoned.dt.convert_time_zone("UTC"), "skipped": either.is_null()}


def _timestamp_problem(form: Form, reading: Reading) -> pl.Expr:
    twice = f"is shown twice by the clocks of {reading.zone}; give it an offset, or declare fold in the mapping"
    return (
        pl.when(RAW.is_null())
        .then(None)
        .when(pl.col("year").is_null())
        .then(pl.lit(f"is not a timestamp of the form {form.shown}; declare timestamp_format where yours differs"))
        .when(pl.col("day").is_null())
        .then(pl.lit("is on a day that does not exist"))
        .when(~_sane_year())
        .then(pl.lit(f"has a year outside {YEAR_MIN} to {YEAR_MAX}"))
        .when(pl.col("second") == "60")
        .then(pl.lit("has a leap second, which a report cannot hold; give the second before or after it"))
        .when(pl.col("local").is_null())
        .then(pl.lit("is a time of day that does not exist"))
        .when(pl.col("fraction").str.len_bytes() > FRACTION_MAX)
        .then(pl.lit(f"has more than {FRACTION_MAX} fractional digits"))
        .when(pl.col("offset").is_not_null() & pl.col("shift").is_null())
        .then(pl.lit("has an offset that does not exist"))
        .when(pl.col("offset").is_not_null())
        .then(None)
        .when(pl.lit(not reading.zone))
        .then(pl.lit("has no time zone; give it Z or an offset, or declare zone in the mapping"))
        .when(pl.col("skipped"))
        .then(pl.lit(f"is skipped by the clocks of {reading.zone or 'no zone'}: that local time does not exist"))
        .when(pl.col("zoned").is_null())
        .then(pl.lit(twice))
    )
