"""deliver over a home: the intent is committed, the files are handed over, what became of them is committed.

A submission found in DELIVERING was cut off: a channel that can look is asked, one that cannot leaves it
DELIVERY_UNKNOWN, and from there only two persons lead on (see approving). One that failed is tried again, because its
outcome is known: nothing was handed over but what the delivery log names. Nothing that is not VALIDATED is ever sent,
and nothing that a second person has still to approve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from regreport import books
from regreport import deliver as delivering
from regreport.errors import (
    ChannelUnavailable,
    ConfigurationError,
    DeliveryRefused,
    DeliveryUnknown,
    IntegrityError,
    NotFound,
)
from regreport.model.ledger import Change, Delivery
from regreport.model.obligation import Cell
from regreport.model.report import Status, Submission
from regreport.pipeline import retrying
from regreport.pipeline.approving import may_resend, waits_for_approval
from regreport.pipeline.home import Home, cell_of
from regreport.plan import is_late
from regreport.ports import Parcel
from regreport.settings import Destination

REPORTS_PER_COMMIT = 200
"""Intents committed together before their files are sent; one where the channel cannot look: a crash in between leaves
every intent DELIVERY_UNKNOWN there."""
_BEGIN = (Status.VALIDATED, Status.DELIVERY_FAILED)
_STUCK = (*_BEGIN, Status.GENERATED, Status.DELIVERING, Status.DELIVERY_UNKNOWN)


def deliver(home: Home, submissions: Sequence[Submission], asked: frozenset[str] = frozenset()) -> list[Submission]:
    """Hand over every submission that is VALIDATED, failed before and may be tried again, or was cut off; `asked`: what
    a person names is tried now, parked or not. Returns those that were tried."""
    cut_off = [s for s in submissions if s.status is Status.DELIVERING]
    waiting = waits_for_approval(home, submissions)
    ready = [s for s in submissions if _is_ready(home, s, asked) and s.report_id not in waiting]
    known = {s.report_id for s in submissions}
    check_ways(home, [(cell_of(s), s.destination) for s in [*cut_off, *ready]])
    tried = list(_send(home, cut_off, cut_off=True)) if cut_off else []
    while ready := [s for s in ready if s.report_id not in tried]:
        part = _next(home, ready)[:REPORTS_PER_COMMIT]
        if not part:
            break
        home.progress("deliver", len(tried), len(known))
        for group in _groups(home, part):
            home.ledger.advance([_intent(s) for s in group], home.actor)
            tried += _send(home, group, cut_off=False)
    return [home.ledger.submission(r) for r in tried]


def _is_ready(home: Home, submission: Submission, asked: frozenset[str]) -> bool:
    if submission.status is Status.DELIVERY_FAILED:
        return retrying.may_try(submission, home.now(), asked=submission.report_id in asked)
    unknown = submission.status is Status.DELIVERY_UNKNOWN
    return submission.status in _BEGIN or (unknown and may_resend(home, submission))


def _groups(home: Home, submissions: Sequence[Submission]) -> Iterator[list[Submission]]:
    """Submissions whose intents are committed together."""
    blind = {n: _is_blind(home, n) for n in dict.fromkeys(s.destination for s in submissions)}
    if together := [s for s in submissions if not blind[s.destination]]:
        yield together
    yield from ([s] for s in submissions if blind[s.destination])


def _is_blind(home: Home, destination: str) -> bool:
    return bool(getattr(home.channel(home.settings.destination(destination)), "blind", False))


def _next(home: Home, ready: Sequence[Submission]) -> list[Submission]:
    """Of each obligation the first that has not left, if none before it is stuck: a correction does not overtake what
    it corrects."""
    first: dict[str, Submission] = {}
    for submission in sorted(ready, key=lambda s: s.number):
        first.setdefault(submission.obligation_id, submission)
    siblings = home.ledger.submissions(obligation_id=list(first))
    stuck = {(s.obligation_id, s.number) for s in siblings if s.status in _STUCK}
    return [s for o, s in first.items() if not any(n < s.number for other, n in stuck if other == o)]


def check_ways(home: Home, wanted: Sequence[tuple[Cell, str]]) -> None:
    """Refuse a way that cannot be used before anything is committed: channel, recipients, the key of links.

    `wanted`: cells with the destination of each. Raises ConfigurationError, MissingExtra.
    """
    for cell, name in dict.fromkeys(wanted):
        destination = home.settings.destination(name)
        channel = home.channel(destination)
        if recipients := getattr(channel, "recipients", None):
            recipients(cell.jurisdiction)
            if home.regime(cell).holds_persons and not _link(home, destination, "0" * 64, "check"):
                raise ConfigurationError(f"Destination {name}: there is no link to send; set public_url, link_allowed")


def _link(home: Home, destination: Destination, digest: str, name: str) -> str:
    return home.link(digest, name) if destination.link_allowed else ""


def _intent(submission: Submission) -> Change:
    detail = {
        "files": " ".join(f"{f.name}:{f.digest}" for f in submission.files),
        "destination": submission.destination,
    }
    columns: dict[str, object] = {}
    if submission.status is Status.DELIVERY_FAILED:
        columns = {"retry_at": None, "parked": False}
    if submission.status is Status.DELIVERY_UNKNOWN:
        columns = {"possible_duplicate": True, "resolutions": submission.resolutions + 1}
    return Change(submission.report_id, submission.status, Status.DELIVERING, "delivering", detail, columns)


def _send(home: Home, submissions: Sequence[Submission], *, cut_off: bool) -> Iterator[str]:
    handed = [_hand_over(home, s, cut_off=cut_off) for s in submissions]
    with home.ledger.transaction():
        home.ledger.add_deliveries([d for h in handed for d in h.deliveries])
        home.ledger.advance([_result(home, h) for h in handed], home.actor)
        _mark_late(home, submissions)
    yield from (h.report_id for h in handed)


def _hand_over(home: Home, submission: Submission, *, cut_off: bool) -> delivering.Handed:
    destination = home.settings.destination(submission.destination)
    recipient = destination.options.get(f"recipient.{submission.jurisdiction}", destination.recipient)
    earlier = home.ledger.deliveries(submission.report_id)
    attempt = len({d.attempt for d in earlier}) + 1
    channel = home.channel(destination)
    try:
        files = _parcels(home, submission, destination, recipient)
    except (IntegrityError, NotFound) as error:
        if cut_off:  # it may have arrived: that is not known to have failed
            raise
        words = str(error)
        row = Delivery(submission.report_id, 1, attempt, channel.name, recipient, home.now(), "withheld", words)
        return delivering.Handed(submission.report_id, Status.DELIVERY_FAILED, (row,), "", words)
    if cut_off and not _can_look(channel, files):
        words = (
            "The hand-over was cut off and this channel cannot tell whether the file arrived; a person has to decide"
        )
        return delivering.Handed(submission.report_id, Status.DELIVERY_UNKNOWN, (), "", words)
    there = frozenset(d.file_number for d in earlier if d.outcome == "delivered")
    again = submission.status is Status.DELIVERY_UNKNOWN and _can_look(channel, files)
    return delivering.deliver(
        submission,
        files,
        channel,
        home.now(),
        attempt,
        first=not (cut_off or again),
        there=there,
        may_send=home.ledger.check_lease,
    )


def _parcels(home: Home, submission: Submission, destination: Destination, recipient: str) -> list[Parcel]:
    regime = home.regime(cell_of(submission))
    names = {f.digest: f.name for f in submission.files}
    return delivering.parcels(
        submission,
        home.store,
        recipient,
        attach=not regime.holds_persons,
        link=lambda digest: _link(home, destination, digest, names[digest]),
    )


def _can_look(channel: object, files: Sequence[Parcel]) -> bool:
    try:
        channel.look(files[0])  # type: ignore[attr-defined]  # a Channel; asked only whether it can answer at all
    except DeliveryUnknown:
        return False
    except (ChannelUnavailable, DeliveryRefused):  # the hand-over itself will say so
        return True
    return True


def _result(home: Home, handed: delivering.Handed) -> Change:
    columns: dict[str, object] = {}
    if handed.status is Status.DELIVERED:
        recipient = handed.deliveries[-1].recipient if handed.deliveries else ""
        columns = {"delivered_at": home.now(), "delivered_to": recipient, "delivery_message_id": handed.message_id}
    if handed.status is Status.DELIVERY_FAILED:
        owed = home.state(home.ledger.submission(handed.report_id).obligation_id).obligation
        columns = retrying.after_failure(handed, home.settings.retry, owed.due_at, home.now())
    kind = handed.status.value.lower().replace("_", " ")
    return Change(handed.report_id, Status.DELIVERING, handed.status, kind, {"receipt": handed.words}, columns)


def _mark_late(home: Home, submissions: Sequence[Submission]) -> None:
    """Late is a fact of the obligation: once late, it stays so; correcting what was in time does not make it so."""
    now = home.now()
    for submission in submissions:
        state = home.state(submission.obligation_id)
        due = state.obligation.due_at
        sent = [s.delivered_at for s in home.submissions(submission.obligation_id) if s.delivered_at is not None]
        in_time = any(not is_late(due, at) for at in sent) and not books.first_reports(home.store, submission)
        if not state.late and not in_time and is_late(due, now):
            home.ledger.account(submission.obligation_id, home.actor, "late", {"late": True})
