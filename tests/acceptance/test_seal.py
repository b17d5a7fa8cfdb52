"""Seals: made once for what is new, signed by a key from outside, given to the anchor, and looked at by verify."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.acceptance.conftest import CONFIRMED, DAY, Shell


@pytest.fixture
def sealing(confirmed: Shell, tmp_path: Path) -> Shell:
    """A confirmed day with a key and an anchor outside the workspace."""
    made = confirmed("seal", "--new-key", tmp_path / "seal.key", "--json").json
    (tmp_path / "public").write_text(made["public_key"])
    confirmed.env["REGREPORT_SIGNING_KEY"] = str(tmp_path / "seal.key")
    confirmed.env["REGREPORT_SEAL__ANCHOR"] = str(tmp_path / "anchor")
    return confirmed


def anchor_of(shell: Shell) -> Path:
    """Its folder."""
    return Path(shell.env["REGREPORT_SEAL__ANCHOR"])


def test_a_seal_is_made_once_and_given_away(sealing: Shell) -> None:
    told = sealing("seal", "--date", DAY, "--json").json
    assert told["seal"]["seal_id"] == "S-000001"
    assert told["given"] == ["S-000001"]
    assert sealing("seal", "--date", DAY, "--json").json["seal"] is None
    document = json.loads((anchor_of(sealing) / "S-000001.json").read_text())
    assert (document["day"], document["root"]) == (DAY, told["seal"]["root"])
    seen = sealing("verify", "--json").json
    assert (seen["intact"], seen["seals"], seen["anchored"], seen["unsealed"], seen["notes"]) == (True, 1, 1, 0, [])


def test_run_seals_at_its_end_and_a_second_run_changes_nothing(loaded: Shell, tmp_path: Path) -> None:
    loaded("seal", "--new-key", tmp_path / "k")
    loaded.env["REGREPORT_SIGNING_KEY"] = str(tmp_path / "k")
    out = loaded("run", "--date", DAY).out
    assert "Seal S-000001" in out
    assert "No anchor" in out
    assert "Nothing is new" in loaded("run", "--date", DAY).out
    seen = loaded("verify", "--json").json
    assert (seen["seals"], seen["unsealed"]) == (1, 0)
    assert [n.split(":")[0] for n in seen["notes"]] == ["rollback not checked"]


def test_a_second_seal_covers_what_came_since_and_follows_on_the_first(sealing: Shell) -> None:
    sealing("seal")
    sealing("refdata", "load", "mics", "mics.csv", "--date", "2026-11-24")
    assert sealing("verify", "--json").json["unsealed"] == 1
    told = sealing("seal", "--json").json
    assert told["seal"]["previous_seal_id"] == "S-000001"
    second = json.loads((anchor_of(sealing) / "S-000002.json").read_text())
    assert [h[0] for h in second["heads"]] == ["refdata/mics", "seals"]
    assert sealing("verify", "--json").json["unsealed"] == 0


def test_without_a_key_nothing_is_sealed_and_verify_says_what_it_did_not_check(confirmed: Shell) -> None:
    told = confirmed("seal", code=3).err
    assert "seal --new-key" in told
    seen = confirmed("verify", "--json").json
    assert "rollback not checked" in seen["notes"][1]
    assert "rollback not checked" in confirmed("verify").out


def test_a_key_that_others_can_read_is_refused(sealing: Shell) -> None:
    os.chmod(sealing.env["REGREPORT_SIGNING_KEY"], 0o644)
    assert "chmod 600" in sealing("seal", code=3).err
    assert not sealing("verify", "--anchor", sealing.workspace.parent, "--json", code=None).out.startswith("{")


@pytest.mark.parametrize("place", ["anchor", "store/anchor", "."])
def test_an_anchor_inside_the_workspace_is_refused(sealing: Shell, place: str) -> None:
    sealing.env["REGREPORT_SEAL__ANCHOR"] = place
    assert "lies in the workspace" in sealing("seal", code=3).err


def test_a_key_is_never_overwritten_nor_put_in_the_store(sealing: Shell) -> None:
    assert "never overwritten" in sealing("seal", "--new-key", sealing.env["REGREPORT_SIGNING_KEY"], code=2).err
    assert "lies in the store" in sealing("seal", "--new-key", "store/key", code=3).err
    assert "a day to come" in sealing("seal", "--date", "2031-01-01", code=2).err


def test_another_key_is_not_trusted(sealing: Shell, tmp_path: Path) -> None:
    other = sealing("seal", "--new-key", tmp_path / "other", "--json").json["public_key"]
    sealing("seal")
    sealing.env.pop("REGREPORT_SEAL__ANCHOR")
    assert sealing("verify", "--public-key", tmp_path / "public", "--json").json["intact"]
    told = sealing("verify", "--public-key", other, "--json", code=5).json
    assert "none that you trust" in told["faults"][0]
    assert "no public key" in sealing("verify", "--public-key", "zz", code=3).err


def test_a_rollback_is_found_by_the_anchor_and_by_what_a_mail_told(sealing: Shell, tmp_path: Path) -> None:
    sealing("seal")
    shutil.copytree(sealing.workspace, tmp_path / "older", symlinks=True)
    sealing("refdata", "load", "mics", "mics.csv", "--date", "2026-11-24")
    told = sealing("seal", "--json").json["seal"]
    older = Shell(tmp_path / "older")
    older.env = {"REGREPORT_SIGNING_KEY": sealing.env["REGREPORT_SIGNING_KEY"]}
    assert older("verify", "--json").json["intact"]  # the control: nobody can know without anchor
    seen = older("verify", "--anchor", anchor_of(sealing), "--json", code=5).json
    assert any("rolled back" in fault for fault in seen["faults"])
    assert any("refdata/mics" in fault for fault in seen["faults"])
    by_mail = f"{told['seal_id']}={told['root']}"
    assert "is not" in older("verify", "--sealed", by_mail, code=5).out
    assert sealing("verify", "--sealed", by_mail, "--json").json["intact"]
    assert "SEAL=ROOT" in sealing("verify", "--sealed", "x", code=2).err


def test_a_cut_between_store_and_anchor_is_made_good(sealing: Shell) -> None:
    anchor = anchor_of(sealing)
    sealing("seal", at=CONFIRMED)
    for path in anchor.glob("S-*.json"):
        path.unlink()
    assert sealing("seal", "--json").json["given"] == ["S-000001"]
    with sqlite3.connect(sealing.workspace / "ledger.sqlite") as ledger:
        assert ledger.execute("select count(*) from seal").fetchone() == (1,)
