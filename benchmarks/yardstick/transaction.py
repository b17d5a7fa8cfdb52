"""A MiFIR transaction as an lxml tree, written out by hand from a row of the field table: the second opinion on paths.

Every element stands here in the order of auth.016.001.01, with the field that fills it; nothing is read from the
regime's own rows, so that a mistake in either shows as another document.

Source: RTS 22 (EU) 2017/590 Annex I; auth.016.001.01.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:auth.016.001.01"
_NS = f"{{{NAMESPACE}}}"
_LEGS = (("underlying_in", "SwpIn"), ("underlying_out", "SwpOut"))
_PRICES = {"PCTG": "Pctg", "YIEL": "Yld", "BAPO": "BsisPts"}
Row = Mapping[str, Any]
Element = etree._Element


def add(parent: Element, tag: str, text: str | None = None) -> Element:
    """A new element at the end of its parent, with its text."""
    element = etree.SubElement(parent, _NS + tag)
    element.text = text
    return element


def add_given(parent: Element, tag: str, text: str | None) -> None:
    """The same, where there is a text."""
    if text is not None:
        etree.SubElement(parent, _NS + tag).text = text


def transaction(parent: Element, row: Row) -> None:
    """One report: new, or a cancellation (field 1)."""
    if row["status"] == "CANC":
        cancel = add(add(parent, "Tx"), "Cxl")
        add(cancel, "TxId", row["transaction_reference"])
        add(cancel, "ExctgPty", row["executing_entity"])
        add(cancel, "SubmitgPty", row["submitting_entity"])
        return
    new = add(add(parent, "Tx"), "New")
    add_given(new, "TxId", row["transaction_reference"])
    add_given(new, "ExctgPty", row["executing_entity"])
    add_given(new, "InvstmtPtyInd", row["investment_firm"])
    add_given(new, "SubmitgPty", row["submitting_entity"])
    _side(add(new, "Buyr"), row["buyer"], row["buyer_decision_maker"])
    _side(add(new, "Sellr"), row["seller"], row["seller_decision_maker"])
    transmission = add(new, "OrdrTrnsmssn")
    add_given(transmission, "TrnsmssnInd", row["transmission"])
    add_given(transmission, "TrnsmttgBuyr", row["transmitting_firm_buyer"])
    add_given(transmission, "TrnsmttgSellr", row["transmitting_firm_seller"])
    _trade(add(new, "Tx"), row)
    _instrument(add(new, "FinInstrm"), row)
    _decider(new, "InvstmtDcsnPrsn", "investment_decision", row)
    _decider(new, "ExctgPrsn", "execution", row)
    _indicators(add(new, "AddtlAttrbts"), row)


def _side(side: Element, parties: list[Row] | None, makers: list[Row] | None) -> None:
    for party in parties or ():
        owner = add(side, "AcctOwnr")
        identity = add(owner, "Id")
        kind = party["id_type"]
        if kind == "INTC":
            add(identity, "Intl", "INTC")
        elif kind in ("LEI", "MIC"):
            add(identity, kind, party["id"])
        else:
            _person(identity, party)
        add_given(owner, "CtryOfBrnch", party["branch_country"])
    for maker in makers or ():
        decider = add(side, "DcsnMakr")
        if maker["id_type"] == "LEI":
            add(decider, "LEI", maker["id"])
        else:
            _person(decider, maker)


def _person(parent: Element, person: Row) -> None:
    element = add(parent, "Prsn")
    add_given(element, "FrstNm", person["first_names"])
    add_given(element, "Nm", person["surnames"])
    add_given(element, "BirthDt", person["birth_date"])
    _number(element, person["id"], person["id_type"])


def _number(parent: Element, number: str, kind: str) -> None:
    other = add(parent, "Othr")
    add(other, "Id", number)
    add(add(other, "SchmeNm"), "Prtry" if kind == "CONCAT" else "Cd", kind)


def _money(parent: Element, tag: str, amount: str, currency: str | None) -> None:
    element = add(parent, tag, amount)
    if currency is not None:
        element.set("Ccy", currency)


def _trade(trade: Element, row: Row) -> None:
    add_given(trade, "TradDt", row["trading_date_time"])
    add_given(trade, "TradgCpcty", row["trading_capacity"])
    quantity = add(trade, "Qty")
    if row["quantity_type"] == "UNIT":
        add(quantity, "Unit", row["quantity"])
    else:
        tag = "NmnlVal" if row["quantity_type"] == "NMNL" else "MntryVal"
        _money(quantity, tag, row["quantity"], row["quantity_currency"])
    add_given(trade, "DerivNtnlChng", row["notional_change"])
    _price(add(trade, "Pric"), row, "price")
    add_given(trade, "NetAmt", row["net_amount"])
    add_given(trade, "TradVn", row["venue"])
    add_given(trade, "CtryOfBrnch", row["branch_membership_country"])
    if row["upfront_payment"] is not None:
        payment = add(trade, "UpFrntPmt")
        _money(payment, "Amt", row["upfront_payment"], row["upfront_payment_currency"])
        add_given(payment, "Sgn", row["upfront_payment_sign"])
    add_given(trade, "TradPlcMtchgId", row["venue_transaction_id"])
    add_given(trade, "CmplxTradCmpntId", row["complex_trade_id"])


def _price(parent: Element, row: Row, name: str) -> None:
    kind = row[f"{name}_type"]
    if kind == "MNTR":
        money = add(add(parent, "Pric"), "MntryVal")
        _money(money, "Amt", row[name], row[f"{name}_currency"])
        add_given(money, "Sgn", row[f"{name}_sign"])
    elif kind in _PRICES:
        add(add(parent, "Pric"), _PRICES[kind], row[name])
    else:
        none = add(parent, "NoPric")
        add(none, "Pdg", kind)
        add_given(none, "Ccy", row[f"{name}_currency"])


def _instrument(parent: Element, row: Row) -> None:
    if row["instrument_type"] == "ID":
        add(parent, "Id", row["isin"])
        return
    other = add(parent, "Othr")
    general = add(other, "FinInstrmGnlAttrbts")
    add_given(general, "Id", row["isin"])
    add_given(general, "FullNm", row["instrument_name"])
    add_given(general, "ClssfctnTp", row["instrument_classification"])
    add_given(general, "NtnlCcy", row["notional_currency_1"])
    if row["maturity_date"] is not None:
        add(add(other, "DebtInstrmAttrbts"), "MtrtyDt", row["maturity_date"])
    _derivative(add(other, "DerivInstrmAttrbts"), row)


def _derivative(derivative: Element, row: Row) -> None:
    add_given(derivative, "XpryDt", row["expiry_date"])
    add_given(derivative, "PricMltplr", row["price_multiplier"])
    underlying = add(derivative, "UndrlygInstrm")
    if row["underlying_type"] in ("ISIN", "INDEX", "BASKET"):
        _underlying(add(underlying, "Othr"), row, "underlying")
    else:
        swap = add(underlying, "Swp")
        for name, tag in _LEGS:
            if row[f"{name}_type"] is not None:
                _underlying(add(swap, tag), row, name)
    add_given(derivative, "OptnTp", row["option_type"])
    if row["strike_price_type"] is not None:
        _price(add(derivative, "StrkPric"), row, "strike_price")
    add_given(derivative, "OptnExrcStyle", row["exercise_style"])
    add_given(derivative, "DlvryTp", row["delivery_type"])
    if row["notional_currency_2"] is not None:
        tag = "FX" if row["notional_currency_2_type"] == "FX" else "Intrst"
        add(add(add(derivative, "AsstClssSpcfcAttrbts"), tag), "OthrNtnlCcy", row["notional_currency_2"])


def _underlying(leg: Element, row: Row, name: str) -> None:
    kind = row[f"{name}_type"]
    if kind == "ISIN":
        add(add(leg, "Sngl"), "ISIN", row[f"{name}_isin"])
    elif kind == "INDEX":
        index = add(add(leg, "Sngl"), "Indx")
        add_given(index, "ISIN", row[f"{name}_index_isin"])
        _index(index, *(row[f"{name}_index_{part}"] for part in ("code", "name", "term_unit", "term")))
    else:
        basket = add(leg, "Bskt")
        for isin in row[f"{name}_basket_isin"] or ():
            add(basket, "ISIN", isin)
        for one in row[f"{name}_basket_index"] or ():
            index = add(basket, "Indx")
            add_given(index, "ISIN", one["isin"])
            _index(index, *(one[part] for part in ("code", "name", "term_unit", "term")))


def _index(parent: Element, code: str | None, title: str | None, unit: str | None, term: str | None) -> None:
    name = add(parent, "Nm")
    rate = add(name, "RefRate")
    add_given(rate, "Indx", code)
    add_given(rate, "Nm", title)
    if unit is not None or term is not None:
        length = add(name, "Term")
        add_given(length, "Unit", unit)
        add_given(length, "Val", term)


def _decider(parent: Element, tag: str, name: str, row: Row) -> None:
    kind = row[f"{name}_type"]
    if kind is None:
        return
    decider = add(parent, tag)
    if kind == "ALGO":
        add(decider, "Algo", row[f"{name}_id"])
    elif kind == "NORE":
        add(decider, "Clnt", "NORE")
    else:
        person = add(decider, "Prsn")
        add_given(person, "CtryOfBrnch", row[f"{name}_country"])
        _number(person, row[f"{name}_id"], kind)


def _indicators(attributes: Element, row: Row) -> None:
    for flag in row["waiver"] or ():
        add(attributes, "WvrInd", flag)
    add_given(attributes, "ShrtSellgInd", row["short_selling"])
    for flag in row["otc_post_trade"] or ():
        add(attributes, "OTCPstTradInd", flag)
    add_given(attributes, "RskRdcgTx", row["commodity_derivative"])
    add_given(attributes, "SctiesFincgTxInd", row["sft"])
