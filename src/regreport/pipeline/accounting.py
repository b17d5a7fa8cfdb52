"""balance over a home: the account of an obligation's day from what store and ledger hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from regreport import balance as balancing
from regreport import books, inputs
from regreport.balance import Account
from regreport.model.feedback import Outcome
from regreport.model.report import Status, Submission
from regreport.pipeline.generating import cell_of
from regreport.pipeline.home import Home
from regreport.ports import ObligationState

HANDED_OVER: Final = frozenset(
    {Status.DELIVERED, Status.ACKNOWLEDGED, Status.CONFIRMED, Status.PARTIALLY_ACCEPTED, Status.REJECTED}
)


def account(home: Home, state: ObligationState) -> Account:
    """Where every source record of the obligation's day is by now."""
    landed = inputs.ingested(home.store, home.batches(state))
    accounts = balancing.accounts(home.store, state.decisions_digest)
    sent = balancing.sent(
        [
            (books.index(home.store, s), s.report_id, s.number, s.status in HANDED_OVER)
            for s in home.submissions(state.obligation.obligation_id)
            if s.status not in books.NEVER_SENT
        ]
    )
    return balancing.balance(landed, accounts, sent)


def overdue_answer(home: Home, submission: Submission) -> str:
    """What the authority should have said of a submission by now, in words; '' where it owes nothing.

    No answer at all after the destination's hours, or records that are still pending after the regime's days.
    """
    now, handed_over = home.now(), submission.delivered_at
    if handed_over is None:
        return ""
    hours = home.settings.destination(submission.destination).answer_hours
    if submission.status is Status.DELIVERED and now > handed_over + timedelta(hours=hours):
        return f"{submission.report_id}: no answer within {hours} hours"
    days = home.regime(cell_of(submission)).pending_days
    if not days or submission.status is not Status.PARTIALLY_ACCEPTED:
        return ""
    last = max(e.received_at for e in home.ledger.feedback(submission.report_id) if not e.quarantine)
    waiting = books.count(home.store, submission, Outcome.PENDING)
    if waiting and now > last + timedelta(days=days):
        return f"{submission.report_id}: {waiting} records still pending after {days} days"
    return ""
