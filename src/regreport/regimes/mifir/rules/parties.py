"""Buyer and seller: who they are, in which one way, and what may be said of them (fields 7, 8, 16, 17)."""

from __future__ import annotations

from itertools import chain

from regreport.engine.checks import (
    Counted,
    Same,
    absent,
    all_of,
    any_of,
    equal,
    is_a,
    negate,
    one_of,
    overlaps,
    present,
    some,
)
from regreport.engine.rule import Rule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.persons import is_person
from regreport.regimes.mifir.rules.sides import SIDES, Person, Side
from regreport.regimes.mifir.rules.terms import CODE_UNSEEN, DERIVED, ESMA, LEI_ACCEPTED, VERIFIED, annex


def lei_rule(rule: str, person: Person, source: str, official: bool) -> Rule:
    """The LEI of a party or decision maker is wrong in itself, unknown, or of an entity that has ended."""
    lei, status = person.column("id"), person.column("lei_status")
    return Rule(
        id=rule,
        title=f"The LEI of the {person.word} is not valid: wrong check digits, never issued, or the entity has ended",
        remedy="Look the entity up at GLEIF; a lapsed registration is accepted, a retired or annulled one is not",
        source=source,
        fields=(str(person.number),),
        over=person.group,
        when=equal(person.column("id_type"), "LEI"),
        must=all_of(is_a("LEI", lei), any_of(absent(status), one_of(status, *LEI_ACCEPTED))),
        partly_needs=("leis",),
        official=official,
        confidence=VERIFIED if official else CODE_UNSEEN,
    )


def _one_kind(side: Side) -> Rule:
    person, number = side.party, str(side.party.number)
    identifier, kind = person.column("id"), person.column("id_type")
    names = tuple(person.column(c) for c in ("first_names", "surnames", "birth_date"))
    return Rule(
        id=f"R22-{number}-01",
        title=f"The {person.word} is not identified in exactly one way",
        remedy="An entity has an LEI and a venue a MIC, both without names; a natural person has identifier, names and "
        "birth date; INTC has none of them",
        source=annex(number),
        fields=(number,),
        over=person.group,
        must=any_of(
            all_of(one_of(kind, "LEI", "MIC"), present(identifier), absent(*names)),
            all_of(is_person(kind), present(identifier, *names)),
            all_of(equal(kind, "INTC"), absent(identifier, *names)),
        ),
        show=kind,
        confidence=DERIVED,
    )


def _alone(side: Side) -> Rule:
    person, number = side.party, str(side.party.number)
    return Rule(
        id=f"R22-{number}-06",
        title=f"The {person.word} is the aggregate client account and somebody else too",
        remedy="INTC stands alone on its side; each client gets a report of their own when the account is emptied",
        source=annex(number),
        fields=(number,),
        when=some(person.group, equal(person.column("id_type"), "INTC")),
        must=Counted(person.group, "==", 1),
        confidence=DERIVED,
    )


def _branch(side: Side) -> Rule:
    person, branch = side.party, side.party.column("branch_country")
    return Rule(
        id=f"R22-{side.branch}-01",
        title=f"A country of the branch stands with a {person.word} who is no client, or it is no country",
        remedy="Give it only for a client of the executing entity, as an ISO 3166 code",
        source=annex(side.branch),
        fields=(side.branch,),
        over=person.group,
        when=present(branch),
        must=all_of(
            is_a("country", branch),
            negate(equal(person.column("id_type"), "MIC")),
            negate(Same(person.column("id"), "executing_entity")),
        ),
        confidence=DERIVED,
    )


def _rules_of(side: Side) -> tuple[Rule, ...]:
    source = f"{ESMA} rule {'027' if side.party.number == 7 else '056'}; {annex(str(side.party.number))}"
    return (_one_kind(side), lei_rule(side.lei_code, side.party, source, official=True), _alone(side), _branch(side))


RULES: tuple[Rule, ...] = (
    *chain.from_iterable(_rules_of(s) for s in SIDES),
    Rule(
        id="R22-7-04",
        title="Buyer and seller are the same",
        remedy="Right only where one party stands on both sides of a chain; otherwise one of them is somebody else",
        source=f"{annex('7')} and 16",
        fields=("7", "16"),
        must=negate(overlaps("buyer.id", "seller.id")),
        severity=Severity.WARNING,
        confidence=DERIVED,
    ),
)
