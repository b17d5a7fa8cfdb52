"""Natural persons: the form of their identifier, whether its kind is one that their nationality allows, their birth.

Annex II gives each nationality its identifiers in order of priority; which of them a person has is not in the report,
so only a kind that the nationality's row does not name at all can be seen. The nationality is the first two letters of
the identifier. The United Kingdom is left out of that check: it has a row, but is no EEA member since 2021, and which
row then counts could not be verified.

Source: RTS 22 (EU) 2017/590 Article 6 and Annex II.
"""

from __future__ import annotations

from itertools import chain

import polars as pl

from regreport.codelists.column import code_list
from regreport.codelists.national_id import OTHERS, PRIORITIES
from regreport.engine.checks import (
    Capital,
    Check,
    NotAfter,
    PartIs,
    absent,
    all_of,
    any_of,
    equal,
    is_a,
    matches,
    negate,
    one_of,
    present,
    starts,
)
from regreport.engine.rule import Rule
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.sides import SIDES, Person
from regreport.regimes.mifir.rules.terms import DERIVED, ESMA, EU, RULES_OF_2022, UK, VERIFIED, annex

KINDS = ("NIDN", "CCPT", "CONCAT")
ANNEX_II = "RTS 22 (EU) 2017/590 Article 6 and Annex II"

UNSETTLED = "GB"


def _nationalities(*, without: str = "", that_name: str = "") -> tuple[str, ...]:
    """Nationalities with a row of their own in Annex II which does not name a kind, or which does."""
    named = pl.any_horizontal(pl.col(*PRIORITIES) == (that_name or without)).fill_null(value=False)
    rows = code_list("national_id").filter(pl.col("country") != OTHERS, named if that_name else ~named)
    return tuple(rows["country"])


NATIONAL_NUMBER = _nationalities(that_name="NIDN")
NO_PASSPORT = _nationalities(without="CCPT")
NO_CONCAT = _nationalities(without="CONCAT")

NUMBER_FORM = r"[A-Z]{2}[A-Z0-9]{1,33}|FI[A-Z0-9+\-]{1,33}|LV[A-Z0-9\-]{1,33}"


def is_person(kind: str) -> Check:
    """The column says that the identifier is a natural person's."""
    return one_of(kind, *KINDS)


def well_formed(identifier: str, kind: str) -> Check:
    """CONCAT has its twenty characters, any other identifier a country code and up to 33 letters and digits."""
    number = all_of(one_of(kind, "NIDN", "CCPT"), matches(identifier, NUMBER_FORM))
    return any_of(number, all_of(equal(kind, "CONCAT"), is_a("CONCAT", identifier)))


def kind_allowed(identifier: str, kind: str) -> Check:
    """The kind of identifier is one that the row of the nationality in Annex II names."""
    return any_of(
        all_of(equal(kind, "NIDN"), starts(identifier, *NATIONAL_NUMBER)),
        all_of(equal(kind, "CCPT"), negate(starts(identifier, *NO_PASSPORT))),
        all_of(equal(kind, "CONCAT"), negate(starts(identifier, *NO_CONCAT))),
    )


def form_rule(rule: str, field: str, word: str, identifier: str, kind: str, over: str | None = None) -> Rule:
    """The identifier of a natural person does not have its form."""
    return Rule(
        id=rule,
        title=f"The identifier of the {word} does not have the form of its kind",
        remedy="A CONCAT is country, birth date, and five letters of each name filled up with #; "
        "any other is the country of nationality and the number without blanks",
        source=f"{ANNEX_II}; {annex(field)}",
        fields=(field,),
        over=over,
        when=is_person(kind),
        must=well_formed(identifier, kind),
        show=identifier,
        confidence=DERIVED,
    )


