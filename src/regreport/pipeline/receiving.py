"""What lies in an inbox, taken in: read once, stored by its digest, opened within limits, and not yet believed.

Whatever it is, its bytes are kept under retention and its file is moved away; why a file was not used is a row of the
ledger and an event. A name proves nothing. It can only speak against an answer: where it names one of our files and the
content answers another, or where an earlier answer of this name was used and had other bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from regreport.errors import BadInput, ConfigurationError, UnknownRegime
from regreport.model.feedback import FileAnswer
from regreport.model.obligation import Cell
from regreport.pipeline.home import Home
from regreport.regime import Regime, joint_scope
from regreport.settings import Destination
from regreport.unpack import unpack

ANSWER_BYTES_MAX: Final = 1024**3
"""A larger file is stored and quarantined without being read: no answer is near it."""
UNPACKED: Final = "UNPACKED"
"""File status of the row that tells of an archive; what it held has rows of its own."""
_READ_BYTES: Final = 1 << 20
_NAME_BYTES_MAX: Final = 255
_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_WORDS_MAX: Final = 32
_ID_LETTERS_MIN: Final = 8


@dataclass(frozen=True)
class Answer:
    """One document that may be an answer, as it came: by itself, or in an archive."""

    name: str
    digest: str
    content: bytes
    destination: str


@dataclass(frozen=True)
class Arrived:
    """One file of an inbox, stored: the documents in it, or the fault for which none is looked at."""

    name: str
    digest: str
    documents: tuple[Answer, ...] = ()
    fault: str = ""

    @property
    def is_archive(self) -> bool:
        """Whether what it holds has names and digests of its own."""
        return any(d.digest != self.digest for d in self.documents)


class Inbox:
    """One destination's inbox during one confirm: what its answers were called before, and who can read them."""

    def __init__(self, home: Home, destination: Destination) -> None:
        self.home, self.destination = home, destination
        self.regimes = _regimes(home, destination)
        self._used: dict[str, set[str]] = defaultdict(set)
        self._known: set[str] = set()
        for entry in home.ledger.feedback():
            if not entry.quarantine:
                self.remember(entry.file_name, entry.digest)

    def remember(self, name: str, digest: str) -> None:
        """Something of these bytes was used; they came under this name."""
        self._used[name].add(digest)
        self._known.add(digest)

    def is_used(self, digest: str) -> bool:
        """Whether something of these bytes was used before. What was refused is looked at again: its name, or the inbox
        it lay in, may have been why."""
        return digest in self._known

    def receive(self, name: str, path: Path) -> Arrived | None:
        """Store a file and open it; None where it was taken in before, or is no file any more."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return None
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            stream.seek(0)
            size = os.fstat(stream.fileno()).st_size
            return self._kept(name, digest, stream, size)

    def _kept(self, name: str, digest: str, stream: BinaryIO, size: int) -> Arrived:
        place = f"feedback/{self.destination.name}/{name}"
        if size > ANSWER_BYTES_MAX:
            self.home.store.put(_blocks(stream), place, self._until(), joint_scope(self.regimes))
            return Arrived(name, digest, fault=f"is larger than {ANSWER_BYTES_MAX:,} bytes")
        content = stream.read()
        self.home.store.put(content, place, self._until(), joint_scope(self.regimes))
        try:
            entries = unpack(content, name)
        except BadInput as fault:
            return Arrived(name, digest, fault=str(fault))
        if taken := self._same_name(name, digest):
            return Arrived(name, digest, fault=taken)
        return Arrived(name, digest, tuple(self._document(name, e.name, e.content) for e in entries))

    def _document(self, name: str, entry: str, content: bytes) -> Answer:
        digest = hashlib.sha256(content).hexdigest()
        if entry == name:
            return Answer(name, digest, content, self.destination.name)
        self.home.store.put(
            content, f"feedback/{self.destination.name}/{name}/{entry}", self._until(), joint_scope(self.regimes)
        )
        whole = f"{name}/{entry}"
        return Answer(whole if len(whole) <= _NAME_BYTES_MAX else entry, digest, content, self.destination.name)

    def _until(self) -> date:
        today = self.home.now().date()
        return max(self.home.retain_until(regime, today) for regime in self.regimes)

    def _same_name(self, name: str, digest: str) -> str:
        """Why a second file of a name may not be used: an earlier one was, and its bytes were others."""
        for other in sorted(self._used[name] - {digest}):
            if f"feedback/{self.destination.name}/{name}" in self.home.store.names(other):
                return f"has the name of an answer that was used before (SHA-256 {other[:16]}...), and other bytes"
        return ""

    def read(self, answer: Answer) -> list[FileAnswer]:
        """What a document says, read by the regime of the report that it names. Raises BadInput."""
        refused: BadInput | None = None
        spare: list[FileAnswer] | None = None
        for regime in self.regimes:
            try:
                said = regime.read_feedback(BytesIO(answer.content), answer.name)
            except BadInput as fault:
                refused = refused or fault
                continue
            owners = self._owners(said)
            if not owners or regime.id in owners:
                return said
            spare = spare or said
        if spare is None:
            assert refused is not None  # there is at least one regime, and none of them could read it
            raise refused
        return spare

    def _owners(self, said: Sequence[FileAnswer]) -> set[str]:
        found = self.home.ledger.find_files([s.message_id for s in said])
        return {self.home.ledger.submission(report_id).regime for report_id, _ in found.values()}


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(_READ_BYTES):
        yield block


def _regimes(home: Home, destination: Destination) -> list[Regime]:
    """The regimes whose answers can come from a destination: of the roles that send there, in their order; where none
    does any more, of the reports that went there. Raises ConfigurationError."""
    roles = [r for e in home.settings.entities for r in e.roles if r.destination == destination.name]
    cells = [Cell(r.jurisdiction, r.report_type, r.regime) for r in roles]
    if not cells:
        cells = [s.obligation.cell for s in home.ledger.obligations(destination=destination.name)]
    found: dict[str, Regime] = {}
    for cell in dict.fromkeys(cells):
        with suppress(UnknownRegime):  # of a role whose regime is not built no report ever went there
            found.setdefault(home.regime(cell).id, home.regime(cell))
    if not found:
        raise ConfigurationError(
            f"Destination {destination.name} has an answer, but no role of regreport.toml sends there: nobody can "
            "read it"
        )
    return list(found.values())


def misnamed(home: Home, answer: Answer, said: Sequence[FileAnswer]) -> str:
    """Why the name of a document speaks against it: it names a file or a report of ours that it does not answer."""
    parts = _parts(answer.name)
    named = {report for report, _ in home.ledger.find_files(parts).values()}
    named |= {s.report_id for s in home.ledger.submissions(report_id=[p for p in parts if p.count("-") > 5])}
    if not named:
        return ""
    answered = {report for report, _ in home.ledger.find_files([s.message_id for s in said]).values()}
    if not answered or answered & named:
        return ""
    return f"is named for {min(named)}, but answers {min(answered)}"


def _parts(name: str) -> list[str]:
    """Every stretch of whole words of a name that could be an identifier."""
    words = list(_WORD.finditer(name))[:_WORDS_MAX]
    runs = (name[first.start() : last.end()] for n, first in enumerate(words) for last in words[n:])
    return [run for run in dict.fromkeys(runs) if len(run) >= _ID_LETTERS_MIN]
