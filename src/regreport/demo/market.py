"""The made-up instruments and the venues they trade on, and the reference data that the day needs.

`market.csv` is the shelf (what trades where and near which price); `mics.csv` is a small sample of ISO 10383 with two
made-up venues: enough for the demo, not a list to file with. The reference tables are those that `refdata load` takes:
all text, several values parted by `|`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Final

import polars as pl

from regreport.demo.group import DISSOLVED, companies

INSTRUMENT_COLUMNS: Final = (
    "isin",
    "full_name",
    "cfi",
    "notional_currency",
    "venue",
    "admission_request_date",
    "first_trade_date",
    "termination_date",
    "underlying_isins",
    "underlying_index",
    "list",
)
LEI_COLUMNS: Final = (
    "lei",
    "legal_name",
    "country",
    "entity_status",
    "registration_status",
    "category",
    "registered_on",
    "ended_on",
)
EEA_VENUES: Final = frozenset(
    {"XETA", "XETB", "XEUR", "XSTO", "XDUB", "XPAR", "XAMS", "CEUX", "CEUD", "BTFE", "TWEM", "TWEO", "XEEE"}
)


@dataclass(frozen=True)
class Instrument:
    """One line of the shelf."""

    key: str
    isin: str
    name: str
    cfi: str
    currency: str
    venues: tuple[str, ...]
    price: Decimal
    underlyings: tuple[str, ...]
    underlying_index: str
    admitted: str
    ends: str


@cache
def shelf() -> Mapping[str, Instrument]:
    """Key -> instrument, in the order of `market.csv`."""
    return {
        r["key"]: Instrument(
            r["key"],
            r["isin"],
            r["name"],
            r["cfi"],
            r["currency"],
            tuple(r["venues"].split("|")),
            Decimal(r["price"]),
            tuple(r["underlyings"].split("|")) if r["underlyings"] else (),
            r["underlying_index"],
            r["admitted"],
            r["ends"],
        )
        for r in csv.DictReader(_text("market.csv").splitlines())
    }


def of_kind(*cfi_starts: str) -> list[Instrument]:
    """The instruments whose CFI opens with one of these letters."""
    return [i for i in shelf().values() if i.cfi.startswith(cfi_starts)]


def reference_csv(*, authority: bool = False) -> dict[str, str]:
    """Data set -> CSV text: instruments, leis, mics.

    The authority's own copy is a little newer in one place and older in another: it knows that a company was dissolved,
    and does not have the bond that was admitted last Friday yet.
    """
    without = {"NEWBOND"} if authority else set()
    inactive = {DISSOLVED.lei} if authority else set()
    return {
        "instruments": _csv(INSTRUMENT_COLUMNS, _instruments(without)),
        "leis": _csv(LEI_COLUMNS, _leis(inactive)),
        "mics": _text("mics.csv"),
    }


def reference_frames() -> dict[str, pl.DataFrame]:
    """Data set -> snapshot as the pipeline holds it: all text, `underlying_isins` a list, empty cells null."""
    frames = {name: pl.read_csv(text.encode(), infer_schema=False) for name, text in reference_csv().items()}
    frames["instruments"] = frames["instruments"].with_columns(pl.col("underlying_isins").str.split("|"))
    return frames


def _instruments(without: set[str]) -> Iterable[tuple[str, ...]]:
    for i in shelf().values():
        for venue in i.venues:
            if i.key not in without and venue in EEA_VENUES:
                first = i.admitted
                yield (
                    i.isin,
                    i.name,
                    i.cfi,
                    i.currency,
                    venue,
                    first,
                    first,
                    i.ends,
                    "|".join(i.underlyings),
                    i.underlying_index,
                    "EU",
                )


def _leis(inactive: set[str]) -> Iterable[tuple[str, ...]]:
    for c in companies():
        gone = c.lei in inactive
        status, registration, ended = (
            ("INACTIVE", "RETIRED", "2026-11-19") if gone else ("ACTIVE", c.registration_status, "")
        )
        yield (c.lei, c.name, c.country, status, registration, c.category, "2018-01-02", ended)


def _csv(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    frame = pl.DataFrame(list(rows), schema=dict.fromkeys(columns, pl.String), orient="row")
    return frame.with_columns(pl.all().replace("", None)).write_csv()


def _text(name: str) -> str:
    return files("regreport.demo").joinpath(name).read_text(encoding="utf-8")
