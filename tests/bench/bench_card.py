"""How long the card's part of a visit takes: the terminal's way against bare PC/SC, in the same run.

The terminal's way is `PcscReader` and the citizen profile: open, recognise, facts, tries left, PIN, holder, close. Bare
PC/SC is the very same APDUs through `smartcard.scard` in this process. Both talk to the same simulated card on the same
private pcscd, in turn, so the ratio holds whatever else the machine does. Run: `python -m tests.bench.bench_card`.
"""

from __future__ import annotations

import os
import statistics
import sys
import threading
import time
from collections.abc import Callable

from drivers.api import CardConnection, Response, SlotEvent, SlotState
from drivers.cards.registry import recognise
from drivers.readers.pcsc import PcscReader
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.pcscd import PrivatePcscd
from tests.cards import PIN, Contacts, sim_card

ROUNDS = 60
WARM_UP = 5
TARGET = 1.5
FRAME_MS = 1000 / 60
SCREEN_CHANGES = 2
"""Start to PIN, PIN to the hello."""


def visit(connection: CardConnection) -> str:
    """What the terminal does from card in to hello by name; returns the name."""
    card = recognise(connection)
    card.read_facts()
    card.tries_left()
    card.verify_pin(PIN)
    return card.read_holder().name


def recorded(card: SimCard) -> list[bytes]:
    """Return the APDUs of one visit, as they reach the card."""
    contacts = Contacts(card.process)
    visit(contacts)
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


def terminal(reader: PcscReader) -> float:
    """One visit through the terminal's own layers; return milliseconds from open to close."""
    began = time.perf_counter()
    connection = reader.connect()
    visit(connection)
    connection.close()
    return (time.perf_counter() - began) * 1000


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return medians in milliseconds, their ratio, and the number of APDUs."""
    with PrivatePcscd() as daemon:
        os.environ.update(daemon.environment)
        reader = PcscReader("Kiosk Citizen", daemon.socket_path)
        try:
            present = threading.Event()

            def on_change(event: SlotEvent) -> None:
                if event.state is SlotState.PRESENT:
                    present.set()

            reader.start(on_change)
            card = sim_card()
            apdus = recorded(card)
            daemon.insert(card)
            if not present.wait(10):
                raise SystemExit("the card was not seen")
            ways: dict[str, Callable[[], float]] = {
                "bare": lambda: bare(reader.name, apdus),
                "terminal": lambda: terminal(reader),
            }
            taken: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(rounds + WARM_UP):
                for name, way in ways.items():
                    taken[name].append(way())
        finally:
            reader.close()
    medians = {name: statistics.median(values[WARM_UP:]) for name, values in taken.items()}
    allowed = TARGET * medians["bare"] + SCREEN_CHANGES * FRAME_MS
    return {
        "apdus": len(apdus),
        "bare_ms": medians["bare"],
        "terminal_ms": medians["terminal"],
        "ratio": medians["terminal"] / medians["bare"],
        "allowed_ms": allowed,
    }


def main() -> int:
    """Print the figures; exit code 1 where the target is missed."""
    figures = measure()
    sys.stdout.write(
        f"card visit: {figures['apdus']:.0f} APDUs, bare scard {figures['bare_ms']:.2f} ms, "
        f"terminal {figures['terminal_ms']:.2f} ms, ratio {figures['ratio']:.2f}; "
        f"allowed to the hello {figures['allowed_ms']:.1f} ms "
        f"({TARGET} x bare + {SCREEN_CHANGES} frames)\n"
    )
    return 0 if figures["terminal_ms"] <= figures["allowed_ms"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
