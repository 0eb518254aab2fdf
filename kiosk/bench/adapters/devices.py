"""The bench's simulated devices, in process (`sim`) or behind real stacks (`real`): the same twins at either seam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from drivers.errors import DriverError
from drivers.printers.journal import JobJournal
from drivers.printers.models import model
from drivers.printers.roll import ROLL_FILE, RollKeeper
from drivers.printers.serial_printer import SerialPrinter
from drivers.readers.pcsc import PcscReader
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.pcscd import PrivatePcscd
from drivers.sim.cards.reader import SimReader
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_condition import board_like
from drivers.sim.printer_link import SimReceiptPrinter
from drivers.sim.pty_link import PtyLink
from kiosk.bench.adapters.cards import Tray
from kiosk.bench.adapters.faults import DeviceFaults, PcscReaderFaults, SimReaderFaults
from kiosk.bench.adapters.identity import IdentityPad
from kiosk.bench.adapters.paper import PaperTray, RecordingPrinter
from kiosk.bench.ports import BenchError
from kiosk.personas import Persona
from kiosk.terminal import Devices

READER_NAME, OWN_READER_NAME = "Kiosk Citizen", "Kiosk Technician"
JOURNAL_FILE = "print-jobs.db"


@dataclass(frozen=True)
class BenchDevices:
    """What the terminal is given, and what the tester's hand holds."""

    for_terminal: Devices
    tray: Tray
    own_tray: Tray
    """The technicians' own slot."""
    identity: IdentityPad
    """The identity cards' reader, and what lies on it."""
    paper: PaperTray
    faults: DeviceFaults
    close: Callable[[], None]
    """Call after the terminal has stopped: it lets go of its side first."""


def with_identity(faults: DeviceFaults, pad: IdentityPad) -> DeviceFaults:
    """Offer the faults of the identity cards' reader too."""
    faults.add("identity", pad)
    return faults


def simulated(state: Path, personas: Sequence[Persona], authority: CardAuthority, printer_model: str) -> BenchDevices:
    """Reader and printer in this process; the printer is of that model. Raises `UnknownModel`."""
    chosen = model(printer_model)
    twin = SimPrinter(width_mm=chosen.width_mm, board=board_like(chosen))
    reader = SimReader(READER_NAME)
    journal, roll = JobJournal(state / JOURNAL_FILE), RollKeeper(state / ROLL_FILE)
    printer = RecordingPrinter(SimReceiptPrinter(twin, model=chosen, journal=journal, roll=roll), twin)
    own = SimReader(OWN_READER_NAME)
    tray = Tray(reader, personas, authority)
    pad = IdentityPad(personas)

    def close() -> None:
        pad.close()
        journal.close()

    return BenchDevices(
        for_terminal=Devices(reader, printer, own_slot=own, identity=pad),
        tray=tray,
        own_tray=Tray(own, personas, authority, tray.drawer),
        identity=pad,
        paper=PaperTray(twin, printer),
        faults=with_identity(DeviceFaults(SimReaderFaults(reader), twin), pad),
        close=close,
    )


@dataclass(frozen=True)
class _OtherSlot:
    """The hand's side of the second reader of the daemon."""

    daemon: PrivatePcscd

    def insert(self, card: SimCard) -> None:
        self.daemon.insert(card, OWN_READER_NAME)

    def remove(self) -> None:
        self.daemon.remove(OWN_READER_NAME)


def behind_real_stacks(
    state: Path, personas: Sequence[Persona], authority: CardAuthority, printer_model: str
) -> BenchDevices:
    """The same twins behind a private pcscd (PC/SC in a child process) and behind a pty (pyserial).

    Raises `BenchError` where pcscd or its virtual reader is not installed, `UnknownModel`.
    """
    try:
        daemon = PrivatePcscd((READER_NAME, OWN_READER_NAME))
    except DriverError as error:
        raise BenchError(error.code, f"{error}.", "Then start the bench again, or use --stack sim.", 500) from error
    chosen = model(printer_model)
    twin = SimPrinter(width_mm=chosen.width_mm, board=board_like(chosen))
    link = PtyLink(twin)
    journal, roll = JobJournal(state / JOURNAL_FILE), RollKeeper(state / ROLL_FILE)
    printer = RecordingPrinter(SerialPrinter(link.port, model=chosen, journal=journal, roll=roll), twin)
    tray = Tray(daemon, personas, authority)
    pad = IdentityPad(personas)

    def close() -> None:
        pad.close()
        daemon.stop()
        link.close()
        journal.close()

    return BenchDevices(
        for_terminal=Devices(
            PcscReader(READER_NAME, daemon.socket_path),
            printer,
            own_slot=PcscReader(OWN_READER_NAME, daemon.socket_path),
            identity=pad,
        ),
        tray=tray,
        own_tray=Tray(_OtherSlot(daemon), personas, authority, tray.drawer),
        identity=pad,
        paper=PaperTray(twin, printer),
        faults=with_identity(DeviceFaults(PcscReaderFaults(daemon, tray), twin), pad),
        close=close,
    )


STACKS = {"sim": simulated, "real": behind_real_stacks}
