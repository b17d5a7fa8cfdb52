"""rules: every rule of the regime in force, over columns and in a plain Python loop; the findings must be equal.

Both sides start from the same Parquet file of field rows with their facts, in which faults are planted. The loop is
`benchmarks.rules_rowwise`: the identical list of rules, each a function of a record that is a dict. What the dicts
themselves cost is measured apart and printed, as some programs have their records in that form already.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks import faults, material, rules_rowwise
from benchmarks.measure import Work, cpu_seconds
from regreport.engine.rule import AnyRule, CrossRule, Rule, run_rules
from regreport.engine.spool import read_chunks
from regreport.model.finding import Severity

RECORDS: Final = 200_000
TENTH: Final = 50_000
"""What the loop runs on."""


def in_force() -> tuple[AnyRule, ...]:
    """The rules that a report of the benchmark's day is held against."""
    found = material.regime().rules
    return tuple(r for r in found if r.in_force(material.REPORT_DATE, material.CELL.jurisdiction))


def prepare(folder: Path) -> Work:
    """Write the table with its facts, in parts of TENTH rows that are reports of their own."""

    def work() -> dict[str, Any]:
        regime, context = material.regime(), material.context()
        for number, part in enumerate(map(faults.in_fields, material.field_tables(RECORDS))):
            regime.enrich(part, context).write_parquet(folder / f"{number:03d}.parquet", compression="lz4")
        return {"rules": len(in_force())}

    return work


def ours(folder: Path) -> Work:
    """One plan over the columns of each part."""
    parts = sorted(folder.glob("*.parquet"))
    rules, reference = in_force(), material.regime().reference

    def work() -> dict[str, Any]:
        found = [run_rules(rules, table, reference=reference) for part in parts for table in read_chunks(part, TENTH)]
        first = found[0].filter(pl.col("severity") != Severity.NOT_CHECKED.value)
        return {"records": RECORDS, "findings": first.select("record", "rule", "value").rows()}

    return work


def theirs(folder: Path) -> Work:
    """The first part as dicts, and every rule on every dict."""
    part = folder / "000.parquet"
    rules = in_force()

    def work() -> dict[str, Any]:
        before = cpu_seconds()
        rows = rules_rowwise.rows_of(pl.read_parquet(part))
        dicts = cpu_seconds() - before
        return {"records": TENTH, "findings": rules_rowwise.findings(rules, rows), "dicts_s": dicts}

    return work


def compare(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """The same findings, one by one. Raises AssertionError; gives what was seen."""
    assert ours["findings"], "rules: no planted fault was found"
    only = [f for f in ours["findings"] if f not in theirs["findings"]][:3]
    assert ours["findings"] == theirs["findings"], f"rules: the findings differ, e.g. only ours: {only}"
    kinds = len({rule for _, rule, _ in ours["findings"]})
    records, across = (sum(isinstance(r, kind) for r in in_force()) for kind in (Rule, CrossRule))
    equal = f"{len(ours['findings'])} equal findings of {kinds} rules"
    return f"{records} rules over records and {across} across them; {equal}"


SIDES: Final = {"prepare": prepare, "ours": ours, "theirs": theirs}
