"""What regreport raises on purpose: each class says whether trying again can help.

A fault in the user's records is never an exception (it is a finding, see model.finding); an exception is about a file
that cannot be read at all, a setting, or the machine. The names of the retryable classes are what a state machine lists
under `ErrorEquals`, so they are part of the public interface.
"""

from __future__ import annotations

from dataclasses import dataclass


class RegreportError(Exception):
    """Root of everything raised on purpose. `str()` of it is written for the person who has to act."""


class Permanent(RegreportError):
    """Trying again changes nothing; somebody has to change a file, a setting or the code."""


class Retryable(RegreportError):
    """The world may be different in a moment: trying again is right."""


class DatabaseUnavailable(Retryable):
    """The ledger's database did not answer or is locked."""


class StoreUnavailable(Retryable):
    """The object store did not answer, or is full."""


class ChannelUnavailable(Retryable):
    """The destination refused for now (4xx), or could not be reached before anything was handed over."""


class ConfigurationError(Permanent):
    """A setting is missing, unknown or contradictory; nothing is guessed in its place."""


class MissingExtra(Permanent):
    """An optional dependency is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional dependency. Install it with: pip install 'regreport[{extra}]'")
        self.extra = extra


class UnknownRegime(Permanent):
    """No such regime is installed, or the cell's default regime is not built yet."""


class NotFound(Permanent):
    """A report, record, batch or object that was asked for does not exist."""


class IntegrityError(Permanent):
    """Stored bytes or a chain of events are not what was recorded."""


class KeyDestroyed(Permanent):
    """An object's data key was destroyed after its last duty: its bytes are gone for good, which is no fault."""

    def __init__(self, key_id: str, at: str = "", by: str = "") -> None:
        super().__init__(f"key {key_id} destroyed on {at[:10] or 'an unknown day'} by {by or 'an unknown person'}")
        self.key_id = key_id


class StaleState(Permanent):
    """A conditional update found another status than expected: somebody else was there first. Nothing was changed."""


class NotApproved(Permanent):
    """A second person has to approve this first. Nothing was changed."""


class DeliveryUnknown(Permanent):
    """The hand-over began and its outcome cannot be known. Never sent again without a person's decision."""


class DeliveryRefused(Permanent):
    """The destination said no for good (5xx), or the channel may not carry this report."""


@dataclass
class BadInput(Permanent):
    """A file from outside cannot be used: nothing of it was taken in.

    `record` counts from 1 and does not count a header; `line` is the physical line where that differs.
    """

    problem: str
    remedy: str = ""
    file: str = ""
    record: int | None = None
    line: int | None = None
    field: str = ""
    value: str = ""

    VALUE_SHOWN_MAX = 80

    def __str__(self) -> str:
        where = [
            self.file,
            f"record {self.record}" if self.record is not None else "",
            f"line {self.line}" if self.line is not None else "",
            f"field {self.field!r}" if self.field else "",
            f"value {self._shown()}" if self.value else "",
        ]
        place = ", ".join(part for part in where if part)
        text = f"{place}: {self.problem}" if place else self.problem
        return f"{text}. {self.remedy}" if self.remedy else text

    def _shown(self) -> str:
        cut = self.value[: self.VALUE_SHOWN_MAX]
        return repr(cut) + (f" ... ({len(self.value)} characters)" if len(self.value) > self.VALUE_SHOWN_MAX else "")


@dataclass
class NotWellFormed(BadInput):
    """An XML document that no parser may accept, or that is refused for safety (DTD, entities, size, depth)."""


@dataclass
class UnknownMessage(BadInput):
    """A well-formed document of a kind or version that this version of regreport does not know."""
