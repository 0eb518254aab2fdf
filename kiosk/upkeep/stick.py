"""A USB stick for a task of staff: let in when the task begins, out when it ends. Citizens never reach this.

On an appliance `kiosk-stick.service` does both as root (`provisioning/stick.py`); polkit lets the terminal's user start
and stop that unit. Elsewhere a stick is whatever is mounted already.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

UNIT = "kiosk-stick.service"
FOLDER = Path("/media/kiosk")
"""Where the unit mounts it."""
STICKS = (FOLDER.parent, Path("/run/media"))
"""Where a USB stick is mounted: the folders themselves, and one or two levels below."""
MISSING, UNREADABLE, AMBIGUOUS = "stick-missing", "stick-unreadable", "stick-ambiguous"
EXITS: Mapping[str, int] = {MISSING: 11, UNREADABLE: 12, AMBIGUOUS: 13}
"""Code -> exit status of the unit."""
START = ("systemctl", "--no-ask-password", "start", UNIT)
STATUS = ("systemctl", "show", "--value", "--property=ExecMainStatus", UNIT)
STOP = ("systemctl", "--no-ask-password", "stop", UNIT)
TIMEOUT_S = 120
_FAILED = 1
"""systemctl: the unit is there, was asked to start, and did not (systemctl(1), exit status)."""

Run = Callable[[Sequence[str]], tuple[int, str]]
"""Runs a program to its end: its exit code, and what it said."""
Stick = Callable[[], AbstractContextManager[Path | None]]
"""Lets a stick in for as long as the block lasts; None: there is none. May raise `StickMissing`'s neighbours."""


class StickMissing(Exception):
    """No USB stick is plugged in."""

    code = MISSING


class StickUnusable(Exception):
    """The stick cannot be read or written."""

    code = UNREADABLE


class StickAmbiguous(Exception):
    """Two sticks are plugged in."""

    code = AMBIGUOUS


def run(command: Sequence[str]) -> tuple[int, str]:
    """The real one; a program that is missing or hangs has failed otherwise than by `_FAILED`."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return 127, ""
    return done.returncode, done.stdout


def find_stick(roots: Sequence[Path]) -> Path | None:
    """Return the first mounted folder that can be written, at most two levels below the roots."""
    for root in roots:
        for folder in (*root.glob("*"), *root.glob("*/*")):
            if folder.is_dir() and os.path.ismount(folder) and os.access(folder, os.W_OK | os.X_OK):
                return folder
    return None


@contextlib.contextmanager
def plugged(roots: Sequence[Path] = STICKS, program: Run = run) -> Generator[Path | None]:
    """Let the stick in for a task. Raises `StickUnusable`, `StickAmbiguous`; None: there is no stick.

    It is out again when the block ends, however that ends, so it may be pulled out then.
    """
    try:
        code, _ = program(START)
        problem = _problem(program) if code == _FAILED else ""
        if problem == UNREADABLE:
            raise StickUnusable("its file system is none that a terminal mounts")
        if problem == AMBIGUOUS:
            raise StickAmbiguous("more than one is plugged in")
        found = find_stick(roots)
        if code == 0 and found is None:
            raise StickUnusable("it is mounted, but cannot be written")
        yield found
    finally:
        program(STOP)


def _problem(program: Run) -> str:
    """Why the unit did not start; empty where that is nothing of the stick (no service manager at work here)."""
    said = program(STATUS)[1].strip()
    return next((code for code, status in EXITS.items() if said == str(status)), "")
