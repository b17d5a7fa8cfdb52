"""Seeded draws: the same numbers on every machine and every Python, so that the demo is the same on every run.

Only `Random.random` is used: it is the one method whose sequence Python promises to keep for a seed; the others may
change between versions.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """A stream of draws from one seed."""

    def __init__(self, seed: int) -> None:
        self._source = random.Random(seed)  # noqa: S311 - made-up trades, no secret

    def below(self, limit: int) -> int:
        """A whole number from 0 to limit - 1."""
        return int(self._source.random() * limit)

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + self.below(high - low + 1)

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[self.below(len(choices))]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases."""
        return self.below(100) < percent

    def near(self, middle: Decimal, percent: int, places: int) -> Decimal:
        """A decimal within so many percent of the middle, with this many decimal places."""
        parts = self.between(100_000 - percent * 1000, 100_000 + percent * 1000)
        return round(middle * parts / 100_000, places)
