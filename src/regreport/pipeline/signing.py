"""Signing a day off: its control owner has seen the account, and says what is open and why that is accepted.

Refused while the residual is not zero, or while something is open that the comment does not name. What was seen is
stored, so that a later batch or answer shows the day as changed since it was signed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from regreport.errors import BadInput, NotFound
from regreport.model.report import Status
from regreport.model.signed import SignOff
from regreport.pipeline.accounting import account, overdue_answer, unplanned
from regreport.pipeline.approving import waits_for_approval
from regreport.pipeline.home import Home
from regreport.ports import ObligationState

OPEN: Final = ("held", "unanswered", "rejected")
"""Categories of the account that are open until somebody signs for them (DESIGN law 8)."""
_STUCK: Final = (Status.VALIDATION_FAILED, Status.DELIVERY_FAILED, Status.DELIVERY_UNKNOWN)
_BEFORE: Final = (Status.GENERATED, Status.VALIDATED)


@dataclass(frozen=True)
class OpenItem:
    """Something that keeps a day from being done. `names`: one of them in the comment names it."""

    words: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Day:
    """What a control owner sees of a date. `content`: canonical JSON of its accounts; `open`: what is to be named."""

    content: bytes
    open: tuple[OpenItem, ...]
    residual: int

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()


def look_at(home: Home, on: date) -> Day:
    """The day as it stands. Raises NotFound where nothing was owed and nothing was loaded."""
    states = [s for s in home.ledger.obligations(report_date=on) if home.batches(s)]
    days = list(unplanned(home, on))
    if not states and not days:
        raise NotFound(f"Nothing was loaded or reported for {on}: there is nothing to sign off")
    accounts = {s.obligation.obligation_id: account(home, s) for s in states}
    counts: dict[str, Any] = {name: found.counts for name, found in accounts.items()}
    residual = sum(found.residual.height for found in accounts.values())
    totals = {c: sum(found[c] for found in counts.values()) for c in OPEN}
    totals["held"] += sum(d.account.ingested for d in days)
    seen = {
        "date": on.isoformat(),
        "accounts": {s.obligation.obligation_id: _seen(home, s, counts) for s in states},
        "not planned": {d.entity: d.account.ingested for d in days},
    }
    content = json.dumps(seen, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    items = [OpenItem(f"{c} {n}", (f"{c} {n}",)) for c, n in totals.items() if n]
    items += [item for state in states for item in _stuck(home, state)]
    return Day(content, tuple(items), residual)


def _seen(home: Home, state: ObligationState, counts: dict[str, Any]) -> dict[str, Any]:
    name = state.obligation.obligation_id
    reports = {s.report_id: s.status.value for s in home.submissions(name)}
    return {"counts": counts[name], "late": state.late, "reports": reports}


def _stuck(home: Home, state: ObligationState) -> Iterator[OpenItem]:
    """Of one obligation: lateness, and reports that wait for a person or an answer; each by its id."""
    name = state.obligation.obligation_id
    if state.late:
        yield OpenItem(f"late: {name}", (name, "late"))
    submissions = home.submissions(name)
    unapproved = waits_for_approval(home, [s for s in submissions if s.status in _BEFORE])
    for submission in submissions:
        last = submission is submissions[-1]
        if submission.status in _STUCK and (last or submission.status is not Status.VALIDATION_FAILED):
            yield OpenItem(f"{submission.status.value}: {submission.report_id}", (submission.report_id,))
        elif submission.report_id in unapproved:
            yield OpenItem(f"waits for a second person: {submission.report_id}", (submission.report_id,))
        elif words := overdue_answer(home, submission):
            yield OpenItem(words, (submission.report_id,))


def refusals(day: Day, comment: str) -> list[str]:
    """Why a day cannot be signed with this comment, in words; empty where it can."""
    found = [f"the residual is {day.residual}: records are not accounted for; see: regreport balance"]
    found = found if day.residual else []
    return found + [
        f"open and not named in the comment: {item.words} (name it as {item.names[-1]!r})"
        for item in day.open
        if not any(_is_named(name, comment) for name in item.names)
    ]


def _is_named(name: str, comment: str) -> bool:
    """Whole words only: `held 8` is not named by `held 80`."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", comment) is not None


def sign_off(home: Home, on: date, comment: str) -> SignOff:
    """Sign a date. Raises BadInput (a refusal of `refusals`), NotFound."""
    day = look_at(home, on)
    if refused := refusals(day, comment):
        raise BadInput("; ".join(refused), "Nothing was signed")
    until = on.replace(year=on.year + home.settings.retention_years, day=min(on.day, 28))
    digest = home.store.put(day.content, f"sign-off/{on.isoformat()}/account.json", until)
    return home.ledger.sign(on, comment, digest, home.actor)


def signed_state(home: Home, on: date) -> str:
    """How a date stands in words: '' where nobody signed it, who did, or that it changed since."""
    signed = home.ledger.sign_offs(on)
    if not signed:
        return ""
    last = signed[-1]
    who = f"signed off by {last.signed_by} at {last.signed_at:%Y-%m-%d %H:%M} UTC"
    return who if look_at(home, on).digest == last.digest else f"{who}; changed since"
