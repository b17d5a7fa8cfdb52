"""Files in and out without a ledger: render, parse, check, compile a schema. What a stranger tries first.

Nothing is half-written: an output appears under its name when it is complete.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final, cast

import polars as pl

from regreport import messages
from regreport.engine.check import check, check_records_present
from regreport.engine.compile import compile_xsd
from regreport.engine.document import RenderedFile, write_document
from regreport.engine.lexical import FORBIDDEN
from regreport.engine.message import Message
from regreport.engine.parse import Reader, parse
from regreport.engine.rows import SUFFIXES, read_rows, write_rows
from regreport.engine.rule import FINDING_SCHEMA
from regreport.engine.spool import Spool
from regreport.engine.table import diff_tables, read_table, write_table
from regreport.engine.xsd import validate_with_xsd
from regreport.errors import BadInput, ConfigurationError
from regreport.model.finding import Severity
from regreport.model.obligation import Cell
from regreport.passes import run_pack
from regreport.regime import DestinationFacts, EntityFacts, Regime, ReportContext, regimes

CREATED_PATH = "/BizData/Hdr/AppHdr/CreDt"
_CONTROL: Final = bytes(c for c in range(0x20) if c not in b"\t\n\r")
_NO_CHARACTERS: Final = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
"""U+FFFE and U+FFFF in UTF-8 (XML 1.0, production 2)."""


@dataclass(frozen=True)
class RenderedRows:
    """What `render` wrote."""

    file: str
    records: int
    size: int
    sha256: str


@dataclass(frozen=True)
class ParsedFile:
    """What `parse` read; `findings` are what no table can hold (FINDING columns)."""

    message: str
    records: int
    findings: pl.DataFrame


@dataclass(frozen=True)
class CheckedFile:
    """The verdict on a file; `schemas` says in words what --xsd-dir used and what it did not find."""

    message: str
    records: int
    findings: pl.DataFrame
    schemas: list[str] = field(default_factory=list)

    @property
    def faulty(self) -> bool:
        """Whether any finding is an error."""
        return self.findings.filter(pl.col("severity") == Severity.ERROR.value).height > 0


@contextmanager
def _finished(output: Path) -> Iterator[Path]:
    """A path beside `output` with its suffix, renamed to it when the block ends well. Raises BadInput."""
    if not output.parent.is_dir():
        raise BadInput("the folder to write to does not exist", "Make it first", file=str(output))
    if output.is_dir():
        raise BadInput("is a folder", "Name a file", file=str(output))
    part = output.with_name(f".{output.stem}.{os.getpid()}{output.suffix}")
    try:
        yield part
        os.replace(part, output)
    except OSError as fault:
        raise BadInput(f"cannot be written: {fault.strerror or fault}", file=str(output)) from fault
    finally:
        with suppress(OSError):  # a folder that cannot be written to holds no part either
            part.unlink(missing_ok=True)


def _table_suffix(path: Path) -> None:
    """Refuse a name that does not say which kind of table it is, before anything is written."""
    if path.suffix not in SUFFIXES:
        raise BadInput("the table's form is told by its suffix", f"Use {', '.join(SUFFIXES)}", file=str(path))


def render_file(regime: Regime, rows: Path, output: Path, *, fields: bool = False) -> RenderedRows:
    """Render a table file to the message that the regime sends, or to the answer to it: the columns tell which.

    Raises BadInput naming file, column and remedy.
    """
    _table_suffix(rows)
    if fields:
        message, head, frames = messages.load(regime.message), pl.DataFrame(), _wire(regime, rows)
    else:
        message, head, frames = _rows(regime, rows)
    with _finished(output) as part, part.open("wb") as sink:
        done = _Watched(message, rows, head, frames).write_to(sink)
    return RenderedRows(str(output), done.records, done.size_bytes, done.sha256)


class _Watched:
    """A sink that refuses bytes which XML has no form for, and the frames that are being written to it.

    Rendering does not gate, but what it writes can be read. Looking at the bytes costs nothing beside making them.
    """

    def __init__(self, message: Message, rows: Path, head: pl.DataFrame, frames: Iterator[pl.DataFrame]) -> None:
        self._message, self._rows, self._head, self._frames = message, rows, head, frames
        self._seen: list[tuple[int, pl.DataFrame]] = []
        self._sink: BinaryIO

    def write_to(self, sink: BinaryIO) -> RenderedFile:
        """Render everything. Raises BadInput naming record, field and value of a character that cannot be written."""
        self._sink = sink
        head = self._head if self._head.width else None
        return write_document(self._message, head, self._watched(), cast("BinaryIO", self))

    def write(self, block: bytes) -> int:
        """Part of the document."""
        whole = bytes(block)
        if len(whole.translate(None, _CONTROL)) != len(whole) or any(mark in whole for mark in _NO_CHARACTERS):
            self._name_it()
        return self._sink.write(whole)

    def _watched(self) -> Iterator[pl.DataFrame]:
        done = 0
        for frame in self._frames:
            self._seen = [*self._seen[-1:], (done + 1, frame)]  # a block may hold the end of the frame before
            done += frame.height
            yield frame

    def _name_it(self) -> None:
        found = [check(self._message, frame, first_record=first) for first, frame in self._seen]
        if self._head.width:
            found.append(check(self._message, None, head=self._head))
        broken = pl.concat(found).filter(pl.col("value").str.contains(FORBIDDEN))
        record, field, value = broken.select("record", "path", "value").row(0) if broken.height else (None, "", "")
        problem = "holds a control character, which XML cannot carry"
        raise BadInput(problem, "Remove it", file=str(self._rows), record=record, field=field, value=value)


def _rows(regime: Regime, rows: Path) -> tuple[Message, pl.DataFrame, Iterator[pl.DataFrame]]:
    """The rows of a wire table and their message. Raises BadInput in the words of the message that the regime sends."""
    sent = messages.load(regime.message)
    try:
        return sent, *read_rows(sent, rows)
    except BadInput as error:
        answer = messages.load(regime.feedback_message)
        try:
            return answer, *read_rows(answer, rows)
        except BadInput:
            raise error from None


def _wire(regime: Regime, rows: Path) -> Iterator[pl.DataFrame]:
    """The wire records of a field table file."""
    if not rows.exists():
        raise BadInput("no such file", file=str(rows))
    try:
        table = pl.read_parquet(rows) if rows.suffix == ".parquet" else pl.read_ndjson(rows, infer_schema_length=None)
        whole = regime.layer.complete(table)
    except pl.exceptions.PolarsError as error:
        raise BadInput(f"cannot be read as a table: {error}", "Give Parquet or NDJSON", file=str(rows)) from error
    except BadInput as error:
        error.file = str(rows)
        raise
    lost = regime.layer.unplaced(whole)
    if lost.height:
        record, column, value = lost.row(0)
        problem = "the value has no place in the message, by the kinds given beside it"
        raise BadInput(problem, "See: regreport fields", file=str(rows), record=record, field=column, value=value)
    yield regime.layer.to_wire(whole)


def parse_file(file: Path, output: Path, *, fields: bool = False) -> ParsedFile:
    """Read a message into a table file. Raises NotWellFormed, UnknownMessage, BadInput."""
    _table_suffix(output)
    message, _ = messages.identify(file)
    regime = regime_of(message)
    if fields and regime is None:
        raise BadInput(f"no regime of this version has fields for {message.id}", "Leave --fields out", file=str(file))
    reader = parse(message, file, names=regime.layer.names if regime else None)
    with TemporaryDirectory(dir=output.parent if output.parent.is_dir() else None) as folder, _finished(output) as part:
        frames = _kept(reader, Path(folder))
        if fields and regime is not None:
            _write_fields(regime, frames, part)
        else:
            write_rows(message, part, reader.head, (pl.read_parquet(f) for f in frames))
    return ParsedFile(message.id, reader.records, reader.faults)


def _kept(reader: Reader, folder: Path) -> list[Path]:
    """The frames of a document as files, since its head is known only at its end."""
    files = []
    for number, frame in enumerate(reader):
        files.append(folder / f"{number}.parquet")
        frame.write_parquet(files[-1], compression="lz4")
    return files


def _write_fields(regime: Regime, frames: list[Path], part: Path) -> None:
    tables = [regime.layer.to_fields(pl.read_parquet(f), lossy=True) for f in frames]
    whole = pl.concat(tables) if tables else pl.DataFrame(schema=regime.layer.schema)
    if part.suffix == ".parquet":
        whole.write_parquet(part)
    else:
        whole.write_ndjson(part)


def regime_of(message: Message) -> Regime | None:
    """The regime that sends this message, if one is installed."""
    return next((r for r in regimes().values() if r.message == message.id), None)


def check_file(
    file: Path, *, rules: bool = False, jurisdiction: str = "", xsd_dir: Path | None = None, now: datetime
) -> CheckedFile:
    """Check a message file against its declaration, on request against the rules and against official schemas.

    Raises NotWellFormed and UnknownMessage (no verdict can be given), ConfigurationError where --rules is asked for a
    message of no regime.
    """
    message, enveloped = messages.identify(file)
    regime = regime_of(message)
    if rules and regime is None:
        raise ConfigurationError(f"No regime of this version has rules for {message.id}; check it without --rules")
    names = regime.layer.names if regime else None
    reader = parse(message, file, names=names)
    found = []
    with TemporaryDirectory() as folder:
        kept = Spool(Path(folder), "fields")
        done = 0
        for frame in reader:
            found.append(check(message, frame, names=names, first_record=done + 1))
            done += frame.height
            if rules and regime is not None:
                kept.append(regime.layer.to_fields(frame, lossy=True))
        found.append(check(message, None, head=reader.head, names=names))
        found.append(check_records_present(message, reader.head, reader.records, names))
        found.append(reader.faults)
        if rules and regime is not None:
            found.append(_by_rules(regime, kept, _context(regime, jurisdiction, reader, now)))
    schemas: list[str] = []
    if xsd_dir is not None:
        verdict = validate_with_xsd(message, enveloped, file, xsd_dir)
        found.append(verdict.findings)
        schemas = [f"used {space}: {path}" for space, path in sorted(verdict.used.items())]
        schemas += [f"no schema in {xsd_dir} for {space}" for space in verdict.missing]
    whole = pl.concat([pl.DataFrame(schema=FINDING_SCHEMA), *(f.select(list(FINDING_SCHEMA)) for f in found)])
    return CheckedFile(message.id, reader.records, whole.sort("record", maintain_order=True, nulls_last=False), schemas)


def _context(regime: Regime, jurisdiction: str, reader: Reader, now: datetime) -> ReportContext:
    """What is known of a file that stands alone: its header's instant, and no reference data."""
    stated = reader.message.head_value(reader.head, CREATED_PATH) if reader.enveloped else None
    try:
        created = datetime.fromisoformat(stated) if stated else now
    except ValueError:
        created = now  # the structural check has said so already
    created = created if created.tzinfo else created.replace(tzinfo=UTC)
    cell = next((c for c in regime.cells if not jurisdiction or c[0] == jurisdiction), None)
    if cell is None:
        raise ConfigurationError(f"{regime.id} does not report in {jurisdiction}")
    nobody = EntityFacts(lei="", name="", country="")
    nowhere = DestinationFacts(name="", sender="", recipient="", file_name="")
    return ReportContext(Cell(*cell, regime.id), nobody, nowhere, created.date(), created, reference_data={})


def _by_rules(regime: Regime, fields: Spool, context: ReportContext) -> pl.DataFrame:
    """Findings of the pack; `record` is the position in the file. Referential rules say that they were not checked."""
    found = run_pack(regime, lambda: [(context, fields.chunks())], structure=False)
    return found.select(list(FINDING_SCHEMA))


def compile_schema(xsd: Path, output: Path) -> list[str]:
    """Compile a schema to a message table; where the table exists, what changes, in words. Raises BadInput."""
    node = compile_xsd(xsd)
    changes = diff_tables(read_table(output), node) if output.exists() else []
    with _finished(output) as part:
        write_table(node, part)
    return changes
