"""What a PC/SC child process says that has lost its mind: replies, lists of readers, slot reports.

The child is ours, but it has a foreign library in it. The bytes come through real pipes, so that the link reads them as
it reads a child's; no process is started.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import threading
from collections.abc import Iterable, Iterator
from typing import Any
from unittest.mock import patch

from drivers.api import SlotEvent, SlotState
from drivers.errors import CardBusy, CardError, CardMute, CardProtocolError, CardRemoved, NoCard, ReaderGone
from drivers.readers import pcsc, wire
from drivers.readers.child_link import ChildLink
from tests.fuzz.kit import Family, Reader

LEAVES = (CardBusy, CardMute, CardProtocolError, CardRemoved, NoCard, ReaderGone)
READ = b"\x00\xb0\x00\x00\x04"
SLOT = "Virtual PCD 00 00"


class Said:
    """A process that has said this and ended."""

    pid = 0

    def __init__(self, replies: bytes) -> None:
        self.stdin, self.stdout = io.BytesIO(), os.fdopen(pipe_of(replies), "rb", buffering=0)

    def kill(self) -> None: ...

    def wait(self, _timeout_s: float | None = None) -> int:
        return 0


class SaidLink(ChildLink):
    """The link to such a process."""

    def __init__(self, replies: bytes = b"", reports: bytes = b"") -> None:
        self._turn, self._alive, self._buffer = threading.Lock(), True, bytearray()
        self._process: Any = Said(replies)
        self._reports = pipe_of(reports)
        self._replies = select.poll()
        self._replies.register(self._process.stdout.fileno(), select.POLLIN)


def pipe_of(raw: bytes) -> int:
    """The reading end of a pipe that holds these bytes and is closed. They fit: a pipe takes 64 KiB unread."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as out:
        out.write(raw)
    return reading


@contextlib.contextmanager
def reader_at(link: ChildLink) -> Iterator[pcsc.PcscReader]:
    """A reader with a card in it that talks to this child. It is being closed, so that it waits for nothing."""
    reader = pcsc.PcscReader()
    reader._slot, reader._link = SlotEvent(SLOT, SlotState.PRESENT, 0, b"\x3b\x00"), link
    reader._stopping.set()
    try:
        yield reader
    finally:
        link.end()


def replies(raw: bytes) -> None:
    """A visit: opened, its answer to reset, one APDU, three in a row, closed."""
    with reader_at(SaidLink(raw)) as reader:
        connection = reader.connect()
        assert isinstance(connection.atr, bytes)
        for _ in range(2):
            with contextlib.suppress(*LEAVES):
                assert 0 <= connection.transmit(READ).sw <= 0xFFFF
                assert len(connection.transmit_many([READ] * 3)) <= 3
        connection.close()


def reply_seeds() -> Iterable[bytes]:
    done = wire.frame(wire.DONE, b"\x01\x02\x90\x00")
    opened = wire.frame(wire.DONE) + wire.frame(wire.DONE, b"\x3b\x00")
    yield opened + done * 8 + wire.frame(wire.DONE)
    for failure in range(1, 8):
        failed = wire.frame(wire.FAILED, wire.pack_failure(failure, 0x80100069, "SCardTransmit"))
        yield opened + done + failed + wire.frame(wire.DONE)


def listed(raw: bytes) -> None:
    """The reply to `LIST`."""
    with patch.object(pcsc, "ChildLink", lambda *_, **__: SaidLink(wire.frame((raw or b"\0")[0], raw[1:]))):
        for one in pcsc.list_readers():
            assert isinstance(one.state, SlotState)


def list_seeds() -> Iterable[bytes]:
    slots = [wire.pack_slot(wire.PRESENT, 1, SLOT, b"\x3b\x00"), wire.pack_slot(wire.EMPTY, 0, "读卡器 01 00", b"")]
    yield bytes([wire.DONE]) + wire.pack_many(slots)


def reports(raw: bytes) -> None:
    """Slot reports: every event has a state, and insertions only grow."""
    told: list[SlotEvent] = []
    link = SaidLink(reports=raw)
    with reader_at(link) as reader:
        reader._on_change = told.append
        reader._stopping.clear()
        try:
            reader._listen(link)
        finally:
            reader._stopping.set()
    assert [one.insertion for one in told] == sorted(one.insertion for one in told)


def report_seeds() -> Iterable[bytes]:
    moves = [(wire.EMPTY, 1), (wire.PRESENT, 2), (wire.PRESENT, 4), (wire.MUTE, 5), (wire.ABSENT, wire.NO_SERVICE)]
    slots = [wire.frame(wire.SLOT, wire.pack_slot(state, count, SLOT, b"\x3b\x00")) for state, count in moves]
    yield wire.frame(wire.ALIVE).join(slots)


FAMILY = Family(
    Reader("replies", replies, LEAVES, reply_seeds),
    Reader("list", listed, (CardError,), list_seeds),
    Reader("reports", reports, (), report_seeds),
)
