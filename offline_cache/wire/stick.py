"""What travels on a USB stick: the terminal's certificate, then signed batches as `POST /v1/entries` takes them.

Bytes: `KIOSKOB1`, then records (length, four bytes, big-endian, then that many bytes), a record of length nought, and
the SHA-256 of everything before it, so that a copy that was cut short is noticed. Rows are sealed to the gateway;
batches are signed by the terminal; nothing else is in the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from offline_cache.errors import MalformedMessage
from offline_cache.messages import MAX_BATCH_BYTES

MAGIC = b"KIOSKOB1"
MAX_RECORD_BYTES = MAX_BATCH_BYTES + 1024
SUFFIX = ".kioskexport"


def write_export(target: BinaryIO, records: Iterable[bytes]) -> int:
    """Write records; returns how many bytes. The first is the certificate (DER). Raises `OSError`."""
    digest = hashlib.sha256()
    size = 0

    def put(data: bytes) -> None:
        nonlocal size
        target.write(data)
        digest.update(data)
        size += len(data)

    put(MAGIC)
    for record in records:
        put(len(record).to_bytes(4))
        put(record)
    put(bytes(4))
    target.write(digest.digest())
    return size + 32


def read_export(source: BinaryIO) -> Iterator[bytes]:
    """The records of a file, after the whole of it was checked. `source` must be seekable.

    Raises:
        MalformedMessage: not such a file, cut short, or changed.
        OSError: unreadable.
    """
    for _ in _records(source):
        pass
    source.seek(0)
    return _records(source)


def _records(source: BinaryIO) -> Iterator[bytes]:
    digest = hashlib.sha256()

    def take(size: int) -> bytes:
        data = source.read(size)
        if len(data) != size:
            raise MalformedMessage("export: the file is cut short; copy it again")
        return data

    head = take(len(MAGIC))
    if head != MAGIC:
        raise MalformedMessage("export: not an export of an outbox")
    digest.update(head)
    while True:
        length = take(4)
        digest.update(length)
        size = int.from_bytes(length)
        if size > MAX_RECORD_BYTES:
            raise MalformedMessage("export: a record is longer than any batch")
        if size == 0:
            break
        record = take(size)
        digest.update(record)
        yield record
    if take(32) != digest.digest() or source.read(1):
        raise MalformedMessage("export: the file was changed or cut; copy it again")
