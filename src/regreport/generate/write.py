"""Field tables, files, index and manifest of judged reports: each stored before the ledger hears of it.

Small reports are rendered together and cut by row ends; a large one is rendered from its stored field table, a chunk at
a time, so that memory does not grow with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from typing import Final

import polars as pl

from regreport import __version__, messages
from regreport.books import INDEX_SCHEMA
from regreport.engine.render import joined_bytes, render_heads, render_rows
from regreport.engine.spool import ROWS_PER_CHUNK, parquet_bytes
from regreport.errors import DeliveryRefused
from regreport.generate.draft import ORIGIN
from regreport.generate.judge import Judged
from regreport.model.finding import Severity
from regreport.model.report import ReportFile, Submission
from regreport.passes import control_totals
from regreport.ports import Store
from regreport.regime import Regime

HEAD_BYTES_MAX: Final = 8_192
"""Room left for a file's opening and closing where the destination limits its size."""


@dataclass(frozen=True)
class Planned:
    """A judged report whose submission and file numbers are fixed in the ledger.

    `bounds` are (first row, rows) of each file; `sequence` is the first file's number; `sources` is what the manifest
    says of where the records came from.
    """

    submission: Submission
    judged: Judged
    bounds: tuple[tuple[int, int], ...]
    sequence: int
    sources: dict[str, object]


def file_bounds(regime: Regime, judged: Judged) -> tuple[tuple[int, int], ...]:
    """How a report is cut into files: by the destination's limits on records and, where it has one, on bytes."""
    destination = judged.context.destination
    total = judged.fields.rows
    if destination.size_max is None:
        step = destination.records_max
        return tuple((start, min(step, total - start)) for start in range(0, total, step))
    sizes = (
        pl.concat([_rendered(regime, c).str.len_bytes() for c in judged.fields.chunks()])
        if total
        else pl.Series([], dtype=pl.UInt32)
    )
    return _bounds_by_size(sizes, destination.size_max - HEAD_BYTES_MAX, destination.records_max)


def _bounds_by_size(sizes: pl.Series, size_max: int, records_max: int) -> tuple[tuple[int, int], ...]:
    """Greedy cuts over the running total. Raises DeliveryRefused where one record alone is too large for a file."""
    ends = sizes.cast(pl.Int64).cum_sum()
    bounds: list[tuple[int, int]] = []
    start, before = 0, 0
    while start < len(sizes):
        end = min(int(ends.search_sorted(before + size_max, side="right")), start + records_max)
        if end <= start:
            raise DeliveryRefused(
                f"record {start + 1} alone has {sizes[start]} bytes, the destination takes files of {size_max}"
            )
        bounds.append((start, end - start))
        start, before = end, int(ends[end - 1])
    return tuple(bounds)


def write(regime: Regime, planned: Sequence[Planned], store: Store, retain_until: date) -> Iterator[Submission]:
    """Store what each planned submission consists of; yields it with digests, counts and files, status unchanged."""
    for together in _batches(planned):
        yield from _write_together(regime, together, store, retain_until)


def _batches(planned: Sequence[Planned]) -> Iterator[list[Planned]]:
    """Reports to be rendered in one pass: many small ones, or one large one alone."""
    waiting: list[Planned] = []
    rows = 0
    for report in planned:
        if rows and rows + report.judged.fields.rows > ROWS_PER_CHUNK:
            yield waiting
            waiting, rows = [], 0
        waiting.append(report)
        rows += report.judged.fields.rows
    if waiting:
        yield waiting


def _write_together(
    regime: Regime, reports: Sequence[Planned], store: Store, retain_until: date
) -> Iterator[Submission]:
    heads, indexes = _heads(regime, reports), _indexes(regime, reports)
    if len(reports) == 1 and reports[0].judged.fields.rows > ROWS_PER_CHUNK:
        large = reports[0]
        totals = control_totals(regime, large.judged.fields.chunks, pl.lit(0)).get(0, {})
        table = large.judged.fields.parquet()
        yield _one(regime, large, heads[0], None, table, indexes[0], totals, store, retain_until)
        return
    frames = [r.judged.fields.frame() for r in reports]
    whole = pl.concat(frames, how="diagonal", rechunk=True)
    rendered = _rendered(regime, whole)
    owners = pl.concat([pl.repeat(n, f.height, dtype=pl.UInt32, eager=True) for n, f in enumerate(frames)])
    of_each = control_totals(regime, lambda: [whole], pl.lit(owners))
    start = 0
    for number, (report, frame, head, index) in enumerate(zip(reports, frames, heads, indexes, strict=True)):
        of_report, totals = rendered.slice(start, frame.height), of_each.get(number, {})
        yield _one(regime, report, head, of_report, [parquet_bytes(frame)], index, totals, store, retain_until)
        start += frame.height


def _rendered(regime: Regime, fields: pl.DataFrame) -> pl.Series:
    """One piece of XML a record."""
    layer = regime.layer
    return render_rows(messages.load(regime.message), layer.to_wire(layer.complete(fields)))


@dataclass(frozen=True)
class _Head:
    """What a file is called, and what stands before and after its records."""

    name: str
    message_id: str
    before: str
    after: str


def _heads(regime: Regime, reports: Sequence[Planned]) -> list[list[_Head]]:
    """The heads of every report's files, rendered in one call."""
    named: list[list[tuple[str, str]]] = []
    tables = []
    for report in reports:
        context = replace(report.judged.context, created_at=report.submission.created_at)
        numbers = range(report.sequence, report.sequence + len(report.bounds))
        named.append([regime.file_name(context, number, number - 1) for number in numbers])
        tables += [regime.head(context, message_id) for _, message_id in named[-1]]
    texts = iter(render_heads(messages.load(regime.message), pl.concat(tables, how="diagonal")) if tables else ())
    return [[_Head(*names, *next(texts)) for names in of_report] for of_report in named]


