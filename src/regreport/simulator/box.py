"""The simulated authorities of a workspace: one for each destination that is a folder.

`outbox/<destination>` is the authority's inbox and `inbox/<destination>` its outbox; `simulator/reference` holds the
reference data that all of them share, `simulator/books/<destination>` what each remembers.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from regreport.errors import ConfigurationError
from regreport.settings import Destination, Settings
from regreport.simulator.authority import Authority, FileAnswered
from regreport.simulator.behaviour import Behaviour
from regreport.simulator.reference import read_reference

FOLDER: Final = "simulator"


def simulate(
    workspace: Path, settings: Settings, destination: str, behaviour: Behaviour | str, at: datetime
) -> list[FileAnswered]:
    """Let the authority of a destination ('' for all of them) look into its inbox once, at this instant.

    Raises ConfigurationError for an unknown destination or behaviour, for a destination that is no folder, and for an
    instant without a zone.
    """
    try:
        behaves = Behaviour(behaviour.replace("-", "_"))
    except ValueError:
        known = ", ".join(b.value for b in Behaviour)
        raise ConfigurationError(f"No behaviour {behaviour!r}; known: {known}") from None
    wanted = [settings.destination(destination)] if destination else _folders(settings)
    answered: list[FileAnswered] = []
    for one in wanted:
        if one.channel != "folder":
            raise ConfigurationError(f"Destination {one.name} is reached by {one.channel}; the simulator plays folders")
        answered += _authority(workspace, one, behaves).answer(at)
    return answered


def _folders(settings: Settings) -> list[Destination]:
    return [d for d in settings.destinations if d.channel == "folder"]


def _authority(workspace: Path, destination: Destination, behaviour: Behaviour) -> Authority:
    return Authority(
        destination=destination.name,
        code=destination.recipient,
        firm=destination.sender,
        inbox=workspace / "outbox" / destination.name,
        outbox=workspace / "inbox" / destination.name,
        memory=workspace / FOLDER / "books" / destination.name,
        reference=read_reference(workspace / FOLDER / "reference"),
        behaviour=behaviour,
    )
