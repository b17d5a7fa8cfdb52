"""What a function would carry: the steps' imports fit 240 MB unpacked, and bring none of the heavy libraries."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest

LIMIT_BYTES = 240 * 1024 * 1024
FORBIDDEN = ("numpy", "pandas", "pyarrow")
STEPS = "regreport.pipeline, regreport.app, regreport.regimes.mifir, regreport.evidence, regreport.intake"


def imported(modules: str) -> list[str]:
    """Top-level names that importing these modules brings in, in a fresh interpreter."""
    code = f"import sys, json, {modules}; print(json.dumps(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names: list[str] = json.loads(done.stdout)
    return names


def unpacked_bytes(names: list[str]) -> int:
    """Size of the installed files of every distribution that provides one of these names."""
    owners = packages_distributions()
    distributions = {d for name in names for d in owners.get(name, [])} - {"regreport"}
    files = (Path(str(f.locate())) for d in distributions for f in distribution(d).files or [])
    source = (p for p in (Path(__file__).resolve().parents[2] / "src").rglob("*") if p.is_file())
    return sum(p.stat().st_size for p in {*files, *source} if p.is_file() and p.suffix != ".pyc")


@pytest.fixture(scope="module")
def names() -> list[str]:
    return imported(STEPS)


def test_the_steps_fit_a_function(names: list[str]) -> None:
    size = unpacked_bytes(names)
    assert 100_000_000 < size < LIMIT_BYTES, f"{size / 1024 / 1024:.0f} MB"


def test_the_steps_import_no_heavy_library(names: list[str]) -> None:
    assert not set(names) & set(FORBIDDEN)


def test_the_measure_sees_a_heavy_library() -> None:
    """The control: what is imported is counted."""
    assert unpacked_bytes(imported("mypy")) > 10_000_000


def test_help_imports_nothing_heavy() -> None:
    """The command line is instant because it imports no column engine, parser or database before a command runs."""
    assert not set(imported("regreport.cli")) & {"polars", "lxml", "sqlalchemy", "pydantic", "holidays", "alembic"}
