"""The simulated printer behind a pseudo terminal, so that pyserial opens it like any serial port.

A pty has no baud rate and no RTS/CTS lines: a rate is kept here, and bytes wait in the kernel while the printer's
buffer is full.
"""

from __future__ import annotations

import os
import pty
import select
import shutil
import tempfile
import threading
import time
import tty
from contextlib import suppress
from pathlib import Path
from typing import Self

from drivers.sim.printer import SimPrinter

_CHUNK = 512
_SLICE_S = 0.004
"""Bytes of a paced wire are carried in slices of this many seconds."""


class PtyLink:
    """A port for a `SimPrinter`. `unplug` and `plug` of the printer make the port vanish and come back."""

    def __init__(self, sim: SimPrinter, *, baud: int | None = None) -> None:
        """Make the port and start to carry bytes, each in its time on a wire of `baud` (8N1), or at once."""
        self._byte_s = 0.0 if baud is None else 10 / baud
        self._chunk = _CHUNK if baud is None else max(1, round(_SLICE_S / self._byte_s))
        self._arrives_at = 0.0
        self._no_room = False
        self._sim = sim
        self._folder = Path(tempfile.mkdtemp(prefix="sim-printer-"))
        self._master = self._slave = -1
        self._wake_out, self._wake_in = os.pipe()
        for end in (self._wake_out, self._wake_in):
            os.set_blocking(end, False)
        self._closing = threading.Event()
        self._held = b""
        self._there = threading.Event()
        self._open()
        sim.listen(self._wake)
        self._thread = threading.Thread(target=self._carry, name="sim-printer-pty", daemon=True)
        self._thread.start()

    @property
    def port(self) -> str:
        """The path to open; the same after the cable was out and in again."""
        return str(self._folder / "port")

    def wait_for_port(self) -> bool:
        """Wait until the port is there, as after `plug`; False if it is not in time."""
        return self._there.wait(5.0)

    def close(self) -> None:
        """End the thread and remove the port. May be called twice."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._wake()
        self._thread.join()
        self._shut()
        for end in (self._wake_out, self._wake_in):
            os.close(end)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _open(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        Path(self.port).symlink_to(os.ttyname(self._slave))
        self._there.set()

    def _shut(self) -> None:
        if self._master < 0:
            return
        self._there.clear()
        Path(self.port).unlink(missing_ok=True)
        # The slave is held open so that a client may come and go; the hang-up needs both ends closed here.
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1

    def _wake(self) -> None:
        if self._closing.is_set() and not self._thread.is_alive():
            return
        with suppress(BlockingIOError):  # the pipe is full: it will wake up anyway
            os.write(self._wake_in, b"!")

    def _carry(self) -> None:
        while not self._closing.is_set():
            if self._sim.plugged != (self._master >= 0):
                self._open() if self._sim.plugged else self._shut()
            self._turn()

    def _turn(self) -> None:
        plugged = self._master >= 0
        # Bytes the printer had no room for are held; until they are in, none are read.
        readers = [self._wake_out] + ([self._master] if plugged and not self._held else [])
        writers = [self._master] if plugged and self._sim.has_replies else []
        arrival = max(0.0, self._arrives_at - time.monotonic()) if self._held and not self._no_room else None
        moments = [self._sim.next_due_s(), arrival]
        soonest = min((t for t in moments if t is not None), default=None)
        ready, writable, _ = select.select(readers, writers, [], 0)
        waited = self._master in ready  # bytes that were there already were on the wire while the printer was busy
        if not ready and not writable:
            ready, writable, _ = select.select(readers, writers, [], soonest)
        if self._wake_out in ready:
            with suppress(BlockingIOError):
                os.read(self._wake_out, 4096)
        if self._master in ready and plugged:
            with suppress(BlockingIOError):
                self._held = os.read(self._master, self._chunk)
                self._set_out(len(self._held), waited=waited)
        if self._held and time.monotonic() >= self._arrives_at:
            self._held = self._held[self._sim.receive(self._held) :] if plugged else b""
            self._no_room = bool(self._held)
        if self._master in writable and self._sim.plugged:
            self._answer()
        due = self._sim.next_due_s()
        if due is not None and due <= 0:
            self._sim.tick()

    def _set_out(self, size: int, *, waited: bool) -> None:
        """Bytes begin their way: behind the last ones where these were waiting, else now."""
        now = time.monotonic()
        began = self._arrives_at if waited else max(now, self._arrives_at)
        self._no_room = False
        self._arrives_at = began + size * self._byte_s

    def _answer(self) -> None:
        replies = self._sim.take_replies(_CHUNK)
        with suppress(BlockingIOError):  # nobody reads: a printer does not wait for that either
            os.write(self._master, replies)
