"""The made-up group: three entities, their people and algorithms, their clients, and who they trade with.

Meridian Quay is a fiction: Nordlicht Bank in Germany deals on own account and for clients, Skärgård Fondkommission in
Sweden executes for private and professional clients, Lough Derg Execution in Ireland is the desk that buys and sells
for the group's funds. Identifiers carry the prefix DEMO00, which is issued to nobody.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

from regreport.demo.identifiers import Person, lei, person


@dataclass(frozen=True)
class House:
    """One of the three entities and how it trades."""

    code: str
    """Opens its transaction references and file names."""
    lei: str
    name: str
    country: str
    kind: str
    """BANK or FIRM."""
    offset_hours: int
    """Of its local clock from UTC on the demo's day."""
    destination: str
    traders: tuple[Person, ...]
    algorithms: tuple[str, ...]
    weight: int
    """Its share of the day's records, in percent."""


@dataclass(frozen=True)
class Company:
    """A legal entity outside the group, as a LEI list shows it."""

    lei: str
    name: str
    country: str
    category: str = "GENERAL"
    registration_status: str = "ISSUED"


def _trader(nationality: str, first: str, last: str, born: date, serial: int) -> Person:
    return person(nationality, first, last, born, serial)


NORDLICHT: Final = House(
    "NLB",
    lei("NORDLICHTBNK"),
    "Nordlicht Bank AG",
    "DE",
    "BANK",
    1,
    "authority-de",
    (
        _trader("DE", "Matthias", "Brandt", date(1980, 5, 23), 1),
        _trader("DE", "Svenja", "Kröger", date(1986, 9, 1), 2),
        _trader("PL", "Marek", "Dąbrowski", date(1979, 12, 4), 3),
    ),
    ("NLBVWAP2", "NLBHEDGE1", "NLBSOR7"),
    45,
)
SKARGARD: Final = House(
    "SKF",
    lei("SKARGARDFOND"),
    "Skärgård Fondkommission AB",
    "SE",
    "FIRM",
    1,
    "authority-se",
    (
        _trader("SE", "Johan", "Ekström", date(1983, 2, 8), 4),
        _trader("FI", "Liisa", "Heikkinen", date(1990, 10, 16), 5),
    ),
    ("SKFTWAP1", "SKFSOR3"),
    35,
)
LOUGH_DERG: Final = House(
    "LDX",
    lei("LOUGHDERGEXE"),
    "Lough Derg Execution DAC",
    "IE",
    "FIRM",
    0,
    "authority-ie",
    (
        _trader("IE", "Aoife", "Brennan", date(1988, 6, 13), 6),
        _trader("IT", "Luca", "Marchetti", date(1981, 1, 27), 7),
    ),
    ("LDXCLOSE4", "LDXSOR1"),
    20,
)
HOUSES: Final = (NORDLICHT, SKARGARD, LOUGH_DERG)

MANAGER: Final = Company(lei("QUAYASSETMGT"), "Quay Asset Management SA", "LU")
"""Decides for the funds."""
FUNDS: Final = tuple(
    Company(lei(f"QUAYFUND000{i}"), name, country, "FUND")
    for i, (name, country) in enumerate(
        (
            ("Quay Nordic Opportunities", "SE"),
            ("Quay European Income", "LU"),
            ("Quay Balanced Pension", "IE"),
            ("Quay Global Technology", "LU"),
            ("Quay Short Duration", "IE"),
        )
    )
)
CLIENTS: Final = tuple(
    Company(lei(stem), name, country)
    for stem, name, country in (
        ("HAFENVERSICH", "Hafen Versicherung AG", "DE"),
        ("MUHLBACHGMBH", "Mühlbach Werkzeuge GmbH", "DE"),
        ("VASTERBRUKET", "Västerbruket AB", "SE"),
        ("KUSTENSPENSI", "Kustens Pensionskassa", "SE"),
        ("SHANNONCOOPS", "Shannon Co-operative plc", "IE"),
        ("TREASURYTROI", "Trois Rivières Trésorerie SA", "FR"),
        ("BAYOFFICEUSA", "Bay Family Office LLC", "US"),
    )
)
BROKERS: Final = tuple(
    Company(lei(stem), name, country)
    for stem, name, country in (
        ("GRANDPLACEMM", "Grand Place Market Making NV", "BE"),
        ("TERZOMERCATO", "Terzo Mercato SIM SpA", "IT"),
        ("CANALBANKING", "Canal Banking NV", "NL"),
        ("PUERTOVALORS", "Puerto Valores SA", "ES"),
        ("HARBORSECINC", "Harbor Securities Inc", "US"),
    )
)
CLEARING_HOUSES: Final = {
    "EUREX": Company(lei("DEMOCCPCENTR"), "Demo Central Clearing AG", "DE"),
    "CASH": Company(lei("DEMOCCPEQUIT"), "Demo Equity Clearing NV", "NL"),
}
SMALL_FIRM: Final = Company(lei("KLEINANLAGEB"), "Kleine Anlageberatung GmbH", "DE")
"""A firm that passes its clients' orders on to Nordlicht under an agreement (RTS 22 Art. 4)."""
DISSOLVED: Final = Company(lei("RESTANTEBETE"), "Restante Beteiligungen GmbH", "DE")
"""Still active in our LEI list of the day, no longer so in the authority's newer one."""
LAPSED: Final = Company(lei("SPATERNEUERT"), "Spät Erneuert KG", "DE", registration_status="LAPSED")
"""Active, with a registration that was not renewed: accepted for a client (identity still known)."""


@cache
def people() -> tuple[Person, ...]:
    """The private clients, from `people.csv`."""
    text = files("regreport.demo").joinpath("people.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(
        person(r["nationality"], r["first_names"], r["surnames"], date.fromisoformat(r["birth_date"]), 11 + i)
        for i, r in enumerate(rows)
    )


def companies() -> tuple[Company, ...]:
    """Every legal entity of the demo, ours too."""
    ours = tuple(Company(h.lei, h.name, h.country) for h in HOUSES)
    known = (MANAGER, *FUNDS, *CLIENTS, *BROKERS, *CLEARING_HOUSES.values(), SMALL_FIRM, DISSOLVED, LAPSED)
    return ours + known
