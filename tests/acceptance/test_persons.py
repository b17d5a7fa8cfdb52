"""Persons: encrypted at rest, readable without our code with the key, taken out with a note."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from tests.acceptance.conftest import Shell

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "persons.md"
IRISH = "EU-TRANSACTION-MIFIR-2026-11-23-DEMO00LOUGHDERGEXE13-1"


def test_the_page_says_how_to_read_the_store_without_regreport(reading: Shell) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert "regreport." not in code
    page: dict[str, object] = {}
    exec(code, page)
    plain = page["plain"]
    assert callable(plain)
    objects = [p for p in (reading.workspace / "store" / "objects").rglob("*") if p.is_file()]
    assert {hashlib.sha256(plain(p, reading.workspace / "keys")).hexdigest() == p.name for p in objects} == {True}
    sealed = [p for p in objects if p.read_bytes().startswith(b"RGSEAL1\n")]
    assert len(objects) - len(sealed) == 3  # instruments, leis, mics


def test_files_are_taken_out_with_a_note(confirmed: Shell) -> None:
    (confirmed.workspace / "out").mkdir()
    told = confirmed("files", IRISH, "--to", "out", "--reason", "the authority asks")
    (file,) = (confirmed.workspace / "out").iterdir()
    assert file.name in told.out
    assert file.read_bytes() == next((confirmed.workspace / "outbox").rglob(file.name)).read_bytes()
    note = confirmed("explain", IRISH, "--json").json["events"][-1]
    assert (note["kind"], note["actor"], note["detail"]["reason"]) == ("files taken out", "ana", "the authority asks")
    again = confirmed("files", IRISH, "--to", "out", "--reason", "again", code=2)
    assert "it is there already" in again.err
    assert "say why" in confirmed("files", IRISH, "--to", "out", "--reason", " ", code=2).err


@pytest.mark.parametrize("where", ["settings", "environment"])
def test_the_keyring_may_lie_elsewhere(loaded: Shell, tmp_path: Path, where: str) -> None:
    keys = tmp_path / "elsewhere"
    (loaded.workspace / "keys").rename(keys)
    assert "REGREPORT_KEYRING" in loaded("generate", "--date", "2026-11-23", code=3).err
    assert not (loaded.workspace / "keys").exists()
    if where == "environment":
        loaded.env["REGREPORT_KEYRING"] = str(keys)
    else:
        settings = loaded.workspace / "regreport.toml"
        settings.write_text(settings.read_text() + f'\n[keys]\nfolder = "{keys}"\n')
    loaded("generate", "--date", "2026-11-23")
    assert not (loaded.workspace / "keys").exists()


def test_a_master_key_that_others_can_read_stops_everything(loaded: Shell) -> None:
    (loaded.workspace / "keys" / "master.key").chmod(0o644)
    assert "chmod 600" in loaded("status", code=3).err
