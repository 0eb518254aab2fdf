"""The frames between the PC/SC child and its parent, and what the parent makes of a child that does not behave."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.api import SlotEvent, SlotState
from drivers.errors import CardError, CardMute, CardProtocolError, ReaderGone
from drivers.readers import child_link, pcsc_child, wire
from drivers.readers.child_link import ChildExpiredError, ChildGoneError, ChildLink
from drivers.readers.pcsc import PcscReader, list_readers

PATIENCE_S = 15.0


def test_frames_come_whole_whatever_way_they_arrive() -> None:
    buffer = bytearray()
    seen: list[tuple[int, bytes]] = []
    for byte in wire.frame(wire.TRANSMIT, b"\x00\x20") + wire.frame(wire.DISCONNECT):
        buffer.append(byte)
        while (frame := wire.take_frame(buffer)) is not None:
            seen.append(frame)
    assert seen == [(wire.TRANSMIT, b"\x00\x20"), (wire.DISCONNECT, b"")]
    assert not buffer


def test_bodies_are_read_back() -> None:
    assert wire.unpack_slot(wire.pack_slot(wire.PRESENT, 0x10005, "读卡器 00", b"\x3b\x00")) == (
        wire.PRESENT,
        5,
        "读卡器 00",
        b"\x3b\x00",
    )
    assert wire.unpack_failure(wire.pack_failure(wire.BUSY, -2146435061, "SCardConnect")) == (
        wire.BUSY,
        0x8010000B,
        "SCardConnect",
    )


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(wire.FrameError):
        wire.take_frame(bytearray(b"\xff" * 5))
    with pytest.raises(wire.FrameError):
        wire.unpack_slot(b"\x01")
    with pytest.raises(wire.FrameError):
        wire.unpack_failure(b"\x01")


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_apdus_in_a_row_are_read_back(apdus: list[bytes]) -> None:
    assert wire.unpack_many(wire.pack_many(apdus)) == apdus


@given(st.binary(max_size=40))
def test_any_bytes_are_apdus_in_a_row_or_no_frame(raw: bytes) -> None:
    try:
        assert wire.pack_many(wire.unpack_many(raw)) == raw
    except wire.FrameError:
        return


def test_a_row_goes_on_after_a_success_only() -> None:
    assert wire.goes_on(wire.DONE, b"\x01\x90\x00")
    for kind, body in ((wire.DONE, b"\x61\x05"), (wire.DONE, b""), (wire.FAILED, b"\x90\x00")):
        assert not wire.goes_on(kind, body)


def child_program(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> Path:
    """Have the parent start this program instead of the child."""
    program = folder / "child"
    program.write_text(f"#!{sys.executable}\nimport os, signal, sys\nreports = int(sys.argv[3])\n{text}\n")
    program.chmod(0o755)
    monkeypatch.setattr(child_link.sys, "executable", str(program))
    return program


@pytest.mark.parametrize("text", ["sys.stdin.buffer.read(5); os.write(1, b'x' * 64)", "sys.exit(3)"])
def test_a_child_that_talks_nonsense_or_dies_is_gone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    child_program(monkeypatch, tmp_path, text)
    link = ChildLink("", None, watch=False)
    with pytest.raises(ChildGoneError):
        link.request(wire.CONNECT, b"", PATIENCE_S)
    assert not link.alive
    link.end()
    with pytest.raises(ReaderGone):
        list_readers()


@pytest.mark.parametrize(
    ("reply", "leaf"),
    [
        (wire.frame(wire.FAILED, b"\x06"), CardProtocolError),
        (wire.frame(wire.DONE, b"\x00\x09\x02"), ReaderGone),
        (wire.frame(wire.DONE, b"\x00\x01\x02"), ReaderGone),
    ],
)
def test_a_reply_that_is_cut_short_has_a_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reply: bytes, leaf: type[CardError]
) -> None:
    child_program(monkeypatch, tmp_path, f"sys.stdin.buffer.read(5); os.write(1, {reply!r}); sys.stdin.buffer.read()")
    with pytest.raises(leaf):
        list_readers()


def test_a_child_that_says_nothing_is_killed_at_the_deadline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child_program(monkeypatch, tmp_path, "signal.pause()")
    link = ChildLink("", None, watch=False)
    with pytest.raises(ChildExpiredError):
        link.request(wire.CONNECT, b"", 0.05)
    link.end()
    with pytest.raises(CardMute):
        list_readers(deadline_s=0.05)


def test_a_child_that_does_not_end_when_asked_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(child_link, "END_S", 0.05)
    child_program(monkeypatch, tmp_path, "signal.pause()")
    link = ChildLink("", None, watch=True)
    link.end()
    assert not Path(f"/proc/{link.pid}").exists(), "ended and reaped"


def test_slot_reports_that_are_nonsense_end_the_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child_program(monkeypatch, tmp_path, "os.write(reports, b'x' * 64); signal.pause()")
    link = ChildLink("", None, watch=True)
    assert list(link.slot_reports(PATIENCE_S)) == []
    assert not link.alive
    link.end()


def test_a_child_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    report = wire.frame(wire.SLOT, wire.pack_slot(wire.EMPTY, 0, "Slot 00 00", b""))
    program = child_program(monkeypatch, tmp_path, f"os.write(reports, {report!r}); sys.stdin.buffer.read()")
    program.chmod(0o600)
    with pytest.raises(ReaderGone):
        list_readers()
    states: list[SlotState] = []
    changed = threading.Condition()

    def on_change(event: SlotEvent) -> None:
        with changed:
            states.append(event.state)
            changed.notify_all()

    def reached(wanted: list[SlotState]) -> bool:
        with changed:
            return changed.wait_for(lambda: states == wanted, PATIENCE_S)

    reader = PcscReader("Slot")
    reader.start(on_change)
    assert reached([SlotState.READER_ABSENT])
    program.chmod(0o755)
    assert reached([SlotState.READER_ABSENT, SlotState.EMPTY])
    assert reader.name == "Slot 00 00"
    reader.close()
    with pytest.raises(ReaderGone):
        reader.connect()


def test_who_opens_the_card_from_the_thread_that_reports_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    report = wire.frame(wire.SLOT, wire.pack_slot(wire.PRESENT, 1, "Slot 00 00", b"\x3b\x00"))
    child_program(monkeypatch, tmp_path, f"os.write(reports, {report!r}); sys.stdin.buffer.read()")
    reader, told = PcscReader("Slot"), list[str]()
    done = threading.Event()

    def on_change(_event: SlotEvent) -> None:
        try:
            reader.connect()
        except RuntimeError as error:
            told.append(str(error))
        done.set()

    reader.start(on_change)
    assert done.wait(PATIENCE_S)
    reader.close()
    assert len(told) == 1
    assert "another thread" in told[0]


def test_a_card_exchanged_between_two_looks_is_told_as_going_and_coming(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """PC/SC counts events: the same state with a higher count means that something happened in between."""
    reports = b"".join(
        wire.frame(wire.SLOT, wire.pack_slot(wire.PRESENT, count, "Slot 00 00", b"\x3b\x00")) for count in (1, 1, 3)
    )
    child_program(monkeypatch, tmp_path, f"os.write(reports, {reports!r}); sys.stdin.buffer.read()")
    reader, seen, done = PcscReader("Slot"), list[tuple[SlotState, int]](), threading.Event()

    def on_change(event: SlotEvent) -> None:
        seen.append((event.state, event.insertion))
        if event.insertion == 2:
            done.set()

    reader.start(on_change)
    assert done.wait(PATIENCE_S)
    reader.close()
    assert seen == [(SlotState.PRESENT, 1), (SlotState.EMPTY, 1), (SlotState.PRESENT, 2)]


class Daemon:
    """The PC/SC calls of a `Watch`, answered from a list: what SCardGetStatusChange says, one after the other."""

    def __init__(self, said: list[tuple[int, int]]) -> None:
        self.said, self.resets = said, 0

    def listed(self, _context: int, _groups: list[str]) -> tuple[int, list[str]]:
        return 0, ["Slot 00 00"]

    def changed(self, _context: int, _wait_ms: int, asked: list[tuple[str, int]]) -> tuple[int, list[object]]:
        if not self.said:
            return 0x8010001D, []  # the service is gone: the watch ends
        result, state = self.said.pop(0)
        return result, [(name, state, [0x3B, 0x00]) for name, _known in asked]

    def connect(self, _context: int, _name: str, share: int, _protocols: int) -> tuple[int, int, int]:
        assert share == pcsc_child.scard.SCARD_SHARE_DIRECT, "no card is opened by a watch"
        return (0x8010000B if self.resets == 1 else 0), 7, 0

    def disconnect(self, card: int, how: int) -> int:
        assert (card, how) == (7, pcsc_child.scard.SCARD_RESET_CARD)
        self.resets += 1
        return 0


EMPTY, PRESENT, QUIET = 0x12, 0x22, (0x8010000A, 0)


@pytest.mark.parametrize(
    ("said", "states", "resets"),
    [
        ([(0, EMPTY), QUIET, QUIET], [wire.EMPTY], 0),
        ([(0, 0x10000 | PRESENT), (0, 0x20000 | EMPTY), QUIET, QUIET], [wire.PRESENT, wire.EMPTY], 0),
        (
            [(0, 0x10000 | PRESENT), (0, 0x10000 | EMPTY), (0, 0x20000 | EMPTY), QUIET],
            [wire.PRESENT, *[wire.EMPTY] * 2],
            0,
        ),
        (
            [(0, 0x10000 | PRESENT), (0, 0x10000 | EMPTY), QUIET, (0, 0x10000 | PRESENT), QUIET],
            [wire.PRESENT, wire.EMPTY, wire.PRESENT],
            1,
        ),
        (
            [(0, 0x10000 | PRESENT), (0, 0x10000 | EMPTY), QUIET, QUIET, QUIET, (0, 0x20000 | EMPTY), QUIET],
            [wire.PRESENT, wire.EMPTY, wire.MUTE, wire.EMPTY],
            1,
        ),
    ],
    ids=["empty", "pulled", "pulled in a command", "bounced, and answers", "bounced, and is mute"],
)
def test_a_slot_that_is_called_empty_before_anybody_looked_is_looked_at_anew(
    said: list[tuple[int, int]], states: list[int], resets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = Daemon(said)
    for call, answer in (
        ("SCardListReaders", daemon.listed),
        ("SCardGetStatusChange", daemon.changed),
        ("SCardConnect", daemon.connect),
        ("SCardDisconnect", daemon.disconnect),
    ):
        monkeypatch.setattr(pcsc_child.scard, call, answer)
    reports, end = os.pipe()
    with pytest.raises(pcsc_child.CallFailed), os.fdopen(end, "wb") as out:
        pcsc_child.Watch(out.fileno(), "", "")._watch(1)
    with os.fdopen(reports, "rb") as sent:
        buffer = bytearray(sent.read())
    seen = [
        wire.unpack_slot(body)[0] for kind, body in iter(lambda: wire.take_frame(buffer), None) if kind == wire.SLOT
    ]
    assert (seen, daemon.resets) == (states, resets)
