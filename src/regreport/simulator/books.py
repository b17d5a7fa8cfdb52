"""What a simulated authority remembers: the files it has seen, the numbers of its answers, and the records it holds.

Kept in a folder of its own, as one JSON file and one Parquet table; written whole and renamed, so that a run that is
stopped leaves the books as they were.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

import polars as pl

HELD_SCHEMA: Final = pl.Schema(
    {
        "record_id": pl.String(),
        "state": pl.String(),
        "rule": pl.String(),
        "isin": pl.String(),
        "underlyings": pl.List(pl.String()),
        "trade_date": pl.String(),
        "file": pl.String(),
        "position": pl.Int64(),
    }
)
"""One row a record that was taken and not cancelled: state ACPT or PDNG, and the rule that it waits for."""


LISTED_SCHEMA: Final = pl.Schema(
    {"position": pl.Int64(), "record_id": pl.String(), "status": pl.String(), "rule": pl.String(), "words": pl.String()}
)
"""One row a record and reason that an answer lists."""


@dataclass(frozen=True)
class Seen:
    """One file of ours as the authority has it: digest, when it was first seen, and what it was answered with."""

    name: str
    digest: str
    seen_at: str
    header: Mapping[str, str] = field(default_factory=dict)
    """Fr, To, BizMsgIdr, MsgDefIdr and CreDt of our header, for the answer to name."""
    answers: tuple[str, ...] = ()
    answered_at: str = ""
    """When it was last answered."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Records by status as last answered."""
    listed: tuple[tuple[int, str, str, str | None, str | None], ...] = ()
    """What was last said of each record and reason that is not accepted: rows of LISTED_SCHEMA."""

    @property
    def key(self) -> str:
        """A file is its name and its bytes: another file under the same name is another file."""
        return f"{self.name} {self.digest}"


@dataclass(frozen=True)
class Books:
    """The whole memory: files by key, in order of arrival. `sequence` is the number of the last answer."""

    files: Mapping[str, Seen]
    held: pl.DataFrame
    sequence: int = 0

    def with_file(self, seen: Seen) -> Books:
        """The same with this file, new or as it is now."""
        return replace(self, files={**self.files, seen.key: seen})


def open_books(folder: Path) -> Books:
    """The books in a folder; empty ones where there are none yet."""
    path = folder / "files.json"
    if not path.exists():
        return Books({}, pl.DataFrame(schema=HELD_SCHEMA))
    kept = json.loads(path.read_text(encoding="utf-8"))
    files = [Seen(**row | {n: tuple(map(_hard, row[n])) for n in ("answers", "listed")}) for row in kept["files"]]
    return Books(
        {seen.key: seen for seen in files}, pl.read_parquet(folder / f"held-{kept['held']}.parquet"), kept["sequence"]
    )


def _hard(value: object) -> object:
    """JSON knows no tuples."""
    return tuple(value) if isinstance(value, list) else value


def save_books(folder: Path, books: Books) -> None:
    """Write the books: the table first, then the file that names it."""
    folder.mkdir(parents=True, exist_ok=True)
    last = [int(p.stem.partition("-")[2]) for p in folder.glob("held-*.parquet")]
    number = max(last, default=0) + 1
    books.held.write_parquet(folder / f"held-{number}.parquet")
    kept = {"sequence": books.sequence, "held": number, "files": [asdict(s) for s in books.files.values()]}
    text = json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False)
    part = folder / "files.json.part"
    part.write_text(text, encoding="utf-8")
    os.replace(part, folder / "files.json")
    for old in last:
        (folder / f"held-{old}.parquet").unlink()
