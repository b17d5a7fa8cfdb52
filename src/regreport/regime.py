"""What a regime must say, and where regimes are found.

A regime is one frozen value made from one folder (or one outside package): its fields, its eligibility, its mapping,
its rules, the layout of its files and the parser of its feedback. The pipeline knows no regime by name; `find_regime`
looks entry points up, so that a regime inside the tree and one outside are the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from importlib.metadata import entry_points
from typing import BinaryIO, Final

import polars as pl

from regreport.engine.decision import DecisionRule
from regreport.engine.fields import FieldLayer
from regreport.engine.rule import AnyRule
from regreport.errors import ConfigurationError, UnknownRegime
from regreport.model.feedback import FileAnswer
from regreport.model.obligation import Cell

GRID: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("EU", "TRANSACTION"): ("mifir", "emir"),
    ("EU", "POSITION"): ("emir",),
    ("EU", "COLLATERAL"): ("emir",),
    ("EU", "MARGIN"): ("emir",),
    ("UK", "TRANSACTION"): ("emir", "mifir"),
    ("UK", "POSITION"): ("emir",),
    ("UK", "COLLATERAL"): ("emir",),
    ("UK", "MARGIN"): ("emir",),
    ("US", "TRANSACTION"): ("cat",),
    ("US", "POSITION"): ("sec13f",),
    ("US", "COLLATERAL"): ("cftc45",),
    ("US", "MARGIN"): ("cftc45",),
    ("APAC", "TRANSACTION"): ("mas",),
    ("APAC", "POSITION"): ("mas",),
    ("APAC", "COLLATERAL"): ("mas",),
    ("APAC", "MARGIN"): ("mas",),
}
"""The cells, each with its regimes; the first is the default, whether it is built or not."""


@dataclass(frozen=True)
class EntityFacts:
    """What the configuration says of one of our entities."""

    lei: str
    name: str
    country: str
    facts: Mapping[str, str] = field(default_factory=dict)
    """Regime facts as text: kind (FIRM, BANK, VENUE_OPERATOR, FUND_MANAGER, NON_FIRM), ids, settings."""


@dataclass(frozen=True)
class DestinationFacts:
    """What the configuration says of where the files go."""

    name: str
    sender: str
    """Our identifier in the header's From."""
    recipient: str
    """Theirs in the header's To."""
    file_name: str
    """Template: {sender} {recipient} {sequence:06d} {previous:06d} {year:02d} {version} {entity} {date}."""
    records_max: int = 500_000
    size_max: int | None = None
    """Bytes a file, where the destination sets a limit."""
    submitting_entity: str = ""
    """LEI of who submits; empty: the entity itself."""


@dataclass(frozen=True)
class ReportContext:
    """Everything that one report is made from besides its records. Nothing else may be read while generating."""

    cell: Cell
    entity: EntityFacts
    destination: DestinationFacts
    report_date: date
    created_at: datetime
    """Fixed in the ledger when the submission was planned, UTC."""
    reference_data: Mapping[str, pl.DataFrame]
    """Data set -> snapshot in force on the report date: instruments, leis, mics. Absent: not loaded."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Regime settings, e.g. otc_scope=L1_2024."""
    history: pl.DataFrame | None = None
    """Columns reference, standing, report_date: what other days of this entity and regime have reported."""
    due_at: datetime | None = None
    """When the report is due, UTC; unknown for a file that is checked alone."""
    names_sent: tuple[str, ...] = ()
    """Names and message identifiers of this report's files that other reports have used before."""
    snapshot_digests: Mapping[str, str] = field(default_factory=dict)
    """Data set -> digest of the snapshot that `reference_data` was read from."""

    def missing(self, *datasets: str) -> frozenset[str]:
        """Which of these data sets have no snapshot."""
        return frozenset(d for d in datasets if d not in self.reference_data)


@dataclass(frozen=True)
class Mapped:
    """A mapping's result, row for row with its source: the field table, and what could not be mapped.

    `faults` has FINDING columns; a record with a fault of severity error is held.
    """

    fields: pl.DataFrame
    faults: pl.DataFrame


@dataclass(frozen=True)
class FileSeen:
    """A rendered file as validate sees it, before it leaves: its head table, what it holds, and its bytes."""

    name: str
    head: pl.DataFrame
    records: int
    size: int
    faults: int
    """Structural findings on its records and its head."""
    open: Callable[[], BinaryIO]


@dataclass(frozen=True)
class DueRule:
    """When a report is due: so many business days after the report date, at a time of day in the destination's zone."""

    business_days: int
    time_of_day: time = time(23, 59, 59)
    source: str = ""


@dataclass(frozen=True)
class NotDone:
    """A rule of the official list that is not implemented, and why."""

    id: str
    reason: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reproduced:
    """A situation from an authority's own text: whether our cases reproduce it, and why not where they do not."""

    id: str
    authority: str
    source: str
    done: bool
    reason: str = ""
    confidence: str = "verified"


@dataclass(frozen=True)
class Listed:
    """One row of the official list of validation rules: the rules of ours that do it, or why it is not done."""

    id: str
    done_by: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True)
