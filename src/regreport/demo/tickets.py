"""A ticket: one trade as the firm books it, in our column names, and the pieces that tickets are made of.

All values are text, absent ones are simply not there; a client that is several persons has its values parted by `|`.
Money is reckoned in Decimal.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from regreport.demo.draws import Draws
from regreport.demo.group import CLIENTS, FUNDS, MANAGER, Company, House, people
from regreport.demo.identifiers import Person
from regreport.demo.market import Instrument

Ticket = dict[str, str]
TRADE_DATE: Final = "2026-11-23"
OPEN_UTC_SECOND: Final = 8 * 3600
CLOSE_UTC_SECOND: Final = 16 * 3600 + 20 * 60
"""The venues of the demo trade from 09:00 to 17:20 Central European Time."""


@dataclass(frozen=True)
class Desk:
    """Where tickets are written: whose they are, and the draws that fill them."""

    house: House
    draws: Draws

    def base(self, *, fraction: int) -> Ticket:
        """What every ticket has: whose, when (with so many fractional digits of a second), what happened."""
        return {
            "entity": self.house.lei,
            "timestamp": moment(self.draws, self.house.offset_hours, fraction),
            "event_kind": "TRADE",
            "product_kind": "INSTRUMENT",
            "is_otc_derivative": "false",
            "transmitted": "false",
            "transmission": "false",
            "side": self.draws.pick(("BUY", "SELL")),
            "sft": "false",
        }

    def trader(self) -> Person:
        """One of the house's people."""
        return self.draws.pick(self.house.traders)


def moment(draws: Draws, offset_hours: int, fraction: int) -> str:
    """An instant within trading hours, on the house's own clock and with its offset."""
    second = draws.between(OPEN_UTC_SECOND, CLOSE_UTC_SECOND - 1) + offset_hours * 3600
    text = f"{TRADE_DATE}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    if fraction:
        text += "." + str(draws.below(10**fraction)).zfill(fraction)
    return f"{text}+{offset_hours:02d}:00"


def plain(number: Decimal) -> str:
    """A decimal without exponent and without zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def party(who: str, *members: Person | Company) -> Ticket:
    """The columns of a party: one entity, or one or more natural persons."""
    persons = [m for m in members if isinstance(m, Person)]
    columns = {
        f"{who}_id": [m.id if isinstance(m, Person) else m.lei for m in members],
        f"{who}_id_type": [m.id_type if isinstance(m, Person) else "LEI" for m in members],
    }
    if persons:
        columns |= {
            f"{who}_first_names": [p.first_names for p in persons],
            f"{who}_surnames": [p.surnames for p in persons],
            f"{who}_birth_date": [p.birth_date.isoformat() for p in persons],
            f"{who}_nationality": [p.nationality for p in persons],
        }
    if len(members) == 1 and persons and persons[0].id_type == "CONCAT":
        del columns[f"{who}_id"]  # the firm keeps names and birth date; the identifier made of them is for the report
    return {name: "|".join(values) for name, values in columns.items()}


def decided_by(what: str, who: Person | str, country: str) -> Ticket:
    """Who decided (`investment_decision`) or carried out (`execution`): a person of a branch, an algorithm, or NORE."""
    if isinstance(who, Person):
        named = {f"{what}_id": who.id, f"{what}_type": who.id_type, f"{what}_country": country}
        return named | {f"{what}_nationality": who.nationality}
    return {f"{what}_type": "NORE"} if who == "NORE" else {f"{what}_id": who, f"{what}_type": "ALGO"}


def own_account(desk: Desk) -> Ticket:
    """The house deals for itself: a person or an algorithm decides, and the same or another carries it out."""
    house, draws = desk.house, desk.draws
    decider: Person | str = draws.pick(house.algorithms) if draws.chance(40) else desk.trader()
    executor: Person | str = draws.pick(house.algorithms) if draws.chance(60) else desk.trader()
    capacity = {"trading_capacity": "DEAL", "service": "OWN_ACCOUNT", "order_origin": "OWN"}
    return (
        capacity
        | decided_by("investment_decision", decider, house.country)
        | decided_by("execution", executor, house.country)
    )


def for_client(desk: Desk) -> Ticket:
    """The house executes for a client: a person, two joint holders, a company, or a fund whose manager decides."""
    house, draws = desk.house, desk.draws
    choices: tuple[Person | str, ...] = (*house.algorithms, desk.trader(), "NORE")
    executor = draws.pick(choices)
    service = {"trading_capacity": "AOTC", "service": "CLIENT_EXECUTION", "order_origin": "CLIENT"}
    return service | client(desk) | decided_by("execution", executor, house.country)


def from_own_book(desk: Desk) -> Ticket:
    """The house deals with its client from its own book: the client orders, the house decides to take it on."""
    return own_account(desk) | client(desk) | {"order_origin": "CLIENT"}


def client(desk: Desk) -> Ticket:
    """A client as the house's business is: funds in Ireland, private clients in Sweden, companies in Germany."""
    draws, code = desk.draws, desk.house.code
    kinds = {"LDX": (90, 10, 0, 0), "SKF": (10, 25, 55, 10), "NLB": (15, 55, 25, 5)}[code]
    roll = draws.below(100)
    if roll < kinds[0]:
        return party("client", draws.pick(FUNDS)) | party("client_decision_maker", MANAGER)
    if roll < sum(kinds[:2]):
        return party("client", draws.pick(CLIENTS))
    if roll < sum(kinds[:3]):
        return private_client(desk)
    first = draws.below(len(people()) - 1)
    return party("client", people()[first], people()[first + 1])


