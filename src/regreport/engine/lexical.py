"""What text a value of an XML Schema built-in type may be, on whole columns, with the verdict of libxml2.

Two tests a column. `accepts` is cheap and sufficient: what it accepts is surely valid. `faults` is exact and is asked
only about what the first did not accept. Where libxml2 is laxer or stricter than the standard, libxml2 decides,
because it is what receivers run: year 0000 is refused, blanks around a date are refused unless its type has a pattern,
digits are counted on the value and not on the characters (W3C XML Schema 1.0, part 2; libxml2 2.14). One exception:
alternatives that overlap, as in the pattern of personal identifiers, make libxml2 accept values that match none of them
("FFI+X"); here they are refused, as the standard has it.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from regreport.engine.pattern import engine_regex
from regreport.engine.table import Facets

BASES = ("string", "boolean", "decimal", "date", "dateTime", "time")

BLANKS = " \t\n\r"
FORBIDDEN = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
"""Characters that have no form in XML 1.0, escaped or not."""

_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_CLOCK = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
_DAY = r"-?(?:[0-9]{4}|[1-9][0-9]{4,18})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_FORMS = {
    "boolean": "^(?:true|false|0|1)$",
    "decimal": r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$",
    "date": f"^{_DAY}{_ZONE}$",
    "dateTime": f"^{_DAY}T{_CLOCK}{_ZONE}$",
    "time": f"^{_CLOCK}{_ZONE}$",
}
_PLAIN = {
    "date": r"^(?:1[6-9]|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])$",
    "dateTime": r"^(?:1[6-9]|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?Z$",
}


def accepts(facets: Facets, value: pl.Expr) -> pl.Expr | None:
    """A Boolean expression, true where the text is surely valid, or None where only `faults` can tell."""
    if facets.enumeration and not facets.pattern and facets.length_max is None:
        return value.is_in(list(facets.enumeration))
    if facets.enumeration:
        return None
    if facets.base == "string":
        return _accepts_string(facets, value)
    if facets.base == "boolean" and not facets.pattern:
        return value.is_in(["true", "false"])
    if facets.base == "decimal" and not facets.pattern:
        return _accepts_decimal(facets, value)
    if facets.base in _PLAIN and facets.pattern in ("", ".*Z") and not (facets.pattern and facets.base == "date"):
        return value.str.contains(_PLAIN[facets.base])
    return None


def _accepts_string(facets: Facets, value: pl.Expr) -> pl.Expr:
    size = value.str.len_bytes()
    tests = [value.str.contains(engine_regex(facets.pattern))] if facets.pattern else [~value.str.contains(FORBIDDEN)]
    if facets.length_max is not None:
        tests.append(size <= facets.length_max)
    if facets.length_min == 1:
        tests.append(size >= 1)
    elif facets.length_min:
        tests.append(value.str.len_chars() >= facets.length_min)
    return pl.all_horizontal(tests) if len(tests) > 1 else tests[0]


def _accepts_decimal(facets: Facets, value: pl.Expr) -> pl.Expr | None:
    bounds = (facets.value_min, facets.value_above, facets.value_max, facets.value_below)
    if facets.value_max or facets.value_below or not set(bounds) <= {"", "0"}:
        return None
    total = 18 if facets.digits_total is None else facets.digits_total
    fraction = total if facets.digits_fraction is None else facets.digits_fraction
    sign = "" if facets.value_min or facets.value_above else "-?"
    tail = rf"(?:\.[0-9]{{1,{fraction}}})?" if fraction else ""
    test = value.str.contains(f"^{sign}[0-9]+{tail}$") & (value.str.len_bytes() <= total)
    return test & value.str.contains("[1-9]") if facets.value_above else test


def faults(facets: Facets, value: pl.Expr) -> Iterator[tuple[str, pl.Expr]]:
    """(kind, Boolean expression true where that limit is broken), exact; nulls stay null.

    Kinds: characters, pattern, length, enumeration, number, boolean, date, digits, range.
    """
    if facets.base == "string":
        yield from _string_faults(facets, value)
        return
    kind = {"decimal": "number", "boolean": "boolean"}.get(facets.base, "date")
    text = _read(facets, value)
    wrong = ~text.str.contains(_FORMS[facets.base])
    if facets.base in ("date", "dateTime"):
        wrong = wrong | _impossible_day(text)
    yield kind, wrong
    if facets.pattern:
        yield "pattern", ~wrong & ~text.str.contains(engine_regex(facets.pattern))
    if facets.base == "decimal":
        yield from _decimal_faults(facets, text, ~wrong)


def _read(facets: Facets, value: pl.Expr) -> pl.Expr:
    """The text as libxml2 reads it: with or without the blanks around it."""
    if facets.pattern or facets.base in ("decimal", "boolean"):
        return value.str.strip_chars(BLANKS)
    if facets.base == "dateTime":
        return value.str.replace(r"(Z|[+-][0-9]{2}:[0-9]{2})[ \t\n\r]+$", "${1}")
    return value.str.strip_chars_start(BLANKS) if facets.base == "time" else value


def _string_faults(facets: Facets, value: pl.Expr) -> Iterator[tuple[str, pl.Expr]]:
    yield "characters", value.str.contains(FORBIDDEN)
    if facets.enumeration:
        yield "enumeration", ~value.is_in(list(facets.enumeration))
    if facets.pattern:
        yield "pattern", ~value.str.contains(engine_regex(facets.pattern))
    size = value.str.len_chars()
    short = size < facets.length_min if facets.length_min is not None else pl.lit(False)
    long = size > facets.length_max if facets.length_max is not None else pl.lit(False)
    if facets.length_min is not None or facets.length_max is not None:
        yield "length", short | long


def _impossible_day(text: pl.Expr) -> pl.Expr:
    """A day that its month does not have, the year 0000, or a year beyond 64 bits.

    A year's last four digits decide whether it leaps.
    """
    day = text.str.extract(r"^-?[0-9]{4,}-[0-9]{2}-([0-9]{2})", 1).cast(pl.UInt8, strict=False)
    month = text.str.extract(r"^-?[0-9]{4,}-([0-9]{2})", 1).cast(pl.UInt8, strict=False)
    year = text.str.extract(r"^-?[0-9]*([0-9]{4})-", 1).cast(pl.UInt16, strict=False)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = pl.when(month == 2).then(pl.when(leap).then(29).otherwise(28)).when(month.is_in([4, 6, 9, 11])).then(30)
    huge = text.str.extract(r"^-?([0-9]{19})-", 1) > "9223372036854775807"
    wrong = (day > longest.otherwise(31)).fill_null(value=False) | huge.fill_null(value=False)
    return wrong | text.str.contains("^-?0+-")


def _decimal_faults(facets: Facets, text: pl.Expr, sound: pl.Expr) -> Iterator[tuple[str, pl.Expr]]:
    whole = text.str.extract(r"^[+-]?0*([0-9]*)", 1)
    fraction = text.str.extract(r"\.([0-9]*?)0*$", 1).fill_null("")
    places = fraction.str.len_bytes()
    wrong = pl.lit(False)
    if facets.digits_fraction is not None:
        wrong = wrong | (places > facets.digits_fraction)
    if facets.digits_total is not None:
        leading = fraction.str.extract("^(0*)", 1).str.len_bytes()
        digits = whole.str.len_bytes() + places - pl.when(whole == "").then(leading).otherwise(0)
        wrong = wrong | (digits > facets.digits_total)
    if facets.digits_fraction is not None or facets.digits_total is not None:
        yield "digits", sound & wrong
    compare = _Compare(text, whole, fraction)
    outside = [
        compare.below(facets.value_min) if facets.value_min else None,
        ~compare.above(facets.value_above) if facets.value_above else None,
        compare.above(facets.value_max) if facets.value_max else None,
        ~compare.below(facets.value_below) if facets.value_below else None,
    ]
    tests = [test for test in outside if test is not None]
    if tests:
        yield "range", sound & pl.any_horizontal(tests)


class _Compare:
    """Exact comparison of decimal text of any length with a bound: by sign, then by digits, never by float."""

    def __init__(self, text: pl.Expr, whole: pl.Expr, fraction: pl.Expr) -> None:
        self.negative = text.str.starts_with("-")
        self.whole, self.fraction = whole, fraction
        self.zero = (whole == "") & (fraction == "")

    def below(self, bound: str) -> pl.Expr:
        """Value < bound."""
        return self._order(bound) < 0

    def above(self, bound: str) -> pl.Expr:
        """Value > bound."""
        return self._order(bound) > 0

    def _order(self, bound: str) -> pl.Expr:
        minus = bound.strip().startswith("-")
        whole, _, fraction = bound.strip().lstrip("+-").partition(".")
        whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
        size = self._sign(self.whole.str.len_bytes().cast(pl.Int64), pl.lit(len(whole)))
        digits = self._sign(self.whole, pl.lit(whole))
        rest = self._sign(self.fraction, pl.lit(fraction))
        magnitude = pl.when(size != 0).then(size).when(digits != 0).then(digits).otherwise(rest)
        if not whole and not fraction:
            return pl.when(self.zero).then(0).when(self.negative).then(-1).otherwise(1)
        if minus:
            return pl.when(self.negative).then(-magnitude).otherwise(1)
        return pl.when(self.negative & ~self.zero).then(-1).otherwise(magnitude)

    @staticmethod
    def _sign(left: pl.Expr, right: pl.Expr) -> pl.Expr:
        return pl.when(left < right).then(-1).when(left > right).then(1).otherwise(0)
