"""The list of 98 rules that this pack is measured against, row by row: done by which rules, or why not.

`listed.csv` has one row a row of the list (a code with `?` is inferred; ESMA-nnn has a number in ESMA's list and no
code that could be read) with the ids of the rules that do it, or the reason why none does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from regreport.regime import NotDone


@dataclass(frozen=True)
class Listed:
    """One row of the list: the rules that do it, or the reason why there are none."""

    row: str
    rules: tuple[str, ...]
    reason: str


def _read() -> Mapping[str, Listed]:
    text = files(__package__).joinpath("listed.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(text))
    return {r["row"]: Listed(r["row"], tuple(i for i in r["rules"].split("|") if i), r["reason"]) for r in rows}


LISTED: Final[Mapping[str, Listed]] = _read()
NOT_DONE: Final[tuple[NotDone, ...]] = tuple(
    NotDone(row.row, row.reason, ("file",)) for row in LISTED.values() if not row.rules
)
