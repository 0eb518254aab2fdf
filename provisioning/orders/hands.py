"""Does what the gateway orders, by programs of the machine: a short list, no shell, nothing of the order in a command.

The sync service may ask systemd for exactly these units (polkit); where one is not installed the order is answered
with `not-installed`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from offline_cache.fleet.orders import DONE
from offline_cache.wire.fleet.heartbeat import Order

TIMEOUT_S = 120
NOT_INSTALLED, FAILED, TOO_SLOW = "not-installed", "failed", "too-slow"
_NO_UNIT = 5
"""systemctl: there is no such unit (systemctl(1), exit status)."""

Run = Callable[[Sequence[str]], int]
"""Runs a program to its end; its exit code. Raises `FileNotFoundError`, `TimeoutExpired`."""


def run(command: Sequence[str]) -> int:
    """The real one."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=False)  # noqa: S603 - fixed commands
    return done.returncode


def commands(state_dir: Path) -> Mapping[str, Sequence[str]]:
    """Kind of order -> program. A restart or reboot may end this process before its answer."""
    kiosk = (sys.executable, "-m", "kiosk")
    return {
        "restart": ("systemctl", "--no-block", "restart", "kiosk.service"),
        "reboot": ("systemctl", "--no-block", "reboot"),
        "refresh": (*kiosk, "sync", "once", "--state", str(state_dir)),
        "stage-update": ("systemctl", "start", "kiosk-update.service"),
        "support-bundle": ("systemctl", "start", "kiosk-support-bundle.service"),
    }


def hands(state_dir: Path, program: Run = run) -> Callable[[Order], str]:
    """What `OrderBook` calls."""
    known = commands(state_dir)

    def do(order: Order) -> str:
        try:
            code = program(known[order.kind])
        except FileNotFoundError:
            return NOT_INSTALLED
        except subprocess.TimeoutExpired:
            return TOO_SLOW
        return DONE if code == 0 else NOT_INSTALLED if code == _NO_UNIT else FAILED

    return do
