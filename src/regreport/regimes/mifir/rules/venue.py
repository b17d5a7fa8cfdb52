"""Where it was traded: venue, the venue's transaction identifier, the country of the membership (fields 3, 36, 37)."""

from __future__ import annotations

from regreport.engine.checks import all_of, any_of, equal, is_a, matches, negate, one_of, present
from regreport.engine.rule import Rule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.terms import (
    DERIVED,
    ESMA,
    INTERNALISED,
    MARKET_WATCH_59,
    NEW,
    NEW_ON_VENUE,
    OTHER,
    PARTLY,
    STANDS_IN,
    UK,
    VERIFIED,
    annex,
)

_OPERATOR = all_of(equal("@venue.kind", "OPRT"), equal("@venue.has_segments", "true"))
_MARKET = one_of("@venue.category", "RMKT", "MLTF", "OTFS", "SINT")
"""The operating MIC is itself registered as a market, so trading under it is possible."""

RULES: tuple[Rule, ...] = (
    Rule(
        id="R22-3-01",
        title="The venue's transaction identifier is not 1 to 52 capitals and digits, or the trade was not on a venue",
        remedy="Leave field 3 empty over the counter (XOFF, XXXX) and with a systematic internaliser",
        source=annex("3"),
        fields=("3", "36"),
        when=present("venue_transaction_id"),
        must=all_of(matches("venue_transaction_id", "[A-Z0-9]{1,52}"), negate(STANDS_IN), negate(INTERNALISED)),
        partly_needs=("mics",),
        confidence=DERIVED,
    ),
    Rule(
        id="CON-360",
        title="The venue is no MIC valid on the trade date, or that of an operator whose segments have their own",
        remedy="Report the segment's MIC as on the trade confirmation, or XOFF or XXXX",
        source=f"{ESMA}; {annex('36')}",
        fields=("36",),
        when=all_of(NEW, negate(STANDS_IN)),
        must=all_of(
            one_of("@venue.kind", "OPRT", "SGMT", "SINT"),
            equal("@venue.active", "true"),
            negate(all_of(_OPERATOR, negate(_MARKET))),
        ),
        needs=("mics",),
        show="venue",
        official=True,
        confidence=VERIFIED,
    ),
    Rule(
        id="R22-ESMA-220",
        title="The venue is an operating MIC although it has segments",
        remedy="Report the segment's MIC unless the trade was on the operator's own market",
        source=f"{ESMA} rule 220; {MARKET_WATCH_59}",
        fields=("36",),
        when=all_of(NEW, _OPERATOR, _MARKET),
        must=negate(present("venue")),
        severity=Severity.WARNING,
        needs=("mics",),
        confidence=PARTLY,
    ),
    Rule(
        id="R22-36-01",
        title="Traded off venue (XOFF), yet the instrument is described in full as if it were on no venue",
        remedy="An instrument that is traded on a venue is named by its ISIN; one that is not has the venue XXXX",
        source=annex("36"),
        fields=("36", "41"),
        when=equal("venue", "XOFF"),
        must=negate(OTHER),
        show="venue",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-36-03",
        title="Traded on no venue (XXXX), yet the instrument is in the reference data",
        remedy="An instrument that is traded on a venue has the venue XOFF when it was traded elsewhere",
        source=f"{annex('36')}; the FCA does not enforce rule 270",
        fields=("36", "41"),
        when=equal("venue", "XXXX"),
        must=negate(equal("@instrument.known", "true")),
        severity=Severity.WARNING,
        needs=("instruments",),
        show="isin",
        confidence=DERIVED,
        jurisdictions=UK,
    ),
    Rule(
        id="CON-370",
        title="The country of the branch whose membership was used is missing on a trade on a venue",
        remedy="Give the branch's country, or the firm's own where no branch was used",
        source=f"{ESMA} rule 117; {annex('37')}",
        fields=("37",),
        when=NEW_ON_VENUE,
        must=present("branch_membership_country"),
        needs=("mics",),
        show="venue",
        official=True,
        confidence=VERIFIED,
    ),
    Rule(
        id="R22-37-01",
        title="A country of the branch membership stands on a trade that was not on a venue, or it is no country",
        remedy="Leave field 37 empty over the counter (XOFF, XXXX) and with a systematic internaliser",
        source=annex("37"),
        fields=("37", "36"),
        when=present("branch_membership_country"),
        must=all_of(is_a("country", "branch_membership_country"), negate(any_of(STANDS_IN, INTERNALISED))),
        partly_needs=("mics",),
        confidence=DERIVED,
    ),
)
