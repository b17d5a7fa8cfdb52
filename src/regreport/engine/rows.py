"""The wire table as one file: records with the head's columns repeated on each row, as Parquet or NDJSON.

What `parse` writes `render` takes. A document without records is one row with head columns only. All text stays text:
a number in an NDJSON file is refused, because 1.10 and 1e3 would come back as something else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from regreport.engine.layout import common_schema, completed, require_known
from regreport.engine.message import Message
from regreport.engine.render import ROWS_PER_CHUNK
from regreport.engine.table import RECORD
from regreport.errors import BadInput

SUFFIXES = (".parquet", ".ndjson", ".jsonl")


def is_head_column(name: str) -> bool:
    """Whether a column of a joined table belongs to the head: it has a leading slash, and is not a record's marker."""
    return name.startswith("/") and name != RECORD


def join_head(head: pl.DataFrame | None, records: pl.DataFrame) -> pl.DataFrame:
    """The records with the head's columns in front of each; without records one row of the head alone."""
    if head is None or not head.width:
        return records
    return head.join(records, how="cross") if records.height else head


def split_head(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(head, records) of a joined table. Raises BadInput naming a head column that is not the same on every row."""
    names = [name for name in rows.columns if is_head_column(name)]
    for name in names:
        if rows.select(name).unique().height > 1:
            raise BadInput("must be the same on every row, as it is part of the head", field=name)
    others = [name for name in rows.columns if not is_head_column(name)]
    head = rows.select(names).head(1) if names else pl.DataFrame()
    return head, rows.select(others) if others else pl.DataFrame()


def write_rows(message: Message, path: Path, head: pl.DataFrame, frames: Iterable[pl.DataFrame]) -> int:
    """Write a joined table to `path`, by its suffix as Parquet or NDJSON, with bounded memory; gives the record count.

    A Parquet file has one schema, so its frames are put aside first and joined when all columns are known. NDJSON has
    the columns of each chunk. Raises BadInput for another suffix.
    """
    _require_suffix(path)
    if path.suffix == ".parquet":
        return _write_parquet(message, path, head, frames)
    count = 0
    with path.open("wb") as file:
        for frame in frames:
            count += frame.height
            join_head(head, frame).write_ndjson(file)
        if not count:
            head.write_ndjson(file)
    return count


def _write_parquet(message: Message, path: Path, head: pl.DataFrame, frames: Iterable[pl.DataFrame]) -> int:
    count = 0
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        kept: list[tuple[Path, pl.Schema]] = []
        for number, frame in enumerate(frames):
            file = Path(folder) / f"{number}.parquet"
            frame.write_parquet(file)
            kept.append((file, frame.schema))
            count += frame.height
        if not count:
            head.write_parquet(path)
            return 0
        wanted = common_schema(message.record, (schema for _, schema in kept))
        scans = [pl.scan_parquet(file).select(completed(schema, wanted)) for file, schema in kept]
        fixed = [_repeated(head[name]) for name in head.columns]
        pl.concat(scans).select(*fixed, *wanted).sink_parquet(path, row_group_size=ROWS_PER_CHUNK)
    return count


def _repeated(value: pl.Series) -> pl.Expr:
    return pl.lit(value).first().alias(value.name)


def read_rows(message: Message, path: Path) -> tuple[pl.DataFrame, Iterator[pl.DataFrame]]:
    """(head, frames of records) of a file that `write_rows` wrote, or that follows its form.

    The frames are read one by one. Raises BadInput, at once or while they are read, for a column that the message does
    not have or that is not text, for a head that differs between rows, and for a file that cannot be read.
    """
    _require_suffix(path)
    source = _parquet_frames(path) if path.suffix == ".parquet" else _ndjson_frames(path)
    first = next(source, None)
    if first is None:
        raise BadInput("holds no row", "A document without records is one row of its head", str(path))
    head, records = _checked(message, first, path)
    return head, _following(message, path, head, records, source)


def _following(
    message: Message, path: Path, head: pl.DataFrame, first: pl.DataFrame, source: Iterator[pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    if first.width:
        yield first
    for frame in source:
        other, records = _checked(message, frame, path)
        _require_same_head(head, other, path)
        yield records


def _require_same_head(head: pl.DataFrame, other: pl.DataFrame, path: Path) -> None:
    for name in dict.fromkeys([*head.columns, *other.columns]):
        values = [frame[name].to_list() if name in frame.columns else [None] for frame in (head, other)]
        if values[0] != values[1]:
            raise BadInput("must be the same on every row, as it is part of the head", file=str(path), field=name)


def _checked(message: Message, rows: pl.DataFrame, path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    try:
        head, records = split_head(rows)
        root = message.root(any(name.startswith("/BizData") for name in head.columns))
        require_known(root, head)
        require_known(message.record, records)
    except BadInput as problem:
        problem.file = str(path)
        raise
    return head, records


def _parquet_frames(path: Path) -> Iterator[pl.DataFrame]:
    try:
        scan = pl.scan_parquet(path)
        height = scan.select(pl.len()).collect().item()
        for start in range(0, height, ROWS_PER_CHUNK):
            yield scan.slice(start, ROWS_PER_CHUNK).collect()
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise BadInput(f"cannot be read as Parquet: {problem}", file=str(path)) from problem


def _ndjson_frames(path: Path) -> Iterator[pl.DataFrame]:
    try:
        with path.open("rb") as file:
            line = 0
            while block := list(islice(file, ROWS_PER_CHUNK)):
                for number, text in enumerate(block, start=line + 1):
                    _require_text_values(text, path, number)
                line += len(block)
                kept = [text for text in block if text.strip()]
                if kept:
                    yield pl.read_ndjson(b"".join(kept), infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise BadInput(f"cannot be read as NDJSON: {problem}", file=str(path)) from problem


def _require_text_values(text: bytes, path: Path, line: int) -> None:
    if not text.strip():
        return
    try:
        held = json.loads(text, parse_int=_refuse, parse_float=_refuse, parse_constant=_refuse, object_pairs_hook=_once)
        if b"\\u" in text:  # half of a pair is no character: no text can hold it, and readers put another one there
            json.dumps(held, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as problem:
        raise BadInput(f"is no line of a wire table: {problem}", file=str(path), line=line) from problem
    if not isinstance(held, dict):
        raise BadInput("is not a JSON object", file=str(path), line=line)


def _refuse(text: str) -> object:
    raise ValueError(f"the number {text} is not text; put it in quotes")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice in one object")
    return found


def _require_suffix(path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise BadInput(f"the table's form is told by its suffix: {', '.join(SUFFIXES)}", file=str(path))
