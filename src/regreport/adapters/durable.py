"""What it takes for a file to survive a power cut: flush the file, rename it, flush the folder that names it.

A rename is only in the folder's own cache until the folder is flushed; a file renamed before its bytes are flushed may
come back empty. A failed flush is never tried again on the same file (the kernel has already forgotten what it could
not write): the caller starts over from the bytes.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

AnyPath = str | Path

SYNC_ALL_FROM: Final = 16
"""From so many files on, one flush of the whole file system costs less than one a file."""


def flush_folder(folder: AnyPath) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_file(path: AnyPath) -> None:
    """Make the bytes of a file durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_many(files: Iterable[AnyPath], folders: Iterable[AnyPath], root: Path) -> None:
    """Make many files and folders under one root durable in a bounded number of waits."""
    files, folders = list(files), list(folders)
    if len(files) + len(folders) >= SYNC_ALL_FROM and _flush_file_system(root):
        return
    for file in files:
        flush_file(file)
    for folder in folders:
        flush_folder(folder)


def _flush_file_system(root: Path) -> bool:
    """Flush the whole file system that holds `root`; False where that cannot be done, or does not report failures.

    Linux tells of failed writes from syncfs since 5.8 (man 2 syncfs); before, a lost write would go unnoticed.
    """
    if platform.system() != "Linux" or _kernel() < (5, 8):
        return False
    call = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if call is None:
        return False
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if call(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(root))
    finally:
        os.close(descriptor)
    return True


def _kernel() -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", platform.release())
    return (int(found[1]), int(found[2])) if found else (0, 0)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, and flush the names of what was made."""
    made = []
    while not folder.is_dir():
        made.append(folder)
        folder = folder.parent
    for new in reversed(made):
        new.mkdir(exist_ok=True)
        flush_folder(new.parent)
