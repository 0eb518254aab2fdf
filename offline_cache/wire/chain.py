"""The chain through the rows, and the bytes that bind a seal and a card signature to their place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Protocol

from offline_cache.errors import ChainBroken
from offline_cache.wire.encoding import encode_cbor, encode_flat


class ChainedRow(Protocol):
    """The fields of `messages.Row`."""

    @property
    def seq(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def created_ms(self) -> int: ...
    @property
    def boot_id(self) -> str: ...
    @property
    def mono_ms(self) -> int: ...
    @property
    def key_id(self) -> str: ...
    @property
    def body(self) -> bytes: ...
    @property
    def chain(self) -> bytes: ...


def row_bytes(row: ChainedRow) -> bytes:
    """Deterministic CBOR of the seven chained fields, in their order."""
    return encode_flat([row.seq, row.id, row.created_ms, row.boot_id, row.mono_ms, row.key_id, row.body])


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
        previous = next_chain(previous, row)
        if previous != row.chain:
            raise ChainBroken(f"the chain breaks at seq {row.seq}", row.seq)
    return previous


def seal_context(device: str, epoch: str, seq: int, id: str) -> bytes:  # noqa: A002 - the field's name everywhere
    """The additional authenticated data of a sealed row."""
    return encode_flat(["kiosk-outbox-row-1", device, epoch, seq, id])


def lookup_context(nonce: str, terminal: str, service: str, subjects: Iterable[str], session: str) -> bytes:
    """What the card signs (ECDSA over SHA-256 of these bytes) to release these subjects once, here, for this."""
    return encode_cbor(["kiosk-lookup-1", nonce, terminal, service, sorted(subjects), session])
