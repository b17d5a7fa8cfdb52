"""The standards that a rule may name in `is_a`, each bound to its code list.

A rule says `is_a("LEI", "executing_entity")`; this module says what that means, so that the vocabulary of rules knows
no list and a list knows no rule. Check digits are judged once a distinct value: a day's report names a few thousand
parties and instruments a million times. Importing it fills `PREDICATES` and `PREDICATES_ON`; `engine.rule` does so,
and a standard that is named but not bound is an error (KeyError), never a pass.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial, reduce
from operator import or_
from typing import Final

import polars as pl

from regreport.codelists import cfi, concat, country, currency, isin, lei, mic, national_number, upi, uti
from regreport.codelists.column import code_list
from regreport.codelists.distinct import judged_once
from regreport.engine.checks import PREDICATES, PREDICATES_ON

FIRST_DAY: Final = "2018-01-03"
"""No report in the present form is about an earlier day, so codes that ended before need no comparison of dates."""


def _date(values: pl.Expr) -> pl.Expr:
    """Whether a text column holds days of the calendar, written YYYY-MM-DD."""
    written = values.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    return written & values.str.to_date("%Y-%m-%d", strict=False).is_not_null()


def _national_number(values: pl.Expr) -> pl.Expr:
    """Whether national numbers, country code first, have their country's form and check digits, where known."""
    return ~national_number.has_known_form(values) | national_number.is_valid(values)


@cache
def _currencies() -> tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]]:
    """Codes in force on every day since FIRST_DAY, and (code, since, until) of those that began or ended after it."""
    money = code_list("currency").filter(pl.col("kind") != "special")
    spans = money.select("code", pl.col("from").fill_null(""), pl.col("until").fill_null("9999-12-31"))
    alive = spans.filter(pl.col("until") > FIRST_DAY)
    always = alive.filter((pl.col("from") <= FIRST_DAY) & (pl.col("until") == "9999-12-31"))
    dated = alive.join(always, on="code", how="anti")
    return tuple(always["code"]), tuple(zip(dated["code"], dated["from"], dated["until"], strict=True))


def _currency_on(values: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Whether a text column holds currencies in force on each row's day: since <= day < until, as ISO text."""
    always, dated = _currencies()
    listed = values.is_in(list(always))
    changed = ((values == code) & (day >= since) & (day < until) for code, since, until in dated)
    return reduce(or_, changed, listed)


def _once(check: Callable[[pl.Expr], pl.Expr]) -> Callable[[pl.Expr], pl.Expr]:
    return partial(judged_once, check=check)


PREDICATES.update(
    {
        "LEI": _once(lei.is_valid),
        "ISIN": _once(isin.is_valid),
        "MIC": mic.is_valid,
        "CFI": _once(cfi.is_valid),
        "CFI group": _once(cfi.group_is_known),
        "currency": currency.is_known,
        "country": country.is_valid,
        "CONCAT": concat.is_valid,
        "national number": _once(_national_number),
        "UTI": _once(uti.is_valid),
        "UPI": _once(upi.is_valid),
        "date": _date,
    }
)
PREDICATES_ON["currency"] = _currency_on
