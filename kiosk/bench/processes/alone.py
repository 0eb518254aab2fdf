"""What only one bench may have: its state folder, and the port of its panel. Both are taken before anything starts."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import ExitStack
from pathlib import Path

from kiosk.bench.ports import BenchError

LOCK_FILE = "bench.lock"


def hold_folder(folder: Path, stack: ExitStack) -> Path:
    """Make the folder where it is missing, hold it until `stack` ends, and return its full path.

    Raises `BenchError`: `state-in-use` where another bench runs on it, `state-unusable`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BenchError(
            "state-unusable", f"{folder} cannot be used: {error.strerror}.", "Choose another --state folder.", 500
        ) from error
    stack.callback(os.close, handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BenchError(
            "state-in-use", f"Another bench runs on {folder}.", "End that one, or choose another --state folder.", 409
        ) from error
    return folder.resolve()


def bind_loopback(port: int) -> socket.socket:
    """Bind a port of 127.0.0.1; 0 takes a free one. Raises `BenchError` (`port-taken`)."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError as error:
        bound.close()
        raise BenchError(
            "port-taken", f"Port {port} cannot be bound.", "Choose another with --port, or leave it out."
        ) from error
    return bound
