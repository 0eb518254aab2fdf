"""Merkle trees as in RFC 6962 section 2.1 (SHA-256): root, inclusion proof, and checking one. Pure.

A leaf hash begins with 0x00 and a node hash with 0x01, so that no node can be passed off as a leaf. A tree of n > 1
leaves splits at the largest power of two below n.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 | leaf)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 | left | right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, level by level; a last one without a partner moves up as it is."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def inclusion_path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The hashes beside the way from leaf `index` to the root, from the leaf upwards.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of {len(leaves)}")
    path: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            path.append(level[beside])
        level = _above(level)
        index //= 2
    return tuple(path)


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that this path proves for a leaf hash (RFC 9162 section 2.1.3.2), or None if it fits no such tree."""
    if not 0 <= index < size:
        return None
    found, at, last = leaf, index, size - 1
    for beside in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node_hash(beside, found)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            found = node_hash(found, beside)
        at >>= 1
        last >>= 1
    return found if last == 0 else None


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs
