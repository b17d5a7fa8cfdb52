"""Who decided and who executed inside the firm: a person or an algorithm (fields 57 to 60)."""

from __future__ import annotations

from itertools import chain

from regreport.engine.checks import (
    Check,
    Counted,
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
from regreport.regimes.mifir.rules.persons import is_person, number_rule, priority_rule, well_formed
from regreport.regimes.mifir.rules.terms import (
    DERIVED,
    ESMA,
    INFERRED,
    MARKET_WATCH_62,
    NEW,
    NEW_ON_VENUE,
    OWN_ACCOUNT,
    annex,
)

_DECIDES_FOR_CLIENT: Check = any_of(
    contains("buyer_decision_maker.id", "executing_entity"), contains("seller_decision_maker.id", "executing_entity")
)
_NOBODY_DECIDES: Check = all_of(Counted("buyer_decision_maker", "==", 0), Counted("seller_decision_maker", "==", 0))
_FOR_OTHERS: Check = one_of("trading_capacity", "MTCH", "AOTC")
ALGORITHM = "[A-Z0-9]{1,50}"


def _inside_firm(number: str, role: str, word: str) -> tuple[Rule, ...]:
    identifier, kind, country = f"{role}_id", f"{role}_type", f"{role}_country"
    form = Rule(
        id=f"R22-{number}-02",
        title=f"The {word} is neither a person with identifier and country nor an algorithm of 1 to 50 capital letters "
        "and digits",
        remedy="A person needs the country of the branch that answers for them, or of the firm; an algorithm has none",
        source=f"{annex(number)} and {int(number) + 1}",
        fields=(number, str(int(number) + 1)),
        when=present(kind),
        must=any_of(
            all_of(equal(kind, "ALGO"), matches(identifier, ALGORITHM), absent(country)),
            all_of(is_person(kind), well_formed(identifier, kind), is_a("country", country)),
            all_of(equal(kind, "NORE"), absent(identifier, country)),
        ),
        show=identifier,
        confidence=DERIVED,
    )
    return (
        form,
        priority_rule(f"R22-{number}-04", number, word, identifier, kind),
        number_rule(f"R22-{number}-08", number, word, identifier, kind),
    )


RULES: tuple[Rule, ...] = (
    Rule(
        id="R22-57-01",
        title="Nobody inside the firm is named who decided to invest, on own account or under the client's mandate",
        remedy="Name the person or the algorithm with the main responsibility in field 57",
        source=annex("57"),
        fields=("57", "29"),
        when=all_of(NEW, any_of(OWN_ACCOUNT, _DECIDES_FOR_CLIENT)),
        must=present("investment_decision_type"),
        show="trading_capacity",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-ESMA-228",
        title="The firm decided to invest for a client, yet no decision maker is named on the client's side",
        remedy="Give the firm's LEI in field 12 or 21, or empty field 57 where the client decided",
        source=f"{ESMA} rule 228; {MARKET_WATCH_62}",
        fields=("12", "21", "57"),
        when=all_of(NEW, _FOR_OTHERS, _NOBODY_DECIDES),
        must=absent("investment_decision_type"),
        severity=Severity.WARNING,
        show="investment_decision_id",
        confidence=INFERRED,
    ),
    Rule(
        id="R22-57-03",
        title="The firm is said to have decided to invest, yet somebody else decides for the client",
        remedy="Empty field 57, or name the firm as decision maker",
        source=annex("57"),
        fields=("57", "12", "21"),
        when=all_of(NEW, _FOR_OTHERS, negate(_NOBODY_DECIDES), negate(_DECIDES_FOR_CLIENT)),
        must=absent("investment_decision_type"),
        severity=Severity.WARNING,
        show="investment_decision_id",
        confidence=DERIVED,
    ),
    Rule(
        id="R22-59-01",
        title="A client is said to have directed an execution that the firm did on a venue on own account",
        remedy="Name the person or algorithm that executed; NORE is for a client's specific instruction",
        source=annex("59"),
        fields=("59", "29"),
        when=all_of(NEW_ON_VENUE, OWN_ACCOUNT, present("venue_transaction_id")),
        must=negate(equal("execution_type", "NORE")),
        severity=Severity.WARNING,
        needs=("mics",),
        confidence=DERIVED,
    ),
    *chain.from_iterable(
        (
            _inside_firm("57", "investment_decision", "investment decision within the firm"),
            _inside_firm("59", "execution", "execution within the firm"),
        )
    ),
)
