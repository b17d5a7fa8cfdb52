"""Say in words what a value or an element must be: what a finding's message ends with.

A person who reads a finding knows fields, not schemas: no expression and no facet name is shown.
"""

from __future__ import annotations

from collections.abc import Callable

from regreport.engine.pattern_words import pattern_words
from regreport.engine.table import Facets, Node

_LEI = "20 characters: 18 capital letters or digits, then 2 digits"
_PERSON = (
    "two capital letters of the country, then up to 33 capital letters or digits (Finland: also - and +; Latvia: also "
    "-); or a CONCAT code: country, 8 digits of the birth date, 5 letters of the first name and 5 of the surname, "
    'filled with "#"'
)
_KNOWN: dict[str, tuple[str, str]] = {
    "[A-Z0-9]{18,18}[0-9]{2,2}": ("LEI", _LEI),
    "[A-Z]{2,2}[A-Z0-9]{9,9}[0-9]{1,1}": (
        "ISIN",
        "12 characters: 2 capital letters, 9 capital letters or digits, then 1 digit",
    ),
    "[A-Z0-9]{4,4}": ("", "4 characters, capital letters or digits"),
    "[A-Z]{6,6}": ("", "6 capital letters"),
    "[A-Z]{3,3}": ("currency", "a code of 3 capital letters"),
    "[A-Z]{2,2}": ("country", "a code of 2 capital letters"),
    ".*Z": ("", "a date and time in UTC, ending in Z, such as 2026-11-23T10:15:30.123456Z"),
}
"""By pattern: what such a value is called, and what it must be."""

_BY_TYPE = {"MICIdentifier": "MIC", "CFIOct2015Identifier": "CFI code"}
_FORMS = {
    "date": "a date that exists, such as 2026-11-23",
    "dateTime": "a date and time that exists, such as 2026-11-23T10:15:30.123456Z",
    "time": "a time of day, such as 10:15:30",
    "boolean": "true or false",
    "decimal": "a number in plain digits, such as 1234.56",
}


def called(node_type: str, facets: Facets, tag: str) -> str:
    """What a value of this type is called, or its element's tag."""
    label = _KNOWN.get(facets.pattern, ("", ""))[0]
    return label or _BY_TYPE.get(node_type, "") or tag


def must_be(kind: str, facets: Facets) -> str:
    """What the value must be, for a limit of `kind` (see `lexical.faults`)."""
    return _WORDS[kind](facets)


def _pattern(facets: Facets) -> str:
    known = _KNOWN.get(facets.pattern)
    if known:
        return known[1]
    if "[A-Z#]{4}" in facets.pattern:
        return _PERSON
    codes = facets.pattern.replace("(", "").replace(")", "").split("|")
    if all(code.isalnum() for code in codes):
        return _one_of(codes)
    return pattern_words(facets.pattern)


def _length(facets: Facets) -> str:
    low, high = facets.length_min, facets.length_max
    if high is None:
        return f"at least {low} character{'s' if low != 1 else ''}"
    if not low:
        return f"at most {high} characters"
    return f"{low} characters" if low == high else f"{low} to {high} characters"


def _digits(facets: Facets) -> str:
    parts = []
    if facets.digits_total is not None:
        parts.append(f"a number of at most {facets.digits_total} digits")
    if facets.digits_fraction == 0:
        parts.append("without decimals" if parts else "a whole number")
    elif facets.digits_fraction is not None:
        lead = "at most" if parts else "a number with at most"
        parts.append(f"{lead} {facets.digits_fraction} of them after the point")
    return ", ".join(parts)


def _range(facets: Facets) -> str:
    bounds = [
        f"{facets.value_min} or more" if facets.value_min else "",
        f"more than {facets.value_above}" if facets.value_above else "",
        f"{facets.value_max} or less" if facets.value_max else "",
        f"less than {facets.value_below}" if facets.value_below else "",
    ]
    return " and ".join(filter(None, bounds))


def _one_of(codes: list[str]) -> str:
    return codes[0] if len(codes) == 1 else "one of " + ", ".join(codes)


_WORDS: dict[str, Callable[[Facets], str]] = {
    "characters": lambda facets: "free of control characters, which XML cannot carry",
    "pattern": _pattern,
    "length": _length,
    "enumeration": lambda facets: _one_of(list(facets.enumeration)),
    "number": lambda facets: _FORMS["decimal"],
    "boolean": lambda facets: _FORMS["boolean"],
    "date": lambda facets: _FORMS[facets.base],
    "digits": _digits,
    "range": _range,
}


def value_words(facets: Facets) -> str:
    """All that a value must be, for the field table of the docs."""
    parts = [] if facets.base == "string" else [_FORMS[facets.base]]
    if facets.pattern:
        parts.append(_pattern(facets))
    if facets.enumeration:
        parts.append(_one_of(list(facets.enumeration)))
    if facets.length_min is not None or facets.length_max is not None:
        parts.append(_length(facets))
    if facets.digits_total is not None or facets.digits_fraction is not None:
        parts.append(_digits(facets))
    if _range(facets):
        parts.append(_range(facets))
    return "; ".join(parts) or "text"


def choice_words(node: Node, tags_present: int) -> str:
    """What is wrong with a choice of which none, or more than one, branch is there."""
    listed = ", ".join(child.tag for child in node.children)
    found = "none is there" if tags_present == 0 else "more than one is there"
    return f"must hold exactly one of {listed}; {found}"


def occurrence_words(node: Node) -> str:
    """How often an element may occur."""
    if node.max is None:
        return f"must be there at least {node.min} times"
    return (
        f"may be there at most {node.max} times" if node.min <= 1 else f"must be there {node.min} to {node.max} times"
    )
