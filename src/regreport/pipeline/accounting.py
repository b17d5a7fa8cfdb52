"""balance over a home: the account of an obligation's day from what store and ledger hold."""

from __future__ import annotations

from typing import Final

from regreport import balance as balancing
from regreport import books, inputs
from regreport.balance import Account
from regreport.model.report import Status
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
