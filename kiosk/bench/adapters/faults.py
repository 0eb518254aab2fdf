"""What can go wrong with the simulated devices, at a press of the tester."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

from drivers.sim.cards.pcscd import PrivatePcscd
from drivers.sim.cards.reader import SimReader
from drivers.sim.printer import SimPrinter
from kiosk.bench.adapters.cards import Tray
from kiosk.bench.ports import BenchError, FaultOffer, FaultView

UNPLUG = "unplug"
HELD = "held"
PRINTER_FAULTS = (
    "paper-out", "near-end", "cover-open", "mute", UNPLUG, "power-off", "power-cycle", "cutter-jam", "head-hot",
    "unrecoverable", "no-markers", "slow", "noise", "lying",
)  # fmt: skip
MOUTH_FAULTS = ("presenter-jam",)
"""Only a printer that presents its tickets has these."""
TWIN_NAMES = {UNPLUG: "unplugged"}
"""Where the printer's twin has another name for a fault than the bench has for all devices."""
PASSING = frozenset({"noise", "power-cycle"})
"""Faults that end by themselves."""


class PlainFaults(Protocol):
    """The faults of one device that strike at once."""

    def offers(self) -> Sequence[str]: ...

    def active(self) -> Sequence[str]: ...

    def set(self, fault: str) -> None: ...

    def clear(self, fault: str) -> None: ...


class SimReaderFaults:
    """The reader in process: its cable pulled, or another program holding the card."""

    def __init__(self, reader: SimReader) -> None:
        self._reader = reader
        self._active: list[str] = []

    def offers(self) -> Sequence[str]:
        return (UNPLUG, HELD)

    def active(self) -> Sequence[str]:
        return tuple(self._active)

    def set(self, fault: str) -> None:
        if fault in self._active:
            return
        if fault == UNPLUG:
            self._reader.unplug()
        else:
            self._reader.hold(held=True)
        self._active.append(fault)

    def clear(self, fault: str) -> None:
        if fault not in self._active:
            return
        self._active.remove(fault)
        if fault == UNPLUG:
            self._reader.plug()
        else:
            self._reader.hold(held=False)


class PcscReaderFaults:
    """The reader behind a private pcscd: the daemon is killed, and the reader is gone with it. Cards fall out."""

    def __init__(self, daemon: PrivatePcscd, tray: Tray) -> None:
        self._daemon = daemon
        self._tray = tray
        self._down = False

    def offers(self) -> Sequence[str]:
        return (UNPLUG,)

    def active(self) -> Sequence[str]:
        return (UNPLUG,) if self._down else ()

    def set(self, fault: str) -> None:
        del fault
        self._daemon.kill()
        self._tray.fell_out()
        self._down = True

    def clear(self, fault: str) -> None:
        del fault
        if self._down:
            self._daemon.start()
            self._down = False


class DeviceFaults:
    """The `Faults` port: `reader`, `printer`, and what is added. For the printer `after` counts printed lines."""

    def __init__(self, reader: PlainFaults, printer: SimPrinter) -> None:
        self._plain: dict[str, PlainFaults] = {"reader": reader}
        self._printer = printer
        self._waiting: list[FaultView] = []
        self._lock = threading.RLock()

    def add(self, device: str, faults: PlainFaults) -> None:
        """Offer the faults of one more device."""
        self._plain[device] = faults

    def offers(self) -> Sequence[FaultOffer]:
        return [
            *(FaultOffer(device, fault) for device, one in self._plain.items() for fault in one.offers()),
            *(FaultOffer("printer", fault, counted=True) for fault in PRINTER_FAULTS),
            *(FaultOffer("printer", fault, counted=True) for fault in MOUTH_FAULTS if self._printer.presenter),
        ]

    def active(self) -> Sequence[FaultView]:
        with self._lock:
            now = {_bench_name(fault) for fault in self._printer.faults}
            waiting = [fault for fault in self._waiting if fault.fault not in now]
            return [
                *(FaultView(device, fault) for device, one in self._plain.items() for fault in one.active()),
                *(FaultView("printer", fault) for fault in sorted(now)),
                *waiting,
            ]

    def set(self, device: str, fault: str, after: int | None) -> None:
        with self._lock:
            offer = self._known(device, fault)
            if after is not None and not offer.counted:
                raise BenchError("fault-not-counted", f"{fault} of the {device} strikes at once.", "Leave after out.")
            if device in self._plain:
                self._plain[device].set(fault)
                return
            self._printer.set_fault(TWIN_NAMES.get(fault, fault), after_lines=after)
            if after is not None and fault not in PASSING:
                self._waiting.append(FaultView(device, fault, after))

    def clear(self, device: str | None, fault: str | None) -> None:
        with self._lock:
            if device is not None and fault is not None:
                self._known(device, fault)
            elif device is not None:
                self._known_device(device)
            for name, plain in self._plain.items():
                for one in plain.active() if device in (None, name) else ():
                    if fault in (None, one):
                        plain.clear(one)
            if device in (None, "printer"):
                self._printer.clear_fault(fault and TWIN_NAMES.get(fault, fault))
                self._waiting = [one for one in self._waiting if fault is not None and one.fault != fault]

    def _known_device(self, device: str) -> None:
        devices = {offer.device for offer in self.offers()}
        if device not in devices:
            raise BenchError(
                "no-such-device", "The bench has no such device.", f"Known: {', '.join(sorted(devices))}.", 404
            )

    def _known(self, device: str, fault: str) -> FaultOffer:
        self._known_device(device)
        offers = {offer.fault: offer for offer in self.offers() if offer.device == device}
        if fault not in offers:
            raise BenchError("no-such-fault", f"The {device} has no such fault.", f"Known: {', '.join(offers)}.", 404)
        return offers[fault]


def _bench_name(fault: str) -> str:
    return next((name for name, twin in TWIN_NAMES.items() if twin == fault), fault)
