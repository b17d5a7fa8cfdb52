"""confirm over a home: every answer that lies ready is stored, tied to its submission, and settled.

An answer is stored before it is judged, judged before it is moved away, and counted once however often it comes.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from regreport import books
from regreport import confirm as confirming
from regreport.engine.spool import parquet_bytes
from regreport.errors import BadInput, ConfigurationError, MissingExtra, RegreportError, Retryable
from regreport.model.feedback import FileAnswer
from regreport.model.ledger import Change, FeedbackEntry
from regreport.model.obligation import ObligationStatus
from regreport.model.report import Status, Submission
from regreport.pipeline.accounting import account
from regreport.pipeline.home import Home, cell_of
from regreport.pipeline.receiving import UNPACKED, Answer, Arrived, Inbox, misnamed
from regreport.regime import Regime
from regreport.settings import Destination

UNDER_WAY = (Status.DELIVERING, Status.DELIVERY_FAILED)
"""Statuses of a submission of which a part may have been handed over: an answer to that part waits in the inbox."""


@dataclass(frozen=True)
class Judged:
    """What a document is good for: the rows that tell of it, and what may be used of it by report."""

    answer: Answer
    entries: tuple[FeedbackEntry, ...]
    usable: Mapping[str, Sequence[FileAnswer]]


def confirm(home: Home) -> list[str]:
    """Take in every answer of every destination. Returns the ids of the submissions that were answered.

    A destination that cannot be reached does not keep the answers of the others waiting: its error is raised when they
    are taken in.
    """
    touched: list[str] = []
    unreached: list[RegreportError] = []
    for destination in home.settings.destinations:
        try:
            touched += _collect(home, destination)
        except (Retryable, ConfigurationError, MissingExtra) as error:
            unreached.append(error)
    if unreached:
        raise unreached[0]
    return list(dict.fromkeys(touched))


def _collect(home: Home, destination: Destination) -> list[str]:
    """Take in every answer of one destination that lies ready."""
    touched: list[str] = []
    channel = home.channel(destination)
    lying = list(channel.collect())
    inbox = Inbox(home, destination) if lying else None
    for name, path in lying:
        assert inbox is not None
        answered = _one(inbox, name, path)
        if answered is not None:
            touched += answered
            channel.take(name)
    return touched


def _one(inbox: Inbox, name: str, path: Path) -> list[str] | None:
    """Take one file in; None where it is to lie there for now: an answer that has to wait for the rest of its
    submission to be handed over, or no file any more."""
    arrived = inbox.receive(name, path)
    if arrived is None:
        return None
    home = inbox.home
    if inbox.is_used(arrived.digest):
        return _repeated(inbox, name, arrived.digest)
    if arrived.fault:
        new = home.ledger.add_feedback(_row(home, arrived, arrived.fault), [], home.actor)
        return [] if new else _repeated(inbox, name, arrived.digest)
    judged = [_judge(inbox, answer) for answer in arrived.documents]
    if any(j is None for j in judged):
        return None
    return _settle_all(inbox, arrived, [j for j in judged if j is not None])


def _repeated(inbox: Inbox, name: str, digest: str) -> list[str]:
    chain = f"feedback/{inbox.destination.name}"
    inbox.home.ledger.note(chain, "feedback repeated", {"file": name, "digest": digest}, inbox.home.actor)
    return []


def _settle_all(inbox: Inbox, arrived: Arrived, judged: Sequence[Judged]) -> list[str]:
    """All of a file is one commit: it may hold several documents, and each may answer several submissions."""
    home, touched = inbox.home, dict[str, None]()
    with home.ledger.transaction():  # what an answer adds to is read under the same lock that writes it
        if arrived.is_archive:
            home.ledger.add_feedback(_row(home, arrived, ""), [], home.actor)
            inbox.remember(arrived.name, arrived.digest)
        for one in (j for j in judged if not inbox.is_used(j.answer.digest)):
            changes = {r: _settle(home, r, said, one.answer) for r, said in one.usable.items()}
            for entry in one.entries:
                change = None if entry.quarantine else changes.pop(entry.report_id, None)
                home.ledger.add_feedback(entry, [change] if change else [], home.actor)
            if one.usable:
                inbox.remember(one.answer.name, one.answer.digest)
            touched.update(dict.fromkeys(one.usable))
        for report_id in touched:
            _refresh(home, report_id)
    return list(touched)


def _judge(inbox: Inbox, answer: Answer) -> Judged | None:
    """What a document answers, and why what of it cannot be used; None where it has to wait."""
    home = inbox.home
    try:
        answers = inbox.read(answer)
    except BadInput as error:
        return Judged(answer, (_entry(home, answer, None, "", str(error)),), {})
    submissions = [_submission(home, said) for said in answers]
    if any(_waits(s) for s in submissions):
        return None
    if name_fault := misnamed(home, answer, answers):
        return Judged(answer, (_entry(home, answer, None, "", name_fault),), {})
    times = Counter(said.message_id for said in answers)
    entries, usable = [], defaultdict(list)
    for said, submission in zip(answers, submissions, strict=True):
        place = _inbox(home, submission, answer)
        reason = confirming.quarantine_reason(said, submission, place)
        if not reason and times[said.message_id] > 1:
            reason = f"answers file {said.message_id!r} {times[said.message_id]} times at once"
        if submission is not None and not reason:
            reason = confirming.stranger_reason(said, submission, books.index(home.store, submission))
        # What lies in another's inbox is not tied to the report: in the right one the same bytes still count.
        tied = submission if not place or submission is None or submission.destination == place else None
        entries.append(_entry(home, answer, said, tied.report_id if tied else "", reason))
        if submission is not None and not reason:
            usable[submission.report_id].append(said)
    return Judged(answer, tuple(entries), usable)


def _waits(submission: Submission | None) -> bool:
    """Whether an answer has to wait until it is known that every file of its submission was handed over."""
    if submission is None:
        return False
    unknown = submission.status is Status.DELIVERY_UNKNOWN and len(submission.files) > 1
    return submission.status in UNDER_WAY or unknown


def _inbox(home: Home, submission: Submission | None, answer: Answer) -> str:
    """Whose inbox the answer came from, where that matters: what went by mail is answered wherever answers come in."""
    by_mail = {d.name for d in home.settings.destinations if d.channel == "email"}
    return "" if submission is None or submission.destination in by_mail else answer.destination


def _submission(home: Home, said: FileAnswer) -> Submission | None:
    found = home.ledger.find_file(said.message_id)
    return home.ledger.submission(found[0]) if found else None


def _row(home: Home, arrived: Arrived, quarantine: str) -> FeedbackEntry:
    """The row that tells of a file as a whole: one that is quarantined, or an archive that was opened."""
    status = "" if quarantine else UNPACKED
    return FeedbackEntry(arrived.digest, arrived.name, home.now(), "", "", None, status, quarantine)


def _entry(home: Home, answer: Answer, said: FileAnswer | None, report_id: str, quarantine: str) -> FeedbackEntry:
    return FeedbackEntry(
        digest=answer.digest,
        file_name=answer.name,
        received_at=home.now(),
        report_id=report_id,
        message_id=said.message_id if said else "",
        feedback_id=said.feedback_id if said else "",
        created_at=said.created_at if said else None,
        file_status=said.status.value if said else "",
        quarantine=quarantine,
        records=(said.records_total or 0) if said else 0,
    )


def _settle(home: Home, report_id: str, said: Sequence[FileAnswer], answer: Answer) -> Change:
    """The submission's outcomes from all its answers, the new ones among them."""
    submission = home.ledger.submission(report_id)
    regime = home.regime(cell_of(submission))
    every = [*_earlier(home, regime, submission), *said]
    index = books.index(home.store, submission)
    settled = confirming.settle(submission, every, index, regime.cancellation_codes)
    until = home.retain_until(regime, submission.report_date)
    digest = home.store.put(
        parquet_bytes(settled.outcomes), f"{submission.folder}/outcomes.parquet", until, regime.scope
    )
    columns: dict[str, object] = {"outcomes_digest": digest}
    if submission.delivered_at is None:  # the outcome of its hand-over was unknown: the answer proves it
        columns["delivered_at"] = home.now()
    if (
        settled.status in (Status.CONFIRMED, Status.PARTIALLY_ACCEPTED, Status.REJECTED)
        and submission.confirmed_at is None
    ):
        columns["confirmed_at"] = home.now()
    detail = {
        "feedback": answer.digest,
        "file": answer.name,
        "outcomes": digest,
        "unknown_records": str(settled.unknown_records),
    }
    kind = settled.status.value.lower().replace("_", " ")
    return Change(submission.report_id, submission.status, settled.status, kind, detail, columns)


def _earlier(home: Home, regime: Regime, submission: Submission) -> Iterator[FileAnswer]:
    """The usable answers that the submission has already had, read again from the store."""
    for entry in home.ledger.feedback(submission.report_id):
        if entry.quarantine:
            continue
        with home.store.open(entry.digest) as stream:
            answers = regime.read_feedback(io.BytesIO(stream.read()), entry.file_name)
        yield from (a for a in answers if a.message_id == entry.message_id)


def _refresh(home: Home, report_id: str) -> None:
    """The books and the status of the obligation after an answer."""
    submission = home.ledger.submission(report_id)
    state = home.state(submission.obligation_id)
    sent = home.submissions(submission.obligation_id)
    regime = home.regime(cell_of(submission))
    owed = state.obligation
    name = f"accounts/{owed.cell.jurisdiction}/{owed.report_date.isoformat()}/{owed.obligation_id}/books.parquet"
    digest = home.store.put(
        parquet_bytes(books.read(home.store, sent)), name, home.retain_until(regime, owed.report_date), regime.scope
    )
    done = account(home, state).done
    status = ObligationStatus.DISCHARGED if done else ObligationStatus.OPEN
    home.ledger.account(owed.obligation_id, home.actor, "answered", {"state_digest": digest, "status": status})