def private_client(desk: Desk) -> Ticket:
    """One person, often through a branch of ours, sometimes with another who decides under a power of attorney."""
    draws = desk.draws
    ticket = party("client", draws.pick(people()))
    if draws.chance(70):
        ticket["client_branch_country"] = desk.house.country
    if draws.chance(10):
        ticket |= party("client_decision_maker", *[p for p in people()[:2] if p.id != ticket.get("client_id")][:1])
    return ticket


def under_mandate(desk: Desk) -> Ticket:
    """The house decides for a private client under a discretionary mandate: it is itself the decision maker."""
    house = desk.house
    who = party("client", desk.draws.pick(people())) | party(
        "client_decision_maker", Company(house.lei, house.name, house.country)
    )
    kind = {"trading_capacity": "AOTC", "service": "MANDATE", "order_origin": "MANDATE"}
    decision = decided_by("investment_decision", desk.trader(), house.country)
    return kind | who | decision | decided_by("execution", desk.trader(), house.country)


def on_venue(desk: Desk, venue: str) -> Ticket:
    """Executed on a venue of the Union through the house's own membership; the venue gives the match its own code."""
    code = f"{venue}{desk.draws.below(10**10):010d}{desk.draws.below(10**4):04d}"
    return {"venue": venue, "branch_membership_country": desk.house.country, "venue_transaction_id": code}


def units(draws: Draws, instrument: Instrument, lots: tuple[int, ...], *, percent: int = 2) -> Ticket:
    """So many pieces at a price near the instrument's own."""
    count = draws.pick(lots) * draws.between(1, 20)
    price = draws.near(instrument.price, percent, max(2, -int(instrument.price.as_tuple().exponent)))
    ccy = instrument.currency
    return {
        "isin": instrument.isin,
        "quantity": str(count),
        "quantity_type": "UNIT",
        "price": plain(price),
        "price_type": "MNTR",
        "price_currency": ccy,
        "amount": plain(round(price * count, 2)),
        "currency": ccy,
    }


def nominal(draws: Draws, instrument: Instrument, price_type: str, thousands: tuple[int, ...]) -> Ticket:
    """A nominal amount at a price in percent, yield or basis points."""
    amount = draws.pick(thousands) * 1000 * draws.between(1, 10)
    price = draws.near(instrument.price, 1, 3)
    return {
        "isin": instrument.isin,
        "quantity": str(amount),
        "quantity_type": "NMNL",
        "quantity_currency": instrument.currency,
        "price": plain(price),
        "price_type": price_type,
        "amount": str(amount),
        "currency": instrument.currency,
    }
