"""STATE/parts.json: how reader and printer are, for the heartbeat of the sync service. Numbers only, no holder data.

Written by the terminal's own thread when something changed; its time of change is the sign of life, set once a minute
(to write it anew would wait for the disk). Not fsynced: a file that is gone after a power cut is written again within
seconds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from drivers.api import PrinterStatus, SlotState
from kiosk.log import Log
from kiosk.session.state import World
from offline_cache.wire.fleet.heartbeat import PARTS_ALIVE_MS, PARTS_FILE

LOOK_S = 15.0
UNREAD = ("card-unreadable", "card-busy")
"""Failure screens that say that a citizen's card could not be read."""
_LEVELS = {"out": 0, "near-end": 1, "ok": 2}


class PartsFile:
    """Looks at the terminal's world and writes down what a technician must know."""

    def __init__(
        self,
        state_dir: Path,
        log: Log,
        world: Callable[[], World],
        wall_ms: Callable[[], int],
        closed: Callable[[], bool] = lambda: False,
    ) -> None:
        """`closed`: whether a technician took the terminal out of service."""
        self._closed = closed
        self._path = state_dir / PARTS_FILE
        self._log = log
        self._world = world
        self._wall_ms = wall_ms
        self._written: Mapping[str, int] = {}
        self._at_ms = 0

    def look(self) -> None:
        """Write the file where something changed. A disk that refuses is met by whoever records an entry."""
        gauges, now = self._gauges(), self._wall_ms()
        if gauges == self._written and 0 <= now - self._at_ms < PARTS_ALIVE_MS:
            return
        stamp = now * 1_000_000
        try:
            if gauges == self._written and self._path.exists():
                os.utime(self._path, ns=(stamp, stamp))
            else:
                beside = self._path.with_name(f".{PARTS_FILE}.new")
                beside.write_text(json.dumps({"gauges": gauges}), "ascii")
                os.utime(beside, ns=(stamp, stamp))
                beside.replace(self._path)
        except OSError:
            return  # the heartbeat then says that the program is down, which a full disk soon makes true
        self._written, self._at_ms = gauges, now

    def _gauges(self) -> dict[str, int]:
        world, counts = self._world(), self._log.counts
        found = {
            "out_of_service": int(self._closed()),
            "reader_up": int(world.slot is not SlotState.READER_ABSENT),
            "card_reads_total": counts["card.recognised"],
            "card_read_failures_total": sum(counts[f"failure {code}"] for code in UNREAD),
        }
        return found | (_printer(world.printer) if world.printer is not None else {})


def _printer(status: PrinterStatus) -> dict[str, int]:
    found = {"printer_up": int(status.answered and status.online)}
    if status.cover is not None:
        found["cover_open"] = int(status.cover == "open")
    if status.paper is not None:
        found["paper_level"] = _LEVELS[status.paper]
    if status.roll_left_m is not None:
        found["roll_left_mm"] = status.roll_left_m * 1000
    return found
