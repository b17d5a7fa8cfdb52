"""The daily seal: one signed root over the heads of all chains that have moved since the seal before.

A chain alone can be rewritten by whoever owns the database. A seal cannot: its document lists where each chain stood,
its root is the Merkle tree of that list (RFC 6962), its signature is Ed25519 (RFC 8032), and it names the digest of the
seal before. It is stored as an object, and a copy goes to the anchor, out of reach of the workspace.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from regreport.errors import BadInput
from regreport.evidence import merkle
from regreport.evidence.keys import SigningKey
from regreport.model.seal import Head, Seal
from regreport.ports import Anchor, Ledger, Store

FORM: Final = "regreport seal 1"
CHAIN: Final = "seals"
"""The chain of the seals' own events; it moves with every seal, so alone it is nothing new."""


def canonical(value: object) -> bytes:
    """RFC 8785 JSON of a value made of text, whole numbers, lists and mappings with ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def leaf(head: Head) -> bytes:
    """What stands in the tree for a head."""
    return canonical([head.chain, head.sequence, head.hash])


@dataclass(frozen=True)
class Sealed:
    """A seal's document as it was read: `body` is what was signed."""

    seal_id: str
    day: date
    sealed_at: str
    root: str
    previous: str
    """Digest of the document of the seal before; empty for the first."""
    previous_id: str
    key: str
    signature: str
    heads: tuple[Head, ...]
    body: bytes
    digest: str


def make(
    ledger: Ledger, store: Store, key: SigningKey, day: date, at: datetime, retain_until: date, actor: str
) -> Seal | None:
    """Seal what no seal covers yet; None where nothing has happened since the last one.

    The document is stored first, its row commits second.
    """
    heads = sorted(ledger.unsealed_heads(), key=lambda h: h.chain)
    if not any(h.chain != CHAIN for h in heads):
        return None
    last = ledger.seals()[-1:]
    number = int(last[0].seal_id[2:]) + 1 if last else 1
    content = _document(f"S-{number:06d}", day, at, heads, last[0] if last else None, key)
    read_back = read(content)
    digest = store.put(content, f"seals/{day.isoformat()}/{read_back.seal_id}.json", retain_until)
    seal = Seal(read_back.seal_id, at, len(heads), read_back.root, read_back.previous_id or None, digest)
    ledger.add_seal(seal, heads, {"day": day.isoformat(), "key": key.id}, actor)
    return seal


def _document(
    seal_id: str, day: date, at: datetime, heads: Sequence[Head], last: Seal | None, key: SigningKey
) -> bytes:
    body: dict[str, Any] = {
        "day": day.isoformat(),
        "form": FORM,
        "heads": [[h.chain, h.sequence, h.hash] for h in heads],
        "id": seal_id,
        "key": key.id,
        "previous": last.object_digest if last else "",
        "previous_id": last.seal_id if last else "",
        "root": merkle.root([leaf(h) for h in heads]).hex(),
        "sealed_at": at.isoformat(),
    }
    return canonical(body | {"signature": key.sign(canonical(body))})


def read(content: bytes) -> Sealed:
    """A seal's document. Raises BadInput where it is not in the form that `make` writes."""
    try:
        told = json.loads(content)
        signature = told.pop("signature")
        heads = tuple(Head(*entry) for entry in told["heads"])
        body = canonical(told)
        whole = canonical(told | {"signature": signature})
        sealed = Sealed(
            seal_id=told["id"],
            day=date.fromisoformat(told["day"]),
            sealed_at=told["sealed_at"],
            root=told["root"],
            previous=told["previous"],
            previous_id=told["previous_id"],
            key=told["key"],
            signature=signature,
            heads=heads,
            body=body,
            digest=sha256(content).hexdigest(),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise BadInput(f"it is no seal ({type(fault).__name__})") from None
    if whole != content or told.get("form") != FORM or merkle.root([leaf(h) for h in heads]).hex() != sealed.root:
        raise BadInput("it is no seal in the form that regreport writes, or its root is not that of its heads")
    return sealed


def anchor_missing(anchor: Anchor, seals: Iterable[Seal], store: Store, public: str) -> list[str]:
    """Give every seal that the anchor does not have yet away to it; their ids. Interrupted, the next call goes on."""
    there = set(anchor.names())
    given = []
    anchor.keep_key(public)
    for seal in seals:
        if f"{seal.seal_id}.json" not in there:
            anchor.keep(f"{seal.seal_id}.json", store.read(seal.object_digest))
            given.append(seal.seal_id)
    return given


def words_for_mail(seals: Sequence[Seal]) -> list[str]:
    """The latest seal in one line for a mail that leaves the house: it is an anchor too, wherever it is kept."""
    return [f"Seal {s.seal_id} of {s.sealed_at:%Y-%m-%d %H:%M} UTC: {s.seal_id}={s.root}" for s in seals[-1:]]
