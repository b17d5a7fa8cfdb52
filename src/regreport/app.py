"""build(workspace): the only place that chooses an adapter, and what a face calls to load, run and read.

A workspace is a folder with `regreport.toml`, the ledger, the store, inboxes and outboxes; nothing in it holds an
absolute path, so it can be copied and verified elsewhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from regreport import links
from regreport.adapters.clock import SystemClock
from regreport.adapters.keyring import LocalKeyRing
from regreport.adapters.local import LocalStore
from regreport.adapters.opened import Opened
from regreport.adapters.private import PrivateFolder, make_private, memory_root
from regreport.adapters.sealed import Sealing
from regreport.adapters.sql import open_ledger
from regreport.errors import ConfigurationError
from regreport.failpoints import watched
from regreport.pipeline import Home
from regreport.pipeline.home import Progress, silent
from regreport.ports import Alarm, Channel, Clock, Post
from regreport.settings import Destination, Settings, load_settings

WORKSPACE_VARIABLE: Final = "REGREPORT_WORKSPACE"
ACTOR_VARIABLE: Final = "REGREPORT_ACTOR"
KEYRING_VARIABLE: Final = "REGREPORT_KEYRING"
SCRATCH: Final = ".scratch"
CLOCK_VARIABLE: Final = "REGREPORT_CLOCK"
"""An ISO instant with zone: the clock of a rehearsal. Never set it where reports are really sent."""


@dataclass(frozen=True)
class StoppedClock:
    """A clock that stands still, for demos and rehearsals."""

    instant: datetime

    def now(self) -> datetime:
        """Always the same instant."""
        return self.instant


def find_workspace(given: Path | None) -> Path:
    """The workspace folder: as given, else from the environment, else the current directory."""
    return given or Path(os.environ.get(WORKSPACE_VARIABLE, "."))


def build(workspace: Path, *, actor: str = "", clock: Clock | None = None, progress: Progress = silent) -> Home:
    """The home of a workspace. Raises ConfigurationError, DatabaseUnavailable."""
    settings, _ = load_settings(workspace)
    return assemble(settings, workspace, actor=actor, clock=clock, progress=progress)


def assemble(
    settings: Settings, workspace: Path, *, actor: str = "", clock: Clock | None = None, progress: Progress = silent
) -> Home:
    """The same from settings that are given, e.g. those of a rehearsal that must reach nothing real."""
    now = clock or the_clock()
    make_private(workspace / settings.scratch)
    scratch = PrivateFolder(workspace / settings.scratch)
    return Home(
        settings=settings,
        store=watched(LocalStore(workspace / "store", sealing(settings, workspace, now)), "put", blocks=("batch",)),
        keyring=watched(open_keyring(settings, workspace, now), "create", "destroy"),
        ledger=open_ledger(database_url(settings, workspace), now),
        clock=now,
        channel=lambda destination: open_channel(destination, workspace),
        actor=actor or os.environ.get(ACTOR_VARIABLE, "") or os.environ.get("USER", "") or "system",
        scratch=scratch.path,
        release=scratch.close,
        link=lambda digest, name: make_link(settings, now, digest, name),
        alarms=open_alarms(settings, workspace),
        post=open_post(settings, workspace),
        progress=progress,
    )


def open_keyring(settings: Settings, workspace: Path, clock: Clock) -> LocalKeyRing:
    """The keyring of a workspace; nothing is made before the first key. Raises ConfigurationError."""
    return LocalKeyRing(workspace / (os.environ.get(KEYRING_VARIABLE, "") or settings.keys.folder), clock.now)


def sealing(settings: Settings, workspace: Path, clock: Clock) -> Sealing:
    """What encrypts and opens the stored objects of a workspace."""
    opened = Opened(workspace / settings.scratch, memory_root())
    return Sealing(open_keyring(settings, workspace, clock), opened, seals=settings.keys.encrypt == "persons")


def hold(home: Home, workspace: Path) -> None:
    """Keep other processes from writing to the ledger until `close`; reading is always free.

    A hand-over that another process is at would look as if it had been cut off. Raises DatabaseUnavailable: busy.
    """
    home.ledger.take_lease(str(workspace.resolve()), home.settings.lease_seconds)


def make_link(settings: Settings, clock: Clock, digest: str, file_name: str) -> str:
    """A signed link to a stored file, or '' where no public address is configured."""
    if not settings.public_url:
        return ""
    return links.sign(
        settings.public_url, os.environ.get(links.KEY_VARIABLE, "").encode(), digest, file_name, clock.now()
    )


def the_clock() -> Clock:
    """The machine's clock, or the one that REGREPORT_CLOCK stops."""
    told = os.environ.get(CLOCK_VARIABLE, "")
    if not told:
        return SystemClock()
    try:
        instant = datetime.fromisoformat(told)
    except ValueError as error:
        raise ConfigurationError(
            f"{CLOCK_VARIABLE}={told!r} is not an ISO instant such as 2026-11-24T07:30:00Z"
        ) from error
    if instant.tzinfo is None:
        raise ConfigurationError(f"{CLOCK_VARIABLE}={told!r} has no zone; write 2026-11-24T07:30:00Z")
    return StoppedClock(instant)


def database_url(settings: Settings, workspace: Path) -> str:
    """The ledger's URL; a relative SQLite path is taken from the workspace."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_absolute():
        url = url.set(database=str(workspace / url.database))
    return url.render_as_string(hide_password=False)


def open_alarms(settings: Settings, workspace: Path) -> list[Alarm]:
    """Who is told of alerts. Raises ConfigurationError."""
    if not settings.alerts.webhook and not settings.alerts.mail:
        return []
    from regreport.adapters.alarm import MailAlarm, WebAlarm

    alarms: list[Alarm] = [WebAlarm(settings.alerts.webhook)] if settings.alerts.webhook else []
    return [*alarms, MailAlarm.open(settings.alerts.mail, workspace)] if settings.alerts.mail else alarms


def open_post(settings: Settings, workspace: Path) -> Post | None:
    """Who is written to of sign-offs; None where nobody is. Raises ConfigurationError."""
    if not settings.sign_off.mail_to:
        return None
    from regreport.adapters.post import SignOffPost

    return SignOffPost.open(settings.alerts.mail, settings.sign_off.mail_to, workspace)


def open_channel(destination: Destination, workspace: Path) -> Channel:
    """The channel of a destination, found by entry point. Raises ConfigurationError, MissingExtra."""
    found = {e.name: e for e in entry_points(group="regreport.channels")}
    if destination.channel not in found:
        raise ConfigurationError(
            f"Destination {destination.name}: no channel {destination.channel!r}; installed: {', '.join(sorted(found))}"
        )
    channel: Channel = found[destination.channel].load().open(destination.name, destination.options, workspace)
    return watched(channel, "send", "look", "take")


def close(home: Home) -> None:
    """Give back the lease, where it was taken, and the ledger's connections; remove what was in plain for reading."""
    home.ledger.release_lease()
    home.ledger.close()
    home.store.close()
    home.release()
