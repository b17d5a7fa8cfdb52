"""render: a wire table on disk becomes the bytes of documents of 500 records; ours by columns, theirs by lxml trees.

Both sides read the same Parquet file and write one file a document, without an envelope.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import polars as pl
from lxml import etree

from benchmarks import material
from benchmarks.measure import Work
from benchmarks.yardstick.tree import TreeBuilder
from regreport.engine.render import joined_bytes, render_head, render_rows
from regreport.engine.spool import read_chunks

RECORDS: Final = 500_000
TENTH: Final = 50_000
"""What the yardstick runs on."""
EACH: Final = 500
"""Records in a document."""


def prepare(folder: Path) -> Work:
    """Write the table that both sides read: RECORDS rows, and the first TENTH of them apart."""

    def work() -> dict[str, Any]:
        parts = material.wire_tables(RECORDS)
        first = next(parts)
        first.write_parquet(folder / "tenth.parquet", compression="lz4")
        lazy = [first.lazy(), *(part.lazy() for part in parts)]
        pl.concat(lazy).sink_parquet(folder / "all.parquet", compression="lz4", row_group_size=material.PART)
        return {}

    return work


def ours(folder: Path) -> Work:
    """Chunks of the table rendered across documents, and cut by row ends."""
    message = material.message()
    out = _emptied(folder / "ours")

    def work() -> dict[str, Any]:
        before, after = (text.encode() for text in render_head(message, None))
        number = 0
        for chunk in read_chunks(folder / "all.parquet"):
            rows = render_rows(message, chunk)
            for start in range(0, len(rows), EACH):
                number += 1
                with (out / f"{number:05d}.xml").open("wb") as file:
                    file.writelines((before, *joined_bytes(rows.slice(start, EACH)), after))
        return {"records": RECORDS, "documents": number}

    return work


def theirs(folder: Path) -> Work:
    """Rows as dicts, a tree a document, serialised."""
    out = _emptied(folder / "theirs")
    table = folder / "tenth.parquet"
    builder = TreeBuilder(material.message(), pl.read_parquet_schema(table))

    def work() -> dict[str, Any]:
        number = 0
        for rows in _rows(table):
            number += 1
            tree = etree.ElementTree(builder.document(rows))
            tree.write(out / f"{number:05d}.xml", xml_declaration=True, encoding="UTF-8")
        return {"records": TENTH, "documents": number}

    return work


def _rows(table: Path) -> Iterator[list[dict[str, Any]]]:
    for part in pl.read_parquet(table).iter_slices(EACH):
        yield part.to_dicts()


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def compare(folder: Path) -> str:
    """Every document of the yardstick is canonically the one of ours. Raises AssertionError; gives what was seen."""
    names = sorted(path.name for path in (folder / "theirs").iterdir())
    for name in names:
        same = canonical(folder / "theirs" / name) == canonical(folder / "ours" / name)
        assert same, f"render: {name} of the yardstick is another document than ours"
    return f"{len(names)} documents canonically equal"


def canonical(path: Path) -> bytes:
    """A document as C14N has it."""
    return etree.tostring(etree.parse(path), method="c14n")


SIDES: Final = {"prepare": prepare, "ours": ours, "theirs": theirs}
