"""What a local store knows about its objects beside their bytes: readable names and retention dates.

One append-only file of JSON lines for each first two digits of the digest. A line is appended when an object is put;
the latest date counts, an earlier one never shortens it. A last line cut by a power cut belongs to a put that never
returned: it is passed over, and the next line begins on a new one.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from regreport.adapters.durable import write_all


@dataclass(frozen=True)
class Entry:
    """One put: digest, size in bytes, readable name, retention date (not removed before), and where under `names/`."""

    digest: str
    size: int
    name: str
    retain_until: date
    link: str = ""

    def line(self) -> bytes:
        """The entry as one JSON line."""
        fields = {"digest": self.digest, "size": self.size, "name": self.name, "link": self.link}
        text = json.dumps(fields | {"retain_until": self.retain_until.isoformat()}, ensure_ascii=False)
        return text.encode("utf-8") + b"\n"


class Index:
    """The lines under one folder. Safe to append from several processes."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._read: dict[str, tuple[int, dict[str, list[Entry]]]] = {}

    def path(self, digest: str) -> str:
        """The file that tells of a digest."""
        return f"{self.folder}/{digest[:2]}.ndjson"

    def entries(self, digest: str) -> list[Entry]:
        """Every put of one digest, oldest first; empty where there was none."""
        path = self.path(digest)
        try:
            size = os.stat(path).st_size
        except FileNotFoundError:
            return []
        known, entries = self._read.get(path, (-1, {}))
        if known != size:
            entries = {}
            with open(path, "rb") as stream:
                for entry in _parse(stream.read(size)):
                    entries.setdefault(entry.digest, []).append(entry)
            self._read[path] = (size, entries)
        return entries.get(digest, [])

    def lacks(self, entry: Entry) -> bool:
        """Whether the entry says anything that is not known yet."""
        known = self.entries(entry.digest)
        return not any(e.name == entry.name and e.retain_until >= entry.retain_until for e in known)

    def append(self, entries: Iterable[Entry]) -> None:
        """Add lines. They are durable when the files of `path` and their folder are flushed."""
        lines: dict[str, list[bytes]] = {}
        for entry in entries:
            lines.setdefault(self.path(entry.digest), []).append(entry.line())
        for path, new in lines.items():
            _append(path, b"".join(new))


def _append(path: str, lines: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        write_all(descriptor, b"\n" + lines if torn else lines)
    finally:
        os.close(descriptor)


def _parse(content: bytes) -> Iterable[Entry]:
    for line in content.split(b"\n"):
        try:
            fields = json.loads(line)
            day = date.fromisoformat(fields["retain_until"])
            yield Entry(str(fields["digest"]), int(fields["size"]), str(fields["name"]), day, str(fields["link"]))
        except (ValueError, KeyError, TypeError):
            continue  # a torn line: `LocalStore.verify` finds an object that no whole line tells of
