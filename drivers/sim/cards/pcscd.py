"""A private pcscd with virtual readers: the real PC/SC stack, without a device and without touching the machine's own.

pcscd takes its socket as systemd would hand it over (`LISTEN_FDS`), so any number of daemons run side by side, each
with a folder of its own. Clients find it by `socket_path`, in `PCSCLITE_CSOCK_NAME`. Debian packages: `pcscd`,
`vsmartcard-vpcd`. A daemon ends with its owner, however that went (prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from drivers.errors import DriverError
from drivers.sim.cards.vpcd import CardContacts, VpcdCard, wait_until_seen_empty

VPCD_DRIVER: Final = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
PORTS: Final = range(20000, 32766, 2)
"""Below 32768, where Linux begins to hand out ports to outgoing connections. A reader takes a port and the next."""
STOP_S: Final = 5.0
HAND_S: Final = 1.0
"""A card put in later than this after another was pulled is no quicker than pcscd, which looks every 0.4 s."""
SOCKET_PATH_BYTES: Final = 107
"""Linux takes no longer path for a Unix socket: unix(7), `sun_path` and its NUL."""

_LAUNCH: Final = (
    "import ctypes,os,sys;ctypes.CDLL(None).prctl(1,9,0,0,0);os.getppid()==int(sys.argv[2]) or sys.exit(1);"
    "fd=int(sys.argv[1]);os.dup2(fd,3,True);fd==3 or os.close(fd);"
    "os.environ.update(LISTEN_FDS='1',LISTEN_PID=str(os.getpid()));os.execv(sys.argv[3],sys.argv[3:])"
)
"""Ties itself to its owner, then becomes pcscd with the socket as descriptor 3; `LISTEN_PID` is known only after the
fork."""


class PcscdUnavailable(DriverError):
    """The private daemon cannot be had. The message says what to install."""

    code = "pcscd-missing"


class SocketPathTooLong(PcscdUnavailable):
    """The temporary folder is too deep for a socket to be made, or found, in it."""

    code = "socket-path-too-long"


class PrivatePcscd:
    """A running pcscd; `insert` and `remove` are the hand at its slots."""

    def __init__(self, readers: Sequence[str] = ("Kiosk Citizen",)) -> None:
        """Start it. `readers` are friendly names; clients see them with ` 00 00` behind.

        Raises `PcscdUnavailable`, `SocketPathTooLong`.
        """
        self._program = _find_pcscd()
        self._folder = Path(tempfile.mkdtemp(prefix="kiosk-pcscd."))
        self._process: subprocess.Popen[bytes] | None = None
        self._cards: dict[str, VpcdCard] = {}
        self._ports: dict[str, int] = {}
        self._pulled_s: dict[str, float] = {}
        self._port_locks: list[socket.socket] = []
        self._change = threading.RLock()
        self._lasting = ThreadPoolExecutor(1, "pcscd-starter")
        """A daemon is tied to the thread that starts it, and whoever calls `start` may be gone before it."""
        try:
            self._hold_length()
            self._reserve(readers)
            self._configure()
            self.start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def socket_path(self) -> str:
        """What clients are given as `PCSCLITE_CSOCK_NAME`."""
        return str(self._folder / "pcscd.comm")

    @property
    def environment(self) -> Mapping[str, str]:
        """What to add to the environment of a PC/SC client."""
        return {"PCSCLITE_CSOCK_NAME": self.socket_path}

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def port(self, reader: str | None = None) -> int:
        """The vpcd port of a reader (the first one by default). Raises `KeyError`."""
        return self._ports[reader or next(iter(self._ports))]

    def insert(self, card: CardContacts, reader: str | None = None, *, at_once: bool = False) -> None:
        """Put a card into a slot; pcscd sees it within its polling period of 0.4 s. Raises `RuntimeError`.

        No hand changes cards between two looks of pcscd, so this one waits for them: where a card is pulled in the
        middle of a command, pcscd calls the slot empty before it has looked, and one put in by then is not seen until
        it is pulled again (pcscd 1.9.9). The first question may still belong to that command; the second is a look.
        `at_once` is quicker than a hand: contacts that bounce.
        """
        with self._change:
            name = reader or next(iter(self._ports))
            if self.holds(name):
                raise RuntimeError("a card is in the slot")
            self.remove(name)
            if not at_once and time.monotonic() - self._pulled_s.get(name, -HAND_S) < HAND_S:
                for _ in range(2):
                    wait_until_seen_empty(self._ports[name], STOP_S)
            self._cards[name] = VpcdCard(card, self._ports[name])

    def holds(self, reader: str | None = None) -> bool:
        """Whether a card is in a slot: not one that was taken out, nor one that the driver let go."""
        card = self._cards.get(reader or next(iter(self._ports)))
        return card is not None and card.inserted

    def remove(self, reader: str | None = None) -> None:
        """Pull the card out of a slot. Nothing happens where there is none."""
        with self._change:
            card = self._cards.pop(reader or next(iter(self._ports)), None)
            if card is not None:
                card.remove()
                self._pulled_s[reader or next(iter(self._ports))] = time.monotonic()

    def start(self) -> None:
        """Start the daemon where it does not run. Clients may connect at once; it answers when it is ready."""
        with self._change:
            if self.running:
                return
            Path(self.socket_path).unlink(missing_ok=True)
            self._process = self._lasting.submit(self._launch).result()

    def _launch(self) -> subprocess.Popen[bytes]:
        with socket.socket(socket.AF_UNIX) as listener, (self._folder / "log").open("ab") as log:
            listener.bind(self.socket_path)
            listener.listen(64)
            arguments = [self._program, "--foreground", "--auto-exit", "-c", str(self._folder / "readers")]
            launch = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(listener.fileno()), str(os.getpid())]
            return subprocess.Popen(  # noqa: S603 (our own program, no shell)
                [*launch, *arguments],
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill the daemon without notice, as a crash would. The cards fall out of their slots."""
        with self._change:
            process, self._process = self._process, None
            if process is not None:
                process.send_signal(signal.SIGKILL)
                process.wait(STOP_S)
            for name in list(self._cards):
                self.remove(name)
            self._pulled_s.clear()

    def restart(self) -> None:
        """Kill the daemon and start it again on the same socket, with the same readers, slots empty."""
        with self._change:
            self.kill()
            self.start()

    def stop(self) -> None:
        """End the daemon, free the ports, remove the folder. May be called twice."""
        with self._change:
            self.kill()
            for lock in self._port_locks:
                lock.close()
            self._port_locks.clear()
            self._lasting.shutdown()
            shutil.rmtree(self._folder, ignore_errors=True)

    def log(self) -> str:
        """What the daemon wrote so far."""
        path = self._folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _hold_length(self) -> None:
        size = len(os.fsencode(self.socket_path))
        if size > SOCKET_PATH_BYTES:
            raise SocketPathTooLong(
                f"the temporary folder is {size - SOCKET_PATH_BYTES} bytes too deep for a socket; set TMPDIR to /tmp"
            )

    def _reserve(self, readers: Sequence[str]) -> None:
        """Find two neighbouring free ports for each reader, and hold them against other daemons of ours."""
        candidates = random.sample(PORTS, len(PORTS))
        for name in readers:
            for port in candidates:
                candidates.remove(port)
                lock = _lock_port(port)
                if lock is not None:
                    self._port_locks.append(lock)
                    self._ports[name] = port
                    break
            else:
                raise PcscdUnavailable("no two neighbouring ports are free below 32768")

    def _configure(self) -> None:
        """Write pcscd's reader files. vpcd keeps its slots in static memory, so each reader loads a copy of its own."""
        folder = self._folder / "readers"
        folder.mkdir()
        for index, (name, port) in enumerate(self._ports.items()):
            driver = self._folder / f"libifdvpcd{index}.so"
            shutil.copyfile(VPCD_DRIVER, driver)
            lines = (
                f'FRIENDLYNAME "{name}"',
                f"DEVICENAME /dev/null:0x{port:04X}",
                f"LIBPATH {driver}",
                f"CHANNELID 0x{port:04X}",
            )
            (folder / f"reader{index}").write_text("\n".join(lines) + "\n")


def _find_pcscd() -> str:
    path = os.pathsep.join((os.defpath, "/usr/sbin", "/sbin", "/usr/local/sbin"))
    program = shutil.which("pcscd", path=path)
    if program is None:
        raise PcscdUnavailable("pcscd is not installed: apt-get install pcscd")
    if not VPCD_DRIVER.exists():
        raise PcscdUnavailable("the virtual reader is not installed: apt-get install vsmartcard-vpcd")
    return program


def _lock_port(port: int) -> socket.socket | None:
    """Return a lock on a port and its neighbour, or None where one of them is in use.

    The lock is an abstract unix socket: the kernel frees it with the process, however that ends.
    """
    lock = socket.socket(socket.AF_UNIX)
    try:
        lock.bind(f"\0kiosk-vpcd-{port}")
        for neighbour in (port, port + 1):
            with socket.socket() as probe:
                probe.bind(("", neighbour))
    except OSError:
        lock.close()
        return None
    return lock
