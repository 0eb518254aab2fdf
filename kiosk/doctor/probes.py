"""The probes of a real terminal: each device is asked once, however many checks want to know."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from drivers.api import PrinterStatus
from drivers.errors import DriverError
from drivers.printers.models import model
from drivers.printers.serial_printer import SerialPrinter
from drivers.readers.pcsc import list_readers
from drivers.readers.sdt_serial import SdtReader
from kiosk.doctor.site import NOT_FOUND, GatewayProbe, ReaderSeen, Site
from kiosk.settings import Settings
from offline_cache import enrolment as enrolments
from offline_cache.errors import CacheError
from offline_cache.gateway import GatewayClient

_T = TypeVar("_T")
STA_UNSYNC = 0x0040
"""Of `struct timex.status`: the kernel's clock is not kept (adjtimex(2))."""
TIMEX_BYTES = 256
ASK_S = 5.0
NO_PROGRAM = 127
"""What a shell says of a program that is not there (POSIX)."""
STATUS_OFFSET = 40
"""Of `status` in `struct timex` on 64-bit Linux: modes, padding, offset, freq, maxerror, esterror come before."""


class Once(Generic[_T]):
    """Asks once; everybody gets the same answer, or the same error."""

    def __init__(self, ask: Callable[[], _T]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: list[_T] = []
        self._error: DriverError | None = None

    def __call__(self) -> _T:
        """Raises the `DriverError` that asking raised."""
        with self._lock:
            if self._error is None and not self._answer:
                try:
                    self._answer.append(self._ask())
                except DriverError as error:
                    self._error = error
            if self._error is not None:
                raise self._error
            return self._answer[0]


def real_site(state_dir: Path, settings: Settings, problem: str, fonts: Path) -> Site:
    """The site of this machine."""
    return Site(
        state_dir=state_dir,
        settings=settings,
        settings_problem=problem,
        now_ms=lambda: time.time_ns() // 1_000_000,
        readers=Once(_readers),
        printer=Once(lambda: _printer(settings)),
        identity_reader=lambda: SdtReader(port).well() if (port := settings.identity_reader_port) else None,
        gateway=_gateway(state_dir),
        clock_synchronised=clock_synchronised,
        unit=unit_state,
        firewall=firewall_held,
        fonts=fonts,
        has_program=lambda name: shutil.which(name) is not None,
    )


def _readers() -> Sequence[ReaderSeen]:
    return [ReaderSeen(one.name, one.state) for one in list_readers(os.environ.get("PCSCLITE_CSOCK_NAME"))]


def _printer(settings: Settings) -> PrinterStatus | None:
    if not settings.printer_port:
        return None
    printer = SerialPrinter(settings.printer_port, model=model(settings.printer_model), baud=settings.printer_baud)
    try:
        printer.connect()
        return printer.status()
    finally:
        printer.close()


def _gateway(state_dir: Path) -> Callable[[], GatewayProbe] | None:
    try:
        joined = enrolments.load(state_dir)
    except CacheError:
        return None
    return lambda: GatewayClient(joined)


def unit_state(name: str, program: str = "systemctl") -> str | None:
    """As `Site.unit`: what systemd says of a unit, whoever asks (systemctl(1), show)."""
    code, said = _ask((program, "show", "--property=LoadState,ActiveState", name))
    told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    if code != 0 or "ActiveState" not in told:
        return None
    return NOT_FOUND if told.get("LoadState") == NOT_FOUND else told["ActiveState"]


def firewall_held(program: str = "nft") -> bool | None:
    """As `Site.firewall`: only root may ask the kernel for its tables."""
    if os.geteuid() != 0:
        return None
    code, _ = _ask((program, "list", "table", "inet", "kiosk"))
    return None if code == NO_PROGRAM else code == 0


def _ask(command: Sequence[str]) -> tuple[int, str]:
    """A program's exit code and what it said; `NO_PROGRAM` for one that is missing or hangs."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            errors="replace", timeout=ASK_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return NO_PROGRAM, ""
    return done.returncode, done.stdout


def clock_synchronised() -> bool | None:
    """Whether the kernel holds its clock for kept; None where it does not say."""
    timex = ctypes.create_string_buffer(TIMEX_BYTES)
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "adjtimex") or library.adjtimex(timex) < 0:
        return None
    status = int.from_bytes(timex.raw[STATUS_OFFSET : STATUS_OFFSET + 4], "little")
    return not status & STA_UNSYNC
