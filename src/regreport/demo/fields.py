"""The demo's tickets as RTS 22 fields, written down a second time and apart from the regime's own mapping.

Two uses: the benchmark's table is made of these rows, and a test holds them against what the mapping makes of the same
tickets, so that a mistake in either shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import polars as pl

from regreport.demo.identifiers import concat
from regreport.demo.tickets import Ticket
from regreport.engine.fields import FieldLayer

_SAME: Final = (
    *("venue_transaction_id", "transmission", "transmitting_firm_buyer", "transmitting_firm_seller"),
    *("trading_capacity", "quantity", "quantity_type", "quantity_currency", "price", "price_type", "price_currency"),
    *("net_amount", "venue", "branch_membership_country", "upfront_payment_currency", "isin", "instrument_name"),
    *("instrument_classification", "notional_currency_1", "notional_currency_2", "notional_currency_2_type"),
    *("price_multiplier", "underlying_isin", "underlying_type", "underlying_index_code", "underlying_index_term_unit"),
    *("underlying_index_term", "underlying_in_isin", "underlying_in_type", "underlying_out_type"),
    *("underlying_out_index_code", "underlying_out_index_term_unit", "underlying_out_index_term", "option_type"),
    *("strike_price", "strike_price_type", "strike_price_currency", "exercise_style", "expiry_date", "delivery_type"),
    *("investment_decision_id", "investment_decision_type", "investment_decision_country", "execution_id"),
    *("execution_type", "execution_country", "short_selling", "commodity_derivative", "sft"),
)
"""Columns that a ticket and the field table share, value for value."""
_LISTS: Final = ("waiver", "otc_post_trade", "underlying_basket_isin")
_PARTY: Final = ("id", "id_type", "branch_country", "first_names", "surnames", "birth_date")
_DECIDER: Final = ("id", "id_type", "first_names", "surnames", "birth_date")
Party = list[dict[str, str | None]]


def field_table(tickets: Sequence[Ticket], layer: FieldLayer) -> pl.DataFrame:
    """Tickets -> the complete field table of new reports, in the same order."""
    rows = [_row(t) for t in tickets]
    columns = {name: [r.get(name) for r in rows] for name in layer.schema}
    return layer.complete(pl.DataFrame(columns, schema=layer.schema))


def _row(ticket: Ticket) -> dict[str, Any]:
    row: dict[str, Any] = {name: ticket.get(name) or None for name in _SAME}
    row |= {name: ticket[name].split("|") for name in _LISTS if ticket.get(name)}
    row |= {
        "status": "NEWT",
        "transaction_reference": ticket["transaction_id"],
        "executing_entity": ticket["entity"],
        "investment_firm": "true",
        "submitting_entity": ticket["entity"],
        "trading_date_time": _utc(ticket["timestamp"]),
        "instrument_type": "ID" if ticket.get("isin") else "OTHR",
    }
    if "upfront_payment" in ticket:
        row["upfront_payment"] = ticket["upfront_payment"].lstrip("-")
        row["upfront_payment_sign"] = "false" if ticket["upfront_payment"].startswith("-") else None
    return row | _sides(ticket)


def _sides(ticket: Ticket) -> dict[str, Party]:
    """Buyer and seller, and who decides for the one that is the client."""
    house: Party = [{"id": ticket["entity"], "id_type": "LEI"}]
    theirs = ticket.get("counterparty", "")
    other: Party = [{"id": None, "id_type": "INTC"} if theirs == "INTC" else {"id": theirs, "id_type": "LEI"}]
    client = _party(ticket, "client", _PARTY)
    own = ticket["trading_capacity"] in ("DEAL", "MTCH")
    near, far = (client, house) if own and client else (house, other) if own else (client, other)
    near_is, far_is = ("buyer", "seller") if ticket["side"] == "BUY" else ("seller", "buyer")
    sides = {near_is: near, far_is: far}
    deciders = _party(ticket, "client_decision_maker", _DECIDER)
    return sides | ({f"{near_is}_decision_maker": deciders} if deciders else {})


def _party(ticket: Ticket, who: str, columns: tuple[str, ...]) -> Party:
    """The members of a party, in capitals as the report has them."""
    values = {c: ticket[f"{who}_{c}"].split("|") for c in columns if ticket.get(f"{who}_{c}")}
    size = max((len(v) for v in values.values()), default=0)
    members = [{c: (values[c][i] if i < len(values.get(c, [])) else None) for c in columns} for i in range(size)]
    for member, nationality in zip(members, ticket.get(f"{who}_nationality", "").split("|"), strict=False):
        if member["id_type"] == "CONCAT" and not member["id"]:
            born = date.fromisoformat(member["birth_date"] or "")
            member["id"] = nationality + concat(member["first_names"] or "", member["surnames"] or "", born)
        for names in ("first_names", "surnames"):
            member[names] = (member[names] or "").upper() or None
    return members


def _utc(timestamp: str) -> str:
    """The instant in UTC, with as many digits of a second as it came with."""
    instant = datetime.fromisoformat(timestamp).astimezone(UTC)
    fraction = timestamp.removesuffix("Z").partition("+")[0].partition(".")[2]
    return f"{instant:%Y-%m-%dT%H:%M:%S}{'.' * bool(fraction)}{fraction}Z"
