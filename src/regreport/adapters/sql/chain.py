"""The chain of events: each link is hashed with the hash of the link before, so that no past can be edited unseen.

The hash is SHA-256 over the canonical JSON (RFC 8785: sorted keys, no blanks, UTF-8) of every field of the link and the
previous hash; anybody can recompute it with a few lines in any language. It finds an edited, removed, inserted or
reordered link; a whole chain rewritten, or cut at its tail, is found by the seals and by the rows the events describe.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from regreport.adapters.sql.types import instant_text
from regreport.model.ledger import Event

GENESIS: Final = "0" * 64
"""What the first link of a chain names as the hash before it."""


class Head(NamedTuple):
    """Where a chain ends: the number and hash of its last link."""

    sequence: int
    hash: str


class StoredLink(NamedTuple):
    """A row of `audit_log` as it lies there, unparsed: it may have been tampered with."""

    chain: str
    sequence: int
    at: str
    actor: str
    kind: str
    detail: str
    previous: str
    hash: str


START: Final = Head(0, GENESIS)


def canonical(value: object) -> str:
    """RFC 8785 JSON text of a value made of text, whole numbers and mappings with ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def link_hash(link: StoredLink, detail: Mapping[str, str]) -> str:
    """The hash that belongs to a link, from its fields (not from its own `hash`)."""
    fields = {
        "chain": link.chain,
        "sequence": link.sequence,
        "at": link.at,
        "actor": link.actor,
        "kind": link.kind,
        "detail": dict(detail),
        "previous": link.previous,
    }
    return sha256(canonical(fields).encode("utf-8")).hexdigest()


def append(head: Head, chain: str, kind: str, detail: Mapping[str, str], actor: str, at: datetime) -> Event:
    """The event that follows `head`. Raises ValueError where a detail is not text."""
    for name, value in detail.items():
        if not isinstance(value, str):
            raise ValueError(f"event {kind!r} of {chain!r}: detail {name!r} is {value!r}; an event holds text only")
    link = StoredLink(chain, head.sequence + 1, instant_text(at), actor, kind, canonical(dict(detail)), head.hash, "")
    return Event(chain, link.sequence, at, actor, kind, dict(detail), head.hash, link_hash(link, detail))


def faults(links: Iterable[StoredLink]) -> Iterator[str]:
    """Every broken link in words. `links` come ordered by chain and sequence."""
    chain, head = "", START
    for link in links:
        if link.chain != chain:
            chain, head = link.chain, START
        yield from faults_after(head, link)
        head = Head(link.sequence, link.hash)


def faults_after(head: Head, link: StoredLink) -> Iterable[str]:
    """What is wrong with a link that follows this head."""
    if link.sequence == head.sequence + 1 and link.previous == head.hash and text_hash(link) == link.hash:
        return ()
    return _link_faults(link, head)


def text_hash(link: StoredLink) -> str:
    """The hash that belongs to a stored link, over its own texts as they lie there.

    `append` hashed the canonical JSON of the fields, and `detail` is stored as that very text: nothing has to be parsed
    and written again. A detail in any other form gives another hash.
    """
    chain, sequence, at, actor, kind, detail, previous, _ = link
    text = (
        f'{{"actor":{_quoted(actor)},"at":{encode_basestring(at)},"chain":{_quoted(chain)},"detail":{detail},'
        f'"kind":{_quoted(kind)},"previous":{encode_basestring(previous)},"sequence":{sequence}}}'
    )
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_quoted = lru_cache(maxsize=4096)(encode_basestring)


def _link_faults(link: StoredLink, head: Head) -> Iterator[str]:
    place = f"chain {link.chain!r}, link {link.sequence}"
    if link.sequence != head.sequence + 1:
        yield f"{place}: follows link {head.sequence}; a link is missing or was moved"
    elif link.previous != head.hash:
        yield f"{place}: names another link before it than the one that stands there"
    detail = parse_detail(link.detail)
    if detail is None:
        yield f"{place}: its detail is not the canonical JSON that was written"
    elif link_hash(link, detail) != link.hash:
        yield f"{place}: its content was changed after it was written (the hash does not match)"


def parse_detail(text: str) -> dict[str, str] | None:
    """The detail of a stored link; None where the text is not exactly what `append` writes."""
    try:
        detail = json.loads(text)
    except ValueError:
        return None
    return detail if isinstance(detail, dict) and canonical(detail) == text else None
