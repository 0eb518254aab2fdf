"""The ids of rows, the chain through them, and the bytes that bind a seal and a card signature to their place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

from offline_cache.errors import ChainBroken
from offline_cache.wire.encoding import encode_cbor, encode_flat

ChainedRow = tuple[int, str, int, str, int, str, bytes, bytes]
"""The fields of `messages.Row`, in their order: the chain value is the last."""


def uuid7(now_ms: int) -> str:
    """UUIDv7 (RFC 9562 section 5.7) at a given time, random below the millisecond."""
    chance = os.urandom(10)
    digits = (
        now_ms.to_bytes(6) + bytes([0x70 | chance[0] & 0x0F, chance[1], 0x80 | chance[2] & 0x3F]) + chance[3:]
    ).hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def row_bytes(row: ChainedRow) -> bytes:
    """Deterministic CBOR of the seven chained fields, in their order."""
    return encode_flat(row[:-1])


def genesis(device: str, epoch: str) -> bytes:
    """The chain value before seq 1."""
    return hashlib.sha256(encode_cbor(["kiosk-outbox-genesis-1", device, epoch])).digest()


def next_chain(previous: bytes, row: ChainedRow) -> bytes:
    """SHA-256(previous chain | `row_bytes(row)`); the row's own `chain` is not looked at."""
    return hashlib.sha256(previous + row_bytes(row)).digest()


def check_chain(previous: bytes, rows: Iterable[ChainedRow]) -> bytes:
    """Walk the chain and return its head.

    Raises:
        ChainBroken: with the first seq that does not fit.
    """
    for row in rows:
        previous = hashlib.sha256(previous + encode_flat(row[:-1])).digest()
        if previous != row[-1]:
            raise ChainBroken(f"the chain breaks at seq {row[0]}", row[0])
    return previous


def seal_context(device: str, epoch: str, seq: int, id: str) -> bytes:  # noqa: A002 - the field's name everywhere
    """The additional authenticated data of a sealed row."""
    return encode_flat(["kiosk-outbox-row-1", device, epoch, seq, id])


def lookup_context(nonce: str, terminal: str, service: str, subjects: Iterable[str], session: str) -> bytes:
    """What the card signs (ECDSA over SHA-256 of these bytes) to release these subjects once, here, for this."""
    return encode_cbor(["kiosk-lookup-1", nonce, terminal, service, sorted(subjects), session])
