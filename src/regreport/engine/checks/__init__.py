"""The small vocabulary that every rule's condition is written in: values first, Polars expressions second.

A check is a frozen value, not code, so that one declaration can be run over columns, printed in words for the docs,
and evaluated row by row by the independent yardstick in `benchmarks/`, which must find the same faults.

Null semantics, the same for every check: a check on an absent value is False (only `absent` is True), so the result is
never null. What may be left out is said by the rule's `when`.

Names of columns: `venue` is a column of the field table, `buyer.id` a column of the repeating group `buyer` (inside a
rule `over="buyer"` or inside `some`; `contains` and `overlaps` take it from the record), `@instrument.cfi` a fact that
was joined from reference data or from the report itself before the rules run. Values are text: numbers are compared as
exact decimals, dates and UTC times by their first characters.
"""

from __future__ import annotations

from regreport.engine.checks.base import NUMBER, Check, Scope
from regreport.engine.checks.compare import NotAfter, PartIs, Same, SameNumber, WithinDays, WithinYears
from regreport.engine.checks.groups import Contains, Counted, Distinct, Overlaps, Some
from regreport.engine.checks.logic import All, Always, AnyOf, Not
from regreport.engine.checks.value import (
    PREDICATES,
    PREDICATES_ON,
    Capital,
    DateFrom,
    IsA,
    Matches,
    Number,
    OneOf,
    Present,
    StartsWith,
)
from regreport.engine.checks.verbs import (
    ALWAYS,
    absent,
    all_of,
    any_of,
    contains,
    equal,
    is_a,
    matches,
    negate,
    none,
    one_of,
    overlaps,
    present,
    some,
    starts,
)

__all__ = [
    "ALWAYS",
    "NUMBER",
    "PREDICATES",
    "PREDICATES_ON",
    "All",
    "Always",
    "AnyOf",
    "Capital",
    "Check",
    "Contains",
    "Counted",
    "DateFrom",
    "Distinct",
    "IsA",
    "Matches",
    "Not",
    "NotAfter",
    "Number",
    "OneOf",
    "Overlaps",
    "PartIs",
    "Present",
    "Same",
    "SameNumber",
    "Scope",
    "Some",
    "StartsWith",
    "WithinDays",
    "WithinYears",
    "absent",
    "all_of",
    "any_of",
    "contains",
    "equal",
    "is_a",
    "matches",
    "negate",
    "none",
    "one_of",
    "overlaps",
    "present",
    "some",
    "starts",
]
