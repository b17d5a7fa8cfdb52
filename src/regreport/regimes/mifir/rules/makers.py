"""Decision makers: who decided for the buyer or seller under a mandate or power of representation (fields 12, 21)."""

from __future__ import annotations

from itertools import chain

from regreport.engine.checks import Counted, absent, all_of, any_of, equal, negate, overlaps, present
from regreport.engine.rule import Rule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.parties import lei_rule
from regreport.regimes.mifir.rules.persons import is_person
from regreport.regimes.mifir.rules.sides import SIDES, Side
from regreport.regimes.mifir.rules.terms import DERIVED, ESMA, MARKET_WATCH_62, annex


def _form(side: Side) -> Rule:
    maker, number = side.maker, str(side.maker.number)
    kind, identifier = maker.column("id_type"), maker.column("id")
    names = tuple(maker.column(c) for c in ("first_names", "surnames", "birth_date"))
    return Rule(
        id=f"R22-{number}-04",
        title=f"The {maker.word} is not identified in exactly one way",
        remedy="A firm has an LEI without names; a natural person has identifier, names and birth date",
        source=annex(number),
        fields=(number,),
        over=maker.group,
        must=any_of(
            all_of(equal(kind, "LEI"), present(identifier), absent(*names)),
            all_of(is_person(kind), present(identifier, *names)),
        ),
        show=kind,
        confidence=DERIVED,
    )


def _other(side: Side) -> Rule:
    maker, number = side.maker, str(side.maker.number)
    return Rule(
        id=f"R22-{number}-01",
        title=f"The {maker.word} is the {side.party.word}",
        remedy=f"Leave field {number} empty unless somebody else decided for the {side.party.word}",
        source=f"{annex(number)}; {MARKET_WATCH_62}",
        fields=(number, str(side.party.number)),
        when=Counted(maker.group, ">", 0),
        must=negate(overlaps(maker.column("id"), side.party.column("id"))),
        confidence=DERIVED,
    )


def _fund(side: Side) -> Rule:
    party, maker, number = side.party, side.maker, str(side.maker.number)
    return Rule(
        id=f"R22-{number}-02",
        title=f"The {party.word} is a fund and nobody is named who decides for it",
        remedy=f"Name the manager in field {number}; where the manager is the counterparty, report the manager instead",
        source=f"{annex(number)}; {MARKET_WATCH_62}",
        fields=(number,),
        over=party.group,
        when=equal(party.column("lei_category"), "FUND"),
        must=Counted(maker.group, ">", 0),
        severity=Severity.WARNING,
        needs=("leis",),
        show=party.column("id"),
        confidence=DERIVED,
    )


def _rules_of(side: Side) -> tuple[Rule, ...]:
    number = side.maker.number
    source = f"{ESMA} rule {'043' if number == 12 else '072'}; {annex(str(number))}"
    return (_form(side), lei_rule(side.maker_lei_code, side.maker, source, official=False), _other(side), _fund(side))


RULES: tuple[Rule, ...] = tuple(chain.from_iterable(_rules_of(s) for s in SIDES))
