"""Letters of sign-offs: sent after the commit, each once, and tried again with every confirm until it went out.

A letter carries the newest seal, so that whoever keeps it can tell a ledger that was rolled back behind it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from regreport.errors import ChannelUnavailable, ConfigurationError, DeliveryRefused, DeliveryUnknown
from regreport.model.signed import SignOff
from regreport.pipeline.home import Home

MAILED: Final = "sign-off mailed"
TRIED_FOR: Final = timedelta(days=31)
"""Nobody is written to of older ones: an address that is set later gets what is signed from then on."""


def mail_sign_offs(home: Home) -> list[str]:
    """Send what has not gone out; in words what could not be sent."""
    if home.post is None:
        return []
    seal = next(iter(home.ledger.seals()[::-1]), None)
    failed = []
    for signed in _unsent(home):
        try:
            home.post.send(signed, seal)
        except DeliveryUnknown:
            pass  # a second letter would say the same; the first one may have come
        except (ChannelUnavailable, ConfigurationError, DeliveryRefused) as error:
            failed.append(f"The letter of sign-off {signed.number} of {signed.report_date} was not sent: {error}")
            continue
        told = {"number": str(signed.number), "seal": seal.seal_id if seal else "", "root": seal.root if seal else ""}
        home.ledger.note(_chain(signed), MAILED, told, home.actor)
    return failed


def _unsent(home: Home) -> list[SignOff]:
    recent = [s for s in home.ledger.sign_offs() if home.now() - s.signed_at < TRIED_FOR]
    return [s for s in recent if str(s.number) not in _mailed(home, s)]


def _mailed(home: Home, signed: SignOff) -> set[str]:
    return {e.detail["number"] for e in home.ledger.events(_chain(signed)) if e.kind == MAILED}


def _chain(signed: SignOff) -> str:
    return f"day/{signed.report_date.isoformat()}"
