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
from pathlib import Path

from regreport.adapters.durable import flush_folder


@dataclass(frozen=True)
class Entry:
    """One put: digest, size in bytes, readable name, and the day before which it may not go."""

    digest: str
    size: int
    name: str
    retain_until: date

    def line(self) -> bytes:
        """The entry as one JSON line."""
        fields = {"digest": self.digest, "size": self.size, "name": self.name}
        text = json.dumps(fields | {"retain_until": self.retain_until.isoformat()}, ensure_ascii=False)
        return text.encode("utf-8") + b"\n"


class Index:
    """The lines under one folder. Safe to append from several processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, tuple[int, dict[str, list[Entry]]]] = {}

    def path(self, digest: str) -> Path:
        """The file that tells of a digest."""
        return self.folder / f"{digest[:2]}.ndjson"

    def entries(self, digest: str) -> list[Entry]:
        """Every put of one digest, oldest first; empty where there was none."""
        path = self.path(digest)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return []
        known, entries = self._read.get(path.name, (-1, {}))
        if known != size:
            entries = {}
            for entry in _parse(path.read_bytes()):
                entries.setdefault(entry.digest, []).append(entry)
            self._read[path.name] = (size, entries)
        return entries.get(digest, [])

    def lacks(self, entry: Entry) -> bool:
        """Whether the entry says anything that is not known yet."""
        known = self.entries(entry.digest)
        return not any(e.name == entry.name and e.retain_until >= entry.retain_until for e in known)

    def append(self, entries: Iterable[Entry], *, flush: bool) -> list[Path]:
        """Add what is not known yet; returns the files that tell of the entries. With `flush`, they are durable when
        this returns, also what another process has just written there."""
        lines: dict[Path, list[bytes]] = {}
        for entry in entries:
            new = lines.setdefault(self.path(entry.digest), [])
            if self.lacks(entry):
                new.append(entry.line())
        for path, new in lines.items():
            _append(path, b"".join(new), flush=flush)
        return list(lines)


def _append(path: Path, lines: bytes, *, flush: bool) -> None:
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        left = b"\n" + lines if torn else lines
        while left:
            left = left[os.write(descriptor, left) :]
        if flush:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if flush and is_new:
        flush_folder(path.parent)


def _parse(content: bytes) -> Iterable[Entry]:
    for line in content.split(b"\n"):
        try:
            fields = json.loads(line)
            day = date.fromisoformat(fields["retain_until"])
            yield Entry(str(fields["digest"]), int(fields["size"]), str(fields["name"]), day)
        except (ValueError, KeyError, TypeError):
            continue  # a torn line: `LocalStore.verify` finds an object that no whole line tells of
