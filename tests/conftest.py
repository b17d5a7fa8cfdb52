"""Fixtures that every tier of tests shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The reference schemas and samples: beside the checkout, or where REGREPORT_SHARED points; else skipped."""
    folder = Path(os.environ.get("REGREPORT_SHARED", ROOT.parent / "shared"))
    if not (folder / "schemas").is_dir():
        pytest.skip(f"no reference schemas at {folder}; set REGREPORT_SHARED to run this test")
    return folder
