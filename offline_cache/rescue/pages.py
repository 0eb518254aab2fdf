"""Rows out of an outbox file that SQLite does not open any more: page by page, without the schema.

Formats: "Database File Format" (sqlite.org/fileformat2.html), sections 1.5 b-tree pages, 1.6 overflow, 2.1 records and
4 the write-ahead log. Nothing that is found is believed by itself: `salvage` checks the chain through the rows, and the
seal of each is opened by the gateway only. A row on a page that was freed may be found again; it was sent long ago.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

PAGE = 4096
"""The page size of every outbox: SQLite's default, never set otherwise."""
_MOST_BYTES = 4 * 1024**3
_WAL_HEADER, _FRAME_HEADER = 32, 24
_TABLE_LEAF, _INDEX_LEAF, _INDEX_INSIDE = 13, 10, 2
_MOST_OVERFLOW = 64
Value = int | bytes | str | float | None


class Damaged(Exception):
    """A cell that cannot be read."""

    code = "storage-damaged"


def records(path: Path) -> Iterator[tuple[int | None, list[Value]]]:
    """Every record that can be read, with its rowid (None in a table without); in the order of the pages.

    Raises:
        OSError: the file cannot be read at all.
    """
    pages = _pages(path)
    for number in sorted(pages):
        page = pages[number]
        at = 100 if number == 1 else 0
        if len(page) != PAGE or page[at] not in {_TABLE_LEAF, _INDEX_LEAF, _INDEX_INSIDE}:
            continue
        inside = page[at] == _INDEX_INSIDE
        first = at + (12 if inside else 8)
        count = int.from_bytes(page[at + 3 : at + 5])
        for place in range(min(count, (PAGE - first) // 2)):
            offset = int.from_bytes(page[first + 2 * place : first + 2 * place + 2])
            try:
                yield _cell(pages, page, offset + (4 if inside else 0), table=page[at] == _TABLE_LEAF)
            except (Damaged, IndexError, struct.error, UnicodeDecodeError):
                continue  # this cell; its neighbours may be whole


def _pages(path: Path) -> dict[int, bytes]:
    """The pages of the file by number from 1, with what its write-ahead log has committed over them."""
    data = path.read_bytes() if path.stat().st_size <= _MOST_BYTES else b""
    pages = {at // PAGE + 1: data[at : at + PAGE] for at in range(0, len(data), PAGE)}
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        pages |= _committed(log.read_bytes())
    return pages


def _committed(log: bytes) -> dict[int, bytes]:
    """The pages of every transaction in a log that ends with its commit; the checksums run through all frames."""
    if len(log) < _WAL_HEADER or log[:4] not in {b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"}:
        return {}
    order = ">" if log[3] & 1 else "<"
    salts, total = log[16:24], _checksum(log[:24], (0, 0), order)
    if total != struct.unpack(">II", log[24:32]):
        return {}
    done: dict[int, bytes] = {}
    open_pages: dict[int, bytes] = {}
    for at in range(_WAL_HEADER, len(log) - PAGE - _FRAME_HEADER + 1, PAGE + _FRAME_HEADER):
        head, page = log[at : at + _FRAME_HEADER], log[at + _FRAME_HEADER : at + _FRAME_HEADER + PAGE]
        total = _checksum(page, _checksum(head[:8], total, order), order)
        if head[8:16] != salts or total != struct.unpack(">II", head[16:24]):
            break
        number, committed = struct.unpack(">II", head[:8])
        open_pages[number] = page
        if committed:
            done |= open_pages
            open_pages = {}
    return done


def _checksum(data: bytes, start: tuple[int, int], order: str) -> tuple[int, int]:
    """Section 4.2 of the file format: two sums over pairs of 32-bit words."""
    one, two = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for left, right in zip(words[::2], words[1::2], strict=True):
        one = (one + left + two) & 0xFFFFFFFF
        two = (two + right + one) & 0xFFFFFFFF
    return one, two


def _cell(pages: dict[int, bytes], page: bytes, at: int, *, table: bool) -> tuple[int | None, list[Value]]:
    size, at = _varint(page, at)
    rowid: int | None = None
    if table:
        rowid, at = _varint(page, at)
    most = PAGE - 35 if table else (PAGE - 12) * 64 // 255 - 23
    local = size
    if size > most:
        least = (PAGE - 12) * 32 // 255 - 23
        wanted = least + (size - least) % (PAGE - 4)
        local = wanted if wanted <= most else least
    payload = page[at : at + local]
    if size > local:
        payload += _overflow(pages, int.from_bytes(page[at + local : at + local + 4]), size - local)
    if len(payload) != size:
        raise Damaged("a cell that ends early")
    return rowid, _record(payload)


def _overflow(pages: dict[int, bytes], number: int, size: int) -> bytes:
    found = bytearray()
    for _ in range(_MOST_OVERFLOW):
        page = pages.get(number, b"")
        if len(page) != PAGE:
            break
        found += page[4 : 4 + size - len(found)]
        number = int.from_bytes(page[:4])
        if len(found) >= size:
            break
    return bytes(found)


def _record(payload: bytes) -> list[Value]:
    head_bytes, at = _varint(payload, 0)
    body, values = head_bytes, []
    while at < head_bytes:
        kind, at = _varint(payload, at)
        value, body = _value(payload, kind, body)
        values.append(value)
    if body != len(payload) or at != head_bytes:
        raise Damaged("a record of another length")
    return values


def _value(payload: bytes, kind: int, at: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in {8, 9}:
        return kind - 8, at
    if kind in {1, 2, 3, 4, 5, 6, 7}:
        size = (1, 2, 3, 4, 6, 8, 8)[kind - 1]
        raw = payload[at : at + size]
        value: Value = struct.unpack(">d", raw)[0] if kind == 7 else int.from_bytes(raw, signed=True)
        return value, at + size
    if kind < 12:
        raise Damaged("a kind of value that is not used")
    size = (kind - 12) // 2
    raw = payload[at : at + size]
    return (raw.decode("utf-8") if kind % 2 else raw), at + size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(9):
        byte = data[at + place]
        if place == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, at + place + 1
    raise Damaged("a number without an end")
