"""What of a day needs a person: by category, counted, each thing by the ids that it can be named by.

`status` ends with 1 while something does, and a day can be signed off once all of it is named. A signature settles what
it has seen: the same facts need nobody any more, a later batch, answer or report does.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final

from regreport.balance import Account
from regreport.model.ledger import FeedbackEntry, ObligationState
from regreport.model.obligation import ObligationStatus
from regreport.model.report import Status, Submission
from regreport.model.signed import SignOff
from regreport.pipeline.accounting import Unplanned, account, is_due, overdue_answer, unplanned
from regreport.pipeline.approving import open_requests, waits_for_approval
from regreport.pipeline.home import Home

RECORDS: Final = ("held", "rejected", "unanswered")
"""Categories of the account that are open until somebody signs for them (DESIGN law 8)."""
CATEGORIES: Final = (*RECORDS, "late", "unknown", "stuck", "missing", "approval", "quarantined")
PASSIVE: Final = frozenset({"late", "unanswered", "missing"})
"""What a signature has to name, and what by itself does not mean that somebody must act now: lateness is a fact, and an
answer or a file may still be in time."""
_STUCK: Final = (Status.VALIDATION_FAILED, Status.DELIVERY_FAILED, Status.REJECTED)
_BEFORE: Final = (Status.GENERATED, Status.VALIDATED)
_SETTLED: Final = (ObligationStatus.DISCHARGED, ObligationStatus.NIL)


@dataclass(frozen=True)
class Matter:
    """Something that keeps a day from being done. `names`: any of them in a comment names it."""

    category: str
    names: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Day:
    """A date as its control owner sees it. `facts` are what of the ledger it rests on, `accounts` what adds up to it.

    Of a day whose signature still holds, only `open` of what was signed is told.
    """

    on: date
    facts: dict[str, Any]
    accounts: dict[str, Account]
    matters: tuple[Matter, ...]
    """Everything open but records, which are in the accounts."""
    overdue: tuple[str, ...]
    """In words: answers and hand-overs that should have been by now."""
    signed: SignOff | None
    changed: bool
    """It was signed, and something has come since."""
    signed_for: dict[str, int] = field(default_factory=dict)

    @property
    def residual(self) -> int:
        """Records that are in no category, or in two."""
        return sum(a.residual.height for a in self.accounts.values())

    def names(self, category: str) -> list[tuple[str, ...]]:
        """What each matter of a category can be named by."""
        if category in RECORDS:
            return [(name,) for a in self.accounts.values() for name in a.named(category)]
        return [m.names for m in self.matters if m.category == category]

    @property
    def open(self) -> dict[str, int]:
        """How many there are of each category that has any."""
        counts = dict.fromkeys(CATEGORIES, 0)
        for category in RECORDS:
            counts[category] = sum(a.counts[category] for a in self.accounts.values())
        for matter in self.matters:
            counts[matter.category] += 1
        return {c: n for c, n in counts.items() if n} or self.signed_for

    @property
    def is_settled(self) -> bool:
        """Whether somebody has signed for everything that is open."""
        return self.signed is not None and not self.changed

    @property
    def done(self) -> bool:
        """DESIGN law 8: nothing unaccounted for, held, unanswered or rejected, or signed for."""
        return self.is_settled or (not self.residual and not any(c in self.open for c in (*RECORDS, "missing")))

    @property
    def waits(self) -> bool:
        """Whether a person has to do something now."""
        active = self.residual or self.overdue or any(c not in PASSIVE for c in self.open)
        return bool(active) and not self.is_settled

    def content(self) -> bytes:
        """The day as it is stored with its signature: canonical JSON."""
        seen = {
            "date": self.on.isoformat(),
            "accounts": {name: {"ingested": a.ingested, **a.counts} for name, a in self.accounts.items()},
            "facts": self.facts,
            "open": self.open,
            "quarantined": sorted(names[0] for names in self.names("quarantined")),
            "named": {c: sorted(n[0] for n in self.names(c)) for c in CATEGORIES if c not in RECORDS},
        }
        return json.dumps(seen, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Desk:
    """Looks at days; what all of them need is read once."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._stored: dict[str, dict[str, Any]] = {}

    @cached_property
    def unused(self) -> list[FeedbackEntry]:
        """Quarantined answers of which nothing was used since, under a better name or in the right inbox."""
        used = {e.digest for e in self._answers if not e.quarantine}
        return [e for e in self._answers if e.quarantine and e.digest not in used]

    @cached_property
    def unplanned(self) -> dict[date, list[Unplanned]]:
        """Days with records that no obligation looks at."""
        found: dict[date, list[Unplanned]] = defaultdict(list)
        for day in unplanned(self._home):
            found[day.on].append(day)
        return found

    @cached_property
    def _answers(self) -> list[FeedbackEntry]:
        return self._home.ledger.feedback()

    @cached_property
    def _signed(self) -> dict[date, list[SignOff]]:
        found: dict[date, list[SignOff]] = defaultdict(list)
        for signed in self._home.ledger.sign_offs():
            found[signed.report_date].append(signed)
        return found

    @cached_property
    def _batch_days(self) -> dict[date, list[tuple[str, str]]]:
        found: dict[date, list[tuple[str, str]]] = defaultdict(list)
        for kind, entity, on in self._home.ledger.batch_days():
            found[on].append((kind, entity))
        return found

    @cached_property
    def settled_quarantine(self) -> dict[str, date]:
        """Quarantined answers that a signature names, and the day it is of."""
        everyone = [s for of_day in self._signed.values() for s in of_day]
        return {d: s.report_date for s in everyone for d in self._content(s).get("quarantined", [])}

    def _content(self, signed: SignOff) -> dict[str, Any]:
        if signed.digest not in self._stored:
            self._stored[signed.digest] = json.loads(self._home.store.read(signed.digest))
        return self._stored[signed.digest]

    def look_at(self, on: date, *, whole: bool = False) -> Day:
        """The day as it stands. `whole`: what is open is gathered even where a signature holds for all of it."""
        states = self._home.ledger.obligations(report_date=on)
        facts = self._facts(states, on)
        last = self._signed[on][-1] if self._signed.get(on) else None
        before = self._content(last) if last else {}
        changed = last is not None and before.get("facts") != facts
        if last and not changed and not whole:
            return Day(on, facts, {}, (), (), last, changed, dict(before.get("open", {})))
        found = _Found(self._home)
        for state in states:
            found.add(state)
        for day in self.unplanned.get(on, []):
            found.accounts[f"not planned: {day.entity}"] = day.account
        found.matters += [*self._quarantined(on, states), *self._requests(states, found.matters)]
        return Day(on, facts, found.accounts, tuple(found.matters), tuple(found.overdue), last, changed)

    def _facts(self, states: Sequence[ObligationState], on: date) -> dict[str, Any]:
        """What the ledger holds of a day: cheap to read, and different as soon as anything has come or gone."""
        owed = {s.obligation.obligation_id: s for s in states}
        reports = self._home.ledger.submissions(obligation_id=list(owed)) if owed else []
        answers: dict[str, list[str]] = {s.report_id: [] for s in reports}
        for entry in self._answers:
            if entry.report_id in answers:
                answers[entry.report_id].append(entry.digest)
        batches = {
            f"{kind} {entity}": [b.batch_id for b in self._home.ledger.batches(kind, entity, on)]
            for kind, entity in self._batch_days.get(on, [])
        }
        return {
            "batches": batches,
            "obligations": {n: [s.status.value, s.late, s.decisions_digest, s.state_digest] for n, s in owed.items()},
            "reports": {
                s.report_id: [s.status.value, s.outcomes_digest, sorted(answers[s.report_id])] for s in reports
            },
        }

    def _quarantined(self, on: date, states: Sequence[ObligationState]) -> Iterator[Matter]:
        """Quarantined answers about the day's reports, and those about none that no signature of another day names."""
        reports = tuple(f"{s.obligation.obligation_id}-" for s in states)
        for entry in self.unused:
            about = entry.report_id.startswith(reports) if entry.report_id and reports else False
            of_nobody = not entry.report_id and self.settled_quarantine.get(entry.digest, on) == on
            if about or of_nobody:
                words = f"{entry.file_name}: {entry.quarantine}"
                yield Matter("quarantined", (entry.digest, entry.file_name), words)

    def _requests(self, states: Sequence[ObligationState], known: Sequence[Matter]) -> Iterator[Matter]:
        """Open requests about reports of the day that are not told of yet."""
        told = {name for m in known if m.category == "approval" for name in m.names}
        reports = tuple(f"{s.obligation.obligation_id}-" for s in states)
        for request in self.requests:
            if reports and request.subject.startswith(reports) and request.subject not in told:
                words = f"{request.kind} of {request.subject} waits for a second person"
                yield Matter("approval", (request.request_id, request.subject), words)

    @cached_property
    def requests(self) -> list[Any]:
        """What waits for a second person, of whatever day."""
        return list(open_requests(self._home))


