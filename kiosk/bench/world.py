"""`kiosk bench` from start to end: its temporary folder, its signals, and the gateway, which is started first.

What the rest needs is imported while the gateway starts; see `assembly.py`.
"""

from __future__ import annotations

import gc
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from kiosk import settings as settings_file
from kiosk.bench.ports import IDENTITY_PORT, BenchError
from kiosk.bench.processes import janitor
from kiosk.bench.processes.alone import bind_loopback, hold_folder
from kiosk.bench.processes.gateway import OwnGateway
from kiosk.settings import Settings

ENROLMENT_FILE = "enrolment.json"
LANDSCAPE = (1920, 1080)
JANITOR_TIMEOUT_S = 5.0
APPLIANCE = Path("/etc/kiosk/appliance")
"""Where this file is, citizens stand before the screen: no bench starts there."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
PROBE_S = 1
"""A tester who cuts the network need not wait long until the terminal notices; `--config` decides otherwise."""


@dataclass(frozen=True)
class BenchOptions:
    """The options of `kiosk bench`; see its help."""

    headless: bool = False
    port: int = 0
    stack: str = "sim"
    gateway: str | None = None
    landscape: bool = False
    state: Path | None = None
    config: Path | None = None
    unenrolled: bool = False
    """The terminal has joined no gateway: it begins with commissioning."""
    office: str | None = None
    """Where the terminal stands, by the gateway's list of offices; empty: in the street; None: as the gateway says."""


class Ending:
    """The one way to end: the first reason counts. A signal is exit code 0, a dead child 1."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._stop: Callable[[], None] | None = None
        self.code = 0

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def when_asked(self, stop: Callable[[], None]) -> None:
        """Call `stop` when the end is asked for, or now where it was."""
        with self._lock:
            self._stop = stop
        if self.asked:
            stop()

    def ask(self, code: int = 0) -> None:
        """End. Later calls change nothing."""
        with self._lock:
            if self._asked.is_set():
                return
            self.code = code
            self._asked.set()
            stop = self._stop
        if stop is not None:
            stop()

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        del number
        # The handler interrupts the main thread anywhere, so the lock may be held by that very thread: use another.
        threading.Thread(target=self.ask, name="ending").start()

    def on_death(self, name: str, code: int, last_lines: str) -> None:
        """A child ended unasked."""
        print(f"{name} ended unasked with {code}; the bench ends.\n{last_lines}", file=sys.stderr, flush=True)
        self.ask(1)


def run_bench(options: BenchOptions) -> int:
    """Run until a signal or a dead child; return the exit code. Raises `BenchError` where something cannot start."""
    if APPLIANCE.exists():
        raise BenchError(
            "bench-on-appliance",
            f"This machine is an appliance ({APPLIANCE}): a bench would take its screen from citizens.",
            "Use another machine.",
            403,
        )
    gc.disable()  # what is made until the first screen stays; the application collects again a moment after it
    ending = Ending()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, ending.on_signal)
    settings = _settings(options)
    with ExitStack() as stack:
        folder = _temporary_folder(stack)
        listener = bind_loopback(options.port)
        stack.callback(listener.close)
        state = hold_folder(folder / "state" if options.state is None else options.state, stack)
        gateway = None
        if options.gateway is None:
            inviting = not (state / ENROLMENT_FILE).exists()
            gateway = OwnGateway(state / "gateway", ending.on_death, inviting=inviting, office=options.office)
            stack.callback(gateway.end)
        from kiosk.bench.assembly import World

        World(options, settings, state, ending, gateway, stack).run(listener)
    return ending.code


def _temporary_folder(stack: ExitStack) -> Path:
    """Everything temporary of the bench goes in here, and away with it, also when the bench is shot."""
    folder = Path(tempfile.mkdtemp(prefix="kiosk-bench."))
    command = [sys.executable, "-S", "-E", janitor.__file__, str(folder)]
    keeper = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own script
    assert keeper.stdin is not None
    stack.callback(keeper.wait, JANITOR_TIMEOUT_S)
    stack.callback(keeper.stdin.close)
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    stack.callback(setattr, tempfile, "tempdir", tempfile.tempdir)
    tempfile.tempdir = str(folder)
    return folder


def _settings(options: BenchOptions) -> Settings:
    """The settings file, with the size that was asked for. Raises `BenchError`."""
    try:
        loaded = settings_file.load(options.config)
    except settings_file.SettingsInvalid as error:
        raise BenchError(error.code, str(error), "Correct the file given with --config.", 500) from error
    if options.config is None:
        loaded = replace(loaded, network_probe_s=PROBE_S)
    loaded = replace(loaded, identity_reader_port=loaded.identity_reader_port or IDENTITY_PORT)
    if options.landscape:
        return replace(loaded, width=LANDSCAPE[0], height=LANDSCAPE[1])
    return loaded
