"""load, refdata and init: from a firm's files to batches in the ledger and snapshots in the store.

A file is taken in whole or not at all: its bytes, its mapping and its landed tables are stored first, and one commit
names them. The same file through the same mapping a second time changes nothing and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from regreport.engine.spool import parquet_bytes
from regreport.errors import BadInput, ConfigurationError
from regreport.model.batch import SourceBatch, batch_id_of
from regreport.pipeline import Home
from regreport.regime import source_scope
from regreport.settings import FILE
from regreport.sources.feed import check_feed, load_feed
from regreport.sources.land import Landed, LandedBatch, land
from regreport.sources.mapping import Mapping, load_mapping
from regreport.sources.read import read_source
from regreport.sources.reference import load_reference as read_reference
from regreport.sources.rows import SourceRows

MAPPINGS: Final = "mappings"
_BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Loaded:
    """What one file brought. `batches` is empty and `before` is not where it had been loaded already."""

    file: str
    sha256: str
    records: int
    batches: tuple[SourceBatch, ...]
    before: tuple[SourceBatch, ...]
    faults: dict[str, int]
    unmapped: tuple[str, ...]
    ignored: tuple[str, ...]
    composed: dict[str, int]


@dataclass(frozen=True)
class Asked:
    """How a source is to be read: the day for records that name none, whose day an empty file is, SQL options, and the
    feed manifest that says what should have come."""

    on: date | None = None
    entity: str | None = None
    query: str | None = None
    table: str | None = None
    feed: Path | None = None


def load(home: Home, workspace: Path, sources: Sequence[str], mapping: Path | None, asked: Asked) -> list[Loaded]:
    """Land each source through the mapping. Raises BadInput: then nothing of that file was taken in."""
    return list(load_each(home, workspace, sources, mapping, asked))


def load_each(
    home: Home, workspace: Path, sources: Sequence[str], mapping: Path | None, asked: Asked
) -> Iterator[Loaded]:
    """The same, told source by source: what was taken in before one that is refused stays taken in."""
    rules = load_mapping(find_mapping(workspace, mapping))
    for source in sources:
        yield _load_one(home, source, rules, asked)


def find_mapping(workspace: Path, given: Path | None) -> Path:
    """The mapping asked for, else the only one of the workspace. Raises ConfigurationError."""
    if given is not None:
        return given
    there = sorted((workspace / MAPPINGS).glob("*.toml"))
    if len(there) == 1:
        return there[0]
    if not there:
        raise ConfigurationError(
            f"No mapping in {workspace / MAPPINGS}. Propose one with: regreport init --from YOUR_FILE"
        )
    names = ", ".join(p.name for p in there)
    raise ConfigurationError(f"{workspace / MAPPINGS} holds {len(there)} mappings ({names}); say which with --mapping")


def _load_one(home: Home, source: str, mapping: Mapping, asked: Asked) -> Loaded:
    with TemporaryDirectory(dir=home.scratch, prefix="load-") as scratch:
        return _land(home, source, mapping, asked, Path(scratch))


def _land(home: Home, source: str, mapping: Mapping, asked: Asked, scratch: Path) -> Loaded:
    rows = read_source(
        source if "://" in source else Path(source), mapping.layout, query=asked.query, table=asked.table
    )
    known = [e.lei for e in home.settings.entities]
    landed = land(
        rows, mapping, entities=known, loaded_at=home.now(), on=asked.on, entity=asked.entity, scratch=scratch
    )
    if asked.feed is not None:
        check_feed(load_feed(asked.feed), landed)
    # A file with a header only has the same bytes every nil day: what counts is whether these days have been loaded.
    days = {(b.entity, b.business_date) for b in landed.batches}
    known_load = home.ledger.find_load(landed.file_digest, landed.mapping_digest)
    before = [b for b in known_load if (b.entity, b.business_date) in days]
    batches: list[SourceBatch] = []
    if not before:
        with home.store.batch():
            batches = [_store(home, landed, b, scratch) for b in landed.batches]
            _store_originals(home, source, rows, landed, mapping)
        home.ledger.add_batches(batches, home.actor)
    faults: dict[str, int] = {}
    for batch in landed.batches:
        for column, count in batch.faults.items():
            faults[column] = faults.get(column, 0) + count
    return Loaded(
        landed.file_name,
        landed.file_digest,
        landed.records,
        tuple(batches),
        tuple(before),
        faults,
        landed.unmapped,
        landed.ignored,
        dict(landed.composed),
    )


def _store(home: Home, landed: Landed, batch: LandedBatch, scratch: Path) -> SourceBatch:
    """Store one landed batch and say what the ledger shall know of it."""
    number = home.ledger.next_batch_number(batch.kind, batch.entity, batch.business_date)
    batch_id = batch_id_of(batch.kind, batch.business_date, batch.entity, number)
    file = scratch / f"{batch_id}.parquet"
    batch.write(file, batch_id)
    name = f"source/{batch.entity}/{batch.business_date.isoformat()}/{batch_id}.parquet"
    digest = home.store.put(_blocks(file), name, home.source_until(batch.business_date), source_scope(batch.kind))
    return SourceBatch(
        batch_id=batch_id,
        number=number,
        kind=batch.kind,
        entity=batch.entity,
        business_date=batch.business_date,
        rows=batch.rows,
        digest=digest,
        file_name=landed.file_name,
        file_digest=landed.file_digest,
        mapping_digest=landed.mapping_digest,
        loaded_at=home.now(),
        loaded_by=home.actor,
        totals=dict(batch.totals),
    )


def _store_originals(home: Home, source: str, rows: SourceRows, landed: Landed, mapping: Mapping) -> None:
    """Keep the file as it came, or the rows that a query gave as CSV, and the mapping that read it.

    Raises BadInput where the file is not any more what was read: then nothing of it was taken in.
    """
    until, scope = home.source_until(home.now().date()), source_scope(mapping.kind)
    if "://" in source:
        text = (chunk.write_csv().encode() for chunk in rows.chunks())
        content: bytes | Iterable[bytes] = text if landed.records else ",".join(rows.columns).encode()
        name = f"source/original/{landed.file_digest}.csv"
    else:
        content, name = _blocks(Path(source)), f"source/original/{landed.file_name}"
    if home.store.put(content, name, until, scope) != landed.file_digest:
        raise BadInput("the file was changed while it was read", "Load it again when it is complete", landed.file_name)
    home.store.put(mapping.text.encode(), f"source/mapping/{mapping.name}", until, scope)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from iter(lambda: stream.read(_BLOCK_BYTES), b"")


def load_reference(home: Home, dataset: str, file: Path, on: date) -> tuple[str, int]:
    """Land a dated reference data snapshot; returns its digest and rows. Raises BadInput."""
    snapshot = read_reference(dataset, file)
    digest = home.store.put(
        parquet_bytes(snapshot), f"refdata/{dataset}/{on.isoformat()}.parquet", home.source_until(on)
    )
    home.ledger.add_snapshot(dataset, on, digest, snapshot.height, home.actor)
    return digest, snapshot.height


SETTINGS_TEMPLATE: Final = """# regreport.toml: who we are, what we owe, where it goes. `regreport doctor` checks it.
# regreport sends nothing anywhere until a channel of a destination leads there; `folder` writes to ./outbox.

