"""Staff mode of a real terminal, put together: whose cards open it, its tasks, and whether it begins closed.

What only a technician needs is imported with the first task: a terminal's first screen does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cryptography import x509

from drivers.api import SlotState
from kiosk.clock import Clock, local_minute
from kiosk.settings import usable
from kiosk.terminal import StaffSide, Terminal
from kiosk.upkeep import closing
from kiosk.workers.staff_tools import LaterTools, StaffTools
from kiosk.workers.technicians import Technicians
from offline_cache import catalogue
from offline_cache import enrolment as enrolments
from offline_cache.enrolment import Enrolment
from offline_cache.errors import CacheError

if TYPE_CHECKING:
    from kiosk.doctor.site import ReaderSeen, Site

REVOKED = "technicians_revoked"
"""In the gateway's signed configuration: serial numbers as `serial_of` writes them."""


def staff_side(state_dir: Path, clock: Clock, restart: Callable[[], None]) -> StaffSide:
    """Return staff mode for this state folder.

    `restart` ends the program so that its unit starts it again, and returns at once.
    """

    def tools(terminal: Terminal) -> StaffTools:
        return LaterTools(partial(maintenance_tools, terminal, clock, restart))

    return StaffSide(tools, technicians_of(state_dir, clock), closing.read(state_dir))


def maintenance_tools(terminal: Terminal, clock: Clock, restart: Callable[[], None]) -> StaffTools:
    """The tasks of maintenance on this machine."""
    from kiosk.doctor.probes import real_site
    from kiosk.ui.build_fonts import fonts_folder
    from kiosk.upkeep.codes import CHECK, OFFER, Codes
    from kiosk.upkeep.tasks import Machine, Maintenance
    from kiosk.workers.staff_tools import TaskTable

    state_dir = terminal.state_dir
    look = partial(real_site, state_dir, terminal.settings, "", fonts_folder())

    def site() -> Site:
        """The reader and the printer belong to the terminal's own workers: they are not asked behind their backs."""
        return replace(look(), printer=terminal.printer.status_for_staff, readers=partial(readers_of, terminal))

    machine = Machine(
        state_dir=state_dir,
        site=site,
        printer=terminal.printer,
        log=terminal.log,
        wall_ms=clock.wall_ms,
        local=lambda: local_minute(clock.wall_ms()),
        restart=restart,
        terminal=terminal.terminal,
        accept=usable,
        offices=partial(offices_of, state_dir),
    )
    codes = Codes(partial(enrolments.load, state_dir), clock.monotonic_s)
    return TaskTable(Maintenance(machine).tasks()) | {OFFER: codes.offer, CHECK: codes.check}


def offices_of(state_dir: Path) -> Mapping[str, object]:
    """The offices of this disk, good without a network too; empty before the terminal joined."""
    from kiosk.workers.shelf import OFFICES, Directory

    try:
        key = enrolments.load(state_dir).signing_key
    except CacheError:
        return {}
    found = Directory(state_dir, key).public(OFFICES, {})
    return found.record or {} if found is not None else {}


def readers_of(terminal: Terminal) -> Sequence[ReaderSeen]:
    """The citizens' reader and the technicians', as the terminal knows them."""
    from kiosk.doctor.site import ReaderSeen

    slot = terminal.runtime.session.world.slot
    name = terminal.settings.reader_name or "citizen slot"
    seen = {name: slot, terminal.settings.technician_reader_name: terminal.own_slot}
    return [ReaderSeen(one, state) for one, state in seen.items() if state not in (None, SlotState.READER_ABSENT)]


def technicians_of(state_dir: Path, clock: Clock) -> Technicians | None:
    """Whose cards this terminal lets in; None before it joined a gateway."""
    try:
        joined = enrolments.load(state_dir)
        authority = x509.load_pem_x509_certificate(Path(joined.ca_file).read_bytes())
    except (CacheError, OSError, ValueError):
        return None  # an enrolment that cannot be read is the doctor's to name; nobody is let in by it
    return Technicians(authority, partial(revoked, state_dir, joined), clock.wall_ms)


def revoked(state_dir: Path, joined: Enrolment) -> frozenset[str]:
    """The serial numbers that the gateway's newest configuration on this disk takes away."""
    try:
        stored = catalogue.load(state_dir, joined.signing_key, "configuration")
    except CacheError:
        return frozenset()
    return listed(stored.content) if stored is not None else frozenset()


def listed(content: Mapping[str, object]) -> frozenset[str]:
    """Read the list from a configuration; a gateway that knows no technicians sends none."""
    found = content.get(REVOKED)
    return frozenset(map(str, cast("list[object]", found))) if isinstance(found, list) else frozenset()
