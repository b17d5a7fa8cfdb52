"""The authorities' own examples as cases (ESMA, CSSF, FCA): which of them the package reproduces, and why not the rest.

Each `.toml` file holds the cases of one or a few sources; `regreport.testing_cases` says how they are written and runs
them. A listed situation counts as reproduced when a case names it, and the tests fail while one such case does not
hold. `not_reproduced.csv` says of every other listed situation what stands in the way.
"""

from __future__ import annotations

import csv
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from regreport.regime import Reproduced

FOLDER: Final = Path(__file__).parent
BASES: Final = "bases.toml"
PARTIAL: Final = frozenset({"MIFIR-029", "MIFIR-031", "MIFIR-073", "MIFIR-074", "MIFIR-082", "MIFIR-083"})
"""Situations read in part, or through one who writes about them; so are all of the Market Watch but the first."""


@cache
def scenarios() -> tuple[Reproduced, ...]:
    """Every listed situation, by id."""
    done = {i: (who, source) for path in sorted(FOLDER.glob("*.toml")) for i, who, source in _reproduced(path)}
    found = [Reproduced(i, who, source, done=True, confidence=_confidence(i)) for i, (who, source) in done.items()]
    with (FOLDER / "not_reproduced.csv").open(encoding="utf-8") as stream:
        found += [Reproduced(done=False, **row) for row in csv.DictReader(stream)]  # its columns bear the fields' names
    return tuple(sorted(found, key=lambda s: s.id))


def _reproduced(path: Path) -> list[tuple[str, str, str]]:
    """(id, authority, source) of what the cases of a file name."""
    if path.name == BASES:
        return []
    whole: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    named = []
    for case in whole["case"]:
        source = f"{whole['source']} {case.get('source', '')}".strip()
        named += [(i, str(re.split(r"[ /]", source, maxsplit=1)[0]), source) for i in case["ids"]]
    return named


def _confidence(scenario: str) -> str:
    read_through_others = scenario.startswith("FCA_MW-") and scenario != "FCA_MW-001"
    return "partial" if read_through_others or scenario in PARTIAL else "verified"
