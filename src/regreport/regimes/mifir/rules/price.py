"""The price and what was paid: price, its currency, net amount, up-front payment (fields 33 to 35, 38, 39)."""

from __future__ import annotations

from regreport.engine.checks import Check, Number, absent, all_of, any_of, equal, is_a, negate, one_of, present
from regreport.engine.rule import Rule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.classes import BOND, CREDIT_SWAP, DEBT, EQUITY, FUND, NO_DERIVATIVE
from regreport.regimes.mifir.rules.terms import (
    CODE_UNSEEN,
    DERIVED,
    ESMA,
    EU,
    MARKET_WATCH_59,
    NEW,
    OTHER,
    RULES_OF_2022,
    annex,
)

_PRICED = ("MNTR", "PCTG", "YIEL", "BAPO")
_NO_PRICE_YET: Check = one_of("price_type", "PNDG", "NOAP")

RULES: tuple[Rule, ...] = (
    Rule(
        id="R22-33-01",
        title="The price is of a kind in which this instrument is not quoted",
        remedy="Bonds are quoted in per cent or yield, credit swaps in basis points or per cent, shares in money",
        source=annex("33"),
        fields=("33", "43"),
        when=one_of("price_type", *_PRICED),
        must=all_of(
            any_of(negate(BOND), one_of("price_type", "PCTG", "YIEL")),
            any_of(negate(CREDIT_SWAP), one_of("price_type", "BAPO", "PCTG")),
            any_of(negate(any_of(EQUITY, FUND)), equal("price_type", "MNTR")),
        ),
        severity=Severity.WARNING,
        partly_needs=("instruments",),
        show="price_type",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-33-02",
        title="The price is zero",
        remedy="Zero does not stand for a missing price: PNDG where it is not known yet, NOAP where there is none",
        source=f"{annex('33')}; {MARKET_WATCH_59}",
        fields=("33",),
        when=equal("price_type", "MNTR"),
        must=negate(Number("price", "==", "0")),
        severity=Severity.WARNING,
        confidence=DERIVED,
    ),
    Rule(
        id="R22-33-03",
        title="A price is missing, or stands beside PNDG or NOAP",
        source=annex("33"),
        fields=("33",),
        when=NEW,
        must=any_of(all_of(one_of("price_type", *_PRICED), present("price")), all_of(_NO_PRICE_YET, absent("price"))),
        show="price_type",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-34-01",
        title="The price's currency was no ISO 4217 currency on the trade date",
        remedy="Give price and currency in the major unit: pounds and GBP, never pence and GBX",
        source=f"{annex('34')}; {MARKET_WATCH_59}",
        fields=("34",),
        when=present("price_currency"),
        must=is_a("currency", "price_currency", "trading_date_time"),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-34-02",
        title="The price's currency is missing, or stands with a price that is not in money",
        source=annex("34"),
        fields=("34", "33"),
        when=one_of("price_type", *_PRICED),
        must=any_of(
            all_of(equal("price_type", "MNTR"), present("price_currency")),
            all_of(negate(equal("price_type", "MNTR")), absent("price_currency")),
        ),
        show="price_type",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-35-01",
        title="A net amount is given for an instrument that is no debt",
        source=annex("35"),
        fields=("35", "43"),
        when=all_of(present("net_amount"), present("@cfi")),
        must=DEBT,
        partly_needs=("instruments",),
        show="net_amount",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-ESMA-111",
        title="The net amount of a bond is missing",
        remedy="Give the cash that changes hands at settlement: clean price times nominal, and accrued interest",
        source=f"{ESMA} rule 111; {annex('35')}",
        fields=("35", "43"),
        when=all_of(NEW, BOND, negate(OTHER), negate(_NO_PRICE_YET)),
        must=present("net_amount"),
        needs=("instruments",),
        show="isin",
        confidence=CODE_UNSEEN,
    ),
    Rule(
        id="R22-ESMA-262",
        title="The net amount of a bond that is described in full is missing",
        remedy="Give the cash that changes hands at settlement: clean price times nominal, and accrued interest",
        source=f"{ESMA} rule 262; {annex('35')}",
        fields=("35", "43"),
        when=all_of(OTHER, BOND, negate(_NO_PRICE_YET)),
        must=present("net_amount"),
        show="instrument_classification",
        confidence=CODE_UNSEEN,
        valid_from=RULES_OF_2022,
        jurisdictions=EU,
    ),
    Rule(
        id="R22-38-01",
        title="An up-front payment is reported for an instrument that is no derivative",
        remedy="It belongs to credit swaps, prices quoted as a spread, and terms that are set trade by trade",
        source=annex("38"),
        fields=("38", "43"),
        when=present("upfront_payment"),
        must=negate(NO_DERIVATIVE),
        partly_needs=("instruments",),
        show="upfront_payment",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-39-01",
        title="Up-front payment and its currency do not stand together, or it was no currency on the trade date",
        source=annex("39"),
        fields=("38", "39"),
        when=any_of(present("upfront_payment"), present("upfront_payment_currency")),
        must=all_of(present("upfront_payment"), is_a("currency", "upfront_payment_currency", "trading_date_time")),
        show="upfront_payment_currency",
        confidence=DERIVED,
    ),
)
