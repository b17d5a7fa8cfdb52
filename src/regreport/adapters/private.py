"""A folder of one process for what may lie nowhere else in plain: private, gone at the end, swept after a kill.

Whoever is killed cannot tidy up. So each process holds a lock on its folder, and the next one to start removes every
folder beside its own that nobody holds. The lock is the system's and ends with the process, however that ended.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Final

from regreport.errors import ConfigurationError

PREFIX: Final = "work-"
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - only a folder that is ours alone is used in it


class PrivateFolder:
    """`path` is a new folder under `root` that only this user can look into; it goes with `close`, or with us."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        guard = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX)  # nobody sweeps what is made but not yet locked
            _sweep(root)
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        finally:
            os.close(guard)
        self._end = weakref.finalize(self, _remove, self.path, self._lock, os.getpid())

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        self._end()


def memory_root() -> Path | None:
    """A folder of this user in memory that nobody else can look into; None where the system has none."""
    folder = MEMORY / f"regreport-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        seen = folder.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid() and not stat.S_IMODE(seen.st_mode) & 0o077
    return folder if ours else None


def make_private(folder: Path) -> None:
    """Make a folder that only this user can look into. Raises ConfigurationError where it belongs to somebody else."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        folder.chmod(0o700)
    except PermissionError:
        raise ConfigurationError(
            f"the scratch folder {folder} belongs to another user; name one with REGREPORT_SCRATCH"
        ) from None


def _sweep(root: Path) -> None:
    """Remove what killed processes have left."""
    for name in os.listdir(root):
        if not name.startswith(PREFIX):
            continue
        with suppress(OSError):
            lock = os.open(root / name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(root / name, ignore_errors=True)
            finally:
                os.close(lock)


def _remove(path: Path, lock: int, owner: int) -> None:
    if os.getpid() == owner:  # not in a process that was forked off
        shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        os.close(lock)
