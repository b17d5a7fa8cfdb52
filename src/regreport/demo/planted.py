"""The defects planted in the demo's day: what is wrong, in which records, and what must become of each.

A demo that only shows a good day proves nothing. Every row of PLANTED is written into the day on purpose, and the tests
follow it to its end: held with the rule that stopped it, not reportable with its reason, sent with a warning, or
answered by the authority in the way that the table says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from regreport.demo import cash, derivatives
from regreport.demo.cash import paid
from regreport.demo.columns import EXTRA_COLUMN
from regreport.demo.group import BROKERS, CLEARING_HOUSES, CLIENTS, DISSOLVED, FUNDS
from regreport.demo.market import shelf
from regreport.demo.tickets import (
    Desk,
    Ticket,
    decided_by,
    nominal,
    on_venue,
    own_account,
    party,
    units,
)

UNKNOWN_ISIN: Final = "SE000DEMO992"
"""Well formed, and in nobody's reference data."""
SHIFTED_RECORDS: Final = 24


@dataclass(frozen=True)
class Planted:
    """One planted defect. `becomes` is its category of the account, or 'warning', 'pending' for what is sent anyway."""

    key: str
    what: str
    house: str
    records: int
    becomes: str
    rule: str
    """The rule that names it: eligibility, source, validation, or the authority's own."""


PLANTED: Final = (
    Planted("bad_lei", "client LEI with two digits swapped", "NLB", 2, "held", "CON-070"),
    Planted("same_twice", "the same record written twice", "SKF", 1, "duplicate", "DUPLICATE"),
    Planted("two_contents", "one reference for two different trades", "NLB", 2, "held", "CONFLICT"),
    Planted("no_decision", "own account deal without who decided it", "LDX", 2, "held", "R22-57-01"),
    Planted("no_decision_maker", "fund as client without its manager", "LDX", 2, "warning", "R22-12-02"),
    Planted("shifted_clock", "local times of one desk marked as UTC", "SKF", SHIFTED_RECORDS, "warning", "MFR-28-01"),
    Planted("unknown_instrument", "ISIN that no reference data knows", "SKF", 2, "pending", "CON-411"),
    Planted("no_event", "what happened is not said", "NLB", 1, "held", "MF-N16"),
    Planted("bad_quantity", "quantity with a thousands separator", "LDX", 1, "held", "SRC-quantity"),
    Planted("repo", "securities financing transaction", "NLB", 4, "not_reportable", "MF-N1"),
    Planted("spot_fx", "currency bought for immediate delivery", "NLB", 6, "not_reportable", "MF-I1"),
    Planted("agreed_transmission", "order passed on under an agreement", "SKF", 5, "not_reportable", "MF-X2"),
    Planted("expiry", "options that expired on their own terms", "NLB", 3, "not_reportable", "MF-N9"),
    Planted("bilateral_forward", "currency forward off venue, out of scope", "NLB", 4, "not_reportable", "MF-I7"),
    Planted("new_issue", "bond that the authority does not list yet", "LDX", 2, "pending", "CON-411"),
    Planted("dissolved_client", "client that the authority knows as dissolved", "NLB", 2, "rejected", "CON-070"),
)


def plant(desks: Mapping[str, Desk]) -> dict[str, list[Ticket]]:
    """Key of PLANTED -> its tickets, without references. `desks` by house code."""
    return {p.key: [_MAKERS[p.key](desks[p.house]) for _ in range(p.records)] for p in PLANTED}


def _plain_share(desk: Desk, key: str) -> Ticket:
    """A cleared share trade for a company: nothing about it is odd until a defect is planted."""
    share = shelf()[key]
    who = {"trading_capacity": "AOTC", "service": "CLIENT_EXECUTION", "order_origin": "CLIENT"}
    ticket = desk.base(fraction=6) | who | party("client", CLIENTS[0]) | on_venue(desk, share.venues[0])
    ticket |= decided_by("execution", desk.draws.pick(desk.house.algorithms), desk.house.country)
    return ticket | units(desk.draws, share, (10, 50)) | {"side": "BUY", "counterparty": CLEARING_HOUSES["CASH"].lei}


def _bad_lei(desk: Desk) -> Ticket:
    good = CLIENTS[0].lei
    return _plain_share(desk, "HANSEKABEL") | {"client_id": good[:18] + good[19] + good[18]}


def _share(desk: Desk) -> Ticket:
    return _plain_share(desk, "MALARTEK")


