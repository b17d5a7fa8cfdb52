"""One value, many spellings; and values that only look alike."""

from __future__ import annotations

import polars as pl
import pytest

from regreport.reconcile.leaves import Leaf, canonical

ALIKE = [
    ("decimal", "5.10", "+05.1"),
    ("decimal", "-0.0", "0"),
    ("decimal", ".5", "0.50"),
    ("decimal", "100", "100.000"),
    ("integer", "007", "7"),
    ("timestamp", "2026-11-23T10:00:00Z", "2026-11-23T11:00:00.000+01:00"),
    ("boolean", "1", "true"),
    ("text", "A", "A"),
]
UNLIKE = [
    ("decimal", "5.1", "5.01"),
    ("decimal", "-5", "5"),
    ("decimal", "100", "1"),
    ("decimal", "0.1000000000000000000000000001", "0.1"),
    ("timestamp", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00+01:00"),
    ("timestamp", "2026-11-23T10:00:00.000001Z", "2026-11-23T10:00:00Z"),
    ("text", "05", "5"),
    ("decimal", "1,5", "1.5"),
]


def one(kind: str, value: str, *, many: bool = False) -> str | None:
    leaf = Leaf("c", "1", "c", kind, many)
    found: str | None = pl.DataFrame({"c": [value]}).select(canonical(leaf).alias("c"))["c"][0]
    return found


@pytest.mark.parametrize(("kind", "a", "b"), ALIKE)
def test_spellings_of_one_value(kind: str, a: str, b: str) -> None:
    assert one(kind, a) == one(kind, b)


@pytest.mark.parametrize(("kind", "a", "b"), UNLIKE)
def test_values_that_are_not_alike(kind: str, a: str, b: str) -> None:
    assert one(kind, a) != one(kind, b)


def test_the_order_of_several_values_does_not_count() -> None:
    assert one("text", "A|B", many=True) == one("text", "B|A", many=True)
    assert one("text", "A|B", many=True) != one("text", "A|A", many=True)
