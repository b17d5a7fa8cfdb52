"""`make bench`: every row of the table, each side in a child process, ratios of CPU seconds measured in one run.

`BENCH=name` runs one row; `BENCH_JSON=FILE` writes {name: {ratio, cpu_s, peak_mb}}. The yardstick runs on a part of the
rows where it says so, and is scaled to all of them.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import render, rules, structure
from benchmarks.measure import Measured, measure

AIMS = {"path_small": 10, "path_large": 10, "path": 10, "render": 12, "rules": 25, "structure": 6}
Row = dict[str, Any]


def row(name: str, ours: Measured, theirs: Measured, scale: float, note: str) -> Row:
    """One row of the table; `scale` is how many times more records ours had than the yardstick."""
    ratio = theirs.cpu_s * scale / ours.cpu_s
    told = f"yardstick {theirs.cpu_s:.1f} s" + (f" x {scale:g}" if scale != 1 else "")
    cost = f"ours {ours.cpu_s:7.2f} s  {told:<22} {ours.peak_mb:6.0f} MB"
    print(f"{name:<11} {ratio:6.1f}x (aim {AIMS[name]}x)  {cost}  {note}", flush=True)
    return {"ratio": ratio, "cpu_s": ours.cpu_s, "peak_mb": ours.peak_mb}


def run_render(folder: Path) -> dict[str, Row]:
    """Wire table to bytes."""
    measure("render", "prepare", folder)
    ours, theirs = measure("render", "ours", folder), measure("render", "theirs", folder)
    return {"render": row("render", ours, theirs, render.RECORDS / render.TENTH, render.compare(folder))}


def run_structure(folder: Path) -> dict[str, Row]:
    """Structural check against libxml2, which parses and validates."""
    measure("structure", "prepare", folder)
    ours, theirs, parsed = (measure("structure", side, folder) for side in ("ours", "theirs", "parsed"))
    same = structure.compare(ours.outcome, theirs.outcome, parsed.outcome)
    note = f"{same}; against an already parsed tree {parsed.cpu_s / ours.cpu_s:.1f}x"
    return {"structure": row("structure", ours, theirs, 1, note)}


def run_rules(folder: Path) -> dict[str, Row]:
    """Every rule in force against a plain loop over the identical list."""
    measure("rules", "prepare", folder)
    ours, theirs = measure("rules", "ours", folder), measure("rules", "theirs", folder)
    note = rules.compare(ours.outcome, theirs.outcome)
    return {"rules": row("rules", ours, theirs, rules.RECORDS / rules.TENTH, note)}


def run_path(folder: Path) -> dict[str, Row]:
    """Many small reports, and one large, from field table to ledger."""
    measure("path", "prepare", folder)
    sides = {}
    for kind in ("small", "large"):
        sides[kind] = [measure("path", side, folder, kind=kind) for side in ("ours", "theirs")]
    found: dict[str, Row] = {}
    for kind, (ours, theirs) in sides.items():
        scale = ours.outcome["records"] / theirs.outcome["records"]
        note = f"{ours.outcome['reports']} reports, {ours.outcome['records']} records"
        found[f"path_{kind}"] = row(f"path_{kind}", ours, theirs, scale, note)
    cpu_s = sum(r["cpu_s"] for r in found.values())
    ratio = sum(r["ratio"] * r["cpu_s"] for r in found.values()) / cpu_s
    print(f"{'path':<11} {ratio:6.1f}x (aim {AIMS['path']}x)  ours {cpu_s:7.2f} s  both together")
    peak = max(r["peak_mb"] for r in found.values())
    return found | {"path": {"ratio": ratio, "cpu_s": cpu_s, "peak_mb": peak}}


ROWS = {"render": run_render, "structure": run_structure, "rules": run_rules, "path": run_path}


def main() -> None:
    """Run what is asked for, print the table, write the JSON."""
    wanted = os.environ.get("BENCH", "")
    if wanted and wanted not in ROWS:
        sys.exit(f"BENCH={wanted}: there is {', '.join(ROWS)}")
    found: dict[str, Row] = {}
    for name, run in ROWS.items():
        if wanted in ("", name):
            with TemporaryDirectory(prefix="regreport-bench-") as folder:
                found |= run(Path(folder))
    if target := os.environ.get("BENCH_JSON", ""):
        Path(target).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
