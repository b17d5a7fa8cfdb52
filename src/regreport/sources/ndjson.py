"""NDJSON (one JSON object a line) as rows of text, with the digits of every number as they are written.

No column reader keeps them (1.10 becomes 1.1, 1e400 infinity), so this one form is read line by line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from regreport.errors import BadInput
from regreport.sources.bytestream import digest_of, utf8_blocks
from regreport.sources.rows import SourceRows

CHUNK_ROWS = 50_000
LINE_BYTES_MAX = 16 * 1024 * 1024


def read_ndjson(path: Path) -> SourceRows:
    """The rows of an NDJSON file; a key that some objects lack is null there. Raises BadInput naming record and field
    for what is no JSON, no flat object, a key twice, or text that is no Unicode."""
    digest = digest_of(path)
    names: dict[str, None] = {}
    for _, row in _objects(path, digest):
        names.update(dict.fromkeys(row))
    columns = tuple(names)
    return SourceRows(path.name, digest, columns, lambda: _chunks(path, digest, columns))


def _chunks(path: Path, digest: str, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    schema = dict.fromkeys(columns, pl.String)
    values: dict[str, list[str | None]] = {name: [] for name in columns}
    for record, row in _objects(path, digest):
        for name in columns:
            values[name].append(row.get(name))
        if record % CHUNK_ROWS == 0:
            yield pl.DataFrame(values, schema=schema)
            values = {name: [] for name in columns}
    if any(values.values()):
        yield pl.DataFrame(values, schema=schema)


def _objects(path: Path, digest: str) -> Iterator[tuple[int, dict[str, str | None]]]:
    record = 0
    for line, text in _lines(path, digest):
        if text.strip():
            record += 1
            yield record, _object(text, record, line, path.name)


def _lines(path: Path, digest: str) -> Iterator[tuple[int, bytes]]:
    rest, line = b"", 1
    for block in utf8_blocks(path, "utf-8", digest):
        *whole, rest = (rest + block).split(b"\n")
        yield from enumerate(whole, start=line)
        line += len(whole)
        if len(rest) > LINE_BYTES_MAX:
            problem = f"the line is longer than {LINE_BYTES_MAX} bytes"
            raise BadInput(problem, "Write one JSON object a line", path.name, line=line)
    yield line, rest


def _object(text: bytes, record: int, line: int, file: str) -> dict[str, str | None]:
    def flat(pairs: list[tuple[str, object]]) -> dict[str, object]:
        row = dict(pairs)
        if len(row) != len(pairs):
            twice = next(name for name in row if sum(key == name for key, _ in pairs) > 1)
            raise BadInput("the object has this key twice", "Keep one of them", file, record, line, twice)
        return row

    def constant(word: str) -> str:
        return word

    try:
        row = json.loads(text, parse_float=str, parse_int=str, parse_constant=constant, object_pairs_hook=flat)
    except (ValueError, RecursionError) as fault:
        raise BadInput(f"not JSON: {fault}", "Write one JSON object a line", file, record, line) from None
    if not isinstance(row, dict):
        raise BadInput("not a JSON object", "Write one JSON object a line", file, record, line)
    return {name: _text(value, name, record, line, file) for name, value in row.items()}


def _text(value: object, name: str, record: int, line: int, file: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(one, str) and "|" not in one for one in value):
        value = "|".join(value)
    if not isinstance(value, str):
        remedy = "Values are text, numbers, true, false, null, or lists of text without |"
        raise BadInput("a nested value has no text", remedy, file, record, line, name)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        remedy = "Write the character as UTF-8 or as a pair of surrogates"
        raise BadInput("half of a surrogate pair is no character", remedy, file, record, line, name) from None
    return value
