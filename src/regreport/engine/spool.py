"""Tables that may be larger than memory: a queue of chunks that spills to Parquet, and deterministic Parquet bytes.

A column that is null throughout a chunk is not kept: a regulator's table has a hundred columns of which a record uses
thirty, and a null text costs sixteen bytes a row. Readers complete the chunk again.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

ROWS_PER_CHUNK: Final = 25_000
"""What one pass holds in memory. A report may have any number of these."""

_BLOCK_BYTES: Final = 1 << 20


class Spool:
    """An append-only table in chunks: in memory up to one chunk of rows, beyond that as files in `folder` (None: all
    stays in memory)."""

    def __init__(self, folder: Path | None, name: str) -> None:
        self._folder = folder
        self._name = name
        self._held: list[pl.DataFrame] = []
        self._files: list[Path] = []
        self._held_rows = 0
        self.rows = 0

    def append(self, frame: pl.DataFrame) -> None:
        """Add rows at the end."""
        if frame.is_empty():
            return
        self._held.append(used_columns(frame))
        self._held_rows += frame.height
        self.rows += frame.height
        if self._held_rows > ROWS_PER_CHUNK and self._folder is not None:
            self._spill(self._folder)

    def chunks(self) -> Iterator[pl.DataFrame]:
        """The rows in order, in frames of about ROWS_PER_CHUNK; columns that a chunk does not use are left out."""
        for file in self._files:
            whole = pl.scan_parquet(file)
            rows = whole.select(pl.len()).collect().item()
            for start in range(0, rows, ROWS_PER_CHUNK):
                yield whole.slice(start, ROWS_PER_CHUNK).collect()
        if self._held:
            yield self._joined()

    def scans(self) -> list[pl.LazyFrame]:
        """The rows in order, as tables to be read when they are asked for."""
        held = [self._joined().lazy()] if self._held else []
        return [pl.scan_parquet(file) for file in self._files] + held

    def frame(self) -> pl.DataFrame:
        """All rows at once; for spools that are known to be small."""
        frames = list(self.chunks())
        return pl.concat(frames, how="diagonal") if frames else pl.DataFrame()

    def narrow(self, columns: list[str]) -> pl.DataFrame:
        """A few columns of all rows (null where a chunk does not use one)."""
        frames = [c.select(col for col in columns if col in c.columns) for c in self.chunks()]
        return pl.concat(frames, how="diagonal") if frames else pl.DataFrame()

    def parquet(self) -> Iterator[bytes]:
        """The whole table as the bytes of one Parquet file, made chunk by chunk; the same rows give the same bytes."""
        if not self._files or self._folder is None:
            yield parquet_bytes(self.frame())
            return
        self._spill(self._folder)
        whole = pl.concat(self.scans(), how="diagonal")
        path = self._folder / f"{self._name}-whole.parquet"
        whole.sink_parquet(
            path, compression="zstd", statistics=False, row_group_size=ROWS_PER_CHUNK, maintain_order=True
        )
        with path.open("rb") as stream:
            yield from iter(lambda: stream.read(_BLOCK_BYTES), b"")
        path.unlink()

    def _joined(self) -> pl.DataFrame:
        return self._held[0] if len(self._held) == 1 else pl.concat(self._held, how="diagonal")

    def _spill(self, folder: Path) -> None:
        if not self._held:
            return
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self._name}-{len(self._files):05d}.parquet"
        self._joined().write_parquet(file, compression="lz4")
        self._files.append(file)
        self._held, self._held_rows = [], 0


def used_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without the columns that hold nothing."""
    height = frame.height
    return frame.select(s.name for s in frame if s.null_count() < height)


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """The frame as Parquet: the same frame gives the same bytes."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def read_chunks(path: Path, rows_max: int = ROWS_PER_CHUNK) -> Iterator[pl.DataFrame]:
    """A Parquet file in frames of at most `rows_max` rows."""
    table = pl.scan_parquet(path)
    rows = table.select(pl.len()).collect().item()
    for start in range(0, rows, rows_max):
        yield table.slice(start, rows_max).collect()
