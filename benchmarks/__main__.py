"""`make bench`: every row of the table, each side in a child process, ratios of CPU seconds measured in one run.

`BENCH=name` runs one row; `BENCH_JSON=FILE` writes {name: {ratio, cpu_s, peak_mb}}. The yardstick runs on a part of the
rows where it says so, and is scaled to all of them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import path, render, rules, structure
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
    note = f"{same}; against an already parsed tree {parsed.outcome['cpu_s'] / ours.cpu_s:.1f}x"
    return {"structure": row("structure", ours, theirs, 1, note)}


def run_rules(folder: Path) -> dict[str, Row]:
    """Every rule in force against a plain loop over the identical list."""
    measure("rules", "prepare", folder)
    ours, theirs = measure("rules", "ours", folder), measure("rules", "theirs", folder)
    scale = rules.RECORDS / rules.TENTH
    alone = (theirs.cpu_s - theirs.outcome["dicts_s"]) * scale / ours.cpu_s
    note = f"{rules.compare(ours.outcome, theirs.outcome)}; without the making of the dicts {alone:.1f}x"
    return {"rules": row("rules", ours, theirs, scale, note)}


def run_path(folder: Path, kinds: tuple[str, ...] = ("small", "large")) -> dict[str, Row]:
    """Many small reports, and one large, from field table to ledger; generate and validate on both sides."""
    measure("path", "prepare", folder)
    found: dict[str, Row] = {}
    alone: dict[str, tuple[float, float]] = {}
    for kind in kinds:
        ours, theirs = (measure("path", side, folder, kind=kind) for side in ("ours", "theirs"))
        generate = {n: side.outcome["generate_s"] for n, side in (("ours", ours), ("theirs", theirs))}
        alone[kind] = generate["theirs"] * path.SCALE, generate["ours"]
        sealed = measure("path", "sealed", folder, kind=kind)
        note = f"{path.compare(kind, ours.outcome, theirs.outcome)}; generate alone {_ratio(alone[kind])}"
        at_rest = f"{sealed.cpu_s:.2f} s, {sealed.cpu_s / ours.cpu_s:.2f} of the plain store's, {sealed.peak_mb:.0f} MB"
        note += f"; encrypted at rest {at_rest}, {theirs.cpu_s * path.SCALE / sealed.cpu_s:.1f}x"
        found[f"path_{kind}"] = row(f"path_{kind}", ours, theirs, path.SCALE, note)
    if len(kinds) == 2:
        found["path"] = _both(found, tuple(map(sum, zip(*alone.values(), strict=True))))
    return found


def _both(found: dict[str, Row], alone: tuple[float, ...]) -> Row:
    cpu_s = sum(r["cpu_s"] for r in found.values())
    ratio = sum(r["ratio"] * r["cpu_s"] for r in found.values()) / cpu_s
    note = f"both together; generate alone {_ratio(alone)}"
    print(f"{'path':<11} {ratio:6.1f}x (aim {AIMS['path']}x)  ours {cpu_s:7.2f} s  {note}", flush=True)
    return {"ratio": ratio, "cpu_s": cpu_s, "peak_mb": max(r["peak_mb"] for r in found.values())}


def _ratio(seconds: tuple[float, ...]) -> str:
    return f"{seconds[0] / seconds[1]:.1f}x"


ROWS: dict[str, Callable[[Path], dict[str, Row]]] = {
    "render": run_render,
    "structure": run_structure,
    "rules": run_rules,
    "path": run_path,
}
PARTS: dict[str, Callable[[Path], dict[str, Row]]] = {
    "path_small": partial(run_path, kinds=("small",)),
    "path_large": partial(run_path, kinds=("large",)),
}
"""Rows that are part of another, to be asked for alone."""


def main() -> None:
    """Run what is asked for, print the table, write the JSON."""
    wanted = os.environ.get("BENCH", "")
    if wanted and wanted not in ROWS | PARTS:
        sys.exit(f"BENCH={wanted}: there is {', '.join(ROWS | PARTS)}")
    print("CPU seconds, each side in a process of its own; what the yardstick does on a part is scaled, and says so.")
    found: dict[str, Row] = {}
    for run in [(ROWS | PARTS)[wanted]] if wanted else ROWS.values():
        with TemporaryDirectory(prefix="regreport-bench-") as folder:
            found |= run(Path(folder))
    if target := os.environ.get("BENCH_JSON", ""):
        Path(target).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
