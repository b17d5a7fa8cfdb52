"""How a simulated authority behaves: what it does besides its honest checks."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final


class Behaviour(StrEnum):
    """Every behaviour but `reject_all`, `never` and those of time applies the honest checks and says what they find."""

    ACCEPT = "accept"
    """Honest checks, answered at once."""
    REJECT_SOME = "reject_some"
    """Besides, every tenth new record of a file is rejected on purpose."""
    REJECT_ALL = "reject_all"
    """Every file is rejected as a whole, on purpose."""
    LATE = "late"
    """Honest checks, answered only when it is asked again LATE_AFTER or more after it first saw the file."""
    NEVER = "never"
    """The file is seen and never answered."""
    TWICE = "twice"
    """The answer is put there twice, to the byte, and once more under a number of its own with the same content."""
    PENDING = "pending"
    """Every tenth new record waits at first, and is accepted by a second answer when it is asked at a later instant."""


LATE_AFTER: Final = timedelta(hours=36)
SHARE: Final = 10
"""Of so many records, one is rejected or kept waiting on purpose: the first of each ten."""
ON_PURPOSE_RULE: Final = "SIM-PURPOSE"
"""Not a code of any authority: what the simulator does because it was told to."""
