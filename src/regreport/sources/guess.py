"""What a source column may be, judged by its name and by its content; every judgement says how sure it is.

A name that is ours is sure. A synonym is likely and is marked for a person to check. Content alone decides only where
exactly one source column and one canonical column are left that fit; otherwise both are listed and nothing is chosen.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl

from regreport.sources.columns import Column, Columns
from regreport.sources.reading import Reading
from regreport.sources.rows import filled
from regreport.sources.timeform import compile_form
from regreport.sources.times import read_dates, read_timestamps

FORMS = {"LEI": r"^[A-Z0-9]{18}[0-9]{2}$", "ISIN": r"^[A-Z]{2}[A-Z0-9]{9}[0-9]$"}
"""Type -> pattern that nothing else has; the other types look too much like each other."""
CONTENT_TARGETS = {"entity": "LEI", "isin": "ISIN", "timestamp": "timestamp"}
CONTENT_ROWS = 1000
WORDS = {
    "cli": "client",
    "cust": "client",
    "customer": "client",
    "cpty": "counterparty",
    "dec": "decisionmaker",
    "ccy": "currency",
    "curr": "currency",
    "ctry": "country",
    "qty": "quantity",
    "px": "price",
    "ntnl": "notional",
    "und": "underlying",
    "amt": "amount",
    "nat": "nationality",
    "natl": "nationality",
    "born": "birthdate",
    "dob": "birthdate",
    "first": "firstnames",
    "forename": "firstnames",
    "last": "surnames",
    "surname": "surnames",
    "kind": "type",
    "inv": "investment",
    "exec": "execution",
}
"""Short forms in names of columns -> the word in ours."""
DATE_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d-%m-%Y", "%d-%b-%Y", "%Y/%m/%d")
CODES: Mapping[str, Mapping[str, str]] = {
    "side": {"B": "BUY", "S": "SELL", "BUY": "BUY", "SELL": "SELL", "BUYI": "BUY", "1": "BUY", "2": "SELL"},
    "option_type": {"C": "CALL", "P": "PUTO", "CALL": "CALL", "PUT": "PUTO", "PUTO": "PUTO", "OTHR": "OTHR"},
    "delivery_type": {"C": "CASH", "P": "PHYS", "CASH": "CASH", "PHYSICAL": "PHYS", "PHYS": "PHYS", "OPTN": "OPTN"},
    "trading_capacity": {"DEAL": "DEAL", "MTCH": "MTCH", "AOTC": "AOTC", "P": "DEAL", "A": "AOTC"},
}
"""Canonical column -> usual codes, upper case, and ours for them."""
OWN_CODES: Mapping[str, str] = {
    "quantity_type": "UNIT NMNL MNTR",
    "price_type": "MNTR PCTG YIEL BAPO PNDG NOAP",
    "strike_price_type": "MNTR PCTG YIEL BAPO PNDG",
    "underlying_type": "ISIN INDEX BASKET",
    "underlying_in_type": "ISIN INDEX BASKET",
    "underlying_out_type": "ISIN INDEX BASKET",
    "notional_currency_2_type": "INTR FX",
    "investment_decision_type": "NIDN CCPT CONCAT ALGO",
    "execution_type": "NIDN CCPT CONCAT ALGO NORE",
    "exercise_style": "EURO AMER ASIA BERM OTHR",
    "short_selling": "SESH SSEX SELL UNDI",
}
"""Canonical column -> our codes, where its meaning in columns.csv does not list them (RTS 22, Annex I, Table 2)."""
BOOLEANS = {"true": "true", "false": "false", "y": "true", "n": "false", "yes": "true", "no": "false"}
BOOLEANS |= {"1": "true", "0": "false", "t": "true", "f": "false"}
CODES_MAX = 40


@dataclass(frozen=True)
class Guess:
    """`column` <- `origin`, and why; `sure` where the name is ours."""

    column: str
    origin: str
    why: str
    sure: bool


@dataclass(frozen=True)
class Guesses:
    """What was matched, and by canonical column the source columns between which a person must choose."""

    matched: tuple[Guess, ...]
    unclear: Mapping[str, tuple[str, ...]]


def guess(table: pl.DataFrame, columns: Columns) -> Guesses:
    """Matches of the source columns of `table` (a sample, all text) with the canonical columns."""
    matched: dict[str, Guess] = {}
    unclear: dict[str, tuple[str, ...]] = {}
    by_name: dict[str, list[str]] = {}
    names = _names(columns)
    for origin in table.columns:
        column = names.get(_plain(origin)) or names.get(_spelled_out(origin))
        if origin in columns:
            matched[origin] = Guess(origin, origin, "same name", sure=True)
        elif column:
            by_name.setdefault(column, []).append(origin)
    for column, origins in by_name.items():
        if column in matched:
            continue
        if len(origins) == 1:
            matched[column] = Guess(column, origins[0], "by its name", sure=False)
        else:
            unclear[column] = tuple(origins)
    _by_content(table, columns, matched, unclear)
    return Guesses(tuple(matched[name] for name in columns if name in matched), unclear)


def _by_content(
    table: pl.DataFrame, columns: Columns, matched: dict[str, Guess], unclear: dict[str, tuple[str, ...]]
) -> None:
    used = {one.origin for one in matched.values()} | {origin for many in unclear.values() for origin in many}
    for target, form in CONTENT_TARGETS.items():
        if target not in columns or target in matched or target in unclear:
            continue
        fitting = [name for name in table.columns if name not in used and _looks_like(form, table[name])]
        if len(fitting) == 1:
            matched[target] = Guess(target, fitting[0], f"its values look like {form}", sure=False)
            used.add(fitting[0])
        elif fitting:
            unclear[target] = tuple(fitting)


def _looks_like(form: str, values: pl.Series) -> bool:
    texts = filled(values).drop_nulls().head(CONTENT_ROWS)
    return _all_match(texts, FORMS[form]) if form in FORMS else bool(timestamp_formats(texts))


def _all_match(values: pl.Series, pattern: str) -> bool:
    texts = values.drop_nulls()
    return len(texts) > 0 and bool(texts.str.contains(pattern).all())


def date_formats(values: pl.Series) -> list[str]:
    """The date formats that every value has; several where days and months cannot be told apart."""
    texts = filled(values).drop_nulls().alias("raw")
    if not len(texts):
        return []
    return [form for form in DATE_FORMATS if read_dates(texts, Reading(date_format=form))[1].null_count() == len(texts)]


def timestamp_formats(values: pl.Series) -> list[str]:
    """ "" for ISO, else the formats that every value has, whatever its zone."""
    texts = filled(values).drop_nulls().alias("raw")
    if not len(texts):
        return []
    found = []
    for form in ("", *(f"{day}{glue}%H:%M:%S%.f" for day in DATE_FORMATS for glue in (" ", "T", "-"))):
        for zone in ("", "%z"):
            declared = form + zone if form else ""
            if declared:
                compile_form(declared)
            reading = Reading(timestamp_format=declared, zone="UTC")
            if read_timestamps(texts, reading).problem.null_count() == len(texts):
                found.append(declared)
                break
    return found


def has_zone(values: pl.Series) -> bool:
    """Whether every value ends with Z or an offset."""
    return _all_match(filled(values), r"(Z|[+-][0-9]{2}:?[0-9]{2})$")


def codes(column: Column, values: pl.Series) -> list[tuple[str, int, str]] | None:
    """(their code, how often, our value or "") by code; None where there is nothing to translate, or no list of codes
    to tell by (then the values are too many to be codes at all)."""
    ours = _vocabulary(column)
    counted = filled(values).drop_nulls().value_counts().sort(values.name)
    if counted.height > CODES_MAX:
        return None
    rows = [(str(code), int(count)) for code, count in counted.iter_rows()]
    if ours and all(code in ours.values() for code, _ in rows):
        return None
    return [(code, count, ours.get(code.casefold(), "") if ours else code) for code, count in rows]


def _vocabulary(column: Column) -> dict[str, str]:
    """Code, case folded -> ours. Where no usual codes are listed, our own are taken from the column's meaning."""
    if column.type == "boolean":
        return BOOLEANS
    if column.name in CODES:
        return {code.casefold(): our for code, our in CODES[column.name].items()}
    own = OWN_CODES.get(column.name, "").split() or re.findall(r"\b[A-Z][A-Z_]{2,}\b", column.meaning)
    return {code.casefold(): code for code in own} if len(own) > 1 else {}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _spelled_out(name: str) -> str:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", name)
    return "".join(WORDS.get(word.casefold(), word.casefold()) for word in words)


@cache
def _synonyms() -> tuple[tuple[str, tuple[str, ...]], ...]:
    with (files("regreport.sources") / "synonyms.csv").open(encoding="utf-8") as stream:
        return tuple((row["column"], tuple(row["names"].split())) for row in csv.DictReader(stream))


def _names(columns: Columns) -> dict[str, str]:
    """Plain name -> canonical column. The official field name is in `meaning`."""
    names = {_plain(column.meaning): name for name, column in columns.items() if column.group == "trade"}
    for column, synonyms in _synonyms():
        if column in columns:
            names |= {_plain(synonym): column for synonym in synonyms}
    return names | {_plain(name): name for name in columns}
