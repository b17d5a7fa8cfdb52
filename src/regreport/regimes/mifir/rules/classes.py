"""Groups of CFI codes that the rules tell apart, and the three rules of ESMA's list that name such groups.

Which groups rules 140, 250 and 264 list is verified. What they check is inferred from their place in the list, between
the rules of field 44 and of field 46: the second notional currency, which a currency derivative has, and which all the
others and the equities do not have.

Source: ISO 10962; ESMA65-8-2594 change log.
"""

from __future__ import annotations

from typing import Final

from regreport.engine.checks import Check, absent, all_of, any_of, equal, matches, negate, present, starts
from regreport.engine.rule import Rule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.terms import ESMA, EU, INFERRED, OTHER, RULES_OF_2022

CFI: Final = "instrument_classification"

EQUITY: Final[Check] = starts("@cfi", "E")
FUND: Final[Check] = starts("@cfi", "C")
DEBT: Final[Check] = starts("@cfi", "D")
SHARE: Final[Check] = starts("@cfi", "ES", "EP", "EC", "EF")
BOND: Final[Check] = starts("@cfi", "DB", "DC", "DT", "DN")
"""Bonds, convertibles, medium-term notes, municipal bonds: traded by nominal, with a net amount."""
SOVEREIGN: Final[Check] = matches("@cfi", "D[BT].T..")
"""Bonds and notes that a government guarantees (second attribute T)."""
CREDIT_SWAP: Final[Check] = starts("@cfi", "SC")
NO_DERIVATIVE: Final[Check] = any_of(EQUITY, FUND, DEBT)
OPTION_AS_REPORTED: Final[Check] = starts(CFI, "O", "H")
HAS_STRIKE_AS_REPORTED: Final[Check] = starts(CFI, "O", "H", "RW", "RF")
SWAP_AS_REPORTED: Final[Check] = starts(CFI, "S")
NOMINAL: Final[Check] = starts("@cfi", "DB", "DC", "DT", "DN", "SR", "SF", "SC", "JF", "JR")
"""Instruments whose quantity is an amount of money, not a number of units."""
COMMODITY: Final[Check] = any_of(
    starts("@cfi", "FC", "ST", "HT", "JT", "RWT", "RFT"), matches("@cfi", "O..T..|D[ES]...T")
)
NO_COMMODITY: Final[Check] = any_of(
    starts(
        "@cfi", "E", "C", "DB", "DC", "DT", "DN", "SR", "SE", "SC", "SF", "HR", "HE", "HC", "HF", "JE", "JF", "JC", "JR"
    ),
    matches("@cfi", "O..[SBDICN]..|FF[SBDICNV]...|RW[SBDIC]..."),
)
"""What is certainly no commodity derivative; an option on a future or a basket of the rest may be one."""

CURRENCY_DERIVATIVE: Final[Check] = any_of(starts(CFI, "JF", "RWC", "RFC"), matches(CFI, "D[ES]...C"))
NO_CURRENCY_DERIVATIVE: Final[Check] = any_of(
    starts(CFI, "RA", "RS", "RP", "RD", "RM", "RX", "RWB", "RFB", "JE", "JC", "JR", "JT", "JX"),
    starts(CFI, "DB", "DC", "DW", "DT", "DG", "DA", "DN", "DD", "DM", "DY", "DX"),
    matches(CFI, "D[ES]...X"),
)
EQUITY_OR_FUND: Final[Check] = starts(CFI, "ES", "EP", "EC", "EF", "EL", "ED", "EM", "EX", "C")

RULES: tuple[Rule, ...] = (
    Rule(
        id="R22-ESMA-140",
        title="The CFI code says that this is a currency derivative, yet the second notional currency is missing",
        source=f"{ESMA} rule 140",
        fields=("43", "45"),
        when=all_of(OTHER, CURRENCY_DERIVATIVE),
        must=all_of(present("notional_currency_2"), equal("notional_currency_2_type", "FX")),
        severity=Severity.WARNING,
        show=CFI,
        confidence=INFERRED,
    ),
    Rule(
        id="R22-ESMA-250",
        title="The CFI code says that this is no currency derivative, yet there is a second notional currency",
        source=f"{ESMA} rule 250",
        fields=("43", "45"),
        when=all_of(OTHER, NO_CURRENCY_DERIVATIVE),
        must=absent("notional_currency_2"),
        severity=Severity.WARNING,
        show=CFI,
        confidence=INFERRED,
        valid_from=RULES_OF_2022,
        jurisdictions=EU,
    ),
    Rule(
        id="R22-ESMA-264",
        title="The CFI code says that this is an equity or a fund, yet there are attributes of a derivative",
        source=f"{ESMA} rule 264",
        fields=("43", "45", "50", "51", "53", "55"),
        when=all_of(OTHER, EQUITY_OR_FUND),
        must=all_of(
            absent("notional_currency_2", "option_type", "exercise_style", "expiry_date", "strike_price_type"),
            negate(present("notional_change")),
        ),
        severity=Severity.WARNING,
        show=CFI,
        confidence=INFERRED,
        valid_from=RULES_OF_2022,
        jurisdictions=EU,
    ),
)