def _one(
    regime: Regime,
    report: Planned,
    heads: Sequence[_Head],
    rendered: pl.Series | None,
    table: Iterable[bytes],
    index: pl.DataFrame,
    totals: dict[str, dict[str, str]],
    store: Store,
    retain_until: date,
) -> Submission:
    """Store one report. `rendered` is its XML where it is small; a large one is rendered while it is written.

    `table` is its field table as Parquet.
    """
    prefix = report.submission.folder
    numbered = list(_files(regime, report, heads, rendered, store, prefix, retain_until))
    fields_digest = store.put(table, f"{prefix}/fields.parquet", retain_until, regime.scope)
    index_digest = store.put(parquet_bytes(index), f"{prefix}/index.parquet", retain_until, regime.scope)
    findings = report.judged.findings
    findings_digest = store.put(parquet_bytes(findings), f"{prefix}/findings.parquet", retain_until, regime.scope)
    done = replace(
        report.submission,
        records=report.judged.fields.rows,
        errors=0,
        warnings=int((findings["severity"] == Severity.WARNING.value).sum()),
        fields_digest=fields_digest,
        index_digest=index_digest,
        findings_digest=findings_digest,
        files=tuple(numbered),
    )
    manifest = _manifest(regime, done, report, totals)
    return replace(done, manifest_digest=store.put(manifest, f"{prefix}/manifest.json", retain_until, regime.scope))


def _files(
    regime: Regime,
    report: Planned,
    heads: Sequence[_Head],
    rendered: pl.Series | None,
    store: Store,
    prefix: str,
    retain_until: date,
) -> Iterator[ReportFile]:
    """Render and store every file of a report."""
    for number, ((start, rows), head) in enumerate(zip(report.bounds, heads, strict=True), start=1):
        whole = None if rendered is None else joined_bytes(rendered.slice(start, rows))
        body = _body(regime, report, start, rows) if whole is None else whole
        counted = _Counted(_around(head.before.encode(), body, head.after.encode()))
        digest = store.put(counted, f"{prefix}/{head.name}", retain_until, regime.scope)
        yield ReportFile(number, head.name, head.message_id, digest, counted.size, rows, start + 1)


def _around(opening: bytes, body: Iterable[bytes], closing: bytes) -> Iterator[bytes]:
    yield opening
    yield from body
    yield closing


def _body(regime: Regime, report: Planned, start: int, rows: int) -> Iterator[bytes]:
    """The rows of one file of a large report, a chunk at a time."""
    position = 0
    for chunk in report.judged.fields.chunks():
        first, last = max(start - position, 0), min(start + rows - position, chunk.height)
        if first < last:
            yield from joined_bytes(_rendered(regime, chunk.slice(first, last - first)))
        position += chunk.height


class _Counted:
    """An iterable of bytes that knows how many have passed."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            yield piece


def _indexes(regime: Regime, reports: Sequence[Planned]) -> list[pl.DataFrame]:
    """INDEX_SCHEMA of each report, made in one pass."""
    key_columns = [c for c in regime.layer.schema if c in regime.record_id_columns]
    rows = pl.concat([r.judged.fields.narrow([*ORIGIN, *key_columns]) for r in reports], how="diagonal", rechunk=True)
    sizes = [(number, count) for r in reports for number, (_, count) in enumerate(r.bounds, start=1)]
    files = pl.DataFrame(sizes, schema={"file": pl.UInt32, "rows": pl.UInt32}, orient="row")
    index = rows.select(
        position=_counted_off([r.judged.fields.rows for r in reports]),
        file=files.select(pl.col("file").repeat_by("rows").explode()).to_series(),
        record=_counted_off([count for _, count in sizes]),
        action="@action",
        reference=regime.reference,
        record_id=regime.record_ids(rows),
        batch_id="@batch_id",
        source_line="@source_line",
    ).cast(INDEX_SCHEMA)
    ends = list(accumulate(r.judged.fields.rows for r in reports))
    return [index.slice(end - r.judged.fields.rows, r.judged.fields.rows) for end, r in zip(ends, reports, strict=True)]


def _counted_off(sizes: Sequence[int]) -> pl.Series:
    """1, 2, 3 ... for each of these sizes, one after the other."""
    return pl.concat([pl.int_range(1, size + 1, dtype=pl.UInt32, eager=True) for size in sizes])


def _manifest(regime: Regime, submission: Submission, report: Planned, totals: dict[str, dict[str, str]]) -> bytes:
    """What a report is, for a reader without regreport: JSON with sorted keys."""
    context = report.judged.context
    content = {
        "report_id": submission.report_id,
        "jurisdiction": submission.jurisdiction,
        "report_type": submission.report_type,
        "report_date": submission.report_date.isoformat(),
        "regulatory_framework": regime.framework,
        "format_version": regime.message,
        "generated_at": submission.created_at.isoformat(),
        "entity": submission.entity,
        "destination": submission.destination,
        "records": submission.records,
        "control_totals": totals,
        "reference_data": dict(sorted(context.snapshot_digests.items())),
        "settings": dict(sorted(context.settings.items())),
        "sources": report.sources,
        "field_table": submission.fields_digest,
        "index": submission.index_digest,
        "findings": submission.findings_digest,
        "files": [
            {"name": f.name, "message_id": f.message_id, "sha256": f.digest, "size": f.size, "records": f.records}
            for f in submission.files
        ],
        "software": f"regreport {__version__}",
    }
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
