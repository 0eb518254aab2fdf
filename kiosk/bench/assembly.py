"""The parts of a bench, put together: terminal, simulated devices, cable, sync service, touchscreen and panel.

One process runs Kivy on the main thread, the terminal's runtime in its thread and the HTTP interface in another. The
gateway and the sync service are child processes; everything between them and the terminal goes through the cable. The
window opens while the gateway is still starting.
"""

from __future__ import annotations

import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import replace
from importlib import resources
from pathlib import Path

from drivers.sim.cards.issuer import CardAuthority
from kiosk.bench.adapters.devices import STACKS, BenchDevices
from kiosk.bench.adapters.gateway import CableNetwork, OperatorView
from kiosk.bench.adapters.log import BenchLog
from kiosk.bench.adapters.phone import PagePhone
from kiosk.bench.adapters.screen import KivyScreen
from kiosk.bench.adapters.setup import AUTHORITY_FILE, fresh_side, site_of
from kiosk.bench.adapters.speech import Listener
from kiosk.bench.adapters.terminal import ClockFaults, MovableClock, TerminalAdapter
from kiosk.bench.cable import Cable
from kiosk.bench.options import BenchOptions
from kiosk.bench.ports import BenchPorts
from kiosk.bench.processes.children import Child, kiosk_command
from kiosk.bench.processes.ending import Ending
from kiosk.bench.processes.gateway import GatewayFaults, GatewayHandle, OwnGateway, join, lead_back, operator_token
from kiosk.bench.processes.technicians import GatewayOfficials, technician_card
from kiosk.bench.server import BenchServer, build_app
from kiosk.clock import SystemClock
from kiosk.events import Event
from kiosk.personas import load_personas
from kiosk.settings import Settings
from kiosk.terminal import StaffSide, Terminal
from kiosk.upkeep.side import staff_side
from kiosk.workers.sheets import open_queue
from kiosk.workers.writing import open_writers
from offline_cache import enrolment as enrolments
from offline_cache import state as states

FIRST_SCREEN_TIMEOUT_S = 60.0


class World:
    """Everything of one bench. Each part, as it starts, leaves on `stack` how it ends."""

    def __init__(
        self,
        options: BenchOptions,
        settings: Settings,
        state: Path,
        ending: Ending,
        own: OwnGateway | None,
        stack: ExitStack,
    ) -> None:
        self._options = options
        self._settings = settings
        self._state = state
        self._ending = ending
        self._own = own
        self._stack = stack
        self._listener = Listener()
        self._terminal: Terminal | None = None
        self._fresh: StaffSide | None = None
        """Staff mode that begins with commissioning, where the terminal is fresh."""

    def run(self, listener: socket.socket) -> None:
        """Show the screen and start part after part meanwhile, until the end is asked for; then end them all.

        `listener` is the panel's socket, bound. Raises `BenchError`.
        """
        screen = KivyScreen(
            (self._settings.width, self._settings.height),
            headless=self._options.headless,
            kivy_home=self._state / "kivy",
            keypad_keys=self._settings.keypad_keys,
        )
        self._ending.when_asked(screen.stop)
        # A thread that lives until everything has ended: children are tied to the thread that starts them.
        starter = ThreadPoolExecutor(1, "assembly")
        started = starter.submit(self._assemble, screen, listener)
        try:
            screen.run(self._send)
        finally:
            self._ending.ask()
            wait([started])
            self._stack.close()
            starter.shutdown()
        started.result()

    def _send(self, event: Event) -> None:
        if self._terminal is not None:
            self._terminal.send(event)

    def _assemble(self, screen: KivyScreen, listener: socket.socket) -> None:
        """Start the parts; what cannot start ends the bench. Raises `BenchError`."""
        try:
            server = BenchServer(build_app(self._parts(screen)), listener=listener)
            self._stack.callback(server.close)
            server.start()
            if not self._ending.asked:
                threading.Thread(target=self._announce, args=(screen, server), name="announce", daemon=True).start()
        except BaseException:
            self._ending.ask(1)
            raise

    def _parts(self, screen: KivyScreen) -> BenchPorts:
        authority = CardAuthority.load_or_create(self._state / "card-authority")
        devices = self._devices(authority)
        gateway = self._gateway(authority)
        devices.tray.drawer.technician = lambda: technician_card(gateway, self._state)
        cable = self._cable(gateway)
        clock = SystemClock()
        near = f"https://127.0.0.1:{cable.port}"
        if not self._options.unenrolled or enrolments.is_enrolled(self._state):
            join(gateway, self._state, near)
        self._stack.callback(lead_back, gateway, self._state, near)
        if self._options.unenrolled:
            site, reader = site_of(gateway, near), devices.for_terminal.reader
            engine = self._listener.engine
            self._fresh = fresh_side(self._state, site, reader, engine, clock, self._ending.ask)
        self._sync()
        terminal, log = self._start_terminal(devices, clock, screen)
        outbox = states.open_reader(self._state)
        self._stack.callback(outbox.close)
        moved = MovableClock(clock, terminal)
        devices.faults.add("clock", ClockFaults(moved))
        if self._own is not None:
            broken = GatewayFaults(self._own)
            self._stack.callback(broken.close)
            devices.faults.add("gateway", broken)
        return BenchPorts(
            screen=screen,
            terminal=TerminalAdapter(terminal, screen.on_glass, outbox),
            tray=devices.tray,
            own_tray=devices.own_tray,
            identity=devices.identity,
            paper=devices.paper,
            network=CableNetwork(cable),
            gateway=OperatorView(gateway.url, self._authority_file(gateway), operator_token(gateway)),
            faults=devices.faults,
            clock=moved,
            log=log,
            speech=self._listener,
            phone=PagePhone(self._authority_file(gateway)),
            officials=GatewayOfficials(
                gateway, self._state, self._authority_file(gateway), devices.tray.drawer.badge, near
            ),
        )

    def _authority_file(self, gateway: GatewayHandle) -> str:
        """By what the operator's view believes the gateway."""
        if gateway.folder is not None:
            return str(gateway.folder / AUTHORITY_FILE)
        return enrolments.load(self._state).ca_file

    def _announce(self, screen: KivyScreen, server: BenchServer) -> None:
        """Say `ready` once the first screen is on the glass; the HTTP interface answers already."""
        if not screen.drawn(FIRST_SCREEN_TIMEOUT_S):
            print("no screen was drawn; the bench ends", file=sys.stderr, flush=True)
            self._ending.ask(1)
            return
        print(f"ready {server.url}", flush=True)

    def _gateway(self, authority: CardAuthority) -> GatewayHandle:
        if self._own is None:
            assert self._options.gateway is not None
            return GatewayHandle(self._options.gateway.rstrip("/"), None)
        self._own.trust(authority.trusted_pem)
        return self._own.ready()

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

    def _start_terminal(
        self, devices: BenchDevices, clock: SystemClock, screen: KivyScreen
    ) -> tuple[Terminal, BenchLog]:
        terminal = Terminal(
            self._settings,
            self._state,
            replace(devices.for_terminal, pages=open_queue(self._settings.a4_queue)),
            clock,
            screen.show,
            engine=self._listener.engine,
            staff=self._fresh or staff_side(self._state, clock, self._ending.ask),
            jack=self._listener.jack,
            writers=open_writers(lambda line: print(line, file=sys.stderr)),
        )
        screen.on_touched = terminal.hush
        log = BenchLog(clock.wall_ms, lambda: terminal.log.recent)
        terminal.start()
        self._terminal = terminal
        self._stack.callback(terminal.stop)
        return terminal, log
