"""Identifiers and codes judged one value at a time in plain Python: the yardstick's side of `engine.standards`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache

import polars as pl

from regreport.codelists.column import code_list
from regreport.engine.checks import PREDICATES


def lei(value: str) -> bool:
    """ISO 17442: 18 letters or digits and two check digits, remainder 1 modulo 97."""
    if not re.fullmatch("[0-9A-Z]{18}[0-9]{2}", value):
        return False
    return int("".join(str(int(c, 36)) for c in value)) % 97 == 1


def isin(value: str) -> bool:
    """ISO 6166: two letters, nine letters or digits, a check digit by doubling every second digit from the right."""
    if not re.fullmatch("[A-Z]{2}[0-9A-Z]{9}[0-9]", value):
        return False
    digits = [int(d) for d in "".join(str(int(c, 36)) for c in value)][::-1]
    return sum(sum(divmod(d * 2, 10)) if place % 2 else d for place, d in enumerate(digits)) % 10 == 0


def mic(value: str) -> bool:
    """ISO 10383: four letters or digits."""
    return re.fullmatch("[0-9A-Z]{4}", value) is not None


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    return {row[0]: tuple(f"{letters or ''}X" for letters in row[2:]) for row in code_list("cfi").rows()}


def cfi_group(value: str) -> bool:
    """ISO 10962: six letters, the first two a category and group."""
    return re.fullmatch("[A-Z]{6}", value) is not None and value[:2] in _groups()


def cfi(value: str) -> bool:
    """ISO 10962: and the other four are attributes that the group knows."""
    return cfi_group(value) and all(c in allowed for c, allowed in zip(value[2:], _groups()[value[:2]], strict=True))


@cache
def _codes(name: str) -> frozenset[str]:
    return frozenset(code_list(name)[code_list(name).columns[0]])


@cache
def _money() -> dict[str, tuple[str, str]]:
    rows = code_list("currency").rows(named=True)
    return {r["code"]: (r["from"] or "", r["until"] or "9999-12-31") for r in rows if r["kind"] != "special"}


def currency(value: str) -> bool:
    """ISO 4217: is or was a currency."""
    return value in _money()


def currency_on(value: str, day: str | None) -> bool:
    """ISO 4217: was one on the day; codes that have not changed since reports began need no day."""
    if value not in _money():
        return False
    since, until = _money()[value]
    if until <= "2018-01-03":
        return False
    if since <= "2018-01-03" and until == "9999-12-31":
        return True
    return day is not None and since <= day < until


def country(value: str) -> bool:
    """ISO 3166: an assigned code of two letters."""
    return value in _codes("country")


def day(value: str) -> bool:
    """A day of the calendar, YYYY-MM-DD."""
    try:
        return re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is not None and bool(date.fromisoformat(value))
    except ValueError:
        return False


def concat(value: str) -> bool:
    """RTS 22 Article 6(4): country, birth date, five letters of each name filled up with #."""
    if not re.fullmatch("[A-Z]{2}[0-9]{8}[A-Z#]{10}", value):
        return False
    real = country(value[:2]) and day(f"{value[2:6]}-{value[6:8]}-{value[8:10]}")
    return real and all(re.fullmatch("[A-Z]+#*", part) for part in (value[10:15], value[15:]))


@lru_cache(maxsize=100_000)
def national_number(value: str) -> bool:
    """Form and check digits of a national number, asked of the code list."""
    return bool(pl.DataFrame({"v": [value]}).select(PREDICATES["national number"](pl.col("v"))).item())


STANDARDS: dict[str, Callable[[str], bool]] = {
    "LEI": lei,
    "ISIN": isin,
    "MIC": mic,
    "CFI": cfi,
    "CFI group": cfi_group,
    "currency": currency,
    "country": country,
    "date": day,
    "CONCAT": concat,
    "national number": national_number,
}
STANDARDS_ON: dict[str, Callable[[str, str | None], bool]] = {"currency": currency_on}
