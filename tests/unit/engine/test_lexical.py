"""Values are judged as libxml2 judges them, for every distinct set of limits in the shipped tables."""

from __future__ import annotations

import random
from xml.sax.saxutils import quoteattr

import polars as pl
import pytest
from instances import Instances
from lxml import etree
from mutate import AWKWARD_VALUES

from regreport import messages
from regreport.engine.lexical import BASES, accepts, faults
from regreport.engine.pattern import alternatives, engine_regex, parse_pattern
from regreport.engine.pattern_words import pattern_words
from regreport.engine.table import Facets, walk

TABLES = ("auth.016.001.01", "auth.016.001.03", "auth.031.001.01", "head.001.001.01")
EXTRA = [
    *(Facets(base) for base in BASES),
    Facets("decimal", value_min="-5.50", value_below="100.25"),
    Facets("decimal", value_above="-0.5", value_max="31"),
    Facets("time", pattern=".*"),
    Facets("date", pattern=".*[0-9]"),
]
BLANKS = [" ", "\t", "\n", "\r", "\u00a0"]


def distinct_facets() -> list[Facets]:
    found = dict.fromkeys(EXTRA)
    for name in TABLES:
        for node in walk(messages.table(name)):
            found |= dict.fromkeys([*([node.facets] if node.facets else []), *(a.facets for a in node.attributes)])
    return list(found)


def schema(facets: Facets) -> etree.XMLSchema:
    limits = [("pattern", text) for text in alternatives(facets.pattern)]
    limits += [("enumeration", text) for text in facets.enumeration]
    limits += [
        (name, str(value))
        for name, value in (
            ("minLength", facets.length_min),
            ("maxLength", facets.length_max),
            ("totalDigits", facets.digits_total),
            ("fractionDigits", facets.digits_fraction),
            ("minInclusive", facets.value_min),
            ("minExclusive", facets.value_above),
            ("maxInclusive", facets.value_max),
            ("maxExclusive", facets.value_below),
        )
        if value not in (None, "")
    ]
    inside = "".join(f"<xs:{name} value={quoteattr(value)}/>" for name, value in limits)
    text = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="v"><xs:simpleType>'
        f'<xs:restriction base="xs:{facets.base}">{inside}</xs:restriction></xs:simpleType></xs:element></xs:schema>'
    )
    return etree.XMLSchema(etree.fromstring(text))


def values_for(facets: Facets, seed: int) -> list[str]:
    """Valid ones, awkward ones, and both with small changes."""
    rnd, maker = random.Random(seed), Instances(seed)
    values = AWKWARD_VALUES + [maker.value(facets) for _ in range(40)] + list(facets.enumeration)
    values += ["".join(rnd.choice("0012345.-+") for _ in range(rnd.randint(1, 22))) for _ in range(60)]
    for _ in range(60):
        year = rnd.choice(
            ["1900", "2000", "2023", "2024", "-0004", "12345", "9223372036854775807", "9223372036854775808"]
        )
        day = f"{year}-{rnd.randint(0, 13):02}-{rnd.randint(0, 32):02}"
        clock = f"{rnd.randint(0, 24):02}:{rnd.randint(0, 60):02}:{rnd.choice([0, 59, 60]):02}"
        zone = rnd.choice(["", "Z", "+14:00", "-14:01", "+13:59"])
        values += [day + zone, f"{day}T{clock}{zone}", clock + zone]
    for text in list(values):
        at = rnd.randint(0, len(text))
        values.append(
            text[:at] + rnd.choice(["", "0", "9", "A", "z", "-", ".", *BLANKS]) + text[at + rnd.randint(0, 1) :]
        )
        values.append(rnd.choice(BLANKS) + text)
        values.append(text + rnd.choice(BLANKS))
    return list(dict.fromkeys(values))


def test_every_set_of_limits_gives_libxml2s_verdict() -> None:
    counted = 0
    for number, facets in enumerate(distinct_facets()):
        judge, values = schema(facets), values_for(facets, number)
        column = pl.DataFrame({"v": values})
        cheap = accepts(facets, pl.col("v"))
        accepted = column.select(cheap)["v"] if cheap is not None else pl.Series([False] * len(values))
        tests = [test.fill_null(value=False).alias(kind) for kind, test in faults(facets, pl.col("v"))]
        broken = column.select(pl.any_horizontal(tests).alias("x"))["x"]
        for text, sure, wrong in zip(values, accepted, broken, strict=True):
            element = etree.Element("v")
            element.text = text
            valid = judge.validate(element)
            assert wrong != valid, f"{facets} {text!r}: libxml2 says {valid}"
            assert valid or not sure, f"{facets} {text!r}: accepted, but libxml2 refuses it"
            counted += valid
    assert counted > 1_000


def test_control_characters_are_a_fault_of_any_text() -> None:
    for facets in (Facets(), Facets(length_min=1, length_max=9), Facets(pattern=".*")):
        column = pl.DataFrame({"v": ["a\x00", "b\x0b", "\x1f", "\ufffe", "ok\t\n\r"]})
        [characters] = [test for kind, test in faults(facets, pl.col("v")) if kind == "characters"]
        assert column.select(characters)["v"].to_list() == [True, True, True, True, False]
    cheap = accepts(Facets(), pl.col("v"))
    assert cheap is not None
    assert column.select(cheap)["v"].to_list() == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("[A-Z0-9]{18,18}[0-9]{2,2}", "20 characters: 18 capital letters or digits, then 2 digits"),
        ("([A-Z]|[0-9]){1,52}", "1 to 52 capital letters or digits"),
        (r"\+[0-9]{1,3}-[0-9()+\-]{1,30}", '"+"'),
        ("[A-Z]{2,2}([A-Z0-9]{3,3}){0,1}", "optionally 3 capital letters or digits"),
        (".*Z", '"Z"'),
    ],
)
def test_a_pattern_is_said_in_words(pattern: str, words: str) -> None:
    assert words in pattern_words(pattern)
    assert "{" not in pattern_words(pattern)


def test_the_dialects_differ_and_the_translation_knows() -> None:
    match = lambda pattern, text: pl.Series([text]).str.contains(engine_regex(pattern))[0]  # noqa: E731
    assert not match(".", "\r")
    assert match("^$", "^$"), "in XML Schema these are plain characters"
    assert not match("ab", "xaby"), "the whole value must match"
    assert match("[+\\-a-c]", "-")


@pytest.mark.parametrize("pattern", ["[a-z-[aeiou]]", "\\p{L}", "a{", "(a", "[z-a]", "*"])
def test_what_is_not_supported_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_pattern(pattern)


def test_overlapping_alternatives_follow_the_standard() -> None:
    """Given the whole pattern of personal identifiers, libxml2 accepts "FFI+X", which no alternative matches."""
    pattern = messages.load("auth.016.001.01").record.find("New/Buyr/AcctOwnr/Id/Prsn/Othr/Id").facets
    assert pattern is not None
    column = pl.DataFrame({"v": ["FFI+X", "FI+X"]})
    assert column.select(pl.col("v").str.contains(engine_regex(pattern.pattern)))["v"].to_list() == [False, True]
    assert len(alternatives(pattern.pattern)) == 4
