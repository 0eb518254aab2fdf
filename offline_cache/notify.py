"""systemd's notification protocol, sd_notify(3): one datagram to the socket that the service manager names.

`READY=1` when the service works, `WATCHDOG=1` while it lives, `STOPPING=1` at the end. Without NOTIFY_SOCKET nothing is
sent. The environment is handed in by the command.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

from offline_cache.disk.clock import OutboxClock


class Notifier:
    """Tells the service manager how the service is."""

    def __init__(self, environ: Mapping[str, str], clock: OutboxClock) -> None:
        self._clock = clock
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._beat_every_ms = _interval_ms(environ)
        self._beat_due_ms = clock.mono_ms()

    def ready(self) -> None:
        """The service works."""
        self._send(b"READY=1\nSTATUS=running")

    def stopping(self) -> None:
        """The service ends by itself."""
        self._send(b"STOPPING=1")

    def status(self, words: str) -> None:
        """A line for `systemctl status`: a state or a code, never holder data."""
        self._send(b"STATUS=" + words.replace("\n", " ").encode())

    def beat(self) -> None:
        """Call often: the watchdog hears of it half as often as it wants to at least."""
        now = self._clock.mono_ms()
        if self._beat_every_ms is not None and now >= self._beat_due_ms:
            self._beat_due_ms = now + self._beat_every_ms
            self._send(b"WATCHDOG=1")

    def _send(self, message: bytes) -> None:
        if self._address is None:
            return
        # A service manager that does not listen is no reason to stop sending entries.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            channel.sendto(message, self._address)


def _address(name: str) -> str | None:
    """A path, or an abstract socket whose name begins with `@`."""
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else None


def _interval_ms(environ: Mapping[str, str]) -> int | None:
    """Half of WATCHDOG_USEC, when it is meant for this process."""
    period = environ.get("WATCHDOG_USEC", "")
    owner = environ.get("WATCHDOG_PID", "")
    if not period.isascii() or not period.isdigit() or (owner and owner != str(os.getpid())):
        return None
    return max(1, int(period) // 2000)
