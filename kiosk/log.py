"""The structured log: JSON lines with event ids from `assets/log_events.toml`, and no holder data, ever.

An event id or a field that the catalogue does not name is an error of the program: it is refused, so that nothing
reaches the log that nobody has thought about. Values are numbers, booleans, or short words of a closed alphabet.
"""

from __future__ import annotations

import json
import re
import threading
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import BinaryIO

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}|")
_LONG_NUMBER = re.compile(r"[0-9]{7,}")
_WRITER = json.JSONEncoder(ensure_ascii=False)


class LogEventInvalid(Exception):
    """An event or a field that `assets/log_events.toml` does not name, or a value that may be free text."""

    code = "log-event-invalid"


def event_catalogue() -> dict[str, dict[str, object]]:
    """Return event id -> `{"what", "level", "fields"}`."""
    text = resources.files("assets").joinpath("log_events.toml").read_text("utf-8")
    return tomllib.loads(text)


class Log:
    """Writes events to a file, one JSON object a line. Safe to call from any thread."""

    def __init__(self, path: Path | None, wall_ms: Callable[[], int], keep_bytes: int = 5_000_000) -> None:
        self._path = path
        self._wall_ms = wall_ms
        self._keep_bytes = keep_bytes
        self._catalogue = event_catalogue()
        self._lock = threading.Lock()
        self._file: BinaryIO | None = path.open("ab") if path is not None else None
        self.recent: list[dict[str, object]] = []
        """The last 200 events, for the tester's bench."""
        self.counts: Counter[str] = Counter()
        """Event -> how often since the start; failure screens besides as `failure CODE`."""

    def write(self, event: str, fields: Mapping[str, object] | None = None) -> None:
        """Write one event. Raises `LogEventInvalid` for an unknown event, field, or unsafe value."""
        line = self._checked(event, dict(fields or {}))
        with self._lock:
            self.recent.append(line)
            del self.recent[:-200]
            self.counts[event] += 1
            if event == "failure":
                self.counts[f"failure {line.get('code')}"] += 1
            if self._file is None:
                return
            self._file.write(f"{_WRITER.encode(line)}\n".encode())
            self._file.flush()
            self._turn_over()

    def _checked(self, event: str, fields: dict[str, object]) -> dict[str, object]:
        known = self._catalogue.get(event)
        if known is None:
            raise LogEventInvalid(f"{event}: no such log event")
        allowed = known["fields"]
        for name, value in fields.items():
            if not isinstance(allowed, list) or name not in allowed:
                raise LogEventInvalid(f"{event}: no field {name}")
            if isinstance(value, str) and (not _WORD.fullmatch(value) or _LONG_NUMBER.search(value)):
                raise LogEventInvalid(f"{event}: field {name} is not a plain word")
            if not isinstance(value, str | int | float | bool | None):
                raise LogEventInvalid(f"{event}: field {name} is a {type(value).__name__}")
        return {"time_ms": self._wall_ms(), "event": event, "level": known["level"], **fields}

    def _turn_over(self) -> None:
        if self._file is None or self._path is None or self._file.tell() < self._keep_bytes:
            return
        self._file.close()
        self._path.replace(self._path.with_suffix(".1"))
        self._file = self._path.open("ab")

    def close(self) -> None:
        """Close the file. Later events are kept in `recent` only."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
