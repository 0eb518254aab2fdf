"""`kiosk run`: the terminal on real devices, or on simulated ones without the bench around them."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from kiosk.cli.running.next_steps import NEXT
from kiosk.cli.running.site import in_force, state_dir

if TYPE_CHECKING:
    from kiosk.events import Event
    from kiosk.screen_model import ScreenModel
    from kiosk.settings import Settings
    from kiosk.terminal import Devices, Terminal
    from kiosk.ui.app import TerminalApp
    from kiosk.workers.writing import Writers

_T = TypeVar("_T")


FREE_SCREENS = frozenset(["attract", "out-of-service"])
"""While one of these stands, nobody is at the terminal."""
VISIT = "visit"
"""What systemd is told else (`systemctl status kiosk`): no update begins then (`provisioning/updating/apply.py`)."""


class DeviceKind(StrEnum):
    REAL = "real"
    SIM = "sim"


class StartRefused(Exception):
    """The terminal cannot start. `code` says why, in kebab-case; the text says the next step."""

    def __init__(self, error: Exception | str, code: str) -> None:
        self.code = code
        super().__init__(str(error))


def run(
    state: Path | None = None,
    config: Path | None = None,
    devices: DeviceKind = DeviceKind.REAL,
    *,
    windowed: bool = False,
    headless: bool = False,
) -> None:
    """Run the terminal until it is told to end (SIGTERM, Ctrl-C).

    Args:
        state: the state folder; None: the platform's.
        config: the settings file; None: every setting has its default.
        devices: real ones, or empty simulated ones.
        windowed: in a window instead of the whole screen.
        headless: draw without a display.

    Raises:
        StartRefused: with the code of what a part of the terminal refused.
    """
    gc.disable()  # what is imported now stays for ever; the app collects again once the first screen stands
    folder, settings = _given(state, config)
    writers = _meanwhile(_writers)
    terminals: list[Terminal] = []

    def send(event: Event) -> None:
        for terminal in terminals:
            terminal.send(event)

    def touched() -> None:
        for terminal in terminals:
            terminal.hush()

    pulse = Pulse(os.environ)
    app = open_app(
        settings,
        send,
        touched,
        fullscreen=not windowed,
        headless=headless,
        beat=lambda: pulse.beat(drawn=app.bridge.version > 0, free=app.bridge.screen_name in FREE_SCREENS),
    )

    def show(model: ScreenModel) -> None:
        app.bridge.show(model)

    def end(_number: int, _frame: FrameType | None) -> None:
        app.bridge.stop()

    terminals.append(_terminal(devices, settings, folder, show, app.bridge.stop, config, writers))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    from kiosk.ui.letters import FontsMissingError

    terminals[0].start()
    try:
        app.run()
    except FontsMissingError as error:
        raise StartRefused(error, error.code) from None
    finally:
        pulse.stopping()
        terminals[0].stop()


def _given(state: Path | None, config: Path | None) -> tuple[Path, Settings]:
    """The state folder and the settings in force. Raises `StartRefused`."""
    from kiosk.settings import SettingsInvalid
    from offline_cache.errors import CacheError

    try:
        folder = state_dir(state)
        return folder, in_force(folder, config)
    except OSError as error:
        told = f"the state folder {error.filename} cannot be used: {error.strerror}"
        raise StartRefused(told, "state-denied" if isinstance(error, PermissionError) else "storage-failed") from None
    except (SettingsInvalid, CacheError) as error:
        raise StartRefused(error, error.code) from None


def _terminal(
    kind: DeviceKind,
    settings: Settings,
    folder: Path,
    show: Callable[[ScreenModel], None],
    restart: Callable[[], None],
    config: Path | None,
    writers: Callable[[], Writers],
) -> Terminal:
    """The terminal on its devices, with sound, voice, pinyin and handwriting. Raises `StartRefused`.

    `restart` ends the program; `kiosk.service` starts it again (Restart=always).
    """
    from drivers.errors import DriverError
    from kiosk.clock import SystemClock
    from kiosk.speech.espeak import EspeakEngine
    from kiosk.speech.switches import SwitchJack
    from kiosk.terminal import Terminal
    from kiosk.ui.earcons import Player
    from kiosk.upkeep.setup.side import site_at, with_setup
    from kiosk.upkeep.side import staff_side, technicians_of
    from offline_cache.disk.clock import SystemClock as OutboxClock
    from offline_cache.errors import CacheError
    from offline_cache.joining.site import beside

    sounds = Player(folder / "sounds")
    clock = SystemClock()
    engine = EspeakEngine(sounds.files, settings.speech_device, settings.speech_variant)
    try:
        devices = open_devices(kind, settings, folder)
        return Terminal(
            settings,
            folder,
            devices,
            clock,
            show,
            play=sounds.play,
            engine=engine,
            jack=SwitchJack(),
            writers=writers(),
            staff=with_setup(
                staff_side(folder, clock, restart),
                folder,
                site_at(beside(config)),
                devices.reader,
                engine,
                OutboxClock(),
                partial(technicians_of, folder, clock),
            ),
        )
    except (CacheError, DriverError) as error:
        raise StartRefused(error, error.code) from None


def _writers() -> Writers:
    from kiosk.workers.writing import open_writers

    return open_writers(partial(print, file=sys.stderr))


def _meanwhile(job: Callable[[], _T]) -> Callable[[], _T]:
    """Do a job in a thread of its own; the function returned waits for it and returns what it made, or raises.

    Libraries in C that read their dictionaries leave Python to the main thread, which has modules to import.
    """
    made: list[_T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            made.append(job())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            failed.append(error)

    thread = threading.Thread(target=work, name="meanwhile", daemon=True)
    thread.start()

    def wait() -> _T:
        thread.join()
        if failed:
            raise failed[0]
        return made[0]

    return wait


class Pulse:
    """Tells systemd from the touchscreen's own loop that the terminal is up and lives: a loop that hangs says nothing.

    READY comes with the first screen, not before. Nobody but that loop calls `beat`: when the watchdog's time has
    passed without a word, systemd ends the process and starts it again; a card in the slot is then met as if put in.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        from offline_cache.disk.clock import SystemClock
        from offline_cache.notify import Notifier

        self._notifier = Notifier(environ, SystemClock())
        self._told = False
        self._free = True

    def beat(self, *, drawn: bool, free: bool = True) -> None:
        """A turn of the loop; `drawn`: the first screen stands; `free`: nobody is at it, so an update may begin."""
        if drawn and not self._told:
            self._told = True
            self._notifier.ready()
        if self._told:
            self._notifier.beat()
            if free != self._free:
                self._free = free
                self._notifier.status("waiting" if free else VISIT)

    def stopping(self) -> None:
        """The loop has ended because it was told to."""
        self._notifier.stopping()