def priority_rule(rule: str, field: str, word: str, identifier: str, kind: str, over: str | None = None) -> Rule:
    """The kind of identifier is not in the row of the nationality."""
    return Rule(
        id=rule,
        title=f"The {word} is identified by a kind that Annex II does not provide for this nationality",
        remedy="Use the identifier of the highest priority that the person has under their nationality's row",
        source=ANNEX_II,
        fields=(field,),
        over=over,
        when=all_of(is_person(kind), negate(starts(identifier, UNSETTLED))),
        must=kind_allowed(identifier, kind),
        show=identifier,
        confidence=DERIVED,
    )


def number_rule(rule: str, field: str, word: str, identifier: str, kind: str, over: str | None = None) -> Rule:
    """A national number that its own country would not have issued; the forms are not all read from the registers."""
    return Rule(
        id=rule,
        title=f"The national number of the {word} does not have the form or the check digits that its country gives it",
        remedy="Compare it with the person's document; the country code in front is that of the nationality",
        source=f"{ANNEX_II}; the registers' own rules",
        fields=(field,),
        over=over,
        when=equal(kind, "NIDN"),
        must=is_a("national number", identifier),
        severity=Severity.WARNING,
        confidence=DERIVED,
    )


def _birth(person: Person) -> tuple[Rule, Rule]:
    """Born after the trade: the authority's code in the EU, ours where it is not enforced."""
    field = str(person.number + (4 if person.number in (7, 16) else 3))
    official = Rule(
        id=person.birth_code,
        title=f"The {person.word} is born after the trade",
        remedy="Correct the birth date, or the trading date",
        source=f"{ESMA} 1.6; {annex(field)}",
        fields=(field,),
        over=person.group,
        when=present(person.column("birth_date")),
        must=NotAfter(person.column("birth_date"), "trading_date_time"),
        official=True,
        confidence=VERIFIED,
        valid_from=RULES_OF_2022,
        jurisdictions=EU,
    )
    ours = Rule(
        id=f"R22-{field}-01",
        title=official.title,
        remedy=official.remedy,
        source=f"{annex(field)}; the FCA does not enforce {person.birth_code}",
        fields=(field,),
        over=person.group,
        when=official.when,
        must=official.must,
        confidence=DERIVED,
        jurisdictions=UK,
    )
    return official, ours


def _rules_of(person: Person) -> tuple[Rule, ...]:
    number = str(person.number)
    form, priority = ("02", "03") if person in (s.party for s in SIDES) else ("05", "06")
    names = str(person.number + (2 if person.number in (7, 16) else 1))
    identifier, kind, birth = (person.column(c) for c in ("id", "id_type", "birth_date"))
    first, surnames = person.column("first_names"), person.column("surnames")
    return (
        form_rule(f"R22-{number}-{form}", number, person.word, identifier, kind, person.group),
        priority_rule(f"R22-{number}-{priority}", number, person.word, identifier, kind, person.group),
        number_rule(f"R22-{number}-08", number, person.word, identifier, kind, person.group),
        Rule(
            id=f"R22-{number}-07",
            title=f"The birth date inside the CONCAT of the {person.word} is not the one reported",
            source=f"RTS 22 (EU) 2017/590 Article 6(4); {annex(number)}",
            fields=(number,),
            over=person.group,
            when=all_of(equal(kind, "CONCAT"), present(birth)),
            must=PartIs(identifier, 2, 8, birth),
            confidence=DERIVED,
        ),
        Rule(
            id=f"R22-{names}-01",
            title=f"The names of the {person.word} are not in capital letters",
            source=annex(names),
            fields=(names, str(int(names) + 1)),
            over=person.group,
            when=is_person(kind),
            must=all_of(any_of(absent(first), Capital(first)), any_of(absent(surnames), Capital(surnames))),
            severity=Severity.WARNING,
            show=surnames,
            confidence=DERIVED,
        ),
        *_birth(person),
    )


RULES: tuple[Rule, ...] = tuple(chain.from_iterable(_rules_of(p) for s in SIDES for p in (s.party, s.maker)))
