"""A bench whose terminal comes fresh from its package: the site's data, staff mode, and the terminal's own clock."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path

from drivers.api import CardReader
from kiosk.bench.ports import BenchError
from kiosk.bench.processes.gateway import GatewayHandle
from kiosk.bench.processes.technicians import plugged
from kiosk.clock import Clock
from kiosk.speech.speaker import Engine
from kiosk.terminal import StaffSide
from kiosk.upkeep.setup.side import with_setup
from kiosk.upkeep.side import staff_side, technicians_of
from offline_cache.disk.clock import SystemClock
from offline_cache.joining.site import SiteData, checked

AUTHORITY_FILE = "ca.pem"
MODEL, SERIAL = "GZ-K2", "2027-00318"


class OutboxTime(SystemClock):
    """The terminal's clock, as a tester may push it, for what asks in milliseconds."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def now_ms(self) -> int:
        """As `OutboxClock.now_ms`."""
        return self._clock.wall_ms()

    def mono_ms(self) -> int:
        """As `OutboxClock.mono_ms`."""
        return round(self._clock.monotonic_s() * 1000)


def site_of(handle: GatewayHandle, near_url: str) -> SiteData:
    """What a technician would bring on the medium. Raises `BenchError` where the gateway is not the bench's own."""
    if handle.folder is None:
        raise BenchError(
            "not-fresh",
            "Here a terminal can only be brought into service at the bench's own gateway.",
            "Leave --gateway out.",
            409,
        )
    der = ssl.PEM_cert_to_DER_cert((handle.folder / AUTHORITY_FILE).read_text("ascii"))
    return checked(near_url, hashlib.sha256(der).hexdigest(), MODEL, SERIAL)


def fresh_side(
    state: Path,
    site: SiteData,
    reader: CardReader,
    engine: Engine | None,
    clock: Clock,
    restart: Callable[[], None],
) -> StaffSide:
    """Staff mode of a terminal that begins with commissioning."""
    side = staff_side(state, clock, restart)
    return with_setup(
        side, state, lambda: site, reader, engine, OutboxTime(clock), lambda: technicians_of(state, clock),
        partial(plugged, state),
    )  # fmt: skip
