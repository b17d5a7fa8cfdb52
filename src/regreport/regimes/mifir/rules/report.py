"""The report itself: reference, executing and submitting entity, transmission of orders (fields 1 to 6, 25 to 27)."""

from __future__ import annotations

from regreport.engine.checks import (
    Same,
    absent,
    all_of,
    any_of,
    equal,
    is_a,
    matches,
    negate,
    one_of,
    present,
)
from regreport.engine.rule import Rule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.terms import (
    CODE_UNSEEN,
    DERIVED,
    ESMA,
    EU,
    LEI_ACCEPTED,
    LEI_ISSUED,
    NEW,
    ON_VENUE,
    RULES_OF_2022,
    annex,
)


def _transmitting(number: str, side: str) -> Rule:
    firm, status = f"transmitting_firm_{side}", f"@transmitting_{side}.status"
    return Rule(
        id=f"R22-{number}-01",
        title=f"The firm that transmitted the {side}'s order has no valid LEI, or is the executing entity itself",
        remedy="Only the firm that received the order names the one that transmitted it",
        source=annex(number),
        fields=(number,),
        when=present(firm),
        must=all_of(
            is_a("LEI", firm),
            any_of(absent(status), one_of(status, *LEI_ACCEPTED)),
            negate(Same(firm, "executing_entity")),
        ),
        partly_needs=("leis",),
        confidence=DERIVED,
    )


RULES: tuple[Rule, ...] = (
    Rule(
        id="R22-2-01",
        title="The transaction reference is missing or is not 1 to 52 capital letters and digits",
        source=annex("2"),
        fields=("2",),
        must=matches("transaction_reference", "[A-Z0-9]{1,52}"),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-4-01",
        title="The LEI of the executing entity is not valid: its check digits are wrong, it was never issued, it has "
        "lapsed, or the entity has ended",
        remedy="An entity must renew its own LEI before it reports",
        source=annex("4"),
        fields=("4",),
        must=all_of(
            is_a("LEI", "executing_entity"),
            any_of(absent("@executing.status"), one_of("@executing.status", *LEI_ISSUED)),
        ),
        partly_needs=("leis",),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-4-02",
        title="The LEI of the executing entity names a branch",
        remedy="Report the LEI of the firm; the branch stands as a country in fields 8, 17, 37, 58 and 60",
        source=f"{annex('4')}; Article 14",
        fields=("4",),
        when=present("@executing.category"),
        must=negate(equal("@executing.category", "BRANCH")),
        needs=("leis",),
        show="executing_entity",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-5-01",
        title="The executing entity is said to be no investment firm, yet the trade was not on a venue",
        remedy="Only an operator of a venue that reports for a member who is no firm says false; the branch of a "
        "third-country firm says true",
        source=f"{annex('5')}; FCA Market Watch 70, as summarised by commentators",
        fields=("5",),
        when=NEW,
        must=any_of(equal("investment_firm", "true"), all_of(equal("investment_firm", "false"), ON_VENUE)),
        severity=Severity.WARNING,
        needs=("mics",),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-ESMA-021",
        title="The LEI of the submitting entity is not valid: its check digits are wrong, it was never issued, or the "
        "entity has ended",
        source=f"{ESMA} rule 021; {annex('6')}",
        fields=("6",),
        must=all_of(
            is_a("LEI", "submitting_entity"),
            any_of(absent("@submitting.status"), one_of("@submitting.status", *LEI_ACCEPTED)),
        ),
        partly_needs=("leis",),
        confidence=CODE_UNSEEN,
    ),
    Rule(
        id="R22-25-01",
        title="The firm says that it transmitted the order, and names a firm that transmitted it to itself",
        remedy="A transmitter leaves fields 26 and 27 empty; the firm that received the order fills them",
        source=f"{annex('25')}; Article 4",
        fields=("25", "26", "27"),
        when=equal("transmission", "true"),
        must=absent("transmitting_firm_buyer", "transmitting_firm_seller"),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-ESMA-283",
        title="A transmitted order carries the venue's transaction identifier",
        remedy="The identifier belongs to the report of the firm that executed on the venue: leave field 3 empty",
        source=f"{ESMA} rule 283",
        fields=("3", "25"),
        when=equal("transmission", "true"),
        must=absent("venue_transaction_id"),
        confidence=CODE_UNSEEN,
        valid_from=RULES_OF_2022,
        jurisdictions=EU,
    ),
    _transmitting("26", "buyer"),
    _transmitting("27", "seller"),
)