@dataclass
class _Found:
    """What is gathered of the obligations of a day."""

    home: Home
    accounts: dict[str, Account] = field(default_factory=dict)
    matters: list[Matter] = field(default_factory=list)
    overdue: list[str] = field(default_factory=list)

    def add(self, state: ObligationState) -> None:
        """One obligation: its account, its reports, and what of both should have been by now."""
        home, owed = self.home, state.obligation
        name = owed.obligation_id
        submissions = home.submissions(name)
        loaded = bool(submissions or home.batches(state))
        if not loaded and state.status is ObligationStatus.OPEN:
            words = f"{name}: nothing was loaded, due {owed.due_at:%Y-%m-%d %H:%M} UTC"
            self.matters.append(Matter("missing", (name,), words))
        if state.status is ObligationStatus.OPEN and home.now() > owed.due_at and not _left(submissions):
            self.overdue.append(f"{name}: due {owed.due_at:%Y-%m-%d %H:%M} UTC, and nothing was handed over")
        settled = state.status in _SETTLED and not is_due(home, state)
        if loaded and not settled and not home.has_ended(state):
            self.accounts[name] = account(home, state)
        if state.late:
            self.matters.append(Matter("late", (name, *(s.report_id for s in submissions)), f"{name} is late"))
        self.matters += _hand_overs(home, submissions)
        self.overdue += [words for s in submissions if (words := overdue_answer(home, s))]


def _left(submissions: Sequence[Submission]) -> bool:
    return bool(submissions) and submissions[-1].delivered_at is not None


def _hand_overs(home: Home, submissions: Sequence[Submission]) -> Iterator[Matter]:
    """Reports that wait for a person."""
    unapproved = waits_for_approval(home, [s for s in submissions if s.status in _BEFORE])
    for submission in submissions:
        name, status = submission.report_id, submission.status
        last = submission is submissions[-1]
        if status is Status.DELIVERY_UNKNOWN:
            yield Matter("unknown", (name,), f"it is not known whether {name} arrived")
        elif status in _STUCK and (last or status is Status.DELIVERY_FAILED):
            yield Matter("stuck", (name,), f"{name} {status.value}")
        elif name in unapproved:
            yield Matter("approval", (name,), f"{name} waits for a second person")
