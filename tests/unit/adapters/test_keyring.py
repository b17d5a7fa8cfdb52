"""The keyring in a folder: what is on the disk, and what a careless hand can do to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from regreport.adapters.keyring import LocalKeyRing
from regreport.errors import ConfigurationError, IntegrityError, KeyDestroyed


def ring(folder: Path) -> LocalKeyRing:
    """The keyring of a folder."""
    return LocalKeyRing(folder, lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))


def test_nothing_is_made_before_the_first_key(tmp_path: Path) -> None:
    assert ring(tmp_path / "keys").known() == []
    assert not (tmp_path / "keys").exists()


def test_a_key_survives_its_process_and_never_lies_there_in_plain(tmp_path: Path) -> None:
    key = ring(tmp_path).create("mifir-2036")
    assert ring(tmp_path).key("mifir-2036") == key
    assert sorted(p.name for p in tmp_path.iterdir()) == ["master.key", "mifir-2036.key"]
    assert {p.stat().st_mode & 0o777 for p in tmp_path.iterdir()} == {0o600}
    assert all(key not in p.read_bytes() and key.hex() not in p.read_text() for p in tmp_path.iterdir())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_master_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    ring(tmp_path).create("mifir-2036")
    (tmp_path / "master.key").chmod(mode)
    with pytest.raises(ConfigurationError, match="can be read by others; run: chmod 600"):
        ring(tmp_path)
    (tmp_path / "master.key").chmod(0o600)
    ring(tmp_path).key("mifir-2036")


def test_a_master_key_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    ring(tmp_path).create("mifir-2036")
    (tmp_path / "master.key").unlink()
    with pytest.raises(ConfigurationError, match="There is no master key"):
        ring(tmp_path).key("mifir-2036")
    with pytest.raises(ConfigurationError, match="is gone, but keys that it wraps are there"):
        ring(tmp_path).create("mifir-2037")


def test_a_changed_or_renamed_key_does_not_open(tmp_path: Path) -> None:
    ring(tmp_path).create("mifir-2036")
    told = json.loads((tmp_path / "mifir-2036.key").read_text())
    (tmp_path / "mifir-2037.key").write_text(json.dumps(told))
    with pytest.raises(IntegrityError, match="mifir-2037"):
        ring(tmp_path).key("mifir-2037")
    (tmp_path / "mifir-2036.key").write_text(json.dumps(told | {"wrapped": told["wrapped"][:-8] + "AAAAAAA="}))
    with pytest.raises(IntegrityError, match="mifir-2036"):
        ring(tmp_path).key("mifir-2036")


def test_a_crash_between_tombstone_and_removal_is_made_good(tmp_path: Path) -> None:
    ring(tmp_path).create("mifir-2036")
    kept = (tmp_path / "mifir-2036.key").read_bytes()
    ring(tmp_path).destroy("mifir-2036", "ben")
    (tmp_path / "mifir-2036.key").write_bytes(kept)
    with pytest.raises(KeyDestroyed):
        ring(tmp_path).key("mifir-2036")
    assert not (tmp_path / "mifir-2036.key").exists()


def test_another_process_that_has_the_key_in_memory_stops_using_it(tmp_path: Path) -> None:
    one, other = ring(tmp_path), ring(tmp_path)
    one.create("mifir-2036")
    other.key("mifir-2036")
    one.destroy("mifir-2036", "ben")
    with pytest.raises(KeyDestroyed):
        other.key("mifir-2036")
