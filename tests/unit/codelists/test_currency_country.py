"""Currencies and countries: the lists, and the days on which they change."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from regreport.codelists import country, currency
from regreport.codelists.column import code_list

TODAY = date(2026, 6, 1)


def on(day):
    return lambda value: currency.is_valid(value, day)


@pytest.mark.parametrize(
    ("code", "last_day"),
    [("HRK", date(2022, 12, 31)), ("BGN", date(2025, 12, 31)), ("LTL", date(2014, 12, 31)), ("ZWL", date(2024, 8, 31))],
)
def test_a_currency_ends_on_its_day(ask, code, last_day):
    after = date.fromordinal(last_day.toordinal() + 1)
    assert ask(on(last_day), [code]) == [True]
    assert ask(on(after), [code]) == [False]
    assert ask(currency.is_known, [code]) == [True]


def test_a_currency_begins_on_its_day(ask):
    assert ask(on(date(2025, 3, 30)), ["XCG"]) == [False]
    assert ask(on(date(2025, 3, 31)), ["XCG"]) == [True]


def test_each_row_may_have_its_own_day():
    days = [date(2022, 12, 31), date(2023, 1, 1), date(2023, 1, 1), None, None, None]
    frame = pl.DataFrame({"code": ["HRK", "HRK", "EUR", "EUR", "QQQ", None], "day": pl.Series(days, dtype=pl.Date)})
    assert frame.select(currency.is_valid("code", on="day")).to_series().to_list() == [
        True,
        False,
        True,
        None,
        False,
        None,
    ]


def test_what_is_no_currency_is_invalid(ask, spoilt):
    assert ask(on(TODAY), ["XXX", "XTS", "GBX", "AAA", None]) == [False, False, False, False, None]
    assert ask(on(TODAY), ["XAU", "XAG", "XPT", "XPD", "XDR", "CLF"]) == [True] * 6
    ways = spoilt("EUR")
    verdicts = dict(zip(ways, ask(on(TODAY), ways.values()), strict=True))
    assert not any(verdicts.values()), verdicts


def test_digits_after_the_point():
    frame = pl.DataFrame({"code": ["EUR", "JPY", "KWD", "CLF", "XAU", "QQQ", None]})
    assert frame.select(currency.minor_digits("code")).to_series().to_list() == [2, 0, 3, 4, None, None, None]


def test_minor_quotation_units_are_known_and_are_no_currency(ask):
    assert ask(currency.is_minor_unit, ["GBX", "GBp", "ZAc", "ILA", "GBP", None]) == [True] * 4 + [False, None]
    frame = pl.DataFrame({"code": ["GBX", "ZAC", "ILA", "GBP", None]})
    assert frame.select(currency.major_unit("code")).to_series().to_list() == ["GBP", "ZAR", "ILS", None, None]
    minor = code_list("minor_unit")
    assert ask(currency.is_known, minor["code"]) == [False] * minor.height
    assert ask(on(TODAY), minor["major"]) == [True] * minor.height


def test_the_list_of_currencies_is_sound():
    listed = code_list("currency")
    assert listed["code"].is_unique().all()
    assert listed["code"].str.contains(currency.PATTERN).all()
    assert set(listed["kind"]) == {"money", "fund", "metal", "unit", "special"}
    assert listed.filter(pl.col("kind").is_in(["money", "fund"]), pl.col("minor_digits").is_null()).is_empty()
    assert listed.filter(pl.col("until") <= pl.col("from")).is_empty()
    assert listed.filter(pl.col("until").is_null()).height == 178


def test_countries(ask, spoilt):
    assert ask(country.is_valid, ["FR", "GB", "GR", "XK", "UK", "EL", "EU", "XS", None]) == [True] * 3 + [False] * 5 + [
        None
    ]
    ways = spoilt("FR")
    del ways["one character short"]
    verdicts = dict(zip(ways, ask(country.is_valid, [*ways.values()]), strict=True))
    assert not any(verdicts.values()), verdicts


def test_the_list_of_countries_is_sound():
    listed = code_list("country")
    assert listed.height == 249
    assert listed["code"].is_unique().all()
    assert listed["code"].str.contains(country.PATTERN).all()
    assert listed["name"].is_not_null().all()


def test_the_united_kingdom_left_the_eea(ask):
    before, after = date(2020, 12, 31), date(2021, 1, 1)
    assert ask(lambda value: country.is_eea(value, before), ["GB", "NO", "CH", None]) == [True, True, False, None]
    assert ask(lambda value: country.is_eea(value, after), ["GB", "NO", "CH", None]) == [False, True, False, None]
    assert len(country.eea_members(after)) == 30
    assert set(country.eea_members(before)) - set(country.eea_members(after)) == {"GB"}
    frame = pl.DataFrame({"code": ["GB", "GB"], "day": [before, after]})
    assert frame.select(country.is_eea("code", "day")).to_series().to_list() == [True, False]
