"""A receipt printer on a serial port: the only importer of pyserial.

pyserial opens and sets up the port; bytes go through `os.write` and `select`, because its own `write` hides how many
bytes went out when time runs out. Nothing here drains or flushes: on a stopped printer that blocks for ever.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
import termios
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import serial

from drivers.errors import PrinterError
from drivers.printers.journal import JobJournal
from drivers.printers.link import Deadlines, LinkLost, Transport
from drivers.printers.link_printer import LinkPrinter
from drivers.printers.models import Model, generic
from drivers.printers.print_job import MAX_QUEUED_BYTES
from drivers.printers.roll import RollKeeper

_BITS_A_BYTE = 10
"""8N1: a start bit, eight bits, a stop bit."""
_ANSWER_S = 0.45
"""For the printer itself, where the line takes most of the time."""


class PortNotFound(PrinterError):
    """There is no such port."""

    code = "port-not-found"


class PortBusy(PrinterError):
    """Another program holds the port."""

    code = "port-busy"


class PortDenied(PrinterError):
    """This user may not open the port, or it is no serial port."""

    code = "port-denied"


class SerialTransport:
    """One serial port. Advisory locks keep a second program of ours off it."""

    def __init__(self, port: str, baud: int, *, rtscts: bool = False) -> None:
        """Open the port at `baud`, 8N1. Raises `PortNotFound`, `PortBusy`, `PortDenied`."""
        try:
            self._serial = serial.Serial(port, baud, timeout=0, rtscts=rtscts, exclusive=True)
            self._fd: int = self._serial.fileno()
            _ignore_breaks(self._fd)
        except (OSError, ValueError, termios.error) as e:
            raise _open_error(port, e) from e
        self._closed = False
        self._rtscts = rtscts
        self._byte_s = _BITS_A_BYTE / baud
        self._wire_free_at = 0.0

    def write(self, data: bytes) -> int:
        try:
            if not select.select([], [self._fd], [], 0)[1]:
                return 0
            taken = os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except (OSError, ValueError) as e:
            raise LinkLost("the serial port is gone") from e
        self._wire_free_at = max(time.monotonic(), self._wire_free_at) + taken * self._byte_s
        return taken

    def read(self) -> bytes:
        try:
            if not select.select([self._fd], [], [], 0)[0]:
                return b""
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return b""
        except (OSError, ValueError) as e:
            raise LinkLost("the serial port is gone") from e
        if not data:  # readable and yet empty: the device hung up
            raise LinkLost("the serial port hung up")
        return data

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        try:
            select.select([self._fd], [self._fd] if to_write else [], [], timeout_s)
        except (OSError, ValueError) as e:
            raise LinkLost("the serial port is gone") from e

    @property
    def queued(self) -> int:
        try:
            answer = fcntl.ioctl(self._fd, termios.TIOCOUTQ, struct.pack("i", 0))
        except (OSError, ValueError) as e:
            raise LinkLost("the serial port is gone") from e
        # Adapters on USB hold bytes that the kernel counts as sent: no fewer wait than the wire's pace allows.
        on_the_way = (self._wire_free_at - time.monotonic()) / self._byte_s
        return max(int(struct.unpack("i", answer)[0]), int(on_the_way))

    @property
    def holds_back(self) -> bool:
        return self._rtscts

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        with suppress(OSError, termios.error, ValueError):  # the cable is out: there is nothing to drop
            # Without this the kernel may wait for a stopped printer to take the rest.
            termios.tcflush(self._fd, termios.TCOFLUSH)
        with suppress(OSError, ValueError):
            self._serial.close()


def _ignore_breaks(fd: int) -> None:
    """A printer that is switched off pulls its line down: else that is read as 00h, the word of one that has paper.

    Source: termios(3), IGNBRK.
    """
    flags = termios.tcgetattr(fd)
    flags[0] |= termios.IGNBRK
    termios.tcsetattr(fd, termios.TCSANOW, flags)


def deadlines_at(baud: int) -> Deadlines:
    """How long a printer may take: on a slow line a question waits behind what is on its way (at most 512 bytes)."""
    usual = Deadlines()
    on_the_way_s = 2 * MAX_QUEUED_BYTES * _BITS_A_BYTE / baud
    if on_the_way_s <= usual.reply_s - _ANSWER_S:
        return usual
    reply_s = on_the_way_s + _ANSWER_S
    return replace(usual, reply_s=reply_s, silent_s=reply_s + usual.silent_s)


def _open_error(port: str, error: Exception) -> PrinterError:
    number = getattr(error, "errno", None)
    if number in {errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO} or not Path(port).exists():
        return PortNotFound(f"there is no port {port}; look at the cable, then at the name")
    if number in {errno.EWOULDBLOCK, errno.EBUSY} or "lock" in str(error):
        return PortBusy(f"another program holds {port}; end it first")
    return PortDenied(f"cannot open {port} as a serial port; look at its rights and at the baud rate")


class SerialPrinter(LinkPrinter):
    """A `ReceiptPrinter` on a serial port. The port is opened when it is first needed, and again after a loss."""

    def __init__(
        self,
        port: str,
        *,
        model: Model | None = None,
        baud: int | None = None,
        rtscts: bool = False,
        journal: JobJournal | None = None,
        deadlines: Deadlines | None = None,
        roll: RollKeeper | None = None,
    ) -> None:
        """`baud` overrides the model's. `rtscts` needs the printer's DTR wired to the host's CTS."""
        chosen = model or generic(80)

        rate = baud or chosen.baud

        def open_link() -> Transport:
            return SerialTransport(port, rate, rtscts=rtscts)

        limits = deadlines or deadlines_at(rate)
        super().__init__(port, open_link, model=chosen, journal=journal, deadlines=limits, roll=roll)
