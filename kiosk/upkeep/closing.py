"""Out of service: one small file in the state folder, written whole, that a restart finds again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from kiosk.staff.closed import closure
from kiosk.staff.part import Closure
from offline_cache.disk.files import read_limited, write_atomic
from offline_cache.errors import CacheError

CLOSED_FILE = "out-of-service.json"
_MAX_BYTES = 4096


def read(state_dir: Path) -> Closure | None:
    """What the last technician left; None: in service. A file that cannot be read closes nothing."""
    try:
        raw = read_limited(state_dir / CLOSED_FILE, _MAX_BYTES)
        told = json.loads(raw) if raw is not None else None
    except (CacheError, ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    found = cast("dict[str, object]", told)
    return closure(*(str(found.get(name, "")) for name in ("reason", "until", "since")))


def write(state_dir: Path, found: Closure) -> None:
    """Close: durable when this returns. Raises `StorageFailed`."""
    told = {"reason": found.reason, "until": found.until, "since": found.since}
    write_atomic(state_dir / CLOSED_FILE, json.dumps(told).encode("ascii"))


def forget(state_dir: Path) -> None:
    """Back in service. Raises `OSError`."""
    (state_dir / CLOSED_FILE).unlink(missing_ok=True)
