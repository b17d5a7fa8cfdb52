"""Verdicts by distinct values are those of each check over all rows, whatever the columns hold."""

from __future__ import annotations

import random

import polars as pl
import pytest

from regreport.engine import verdicts
from regreport.engine.checks import (
    ALWAYS,
    Check,
    Contains,
    Counted,
    DateFrom,
    NotAfter,
    Number,
    Overlaps,
    PartIs,
    Same,
    SameNumber,
    Some,
    WithinDays,
    WithinYears,
    absent,
    all_of,
    any_of,
    equal,
    is_a,
    matches,
    negate,
    one_of,
    present,
    starts,
)
from regreport.engine.distinct import SHORT_ROWS, distinct
from regreport.engine.standards import FIRST_DAY  # the module binds the names that `is_a` uses

ROWS = SHORT_ROWS * 2
FEW = [
    "ESVUFR",
    "DBFTFB",
    "",
    "E",
    "EUR",
    "XXZ",
    "BGN",
    "FR",
    "12",
    "DE0007164600",
    "FI140572-815X",
    "FI140572-8150",
    None,
]
DAYS = ["2026-11-23T10:00:00Z", "2026-11-20", "2021-02-28", FIRST_DAY, "2020-02-29T00:00:00Z", "no day", "", None]
PLAIN: tuple[Check, ...] = (
    present("few"),
    equal("few", "EUR"),
    one_of("few", *"ABCDEFGHIJ", "EUR"),
    matches("few", "[A-Z]{3}"),
    matches("many", "[0-9]{1,3}"),
    starts("few", "E", "D"),
    starts("many", "1", "22"),
    is_a("currency", "few"),
    is_a("currency", "few", on="day"),
    is_a("currency", "few", on="time"),
    is_a("ISIN", "few"),
    is_a("national number", "few"),
    Number("many", ">", "100"),
    DateFrom("time", "2021-03"),
    NotAfter("day", "time"),
    NotAfter("time", "day", 19),
    WithinDays("day", "time", 7),
    WithinYears("day", "time", 5),
    Same("few", "other"),
    SameNumber("many", "other"),
    PartIs("many", 0, 2, "few"),
    Counted("group", ">", 1),
    Some("group", equal("group.id", "EUR")),
    Contains("group.id", "few"),
    Overlaps("group.id", "list"),
    present("nothing"),
    is_a("LEI", "nothing"),
    Same("nothing", "few"),
)


def table(seed: int) -> pl.DataFrame:
    """Columns with few values, many, none, groups and lists; sometimes all rows alike."""
    draw = random.Random(seed)
    few = draw.sample(FEW, draw.randint(1, len(FEW)))
    days = draw.sample(DAYS, draw.randint(1, len(DAYS)))

    def times() -> str | None:
        day = draw.choice(days)
        return (
            f"{day[:10]}T{draw.randrange(24):02d}:{draw.randrange(60):02d}:00.{draw.randrange(10**6)}Z" if day else day
        )

    columns = {
        "few": [draw.choice(few) for _ in range(ROWS)],
        "other": [draw.choice(FEW) for _ in range(ROWS)],
        "many": [draw.choice(("12.0", str(draw.randrange(10**6)))) for _ in range(ROWS)],
        "day": [draw.choice(days) for _ in range(ROWS)],
        "time": [times() for _ in range(ROWS)],
        "list": [draw.choices(FEW, k=draw.randrange(3)) or None for _ in range(ROWS)],
        "group": [[{"id": draw.choice(FEW)} for _ in range(draw.randrange(3))] or None for _ in range(ROWS)],
    }
    schema = dict.fromkeys(("few", "other", "many", "day", "time"), pl.String)
    groups = {"list": pl.List(pl.String), "group": pl.List(pl.Struct({"id": pl.String}))}
    frame = pl.DataFrame(columns, schema=schema | groups)
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias("nothing"))


def condition(draw: random.Random, depth: int = 3) -> Check:
    """A condition made of the plain checks."""
    kind = draw.randrange(4) if depth else 3
    if kind == 0:
        return negate(condition(draw, depth - 1))
    if kind == 3:
        return draw.choice([*PLAIN, ALWAYS])
    parts = [condition(draw, depth - 1) for _ in range(draw.randint(1, 3))]
    return all_of(*parts) if kind == 1 else any_of(*parts)


def plainly(conditions: list[tuple[Check, Check]], frame: pl.DataFrame) -> list[list[bool]]:
    """Each condition as one expression over all rows."""
    exprs = [
        (when.expr(pl.col) & ~must.expr(pl.col)).alias(str(number)) for number, (when, must) in enumerate(conditions)
    ]
    every = frame.with_columns(exprs)
    return [every[str(number)].to_list() for number in range(len(conditions))]


def asked(conditions: list[tuple[Check, Check]], frame: pl.DataFrame) -> list[list[bool]]:
    """The same as `verdicts.broken` has it."""
    found = verdicts.broken(conditions, frame)
    return [[False] * frame.height if rows is None else rows.to_list() for rows in found]


@pytest.mark.parametrize("seed", range(12))
def test_the_same_as_over_all_rows(seed: int) -> None:
    draw = random.Random(seed)
    conditions = [(condition(draw), condition(draw)) for _ in range(60)] + [(ALWAYS, check) for check in PLAIN]
    frame = table(seed)
    expected = plainly(conditions, frame)
    assert asked(conditions, frame) == expected
    short = frame.head(SHORT_ROWS // 2)
    assert asked(conditions, short) == [rows[: short.height] for rows in expected]


def test_the_tables_hold_both_verdicts() -> None:
    seen = [set().union(*(set(plainly([(ALWAYS, check)], table(seed))[0]) for seed in range(12))) for check in PLAIN]
    one_sided = [check for check, found in zip(PLAIN, seen, strict=True) if found != {True, False}]
    assert one_sided == [present("nothing"), is_a("LEI", "nothing"), Same("nothing", "few")]


def test_a_head_that_is_too_short_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "DAY", 4)
    conditions = [(ALWAYS, WithinDays("day", "time", 7)), (ALWAYS, absent("nothing"))]
    assert any(asked(conditions, frame) != plainly(conditions, frame) for frame in map(table, range(6)))


@pytest.mark.parametrize("values", [["a", None, "b", "a"], ["a"], [None], ["", "z", "a", ""]])
def test_every_row_finds_its_value(values: list[str | None]) -> None:
    series = pl.Series("c", values * SHORT_ROWS * 2, dtype=pl.String)
    found = distinct(series, ("c", None))
    assert found is not None
    assert found.values.gather(found.places).equals(series)


def test_many_values_are_not_gone_through() -> None:
    assert distinct(pl.Series("c", list(map(str, range(ROWS)))), ("c", None)) is None
