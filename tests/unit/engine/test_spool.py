"""A spool: the same rows whatever is in memory and whatever is on disk, with and without rows left out."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl
import pytest

from regreport.engine import spool
from regreport.engine.spool import Spool, read_chunks


def filled(folder: Path, sizes: list[int]) -> tuple[Spool, pl.DataFrame]:
    """A spool of frames of these sizes, and all their rows; a column that some frames do not use."""
    table = Spool(folder, "t")
    frames = []
    for number, size in enumerate(sizes):
        text = [f"{number}-{row}" for row in range(size)]
        odd = text if number % 2 else [None] * size
        frames.append(pl.DataFrame({"a": text, "b": odd}, schema={"a": pl.String, "b": pl.String}))
        table.append(frames[-1])
    return table, pl.concat(frames)


def whole(table: Spool) -> pl.DataFrame:
    """All rows as chunk readers see them, completed."""
    frames = list(table.chunks())
    assert all(frame.height <= spool.ROWS_PER_CHUNK * 2 for frame in frames)
    return pl.concat([pl.DataFrame(schema={"a": pl.String, "b": pl.String}), *frames], how="diagonal")


@pytest.mark.parametrize("left_out", [[], [1], [3, 4, 5, 12, 30], list(range(1, 41)), list(range(1, 46))])
@pytest.mark.parametrize("sizes", [[45], [10, 12, 0, 8, 15], [1] * 45])
def test_rows_left_out_are_gone_from_every_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[int], left_out: list[int]
) -> None:
    monkeypatch.setattr(spool, "ROWS_PER_CHUNK", 10)
    table, rows = filled(tmp_path, sizes)
    rest = table.without(pl.Series(left_out, dtype=pl.UInt32))
    numbered = rows.with_row_index("n", offset=1)
    expected = numbered.filter(~pl.col("n").is_in(left_out)).drop("n")
    assert whole(rest).equals(expected)
    assert rest.rows == expected.height
    assert rest.narrow(["a"]).equals(expected.select("a")) or expected.is_empty()
    if expected.height:
        stored = pl.read_parquet(io.BytesIO(b"".join(rest.parquet())))
        assert pl.concat([expected.clear(), stored], how="diagonal").equals(expected)
        assert b"".join(rest.parquet()) == b"".join(rest.parquet())
    assert whole(table).equals(rows), "the table itself keeps all its rows"


def test_a_file_is_read_in_chunks_of_any_size(tmp_path: Path) -> None:
    table = pl.DataFrame({"a": [str(n) for n in range(25)]})
    path = tmp_path / "t.parquet"
    table.write_parquet(path)
    for size in (1, 5, 24, 25, 26):
        chunks = list(read_chunks(path, size))
        assert pl.concat(chunks).equals(table)
        assert all(chunk.height <= size for chunk in chunks)


def test_rows_of_many_files_are_counted_at_once(tmp_path: Path) -> None:
    tables = [
        pl.DataFrame({"a": ["x"] * 3, "b": ["y"] * 3}),
        pl.DataFrame({"b": ["y"] * 5}),
        pl.DataFrame({"a": ["x"]}),
    ]
    tables.append(tables[0].clear())
    paths = [tmp_path / f"{number}.parquet" for number in range(len(tables))]
    for table, path in zip(tables, paths, strict=True):
        table.write_parquet(path)
    counted = spool.rows_of([*paths, paths[0]], "a", pl.String())
    assert [counted[path] for path in paths] == [3, 5, 1, 0]
    assert spool.rows_of([], "a", pl.String()) == {}
