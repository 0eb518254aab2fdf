"""Staff mode of the virtual terminal: technicians' cards, a gateway's sealing key, and a machine in good order.

The tasks are the real ones. What they look at is this state folder, the simulated devices and the virtual city; there
is no PC/SC, no systemd and no gateway to deliver to.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from drivers.sim.cards.card import SimCard
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.reader import SimReader
from kiosk.bench.ports import TECHNICIAN_PIN
from kiosk.bench.virtual.city import City
from kiosk.clock import ManualClock, local_minute
from kiosk.doctor.check import Check
from kiosk.doctor.site import ReaderSeen, Site
from kiosk.doctor.table import CHECKS
from kiosk.terminal import StaffSide, Terminal
from kiosk.upkeep import closing
from kiosk.upkeep.codes import CHECK, OFFER, Codes
from kiosk.upkeep.tasks import Machine, Maintenance
from kiosk.workers.staff_tools import TaskTable
from kiosk.workers.technicians import Technicians
from offline_cache.enrolment import Enrolment
from offline_cache.errors import Unavailable
from offline_cache.sync import Drained
from offline_cache.wire.fleet.technician import ROLE, digits_by_gateway, parse_address

PIN = TECHNICIAN_PIN
URL = "https://gateway.example:8443"
TERMINAL = "T0001"
MEANT = frozenset({
    "settings", "state-writable", "disk-space", "outbox-opens", "outbox-age", "outbox-room", "outbox-set-aside",
    "parked-entries", "gateway-reachable", "gateway-latency", "clock-offset", "reader-service", "reader-present",
    "reader-slot", "printer-answers", "printer-paper", "clock", "clock-synchronised",
})  # fmt: skip
"""Checks that a virtual machine can pass and fail: the others look at a real one."""


class Counters(Protocol):
    """What of the virtual store is needed: as after a delivery."""

    acked: int

    @property
    def last_seq(self) -> int: ...


@dataclass(frozen=True)
class CityProbe:
    """The virtual gateway's health: there while the cable is."""

    city: City
    wall_ms: Callable[[], int]

    def health(self) -> int:
        """As `GatewayProbe.health`."""
        if not self.city.up:
            raise Unavailable("the cable is pulled")
        return self.wall_ms()

    def close(self) -> None:
        """Nothing is open."""


class VirtualStaff:
    """What a technician and the gateway hold, around one virtual terminal."""

    def __init__(
        self,
        state_dir: Path,
        clock: ManualClock,
        authority: CardAuthority,
        city: City,
        reader: SimReader,
        store: Counters,
    ) -> None:
        self._state_dir = state_dir
        self._clock = clock
        self._authority = authority
        self._city = city
        self._reader = reader
        self._store = store
        self._sealing = X25519PrivateKey.generate()
        self.revoked: set[str] = set()
        """Serial numbers that the gateway's configuration takes away."""
        self.restarts = 0
        self.checks: list[Check] = [one for one in CHECKS if one.name in MEANT]

    def side(self) -> StaffSide:
        """What the terminal is given."""
        authority = x509.load_pem_x509_certificate(self._authority.certificate_pem)
        technicians = Technicians(authority, lambda: frozenset(self.revoked), self._clock.wall_ms)
        return StaffSide(self._tools, technicians, closing.read(self._state_dir))

    def document(self, who: str = "T-0042", *, days: int = 365) -> dict[str, object]:
        """A technician's card, with a certificate that the authority signed today; `days` below 1: it has ended."""
        now = datetime.datetime.fromtimestamp(self._clock.wall_ms() / 1000, datetime.UTC)
        signing = self._authority.technician(who, ROLE, days=days, now=now)
        return {"profile": "piv", "pin": PIN, "holder": {"name": who, "id_number": who}, "signing": signing}

    def card(self, who: str = "T-0042", *, days: int = 365) -> SimCard:
        """The same as plastic."""
        return SimCard.from_document(self.document(who, days=days))

    def digits(self, address: str) -> str:
        """What the gateway shows to a logged-in technician for the QR code on the screen."""
        return digits_by_gateway(self._sealing, parse_address(address))

    def _tools(self, terminal: Terminal) -> TaskTable:
        machine = Machine(
            state_dir=self._state_dir,
            site=lambda: replace(self._site(terminal), printer=terminal.printer.status_for_staff),
            printer=terminal.printer,
            log=terminal.log,
            wall_ms=self._clock.wall_ms,
            local=lambda: local_minute(self._clock.wall_ms()),
            restart=self._restart,
            terminal=TERMINAL,
            stick=nullcontext,
            checks=self.checks,
            sync=self._deliver,
            offices=lambda: self._city.directory,
        )
        codes = Codes(self._enrolment, self._clock.monotonic_s)
        return TaskTable(Maintenance(machine).tasks()) | {OFFER: codes.offer, CHECK: codes.check}

    def _site(self, terminal: Terminal) -> Site:
        return Site(
            state_dir=self._state_dir,
            settings=terminal.settings,
            now_ms=self._clock.wall_ms,
            readers=lambda: [ReaderSeen(self._reader.name, terminal.runtime.session.world.slot)],
            gateway=lambda: CityProbe(self._city, self._clock.wall_ms),
            clock_synchronised=lambda: True,
        )

    def _deliver(self) -> Drained:
        if not self._city.up:
            raise Unavailable("the cable is pulled")
        sent, self._store.acked = self._store.last_seq - self._store.acked, self._store.last_seq
        return Drained(sent, self._store.acked, 0)

    def _restart(self) -> None:
        self.restarts += 1

    def _enrolment(self) -> Enrolment:
        public = self._sealing.public_key().public_bytes_raw()
        key = Ed25519PrivateKey.generate()
        site: dict[str, str] = {}
        return Enrolment(self._state_dir, URL, TERMINAL, "", "bench", "", public, public, site, key)
