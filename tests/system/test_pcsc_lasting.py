"""What lasts on the real stack: many insertions, a daemon that hangs until it is restarted, two slots with roles."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from drivers.api import SlotState
from drivers.cards.registry import recognise
from drivers.readers.pcsc import PcscReader
from drivers.readers.recovery import Patience
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.pcscd import PrivatePcscd
from tests.cards import ID_NUMBER, other_document, sim_card
from tests.system.test_pcsc import Recorder, reader_on
from tests.system.test_pcsc_exceptions import TRIES, serves, visit

pytestmark = [pytest.mark.pcsc, pytest.mark.system]


def grown(rounds: int) -> tuple[int, int, int]:
    """Insert a card so often; return by how much descriptors, threads and memory (KiB) of this process grew."""

    def now() -> tuple[int, int, int]:
        status = Path("/proc/self/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), int(resident.split()[1])

    with PrivatePcscd() as daemon, reader_on(daemon.socket_path) as (reader, seen):
        card = sim_card()
        before = now()
        for round_ in range(rounds):
            if round_ == min(20, rounds // 2):
                before = now()
            daemon.insert(card)
            seen.until(SlotState.PRESENT)
            connection = reader.connect()
            assert connection.transmit(TRIES).sw == 0x63C3
            connection.close()
            daemon.remove()
            seen.until(SlotState.EMPTY)
        after = now()
        assert sum(event.state is SlotState.PRESENT for event in seen.events) == rounds
        assert seen.events[-1].insertion == rounds
    return after[0] - before[0], after[1] - before[1], after[2] - before[2]


def test_twenty_insertions_leave_nothing_behind() -> None:
    descriptors, threads, memory_kib = grown(20)
    assert (descriptors, threads) == (0, 0)
    assert memory_kib < 4096


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_a_thousand_insertions_leave_nothing_behind() -> None:
    descriptors, threads, memory_kib = grown(1000)
    assert (descriptors, threads) == (0, 0)
    assert memory_kib < 8192


def test_a_daemon_that_hangs_is_restarted_by_the_helper_and_the_reader_comes_back() -> None:
    """The last rungs of the ladder: a fresh child first, then the service."""
    calls: list[str] = []
    with PrivatePcscd() as daemon:

        def helper() -> None:
            calls.append("restart")
            daemon.restart()

        patience = Patience(child_s=2.0, service_s=5.0)
        reader = PcscReader("Kiosk Citizen", daemon.socket_path, restart_service=helper, patience=patience)
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
