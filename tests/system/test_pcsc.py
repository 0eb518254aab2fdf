"""The PC/SC child process and the private daemon as programs: who starts, who ends, who is left over."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.api import SlotEvent, SlotState
from drivers.cards.registry import recognise
from drivers.errors import CardError, ReaderGone
from drivers.readers.pcsc import PcscReader, list_readers
from drivers.sim.cards import pcscd
from drivers.sim.cards.pcscd import PcscdUnavailable, PrivatePcscd
from drivers.sim.cards.vpcd import VpcdCard, VpcdUnreachable
from tests.cards import NAME, sim_card

pytestmark = [pytest.mark.pcsc, pytest.mark.system]
ROOT = Path(__file__).parents[2]
PATIENCE_S = 15.0
TRIES = bytes.fromhex("00200000")


class Recorder:
    """Keeps slot events and waits for one."""

    def __init__(self) -> None:
        self.events: list[SlotEvent] = []
        self._changed = threading.Condition()

    def __call__(self, event: SlotEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def until(self, state: SlotState) -> None:
        assert self.within(state, PATIENCE_S), f"{state} did not come: {self.events[-3:]}"

    def within(self, state: SlotState, deadline_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: bool(self.events) and self.events[-1].state is state, deadline_s)


@contextlib.contextmanager
def reader_on(socket_path: str, name: str = "Kiosk Citizen") -> Iterator[tuple[PcscReader, Recorder]]:
    reader, seen = PcscReader(name, socket_path), Recorder()
    reader.start(seen)
    try:
        yield reader, seen
    finally:
        reader.close()


def gone(pid: int) -> bool:
    """Wait until a process has ended (zombies count as ended)."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], PATIENCE_S)[0])
    finally:
        os.close(descriptor)


def no_child(pid: int) -> bool:
    """True where the process was reaped: it is no child of ours any more, not even a zombie."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def test_closing_the_reader_leaves_no_process_behind() -> None:
    with PrivatePcscd() as daemon:
        with reader_on(daemon.socket_path) as (reader, seen):
            seen.until(SlotState.EMPTY)
            pid = reader.child_pid
            assert pid is not None
        assert no_child(pid)
        assert reader.child_pid is None


def test_a_child_that_is_killed_is_replaced_and_the_card_is_not_counted_twice() -> None:
    with PrivatePcscd() as daemon, reader_on(daemon.socket_path) as (reader, seen):
        daemon.insert(sim_card())
        seen.until(SlotState.PRESENT)
        connection = reader.connect()
        pid = reader.child_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ReaderGone):
            connection.transmit(TRIES)
        assert recognise(reader.connect()).read_holder().name == NAME
        assert no_child(pid)
        daemon.remove()
        seen.until(SlotState.EMPTY)
        assert [event.insertion for event in seen.events if event.state is SlotState.PRESENT] == [1]


def test_a_child_that_is_killed_while_nobody_uses_it_is_not_noticed() -> None:
    with PrivatePcscd() as daemon, reader_on(daemon.socket_path) as (reader, seen):
        daemon.insert(sim_card())
        seen.until(SlotState.PRESENT)
        pid = reader.child_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
        assert recognise(reader.connect()).read_holder().name == NAME


def test_the_child_ends_with_its_parent_even_while_a_card_is_mute() -> None:
    parent = """
