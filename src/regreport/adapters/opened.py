"""Plain files of sealed objects, for readers that need a path: made when asked for, kept while they are likely needed.

A table is scanned lazily and read several times over, so a path has to stay good for a while; a day of two thousand
reports would leave tens of thousands of files, so the oldest go. Small ones lie in memory where the system has a
folder there, up to a bound; the others in the scratch folder, which like this one is private and swept.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from regreport.adapters.durable import rename, unlink, write_all
from regreport.adapters.private import PrivateFolder

FILES_MAX: Final = 8_192
"""More than a pass hands out before it is done: 1,000 reports, of each its field table, its index and its day."""
IN_MEMORY_MAX_BYTES: Final = 256 << 20
SMALL_MAX_BYTES: Final = 16 << 20


class Opened:
    """Files by digest in one private folder on disk, and one in memory if there is one."""

    def __init__(self, disk: Path, memory: Path | None = None) -> None:
        self._roots = (disk, memory)
        self._folders: dict[Path, PrivateFolder] = {}
        self._files: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._in_memory_bytes = 0
        self._turn = threading.Lock()

    def find(self, digest: str) -> Path | None:
        """The file of an object that was opened before and is still there."""
        with self._turn:
            known = self._files.get(digest)
            if known is None:
                return None
            self._files.move_to_end(digest)
            return Path(known[0])

    def keep(self, digest: str, size: int, parts: Iterable[bytes]) -> Path:
        """Write an object's plain bytes; nothing is left where writing ends early."""
        with self._turn:
            small = size <= SMALL_MAX_BYTES and self._in_memory_bytes + size <= IN_MEMORY_MAX_BYTES
            disk, memory = self._roots
            root = memory if small and memory is not None else disk
            folder = self._folders.get(root)
            if folder is None:
                folder = self._folders[root] = PrivateFolder(root)
            path = f"{folder.path}/{digest}"
        part = f"{path}.{threading.get_ident():x}"
        try:
            _write(part, parts)
            rename(part, path)
        except BaseException:
            unlink(part, missing_ok=True)
            raise
        with self._turn:
            self._enter(digest, path, size if root == memory else 0)
        return Path(path)

    def close(self) -> None:
        """Remove every file."""
        with self._turn:
            for folder in self._folders.values():
                folder.close()
            self._folders.clear()
            self._files.clear()
            self._in_memory_bytes = 0

    def _enter(self, digest: str, path: str, in_memory: int) -> None:
        if digest not in self._files:
            self._files[digest] = (path, in_memory)
            self._in_memory_bytes += in_memory
        while len(self._files) > FILES_MAX:
            _, (oldest, held) = self._files.popitem(last=False)
            self._in_memory_bytes -= held
            unlink(oldest, missing_ok=True)


def _write(path: str, parts: Iterable[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o400)
    with os.fdopen(descriptor, "wb", buffering=0):
        for part in parts:
            write_all(descriptor, part)
