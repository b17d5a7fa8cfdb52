"""For every decision rule one record that it decides and one that it does not, by what is changed in a base record.

`Example(change, where)`: columns changed in REPORTABLE (or OTC), and how the context differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eligible import LATER, LISTED_UK, OTC, REPORTABLE, UNLISTED


@dataclass(frozen=True)
class Example:
    """One record in one context."""

    change: Mapping[str, object] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)
    base: Mapping[str, object] = field(default_factory=lambda: REPORTABLE)


def otc(change: Mapping[str, object] | None = None, **where: Any) -> Example:
    return Example(change or {}, where, OTC)


def record(change: Mapping[str, object] | None = None, **where: Any) -> Example:
    return Example(change or {}, where)


OPERATOR = {"kind": "VENUE_OPERATOR"}
MODE = {"settings": {"otc_scope": "L1_2024", "reports_via_trade_repository": "true"}}
UK: dict[str, Any] = {"jurisdiction": "UK", "country": "GB"}
SENT = {
    "service": "RECEPTION_TRANSMISSION",
    "trading_capacity": "AOTC",
    "transmitted": "true",
    "order_origin": "CLIENT",
    "receiver_is_firm": "true",
    "receiver_agreed": "true",
    "agreement_controls": "true",
    "details_complete": "true",
}
FORWARD = {"instrument_classification": "JESXFP"}
INDEX = {"instrument_classification": "SEIXXC", "underlying_index_name": "DEMO 30", "underlying_on_venue": "true"}
SHARE = {"isin": UNLISTED, "venue": "XOFF", "instrument_classification": "ESVUFR"}


def event(kind: str, **more: str) -> Example:
    return record({"event_kind": kind, **more})


EXAMPLES: dict[str, tuple[Example, Example]] = {
    "MF-W5": (otc({"reported_by_trade_repository": "true"}, **MODE), otc({"reported_by_trade_repository": "true"})),
    "MF-W1": (record(kind="BANK"), record(kind="NON_FIRM")),
    "MF-W2": (
        record({"member_subject_to_mifir": "false"}, **OPERATOR),
        record({"member_subject_to_mifir": "true"}, **OPERATOR),
    ),
    "MF-W2-MEMBER": (record({"member_subject_to_mifir": "true"}, **OPERATOR), record(**OPERATOR)),
    "MF-W3": (record(kind="FUND_MANAGER"), record({"timestamp": "2024-03-27T10:00:00Z"}, kind="FUND_MANAGER")),
    "MF-W4": (record(kind="AGENT"), record(kind="FIRM")),
    "MF-W6": (record(kind=None), record(kind="FIRM")),
    "MF-B1": (record({"branch_country": "SG"}), record(country="US")),
    "MF-B3": (record({"branch_country": "FR"}, country="US"), record({"branch_country": "US"}, country="US")),
    "MF-B4": (record({"branch_country": "GB"}, country="GB"), record({"branch_country": "DE"}, country="GB")),
    "MF-B3?": (record(country="US"), record({}, country="US", entity={"branch_country": "DE"})),
    "MF-I1": (
        record({"isin": None, "venue": "XXXX", "product_kind": "SPOT_FX"}),
        record({"product_kind": "INSTRUMENT"}),
    ),
    "MF-I2": (record({"isin": LATER}), record({"isin": LATER, "timestamp": "2026-11-19T10:00:00Z", "venue": "XOFF"})),
    "MF-I3": (otc({**FORWARD, "underlying_isin": LATER}), otc({**FORWARD, "underlying_isin": UNLISTED})),
    "MF-I4": (otc({**INDEX}), otc({**INDEX, "underlying_on_venue": "false"})),
    "MF-I5": (otc({"venue": "BTFE"}), otc({"venue": "BTFE", "timestamp": "2024-03-27T10:00:00Z"})),
    "MF-I6": (otc({"otc_class_8a2": "true"}), otc({"otc_class_8a2": "true", "timestamp": "2024-03-27T10:00:00Z"})),
    "MF-I7": (otc(), otc({"timestamp": "2024-03-27T10:00:00Z"})),
    "MF-I8": (record({"isin": LISTED_UK}, **UK), record({"isin": LISTED_UK, "venue": "XOFF"})),
    "MF-I8-NONE": (record(SHARE, **UK), record(SHARE)),
    "MF-I10": (record(SHARE), record({**SHARE, "venue": "XETA"})),
    "MF-I0?": (record({**SHARE, "is_otc_derivative": "true"}), record({**SHARE, "is_otc_derivative": "false"})),
    "MF-I9": (record(lines=None), record()),
    "MF-I1?": (record({"isin": UNLISTED, "venue": "XOFF"}), record(SHARE)),
    "MF-I2?": (record({**SHARE, "isin": None}), record({**SHARE, "isin": None, "venue": "XXXX"})),
    "MF-I3?": (otc(FORWARD), otc({**FORWARD, "underlying_on_venue": "false"})),
    "MF-I5?": (
        otc({"instrument_classification": "FFSPNX", "underlying_isin": UNLISTED}),
        otc({"instrument_classification": "FFSPNX", "underlying_isin": UNLISTED, "is_otc_derivative": "true"}),
    ),
    "MF-I5-VENUE?": (record({**SHARE, "venue": "ODDX"}), record({**SHARE, "venue": "XNYS"})),
    "MF-I6?": (otc({"otc_class_8a2": None}), otc({"otc_class_8a2": None, "cleared": "false"})),
    "MF-I7?": (
        otc({"otc_class_8a2": "true"}, settings={}),
        otc({"otc_class_8a2": "true"}, settings={"otc_scope": "LEGACY"}),
    ),
    "MF-T4": (
        event("REPO", escb_counterparty="true"),
        record({"event_kind": "REPO", "escb_counterparty": "true", "timestamp": "2020-04-10T10:00:00Z"}),
    ),
    "MF-T3": (event("PLACING"), event("RIGHTS_ISSUE")),
    "MF-N1": (event("REPO", escb_counterparty="false"), event("REPO", escb_counterparty="true")),
    "MF-N2": (event("CLEARING_OR_SETTLEMENT"), event("TRADE")),
    "MF-N3": (event("SETTLEMENT_NETTING"), event("TRADE")),
    "MF-N4": (event("CUSTODY"), event("TRADE")),
    "MF-N5": (otc({"event_kind": "NOVATION"}), event("NOVATION")),
    "MF-N6": (event("COMPRESSION"), event("RISK_REDUCTION")),
    "MF-N7": (event("FUND_UNIT_REDEMPTION"), event("TRADE")),
    "MF-N8": (event("CONVERSION"), event("TRADE")),
    "MF-N9": (event("CORPORATE_ACTION", holder_choice="false"), event("CORPORATE_ACTION", holder_choice="true")),
    "MF-N10": (event("NOTIONAL_CHANGE", holder_choice="false"), event("NOTIONAL_CHANGE", holder_choice="true")),
    "MF-N11": (event("BASKET_RECOMPOSITION"), event("TRADE")),
    "MF-N12": (event("DIVIDEND_REINVESTMENT"), event("TRADE")),
    "MF-N13": (
        event("EMPLOYEE_SHARE_PLAN", employee_plan_criteria_met="true"),
        event("EMPLOYEE_SHARE_PLAN", employee_plan_criteria_met="false"),
    ),
    "MF-N14": (
        event("TENDER_OFFER", instrument_classification="DBFTFB", offer_terms_fixed="true"),
        event("TENDER_OFFER", instrument_classification="ESVUFR", offer_terms_fixed="true"),
    ),
    "MF-N15": (event("COLLATERAL_TRANSFER"), event("TRADE")),
    "MF-T2": (
        event("SIMULTANEOUS_TRADE", post_trade_publication="true"),
        event("SIMULTANEOUS_TRADE", post_trade_publication="false"),
    ),
    "MF-T2-UNPUBLISHED": (event("SAME_OWNER_TRANSFER", post_trade_publication="false"), event("OWNERSHIP_TRANSFER")),
    "MF-T1": (event("CLOSE_OUT"), event("EXPIRY")),
    "MF-N6?": (event("RISK_REDUCTION"), event("COMPRESSION")),
    "MF-N16": (event("SOMETHING"), event("TRADE")),
    "MF-N9?": (event("RIGHTS_ISSUE", holder_choice="true"), event("RIGHTS_ISSUE")),
    "MF-N5?": (record({**SHARE, "instrument_classification": None, "event_kind": "NOVATION"}), event("NOVATION")),
    "MF-X2": (record(SENT), record({**SENT, "details_complete": "false"})),
    "MF-X3": (record({**SENT, "receiver_agreed": "false"}), record(SENT)),
    "MF-X1": (record({"service": "MANDATE", "trading_capacity": "AOTC"}), record({"service": "NONE"})),
    "MF-X6": (record({"service": "NONE", "trading_capacity": None}), record({"service": "NONE"})),
    "MF-X1?": (record({"service": None, "trading_capacity": None}), record({"service": None})),
    "MF-X2?": (record({**SENT, "service": "CLIENT_EXECUTION"}), record({**SENT, "service": "MANDATE"})),
    "MF-X4": (record({**SENT, "agreement_controls": None}), record({**SENT, "agreement_controls": "false"})),
    "MF-L1": (record({"client_kind": ["LEGAL"]}), record({"client_kind": ["NATURAL"]})),
    "MF-L1-MET": (record(), record({"client_kind": ["LEGAL"]})),
    "MF-L1?": (record({"client_kind": ["SOMEBODY"]}), record()),
}
