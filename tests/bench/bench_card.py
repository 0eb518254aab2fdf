"""How long the card's part of a visit takes: the terminal's way against bare PC/SC, in the same run.

The terminal's way is `PcscReader` and the citizen profile: open, recognise, read, close. A read is the card's file and
the holder's; a visit asks the try counter and presents the PIN between them. Bare PC/SC is the very same APDUs through
`smartcard.scard` in this process. Both talk to the same simulated card on the same private pcscd, in turn, so the ratio
holds whatever else the machine does. The target is for a card that takes `CARD_MS` for an answer, which is quick for a
card with contacts. One that answers at once exists nowhere but here and shows the child process at its worst: on a
quiet machine its ratio is below the target too, on a busy one it tells of the scheduler. Run:
`python -m tests.bench.bench_card`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from drivers.api import CardConnection, Response, SlotEvent, SlotState
from drivers.cards.registry import recognise
from drivers.readers import wire
from drivers.readers.pcsc import PcscReader
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.pcscd import PrivatePcscd
from tests.bench.figures import Figure, Figures
from tests.cards import PIN, Contacts, sim_card

ROUNDS = 150
WARM_UP = 5
CARD_MS = 5
TARGET = 1.15
PIPES = 3.0
TURNS = 24
LEAST_APDUS = 15
"""SELECT 1, records of EF05 5, try counter 1, VERIFY 1, records of EF06 7: one READ RECORD brings one record."""
POLLING_MS = 400.0
"""How often pcscd 1.9.9 looks at a slot (STATUS_POLLING_INTERVAL)."""
EVENT_EXTRA_MS = 50.0
INSERTIONS = 15
TRIES = bytes.fromhex("00200000")

ECHO = """
import os, sys
from drivers.readers import wire
buffer = bytearray()
while data := os.read(0, 65536):
    buffer += data
    while (request := wire.take_frame(buffer)) is not None:
        os.write(1, wire.frame(wire.DONE, b"\\x63\\xc3"))
"""


def visit(connection: CardConnection) -> str:
    """What the terminal does from card in to hello by name; returns the name."""
    card = recognise(connection)
    card.read_facts()
    card.tries_left()
    card.verify_pin(PIN)
    return card.read_holder().name


def read(connection: CardConnection) -> str:
    """Read the card and its holder; returns the name."""
    card = recognise(connection)
    card.read_facts()
    return card.read_holder().name


Way = Callable[[CardConnection], str]


def recorded(card: SimCard, way: Way = visit) -> list[bytes]:
    """Return the APDUs of one visit, or read, as they reach the card."""
    contacts = Contacts(card.process)
    way(contacts)
    card.reset()
    return contacts.sent


def bare(reader: str, apdus: list[bytes]) -> float:
    """Send these APDUs with nothing in between; return milliseconds from open to close."""
    from smartcard import scard

    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    _check(result)
    began = time.perf_counter()
    result, handle, protocol = scard.SCardConnect(
        context, reader, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
    )
    _check(result)
    pci = scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1
    for apdu in apdus:
        result, answer = scard.SCardTransmit(handle, pci, list(apdu))
        _check(result)
        Response(bytes(answer[:-2]), answer[-2] << 8 | answer[-1])
    _check(scard.SCardDisconnect(handle, scard.SCARD_UNPOWER_CARD))
    took = (time.perf_counter() - began) * 1000
    scard.SCardReleaseContext(context)
    return took


def _check(result: int) -> None:
    if result:
        raise SystemExit(f"bare PC/SC failed: {result & 0xFFFFFFFF:08X}")


def terminal(reader: PcscReader, way: Way) -> float:
    """One visit, or read, through the terminal's own layers; return milliseconds from open to close."""
    began = time.perf_counter()
    connection = reader.connect()
    way(connection)
    connection.close()
    return (time.perf_counter() - began) * 1000


class Slot:
    """A private pcscd, a reader that reports, and the moments at which it did."""

    def __init__(self) -> None:
        self.daemon = PrivatePcscd()
        os.environ.update(self.daemon.environment)
        self.reader = PcscReader("Kiosk Citizen", self.daemon.socket_path)
        self._changed = threading.Condition()
        self._state: tuple[SlotState, float] | None = None
        self.reader.start(self._record)
        self.until(SlotState.EMPTY)

    def _record(self, event: SlotEvent) -> None:
        with self._changed:
            self._state = (event.state, time.perf_counter())
            self._changed.notify_all()

    def until(self, state: SlotState) -> float:
        with self._changed:
            if not self._changed.wait_for(lambda: self._state is not None and self._state[0] is state, 15):
                raise SystemExit(f"the slot never became {state}")
            assert self._state is not None
            return self._state[1]

    def put(self, card: SimCard) -> None:
        self.daemon.insert(card)
        self.until(SlotState.PRESENT)

    def pull(self) -> None:
        self.daemon.remove()
        self.until(SlotState.EMPTY)

    def close(self) -> None:
        self.reader.close()
        self.daemon.stop()


def visits(slot: Slot, card: SimCard, rounds: int, way: Way = visit) -> tuple[float, float]:
    """Return the medians of bare PC/SC and the terminal, in turn, in milliseconds."""
    apdus = recorded(card, way)
    slot.put(card)
    ways: dict[str, Callable[[], float]] = {
        "bare": lambda: bare(slot.reader.name, apdus),
        "terminal": lambda: terminal(slot.reader, way),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + WARM_UP):
        for name, timed in ways.items():
            taken[name].append(timed())
    slot.pull()
    return statistics.median(taken["bare"][WARM_UP:]), statistics.median(taken["terminal"][WARM_UP:])


