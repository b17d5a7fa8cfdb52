"""An authority's extract read into leaf texts: an auth.016 document, in its envelope or without, or a CSV.

A CSV has a header whose columns are field numbers (`2`), our column names (`transaction_reference`, `buyer.id`) or the
names of the fields; several values of one cell are parted by `|`. What it does not have is not compared. The file is
read once, in frames that go to disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import polars as pl

from regreport import messages
from regreport.engine.parse import parse
from regreport.errors import BadInput
from regreport.reconcile import Leaf, fingerprint, leaves, texts
from regreport.reconcile.buckets import THEIRS_SCHEMA
from regreport.reconcile.leaves import canonical
from regreport.regime import Regime
from regreport.sources.delimited import read_delimited
from regreport.sources.layout import Layout, likely_delimiter

ROW: Final = "@row"
NOT_COMPARED: Final = frozenset({"status"})
"""What an extract tells by its lines, not by a value."""
_LOOK_BYTES: Final = 64 * 1024
_NOTHING: Final = pl.DataFrame(schema=THEIRS_SCHEMA)


@dataclass(frozen=True)
class Extract:
    """`keys` is THEIRS_SCHEMA; `compared` are the leaves that the extract has; `ignored` its columns that are no field;
    `parts` the leaf texts of all rows, as files with a column ROW."""

    file: str
    sha256: str
    form: str
    records: int
    keys: pl.DataFrame
    compared: tuple[Leaf, ...]
    ignored: tuple[str, ...] = ()
    parts: tuple[Path, ...] = field(default=())

    def rows(self, wanted: pl.Series) -> pl.DataFrame:
        """The leaf texts of these rows, in the order asked."""
        found = [pl.scan_parquet(part).filter(pl.col(ROW).is_in(wanted.implode())).collect() for part in self.parts]
        asked = wanted.to_frame(ROW)
        return asked.join(pl.concat(found), on=ROW, how="left", maintain_order="left").drop(ROW)


def read_extract(regime: Regime, file: Path, entity: str, scratch: Path) -> Extract:
    """Read the file. `entity`: whose extract it is, where a CSV has no executing entity.

    Raises BadInput, NotWellFormed, UnknownMessage with the file, the record and the remedy.
    """
    if not file.is_file():
        raise BadInput("no such file", "Give the extract as XML or CSV", file=str(file))
    with file.open("rb") as stream:
        start = stream.read(_LOOK_BYTES)
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if not start.strip():
        raise BadInput("the file is empty", "Ask the authority for it again", file=file.name)
    known = leaves(regime.layer)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        frames = _from_xml(regime, file, known)
        return _kept(regime, Extract(file.name, digest, regime.message, 0, _NOTHING, known), frames, entity, scratch)
    compared, ignored, frames = _from_csv(regime, file, start, known)
    _require(regime, compared, entity, file)
    return _kept(regime, Extract(file.name, digest, "CSV", 0, _NOTHING, compared, ignored), frames, entity, scratch)


def _require(regime: Regime, compared: Sequence[Leaf], entity: str, file: Path) -> None:
    there = {leaf.column for leaf in compared}
    needed = [regime.reference, *(() if entity else ("executing_entity",))]
    for column in needed:
        if column not in there:
            leaf = next(one for one in leaves(regime.layer) if one.column == column)
            remedy = f"Name it {leaf.number}, {leaf.column} or {leaf.name!r} in the header"
            if column == "executing_entity":
                remedy += ", or say whose extract it is with --entity"
            raise BadInput(f"the header has no column for field {leaf.number}", remedy, file=file.name, field=column)


def _kept(regime: Regime, empty: Extract, frames: Iterator[pl.DataFrame], entity: str, scratch: Path) -> Extract:
    """The extract with its frames on disk and their keys in memory."""
    values = tuple(leaf for leaf in empty.compared if leaf.column not in NOT_COMPARED)
    keys, done = [empty.keys], 0
    parts: list[Path] = []
    for frame in frames:
        numbered = frame.with_row_index(ROW, offset=done + 1).cast({ROW: pl.UInt32})
        keys.append(_keys(regime, numbered, values, entity, empty.file))
        parts.append(scratch / f"theirs-{len(parts):05d}.parquet")
        numbered.write_parquet(parts[-1], compression="lz4", statistics=True)
        done += frame.height
    return replace(empty, records=done, keys=pl.concat(keys), compared=values, parts=tuple(parts))


def _keys(regime: Regime, frame: pl.DataFrame, values: Sequence[Leaf], entity: str, file: str) -> pl.DataFrame:
    def text(column: str) -> pl.Expr:
        return pl.col(column) if column in frame.columns else pl.lit(None, dtype=pl.String)

    traded = next((leaf for leaf in values if leaf.column == "trading_date_time"), None)
    day = canonical(traded).str.head(10) if traded else pl.lit(None, dtype=pl.String)
    keys = frame.select(
        row=ROW,
        entity=text("executing_entity").fill_null(pl.lit(entity or None, dtype=pl.String)),
        reference=text(regime.reference),
        day=day,
        cancels=(text("status") == "CANC").fill_null(value=False),
        print=fingerprint(values),
    )
    for column, number in (("reference", "2"), ("entity", "4")):
        empty = keys.filter(pl.col(column).is_null() | (pl.col(column) == ""))
        if empty.height:
            record = int(empty["row"][0])
            raise BadInput(f"field {number} is empty", "A record without it cannot be compared", file, record)
    return keys.cast(THEIRS_SCHEMA)


def _from_xml(regime: Regime, file: Path, known: Sequence[Leaf]) -> Iterator[pl.DataFrame]:
    message, _ = messages.identify(file)
    if message.id != regime.message:
        raise BadInput(f"is {message.id}; an extract for {regime.id} is {regime.message} or CSV", file=file.name)
    for frame in parse(message, file, names=regime.layer.names):
        yield texts(regime.layer.complete(regime.layer.to_fields(frame, lossy=True)), regime.layer, known)


def _from_csv(
    regime: Regime, file: Path, start: bytes, known: Sequence[Leaf]
) -> tuple[tuple[Leaf, ...], tuple[str, ...], Iterator[pl.DataFrame]]:
    """(leaves that the header names, its other columns, frames of leaf texts)."""
    first = start.decode("utf-8", "replace").lstrip("\ufeff").splitlines()[0]
    delimiter = likely_delimiter(first, ",") or ","
    rows = read_delimited(file, Layout(delimiter=delimiter, declared=True, numbered=True))
    named = _by_name(known)
    found = {column: named[column.casefold()] for column in rows.columns if column.casefold() in named}
    if not found:
        remedy = "Name columns by field number, by our column name (see: regreport fields) or by the field's name"
        raise BadInput(f"no column of the header is a field of {regime.id}", remedy, file=file.name, value=first)
    chosen = list(found.values())
    for leaf in chosen:
        if chosen.count(leaf) > 1:
            twice = [column for column, one in found.items() if one == leaf]
            raise BadInput(
                f"columns {', '.join(twice)} are the same field", "Leave one out", file.name, field=leaf.column
            )
    ignored = tuple(column for column in rows.columns if column not in found)
    select = [pl.col(column).replace("", None).alias(leaf.column) for column, leaf in found.items()]
    return tuple(chosen), ignored, (chunk.select(select) for chunk in rows.chunks())


def _by_name(known: Sequence[Leaf]) -> dict[str, Leaf]:
    """A header's words in lower case -> leaf; a number or a name means the first column of its field."""
    named: dict[str, Leaf] = {}
    for leaf in known:
        for word in (leaf.number, leaf.name, leaf.column):
            named.setdefault(word.casefold(), leaf)
    return named
