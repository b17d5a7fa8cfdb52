"""One trading day of the made-up group, written as the firm's own files: trades, mapping, reference data, settings.

The same seed gives the same bytes on every machine: nothing here reads a clock, and all chance comes from one seeded
stream. `simulator/reference/` holds the reference data of the simulated authority, which is not quite the firm's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from regreport.demo import cash, derivatives
from regreport.demo.columns import mapping_toml, trades_csv
from regreport.demo.configuration import settings_toml
from regreport.demo.draws import Draws
from regreport.demo.group import HOUSES, House
from regreport.demo.market import reference_csv
from regreport.demo.planted import PLANTED, contradict, plant
from regreport.demo.tickets import TRADE_DATE, Desk, Ticket

SEED: Final = 20261123
RECORDS: Final = 2000
_Maker = Callable[[Desk], list[Ticket]]
_BUSINESS: Final[dict[str, tuple[tuple[int, _Maker], ...]]] = {
    "NLB": (
        (22, cash.exchange),
        (12, cash.inside_the_house),
        (5, cash.broker_off_venue),
        (3, cash.matched_principal),
        (3, cash.overseas),
        (16, cash.bond),
        (3, cash.received),
        (12, derivatives.listed),
        (5, derivatives.venue_swap),
        (4, derivatives.venue_forward),
        (5, derivatives.equity_option),
        (3, derivatives.contract_for_difference),
        (2, derivatives.equity_swap),
        (1, derivatives.basket_option),
        (2, derivatives.credit_default_swap),
        (2, derivatives.cleared_rate_swap),
    ),
    "SKF": (
        (55, cash.exchange),
        (12, cash.inside_the_house),
        (8, cash.bond),
        (5, cash.block),
        (6, cash.passed_on),
        (14, derivatives.listed),
    ),
    "LDX": ((50, cash.exchange), (15, cash.block), (25, cash.bond), (10, derivatives.listed)),
}


@dataclass(frozen=True)
class DaySummary:
    """What was written: records by entity LEI, and the references of every planted defect by its key."""

    trade_date: date
    records: int
    by_entity: Mapping[str, int]
    planted: Mapping[str, tuple[str, ...]]
    files: tuple[str, ...]
    """Relative to the folder: trades.csv, mapping.toml, regreport.toml, the reference data, the authority's own."""

    def expected(self, becomes: str) -> int:
        """How many records PLANTED says end in a category of the account."""
        return sum(p.records for p in PLANTED if p.becomes == becomes)


def write_day(folder: Path, seed: int = SEED, records: int = RECORDS) -> DaySummary:
    """Write the day's files into a folder (made where it is not there) and say what is in them.

    `records` counts every line of trades.csv, planted ones too. Raises ValueError where they do not fit.
    """
    tickets, planted = day(seed, records)
    contents = {"trades.csv": trades_csv(tickets), "mapping.toml": mapping_toml(), "regreport.toml": settings_toml()}
    contents |= {f"{name}.csv": text for name, text in reference_csv().items()}
    contents |= {f"simulator/reference/{name}.csv": text for name, text in reference_csv(authority=True).items()}
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    counted = Counter(t["entity"] for t in tickets)
    return DaySummary(date.fromisoformat(TRADE_DATE), len(tickets), dict(counted), planted, tuple(contents))


def day(seed: int = SEED, records: int = RECORDS) -> tuple[list[Ticket], dict[str, tuple[str, ...]]]:
    """The day's tickets in order of time, and the references of the planted ones by key."""
    draws = Draws(seed)
    desks = {h.code: Desk(h, draws) for h in HOUSES}
    planted = plant(desks)
    extra = sum(p.records for p in PLANTED)
    if records < 2 * extra:
        raise ValueError(
            f"A day of {records} records has no room for {extra} planted ones: ask for {2 * extra} or more"
        )
    references: dict[str, tuple[str, ...]] = {}
    tickets: list[Ticket] = []
    numbers = {h.code: Numbering(h) for h in HOUSES}
    for p in PLANTED:
        named = [t | {"transaction_id": numbers[p.house].next()} for t in planted[p.key]]
        named = _repeated(p.key, named)
        references[p.key] = tuple(t["transaction_id"] for t in named)
        tickets += named if p.key != "same_twice" else named * 2
    for house in HOUSES:
        wanted = (
            (records - len(tickets)) if house is HOUSES[-1] else records * house.weight // 100 - _count(tickets, house)
        )
        tickets += [t | {"transaction_id": numbers[house.code].next()} for t in _business(desks[house.code], wanted)]
    return sorted(tickets, key=_instant), references


def _repeated(key: str, tickets: list[Ticket]) -> list[Ticket]:
    """Two different trades under one reference, where that is what is planted."""
    return [tickets[0], contradict(tickets[0])] if key == "two_contents" else tickets


def _count(tickets: list[Ticket], house: House) -> int:
    return sum(t["entity"] == house.lei for t in tickets)


def _business(desk: Desk, wanted: int) -> list[Ticket]:
    """So many tickets of a house's ordinary business; what is made of several is never cut in two."""
    makers = [maker for weight, maker in _BUSINESS[desk.house.code] for _ in range(weight)]
    made: list[Ticket] = []
    while len(made) < wanted:
        several = desk.draws.pick(makers)(desk)
        if len(made) + len(several) <= wanted:
            made += several
    return made


def _instant(ticket: Ticket) -> tuple[datetime, str]:
    return datetime.fromisoformat(ticket["timestamp"]).astimezone(UTC), ticket["transaction_id"]


class Numbering:
    """The references of one house: its code, the date, a running number."""

    def __init__(self, house: House) -> None:
        self._prefix = f"{house.code}{TRADE_DATE.replace('-', '')}"
        self._last = 0

    def next(self) -> str:
        """The next reference."""
        self._last += 1
        return f"{self._prefix}{self._last:05d}"
