"""Exit codes, and which of our errors ends in which."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the shell is told."""

    DONE = 0
    LOOK = 1
    INPUT = 2
    CONFIGURATION = 3
    RETRY = 4
    EVIDENCE = 5


def exit_code_of(error: BaseException) -> int | None:
    """The exit code of an error raised on purpose; None for one that is a defect of ours."""
    from regreport import errors

    table: tuple[tuple[type[BaseException], Exit], ...] = (
        (errors.BadInput, Exit.INPUT),
        (errors.NotFound, Exit.INPUT),
        (errors.KeyDestroyed, Exit.INPUT),
        (errors.IntegrityError, Exit.EVIDENCE),
        (errors.Retryable, Exit.RETRY),
        (errors.ConfigurationError, Exit.CONFIGURATION),
        (errors.MissingExtra, Exit.CONFIGURATION),
        (errors.UnknownRegime, Exit.CONFIGURATION),
        (errors.RegreportError, Exit.LOOK),
    )
    return next((code for kind, code in table if isinstance(error, kind)), None)
