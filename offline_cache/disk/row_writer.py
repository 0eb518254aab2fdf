"""The bytes around one new row, `wire.chain.seal_context` and `wire.chain.next_chain`, on the hot path.

What does not change from row to row (device, epoch, boot, key) is encoded once. A test holds that the bytes are the
same as those of `wire.chain`, which reads them back.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from offline_cache.messages import seal_context
from offline_cache.wire.encoding import encode_flat

_UUID_HEAD = b"\x78\x24"
"""CBOR: text of 36 bytes (RFC 8949 section 3)."""
_SEVEN = b"\x87"
"""CBOR: an array of seven."""


Row = tuple[int, str, int, str, int, str, bytes, bytes]
"""The columns of `entry`, in order."""


class End(NamedTuple):
    """The last row, as this connection left it: true while nobody has written since. `INSERT` sees if somebody has."""

    writes: int
    seq: int
    chain: bytes


INSERT = """
insert into entry select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 where exists (select 1 from key where key_id = ?6)
on conflict (seq) do nothing
"""
"""No row is inserted where somebody else has recorded meanwhile (the seq is taken: the highest is never deleted), or
where the key went with the entries that were purged."""


class RowWriter:
    """For the rows of one epoch, boot and key."""

    def __init__(self, device: str, epoch: str, boot_id: str, key_id: str) -> None:
        self.boot_id = boot_id
        self.key_id = key_id
        self._place = seal_context(device, epoch, 0, "")[:-2]  # without the number and the empty id
        self._boot = encode_flat([boot_id])[1:]
        self._key = encode_flat([key_id])[1:]

    def context(self, seq: int, entry_id: str) -> bytes:
        """`seal_context` of this device and epoch. `entry_id`: a UUID as text."""
        return b"".join((self._place, _integer(seq), _UUID_HEAD, entry_id.encode()))

    def chain(self, previous: bytes, seq: int, entry_id: str, created_ms: int, mono_ms: int, body: bytes) -> bytes:
        """`next_chain` of a row of this boot and key."""
        parts = (
            previous,
            _SEVEN,
            _integer(seq),
            _UUID_HEAD,
            entry_id.encode(),
            _integer(created_ms),
            self._boot,
            _integer(mono_ms),
            self._key,
            _integer(len(body), 0x40),
            body,
        )
        return hashlib.sha256(b"".join(parts)).digest()


def _integer(number: int, kind: int = 0) -> bytes:
    """The head of a CBOR item with this argument, in its shortest form. `kind`: the major type, shifted left by 5."""
    if number < 24:
        return bytes((kind | number,))
    if number < 0x100:
        return bytes((kind | 24, number))
    if number < 0x10000:
        return bytes((kind | 25,)) + number.to_bytes(2)
    if number < 0x100000000:
        return bytes((kind | 26,)) + number.to_bytes(4)
    return bytes((kind | 27,)) + number.to_bytes(8)
