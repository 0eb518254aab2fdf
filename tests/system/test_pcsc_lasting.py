"""What lasts on the real stack: many insertions, a daemon that hangs until it is restarted, two slots with roles."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.api import SlotState
from drivers.cards.registry import recognise
from drivers.readers.pcsc import PcscReader
from drivers.readers.recovery import Patience
from drivers.readers.service_helper import restarter
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.pcscd import PrivatePcscd
from drivers.sim.cards.reader import SimReader
from tests.cards import ID_NUMBER, other_document, sim_card
from tests.system.test_pcsc import Recorder, reader_on
from tests.system.test_pcsc_exceptions import ROOT, TRIES, serves, visit

pytestmark = [pytest.mark.pcsc, pytest.mark.system]


def held(*pids: int) -> tuple[int, int, int]:
    """Return descriptors, threads and memory (KiB) of these processes together."""
    descriptors = threads = memory_kib = 0
    for pid in pids:
        descriptors += len(list(Path(f"/proc/{pid}/fd").iterdir()))
        told = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        threads += int(told["Threads"])
        memory_kib += int(told["VmRSS"].split()[0])
    return descriptors, threads, memory_kib


def less(after: tuple[int, int, int], before: tuple[int, int, int]) -> tuple[int, int, int]:
    return after[0] - before[0], after[1] - before[1], after[2] - before[2]


def grown(rounds: int, warm_up: int) -> tuple[int, int, int]:
    """Insert a card so often; return by how much this process and its PC/SC child grew after the first rounds."""
    with PrivatePcscd() as daemon, reader_on(daemon.socket_path) as (reader, seen):
        seen.until(SlotState.EMPTY)
        child = reader.child_pid
        assert child is not None
        card = sim_card()
        before = held(os.getpid(), child)
        for round_ in range(rounds):
            if round_ == warm_up:
                before = held(os.getpid(), child)
            daemon.insert(card)
            seen.until(SlotState.PRESENT)
            connection = reader.connect()
            assert connection.transmit(TRIES).sw == 0x63C3
            connection.close()
            daemon.remove()
            seen.until(SlotState.EMPTY)
        after = held(os.getpid(), child)
        assert reader.child_pid == child
        assert sum(event.state is SlotState.PRESENT for event in seen.events) == rounds
        assert seen.events[-1].insertion == rounds
    return less(after, before)


def test_ten_insertions_leave_nothing_behind() -> None:
    descriptors, threads, memory_kib = grown(10, 4)
    assert (descriptors, threads) == (0, 0)
    assert memory_kib < 4096


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_a_thousand_insertions_leave_nothing_behind() -> None:
    descriptors, threads, memory_kib = grown(1000, 20)
    print(f"1,000 insertions: {descriptors} descriptors, {threads} threads, {memory_kib} KiB more")
    assert (descriptors, threads) == (0, 0)
    assert memory_kib < 8192


def test_a_thousand_insertions_in_process_leave_nothing_behind() -> None:
    reader, seen = SimReader("Slot"), Recorder()
    reader.start(seen)
    card, before = sim_card(), held(os.getpid())
    for round_ in range(1000):
        if round_ == 100:
            before = held(os.getpid())
        reader.insert(card)
        assert reader.settle()
        connection = reader.connect()
        assert connection.transmit(TRIES).sw == 0x63C3
        connection.close()
        reader.remove()
        assert reader.settle()
    descriptors, threads, memory_kib = less(held(os.getpid()), before)
    assert seen.events[-1].insertion == 1000
    reader.close()
    assert (descriptors, threads) == (0, 0)
    assert memory_kib < 4096


@contextlib.contextmanager
def helper_process(folder: Path, restart: Callable[[], None]) -> Iterator[Path]:
    """The privileged helper as its own program. Its command asks this process, over two pipes, to do the restart."""
    asked, done = folder / "asked", folder / "done"
    for pipe in (asked, done):
        os.mkfifo(pipe)

    def serve() -> None:
        asked.read_bytes()
        restart()
        done.write_bytes(b"\n")

    threading.Thread(target=serve, daemon=True).start()
    program = [sys.executable, "-m", "drivers.readers.service_helper", "--uid", str(os.getuid())]
    command = ["sh", "-c", 'echo > "$0" && read -r _ < "$1"', str(asked), str(done)]
    helper = subprocess.Popen([*program, "--socket", str(folder / "helper"), "--", *command], cwd=ROOT)
    try:
        yield folder / "helper"
    finally:
        helper.terminate()
        helper.wait(15)


def test_a_daemon_that_hangs_is_restarted_by_the_helper_and_the_reader_comes_back(tmp_path: Path) -> None:
    """The last rungs of the ladder: a fresh child first, then the service, through the privileged helper."""
    calls: list[str] = []
    with contextlib.ExitStack() as stack:
        daemon = stack.enter_context(PrivatePcscd())

        def restart() -> None:
            calls.append("restart")
            daemon.restart()

        helper = stack.enter_context(helper_process(tmp_path, restart))
        patience = Patience(child_s=2.0, service_s=5.0)
        reader = PcscReader("Kiosk Citizen", daemon.socket_path, restart_service=restarter(helper), patience=patience)
        seen = Recorder()
        reader.start(seen)
        try:
            seen.until(SlotState.EMPTY)
            first = reader.child_pid
            process = daemon._process
            assert process is not None
            process.send_signal(signal.SIGSTOP)
            seen.until(SlotState.READER_ABSENT)
            seen.until(SlotState.EMPTY)
            assert reader.child_pid != first
            assert calls == ["restart"]
            assert not reader.out_of_order
            serves((daemon, reader, seen))
        finally:
            reader.close()


def test_the_contract_suite_runs_on_the_reader_that_the_option_names(tmp_path: Path) -> None:
    """No physical reader is here: one of a private pcscd stands for it, found through the machine's usual way."""
    suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "physical"]
    suite += ["tests/contract/test_card_in_reader.py", "--reader", "Kiosk Citizen"]
    with PrivatePcscd() as daemon, reader_on(daemon.socket_path) as (_, seen):
        daemon.insert(sim_card())
        seen.until(SlotState.PRESENT)
        done = subprocess.run(
            suite, cwd=ROOT, env={**os.environ, **daemon.environment}, capture_output=True, text=True, check=False
        )
    assert "4 passed, 8 deselected" in done.stdout, done.stdout + done.stderr


def test_the_citizens_slot_and_the_technicians_are_told_apart() -> None:
    with PrivatePcscd(("Kiosk Technician", "Kiosk Citizen")) as daemon:
        technician = PcscReader("Kiosk Technician", daemon.socket_path)
        citizen = PcscReader("", daemon.socket_path, other="Kiosk Technician")
        seen = {technician: Recorder(), citizen: Recorder()}
        try:
            for reader, recorder in seen.items():
                reader.start(recorder)
                recorder.until(SlotState.EMPTY)
            daemon.insert(sim_card(), "Kiosk Technician")
            seen[technician].until(SlotState.PRESENT)
            assert citizen.name == "Kiosk Citizen 00 00"
            assert [event.state for event in seen[citizen].events] == [SlotState.EMPTY], "not the citizen's affair"
            daemon.insert(SimCard.from_document(other_document()), "Kiosk Citizen")
            seen[citizen].until(SlotState.PRESENT)
            assert visit(technician.connect())[2] == ID_NUMBER
            assert recognise(citizen.connect()).read_facts().card_id == "FF" * 16
        finally:
            technician.close()
            citizen.close()
