"""The firm's own file: what its columns are called, which codes it writes, and the mapping that turns them into ours.

A demo whose columns already had our names would show nothing; so the made-up firm has its own names and codes, and the
mapping is written from the same table that writes the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from regreport.demo.tickets import Ticket

_YES_NO: Final = {"Y": "true", "N": "false"}
_ID_TYPE: Final = {"L": "LEI", "N": "NIDN", "P": "CCPT", "C": "CONCAT", "A": "INTC"}
_WHO: Final = {"N": "NIDN", "P": "CCPT", "C": "CONCAT", "ALGO": "ALGO", "CLIENT": "NORE"}
_KIND: Final = {"I": "ISIN", "X": "INDEX", "B": "BASKET"}


@dataclass(frozen=True)
class OwnColumn:
    """A column of the firm's file: its name, our column, and their codes for our values."""

    name: str
    column: str
    codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Their code -> our value."""

    def write(self, value: str) -> str:
        """Our value as the firm writes it; several values are parted by `|`. A value without a code stays as it is."""
        theirs = {ours: code for code, ours in self.codes.items()}
        return "|".join(theirs.get(v, v) for v in value.split("|")) if theirs else value


OWN_COLUMNS: Final = (
    OwnColumn("TradeRef", "transaction_id"),
    OwnColumn("FirmLEI", "entity"),
    OwnColumn("ExecTime", "timestamp"),
    OwnColumn("Event", "event_kind", {"TRD": "TRADE", "ISSUE": "PRIMARY_ISSUE", "REPO": "REPO", "EXPIRE": "EXPIRY"}),
    OwnColumn("Product", "product_kind", {"SEC": "INSTRUMENT", "FXSPOT": "SPOT_FX"}),
    OwnColumn("Choice", "holder_choice", _YES_NO),
    OwnColumn("OTC", "is_otc_derivative", _YES_NO),
    OwnColumn("ClearClass", "otc_class_8a2", _YES_NO),
    OwnColumn("ESCB", "escb_counterparty", _YES_NO),
    OwnColumn(
        "Service",
        "service",
        {"EXEC": "CLIENT_EXECUTION", "OWN": "OWN_ACCOUNT", "DISC": "MANDATE", "RTO": "RECEPTION_TRANSMISSION"},
    ),
    OwnColumn("Origin", "order_origin", {"C": "CLIENT", "M": "MANDATE", "O": "OWN"}),
    OwnColumn("PassedOn", "transmitted", _YES_NO),
    OwnColumn("PassedTo", "receiver"),
    OwnColumn("PassedToFirm", "receiver_is_firm", _YES_NO),
    OwnColumn("PassAgreed", "receiver_agreed", _YES_NO),
    OwnColumn("PassControls", "agreement_controls", _YES_NO),
    OwnColumn("PassComplete", "details_complete", _YES_NO),
    OwnColumn("GotByPass", "received_by_transmission", _YES_NO),
    OwnColumn("TxInd", "transmission", _YES_NO),
    OwnColumn("TxFirmBuy", "transmitting_firm_buyer"),
    OwnColumn("TxFirmSell", "transmitting_firm_seller"),
    OwnColumn("Side", "side", {"B": "BUY", "S": "SELL"}),
    OwnColumn("Cap", "trading_capacity", {"P": "DEAL", "A": "AOTC", "R": "MTCH"}),
    OwnColumn("Cpty", "counterparty"),
    OwnColumn("CliId", "client_id"),
    OwnColumn("CliIdType", "client_id_type", _ID_TYPE),
    OwnColumn("CliBranch", "client_branch_country"),
    OwnColumn("CliFirst", "client_first_names"),
    OwnColumn("CliLast", "client_surnames"),
    OwnColumn("CliBorn", "client_birth_date"),
    OwnColumn("CliNat", "client_nationality"),
    OwnColumn("DecId", "client_decision_maker_id"),
    OwnColumn("DecIdType", "client_decision_maker_id_type", _ID_TYPE),
    OwnColumn("DecFirst", "client_decision_maker_first_names"),
    OwnColumn("DecLast", "client_decision_maker_surnames"),
    OwnColumn("DecBorn", "client_decision_maker_birth_date"),
    OwnColumn("DecNat", "client_decision_maker_nationality"),
    OwnColumn("ISIN", "isin"),
    OwnColumn("Qty", "quantity"),
    OwnColumn("QtyKind", "quantity_type", {"U": "UNIT", "F": "NMNL"}),
    OwnColumn("QtyCcy", "quantity_currency"),
    OwnColumn("Px", "price"),
    OwnColumn("PxKind", "price_type", {"CCY": "MNTR", "PCT": "PCTG", "BP": "BAPO"}),
    OwnColumn("PxCcy", "price_currency"),
    OwnColumn("NetAmt", "net_amount"),
    OwnColumn("GrossAmt", "amount"),
    OwnColumn("Ccy", "currency"),
    OwnColumn("Venue", "venue"),
    OwnColumn("MemberCtry", "branch_membership_country"),
    OwnColumn("MatchId", "venue_transaction_id"),
    OwnColumn("UpFront", "upfront_payment"),
    OwnColumn("UpFrontCcy", "upfront_payment_currency"),
    OwnColumn("InstrName", "instrument_name"),
    OwnColumn("CFI", "instrument_classification"),
    OwnColumn("NtnlCcy", "notional_currency_1"),
    OwnColumn("NtnlCcy2", "notional_currency_2"),
    OwnColumn("NtnlCcy2Kind", "notional_currency_2_type"),
    OwnColumn("Multiplier", "price_multiplier"),
    OwnColumn("Und", "underlying_isin"),
    OwnColumn("UndKind", "underlying_type", _KIND),
    OwnColumn("UndBasket", "underlying_basket_isin"),
    OwnColumn("UndIdx", "underlying_index_code"),
    OwnColumn("UndIdxUnit", "underlying_index_term_unit"),
    OwnColumn("UndIdxTerm", "underlying_index_term"),
    OwnColumn("RcvUnd", "underlying_in_isin"),
    OwnColumn("RcvKind", "underlying_in_type", _KIND),
    OwnColumn("PayKind", "underlying_out_type", _KIND),
    OwnColumn("PayIdx", "underlying_out_index_code"),
    OwnColumn("PayIdxUnit", "underlying_out_index_term_unit"),
    OwnColumn("PayIdxTerm", "underlying_out_index_term"),
    OwnColumn("CallPut", "option_type", {"C": "CALL", "P": "PUTO"}),
    OwnColumn("Strike", "strike_price"),
    OwnColumn("StrikeKind", "strike_price_type", {"CCY": "MNTR"}),
    OwnColumn("StrikeCcy", "strike_price_currency"),
    OwnColumn("Style", "exercise_style", {"EU": "EURO"}),
    OwnColumn("Expiry", "expiry_date"),
    OwnColumn("Settles", "delivery_type", {"C": "CASH", "P": "PHYS"}),
    OwnColumn("InvDec", "investment_decision_id"),
    OwnColumn("InvDecKind", "investment_decision_type", _WHO),
    OwnColumn("InvDecNat", "investment_decision_nationality"),
    OwnColumn("InvDecBranch", "investment_decision_country"),
    OwnColumn("Exec", "execution_id"),
    OwnColumn("ExecKind", "execution_type", _WHO),
    OwnColumn("ExecNat", "execution_nationality"),
    OwnColumn("ExecBranch", "execution_country"),
    OwnColumn("Waiver", "waiver"),
    OwnColumn("Short", "short_selling"),
    OwnColumn("PostTrade", "otc_post_trade"),
    OwnColumn("Hedge", "commodity_derivative", _YES_NO),
    OwnColumn("SFT", "sft", _YES_NO),
)
EXTRA_COLUMN: Final = "BookNote"
"""A column of the firm's own that no report needs: named in the mapping as left out on purpose."""


def trades_csv(tickets: Iterable[Ticket]) -> str:
    """The firm's file: header and one line a ticket, in the firm's own names and codes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([c.name for c in OWN_COLUMNS] + [EXTRA_COLUMN])
    for ticket in tickets:
        writer.writerow([c.write(ticket.get(c.column, "")) for c in OWN_COLUMNS] + [ticket.get(EXTRA_COLUMN, "")])
    return out.getvalue()


def mapping_toml() -> str:
    """The mapping of that file, as `load --mapping` takes it."""
    lines = [
        "# How the trade file of the demo's firm becomes regreport's columns.",
        "# Times carry their own offset from UTC; several holders of one account are parted by |.",
        'kind = "transaction"',
        f'ignored = ["{EXTRA_COLUMN}"]',
        "",
        "[file]",
        'delimiter = ","',
        "",
        "[columns]",
    ]
    return "\n".join(lines + [_toml(c) for c in OWN_COLUMNS]) + "\n"


def _toml(own: OwnColumn) -> str:
    if not own.codes:
        return f'{own.column} = "{own.name}"'
    codes = ", ".join(f'"{code}" = "{ours}"' for code, ours in own.codes.items())
    return f'{own.column} = {{ from = "{own.name}", translate = {{ {codes} }} }}'
