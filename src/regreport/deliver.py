"""deliver: hand over exactly the bytes that were validated, at most once unless a person says otherwise.

The intent is committed before anything is sent; a channel that can look is asked before it sends; what cannot be known
is DELIVERY_UNKNOWN and never sent again blindly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from regreport.errors import (
    ChannelUnavailable,
    ConfigurationError,
    DeliveryRefused,
    DeliveryUnknown,
    IntegrityError,
    NotFound,
)
from regreport.model.ledger import Delivery
from regreport.model.report import Status, Submission
from regreport.ports import Channel, Parcel, Receipt, Store


@dataclass(frozen=True)
class Handed:
    """What became of one submission at the door."""

    report_id: str
    status: Status
    deliveries: tuple[Delivery, ...]
    message_id: str
    words: str


def parcels(
    submission: Submission, store: Store, recipient: str, *, attach: bool, link: Callable[[str], str]
) -> list[Parcel]:
    """The files of a submission as a channel takes them. `link` makes a signed link from a digest, or ''."""
    return [
        Parcel(
            report_id=submission.report_id,
            file_name=f.name,
            content=Path(store.local(f.digest)),
            size=f.size,
            digest=f.digest,
            records=f.records,
            jurisdiction=submission.jurisdiction,
            report_type=submission.report_type,
            regime=submission.regime,
            report_date=submission.report_date,
            recipient=recipient,
            attach=attach,
            link=link(f.digest),
            possible_duplicate=submission.possible_duplicate or submission.status is Status.DELIVERY_UNKNOWN,
        )
        for f in submission.files
    ]


def deliver(
    submission: Submission,
    files: Sequence[Parcel],
    channel: Channel,
    at: datetime,
    attempt: int,
    *,
    first: bool,
    there: frozenset[int] = frozenset(),
    may_send: Callable[[], None] = lambda: None,
) -> Handed:
    """Send every file that is not there yet, in order.

    `first` says that what became of every earlier attempt is known; `there` are the numbers of files that one of them
    handed over; `may_send` is asked right before each send. Stops at the first file that does not get through: the
    authority must not see part two without part one.
    """
    done: list[Delivery] = []
    receipts: list[Receipt] = []
    for number, parcel in enumerate(files, start=1):
        if number in there:
            continue
        outcome, receipt, words = _one(parcel, channel, first=first, may_send=may_send)
        done.append(Delivery(submission.report_id, number, attempt, channel.name, parcel.recipient, at, outcome, words))
        if receipt is None:
            status = Status.DELIVERY_UNKNOWN if outcome == "unknown" else Status.DELIVERY_FAILED
            return Handed(submission.report_id, status, tuple(done), "", words)
        receipts.append(receipt)
    return Handed(
        submission.report_id,
        Status.DELIVERED,
        tuple(done),
        " ".join(r.message_id for r in receipts),
        receipts[-1].words if receipts else "",
    )


def _one(
    parcel: Parcel, channel: Channel, *, first: bool, may_send: Callable[[], None]
) -> tuple[str, Receipt | None, str]:
    """(outcome, receipt, words) of one file."""
    try:
        receipt = None if first else channel.look(parcel)
        if receipt is None:
            may_send()
            receipt = channel.send(parcel)
    except ChannelUnavailable as error:
        return "unavailable", None, str(error)
    except DeliveryRefused as error:
        return "refused", None, str(error)
    except (ConfigurationError, IntegrityError, NotFound) as error:  # nothing of it left our house
        return "withheld", None, str(error)
    except DeliveryUnknown as error:
        return "unknown", None, str(error)
    return "delivered", receipt, receipt.words
