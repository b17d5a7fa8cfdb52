"""The machine's clock, the only place in the tree that asks what time it is.

Everything else is handed a Clock, so that a report can be made again ten years later with the instants of its day.
"""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The present instant in UTC, from the operating system."""

    def now(self) -> datetime:
        """The present instant, aware and in UTC, with microseconds."""
        return datetime.now(UTC)