def one_apdu(slot: Slot, rounds: int) -> dict[str, list[float]]:
    """Return one APDU in microseconds, turn by turn the median of `rounds`: bare, through the child, and a bare pipe's
    round trip beside them. What else the machine does falls on all three of a turn."""
    from smartcard import scard

    slot.put(sim_card())
    echo = subprocess.Popen([sys.executable, "-c", ECHO], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert echo.stdin is not None
    assert echo.stdout is not None
    request, taken = wire.frame(wire.TRANSMIT, TRIES), dict[str, list[float]](bare=[], child=[], pipe=[])
    turns = dict[str, list[float]](bare=[], child=[], pipe=[])
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    for _ in range(TURNS):
        _, handle, _ = scard.SCardConnect(context, slot.reader.name, scard.SCARD_SHARE_EXCLUSIVE, 3)
        for _ in range(rounds):
            began = time.perf_counter()
            scard.SCardTransmit(handle, scard.SCARD_PCI_T0, [*TRIES, 0])
            taken["bare"].append(time.perf_counter() - began)
        scard.SCardDisconnect(handle, scard.SCARD_UNPOWER_CARD)
        connection = slot.reader.connect()
        for _ in range(rounds):
            began = time.perf_counter()
            connection.transmit(TRIES)
            taken["child"].append(time.perf_counter() - began)
        connection.close()
        for _ in range(rounds):
            began = time.perf_counter()
            echo.stdin.write(request)
            echo.stdout.read(65536)
            taken["pipe"].append(time.perf_counter() - began)
        for name, times in taken.items():
            turns[name].append(statistics.median(times) * 1e6)
            times.clear()
    scard.SCardReleaseContext(context)
    echo.stdin.close()
    echo.wait(10)
    echo.stdout.close()
    slot.pull()
    return turns


def insertions(slot: Slot, count: int) -> list[float]:
    """Return how long it took from the card in the slot to the event, in milliseconds."""
    taken: list[float] = []
    for _ in range(count):
        slot.daemon.insert(sim_card())
        began = time.perf_counter()
        taken.append((slot.until(SlotState.PRESENT) - began) * 1000)
        slot.pull()
    return taken


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return every figure; times of visits in milliseconds."""
    slot = Slot()
    try:
        reads = visits(slot, sim_card(), rounds, read)
        instant = visits(slot, sim_card(), rounds)
        slow_reads = visits(slot, sim_card(quirks={"answer_delay_ms": CARD_MS}), max(5, rounds // 10), read)
        slow = visits(slot, sim_card(quirks={"answer_delay_ms": CARD_MS}), max(5, rounds // 10))
        single = one_apdu(slot, max(5, rounds // 3))
        over = [child - bare for child, bare in zip(single["child"], single["bare"], strict=True)]
        pipes = sorted(one / pipe for one, pipe in zip(over, single["pipe"], strict=True))
        events = insertions(slot, INSERTIONS)
    finally:
        slot.close()
    return {
        "apdus": len(recorded(sim_card())),
        "slow_read_bare_ms": slow_reads[0],
        "slow_read_terminal_ms": slow_reads[1],
        "slow_read_ratio": slow_reads[1] / slow_reads[0],
        "read_bare_ms": reads[0],
        "read_terminal_ms": reads[1],
        "read_ratio": reads[1] / reads[0],
        "bare_ms": slow[0],
        "terminal_ms": slow[1],
        "ratio": slow[1] / slow[0],
        "instant_bare_ms": instant[0],
        "instant_terminal_ms": instant[1],
        "instant_ratio": instant[1] / instant[0],
        "pipe_us": statistics.median(single["pipe"]),
        "child_us": statistics.median(over),
        "pipes": statistics.median(pipes),
        "pipes_least": pipes[0],
        "pipes_most": pipes[-1],
        "event_median_ms": statistics.median(events),
        "event_least_ms": min(events),
        "event_longest_ms": max(events),
    }


WHY_CHILD = (
    "What goes beyond the pipe is Python's (a frame is packed and read, a deadline set), and one process more woken: "
    "a quiet machine gives 1.6 to 2, a busy one 5 and more."
)


def main() -> int:
    """Print the figures; exit code 1 where a target is missed."""
    figures = measure()
    told = Figures("card", "Reading a card", ("pyscard",))
    ways = {
        f"a citizen's card read, {CARD_MS} ms an answer / bare scard": ("slow_read_", TARGET),
        f"a visit with PIN, {CARD_MS} ms an answer / bare scard": ("", TARGET),
        "a read, a card that answers at once / bare scard": ("read_", None),
        "a visit, a card that answers at once / bare scard": ("instant_", None),
    }
    for what, (key, most) in ways.items():
        detail = f"{figures[key + 'terminal_ms']:.1f} ms, {figures[key + 'bare_ms']:.1f} ms"
        told.add(Figure(what, figures[key + "ratio"], most=most, detail=detail))
    told.add(Figure("APDUs of a visit", figures["apdus"], "", most=LEAST_APDUS, detail="the least that does it"))
    told.add(
        Figure("child process, one APDU / a bare pipe's round trip", figures["pipes"], most=PIPES, runs=TURNS,
               low=figures["pipes_least"], high=figures["pipes_most"],
               detail=f"{figures['child_us']:.0f} us over bare scard, {figures['pipe_us']:.0f} us",
               why=WHY_CHILD)
    )  # fmt: skip
    told.add(
        Figure("card in to event", figures["event_median_ms"], "ms", most=POLLING_MS + EVENT_EXTRA_MS,
               runs=INSERTIONS, high=figures["event_longest_ms"], low=figures["event_least_ms"],
               detail=f"pcscd looks every {POLLING_MS:.0f} ms")
    )  # fmt: skip
    return told.close()


if __name__ == "__main__":
    raise SystemExit(main())