def _no_decision(desk: Desk) -> Ticket:
    ticket = _plain_share(desk, "LIFFEYDATA")
    kept = {name: value for name, value in ticket.items() if not name.startswith("client")}
    return kept | {"trading_capacity": "DEAL", "service": "OWN_ACCOUNT", "order_origin": "OWN"}


def _no_decision_maker(desk: Desk) -> Ticket:
    return _plain_share(desk, "BURRENFOOD") | party("client", FUNDS[2])


def _shifted_clock(desk: Desk) -> Ticket:
    """The clock of the wall with the mark of UTC: the desk's last half hour seems to lie after the venue's close."""
    ticket = _plain_share(desk, desk.draws.pick(("NORRSTAL", "SKOGVIND", "MALARTEK", "FJALLMAT")))
    minute = desk.draws.between(45, 79)
    clock = f"{16 + minute // 60}:{minute % 60:02d}:{ticket['timestamp'][17:26]}"
    return ticket | {"timestamp": f"2026-11-23T{clock}Z", EXTRA_COLUMN: "desk NORTH2"}


def _unknown_instrument(desk: Desk) -> Ticket:
    return _plain_share(desk, "SKOGVIND") | {"isin": UNKNOWN_ISIN}


def _no_event(desk: Desk) -> Ticket:
    return _plain_share(desk, "ELBLOG") | {"event_kind": ""}


def _bad_quantity(desk: Desk) -> Ticket:
    return _plain_share(desk, "CLAREWIND") | {"quantity": "1,250.00"}


def _repo(desk: Desk) -> Ticket:
    ticket = desk.base(fraction=0) | own_account(desk) | nominal(desk.draws, shelf()["BUND32"], "PCTG", (5000,))
    ticket |= {"event_kind": "REPO", "sft": "true", "escb_counterparty": "false"}
    return paid(ticket | {"venue": "XOFF", "counterparty": BROKERS[2].lei})


def _spot_fx(desk: Desk) -> Ticket:
    ticket = desk.base(fraction=3) | own_account(desk) | nominal(desk.draws, shelf()["FXFWD"], "MNTR", (250,))
    ticket |= {"isin": "", "product_kind": "SPOT_FX", "price_currency": "USD", "venue": "XXXX"}
    return ticket | {"counterparty": BROKERS[0].lei}


def _agreed_transmission(desk: Desk) -> Ticket:
    met = {"receiver_agreed": "true", "agreement_controls": "true", "details_complete": "true", "transmission": "false"}
    return cash.passed_on(desk)[0] | met


def _expiry(desk: Desk) -> Ticket:
    instrument = shelf()[desk.draws.pick(("CALLALP", "PUTALP"))]
    ticket = desk.base(fraction=0) | own_account(desk) | units(desk.draws, instrument, (10,))
    ticket |= {"event_kind": "EXPIRY", "holder_choice": "false", "price": "0", "amount": "0", "venue": "XOFF"}
    return ticket | {"counterparty": CLEARING_HOUSES["EUREX"].lei}


def _bilateral_forward(desk: Desk) -> Ticket:
    forward = shelf()["FXFWD"]
    ticket = desk.base(fraction=0) | own_account(desk) | nominal(desk.draws, forward, "MNTR", (500,))
    ticket |= derivatives.described(forward, "FX forward EUR USD", "JFTXFP") | {
        "price_currency": "USD",
        "price_multiplier": "1",
    }
    return ticket | {"counterparty": BROKERS[1].lei, "notional_currency_2": "USD", "notional_currency_2_type": "FX"}


def _dissolved_client(desk: Desk) -> Ticket:
    return _plain_share(desk, "RHEINCHEM") | party("client", DISSOLVED)


_MAKERS: Final[dict[str, Callable[[Desk], Ticket]]] = {
    "bad_lei": _bad_lei,
    "same_twice": _share,
    "two_contents": _share,
    "no_decision": _no_decision,
    "no_decision_maker": _no_decision_maker,
    "shifted_clock": _shifted_clock,
    "unknown_instrument": _unknown_instrument,
    "no_event": _no_event,
    "bad_quantity": _bad_quantity,
    "repo": _repo,
    "spot_fx": _spot_fx,
    "agreed_transmission": _agreed_transmission,
    "expiry": _expiry,
    "bilateral_forward": _bilateral_forward,
    "new_issue": lambda desk: cash.new_issue(desk)[0],
    "dissolved_client": _dissolved_client,
}


def contradict(ticket: Ticket) -> Ticket:
    """The same reference with another quantity."""
    return ticket | {"quantity": str(Decimal(ticket["quantity"]) + 100)}
