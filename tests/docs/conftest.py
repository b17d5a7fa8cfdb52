"""One finished demo that all pages share, since it is the same on every run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.session import Session


@pytest.fixture(scope="session")
def made_demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a demo, and what it printed when it was made under the name demo-out."""
    place = tmp_path_factory.mktemp("demo")
    reader = Session(place, (place, ""))
    code, out, err = reader._ours(["demo", "demo-out"], {})
    assert code == 0, err
    return place / "demo-out", out
