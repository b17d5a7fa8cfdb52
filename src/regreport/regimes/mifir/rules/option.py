"""Options: call or put, strike, exercise style (fields 50 to 53)."""

from __future__ import annotations

from regreport.engine.checks import absent, all_of, any_of, equal, is_a, negate, one_of, present, starts
from regreport.engine.rule import Rule
from regreport.regimes.mifir.rules.classes import CFI, HAS_STRIKE_AS_REPORTED, OPTION_AS_REPORTED
from regreport.regimes.mifir.rules.terms import DERIVED, OTHER, annex

RULES: tuple[Rule, ...] = (
    Rule(
        id="R22-50-01",
        title="Option type, strike price or exercise style of an option is missing",
        source=f"{annex('50')}, 51, 53",
        fields=("50", "51", "53", "43"),
        when=all_of(OTHER, OPTION_AS_REPORTED),
        must=present("option_type", "strike_price_type", "exercise_style"),
        show=CFI,
        confidence=DERIVED,
    ),
    Rule(
        id="R22-50-02",
        title="Option type, strike price or exercise style stands with an instrument that is no option",
        remedy="Leave fields 50 to 53 empty, or correct the CFI code",
        source=f"{annex('50')}, 51, 53",
        fields=("50", "51", "53", "43"),
        when=any_of(present("option_type"), present("strike_price_type"), present("exercise_style")),
        must=HAS_STRIKE_AS_REPORTED,
        show=CFI,
        confidence=DERIVED,
    ),
    Rule(
        id="R22-50-03",
        title="The CFI code says call where the option type says put, or the other way round",
        source=f"{annex('50')} and 43",
        fields=("50", "43"),
        when=all_of(present("option_type"), starts(CFI, "OC", "OP")),
        must=any_of(
            all_of(starts(CFI, "OC"), equal("option_type", "CALL")),
            all_of(starts(CFI, "OP"), equal("option_type", "PUTO")),
        ),
        show="option_type",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-51-01",
        title="Strike price, its kind and its currency do not fit together",
        remedy="A strike in money has a currency of the trade date, one in per cent, yield or basis points has none; "
        "PNDG stands alone",
        source=f"{annex('51')} and 52",
        fields=("51", "52"),
        when=any_of(present("strike_price_type"), present("strike_price")),
        must=any_of(
            all_of(
                equal("strike_price_type", "MNTR"),
                present("strike_price"),
                is_a("currency", "strike_price_currency", "trading_date_time"),
            ),
            all_of(
                one_of("strike_price_type", "PCTG", "YIEL", "BAPO"),
                present("strike_price"),
                absent("strike_price_currency"),
            ),
            all_of(equal("strike_price_type", "PNDG"), negate(present("strike_price"))),
        ),
        show="strike_price",
        confidence=DERIVED,
    ),
)
