"""A whole visit from the first touch to the printer's word: where its time goes, against what its parts cannot beat.

The terminal's own threads, PC/SC in its child, the serial driver on a pty at 38,400 baud, the sealed outbox on disk.
The citizen's hand takes no time, and nothing draws (a frame: `bench_first_paint`). The network is down, as in
the promise that it makes no difference. Limits, measured in the same run: the same APDUs through bare PC/SC, the same
bytes on the wire, one durable row of plain SQLite for each entry.
Run: `python -m tests.bench.bench_visit`.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from drivers.api import CardConnection, SlotState
from drivers.cards.registry import recognise
from drivers.printers.models import model
from drivers.printers.serial_printer import SerialPrinter
from drivers.readers.pcsc import PcscReader
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.pcscd import PrivatePcscd
from drivers.sim.printer import SimPrinter
from drivers.sim.pty_link import PtyLink
from kiosk.bench.virtual.city import City
from kiosk.bench.virtual.eye import controls_of
from kiosk.clock import SystemClock
from kiosk.screen_model import ScreenModel
from kiosk.settings import Settings
from kiosk.terminal import Devices, Terminal
from kiosk.workers.online import OutboxStore
from offline_cache import state
from tests.bench.bench_card import bare, recorded
from tests.bench.figures import Figure, Figures
from tests.cards import PIN, sim_card
from tests.outbox_bench import enrol
from tests.outbox_gateway import ModelGateway

BAUD = 38_400
CARD_MS = 5
ROUNDS = 5
DEADLINE_S = 20.0
SERVICE, EVENT = "household-proof", "moved"


class Glass:
    """What the terminal shows, and a hand that presses as soon as it sees."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._screen: ScreenModel | None = None

    def show(self, model: ScreenModel) -> None:
        with self._changed:
            self._screen = model
            self._changed.notify_all()

    def until(self, seen: Callable[[ScreenModel], bool]) -> ScreenModel:
        """Wait until such a screen stands there."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._screen is not None and seen(self._screen), DEADLINE_S):
                raise SystemExit(f"{self._screen.name if self._screen else 'nothing'} stood there in the end")
            assert self._screen is not None
            return self._screen

    def on(self, *names: str) -> ScreenModel:
        return self.until(lambda screen: screen.name in names)


class Bench:
    """A terminal on real drivers, its simulated card and printer, and the limits of each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.daemon = PrivatePcscd()
        os.environ.update(self.daemon.environment)
        self.card = sim_card(CardAuthority.load_or_create(folder / "cards"), quirks={"answer_delay_ms": CARD_MS})
        self.sim = SimPrinter()
        self.link = PtyLink(self.sim, baud=BAUD)
        self.sent = 0
        self.glass = Glass()
        enrol(folder / "state", ModelGateway())
        city = City()
        city.up = False
        self.reader = PcscReader("Kiosk Citizen", self.daemon.socket_path)
        self.terminal = Terminal(
            Settings(),
            folder / "state",
            Devices(self.reader, SerialPrinter(self.link.port, model=model("epson-tm-t88"))),
            SystemClock(),
            self.glass.show,
            gateway=city,
            store=OutboxStore(state.open_writer(folder / "state"), "T0001", ""),
        )
        self.terminal.start()
        self.slot(SlotState.EMPTY)

    def slot(self, wanted: SlotState) -> None:
        self.glass.until(lambda _screen: self.terminal.runtime.session.world.slot is wanted)

    def press(self, name: str) -> None:
        """Press this control, by its id or its role, and wait until the terminal has taken it in."""
        screen = self.glass.until(lambda _screen: True)
        found = [one for one in controls_of(screen) if name in (one.id, one.role) and one.event is not None]
        if not found:
            raise SystemExit(f"no {name} on {screen.name}")
        assert found[0].event is not None
        self.terminal.send(found[0].event)
        self.terminal.settle(DEADLINE_S)

    def close(self) -> None:
        self.link.close()
        self.daemon.stop()


def card_in(bench: Bench) -> None:
    bench.daemon.insert(bench.card)
    bench.glass.on("pin")


