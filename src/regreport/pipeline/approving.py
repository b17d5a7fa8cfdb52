"""What waits for a second person: deciding a request, and resolving a delivery whose outcome nobody knows.

A request says exactly what was seen (its digest), its maker never decides it, and the database refuses what was not
approved whatever this room believes. Nothing is handed over here: deliver does that once it may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from regreport.errors import BadInput, NotApproved, NotFound
from regreport.model.approval import Request, RequestKind, Verdict, approved, same_person
from regreport.model.ledger import Change
from regreport.model.report import Status, Submission
from regreport.pipeline.home import Home

RESOLUTIONS: Final = (RequestKind.DELIVERED.value, RequestKind.RESEND.value)
"""Requests that resolve DELIVERY_UNKNOWN."""
NOBODY: Final = "system"
"""Who acts where nobody is named."""
_BEFORE: Final = (Status.GENERATED, Status.VALIDATED)
"""Statuses of a submission that has not left yet."""
_SUBMISSIONS: Final = (RequestKind.CORRECTION.value, RequestKind.CANCELLATION.value)


@dataclass(frozen=True)
class Decided:
    """A request as it stands after a decision, and what comes next in words."""

    request: Request
    next: str


def open_requests(home: Home) -> list[Request]:
    """Requests that wait for a second person; not of a submission that validate has stopped since, nor of a delivery
    that an answer has settled meanwhile."""
    return [r for r in home.ledger.requests(open_only=True) if not _is_moot(home, r)]


def _is_moot(home: Home, asked: Request) -> bool:
    if asked.kind in _SUBMISSIONS:
        return home.ledger.submission(asked.subject).status not in _BEFORE
    return asked.kind in RESOLUTIONS and home.ledger.submission(asked.subject).status is not Status.DELIVERY_UNKNOWN


def find_request(home: Home, name: str) -> Request:
    """The open request with this id, or the only open one about this subject. Raises NotFound, BadInput."""
    if name.startswith("R-"):
        return home.ledger.request(name)
    found = [r for r in open_requests(home) if r.subject == name]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{r.request_id} ({r.kind})" for r in found)
        raise BadInput("several requests wait for a decision", f"Name one of them: {listed}", value=name)
    home.ledger.submission(name)
    raise NotFound(f"Nothing about {name} waits for a second person; `regreport approvals` lists what does")


def decide(home: Home, name: str, verdict: Verdict, reason: str) -> Decided:
    """Decide a request, and do what follows from it in the same commit.

    Raises NotFound, StaleState (it is decided), NotApproved (by its maker), BadInput.
    """
    with home.ledger.transaction():
        asked = find_request(home, name)
        decided = home.ledger.decide(asked.request_id, verdict.value, reason, home.actor)
        _refuse_maker(home, asked)
        return Decided(decided, _follow(home, decided))


def _refuse_maker(home: Home, asked: Request) -> None:
    """Who loaded what a correction comes from has made it too, whoever let it be generated. Raises NotApproved."""
    if asked.kind not in _SUBMISSIONS:
        return
    newest = home.batches(home.state(home.ledger.submission(asked.subject).obligation_id))[-1:]
    if any(same_person(batch.loaded_by, home.actor) for batch in newest):
        raise NotApproved(
            f"{asked.subject} comes from {newest[0].file_name}, loaded by {newest[0].loaded_by}: somebody else has to "
            "decide it; nothing was changed"
        )


def _follow(home: Home, decided: Request) -> str:
    """What an approved or rejected request changes at once; in words what comes next."""
    if decided.kind in _SUBMISSIONS:
        if decided.is_approved:
            return f"regreport deliver {decided.subject}"
        submission = home.ledger.submission(decided.subject)
        if submission.status not in _BEFORE:
            return f"it is {submission.status.value} already and stays so"
        words = {"request": decided.request_id}
        home.ledger.advance(
            [Change(submission.report_id, submission.status, Status.VALIDATION_FAILED, "rejected", words)], home.actor
        )
        return f"it never leaves and its records are held; a new one: regreport generate {decided.subject}"
    if decided.kind == RequestKind.DELIVERED.value and decided.is_approved:
        submission = home.ledger.submission(decided.subject)
        home.ledger.advance([_arrived(home, submission, decided)], home.actor)
        return "it counts as handed over; the authority's answer is awaited"
    if decided.kind == RequestKind.RESEND.value and decided.is_approved:
        return f"regreport deliver {decided.subject} sends it again, marked as a possible duplicate"
    return "nothing was changed" if not decided.is_approved else "whoever asked may go on"


def _arrived(home: Home, submission: Submission, decided: Request) -> Change:
    columns = {
        "resolutions": submission.resolutions + 1,
        "delivered_at": home.now(),
        "delivered_to": home.settings.destination(submission.destination).recipient,
    }
    detail = {"request": decided.request_id}
    return Change(
        submission.report_id, Status.DELIVERY_UNKNOWN, Status.DELIVERED, "resolved as delivered", detail, columns
    )


def resolve(home: Home, report_id: str, outcome: str, reason: str) -> Request:
    """Ask a second person to resolve an unknown outcome: `delivered`, or `resend`. Raises NotFound, BadInput."""
    if outcome not in RESOLUTIONS:
        raise BadInput("no such outcome", f"Known: {', '.join(RESOLUTIONS)}", field="--as", value=outcome)
    submission = home.ledger.submission(report_id)
    if submission.status is not Status.DELIVERY_UNKNOWN:
        raise BadInput(
            f"{report_id} is {submission.status.value}; only DELIVERY_UNKNOWN is resolved", "See: regreport status"
        )
    for other in home.ledger.requests(report_id, open_only=True):
        if other.kind in RESOLUTIONS and other.kind != outcome:
            raise BadInput(
                f"{report_id} waits for a decision on {other.kind} already ({other.request_id})",
                "Have it rejected first",
            )
    return home.ledger.request(home.ledger.ask(outcome, report_id, submission.manifest_digest, reason, home.actor))


def may_resend(home: Home, submission: Submission) -> bool:
    """Whether an unknown outcome has an approved resend that was not used yet."""
    resolved = [r for r in home.ledger.requests(submission.report_id) if r.kind in RESOLUTIONS and r.is_approved]
    return len(resolved) > submission.resolutions and resolved[-1].kind == RequestKind.RESEND.value


def waits_for_approval(home: Home, submissions: Sequence[Submission]) -> frozenset[str]:
    """Of these, the ids of those that a second person has not approved yet."""
    return frozenset(s.report_id for s in submissions if s.approval and not _is_approved(home, s))


def _is_approved(home: Home, submission: Submission) -> bool:
    asked = home.ledger.requests(submission.report_id)
    return approved(asked, submission.approval, submission.report_id, submission.manifest_digest) is not None


def named(actor: str) -> str:
    """The person who acts. Raises NotApproved where nobody says who it is: a login name is no signature."""
    if not actor.strip() or same_person(actor, NOBODY):
        raise NotApproved("Say who you are: --as NAME, or REGREPORT_ACTOR; nothing was changed")
    return actor.strip()
