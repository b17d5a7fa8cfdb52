"""The derivatives desks: listed futures and options, and contracts between two parties that are described in full."""

from __future__ import annotations

from decimal import Decimal

from regreport.demo.group import BROKERS, CLEARING_HOUSES
from regreport.demo.market import Instrument, of_kind, shelf
from regreport.demo.tickets import Desk, Ticket, for_client, from_own_book, nominal, on_venue, own_account, plain, units

CONTRACTS = (1, 2, 5, 10)


def listed(desk: Desk) -> list[Ticket]:
    """A future or an option on an exchange, cleared."""
    draws = desk.draws
    instrument = draws.pick(of_kind("F", "O"))
    role = own_account(desk) if draws.chance(65) else for_client(desk)
    ticket = desk.base(fraction=6) | role | on_venue(desk, instrument.venues[0]) | units(draws, instrument, CONTRACTS)
    ticket["counterparty"] = CLEARING_HOUSES["EUREX"].lei
    if instrument.cfi.startswith("FC"):
        ticket["commodity_derivative"] = "true" if draws.chance(20) else "false"
    return [ticket]


def venue_swap(desk: Desk) -> list[Ticket]:
    """An interest rate or index credit swap on a trading venue, by its ISIN."""
    draws = desk.draws
    instrument = draws.pick(of_kind("S"))
    ticket = _between_dealers(desk, 3) | on_venue(desk, draws.pick(instrument.venues))
    kind = "BAPO" if instrument.cfi.startswith("SC") else "PCTG"
    ticket |= nominal(draws, instrument, kind, (1000, 5000))
    if kind == "BAPO":
        ticket |= _up_front(desk, ticket["quantity"])
    return [ticket]


def venue_forward(desk: Desk) -> list[Ticket]:
    """A currency forward on a trading venue: whoever receives the currency that comes first in the alphabet buys."""
    draws = desk.draws
    instrument = shelf()["FXFWD"]
    ticket = (
        _between_dealers(desk, 3) | on_venue(desk, instrument.venues[0]) | nominal(draws, instrument, "MNTR", (500,))
    )
    ticket |= {"price": plain(draws.near(instrument.price, 1, 5)), "price_currency": "USD"}
    return [ticket]


def equity_option(desk: Desk) -> list[Ticket]:
    """A European option on a listed share between the house and a client: no ISIN, so the instrument is described."""
    draws = desk.draws
    share = draws.pick(of_kind("ES")[:17])
    call = draws.chance(55)
    strike = round(share.price * draws.between(85, 115) / 100, 2)
    ticket = _with_client(desk) | units(draws, share, (100,))
    ticket |= described(
        share, f"{share.name} {'Call' if call else 'Put'} {plain(strike)} 2027-06-18", "HESAVC" if call else "HESDVC"
    )
    premium = draws.near(share.price / 20, 30, 3)
    ticket |= {
        "price": plain(premium),
        "amount": plain(round(premium * int(ticket["quantity"]), 2)),
        "price_multiplier": "1",
    }
    ticket |= {"underlying_type": "ISIN", "underlying_isin": share.isin, "option_type": "CALL" if call else "PUTO"}
    ticket |= {"strike_price": plain(strike), "strike_price_type": "MNTR", "strike_price_currency": share.currency}
    return [ticket | {"exercise_style": "EURO"}]


def contract_for_difference(desk: Desk) -> list[Ticket]:
    """A contract for difference on a listed share."""
    draws = desk.draws
    share = draws.pick(of_kind("ES")[:17])
    ticket = _with_client(desk) | units(draws, share, (10, 50)) | described(share, f"{share.name} CFD", "JESXCC")
    ticket |= {"price_multiplier": "1", "underlying_type": "ISIN", "underlying_isin": share.isin}
    ticket.pop("expiry_date")
    return [ticket]


