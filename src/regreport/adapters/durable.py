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
from contextlib import suppress
from pathlib import Path
from typing import Final

from regreport.failpoints import effect

AnyPath = str | Path

SYNC_ALL_FROM: Final = 16
"""From so many files on, one flush of the whole file system costs less than one a file."""


@effect("fsync_folder")
def flush_folder(folder: AnyPath) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@effect("fsync")
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


@effect("syncfs")
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
        mkdir(new)
        flush_folder(new.parent)


@effect("mkdir")
def mkdir(folder: AnyPath) -> None:
    """Make one folder; its name is durable once the folder above it is flushed."""
    Path(folder).mkdir(exist_ok=True)


@effect("write")
def write_all(descriptor: int, part: bytes | memoryview) -> int:
    """Write all of it, however little the system takes at once; the number of bytes."""
    left = memoryview(part).cast("B")
    size = len(left)
    while len(left):
        left = left[os.write(descriptor, left) :]
    return size


@effect("fsync")
def flush(descriptor: int) -> None:
    """Make the bytes of an open file durable."""
    os.fsync(descriptor)


@effect("chmod")
def make_read_only(descriptor: int) -> None:
    """Take everybody's right to write to an open file."""
    os.fchmod(descriptor, 0o444)


@effect("rename")
def rename(source: AnyPath, target: AnyPath) -> None:
    """Give a file its final name; durable once the folder is flushed."""
    os.rename(source, target)


@effect("link")
def link(target: AnyPath, name: AnyPath) -> None:
    """A second name of the same file. Raises FileExistsError."""
    os.link(target, name)


@effect("unlink")
def unlink(path: AnyPath, *, missing_ok: bool = False) -> None:
    """Remove a name."""
    Path(path).unlink(missing_ok=missing_ok)


def write_new(path: Path, content: bytes) -> None:
    """A whole, durable file for its owner's eyes, or nothing; one that is there under its name stays as it is."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=0):
            write_all(descriptor, content)
            flush(descriptor)
        with suppress(FileExistsError):
            link(part, path)
    finally:
        unlink(part)
    flush_folder(path.parent)