def pin(bench: Bench) -> None:
    for digit in PIN:
        bench.press(f"pin.{digit}")
    bench.press("pin.ok")
    bench.glass.on("home")


def form(bench: Bench) -> None:
    for name in (f"event.{EVENT}", f"service.{SERVICE}", "primary", "primary"):
        bench.press(name)
    while bench.glass.on("form", "check").name != "check":
        screen = bench.glass.on("form")
        choice = next((one for one in controls_of(screen) if one.role == "choice"), None)
        if choice is not None:
            bench.press(choice.id)
        bench.press("primary")


def submit(bench: Bench) -> None:
    while bench.glass.until(lambda _screen: True).name == "check":
        bench.press("primary")
    bench.glass.on("saved")


def paper(bench: Bench) -> None:
    for name in ("primary", "receipt.paper", "primary"):
        bench.press(name)
    bench.glass.on("rating")
    printed = bench.terminal.runtime.session.printed
    bench.sent = printed.bytes_sent if printed is not None else 0


PHASES: dict[str, Callable[[Bench], None]] = {
    "card in to PIN pad": card_in,
    "PIN to hello": pin,
    "the form": form,
    "submit to saved": submit,
    "print to the printer's word": paper,
}


def visit(bench: Bench) -> dict[str, float]:
    """One visit; milliseconds by phase."""
    times: dict[str, float] = {}
    bench.glass.on("attract")
    for name in ("language.zh", "start.card"):
        bench.press(name)
    for phase, work in PHASES.items():
        began = time.perf_counter()
        work(bench)
        times[phase] = (time.perf_counter() - began) * 1000
    for name in ("rating.5", "primary"):
        bench.press(name)
    bench.glass.on("take-card")
    bench.daemon.remove()
    bench.glass.on("attract")
    return times


def limits(bench: Bench) -> dict[str, float]:
    """Milliseconds that the card, the wire and the disk need by themselves for the same."""
    apdus = recorded(bench.card, _whole)
    name = bench.reader.name
    bench.daemon.insert(bench.card)
    bench.slot(SlotState.PRESENT)
    bench.glass.on("start", "pin")
    bench.terminal.stop()  # it lets go of the card
    took = [bare(name, apdus) for _ in range(ROUNDS)]
    bench.daemon.remove()
    base = sqlite3.connect(bench.folder / "plain.db", isolation_level=None)
    base.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE entry(seq INTEGER, body BLOB)")
    rows: list[float] = []
    for _ in range(20):
        began = time.perf_counter()
        base.execute("INSERT INTO entry(body) VALUES (?)", (b"x" * 1500,))
        rows.append((time.perf_counter() - began) * 1000)
    base.close()
    return {"card": statistics.median(took), "wire": bench.sent * 10 / BAUD * 1000, "disk": statistics.median(rows)}


def _whole(connection: CardConnection) -> str:
    """What a whole visit asks of the card: who it is, PIN, holder, one signature."""
    card = recognise(connection)
    card.read_facts()
    card.tries_left()
    card.verify_pin(PIN)
    holder = card.read_holder()
    card.sign(bytes(32))
    return holder.name


def main() -> int:
    """Print the figures; they are told, not held: the parts have limits of their own in their own benchmarks."""
    told = Figures("visit", "A whole visit", ("pyscard", "pyserial"))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        try:
            visits = [visit(bench) for _ in range(ROUNDS + 1)][1:]
            parts = limits(bench)
        finally:
            bench.close()
    whole = [sum(times.values()) for times in visits]
    least = sum(parts.values())
    detail = ", ".join(f"{name} {ms:.0f} ms" for name, ms in parts.items())
    told.add(Figure("a visit's machine time / card + wire + disk", statistics.median(whole) / least, runs=ROUNDS,
                    low=min(whole) / least, high=max(whole) / least, detail=detail))  # fmt: skip
    for phase in PHASES:
        times = [one[phase] for one in visits]
        told.add(Figure(phase, statistics.median(times), "ms", runs=ROUNDS, low=min(times), high=max(times)))
    return told.close()


if __name__ == "__main__":
    sys.exit(main())
