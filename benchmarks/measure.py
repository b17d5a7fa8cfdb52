"""One side of one row, run in a process of its own and measured: CPU seconds and the most memory its tree has held.

The child prepares its input first, which is not timed, then runs the side. CPU seconds are user and system time of the
process and of what it started, between the two ends of the side. Memory is that of the whole life of the process tree,
preparation and interpreter included: the kernel's high-water mark of the child, or the largest sum seen while it ran.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

THREADS_VARIABLE = "POLARS_MAX_THREADS"
LOOK_EVERY_S = 0.05
MB = 1_000_000
ROOT = Path(__file__).resolve().parents[1]
Work = Callable[[], dict[str, Any]]
"""What is timed; it gives back what the row compares and prints, as JSON can hold it."""


@dataclass(frozen=True)
class Measured:
    """What one side cost, and what it gave back."""

    cpu_s: float
    peak_mb: float
    outcome: dict[str, Any]


class SideFailed(Exception):
    """A side ended with an error; its own words are on the terminal."""


def measure(row: str, side: str, folder: Path, **options: Any) -> Measured:
    """Run `benchmarks.<row>.SIDES[side](folder, **options)` in a child and measure what it returns.

    Raises SideFailed.
    """
    command = [sys.executable, "-m", "benchmarks.measure", row, side, str(folder), json.dumps(options)]
    environment = {THREADS_VARIABLE: "1"} | os.environ  # as the command line has it
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    seen = [0]
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(child.pid, seen, ended))
    watch.start()
    printed, _ = child.communicate()
    ended.set()
    watch.join()
    if child.returncode:
        raise SideFailed(f"{row}: the side {side!r} ended with exit code {child.returncode}")
    told = json.loads(printed.splitlines()[-1])
    return Measured(told["cpu_s"], max(told["peak_mb"], seen[0] / MB), told["outcome"])


def cpu_seconds() -> float:
    """User and system time so far of this process and of the children that it has waited for."""
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(p.ru_utime + p.ru_stime for p in parts)


def _watch(pid: int, seen: list[int], ended: threading.Event) -> None:
    """Keep the largest sum of resident memory over the process and all below it (Linux; elsewhere the child's own)."""
    while not ended.wait(LOOK_EVERY_S):
        seen[0] = max(seen[0], sum(_resident(p) for p in _tree(pid)))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in below:
        yield from _tree(int(child))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _high_water_mb() -> float:
    """The most that this process has held; the kernel's ru_maxrss may be that of the process it was started from."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB
    return next(int(line.split()[1]) * 1024 / MB for line in lines if line.startswith("VmHWM"))


def _child(row: str, side: str, folder: str, options: str) -> None:
    """What the child process does: prepare, run, and say what it took on the last line of its output."""
    from importlib import import_module

    work: Work = import_module(f"benchmarks.{row}").SIDES[side](Path(folder), **json.loads(options))
    before = cpu_seconds()
    outcome = work()
    cpu_s = cpu_seconds() - before
    print(json.dumps({"cpu_s": cpu_s, "peak_mb": _high_water_mb(), "outcome": outcome}))


if __name__ == "__main__":
    _child(*sys.argv[1:])