def open_app(
    settings: Settings,
    send: Callable[[Event], None],
    touched: Callable[[], None],
    *,
    fullscreen: bool,
    headless: bool,
    beat: Callable[[], None] | None = None,
) -> TerminalApp:
    """Return the touchscreen as the settings want it; raises `StartRefused` where the keypad's map cannot be read."""
    from kiosk.ui.app import TerminalApp
    from kiosk.ui.glass.keypad import KeypadInvalid

    try:
        return TerminalApp(
            size=(settings.width, settings.height),
            send=send,
            headless=headless or None,
            fullscreen=fullscreen,
            touched=touched,
            keypad_keys=settings.keypad_keys,
            beat=beat,
        )
    except KeypadInvalid as error:
        raise StartRefused(error, error.code) from None


def open_devices(kind: DeviceKind, settings: Settings, folder: Path) -> Devices:
    """Return the devices of this terminal. Raises `DriverError` leaves."""
    from kiosk.terminal import Devices
    from kiosk.workers.sheets import open_queue

    if kind is DeviceKind.SIM:
        from drivers.sim.cards.reader import SimReader
        from drivers.sim.printer import SimPrinter
        from drivers.sim.printer_link import SimReceiptPrinter

        return Devices(SimReader("Kiosk Citizen"), SimReceiptPrinter(SimPrinter()), open_queue(settings.a4_queue))
    from drivers.printers.journal import JobJournal
    from drivers.printers.models import model
    from drivers.printers.roll import ROLL_FILE, RollKeeper
    from drivers.printers.serial_printer import SerialPrinter
    from drivers.readers.pcsc import PcscReader
    from drivers.readers.sdt_serial import SdtReader
    from drivers.readers.service_helper import restarter

    printer = SerialPrinter(
        settings.printer_port,
        model=model(settings.printer_model),
        baud=settings.printer_baud,
        journal=JobJournal(folder / "print-journal.db"),
        roll=RollKeeper(folder / ROLL_FILE),
    )
    reader = PcscReader(
        settings.reader_name,
        os.environ.get("PCSCLITE_CSOCK_NAME"),
        other=settings.technician_reader_name,
        restart_service=restarter(Path(settings.reader_helper)) if settings.reader_helper else None,
    )
    behind = settings.technician_reader_name
    own_slot = PcscReader(behind, os.environ.get("PCSCLITE_CSOCK_NAME")) if behind else None
    port = settings.identity_reader_port
    return Devices(reader, printer, open_queue(settings.a4_queue), own_slot, SdtReader(port) if port else None)


def main() -> None:
    """What `kiosk.service` starts (`python -m kiosk.cli.run`): `kiosk run` by the environment alone.

    Without a command line there is nothing to parse, and what a parser imports costs a tenth of the terminal's start.
    """
    named = [os.environ.get(name) for name in ("KIOSK_STATE", "KIOSK_CONFIG")]
    state, config = (Path(value) if value else None for value in named)
    try:
        run(state, config)
    except StartRefused as refused:
        sys.exit("\n".join(filter(None, (f"{refused} [{refused.code}]", NEXT.get(refused.code)))))


if __name__ == "__main__":
    main()
