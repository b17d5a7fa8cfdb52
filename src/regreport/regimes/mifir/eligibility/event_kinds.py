"""The codes of `event_kind`: what can happen to an instrument, and the row of RTS 22 Art. 2 that each falls under.

The list is data (`event_kinds.csv`), so that the decision rules, the documentation page and a firm's mapping read the
same thing.

Source: Delegated Regulation (EU) 2017/590 (RTS 22) Art. 2; ESMA Q&A 1505, 1708, 1709, 2204 for single codes.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class EventKind:
    """One code, the decision rule that it falls under when its further facts point that way, and what it means."""

    code: str
    rule: str
    meaning: str


@cache
def event_kinds() -> tuple[EventKind, ...]:
    """The whole list, in order."""
    text = files("regreport.regimes.mifir").joinpath("event_kinds.csv").read_text(encoding="utf-8")
    return tuple(EventKind(r["code"], r["rule"], r["meaning"]) for r in csv.DictReader(text.splitlines()))


def codes(*rules: str) -> tuple[str, ...]:
    """The codes that fall under one of these rules."""
    return tuple(k.code for k in event_kinds() if k.rule in rules)


def as_markdown() -> str:
    """The documentation page `docs/reference/event-kinds.md`."""
    head = (
        "# Event kinds (MiFIR)\n\n"
        "What the source column `event_kind` may hold, and the decision rule that each code falls under"
        " ([the rules](mifir-eligibility.md)). A code that is not in this list holds the record.\n\n"
        "| code | rule | meaning |\n|---|---|---|\n"
    )
    return head + "".join(f"| {k.code} | {k.rule} | {k.meaning} |\n" for k in event_kinds())