def equity_swap(desk: Desk) -> list[Ticket]:
    """A swap of a share's price return against EURIBOR plus a spread: what comes in and what goes out are named."""
    draws = desk.draws
    share = draws.pick([i for i in of_kind("ES")[:17] if i.currency == "EUR"])
    ticket = (
        _between_dealers(desk, 0)
        | nominal(draws, share, "BAPO", (500,))
        | described(share, f"Equity swap {share.name}", "SESPXC")
    )
    ticket |= {
        "price": str(draws.between(15, 60)),
        "price_multiplier": "1",
        "underlying_in_type": "ISIN",
        "underlying_in_isin": share.isin,
    }
    ticket |= {"underlying_out_type": "INDEX", "underlying_out_index_code": "EURI"}
    return [ticket | {"underlying_out_index_term_unit": "MNTH", "underlying_out_index_term": "3"}]


def basket_option(desk: Desk) -> list[Ticket]:
    """A call on a basket of three listed shares."""
    draws = desk.draws
    start = draws.below(8)
    shares = of_kind("ES")[start : start + 3]
    ticket = (
        _with_client(desk)
        | units(draws, shares[0], (100,))
        | described(shares[0], "Basket call 100 2027-09-17", "HEBAVC")
    )
    premium = draws.near(Decimal("6.20"), 20, 2)
    ticket |= {"price": plain(premium), "price_currency": "EUR", "currency": "EUR", "notional_currency_1": "EUR"}
    ticket |= {"amount": plain(premium * int(ticket["quantity"])), "price_multiplier": "1", "expiry_date": "2027-09-17"}
    ticket |= {
        "underlying_type": "BASKET",
        "underlying_basket_isin": "|".join(s.isin for s in shares),
        "option_type": "CALL",
    }
    return [
        ticket
        | {"strike_price": "100", "strike_price_type": "MNTR", "strike_price_currency": "EUR", "exercise_style": "EURO"}
    ]


def credit_default_swap(desk: Desk) -> list[Ticket]:
    """Protection on one company, off venue: reportable because its bond is listed (MiFIR Art. 26(2)(b))."""
    bond = shelf()["ALPENBOND"]
    ticket = (
        _between_dealers(desk, 0)
        | nominal(desk.draws, bond, "BAPO", (1000,))
        | described(bond, "CDS Alpenwerk 5Y", "SCUCCA")
    )
    ticket |= {"price": str(desk.draws.between(80, 140)), "price_multiplier": "1", "expiry_date": "2031-12-20"}
    ticket |= {"underlying_type": "ISIN", "underlying_isin": bond.isin}
    return [ticket | _up_front(desk, ticket["quantity"])]


def cleared_rate_swap(desk: Desk) -> list[Ticket]:
    """A plain euro swap off venue, of a class that MiFIR Art. 8a(2) names."""
    swap = shelf()["IRS5"]
    ticket = (
        _between_dealers(desk, 0) | nominal(desk.draws, swap, "PCTG", (5000,)) | described(swap, "IRS EUR 5Y", "SRCCSP")
    )
    ticket |= {"otc_class_8a2": "true", "expiry_date": swap.ends, "price_multiplier": "1"}
    ticket |= {"underlying_type": "INDEX", "underlying_index_code": "EURI"}
    return [ticket | {"underlying_index_term_unit": "MNTH", "underlying_index_term": "6"}]


def described(basis: Instrument, name: str, cfi: str) -> Ticket:
    """What stands in place of an ISIN (fields 42 to 56); the rest depends on the contract."""
    return {
        "isin": "",
        "venue": "XXXX",
        "is_otc_derivative": "true",
        "otc_class_8a2": "false",
        "instrument_name": name,
        "instrument_classification": cfi,
        "notional_currency_1": basis.currency,
        "expiry_date": "2027-06-18",
        "delivery_type": "CASH",
    }


def _with_client(desk: Desk) -> Ticket:
    return desk.base(fraction=0) | from_own_book(desk)


def _between_dealers(desk: Desk, fraction: int) -> Ticket:
    other = desk.draws.pick(BROKERS[:-1]).lei
    return (
        desk.base(fraction=fraction)
        | own_account(desk)
        | {"counterparty": other, "is_otc_derivative": "true", "otc_class_8a2": "false"}
    )


def _up_front(desk: Desk, notional: str) -> Ticket:
    """Paid at the start, by the seller of protection where it is negative."""
    sign = -1 if desk.draws.chance(30) else 1
    amount = sign * round(Decimal(notional) * desk.draws.between(20, 180) / 10_000, 2)
    return {"upfront_payment": plain(amount), "upfront_payment_currency": "EUR"}
