"""Indicators: waiver, short sale, post-trade flags, commodity derivative, securities financing (fields 61 to 65)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from regreport.engine.checks import (
    Check,
    Counted,
    Distinct,
    all_of,
    any_of,
    contains,
    equal,
    matches,
    negate,
    none,
    one_of,
    present,
    some,
    starts,
)
from regreport.engine.rule import Rule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.classes import COMMODITY, NO_COMMODITY, SHARE, SOVEREIGN
from regreport.regimes.mifir.rules.persons import is_person
from regreport.regimes.mifir.rules.terms import (
    DERIVED,
    EU,
    INTERNALISED,
    MARKET_WATCH_62,
    NEW,
    ON_VENUE,
    UK,
    UK_FLAGS_OPENED,
    annex,
)

WAIVERS = ("RFPT", "NLIQ", "OILQ", "PRIC", "SIZE", "ILQD")
POST_TRADE = ("BENC", "ACTX", "LRGS", "ILQD", "SIZE", "CANC", "AMND", "SDIV", "RPRI", "DUPL", "TNCP", "TPAC", "XFPH")
UK_FLAG = "[A-Z0-9]{4}"

_SELLER_IN_SCOPE: Check = any_of(
    all_of(one_of("trading_capacity", "DEAL", "MTCH"), contains("seller.id", "executing_entity")),
    all_of(equal("trading_capacity", "AOTC"), some("seller", is_person("seller.id_type"))),
)
"""Sellers whose short sale the firm must know: itself on own account, and a natural person for whom it acts."""


def _flags(number: str, column: str, word: str, codes: tuple[str, ...]) -> tuple[Rule, Rule, Rule]:
    """A value that is not of the list, or stands twice: in the EU, in the UK, and in the UK since its list is open."""
    in_eu = Rule(
        id=f"R22-{number}-02",
        title=f"A {word} is not one of the codes in force, or stands twice",
        source=annex(number),
        fields=(number,),
        when=Counted(column, ">", 0),
        must=all_of(Distinct(column), none(column, negate(one_of(column, *codes)))),
        confidence=DERIVED,
        jurisdictions=EU,
    )
    in_uk = replace(in_eu, id=f"R22-{number}-03", jurisdictions=UK, valid_to=UK_FLAGS_OPENED - timedelta(days=1))
    in_uk_now = replace(
        in_uk,
        id=f"R22-{number}-04",
        title=f"A {word} is not four letters or digits, or stands twice",
        must=all_of(Distinct(column), none(column, negate(matches(column, UK_FLAG)))),
        valid_from=UK_FLAGS_OPENED,
        valid_to=None,
    )
    return in_eu, in_uk, in_uk_now


RULES: tuple[Rule, ...] = (
    Rule(
        id="R22-61-01",
        title="A waiver is reported for a trade that was not on a venue of the area",
        source=annex("61"),
        fields=("61", "36"),
        when=Counted("waiver", ">", 0),
        must=all_of(ON_VENUE, equal("@venue.eea", "true")),
        needs=("mics",),
        show="waiver",
        confidence=DERIVED,
    ),
    *_flags("61", "waiver", "waiver indicator", WAIVERS),
    Rule(
        id="R22-62-01",
        title="The short selling indicator is missing on a sale of a share or a government bond",
        remedy="Say SESH, SSEX or SELL; UNDI only where the client does not answer",
        source=f"{annex('62')}; Regulation (EU) 236/2012 Articles 12, 13 and 17",
        fields=("62",),
        when=all_of(NEW, any_of(SHARE, SOVEREIGN), _SELLER_IN_SCOPE),
        must=present("short_selling"),
        severity=Severity.WARNING,
        partly_needs=("instruments",),
        show="isin",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-62-02",
        title="A short selling indicator stands with an instrument that is neither share nor bond",
        source=annex("62"),
        fields=("62", "43"),
        when=present("short_selling"),
        must=negate(starts("@cfi", "O", "F", "S", "H", "J", "C", "R")),
        severity=Severity.WARNING,
        partly_needs=("instruments",),
        show="short_selling",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-63-01",
        title="A post-trade indicator for trades off venue stands on a trade that was on a venue",
        remedy="Leave field 63 empty unless the venue is XOFF or a systematic internaliser",
        source=f"{annex('63')}; MiFIR Articles 20(3)(a) and 21(5)(a)",
        fields=("63", "36"),
        when=Counted("otc_post_trade", ">", 0),
        must=any_of(equal("venue", "XOFF"), INTERNALISED),
        severity=Severity.WARNING,
        needs=("mics",),
        show="otc_post_trade",
        confidence=DERIVED,
    ),
    *_flags("63", "otc_post_trade", "post-trade indicator", POST_TRADE),
    Rule(
        id="R22-64-01",
        title="The commodity derivative indicator stands with an instrument that is no commodity derivative",
        remedy="Leave field 64 empty; false is an answer about a commodity derivative, not a default",
        source=f"{annex('64')}; {MARKET_WATCH_62}",
        fields=("64", "43"),
        when=present("commodity_derivative"),
        must=negate(NO_COMMODITY),
        severity=Severity.WARNING,
        partly_needs=("instruments",),
        show="commodity_derivative",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-64-02",
        title="The commodity derivative indicator is missing on a commodity derivative",
        remedy="Say whether the trade reduces risk in an objectively measurable way (Directive 2014/65/EU Article 57)",
        source=annex("64"),
        fields=("64", "43"),
        when=all_of(NEW, COMMODITY),
        must=present("commodity_derivative"),
        severity=Severity.WARNING,
        partly_needs=("instruments",),
        show="isin",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-65-01",
        title="The securities financing indicator is missing or neither true nor false",
        source=annex("65"),
        fields=("65",),
        when=NEW,
        must=one_of("sft", "true", "false"),
        confidence=DERIVED,
    ),
)
