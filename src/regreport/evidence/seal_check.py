"""Whether seals hold: form, root, signature, order, rows, copies at the anchor; and what each says of the chains.

What a seal or its anchored copy says of a chain is kept as an expectation, which the one pass of `verify` over all
links meets or misses: a head that is sealed must lie in its chain for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from regreport.errors import BadInput, IntegrityError, NotFound
from regreport.evidence import keys
from regreport.evidence.seal import CHAIN, Sealed, read
from regreport.model.seal import Seal
from regreport.ports import Anchor, Ledger, Store


@dataclass(frozen=True)
class Trust:
    """What is known from outside ledger and store: public keys by id, the anchor, and roots written down elsewhere."""

    public_keys: Mapping[str, str] = field(default_factory=dict)
    anchor: Anchor | None = None
    roots: Mapping[str, str] = field(default_factory=dict)
    """Seal id -> root, as a sign-off mail told it."""

    @property
    def checks_rollback(self) -> bool:
        """Whether a whole older copy would be noticed."""
        return self.anchor is not None or bool(self.roots)


@dataclass
class SealCheck:
    """What the seals say; `expected`: chain -> link -> (its hash, which seal says so)."""

    expected: dict[str, dict[int, tuple[str, str]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    seals: int = 0
    anchored: int = 0

    def look(self, ledger: Ledger, store: Store, trust: Trust) -> None:
        """Look at every seal of the ledger and every copy at the anchor."""
        seals = ledger.seals()
        self.seals = len(seals)
        before: Sealed | None = None
        for number, seal in enumerate(seals, start=1):
            document = self._document(store, seal)
            if document is None:
                continue
            self.faults += _against_row(seal, document, ledger)
            self.faults += _order_faults(number, document, before)
            self._accept(document, f"seal {seal.seal_id}", trust)
            before = document
        self._anchored({s.seal_id: s for s in seals}, trust)

    def _document(self, store: Store, seal: Seal) -> Sealed | None:
        try:
            return read(store.read(seal.object_digest))
        except (BadInput, NotFound, IntegrityError) as fault:
            self.faults.append(f"seal {seal.seal_id}: {fault}")
            return None

    def _accept(self, document: Sealed, place: str, trust: Trust) -> None:
        """Check who signed it, and expect what it says."""
        if trust.public_keys:
            public = trust.public_keys.get(document.key)
            if public is None:
                self.faults.append(f"{place}: signed by key {document.key}, which is none that you trust")
            elif not keys.is_signed(document.body, document.signature, public):
                self.faults.append(f"{place}: its signature is not that of key {document.key}")
        for head in document.heads:
            links = self.expected.setdefault(head.chain, {})
            known = links.setdefault(head.sequence, (head.hash, place))
            if known[0] != head.hash:
                self.faults.append(f"chain {head.chain!r}, link {head.sequence}: {known[1]} and {place} disagree")

    def _anchored(self, seals: Mapping[str, Seal], trust: Trust) -> None:
        """Each copy at the anchor, and each root that was written down, must be that of a seal of this ledger."""
        for name in trust.anchor.names() if trust.anchor else ():
            assert trust.anchor is not None
            self.anchored += 1
            try:
                document = read(trust.anchor.read(name))
            except (BadInput, OSError) as fault:
                self.faults.append(f"anchor {name}: {fault}")
                continue
            place = f"anchor {document.seal_id} of {document.sealed_at}"
            known = seals.get(document.seal_id)
            if known is None:
                self.faults.append(f"{place}: the ledger does not know this seal: it was rolled back, or rewritten")
            elif known.object_digest != document.digest:
                self.faults.append(f"{place}: the ledger has another seal of this number: it was rewritten")
            self._accept(document, place, trust)
        for seal_id, root in trust.roots.items():
            if seal_id not in seals or seals[seal_id].root != root:
                self.faults.append(f"seal {seal_id}: its root is not {root}, as was told: the ledger was rewritten")

    def meet(self, chain: str, sequence: int, found: str) -> None:
        """A link that a seal speaks of stands there; it must be that one."""
        expected, place = self.expected[chain].pop(sequence)
        if expected != found:
            self.faults.append(f"chain {chain!r}, link {sequence}: not the link that {place} covers: it was rewritten")

    def missed(self) -> Iterator[str]:
        """What no link met."""
        for chain, links in sorted(self.expected.items()):
            for sequence, (_, place) in sorted(links.items()):
                yield f"chain {chain!r}, link {sequence}: {place} covers it, and it is not there: the chain was cut"


def _against_row(seal: Seal, document: Sealed, ledger: Ledger) -> Iterator[str]:
    told = (document.seal_id, document.root, document.previous_id or None, len(document.heads))
    if told != (seal.seal_id, seal.root, seal.previous_seal_id, seal.leaves):
        yield f"seal {seal.seal_id}: its row is not what its document says"
    if tuple(ledger.seal_heads(seal.seal_id)) != document.heads:
        yield f"seal {seal.seal_id}: the heads in its rows are not those of its document"


def _order_faults(number: int, document: Sealed, before: Sealed | None) -> Iterator[str]:
    if document.seal_id != f"S-{number:06d}":
        yield f"seal {document.seal_id}: it is number {number}; a seal is missing before it"
    elif document.previous != (before.digest if before else ""):
        yield f"seal {document.seal_id}: it follows on another seal than the one before it"


def is_own(chain: str) -> bool:
    """Whether this is the chain of the seals themselves, which always runs ahead of them by one link."""
    return chain == CHAIN
