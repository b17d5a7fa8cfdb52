"""The ledger's part about who may write: a lease with a token that rises when it is taken over (a fencing token).

Whoever works holds the lease and renews it. Where its process is gone, or has not renewed it in time, another one takes
it over under the next token; from then on every commit of the first is refused, however long it had been asleep, and it
asks before each send. The lease goes by the machine's time, not by a clock that a rehearsal has stopped.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from regreport.adapters.clock import SystemClock
from regreport.adapters.sql.session import Session
from regreport.adapters.sql.tables import lease
from regreport.errors import DatabaseUnavailable, RegreportError, StaleState

WORK: Final = "ledger/work"
"""The row of `lease` that is held by whoever writes."""


def holder_of(place: str) -> str:
    """Machine, workspace and process as one name."""
    digest = hashlib.sha256(place.encode()).hexdigest()[:12]
    return f"{socket.gethostname()[:80]}/{digest}/{os.getpid()}"


class Leases(Session):
    """One lease a ledger. A ledger that took none is not fenced: readers, and the tests of single calls."""

    def take_lease(self, place: str, seconds: int) -> None:
        """Hold the ledger for this process and renew it until `release_lease`. Raises DatabaseUnavailable: held by
        another process that is alive and has renewed it in time."""
        holder = holder_of(place)
        with self._write() as connection:
            row = connection.execute(select(lease).where(lease.c.name == WORK)).first()
            token = _token(row, holder)
            values = {"holder": holder, "token": token, "expires_at": _in(seconds)}
            if row is None:
                connection.execute(insert(lease).values(name=WORK, **values))
            else:
                connection.execute(update(lease).where(lease.c.name == WORK).values(**values))
        self._fence = (WORK, holder, token)
        self._ended = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(seconds, self._ended), name="lease", daemon=True)
        renewing.start()

    def release_lease(self) -> None:
        """Give it back; where it was taken over meanwhile, nothing is changed."""
        if self._fence is None:
            return
        self._ended.set()
        with suppress(RegreportError), self._write() as connection:
            mine = update(lease).where(lease.c.name == WORK, lease.c.token == self._fence[2])
            connection.execute(mine.values(holder="", expires_at=None))
        self._fence = None

    def check_lease(self) -> None:
        """Raises StaleState where another process has taken over."""
        if self._fence is not None:
            with self._read() as connection:
                self._check_fence(connection)

    def _renew(self, seconds: int, ended: threading.Event) -> None:
        while not ended.wait(seconds / 3):
            with suppress(DatabaseUnavailable):
                try:
                    with self._write() as connection:
                        connection.execute(update(lease).where(lease.c.name == WORK).values(expires_at=_in(seconds)))
                except StaleState:
                    return


_machine: Final = SystemClock()
"""A lease runs out by the machine's own time, also in a rehearsal whose clock stands still."""


def _in(seconds: int) -> datetime:
    return _machine.now() + timedelta(seconds=seconds)


def _token(row: Row[Any] | None, holder: str) -> int:
    """The token under which a lease can be taken: the next one where it was not given back."""
    if row is None:
        return 1
    if row.expires_at is None or row.holder == holder:
        return int(row.token)
    if _machine.now() < row.expires_at and not _is_gone(row.holder, holder):
        host, process = row.holder.split("/", 1)[0], row.holder.rpartition("/")[2]
        raise DatabaseUnavailable(
            f"Another regreport (process {process} of {host}) is at work on this ledger; nothing was done. Try again "
            "when it has finished"
        )
    return int(row.token) + 1


def _is_gone(other: str, mine: str) -> bool:
    """Whether a holder of this very machine and workspace is no longer a process."""
    place, _, process = other.rpartition("/")
    if place != mine.rpartition("/")[0] or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
