"""A home: everything from outside that the steps work with, chosen once by `app`, the same for a laptop and for AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from regreport import books, inputs
from regreport.engine.rule import HISTORY
from regreport.errors import NotFound
from regreport.keyring import KeyRing
from regreport.model.batch import SourceBatch
from regreport.model.ledger import ObligationState
from regreport.model.obligation import Cell
from regreport.model.report import Submission
from regreport.ports import Alarm, Channel, Clock, Ledger, Post, Store
from regreport.regime import Regime, ReportContext, find_regime
from regreport.settings import Destination, Settings

SOURCE_YEARS_MIN: Final = 10
Progress = Callable[[str, int, int], None]
"""Told (what is being done, how many are done, of how many)."""


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def later(on: date, years: int) -> date:
    """The same day so many calendar years on."""
    try:
        return on.replace(year=on.year + years)
    except ValueError:  # 29 February
        return on.replace(year=on.year + years, month=3, day=1)


@dataclass(frozen=True)
class Home:
    """Settings, ports and who acts. `link` makes a signed link from a digest and a file name, or ''."""

    settings: Settings
    store: Store
    ledger: Ledger
    clock: Clock
    channel: Callable[[Destination], Channel]
    actor: str
    scratch: Path
    link: Callable[[str, str], str] = field(default=lambda digest, name: "")
    alarms: Sequence[Alarm] = ()
    post: Post | None = None
    progress: Progress = field(default=silent)
    keyring: KeyRing | None = None
    """Where the keys are that the store's objects are sealed under; None: nothing is sealed."""
    release: Callable[[], None] = field(default=lambda: None)
    """Removes the scratch folder when all is done."""

    def now(self) -> datetime:
        """The present instant in whole seconds, as headers and events write it."""
        return self.clock.now().replace(microsecond=0)

    def regime(self, cell: Cell) -> Regime:
        """The regime of a cell."""
        return find_regime(cell.jurisdiction, cell.report_type, cell.regime)

    def batches(self, state: ObligationState) -> list[SourceBatch]:
        """The source batches that an obligation looks at."""
        owed = state.obligation
        return self.ledger.batches(self.regime(owed.cell).source_kind, owed.entity, owed.report_date)

    def submissions(self, obligation_id: str) -> list[Submission]:
        """Every submission of an obligation, by number."""
        return self.ledger.submissions(obligation_id=obligation_id)

    def fingerprint(self, state: ObligationState) -> str:
        """A digest over everything that the obligation's decisions rest on."""
        return Contexts(self).fingerprint(state)

    def retain_until(self, regime: Regime, on: date) -> date:
        """The day until which a report's objects are kept: calendar years, the longer of regime and settings."""
        return later(on, max(regime.retention_years, self.settings.retention_years))

    def source_until(self, on: date) -> date:
        """The day until which source records and reference data are kept: to the end of the year, whatever regime
        looks at them."""
        return date(on.year + max(self.settings.retention_years, SOURCE_YEARS_MIN), 12, 31)

    def destroyed_keys(self) -> frozenset[str]:
        """Keys whose objects have ended."""
        return frozenset(k.key_id for k in self.keyring.known() if k.destroyed_at) if self.keyring else frozenset()

    def is_ended(self, *digests: str) -> bool:
        """Whether the key of any of these objects was destroyed: then nothing of that day can be read any more."""
        gone = self.destroyed_keys()
        return bool(gone) and any(self.store.has(d) and self.store.key_id(d) in gone for d in digests if d)

    def has_ended(self, state: ObligationState) -> bool:
        """Whether the key of an obligation's day was destroyed."""
        if not self.destroyed_keys():
            return False
        return self.is_ended(state.decisions_digest, state.state_digest, *(b.digest for b in self.batches(state)))

    def state(self, obligation_id: str) -> ObligationState:
        """The obligation with this id. Raises NotFound."""
        found = self.ledger.obligations(obligation_id=obligation_id)
        if not found:
            raise NotFound(f"No obligation {obligation_id} in the ledger")
        return found[0]


