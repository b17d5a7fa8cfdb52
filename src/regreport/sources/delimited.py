"""Delimited text (RFC 4180), read strictly and in bounded memory.

The file is cut into blocks of whole records, each checked (structure.py) and then read as columns of text. Accepted:
a byte order mark, CRLF, LF or lone CR line ends, delimiters and line ends inside quotes, doubled quotes, blank lines
at the end, no line end at the end. Everything else that is unusual is refused with its record and line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from regreport.errors import BadInput
from regreport.sources.bytestream import BOM, digest_of, utf8_blocks
from regreport.sources.header import read_header
from regreport.sources.layout import Layout
from regreport.sources.rows import SourceRows
from regreport.sources.structure import Block, check_structure, first_end, last_end, skeleton, unify_line_ends

FIELD_BYTES_MAX = 1024 * 1024
RECORD_BYTES_MAX = 16 * 1024 * 1024


def read_delimited(path: Path, layout: Layout) -> SourceRows:
    """The rows of a delimited file. Raises BadInput here for an empty file or a bad header, later for the records."""
    digest = digest_of(path)
    header = next(_blocks(path, layout, digest), None)
    text = "" if header is None else header.text.decode("utf-8").removesuffix("\n")
    if not text.strip():
        remedy = "A day without records is a file with a header only"
        raise BadInput("the file is empty: it has no header", remedy, file=path.name)
    columns = read_header(text, layout, path.name)
    return SourceRows(path.name, digest, columns, lambda: _chunks(path, layout, digest, columns))


def _chunks(path: Path, layout: Layout, digest: str, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    for block in _blocks(path, layout, digest):
        if block.record == 0:
            continue
        check_structure(block, layout.delimiter.encode(), layout.quote.encode(), len(columns), path.name)
        chunk = _parse(block, layout, columns, path.name)
        _refuse_long_field(chunk, block, path.name)
        yield chunk


def _parse(block: Block, layout: Layout, columns: tuple[str, ...], file: str) -> pl.DataFrame:
    remedy = "Please report this file"
    # The reader takes one off the start of whatever it is given; in the middle of a file it is part of a value.
    text = BOM + block.text if block.text.startswith(BOM) else block.text
    try:
        chunk = pl.read_csv(
            text,
            has_header=False,
            separator=layout.delimiter,
            quote_char=layout.quote or None,
            schema=dict.fromkeys(columns, pl.String),
        )
    except PolarsError as fault:
        raise BadInput(f"the column reader refused it: {fault}", remedy, file, block.record, block.line) from None
    if chunk.height != block.records:
        problem = f"{block.records} records, of which the column reader sees {chunk.height}"
        raise BadInput(problem, remedy, file, block.record, block.line)
    return chunk


def _blocks(path: Path, layout: Layout, digest: str) -> Iterator[Block]:
    """Blocks of whole records; the header is the first block, alone, as record 0."""
    quote = layout.quote.encode()
    rest, record, line = b"", 0, 1
    for raw in _whole_line_ends(path, layout, digest):
        rest = unify_line_ends(rest + raw, quote)
        for end_of in (first_end, last_end) if record == 0 else (last_end,):
            end = end_of(rest, quote)
            if end == 0:
                break
            text, rest = rest[:end], rest[end:]
            block = Block(text, skeleton(text, quote), record, line)
            yield block
            record += block.records
            line += text.count(b"\n")
        if len(rest) > RECORD_BYTES_MAX:
            problem = f"the record is longer than {RECORD_BYTES_MAX} bytes, or a quote in it is not closed"
            raise BadInput(problem, "Close the quote", path.name, record or None, line)
    rest = rest.rstrip(b"\n")
    if quote and rest.count(quote) % 2:
        problem = "a quote is opened in this record and not closed before the end of the file"
        remedy = 'Close it. Are quotes ordinary characters in this file, declare it in the mapping: [file] quote = ""'
        raise BadInput(problem, remedy, path.name, record or None, line)
    if rest:
        yield Block(rest + b"\n", skeleton(rest + b"\n", quote), record, line)


def _whole_line_ends(path: Path, layout: Layout, digest: str) -> Iterator[bytes]:
    """The blocks of the file, never parted between a carriage return and its line feed."""
    held = b""
    for raw in utf8_blocks(path, layout.encoding, digest):
        block = held + raw
        held = b"\r" if raw and block.endswith(b"\r") else b""
        yield block[: len(block) - len(held)]


def _refuse_long_field(chunk: pl.DataFrame, block: Block, file: str) -> None:
    if len(block.text) <= FIELD_BYTES_MAX:
        return
    longest = chunk.select(pl.all().str.len_bytes().max())
    for name in chunk.columns:
        size = longest[name][0] or 0
        if size > FIELD_BYTES_MAX:
            at = chunk[name].str.len_bytes().arg_max() or 0
            problem = f"the field has {size} bytes; {FIELD_BYTES_MAX} are the most, or a quote is not closed"
            raise BadInput(problem, "Shorten it, or close the quote", file=file, record=block.record + at, field=name)
