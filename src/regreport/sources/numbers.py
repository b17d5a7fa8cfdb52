"""Decimals and integers as text: exact, plain, never through binary floating point.

What a careless parser accepts (exponents, NaN, underscores, digits of other scripts, thousands separators) is refused
by name. Eighteen digits are the most that the reports hold (ISO 20022 amounts and quantities: 18 digits in all).
"""

from __future__ import annotations

import re

import polars as pl

from regreport.sources.reading import Reading

DIGITS_MAX = 18
RAW = pl.col("raw")
_PLAIN = r"^-?[0-9]+(?:\.[0-9]+)?$"


def read_decimals(text: pl.Series, reading: Reading) -> tuple[pl.Series, pl.Series]:
    """Values `[-]digits[.digits]` without leading zeros, as many decimals as came, and problems.

    Zeros at the end of the decimals stay, unless they alone make it more than 18 digits.
    """
    frame = text.to_frame("raw").with_columns(plain=_plain(reading))
    sign, whole, part = (pl.col("plain").str.extract(r"^(-?)0*([0-9]+)(?:\.([0-9]+))?$", n) for n in (1, 2, 3))
    frame = frame.with_columns(sign=sign, whole=whole, part=part).with_columns(
        part=pl.when(_digits() > DIGITS_MAX).then(pl.col("part").str.strip_chars_end("0")).otherwise("part")
    )
    value = (
        pl.when(pl.col("part").fill_null("") == "")
        .then(pl.col("sign") + pl.col("whole"))
        .otherwise(pl.col("sign") + pl.col("whole") + "." + pl.col("part"))
    )
    frame = frame.with_columns(value=value, zero=~pl.col("plain").str.contains("[1-9]"))
    problem = (
        pl.when(RAW.is_null())
        .then(None)
        .when(pl.col("plain").is_null())
        .then(_why_not(reading))
        .when((pl.col("sign") == "-") & pl.col("zero"))
        .then(pl.lit("is minus zero"))
        .when(_digits() > DIGITS_MAX)
        .then(pl.format("has {} digits; 18 are the most", _digits()))
    )
    frame = frame.with_columns(problem=problem)
    return frame.select(pl.when(pl.col("problem").is_null()).then("value").alias("value"))["value"], frame["problem"]


def read_integers(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Whole numbers without leading zeros, and problems."""
    value, problem = read_decimals(text, Reading())
    whole = pl.DataFrame({"value": value, "problem": problem}).with_columns(
        problem=pl.when(pl.col("value").str.contains(".", literal=True))
        .then(pl.lit("is not a whole number"))
        .otherwise("problem")
    )
    return whole.select(pl.when(pl.col("problem").is_null()).then("value").alias("value"))["value"], whole["problem"]


def _digits() -> pl.Expr:
    whole = pl.when(pl.col("whole") == "0").then(0).otherwise(pl.col("whole").str.len_bytes())
    return whole + pl.col("part").str.len_bytes().fill_null(0)


def _plain(reading: Reading) -> pl.Expr:
    """The text with point and without separators where it has the declared form, else null."""
    mark = re.escape(reading.decimal_mark)
    if reading.thousands:
        groups = rf"(?:[0-9]{{1,3}}(?:{re.escape(reading.thousands)}[0-9]{{3}})+|[0-9]+)"
        pattern = rf"^-?{groups}(?:{mark}[0-9]+)?$"
    else:
        pattern = rf"^-?[0-9]+(?:{mark}[0-9]+)?$"
    text = RAW.str.replace_all(reading.thousands, "", literal=True) if reading.thousands else RAW
    if reading.decimal_mark != ".":
        text = text.str.replace(reading.decimal_mark, ".", literal=True)
    return pl.when(RAW.str.contains(pattern)).then(text)


def _why_not(reading: Reading) -> pl.Expr:
    declared = f"decimal mark {reading.decimal_mark!r}"
    declared += f", thousands separator {reading.thousands!r}" if reading.thousands else ", no thousands separator"
    separated = f"is not a number with {declared}; declare decimal_mark and thousands in the mapping where yours differ"
    return (
        pl.when(RAW.str.contains(r"[[\p{Nd}]--[0-9]]"))
        .then(pl.lit("has digits that are not 0 to 9"))
        .when(RAW.str.contains(r"(?i)^[+-]?(nan|inf|infinity)$"))
        .then(pl.lit("is not a finite number"))
        .when(RAW.str.contains(r"(?i)^[+-]?[0-9.,]+e[+-]?[0-9]+$"))
        .then(pl.lit("is written with an exponent; write all digits"))
        .when(RAW.str.contains(r"^[+-]?[0-9][0-9.,' _]*$"))
        .then(pl.lit(separated))
        .otherwise(pl.lit("is not a number"))
    )
