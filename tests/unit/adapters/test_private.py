"""Folders for what may lie nowhere else in plain: gone at the end, swept after a kill, never another process's."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from regreport.adapters import private
from regreport.adapters.private import PrivateFolder, memory_root

OTHER = """
import sys, time
from pathlib import Path
from regreport.adapters.private import PrivateFolder
folder = PrivateFolder(Path(sys.argv[1]))
(folder.path / "plain").write_text("x")
print(folder.path, flush=True)
time.sleep(60)
"""


def test_it_is_private_and_goes(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path)
    (folder.path / "plain").write_text("x")
    assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.close()
    folder.close()
    assert list(tmp_path.iterdir()) == []


def test_it_goes_with_who_made_it(tmp_path: Path) -> None:
    PrivateFolder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_uses_is_not(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("not ours to sweep")
    with subprocess.Popen([sys.executable, "-c", OTHER, tmp_path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        PrivateFolder(tmp_path).close()
        assert (theirs / "plain").exists()
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert (theirs / "plain").exists()  # the control: nobody else tidies up
    PrivateFolder(tmp_path).close()
    assert [p.name for p in tmp_path.iterdir()] == ["lock"]


def test_a_folder_in_memory_that_others_can_look_into_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private, "MEMORY", tmp_path)
    root = memory_root()
    assert root is not None
    root.chmod(0o755)
    assert memory_root() is None
    root.rmdir()
    root.symlink_to(tmp_path)
    assert memory_root() is None
