"""The trade: when, in which capacity, how much (fields 28 to 32)."""

from __future__ import annotations

from regreport.engine.checks import (
    Check,
    DateFrom,
    NotAfter,
    Number,
    WithinYears,
    absent,
    all_of,
    any_of,
    contains,
    equal,
    is_a,
    matches,
    negate,
    one_of,
    present,
)
from regreport.engine.rule import Rule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.classes import EQUITY, FUND, NO_DERIVATIVE, NOMINAL
from regreport.regimes.mifir.rules.terms import (
    DERIVED,
    ESMA,
    MARKET_WATCH_74,
    NEW,
    PARTLY,
    RULES_OF_2022,
    annex,
)

_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z"
_FIRM_IS_PARTY: Check = any_of(contains("buyer.id", "executing_entity"), contains("seller.id", "executing_entity"))

RULES: tuple[Rule, ...] = (
    Rule(
        id="R22-28-01",
        title="The trading time is not in UTC (ending in Z), is before 3 January 2018, or lies in the future",
        remedy="Give date and time as on the venue's record, in UTC with up to six digits of a second",
        source=f"{annex('28')}; RTS 25 (EU) 2017/574",
        fields=("28",),
        when=NEW,
        must=all_of(
            matches("trading_date_time", _TIME),
            DateFrom("trading_date_time", "2018-01-03"),
            NotAfter("trading_date_time", "@report.created_at", 19),
        ),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-28-02",
        title="The trade is of a later day than the report is about",
        source="MiFIR Article 26(1)",
        fields=("28",),
        when=present("trading_date_time"),
        must=NotAfter("trading_date_time", "@report.date"),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-ESMA-269",
        title="The trade is more than five years old",
        remedy="The authority does not take the report any more: tell it by an errors and omissions notification",
        source=f"{ESMA} rule 269; {MARKET_WATCH_74}",
        fields=("28",),
        when=present("trading_date_time"),
        must=WithinYears("trading_date_time", "@report.date", 5),
        confidence=PARTLY,
        valid_from=RULES_OF_2022,
    ),
    Rule(
        id="R22-29-01",
        title="The firm dealt on own account or matched principal, yet it is neither buyer nor seller",
        remedy="Correct the trading capacity, or name the executing entity on the side where it stood",
        source=annex("29"),
        fields=("29", "4", "7", "16"),
        when=one_of("trading_capacity", "DEAL", "MTCH"),
        must=_FIRM_IS_PARTY,
        show="trading_capacity",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-29-02",
        title="The firm acted in any other capacity, yet it is buyer or seller itself",
        remedy="Correct the trading capacity, or name the client instead of the executing entity",
        source=annex("29"),
        fields=("29", "4", "7", "16"),
        when=equal("trading_capacity", "AOTC"),
        must=negate(_FIRM_IS_PARTY),
        show="trading_capacity",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-30-01",
        title="The quantity is missing or not above zero",
        source=annex("30"),
        fields=("30",),
        when=NEW,
        must=Number("quantity", ">", "0"),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-30-02",
        title="The quantity is in units where this kind of instrument is traded by amount, or the other way round",
        remedy="Shares, funds and contracts are counted in units; bonds, rate, currency and credit swaps by amount",
        source=annex("30"),
        fields=("30", "43"),
        when=present("@cfi"),
        must=all_of(
            any_of(negate(any_of(EQUITY, FUND)), equal("quantity_type", "UNIT")),
            any_of(negate(NOMINAL), one_of("quantity_type", "NMNL", "MNTR")),
        ),
        severity=Severity.WARNING,
        partly_needs=("instruments",),
        show="quantity_type",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-31-01",
        title="The quantity's currency is missing, stands with units, or was no currency on the trade date",
        remedy="A nominal or monetary quantity has an ISO 4217 code, a number of units has none",
        source=annex("31"),
        fields=("31",),
        when=NEW,
        must=any_of(
            all_of(equal("quantity_type", "UNIT"), absent("quantity_currency")),
            all_of(negate(equal("quantity_type", "UNIT")), is_a("currency", "quantity_currency", "trading_date_time")),
        ),
        confidence=DERIVED,
        show="quantity_currency",
    ),
    Rule(
        id="R22-32-01",
        title="A change of the notional is reported for an instrument that is no derivative",
        source=annex("32"),
        fields=("32", "43"),
        when=present("notional_change"),
        must=negate(NO_DERIVATIVE),
        partly_needs=("instruments",),
        show="notional_change",
        confidence=DERIVED,
    ),
)
