"""Readable names in a local store: a second name of the very same file, under `names/`, for people who look around.

A hard link costs no space and no reading; after a copy by a tool that does not keep links it is a file of its own,
which is why verification looks at it too. A second content under one name gets its digest appended: nothing is
overwritten.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from regreport.adapters.durable import link, mkdir, rename


class ReadableNames:
    """The folder of readable names. Names are relative paths whose components are safe (see names.py)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: set[str] = set()

    def link(self, target: str, digest: str, name: str) -> str:
        """Name the file `target`; returns the name it got, or an empty text where the file system cannot do it."""
        try:
            path = os.path.join(self.folder, name)
            self._make(os.path.dirname(path))
            return name if _link(target, path) else self._second(target, digest, name)
        except OSError:  # a convenience: the index tells the name in any case
            return ""

    def fault(self, target: str, link: str, is_object: Callable[[str], bool]) -> str:
        """Why the file under a readable name is not the object, in words; empty where it is, or is not there."""
        path = os.path.join(self.folder, link)
        if not link or not os.path.exists(path) or os.path.samefile(path, target) or is_object(path):
            return ""
        return f"the copy under its readable name {path} is not the object's bytes"

    def move(self, name: str, target: str) -> None:
        """Let a name that an object has lead to the file `target`, which takes the object's place."""
        path = os.path.join(self.folder, name)
        if name and os.path.exists(path):
            part = f"{path[: -len(os.path.basename(path))]}.{os.getpid()}.{threading.get_ident():x}.part"
            link(target, part)
            rename(part, path)

    def _second(self, target: str, digest: str, name: str) -> str:
        second = f"{name}.{digest[:12]}"
        return second if _link(target, os.path.join(self.folder, second)) else ""

    def _make(self, folder: str) -> None:
        if folder not in self._made:
            _make_all(folder)
            self._made.add(folder)


def _make_all(folder: str) -> None:
    if not os.path.isdir(folder):
        _make_all(os.path.dirname(folder))
        mkdir(folder)


def _link(target: str, path: str) -> bool:
    try:
        link(target, path)
    except FileExistsError:
        return os.path.samefile(target, path)
    return True
