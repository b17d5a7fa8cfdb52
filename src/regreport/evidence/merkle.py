"""Merkle trees as RFC 6962 section 2.1 forms them: a root over many entries, and a short proof that one is among them.

A leaf is hashed with 0x00 before it, a node with 0x01, so that no node can pass for a leaf. A tree of n entries is
split at the largest power of two below n.
Source: https://www.rfc-editor.org/rfc/rfc6962#section-2.1
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256 of 0x00 and the entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both sides."""
    return sha256(b"\x01" + left + right).digest()


def root(entries: Sequence[bytes]) -> bytes:
    """The tree's root; of no entries, SHA-256 of nothing."""
    level = [leaf_hash(entry) for entry in entries]
    if not level:
        return sha256(b"").digest()
    while len(level) > 1:
        level = _folded(level)
    return level[0]


def _folded(level: Sequence[bytes]) -> list[bytes]:
    """The next level: pairs from the left; one that is left over goes up as it is, which is the split of the RFC."""
    pairs = [node_hash(level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs


def path(entries: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of the entry at `index`, from the leaf upwards (RFC 6962, 2.1.1)."""
    level, steps = [leaf_hash(entry) for entry in entries], []
    while len(level) > 1:
        other = index ^ 1
        if other < len(level):
            steps.append(level[other])
        level, index = _folded(level), index // 2
    return steps


def root_of_path(entry: bytes, index: int, size: int, steps: Sequence[bytes]) -> bytes | None:
    """The root that an audit path leads to (RFC 9162, 2.1.3.2); None where the path does not fit the tree."""
    if not 0 <= index < size:
        return None
    node, last, left = leaf_hash(entry), size - 1, list(steps)
    while last:
        if index % 2 or index < last:
            if not left:
                return None
            other = left.pop(0)
            node = node_hash(other, node) if index % 2 else node_hash(node, other)
        index, last = index // 2, last // 2
    return None if left else node
