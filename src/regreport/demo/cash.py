"""The cash desks: shares, funds and bonds, on a venue, off it, and inside the house."""

from __future__ import annotations

from decimal import Decimal

from regreport.demo.group import BROKERS, CLEARING_HOUSES, CLIENTS, FUNDS, MANAGER, SMALL_FIRM, people
from regreport.demo.market import EEA_VENUES, Instrument, of_kind, shelf
from regreport.demo.tickets import (
    Desk,
    Ticket,
    decided_by,
    for_client,
    from_own_book,
    nominal,
    on_venue,
    own_account,
    party,
    plain,
    under_mandate,
    units,
)

LOTS = (5, 10, 25, 100, 250)
BOND_THOUSANDS = (50, 100, 250, 500)


def _european(*cfi: str) -> list[Instrument]:
    return [i for i in of_kind(*cfi) if i.key != "NEWBOND"]


def _selling(ticket: Ticket, instrument: Instrument, *, house_sells: bool) -> Ticket:
    """Field 62 where the seller is the house or its client, for shares and government bonds."""
    covered = instrument.cfi.startswith("ES") or instrument.cfi.startswith("DBFT")
    return ticket | ({"short_selling": "SELL"} if covered and house_sells else {})


def exchange(desk: Desk) -> list[Ticket]:
    """A share or fund unit on an order book, cleared, for a client or the house itself."""
    draws = desk.draws
    instrument = draws.pick(_european("ES", "CE"))
    venue = draws.pick([v for v in instrument.venues if v in EEA_VENUES])
    role = own_account(desk) if draws.chance(35) else under_mandate(desk) if draws.chance(10) else for_client(desk)
    ticket = desk.base(fraction=6) | role | on_venue(desk, venue) | units(draws, instrument, LOTS)
    ticket["counterparty"] = CLEARING_HOUSES["CASH"].lei
    if venue == "CEUD":
        ticket["waiver"] = draws.pick(("RFPT", "SIZE"))
    return [_selling(ticket, instrument, house_sells=ticket["side"] == "SELL")]


def inside_the_house(desk: Desk) -> list[Ticket]:
    """The house as systematic internaliser, or off venue: it deals with its client from its own book."""
    draws = desk.draws
    instrument = draws.pick(_european("ES", "CE"))
    ticket = desk.base(fraction=6) | from_own_book(desk) | units(draws, instrument, LOTS)
    ticket["venue"] = "MQSI" if desk.house.code == "NLB" else "XOFF"
    if draws.chance(20):
        ticket["otc_post_trade"] = draws.pick(("BENC", "SDIV", "LRGS"))
    return [_selling(ticket, instrument, house_sells=True)]


def broker_off_venue(desk: Desk) -> list[Ticket]:
    """A listed share by telephone with another firm."""
    draws = desk.draws
    instrument = draws.pick(_european("ES"))
    role = own_account(desk) if draws.chance(60) else for_client(desk)
    ticket = desk.base(fraction=0) | role | units(draws, instrument, LOTS) | {"venue": "XOFF"}
    ticket |= {"counterparty": draws.pick(BROKERS).lei, "otc_post_trade": draws.pick(("BENC", "LRGS|BENC", "TNCP"))}
    return [_selling(ticket, instrument, house_sells=ticket["side"] == "SELL")]


def matched_principal(desk: Desk) -> list[Ticket]:
    """The house stands between a client and a broker for an instant, without risk: matched principal."""
    draws = desk.draws
    instrument = draws.pick(_european("ES"))
    ticket = desk.base(fraction=6) | own_account(desk) | units(draws, instrument, LOTS)
    ticket |= {"trading_capacity": "MTCH", "venue": "XOFF", "counterparty": draws.pick(BROKERS).lei}
    for name in [c for c in ticket if c.startswith("investment_decision")]:
        del ticket[name]
    return [_selling(ticket, instrument, house_sells=ticket["side"] == "SELL")]


def overseas(desk: Desk) -> list[Ticket]:
    """A share that is also listed in the Union, bought or sold in New York."""
    draws = desk.draws
    instrument = shelf()[draws.pick(("CASCADIA", "LONGISLAND"))]
    ticket = desk.base(fraction=3) | for_client(desk) | units(draws, instrument, LOTS)
    ticket |= {
        "venue": instrument.venues[-1],
        "branch_membership_country": desk.house.country,
        "counterparty": BROKERS[-1].lei,
    }
    return [_selling(ticket, instrument, house_sells=ticket["side"] == "SELL")]


def bond(desk: Desk) -> list[Ticket]:
    """A bond on a request-for-quote venue or off it, in percent, with what is paid for it."""
    draws = desk.draws
    instrument = draws.pick(_european("D"))
    role = own_account(desk) if draws.chance(60) else for_client(desk)
    ticket = desk.base(fraction=3) | role | nominal(draws, instrument, "PCTG", BOND_THOUSANDS)
    ticket["counterparty"] = draws.pick(BROKERS).lei
    ticket |= on_venue(desk, draws.pick(instrument.venues)) if draws.chance(65) else {"venue": "XOFF"}
    if ticket["venue"] == "XOFF" and draws.chance(40):
        ticket["otc_post_trade"] = draws.pick(("SIZE", "ILQD"))
    elif ticket["venue"] != "XOFF" and draws.chance(30):
        ticket["waiver"] = draws.pick(("SIZE", "ILQD"))
    return [_selling(paid(ticket), instrument, house_sells=ticket["side"] == "SELL")]


