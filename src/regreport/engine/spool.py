"""Tables that may be larger than memory: a queue of chunks that spills to Parquet, and deterministic Parquet bytes.

A column that is null throughout a chunk is not kept: a regulator's table has a hundred columns of which a record uses
thirty, and a null text costs sixteen bytes a row. Readers complete the chunk again.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

PATH: Final = "@path"
"""Column of `scan_many`: which file a row comes from."""
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
        self._files: list[tuple[Path, int]] = []
        self._held_rows = 0
        self._left_out: pl.Series | None = None
        self.rows = 0

    def append(self, frame: pl.DataFrame) -> None:
        """Add rows at the end."""
        assert self._left_out is None, "a table with rows left out does not grow"
        if frame.is_empty():
            return
        self._held.append(used_columns(frame))
        self._held_rows += frame.height
        self.rows += frame.height
        if self._held_rows > ROWS_PER_CHUNK and self._folder is not None:
            self._spill(self._folder)

    def without(self, positions: pl.Series) -> Spool:
        """The same rows without those at these positions (distinct, from 1). Nothing is copied or written again."""
        assert self._left_out is None, "rows are left out once"
        rest = Spool(self._folder, f"{self._name}-rest")
        rest._held, rest._held_rows = list(self._held), self._held_rows
        rest._files = list(self._files)
        rest._left_out = positions.cast(pl.UInt32).sort()
        rest.rows = self.rows - len(positions)
        return rest

    def chunks(self) -> Iterator[pl.DataFrame]:
        """The rows in order, in frames of about ROWS_PER_CHUNK; columns that no row of a chunk used are left out."""
        return (chunk for chunk in self._chunks() if chunk.height)

    def scans(self) -> list[pl.LazyFrame]:
        """The rows in order, as tables to be read when they are asked for."""
        if self._left_out is not None:
            return [chunk.lazy() for chunk in self.chunks()]
        held = [self._joined().lazy()] if self._held else []
        return [pl.scan_parquet(file) for file, _ in self._files] + held

    def frame(self) -> pl.DataFrame:
        """All rows at once; for spools that are known to be small."""
        frames = list(self.chunks())
        return pl.concat(frames, how="diagonal", rechunk=True) if frames else pl.DataFrame()

    def narrow(self, columns: list[str]) -> pl.DataFrame:
        """A few columns of all rows (null where a chunk does not use one)."""
        frames = list(self._chunks(columns))
        return pl.concat(frames, how="diagonal", rechunk=True) if frames else pl.DataFrame()

    def parquet(self) -> Iterator[bytes]:
        """The whole table as the bytes of one Parquet file, made chunk by chunk; the same rows give the same bytes."""
        if not self._files or self._folder is None:
            yield parquet_bytes(self.frame())
            return
        self._spill(self._folder)
        whole = pl.concat([pl.scan_parquet(file) for file, _ in self._files], how="diagonal")
        if self._left_out is not None:
            place = "@place in the spool"
            kept = ~pl.col(place).is_in(self._left_out.implode())
            whole = whole.with_row_index(place, offset=1).filter(kept).drop(place)
        path = self._folder / f"{self._name}-whole.parquet"
        whole.sink_parquet(
            path, compression="zstd", statistics=False, row_group_size=ROWS_PER_CHUNK, maintain_order=True
        )
        with path.open("rb") as stream:
            yield from iter(lambda: stream.read(_BLOCK_BYTES), b"")
        path.unlink()

    def _chunks(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The chunks, or these columns of them, without what is left out."""
        before = 0
        for file, rows in self._files:
            table = pl.scan_parquet(file)
            if columns is not None:
                table = table.select(c for c in columns if c in table.collect_schema())
            for start in range(0, rows, ROWS_PER_CHUNK):
                yield self._kept(table.slice(start, ROWS_PER_CHUNK).collect(), before + start)
            before += rows
        if self._held:
            joined = self._joined()
            yield self._kept(joined if columns is None else joined.select(c for c in columns if c in joined), before)

    def _kept(self, frame: pl.DataFrame, before: int) -> pl.DataFrame:
        """A frame that has so many rows before it, without the rows that are left out."""
        if self._left_out is None:
            return frame
        places = self._left_out.filter(self._left_out.is_between(before + 1, before + frame.height)) - (before + 1)
        if places.is_empty():
            return frame
        return frame.filter(~pl.int_range(frame.height, dtype=pl.UInt32, eager=True).is_in(places.implode()))

    def _joined(self) -> pl.DataFrame:
        return self._held[0] if len(self._held) == 1 else pl.concat(self._held, how="diagonal", rechunk=True)

    def _spill(self, folder: Path) -> None:
        if not self._held:
            return
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self._name}-{len(self._files):05d}.parquet"
        self._joined().write_parquet(file, compression="lz4", statistics=False)
        self._files.append((file, self._held_rows))
        self._held, self._held_rows = [], 0


def used_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without the columns that hold nothing."""
    empty = [
        name for name, nulls in zip(frame.columns, frame.null_count().row(0), strict=True) if nulls == frame.height
    ]
    return frame.drop(empty) if empty else frame


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """The frame as Parquet: the same frame gives the same bytes."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def read_chunks(path: Path, rows_max: int = ROWS_PER_CHUNK) -> Iterator[pl.DataFrame]:
    """A Parquet file in frames of at most `rows_max` rows."""
    table = pl.scan_parquet(path)
    start = 0
    height = rows_max
    while height == rows_max:
        chunk = table.slice(start, rows_max).collect()
        height = chunk.height
        if height:
            yield chunk
        start += rows_max


def rows_of(paths: Sequence[Path], column: str, dtype: pl.DataType) -> dict[Path, int]:
    """How many rows each of many Parquet files has; `column` is one of theirs. All are asked in one reading."""
    if not paths:
        return {}
    counts = dict(scan_many(paths, {column: dtype}).group_by(PATH).len().collect().rows())
    return {path: counts.get(str(path), 0) for path in paths}


def scan_many(paths: Sequence[Path], schema: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    """These columns of many Parquet files, null where a file has not the column, and the file of each row as PATH."""
    return pl.scan_parquet(
        list(dict.fromkeys(map(str, paths))),
        schema=dict(schema),
        missing_columns="insert",
        extra_columns="ignore",
        include_file_paths=PATH,
    )