[regimes.mifir]
otc_scope = "L1_2024"          # OTC derivatives: the law as amended in 2024; "LEGACY": the list of traded instruments

[[destinations]]
name = "authority"
sender = "YY"                  # our identifier in the header and in file names
recipient = "XX"               # theirs, often the country code of the authority
file_name = "{{sender}}_DATTRA_{{recipient}}_{{sequence:06d}}-{{version}}-{{previous:06d}}_{{year:02d}}.xml"
channel = "folder"
zone = "Europe/Berlin"         # the destination's own time zone and calendar decide when a report is due
calendar = "ECB"

{entities}"""
ENTITY_TEMPLATE: Final = """[[entities]]
name = "{name}"
lei = "{lei}"
country = ""                   # fill in: ISO code of the home state, e.g. "DE"
facts = {{ kind = "FIRM", investment_firm = "true" }} # FIRM, BANK, VENUE_OPERATOR, FUND_MANAGER, AGENT or NON_FIRM

[[entities.roles]]
role = "executing"
jurisdiction = "EU"
report_type = "TRANSACTION"
destination = "authority"
valid_from = 2018-01-03
"""
ENTITIES_PROPOSED_MAX: Final = 20


@dataclass(frozen=True)
class Proposed:
    """What init wrote: the mapping and its report in words, and the settings where there were none."""

    mapping: Path
    settings: Path | None
    report: tuple[str, ...]


def init(workspace: Path, source: Path, kind: str) -> Proposed:
    """Make a workspace around a sample file: folders, a proposed mapping, settings to fill in. Overwrites nothing.

    Raises BadInput for a file that cannot be read, ConfigurationError where the mapping exists.
    """
    from regreport.sources.propose import propose_mapping

    target = workspace / MAPPINGS / f"{kind}.toml"
    if target.exists():
        raise ConfigurationError(f"{target} exists; nothing was changed. Move it away to have a new one proposed")
    proposal = propose_mapping(source, kind)
    for folder in (MAPPINGS, "store", "inbox", "outbox"):
        (workspace / folder).mkdir(parents=True, exist_ok=True)
    target.write_text(proposal.text, encoding="utf-8")
    settings = workspace / FILE
    written = None
    if not settings.exists():
        leis = proposal.entities[:ENTITIES_PROPOSED_MAX] or ("",)
        blocks = "\n".join(ENTITY_TEMPLATE.format(name=f"entity {n}", lei=lei) for n, lei in enumerate(leis, start=1))
        settings.write_text(SETTINGS_TEMPLATE.format(entities=blocks), encoding="utf-8")
        written = settings
    return Proposed(target, written, tuple(proposal.report))


def totals_words(totals: dict[str, Decimal]) -> str:
    """Control totals in words: `EUR 1000.50, SEK 20`."""
    return ", ".join(f"{currency or 'no currency'} {amount:f}" for currency, amount in sorted(totals.items()))
