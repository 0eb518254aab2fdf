"""The simulated printer in process: a `ReceiptPrinter` with the same job engine as on a serial port, and no port."""

from __future__ import annotations

import time
from collections.abc import Callable

from drivers.printers.journal import JobJournal
from drivers.printers.link import Deadlines, LinkLost, Transport
from drivers.printers.link_printer import LinkPrinter
from drivers.printers.models import Model
from drivers.printers.roll import RollKeeper
from drivers.sim.printer import SimPrinter


class SimTransport:
    """A cable of no length to a `SimPrinter`."""

    def __init__(
        self,
        sim: SimPrinter,
        clock: Callable[[], float] = time.monotonic,
        advance: Callable[[float], None] | None = None,
    ) -> None:
        """`advance` moves a test's clock instead of waiting. Raises `LinkLost` if the cable is out."""
        self._sim = sim
        self._clock = clock
        self._advance = advance
        self._check()

    def write(self, data: bytes) -> int:
        self._check()
        return self._sim.receive(data)

    def read(self) -> bytes:
        self._check()
        return self._sim.take_replies()

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        until = self._clock() + timeout_s
        with self._sim.changed:
            while True:
                self._sim.tick()
                if self._sim.has_replies or not self._sim.plugged or (to_write and self._sim.has_room):
                    return
                left = until - self._clock()
                if left <= 0:
                    return
                due = self._sim.next_due_s()
                step = left if due is None else min(left, max(due, 0.001))
                if self._advance is None:
                    self._sim.changed.wait(step)
                else:
                    self._advance(step)

    @property
    def queued(self) -> int:
        self._check()
        return 0

    @property
    def holds_back(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is held."""

    def _check(self) -> None:
        if not self._sim.plugged:
            raise LinkLost("the printer is unplugged")


class SimReceiptPrinter(LinkPrinter):
    """A `ReceiptPrinter` on a `SimPrinter` in the same process."""

    def __init__(
        self,
        sim: SimPrinter,
        *,
        model: Model | None = None,
        journal: JobJournal | None = None,
        deadlines: Deadlines | None = None,
        clock: Callable[[], float] = time.monotonic,
        advance: Callable[[float], None] | None = None,
        roll: RollKeeper | None = None,
    ) -> None:
        """`clock` must be the printer's own; with `advance` nothing waits for real time."""

        def open_link() -> Transport:
            return SimTransport(sim, clock, advance)

        super().__init__(
            "sim:printer",
            open_link,
            model=model,
            journal=journal,
            deadlines=deadlines,
            clock=clock,
            roll=roll,
        )
