"""`kiosk bench`: terminal, simulated devices, gateway, cable, sync service, touchscreen and panel, from start to end.

One process runs Kivy on the main thread, the terminal's runtime in its thread and the HTTP interface in another. The
gateway and the sync service are child processes; everything between them and the terminal goes through the cable.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from types import FrameType

from drivers.sim.cards.issuer import CardAuthority
from kiosk import settings as settings_file
from kiosk.bench.adapters.devices import STACKS, BenchDevices
from kiosk.bench.adapters.gateway import CableNetwork
from kiosk.bench.adapters.log import BenchLog
from kiosk.bench.adapters.screen import KivyScreen
from kiosk.bench.adapters.speech import Listener
from kiosk.bench.adapters.terminal import MovableClock, TerminalAdapter
from kiosk.bench.cable import Cable
from kiosk.bench.ports import BenchError, BenchPorts
from kiosk.bench.processes.children import Child, kiosk_command
from kiosk.bench.processes.gateway import GatewayHandle, join, operator_view, start_gateway
from kiosk.bench.server import BenchServer, build_app
from kiosk.clock import SystemClock
from kiosk.personas import load_personas
from kiosk.settings import Settings
from kiosk.terminal import Terminal
from offline_cache import state as states

FIRST_SCREEN_TIMEOUT_S = 60.0
LANDSCAPE = (1920, 1080)
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
    ending = Ending()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ending.on_signal)
    with ExitStack() as stack:
        state = _state_folder(options, stack)
        _World(options, state, ending, stack).run()
    return ending.code


def _state_folder(options: BenchOptions, stack: ExitStack) -> Path:
    if options.state is not None:
        options.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        return options.state.resolve()
    folder = Path(tempfile.mkdtemp(prefix="kiosk-bench."))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


class _World:
    """Everything of one bench. Each part, as it starts, leaves on `stack` how it ends."""

    def __init__(self, options: BenchOptions, state: Path, ending: Ending, stack: ExitStack) -> None:
        self._options = options
        self._state = state
        self._ending = ending
        self._stack = stack
        self._settings = _settings(options)
        self._listener = Listener()

    def run(self) -> None:
        """Start part after part, show the screen until the end is asked for, then end part after part."""
        screen = KivyScreen(
            (self._settings.width, self._settings.height),
            headless=self._options.headless,
            kivy_home=self._state / "kivy",
            keypad_keys=self._settings.keypad_keys,
        )
        self._ending.when_asked(screen.stop)
        authority = CardAuthority.load_or_create(self._state / "card-authority")
        gateway = self._gateway(authority)
        cable = self._cable(gateway)
        join(gateway, self._state, f"https://127.0.0.1:{cable.port}")
        self._sync()
        devices = self._devices(authority)
        clock = SystemClock()
        terminal, log = self._terminal(devices, clock, screen)
        outbox = states.open_reader(self._state)
        self._stack.callback(outbox.close)
        ports = BenchPorts(
            screen=screen,
            terminal=TerminalAdapter(terminal, screen.on_glass, outbox),
            tray=devices.tray,
            paper=devices.paper,
            network=CableNetwork(cable),
            gateway=operator_view(gateway, self._state),
            faults=devices.faults,
            clock=MovableClock(clock, terminal),
            log=log,
            speech=self._listener,
        )
        server = BenchServer(build_app(ports), self._options.port)
        self._stack.callback(server.close)
        server.start()
        if self._ending.asked:
            return
        threading.Thread(target=self._announce, args=(screen, server), name="announce", daemon=True).start()
        screen.run(terminal.send)

    def _announce(self, screen: KivyScreen, server: BenchServer) -> None:
        """Say `ready` once the first screen is on the glass; the HTTP interface answers already."""
        if not screen.drawn(FIRST_SCREEN_TIMEOUT_S):
            print("no screen was drawn; the bench ends", file=sys.stderr, flush=True)
            self._ending.ask(1)
            return
        print(f"ready {server.url}", flush=True)

    def _gateway(self, authority: CardAuthority) -> GatewayHandle:
        if self._options.gateway is not None:
            return GatewayHandle(self._options.gateway.rstrip("/"), None, None)
        handle = start_gateway(self._state / "gateway", authority.trusted_pem, self._ending.on_death)
        if handle.child is not None:
            self._stack.callback(handle.child.end)
        return handle

    def _cable(self, gateway: GatewayHandle) -> Cable:
        host, port = gateway.address
        cable = Cable(port, target_host=host)
        cable.start()
        self._stack.callback(cable.close)
        return cable

    def _sync(self) -> None:
        child = Child(
            "sync",
            kiosk_command("sync", "run", "--state", str(self._state)),
            output=self._state / "sync.out",
            on_death=self._ending.on_death,
        )
        self._stack.callback(child.end)

    def _devices(self, authority: CardAuthority) -> BenchDevices:
        people = load_personas(resources.files("assets").joinpath("city", "personas.toml").read_bytes())
        devices = STACKS[self._options.stack](self._state, people, authority, self._settings.printer_model)
        self._stack.callback(devices.close)
        return devices

    def _terminal(self, devices: BenchDevices, clock: SystemClock, screen: KivyScreen) -> tuple[Terminal, BenchLog]:
        terminal = Terminal(
            self._settings, self._state, devices.for_terminal, clock, screen.show, engine=self._listener.engine
        )
        screen.on_touched = terminal.hush
        log = BenchLog(clock.wall_ms, lambda: terminal.log.recent)
        terminal.start()
        self._stack.callback(terminal.stop)
        return terminal, log


def _settings(options: BenchOptions) -> Settings:
    """The settings file, with the size that was asked for. Raises `BenchError`."""
    try:
        loaded = settings_file.load(options.config)
    except settings_file.SettingsInvalid as error:
        raise BenchError(error.code, str(error), "Correct the file given with --config.", 500) from error
    if options.config is None:
        loaded = replace(loaded, network_probe_s=PROBE_S)
    if options.landscape:
        return replace(loaded, width=LANDSCAPE[0], height=LANDSCAPE[1])
    return loaded
