"""Small files that the tests of this room make."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

ENTITY = "5493001KJTIIGC8Y1R12"
OTHER = "529900T8BM49AURSDO55"
LOADED_AT = datetime(2026, 11, 24, tzinfo=UTC)
REQUIRED = ("transaction_id", "entity", "timestamp")


def write(folder: Path, text: str, name: str = "made.csv") -> Path:
    """The text as a file, byte for byte."""
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return path
