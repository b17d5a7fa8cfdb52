"""What `status` shows: what is owed, where it stands, and what of it waits for a person."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from regreport import pipeline
from regreport.cli.printing import print_json, print_lines, print_table
from regreport.cli.views import name_of, unplanned_account
from regreport.errors import RegreportError
from regreport.model.report import Status
from regreport.pipeline.attention import Day, Desk
from regreport.pipeline.signing import in_words

if TYPE_CHECKING:
    from regreport.model.ledger import FeedbackEntry, ObligationState
    from regreport.pipeline import Home, Unplanned

HUMAN_QUEUE = (Status.VALIDATION_FAILED, Status.DELIVERY_FAILED, Status.DELIVERY_UNKNOWN, Status.REJECTED)
"""Statuses that wait for a person."""
_BEFORE_DELIVERY = (Status.GENERATED, Status.VALIDATED)
_DAY = ("entity", "date", "ingested", "status")
_HEADINGS = ("obligation", "due (UTC)", "status", "latest report", "waits for a person", "late")


def show_status(home: Home, on: date | None, *, as_json: bool) -> bool:
    """Obligations with their submissions, the days as their control owner sees them, and what waits for a person;
    whether anything does."""
    now, desk = home.now(), Desk(home)
    states = home.ledger.obligations(report_date=on) if on else home.ledger.obligations()
    rows = [_state_row(home, s, now) for s in states]
    unplanned = [u for of_day in desk.unplanned.values() for u in of_day if u.on == (on or u.on)]
    days = [desk.look_at(d) for d in sorted({s.obligation.report_date for s in states} | {u.on for u in unplanned})]
    quarantine = [e for e in desk.unused if e.digest not in desk.settled_quarantine]
    strays = _strays(home)
    nobodys = [u for u in unplanned if not u.owed or u.on > now.date()]
    elsewhere = [] if on else list(desk.requests)
    trouble = any(d.waits for d in days) or bool(quarantine or strays or nobodys or elsewhere)
    if as_json:
        told = {"now": now, "obligations": rows, "quarantined": quarantine, "strays": strays, "trouble": trouble}
        told["unplanned"] = [{k: v for k, v in unplanned_account(home, u).items() if k in _DAY} for u in unplanned]
        told["days"] = [_day_row(d) for d in days]
        told["needs"] = _needs(days, len(quarantine), len(strays), len(elsewhere))
        told["signed"] = {d.on.isoformat(): in_words(d) for d in days if d.signed}
        print_json(told)
    else:
        _print(home, rows, days, quarantine, strays, unplanned)
    return trouble


def _day_row(day: Day) -> dict[str, Any]:
    return {
        "date": day.on,
        "done": day.done,
        "waits": day.waits,
        "residual": day.residual,
        "open": day.open,
        "overdue": day.overdue,
        "matters": [{"category": m.category, "words": m.words} for m in day.matters],
        "signed": {"by": day.signed.signed_by, "at": day.signed.signed_at, "number": day.signed.number}
        if day.signed
        else None,
        "changed_since_signed": day.changed,
    }


def _needs(days: list[Day], quarantined: int, strays: int, requests: int) -> dict[str, int]:
    """How many of each category need somebody now; those that a signature has settled do not."""
    counts: dict[str, int] = {}
    for day in (d for d in days if not d.is_settled):
        for category, count in [*day.open.items(), ("residual", day.residual), ("overdue", len(day.overdue))]:
            counts[category] = counts.get(category, 0) + count
    counts |= {"quarantined": quarantined, "strays": strays, "approval": max(requests, counts.get("approval", 0))}
    return {category: count for category, count in counts.items() if count}


def _print(
    home: Home,
    rows: list[dict[str, Any]],
    days: list[Day],
    quarantine: list[FeedbackEntry],
    strays: list[str],
    unplanned: list[Unplanned],
) -> None:
    cells = [
        (
            r["obligation"],
            r["due_at"][:16].replace("T", " "),
            r["status"],
            r["report_status"],
            "; ".join(r["waits"]),
            "LATE" if r["late"] else "",
        )
        for r in rows
    ]
    print_table("", _HEADINGS, cells)
    print_lines(*(f"{day.on} {in_words(day)}" for day in days if day.open or day.signed or day.residual))
    print_lines(*(f"OVERDUE {words}" for day in days for words in day.overdue if not day.is_settled))
    print_lines(*(f"QUARANTINED {entry.file_name}: {entry.quarantine}" for entry in quarantine))
    print_lines(*(f"LEFT IN THE INBOX {stray}" for stray in strays))
    for day in unplanned:
        why = "regreport run plans one" if day.owed else "no role in regreport.toml covers them"
        future = ", a day to come" if day.on > home.now().date() else ""
        name = name_of(home, day.entity)
        print_lines(f"NO REPORT for {name} {day.on}{future}: {day.account.ingested} records; {why}")


def _strays(home: Home) -> list[str]:
    """What lies in an inbox and is no answer, so that nobody waits for it in vain."""
    found = []
    for destination in home.settings.destinations:
        try:
            found += [f"{destination.name}: {name}: {why}" for name, why in home.channel(destination).strays()]
        except RegreportError as error:
            found.append(f"{destination.name}: cannot be looked into: {error}")
    return found


def _state_row(home: Home, state: ObligationState, now: Any) -> dict[str, Any]:
    owed = state.obligation
    submissions = home.submissions(owed.obligation_id)
    latest = submissions[-1] if submissions else None
    unsettled = [] if state.status.value == "discharged" else submissions
    stuck = [s for s in unsettled if s.status in HUMAN_QUEUE]
    # What validate stopped is settled by the report that came after it.
    waits = [
        f"{s.report_id} {s.status.value}{f' ({w})' if (w := pipeline.retry_in_words(s)) else ''}"
        for s in stuck
        if s is latest or s.status is not Status.VALIDATION_FAILED
    ]
    unapproved = pipeline.waits_for_approval(home, [s for s in submissions if s.status in _BEFORE_DELIVERY])
    waits += [f"{r} waits for a second person: regreport approve {r}" for r in sorted(unapproved)]
    waits += [w for s in submissions if (w := pipeline.overdue_answer(home, s))]
    open_ = state.status.value == "open"
    return {
        "obligation": owed.obligation_id,
        "due_at": owed.due_at.isoformat(),
        "status": state.status.value,
        "report": latest.report_id if latest else "",
        "report_status": latest.status.value
        if latest
        else ("no source" if not home.batches(state) else "not generated"),
        "waits": waits,
        "late": state.late,
        "overdue": open_ and now > owed.due_at and not (latest and latest.delivered_at),
    }
