"""The last rung but one of the recovery ladder: somebody with the right to do so restarts the PC/SC service.

The terminal runs without privileges, so it asks a helper of one purpose over a unix socket. It says `restart pcscd`
and a newline, and gets one word and a newline: `done`, `busy` (it was restarted a moment ago), `failed` or `refused`.
Nothing in the request reaches the command: what is run is fixed when the helper starts. The kernel tells the helper who
asks (`SO_PEERCRED`); one user alone may. The helper's end is a program for systemd, which hands it the socket
(`LISTEN_FDS`), or which makes one itself:

    python -m drivers.readers.service_helper --uid 990 -- systemctl restart pcscd.service

Only the standard library: it runs as root.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

REQUEST: Final = b"restart pcscd\n"
DONE: Final = b"done\n"
BUSY: Final = b"busy\n"
FAILED: Final = b"failed\n"
REFUSED: Final = b"refused\n"
ASK_S: Final = 20.0
RUN_S: Final = 15.0
"""Less than `ASK_S`: who asks learns how it ended."""
REQUEST_S: Final = 2.0
QUIET_S: Final = 10.0
"""No second restart within this: the service needs a moment, and a terminal gone wild must not keep it down."""

_LINE_BYTES: Final = 64
_CREDENTIALS: Final = struct.Struct("3i")
_SYSTEMD_SOCKET: Final = 3


def ask(path: Path, deadline_s: float = ASK_S) -> bytes:
    """Ask the helper at this socket for a restart; return its answer without the newline, or nothing. Never raises.

    Nothing means that no helper is there, or that it did not answer in time: the ladder has a further rung.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(deadline_s)
            line.connect(str(path))
            line.sendall(REQUEST)
            return _line(line, time.monotonic() + deadline_s).rstrip(b"\n")
    except OSError:
        return b""


def restarter(path: Path) -> Callable[[], None]:
    """Return what `PcscReader` takes as `restart_service`."""

    def restart() -> None:
        ask(path)

    return restart


class Helper:
    """The privileged end. One request at a time."""

    def __init__(
        self,
        command: Sequence[str],
        uid: int,
        *,
        run: Callable[[Sequence[str]], int] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`command` is run for user `uid`, and for root."""
        self._command = tuple(command)
        self._uids = {0, uid}
        self._run = run or run_command
        self._now = now
        self._last_s: float | None = None

    def serve(self, listener: socket.socket) -> None:
        """Answer until the socket is shut down."""
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return  # shut down from outside: the end
            with line:
                line.settimeout(REQUEST_S)
                with contextlib.suppress(OSError):  # whoever hung up needs no answer
                    line.sendall(self._answer(line))

    def _answer(self, line: socket.socket) -> bytes:
        _, uid, _ = _CREDENTIALS.unpack(line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        if uid not in self._uids or _line(line, time.monotonic() + REQUEST_S) != REQUEST:
            return REFUSED
        now = self._now()
        if self._last_s is not None and now - self._last_s < QUIET_S:
            return BUSY
        self._last_s = now
        code = self._run(self._command)
        print(f"PC/SC service restarted for user {uid}: exit code {code}", file=sys.stderr, flush=True)
        return DONE if code == 0 else FAILED


def run_command(command: Sequence[str]) -> int:
    """Run the command; return its exit code, or 1 where it could not be run or did not end in time."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=RUN_S, check=False)  # noqa: S603 (fixed)
    except (OSError, subprocess.TimeoutExpired):
        return 1
    return done.returncode


def _line(line: socket.socket, until: float) -> bytes:
    """Read a line. What is longer than any of these, or not whole by then, comes back without its newline."""
    read = b""
    while not read.endswith(b"\n") and len(read) < _LINE_BYTES:
        line.settimeout(max(0.001, until - time.monotonic()))
        part = line.recv(_LINE_BYTES - len(read))
        if not part:
            break
        read += part
    return read


def listening(path: Path | None) -> socket.socket:
    """Return the socket that systemd handed over, or a new one at this path (mode 0666: the kernel tells who asks).

    Raises `OSError`, also where neither is there.
    """
    if path is None:
        if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
            raise OSError("systemd handed over no socket, and --socket was not given")
        return socket.socket(fileno=_SYSTEMD_SOCKET)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        path.chmod(0o666)
        listener.listen(4)
    except OSError:
        listener.close()
        raise
    return listener


def main(arguments: Sequence[str]) -> int:
    """Be the helper. Exit code 2: it could not begin."""
    import argparse  # the terminal itself imports this module too, and parses nothing

    parser = argparse.ArgumentParser(prog="service_helper", description="Restarts one service for one user.")
    parser.add_argument("--uid", type=int, required=True, help="The terminal's user.")
    parser.add_argument("--socket", type=Path, help="Make a socket here. Default: the one of systemd.")
    parser.add_argument("command", nargs="+", help="What to run, after --.")
    given = parser.parse_args(arguments)
    try:
        listener = listening(given.socket)
    except OSError as error:
        print(f"service_helper: {error}", file=sys.stderr)
        return 2
    with listener:
        Helper(given.command, given.uid).serve(listener)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
