"""Commissioning of a real terminal, put together: whether it begins at its start, and its tasks beside maintenance's.

What only commissioning needs is imported with its first task. The rule: a terminal that was given its site's data
(`site.toml`) begins with commissioning while it has joined no gateway, and goes on with it after a restart until it was
opened for service. One without site's data does not: it is a developer's, or was set up by commands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from drivers.api import CardReader
from kiosk.speech.speaker import Engine
from kiosk.staff.part import TaskDone
from kiosk.staff.setup import progress
from kiosk.staff.setup.table import enter
from kiosk.terminal import StaffSide, Terminal
from kiosk.workers.staff_tools import LaterTools, StaffTools, Task
from kiosk.workers.technicians import Technicians
from offline_cache import enrolment as enrolments
from offline_cache.disk.clock import OutboxClock
from offline_cache.errors import MalformedMessage
from offline_cache.joining import site as sites
from offline_cache.joining.site import SiteData


class Both:
    """Commissioning's tasks, and maintenance's for every other name."""

    def __init__(self, own: Mapping[str, Task], others: StaffTools) -> None:
        self._own = own
        self._others = others

    def run(self, name: str, arguments: Mapping[str, str]) -> TaskDone:
        """As `StaffTools.run`."""
        task = self._own.get(name)
        return self._others.run(name, arguments) if task is None else task(arguments)


def begins(state_dir: Path, site: SiteData | None) -> bool:
    """Whether this terminal starts with commissioning."""
    return (site is not None and not enrolments.is_enrolled(state_dir)) or (state_dir / progress.FILE).exists()


def site_at(file: Path | None) -> Callable[[], SiteData | None]:
    """Return what reads the site's data, anew each time. A file that is none counts as missing until it is one."""

    def read() -> SiteData | None:
        try:
            return None if file is None else sites.load(file)
        except MalformedMessage:
            return None

    return read


def with_setup(
    side: StaffSide,
    state_dir: Path,
    site: Callable[[], SiteData | None],
    reader: CardReader,
    engine: Engine | None,
    clock: OutboxClock,
    technicians: Callable[[], Technicians | None] = lambda: None,
    stick: Callable[[], Path | None] | None = None,
) -> StaffSide:
    """Add commissioning to staff mode; the terminal begins with it where the rule says so.

    `technicians` tells, once the terminal has joined, whose cards open maintenance. `stick` finds the USB stick that is
    plugged in; None: as this machine lets one in.
    """

    def made(terminal: Terminal) -> StaffTools:
        from kiosk.upkeep.setup.tasks import SetupMachine, SetupTasks

        machine = SetupMachine(
            state_dir=state_dir,
            site=site,
            reader=reader,
            printer=terminal.printer,
            engine=engine,
            test_card_pin=terminal.settings.test_card_pin,
            clock=clock,
            joined=lambda enrolment: terminal.join(enrolment, technicians()),
        )
        if stick is not None:
            machine = replace(machine, stick=partial(_plugged, stick))
        return Both(SetupTasks(machine).tasks(), side.tools(terminal))

    def tools(terminal: Terminal) -> StaffTools:
        return LaterTools(partial(made, terminal)) if fresh else side.tools(terminal)

    fresh = begins(state_dir, site())
    return replace(side, tools=tools, first=enter if fresh else side.first)


def _plugged(stick: Callable[[], Path | None]) -> AbstractContextManager[Path | None]:
    return nullcontext(stick())