class Contexts:
    """Report contexts of one run: reference data is read once per regime and date, the ledger once for many reports."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._digests: dict[tuple[str, date], dict[str, str]] = {}
        self._data: dict[tuple[str, date], dict[str, Any]] = {}
        self._batches: dict[str, list[SourceBatch]] = {}
        self._others: dict[tuple[Cell, str], list[ObligationState]] = {}
        self._before: dict[str, list[Submission]] = {}

    def prepare(self, states: Sequence[ObligationState]) -> None:
        """Read at once what is asked of the ledger for each of these obligations."""
        for cell in dict.fromkeys(s.obligation.cell for s in states):
            entities = list(dict.fromkeys(s.obligation.entity for s in states if s.obligation.cell == cell))
            others = self._obligations(cell, entities)
            self._others |= {(cell, entity): [] for entity in entities}
            for other in others:
                self._others[cell, other.obligation.entity].append(other)
        self._before |= {s.obligation.obligation_id: [] for s in states}
        for submission in self._home.ledger.submissions(obligation_id=[s.obligation.obligation_id for s in states]):
            self._before[submission.obligation_id].append(submission)

    def batches(self, state: ObligationState) -> list[SourceBatch]:
        """The source batches that an obligation looks at, as they were when they were first asked for."""
        key = state.obligation.obligation_id
        if key not in self._batches:
            self._batches[key] = self._home.batches(state)
        return self._batches[key]

    def fingerprint(self, state: ObligationState, findings: Any = None) -> str:
        """A digest over everything that the obligation's decisions rest on; `findings` are those of its latest
        generate, where they are not stored yet."""
        owed, settings = state.obligation, self._home.settings
        regime = self._home.regime(owed.cell)
        facts = inputs.entity_settings(settings.regimes.get(regime.id, {}), settings.entity(owed.entity))
        elsewhere = self._said_elsewhere(state, regime, findings)
        return inputs.fingerprint(self.batches(state), self._snapshots(regime, owed.report_date), facts, elsewhere)

    def _said_elsewhere(self, state: ObligationState, regime: Regime, findings: Any) -> list[str]:
        """What other days have said of the records that their history has held."""
        rules = [r.id for r in regime.rules if HISTORY in (*r.needs, *r.partly_needs)]
        if findings is None:
            if not state.findings_digest:
                return []
            findings = books.scan(self._home.store, state.findings_digest)
        return books.said_elsewhere(self._home.store, self._days(state), findings.lazy(), rules)

    def _snapshots(self, regime: Regime, on: date) -> dict[str, str]:
        key = (regime.id, on)
        if key not in self._digests:
            self._digests[key] = inputs.snapshot_digests(self._home.ledger, regime, on)
        return self._digests[key]

    def submissions(self, obligation_id: str) -> list[Submission]:
        """The submissions of an obligation as they stood when it was prepared, by number."""
        return self._before[obligation_id]

    def _obligations(self, cell: Cell, entities: Sequence[str]) -> list[ObligationState]:
        return self._home.ledger.obligations(
            entity=list(entities),
            regime=cell.regime,
            jurisdiction=cell.jurisdiction,
            report_type=cell.report_type,
        )

    def of(
        self, state: ObligationState, created_at: datetime, asked: Callable[[], Any], before: Sequence[Submission]
    ) -> ReportContext:
        """The context of an obligation's report with the given instant.

        `asked` gives the references that it will use, `before` are the submissions that came before this one.
        """
        home, owed = self._home, state.obligation
        regime = home.regime(owed.cell)
        key = (regime.id, owed.report_date)
        digests = self._snapshots(regime, owed.report_date)
        if key not in self._data:
            self._data[key] = dict(inputs.reference_data(home.store, digests))
        return ReportContext(
            cell=owed.cell,
            entity=inputs.entity_facts(home.settings.entity(owed.entity)),
            destination=inputs.destination_facts(home.settings.destination(owed.destination)),
            report_date=owed.report_date,
            created_at=created_at,
            reference_data=self._data[key],
            settings=home.settings.regimes.get(regime.id, {}),
            due_at=owed.due_at,
            snapshot_digests=digests,
            history=self._history(state, asked, before),
        )

    def _history(self, state: ObligationState, asked: Callable[[], Any], before: Sequence[Submission]) -> Any:
        """What was reported before of these references, by the entity under this regime, on this day and on others."""
        days, own = list(self._days(state)), books.read(self._home.store, before)
        references = asked() if days or own.height else None
        return books.known(self._home.store, days, own, state.obligation.report_date.isoformat(), references)

    def _days(self, state: ObligationState) -> Iterator[tuple[str, str]]:
        """(date, digest of its books) of every other day of the same entity and regime."""
        owed = state.obligation
        others = self._others.get((owed.cell, owed.entity))
        if others is None:
            others = self._obligations(owed.cell, [owed.entity])
        for other in others:
            if other.obligation.obligation_id == owed.obligation_id or self._home.is_ended(other.state_digest):
                continue
            if other.state_digest:
                yield other.obligation.report_date.isoformat(), other.state_digest


def cell_of(submission: Submission) -> Cell:
    """The cell that a submission belongs to."""
    return Cell(submission.jurisdiction, submission.report_type, submission.regime)
