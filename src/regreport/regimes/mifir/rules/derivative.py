"""What a derivative stands on and when it ends: underlyings, indices, dates, delivery (fields 47 to 49, 54 to 56)."""

from __future__ import annotations

from typing import Final

from regreport.engine.checks import (
    Check,
    Counted,
    NotAfter,
    Same,
    absent,
    all_of,
    any_of,
    equal,
    is_a,
    matches,
    negate,
    none,
    one_of,
    present,
    starts,
)
from regreport.engine.rule import Rule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.classes import CFI, SWAP_AS_REPORTED
from regreport.regimes.mifir.rules.instrument import IN_TIME
from regreport.regimes.mifir.rules.terms import DERIVED, ESMA, NEW, OTHER, VERIFIED, annex

INDEX_CODES: Final = (
    *("BBSW", "BUBO", "CDOR", "CIBO", "EONA", "EONS", "EURI", "EUUS", "EUCH", "FUSW", "GCFR", "ISDA", "JIBA", "LIBI"),
    *("LIBO", "MOSP", "MAAA", "NIBO", "PFAN", "PRBO", "STBO", "SWAP", "TLBO", "TIBO", "TREA", "WIBO"),
)
"""The four-letter codes of reference rates that the message knows (BenchmarkCurveName2Code)."""

_LEGS: Final = ("underlying", "underlying_in", "underlying_out")
_SINGLE: Final = tuple(f"{leg}_{c}" for leg in _LEGS for c in ("isin", "index_isin"))
_BASKETS: Final = tuple(f"{leg}_basket_isin" for leg in _LEGS)
_INDEX_BASKETS: Final = tuple(f"{leg}_basket_index" for leg in _LEGS)
_NAMED_INDEX: Final = tuple(f"{leg}_index_{c}" for leg in _LEGS for c in ("code", "name"))

_HAS_UNDERLYING: Check = any_of(
    *(present(c) for c in (*_SINGLE, *_NAMED_INDEX)), *(Counted(c, ">", 0) for c in (*_BASKETS, *_INDEX_BASKETS))
)
_STANDS_ON_INSTRUMENT: Check = any_of(
    starts(CFI, "SE", "HE", "JE", "SC", "HC", "JC"), matches(CFI, "O..[SBDIOF]..|FF[SBDIOFV]...|RW[SBDI]...")
)
"""Derivatives of equity, debt, credit, indices, derivatives; those of rates, currencies and commodities have none."""

_UNKNOWN: Check = all_of(NEW, equal("@underlying.known", "false"))


def _index_rule_holds(leg: str) -> Check:
    """A code is one of the list, and an index has a code or a name, not both."""
    code, name, isin = f"{leg}_index_code", f"{leg}_index_name", f"{leg}_index_isin"
    return all_of(
        any_of(absent(code), all_of(one_of(code, *INDEX_CODES), absent(name))),
        any_of(absent(isin), present(code), present(name)),
    )


def _term_is_whole(leg: str) -> Check:
    unit, value = f"{leg}_index_term_unit", f"{leg}_index_term"
    return any_of(absent(unit, value), present(unit, value))


RULES: tuple[Rule, ...] = (
    Rule(
        id="R22-47-01",
        title="The underlying is missing of a derivative that stands on another instrument or an index",
        source=annex("47"),
        fields=("47", "48", "43"),
        when=all_of(OTHER, _STANDS_ON_INSTRUMENT),
        must=_HAS_UNDERLYING,
        show=CFI,
        confidence=DERIVED,
    ),
    Rule(
        id="R22-47-02",
        title="The underlying is not in the reference data on the trade date: the report will be kept pending",
        remedy="Correct the underlying's ISIN, or wait for its registration; after seven days the report is rejected",
        source=f"{ESMA}, by analogy to the instrument's own wait",
        fields=("47",),
        when=all_of(_UNKNOWN, IN_TIME),
        must=negate(_UNKNOWN),
        severity=Severity.WARNING,
        needs=("instruments",),
        show="underlying_isin",
        confidence="inferred: by analogy to CON-411",
    ),
    Rule(
        id="CON-472",
        title="The underlying is not in the reference data on the trade date, and the seven days for it have passed",
        remedy="Correct the underlying's ISIN or the trading date",
        source=ESMA,
        fields=("47",),
        when=all_of(_UNKNOWN, negate(IN_TIME)),
        must=negate(_UNKNOWN),
        needs=("instruments",),
        show="underlying_isin",
        official=True,
        confidence=VERIFIED,
    ),
    Rule(
        id="R22-47-03",
        title="Legs of a swap are reported for an instrument that is no swap",
        source=annex("47"),
        fields=("47", "43"),
        when=any_of(present("underlying_in_type"), present("underlying_out_type")),
        must=SWAP_AS_REPORTED,
        severity=Severity.WARNING,
        confidence=DERIVED,
    ),
    Rule(
        id="R22-47-04",
        title="The form or check digit of an underlying's ISIN is wrong",
        source=annex("47"),
        fields=("47",),
        when=OTHER,
        must=all_of(
            *(any_of(absent(c), is_a("ISIN", c)) for c in _SINGLE),
            *(none(c, negate(is_a("ISIN", c))) for c in _BASKETS),
        ),
        show="underlying_isin",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-47-05",
        title="The underlying is the instrument itself",
        source=annex("47"),
        fields=("47", "41"),
        when=present("underlying_isin"),
        must=negate(Same("underlying_isin", "isin")),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-48-01",
        title="An underlying index has a code that is not on the list, both code and name, or neither",
        remedy="Use the four-letter code where the list has one, else a name of up to 25 characters",
        source=annex("48"),
        fields=("48",),
        when=OTHER,
        must=all_of(*(_index_rule_holds(leg) for leg in _LEGS)),
        show="underlying_index_code",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-49-01",
        title="The term of an underlying index lacks its number or its unit",
        source=annex("49"),
        fields=("49",),
        when=OTHER,
        must=all_of(*(_term_is_whole(leg) for leg in _LEGS)),
        show="underlying_index_term_unit",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-54-01",
        title="The maturity date is not later than the trade, or stands with an instrument that is no debt",
        source=annex("54"),
        fields=("54", "28"),
        when=present("maturity_date"),
        must=all_of(starts(CFI, "D"), negate(NotAfter("maturity_date", "trading_date_time"))),
        show="maturity_date",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-55-01",
        title="The expiry date is earlier than the trade",
        source=annex("55"),
        fields=("55", "28"),
        when=present("expiry_date"),
        must=NotAfter("trading_date_time", "expiry_date"),
        show="expiry_date",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-56-01",
        title="The delivery type of a derivative is missing or unknown",
        source=annex("56"),
        fields=("56",),
        when=OTHER,
        must=one_of("delivery_type", "PHYS", "CASH", "OPTL"),
        confidence=DERIVED,
    ),
)
