"""What the checks look at: a state folder, settings, devices, a gateway, and the machine's own files.

All of it can be replaced: a test breaks one thing and sees it named. `root` is where `/sys`, `/proc`, `/run` and `/dev`
are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from drivers.api import PrinterStatus, SlotState
from kiosk.settings import Settings

NOT_FOUND = "not-found"
"""A unit that is not installed (systemd's LoadState)."""


@dataclass(frozen=True)
class ReaderSeen:
    """One reader as PC/SC lists it."""

    name: str
    state: SlotState


class GatewayProbe(Protocol):
    """One look at the gateway."""

    def health(self) -> int:
        """Its time, milliseconds since 1970. Raises `offline_cache.errors.CacheError` leaves."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Site:
    """A terminal, as the doctor finds it."""

    state_dir: Path
    settings: Settings
    settings_problem: str = ""
    """Why the settings file could not be read; then `settings` are the defaults."""
    root: Path = Path("/")
    now_ms: Callable[[], int] = field(default=lambda: 0)
    readers: Callable[[], Sequence[ReaderSeen]] = field(default=tuple)
    """Raises `drivers.errors.DriverError` leaves."""
    printer: Callable[[], PrinterStatus | None] = field(default=lambda: None)
    """None: no printer is set. Raises `drivers.errors.PrinterError` leaves."""
    identity_reader: Callable[[], bool | None] = field(default=lambda: None)
    """Whether the identity cards' reader is well; None: none is set. Raises `drivers.errors.CardError` leaves."""
    gateway: Callable[[], GatewayProbe] | None = None
    """None where the terminal has not joined one."""
    clock_synchronised: Callable[[], bool | None] = field(default=lambda: None)
    """None: the machine cannot tell."""
    unit: Callable[[str], str | None] = field(default=lambda _name: None)
    """A unit's state in systemd's words (`active`, `failed`, …), or `NOT_FOUND`; None: systemd does not answer."""
    firewall: Callable[[], bool | None] = field(default=lambda: None)
    """Whether the kernel holds the terminal's table; None: this user may not ask."""
    fonts: Path = Path("build/fonts")
    has_program: Callable[[str], bool] = field(default=lambda _name: False)

    def text(self, path: str) -> str | None:
        """The content of a small file under `root`, or None where it is not there or not readable."""
        try:
            return (self.root / path).read_text("utf-8", "replace")
        except OSError:
            return None
