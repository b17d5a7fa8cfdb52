"""Text to normalised text, a whole column at a time: what each type of column accepts, and what is wrong otherwise.

Every function takes the text of one column and gives two columns of the same length: the value (null where there is
none or it was not understood) and the problem in words (null where there is none). Identifiers are not judged here
(rules do that), but characters that nobody can see are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from regreport.sources.numbers import read_decimals, read_integers
from regreport.sources.reading import Reading
from regreport.sources.rows import filled
from regreport.sources.times import read_dates, read_timestamps

RAW = pl.col("raw")
_SEEN = r"[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}]--[ ]]"
_SEEN_IN_NAMES = r"[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]--[\n\r\x{200C}\x{200D}]]"


@dataclass(frozen=True)
class Values:
    """`value` and `problem` (String, at most one of them not null); `composed`: how many values NFC changed."""

    value: pl.Series
    problem: pl.Series
    composed: int = 0


def read_values(
    raw: pl.Series,
    kind: str,
    reading: Reading,
    translate: Mapping[str, str] | None = None,
    keep: bool = False,
    when_empty: str | None = None,
    name: bool = False,
) -> Values:
    """The values of one column of type `kind` (decimal, integer, date, timestamp, boolean; all others are text).

    `translate` and `keep` are the codes of the mapping; `when_empty` the declared value of an empty cell. `name`: the
    column holds names of persons or things, which may hold line ends and are composed to NFC (Unicode annex 15), so
    that the same name typed on two machines is the same text.
    """
    text, problem = _visible(filled(raw), reading.strip, name)
    composed = 0
    if name and text.str.len_bytes().sum() != text.str.len_chars().sum():
        together = text.str.normalize("NFC")
        composed = int((together != text).sum() or 0)
        text = together
    if translate is not None:
        text, problem = _translated(text, problem, translate, keep)
    if when_empty is not None:
        text = _declared(text, problem, when_empty)
    value, wrong = _typed(text, kind, reading)
    return Values(value.rename("value"), _first(problem, wrong).rename("problem"), composed)


def _typed(text: pl.Series, kind: str, reading: Reading) -> tuple[pl.Series, pl.Series]:
    if kind == "decimal":
        return read_decimals(text, reading)
    if kind == "integer":
        return read_integers(text)
    if kind == "date":
        return read_dates(text, reading)
    if kind == "timestamp":
        times = read_timestamps(text, reading)
        return times.value, times.problem
    if kind == "boolean":
        wrong = "is neither true nor false; declare your codes in the mapping: translate = { Y = true, N = false }"
        known = text.is_in(["true", "false"])
        frame = pl.DataFrame({"raw": text, "known": known})
        return _columns(
            frame.select(
                value=pl.when("known").then("raw"),
                problem=pl.when(~pl.col("known")).then(pl.lit(wrong)),
            )
        )
    return text, pl.Series([None], dtype=pl.String).new_from_index(0, len(text))


def _visible(raw: pl.Series, strip: bool, name: bool) -> tuple[pl.Series, pl.Series]:
    bare = raw.str.strip_chars()
    text = filled(bare) if strip else raw
    pattern = _SEEN_IN_NAMES if name else _SEEN
    hidden = text.str.extract(f"({pattern})")
    blank = text != bare if not strip else pl.Series([False]).new_from_index(0, len(raw))
    if not blank.any() and not hidden.is_not_null().any():
        return text, pl.Series([None], dtype=pl.String).new_from_index(0, len(raw))
    points = {one: f"U+{ord(one):04X}" for one in hidden.unique().drop_nulls()}
    shown = hidden.replace_strict(points, return_dtype=pl.String) if points else hidden
    return _columns(
        pl.DataFrame({"raw": text, "hidden": shown, "blank": blank})
        .with_columns(
            problem=pl.when("blank")
            .then(pl.lit("has blanks at its start or end; to take them off declare strip = true in the mapping"))
            .when(pl.col("hidden").is_not_null())
            .then(pl.format("holds the character {}, which cannot be seen", "hidden"))
        )
        .select(value=pl.when(pl.col("problem").is_null()).then("raw"), problem="problem")
    )


def _translated(
    text: pl.Series, problem: pl.Series, translate: Mapping[str, str], keep: bool
) -> tuple[pl.Series, pl.Series]:
    ours = text.replace_strict(dict(translate), default=None, return_dtype=pl.String)
    if keep:
        return filled(ours.fill_null(text)), problem
    listed = ", ".join(list(translate)[:12] or ["none"]) + (", ..." if len(translate) > 12 else "")
    wrong = f"is none of the codes that the mapping translates ({listed})"
    missed = pl.DataFrame({"raw": text, "ours": ours}).select(
        problem=pl.when(RAW.is_not_null() & pl.col("ours").is_null()).then(pl.lit(wrong))
    )
    return filled(ours), _first(problem, missed["problem"])


def _declared(text: pl.Series, problem: pl.Series, value: str) -> pl.Series:
    empty = pl.col("raw").is_null() & pl.col("problem").is_null()
    frame = pl.DataFrame({"raw": text, "problem": problem})
    return frame.select(pl.when(empty).then(pl.lit(value)).otherwise("raw").alias("raw"))["raw"]


def _first(one: pl.Series, other: pl.Series) -> pl.Series:
    return one.fill_null(other) if one.null_count() else one


def _columns(frame: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    return frame["value"], frame["problem"]
