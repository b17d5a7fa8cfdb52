"""Fixtures that every tier of tests shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# A law holds or it does not; how long a busy machine takes to say so is no part of it.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The reference schemas and samples: beside the checkout, or where REGREPORT_SHARED points; else skipped."""
    folder = Path(os.environ.get("REGREPORT_SHARED", ROOT.parent / "shared"))
    if not (folder / "schemas").is_dir():
        pytest.skip(f"no reference schemas at {folder}; set REGREPORT_SHARED to run this test")
    return folder
