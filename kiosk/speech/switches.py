"""The headphone socket as the Linux kernel reports it: the only reader of its input switches.

ALSA makes an input device for each socket that can be felt (`CONFIG_SND_JACK_INPUT_DEV`), with the switch
`SW_HEADPHONE_INSERT`. `linux/input-event-codes.h` gives its number, `linux/input.h` the request `EVIOCGSW`, which reads
all switches of a device as bits. The account needs to read `/dev/input` (group `input`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path

SW_HEADPHONE_INSERT = 0x02
SWITCH_BYTES = 8
EVIOCGSW = 2 << 30 | SWITCH_BYTES << 16 | ord("E") << 8 | 0x1B
"""`_IOC(_IOC_READ, 'E', 0x1b, SWITCH_BYTES)`."""
LOOKS_BETWEEN_SEARCHES = 20
"""A socket on a USB box may come later: so many looks without one, and it is searched for again."""


def read_switches(device: Path) -> int:
    """Return the switches of an input device as bits. Raises `OSError`."""
    opened = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        held = fcntl.ioctl(opened, EVIOCGSW, bytes(SWITCH_BYTES))
    finally:
        os.close(opened)
    return int.from_bytes(held, "little")


class SwitchJack:
    """A `Jack` on the switches of this machine; several sockets count as one."""

    def __init__(self, root: Path = Path("/"), read: Callable[[Path], int] = read_switches) -> None:
        self._root = root
        self._read = read
        self._devices: Sequence[Path] = ()
        self._looks = 0

    def plugged(self) -> bool | None:
        """Return whether a switch of a socket is on; None where there is none that can be read."""
        if not self._devices:
            if self._looks % LOOKS_BETWEEN_SEARCHES == 0:
                self._devices = self._sockets()
            self._looks += 1
        found: list[bool] = []
        for device in self._devices:
            try:
                found.append(bool(self._read(device) >> SW_HEADPHONE_INSERT & 1))
            except OSError:
                self._devices, self._looks = (), 0  # pulled with its box, or not ours to read: searched for again
                return None
        return any(found) if found else None

    def _sockets(self) -> list[Path]:
        """The input devices that have the switch, by what `/sys` says they can."""
        found: list[Path] = []
        for device in sorted((self._root / "sys/class/input").glob("event*")):
            try:
                words = (device / "device/capabilities/sw").read_text("ascii").split()
            except OSError:
                continue
            if words and int(words[-1], 16) >> SW_HEADPHONE_INSERT & 1:
                found.append(self._root / "dev/input" / device.name)
        return found
