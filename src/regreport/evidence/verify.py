"""verify: whether the evidence is still what it was. Chains, rows, objects, seals and anchors, in one pass each.

Everything said here is read from the ledger, the store and the anchors, never worked out again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from regreport.errors import IntegrityError, KeyDestroyed, NotFound
from regreport.evidence.seal_check import SealCheck, Trust, is_own
from regreport.model.approval import RequestKind
from regreport.ports import Ledger, Store

Ended = dict[str, tuple[str, int]]
"""Key that was destroyed -> when and by whom in words, and how many objects ended with it."""
DIGEST: Final = re.compile(r"\b[0-9a-f]{64}\b")
DIGEST_LENGTH: Final = 64
TOLD: Final = ("fields", "index", "manifest", "findings", "outcomes", "feedback")
"""What events call the objects of a report; every other one ends in `digest`."""


@dataclass(frozen=True)
class Verified:
    """What verify looked at, and every fault in words."""

    chains: int
    events: int
    objects: int
    faults: Sequence[str]
    orphans: Sequence[str]
    seals: int = 0
    anchored: int = 0
    unsealed: int = 0
    """Events that no seal covers yet: they may still be changed unseen by who owns ledger and store."""
    ended: Sequence[str] = ()
    """Keys that were destroyed after their last duty, as two persons decided, and how many objects ended with each."""
    notes: Sequence[str] = ()
    """What was not checked, and what would be needed for it."""


@dataclass
class Watch:
    """What is gathered while the links of all chains go by."""

    there: dict[str, bool]
    """Object of the store -> whether an event tells of it."""
    named: Mapping[str, str]
    sealed: SealCheck = field(default_factory=SealCheck)
    chains: int = 0
    events: int = 0
    unsealed: int = 0
    chain: str = ""
    _covered: int = 0
    """Up to which link of this chain seals speak."""
    missing: dict[str, str] = field(default_factory=dict)
    """Object that an event names and that is not there -> the link that names it."""

    def see(self, chain: str, sequence: int, found: str, detail: Mapping[str, str]) -> None:
        """Take in one link."""
        self.events += 1
        if chain != self.chain:
            self.chain = chain
            self.chains += 1
            self._covered = max(self.sealed.expected.get(chain, ()), default=0)
        if sequence > self._covered:
            self.unsealed += not is_own(chain)
        elif sequence in self.sealed.expected[chain]:
            self.sealed.meet(chain, sequence, found)
        for name, value in detail.items():
            # What a request for a key names is a digest over many objects, and none itself.
            if len(value) >= DIGEST_LENGTH and detail.get("kind") != RequestKind.DESTROY_KEY:
                self._tell(chain, sequence, name, value)

    def _tell(self, chain: str, sequence: int, name: str, value: str) -> None:
        """An object that an event names as such has to be there; what it tells in words may hold anything."""
        if len(value) > DIGEST_LENGTH:
            for digest in DIGEST.findall(value):
                if digest in self.there:
                    self.there[digest] = True
        elif value in self.there:
            self.there[value] = True
        elif value not in self.named and (name.endswith("digest") or name in TOLD) and DIGEST.fullmatch(value):
            self.missing.setdefault(value, f"chain {chain!r}, link {sequence} names it as {name}")


def verify(ledger: Ledger, store: Store, trust: Trust | None = None) -> Verified:
    """Recompute every chain, hash every object again, and check seals and anchors. Orphans (objects no row names) are
    no fault, but are named. `trust`: what is known from outside ledger and store."""
    trust = trust or Trust()
    named = ledger.object_digests()
    sealed = SealCheck()
    sealed.look(ledger, store, trust)
    seen = Watch(dict.fromkeys(store.digests(), False), named, sealed)
    faults = list(ledger.verify_chains(seen.see))
    faults += [*sealed.faults, *sealed.missed()]
    ended: Ended = {}
    faults += _object_faults(store, dict(sorted(named.items())), ended)
    # What a later step replaced is no longer in a row, but the event that named it still is.
    others = {d: "an object that no row names any more" for d, told in seen.there.items() if told and d not in named}
    others |= {d: f"an object that no row names any more ({place})" for d, place in seen.missing.items()}
    orphans = sorted(d for d, told in seen.there.items() if not told and d not in named)
    faults += _object_faults(store, dict(sorted(others.items())), ended)
    faults += _object_faults(store, dict.fromkeys(orphans, "an object that no row names any more"), ended)
    faults += _not_agreed(ledger, ended)
    return Verified(
        chains=seen.chains,
        events=seen.events,
        objects=len(named) + len(others),
        faults=faults,
        orphans=orphans,
        seals=sealed.seals,
        anchored=sealed.anchored,
        unsealed=seen.unsealed,
        ended=[f"{ended[key][0]}: {ended[key][1]} objects have ended with it" for key in sorted(ended)],
        notes=tuple(_notes(sealed, trust)),
    )


def _notes(sealed: SealCheck, trust: Trust) -> Iterator[str]:
    if not sealed.seals:
        yield "no seal is there: a ledger that was rewritten as a whole would not be noticed; regreport seal makes one"
    elif not trust.public_keys:
        yield "signatures not checked: no public key is given (--public-key, [seal] public_keys, or an anchor)"
    if not trust.checks_rollback:
        yield "rollback not checked: no anchor is given (--anchor, or [seal] anchor)"


def _object_faults(store: Store, owners: Mapping[str, str], ended: Ended) -> Iterator[str]:
    """Every object that is not what it was. One whose key was destroyed is no fault; it is counted."""
    for digest, owner in owners.items():
        try:
            store.verify(digest)
        except (IntegrityError, NotFound) as error:
            yield f"{owner}: {error}"
        except KeyDestroyed as gone:
            ended[gone.key_id] = (str(gone), ended.get(gone.key_id, ("", 0))[1] + 1)


def _not_agreed(ledger: Ledger, ended: Ended) -> Iterator[str]:
    """Keys that are gone although no second person had agreed to it."""
    for key_id, (words, objects) in sorted(ended.items()):
        asked = ledger.requests(key_id)
        if not any(r.kind == RequestKind.DESTROY_KEY.value and r.is_approved for r in asked):
            yield f"{words}, and no second person had agreed to it: {objects} objects cannot be read any more"
