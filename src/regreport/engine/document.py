"""Write a document to a stream, digested while it is written, and split a report into files of a bounded size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import polars as pl

from regreport.engine.message import Message
from regreport.engine.render import render

RECORDS_MAX = 500_000
"""Records in one file, unless the destination says otherwise."""


@dataclass(frozen=True)
class RenderedFile:
    """What was written: the SHA-256 of the bytes (hex), their number, and the number of records."""

    sha256: str
    size_bytes: int
    records: int


def write_document(
    message: Message, head: pl.DataFrame | None, chunks: pl.DataFrame | Iterable[pl.DataFrame], sink: BinaryIO
) -> RenderedFile:
    """Render (see `render.render`) into `sink`, in one pass and with bounded memory."""
    digest = hashlib.sha256()
    size, records = 0, 0

    def counted() -> Iterator[pl.DataFrame]:
        nonlocal records
        for frame in [chunks] if isinstance(chunks, pl.DataFrame) else chunks:
            records += frame.height
            yield frame

    for block in render(message, head, counted()):
        sink.write(block)
        digest.update(block)
        size += len(block)
    return RenderedFile(digest.hexdigest(), size, records)


def parts(chunks: Iterable[pl.DataFrame], records_max: int = RECORDS_MAX) -> Iterator[Iterator[pl.DataFrame]]:
    """Cut a stream of frames into parts of at most `records_max` records, in order.

    Each part must be read to its end before the next is asked for. A stream without records gives no part.
    """
    source = iter(chunks)
    left: list[pl.DataFrame] = []

    def part() -> Iterator[pl.DataFrame]:
        room = records_max
        while room:
            frame = left.pop() if left else next(source, None)
            if frame is None:
                return
            if frame.height > room:
                left.append(frame.slice(room))
                frame = frame.head(room)
            room -= frame.height
            yield frame

    while True:
        if not left:
            following = next((frame for frame in source if frame.height), None)
            if following is None:
                return
            left.append(following)
        yield part()