class Regime:
    """One regime. Every callable is pure; tables are Polars frames whose columns each docstring names."""

    id: str
    title: str
    authority: str
    framework: str
    cells: tuple[tuple[str, str], ...]
    """(jurisdiction, report type) pairs it fills."""
    source_kind: str
    """Kind of source record it looks at: transaction, position, collateral, margin, order_event, holding."""
    message: str
    """Id of the message it sends, e.g. auth.016.001.01."""
    feedback_message: str
    layer: FieldLayer
    reference: str
    """Column of the field table that identifies a record to the authority."""
    holds_persons: bool
    """Whether a record may hold natural persons' data (then the file is never attached to a mail)."""
    due: DueRule
    retention_years: int
    decisions: tuple[DecisionRule, ...]
    facts: Callable[[pl.DataFrame, ReportContext], pl.DataFrame]
    """Source rows -> the same rows with `@` fact columns that the decision rules need."""
    to_fields: Callable[[pl.DataFrame, ReportContext], Mapped]
    """Reportable source rows -> field table of new reports, in the same order."""
    cancel: Callable[[pl.DataFrame, ReportContext], pl.DataFrame]
    """Field rows as they were reported -> field rows that cancel them."""
    enrich: Callable[[pl.DataFrame, ReportContext], pl.DataFrame]
    """Field table -> the same with `@` facts for the rules."""
    rules: tuple[AnyRule, ...]
    not_done: tuple[NotDone, ...]
    head: Callable[[ReportContext, str], pl.DataFrame]
    """(context, business message identifier) -> the one-row head table of a file."""
    file_name: Callable[[ReportContext, int, int], tuple[str, str]]
    """(context, file sequence number, sequence number of the file it follows on) -> (file name, business message
    identifier)."""
    file_rules: Callable[[Sequence[tuple[ReportContext, FileSeen]]], pl.DataFrame]
    """Findings about files as a whole: name, header, size, bytes, lateness (FINDING columns); `record` is the number of
    the file in the sequence, from 1."""
    record_ids: Callable[[pl.DataFrame], pl.Expr]
    """Field table -> expression of the record id as feedback writes it."""
    record_id_columns: tuple[str, ...]
    """The columns that the record id and the reference are made of."""
    read_feedback: Callable[[BinaryIO, str], list[FileAnswer]]
    """(stream, file name) -> one answer a submission file that is named in it."""
    cancellation_codes: frozenset[str] = frozenset()
    """The authority's codes that speak of a cancellation: they tell which line is meant where one file cancels a record
    and sends it anew."""
    totals: tuple[tuple[str, str], ...] = ()
    """(amount, currency) columns of the field table whose sums by currency are a report's control totals."""
    datasets: tuple[str, ...] = ()
    """Reference data it uses."""
    listed: tuple[Listed, ...] = ()
    """Every row of the official list of validation rules."""
    scenarios: Callable[[], tuple[Reproduced, ...]] = tuple
    """The authorities' own examples, run now."""
    pending_days: int = 0
    """Calendar days after which the authority must have decided a record that it keeps pending; 0: none stated."""
    filing: str = ""
    """Whether what it makes can be filed, and what a firm needs besides."""
    sources_of_law: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        """The scope of the keys that its stored objects are encrypted under; '' where no record holds persons."""
        return self.id if self.holds_persons else ""


@cache
def regimes() -> dict[str, Regime]:
    """Every installed regime by id."""
    return {e.name: e.load() for e in sorted(entry_points(group="regreport.regimes"), key=lambda e: e.name)}


def joint_scope(readers: Iterable[Regime]) -> str:
    """The scope of what these regimes read: that of the one with persons, `shared` where there are several (what one of
    them must still keep must not end with another), '' where there is none."""
    scopes = sorted({r.scope for r in readers if r.scope})
    return scopes[0] if len(scopes) == 1 else "shared" if scopes else ""


def source_scope(kind: str) -> str:
    """The scope of source records of a kind."""
    return joint_scope(r for r in regimes().values() if r.source_kind == kind)


def find_regime(jurisdiction: str, report_type: str, regime: str = "") -> Regime:
    """The regime of a cell: the one asked for, else the cell's default.

    Raises ConfigurationError for an unknown cell or a regime that does not fill it, UnknownRegime where it is not
    built (the message names what is built for the cell).
    """
    cell = (jurisdiction, report_type)
    if cell not in GRID:
        known = ", ".join(sorted({f"{j} {t}" for j, t in GRID}))
        raise ConfigurationError(f"There is no cell {jurisdiction} {report_type}. Known cells: {known}")
    wanted = regime or GRID[cell][0]
    built = [r for r in GRID[cell] if r in regimes() and cell in regimes()[r].cells]
    built += [r for r, found in regimes().items() if cell in found.cells and r not in built]
    if wanted in built:
        return regimes()[wanted]
    if wanted not in GRID[cell] and wanted in regimes():
        raise ConfigurationError(
            f"Regime {wanted} does not report {jurisdiction} {report_type}; this cell has {', '.join(GRID[cell])}"
        )
    there = (
        f"built for this cell: {', '.join(built)} (ask with --regime {built[0]})"
        if built
        else "nothing is built for this cell yet"
    )
    raise UnknownRegime(f"Regime {wanted} for {jurisdiction} {report_type} is not built in this version; {there}")