def paid(ticket: Ticket) -> Ticket:
    """Nominal times clean price, with a made-up accrued interest of 0.875 percent: net amount and control total."""
    net = round(Decimal(ticket["quantity"]) * (Decimal(ticket["price"]) + Decimal("0.875")) / 100, 2)
    return ticket | {"net_amount": plain(net), "amount": plain(net)}


def block(desk: Desk) -> list[Ticket]:
    """One aggregated order of several clients: fills into the aggregate account, then flat allocations out of it.

    RTS 22 Annex I, field 7: INTC stands for the account that moves between fills and allocations, and nets to zero.
    """
    draws = desk.draws
    instrument = draws.pick([i for i in _european("ES") if len([v for v in i.venues if v in EEA_VENUES]) > 1])
    side = draws.pick(("BUY", "SELL"))
    members = ([*FUNDS] if desk.house.code == "LDX" else [*CLIENTS])[: draws.between(2, 4)]
    parts = [draws.between(2, 30) * 10 for _ in members]
    first = draws.between(1, sum(parts) // 10 - 1) * 10
    price = units(draws, instrument, (1,))
    executor = decided_by("execution", desk.trader(), desk.house.country)
    tickets = []
    for quantity, venue in zip((first, sum(parts) - first), instrument.venues, strict=False):
        fill = desk.base(fraction=6) | _agency(executor) | on_venue(desk, venue) | price
        tickets.append(
            fill
            | {"side": side, "counterparty": CLEARING_HOUSES["CASH"].lei, "client_id_type": "INTC"}
            | _quantity(price, quantity)
        )
    for member, quantity in zip(members, parts, strict=True):
        given = desk.base(fraction=3) | _agency(executor) | party("client", member) | price
        if member in FUNDS:
            given |= party("client_decision_maker", MANAGER)
        tickets.append(given | {"side": side, "counterparty": "INTC", "venue": "XOFF"} | _quantity(price, quantity))
    last = max(t["timestamp"] for t in tickets[:2])
    tickets = [t | ({"timestamp": last} if i > 1 else {}) for i, t in enumerate(tickets)]
    return [_selling(t, instrument, house_sells=side == "SELL") for t in tickets]


def _agency(executor: Ticket) -> Ticket:
    return {"trading_capacity": "AOTC", "service": "CLIENT_EXECUTION", "order_origin": "CLIENT"} | executor


def _quantity(price: Ticket, quantity: int) -> Ticket:
    return {"quantity": str(quantity), "amount": plain(round(Decimal(price["price"]) * quantity, 2))}


def passed_on(desk: Desk) -> list[Ticket]:
    """An order handed to another firm without a transmission agreement: reported, field 25 true (RTS 22 Art. 4)."""
    draws = desk.draws
    instrument = draws.pick(_european("ES"))
    receiver = draws.pick(BROKERS[:-1]).lei
    ticket = desk.base(fraction=0) | for_client(desk) | units(draws, instrument, LOTS)
    ticket |= {"service": "RECEPTION_TRANSMISSION", "venue": "XOFF", "counterparty": receiver, "receiver": receiver}
    ticket |= {"transmitted": "true", "transmission": "true", "receiver_is_firm": "true", "receiver_agreed": "false"}
    ticket |= {"agreement_controls": "false", "details_complete": "false"}
    return [_selling(ticket, instrument, house_sells=ticket["side"] == "SELL")]


def received(desk: Desk) -> list[Ticket]:
    """An order that a smaller firm passed to us under an agreement; its client is ours to report, field 26 or 27."""
    draws = desk.draws
    instrument = draws.pick(_european("ES"))
    venue = draws.pick([v for v in instrument.venues if v in EEA_VENUES])
    executor = decided_by("execution", draws.pick(desk.house.algorithms), desk.house.country)
    ticket = desk.base(fraction=6) | _agency(executor) | party("client", draws.pick(people())) | on_venue(desk, venue)
    ticket |= units(draws, instrument, LOTS) | {
        "counterparty": CLEARING_HOUSES["CASH"].lei,
        "received_by_transmission": "true",
    }
    side = "buyer" if ticket["side"] == "BUY" else "seller"
    ticket[f"transmitting_firm_{side}"] = SMALL_FIRM.lei
    return [_selling(ticket, instrument, house_sells=ticket["side"] == "SELL")]


def new_issue(desk: Desk) -> list[Ticket]:
    """A bond bought at issue for a fund: an allocation at the issue price, before trading begins (RTS 22 Art. 2(5))."""
    draws = desk.draws
    instrument = shelf()["NEWBOND"]
    executor = decided_by("execution", desk.trader(), desk.house.country)
    ticket = (
        desk.base(fraction=0)
        | _agency(executor)
        | party("client", draws.pick(FUNDS))
        | party("client_decision_maker", MANAGER)
    )
    ticket |= nominal(draws, instrument, "PCTG", (200,)) | {
        "side": "BUY",
        "event_kind": "PRIMARY_ISSUE",
        "venue": "XOFF",
    }
    ticket |= {"counterparty": BROKERS[2].lei, "price": plain(instrument.price)}
    return [paid(ticket)]