import sys, threading
from drivers.readers.pcsc import PcscReader
reader = PcscReader("Kiosk Citizen", sys.argv[1])
connection = reader.connect()
print(reader.child_pid, flush=True)
connection.transmit(bytes.fromhex("00200000"), 600)
"""
    with PrivatePcscd() as daemon:
        card = sim_card(quirks={"mute_after_apdus": 0})
        daemon.insert(card)
        with reader_on(daemon.socket_path) as (_, seen):
            seen.until(SlotState.PRESENT)
        process = subprocess.Popen(
            [sys.executable, "-c", parent, daemon.socket_path], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert card.wait_for_apdus(1, PATIENCE_S)
        process.kill()
        process.wait(PATIENCE_S)
        process.stdout.close()
        assert gone(pid)


def test_a_terminal_that_starts_before_pcscd_finds_it_when_it_comes() -> None:
    with PrivatePcscd() as daemon:
        daemon.kill()
        with reader_on(daemon.socket_path) as (reader, seen):
            seen.until(SlotState.READER_ABSENT)
            with pytest.raises(ReaderGone):
                reader.connect()
            with pytest.raises(ReaderGone):
                list_readers(daemon.socket_path)
            daemon.start()
            seen.until(SlotState.EMPTY)
            daemon.insert(sim_card())
            seen.until(SlotState.PRESENT)
            reader.connect().close()


def test_a_daemon_that_hangs_does_not_hang_the_terminal() -> None:
    with PrivatePcscd() as daemon, reader_on(daemon.socket_path) as (reader, seen):
        daemon.insert(sim_card())
        seen.until(SlotState.PRESENT)
        connection = reader.connect()
        process = daemon._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(CardError):
            connection.transmit(TRIES, 0.3)
        process.send_signal(signal.SIGCONT)


def test_readers_are_listed_with_what_is_in_them() -> None:
    with PrivatePcscd(("Kiosk Citizen", "Kiosk Clerk")) as daemon:
        card = sim_card()
        daemon.insert(card, "Kiosk Clerk")
        with reader_on(daemon.socket_path, "Kiosk Clerk") as (_, seen):
            seen.until(SlotState.PRESENT)
        listed = {info.name.rsplit(" ", 2)[0]: info for info in list_readers(daemon.socket_path) if info.atr}
        assert listed["Kiosk Clerk"].state is SlotState.PRESENT
        assert listed["Kiosk Clerk"].atr == card.atr
        assert {info.name.rsplit(" ", 2)[0] for info in list_readers(daemon.socket_path)} == {
            "Kiosk Citizen",
            "Kiosk Clerk",
        }
        assert daemon.port("Kiosk Clerk") != daemon.port("Kiosk Citizen") == daemon.port()


def test_a_reader_without_a_name_is_the_first_there_is() -> None:
    with PrivatePcscd() as daemon, reader_on(daemon.socket_path, "") as (reader, seen):
        seen.until(SlotState.EMPTY)
        assert reader.name == "Kiosk Citizen 00 00"


def test_a_reader_that_does_not_exist_is_absent() -> None:
    with PrivatePcscd() as daemon, reader_on(daemon.socket_path, "Kiosk Nobody") as (reader, seen):
        seen.until(SlotState.READER_ABSENT)
        assert reader.name == "Kiosk Nobody"
        with pytest.raises(ReaderGone):
            reader.connect()


def test_many_daemons_side_by_side_take_ports_of_their_own() -> None:
    with contextlib.ExitStack() as stack:
        daemons = [stack.enter_context(PrivatePcscd()) for _ in range(3)]
        ports = [daemon.port() for daemon in daemons]
        assert len(set(ports)) == 3
        assert all(port + 1 < 32768 for port in ports)
        folders = [Path(daemon.socket_path).parent for daemon in daemons]
    assert not any(folder.exists() for folder in folders)


def test_a_stopped_daemon_is_gone_and_stops_twice() -> None:
    daemon = PrivatePcscd()
    process = daemon._process
    assert process is not None
    daemon.insert(sim_card())
    with pytest.raises(RuntimeError, match="in the slot"):
        daemon.insert(sim_card())
    daemon.stop()
    daemon.stop()
    assert not daemon.running
    assert no_child(process.pid)


def test_a_machine_without_pcscd_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pcscd, "VPCD_DRIVER", tmp_path / "libifdvpcd.so")
    with pytest.raises(PcscdUnavailable, match="vsmartcard-vpcd"):
        PrivatePcscd()


def test_a_card_falls_out_of_a_slot_that_goes_away() -> None:
    with PrivatePcscd() as daemon:
        card = VpcdCard(sim_card(), daemon.port())
        assert not card.wait(0)
        daemon.kill()
        assert card.wait(PATIENCE_S)
        card.remove()


def test_no_virtual_reader_at_the_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused
        with pytest.raises(VpcdUnreachable):
            VpcdCard(sim_card(), taken.getsockname()[1], deadline_s=0.05)
