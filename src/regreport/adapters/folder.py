"""The folder channel: hand a file over by putting it, whole or not at all, where the other side picks it up.

The file is written as `name.part` and renamed when it is complete and durable, so nobody ever reads half a report; the
channel looks before it sends, so a restart hands nothing over twice. Answers are taken from an inbox once nobody writes
to them any more.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import signal
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from regreport.adapters.durable import flush, flush_folder, make_folder, rename, unlink, write_all
from regreport.adapters.names import name_fault, safe_name
from regreport.adapters.options import known_options, number, yes_or_no
from regreport.errors import ChannelUnavailable, DeliveryRefused, DeliveryUnknown, IntegrityError, NotFound
from regreport.ports import Parcel, Receipt

PART: Final = ".part"
DONE: Final = "done"
OPTIONS: Final = ("outbox", "inbox", "swept", "settle_seconds")
_UNFINISHED: Final = (PART, ".tmp", ".filepart", ".partial")
_READ_BYTES: Final = 1 << 20


class FolderChannel:
    """The Channel of ports.py over two folders of this machine (or mounted on it), which must exist.

    `swept` says that the other side takes files away: then an absent file proves nothing, and `look` says so. Files of
    the inbox count as complete when nobody has them open for writing and they stay the same for `settle_seconds`.
    """

    name: str = "folder"

    def __init__(
        self,
        outbox: Path,
        inbox: Path,
        *,
        swept: bool = False,
        settle_seconds: float = 0.2,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.outbox, self.inbox, self.swept = outbox, inbox, swept
        self.blind = swept
        self._settle_seconds, self._sleep = settle_seconds, sleep

    @classmethod
    def open(cls, destination: str, options: Mapping[str, str], workspace: Path) -> FolderChannel:
        """The channel of a destination from its options: outbox, inbox, swept, settle_seconds.

        A relative folder is taken from the workspace. The default folders `outbox/<destination>` and
        `inbox/<destination>` are ours and are made; others must be there, because an absent mount is not an empty one.
        Raises ConfigurationError.
        """
        known_options(destination, cls.name, options, OPTIONS)
        folders = {}
        for name in ("outbox", "inbox"):
            folders[name] = workspace / (options.get(name) or f"{name}/{destination}")
            if not options.get(name):
                make_folder(folders[name])
        settle = number(destination, options, "settle_seconds", "0.2")
        swept = yes_or_no(destination, options, "swept")
        return cls(folders["outbox"], folders["inbox"], swept=swept, settle_seconds=settle)

    def send(self, parcel: Parcel) -> Receipt:
        """Put the file into the outbox. Raises ChannelUnavailable, DeliveryRefused (another file has the name, or the
        name cannot be used), DeliveryUnknown, IntegrityError (the bytes are not the parcel's)."""
        there = self._there(parcel)
        if there is not None:
            return there
        part = self._target(parcel).with_name(parcel.file_name + PART)
        try:
            _copy(parcel, part)
        except OSError as fault:
            unlink(part, missing_ok=True)
            raise ChannelUnavailable(f"{parcel.file_name} could not be written to {self.outbox}: {fault}") from fault
        except BaseException:
            unlink(part, missing_ok=True)
            raise
        return self._rename(part, parcel)

    def look(self, parcel: Parcel) -> Receipt | None:
        """Whether the file lies in the outbox. Raises DeliveryRefused (another file has its name), and DeliveryUnknown
        where the other side sweeps the folder and nothing is left to tell by."""
        there = self._there(parcel)
        if there is not None:
            return there
        part = self._target(parcel).with_name(parcel.file_name + PART)
        if self.swept and not part.exists():
            raise DeliveryUnknown(
                f"{parcel.file_name} is not in {self.outbox}, but files are taken from there: it may have been handed "
                "over; ask the destination, or wait for its answer"
            )
        return None

    def collect(self) -> Iterator[tuple[str, Path]]:
        """(name, file) of every complete answer in the inbox, by name. Raises ChannelUnavailable."""
        before = {name: _shape(path) for name, path in self._answers()}
        if before and self._settle_seconds > 0:
            self._sleep(self._settle_seconds)
        for name, path in self._answers():
            shape = before.get(name)
            try:
                ready = shape is not None and _shape(path) == shape and not _being_written(path)
            except OSError as fault:
                raise ChannelUnavailable(f"the answer {path} cannot be read: {fault}") from fault
            if ready:
                yield name, path

    def take(self, name: str) -> None:
        """Move an answer to `inbox/done/`. Raises NotFound where it was never there."""
        safe_name(name, "an answer")
        source, done = self.inbox / name, self.inbox / DONE
        try:
            make_folder(done)
            if not source.exists():
                if (done / name).exists():
                    return
                raise NotFound(f"no answer {name!r} in {self.inbox}")
            rename(source, _free(done / name))
            flush_folder(done)
            flush_folder(self.inbox)
        except OSError as fault:
            raise ChannelUnavailable(f"{name} could not be moved to {done}: {fault}") from fault

    def strays(self) -> list[tuple[str, str]]:
        """(name, why) of what lies in the inbox and is left alone: links, pipes, folders, names that cannot be used."""
        return [(name, fault) for name, _, fault in self._inbox() if fault]

    def _target(self, parcel: Parcel) -> Path:
        fault = name_fault(parcel.file_name)
        if fault or parcel.file_name.endswith(_UNFINISHED):
            words = fault or "it looks like the name of an unfinished file"
            raise DeliveryRefused(f"{parcel.report_id}: the file name {parcel.file_name!r} cannot be used: {words}")
        return self.outbox / parcel.file_name

    def _there(self, parcel: Parcel) -> Receipt | None:
        """The receipt where the very file is in the outbox already."""
        target = self._target(parcel)
        try:
            status = os.lstat(target)
            if stat.S_ISREG(status.st_mode) and _digest(target) == parcel.digest:
                flush_folder(self.outbox)  # a crash may have come between rename and flush
                return _receipt(target, parcel)
        except FileNotFoundError:
            if self.outbox.is_dir():
                return None
            raise ChannelUnavailable(f"the outbox {self.outbox} does not exist; make it, or mount it") from None
        except OSError as fault:
            raise ChannelUnavailable(f"the outbox {self.outbox} cannot be read: {fault}") from fault
        raise DeliveryRefused(
            f"{parcel.report_id}: {target} exists and is not this file (SHA-256 {parcel.digest[:16]}...); nothing was "
            "overwritten. Find out who put it there"
        )

    def _rename(self, part: Path, parcel: Parcel) -> Receipt:
        target = self._target(parcel)
        if self._there(parcel) is not None:  # somebody else was there first, with the same bytes
            unlink(part, missing_ok=True)
            return _receipt(target, parcel)
        try:
            rename(part, target)
            flush_folder(self.outbox)
        except OSError as fault:
            if part.exists():
                unlink(part, missing_ok=True)
                raise ChannelUnavailable(f"{part} could not be renamed: {fault}") from fault
            raise DeliveryUnknown(f"{target} was put there, but it may not survive a power cut: {fault}") from fault
        return _receipt(target, parcel)

    def _answers(self) -> list[tuple[str, Path]]:
        return [(name, path) for name, path, fault in self._inbox() if not fault and not name.endswith(_UNFINISHED)]

    def _inbox(self) -> list[tuple[str, Path, str]]:
        """(name, path, why it is left alone) of everything in the inbox but what we moved to done."""
        try:
            names = sorted(os.listdir(self.inbox))
            found = [(name, self.inbox / name) for name in names if name != DONE]
            return [(name, path, name_fault(name) or _kind_fault(path)) for name, path in found]
        except OSError as fault:
            raise ChannelUnavailable(f"the inbox {self.inbox} cannot be read: {fault}") from fault


def _copy(parcel: Parcel, part: Path) -> None:
    """Write the parcel's bytes, hashing what is written; durable when it returns."""
    hasher, size = hashlib.sha256(), 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with parcel.content.open("rb") as source, os.fdopen(os.open(part, flags, 0o644), "wb") as target:
        while block := source.read(_READ_BYTES):
            hasher.update(block)
            size += write_all(target.fileno(), block)
        if hasher.hexdigest() != parcel.digest or size != parcel.size:
            raise IntegrityError(
                f"{parcel.report_id}: the bytes of {parcel.file_name} are not those that were validated (SHA-256 "
                f"{parcel.digest[:16]}...); nothing was handed over. Run `regreport verify`"
            )
        flush(target.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _receipt(target: Path, parcel: Parcel) -> Receipt:
    return Receipt(target.name, f"{target.name} in the outbox, {parcel.size} bytes, SHA-256 {parcel.digest}")


def _shape(path: Path) -> tuple[int, int, int] | None:
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _kind_fault(path: Path) -> str:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return "it went away"
    if stat.S_ISREG(mode):
        return ""
    return "it is a link" if stat.S_ISLNK(mode) else "it is not a file but a folder, pipe, socket or device"


def _being_written(path: Path) -> bool:
    """Whether somebody has the file open for writing, where the system can tell: Linux refuses a read lease then."""
    take_lease = getattr(fcntl, "F_SETLEASE", None)
    if take_lease is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return True
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)  # a writer who comes now must not end this process
        fcntl.fcntl(descriptor, take_lease, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, take_lease, fcntl.F_UNLCK)
    except OSError as fault:
        return fault.errno in (errno.EAGAIN, errno.EBUSY)
    finally:
        os.close(descriptor)
    return False


def _free(path: Path) -> Path:
    """The path, or the first of path.2, path.3, ... that nothing has: an earlier answer of that name is kept."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free
