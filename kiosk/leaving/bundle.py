"""The support bundle: one zip for the makers, from which nobody can learn who used the terminal.

Nothing is copied as it is. Each part is built from a closed list: findings by check name and failure code, settings,
versions, figures of the outbox, and log lines read again through the log's own catalogue: an event or a field that it
does not name, or a value that may be free text, is left out and counted. Entries, receipts, keys, pictures, and the
place where the terminal stands stay here.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import re
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import cast

from kiosk.doctor.check import Result
from kiosk.log import Log, LogEventInvalid
from kiosk.settings import Settings
from offline_cache import state as states
from offline_cache.errors import CacheError
from offline_cache.rescue import report

_CODE = re.compile(r"\[([a-z][a-z0-9-]{1,40})\]")
_LOGS = ("kiosk.1", "kiosk.jsonl")
_LOG_BYTES = 20_000_000


@dataclass(frozen=True)
class Bundle:
    """What was written; `left_out` counts log lines that were not plain."""

    file: Path
    bytes: int
    left_out: int


def write_bundle(state_dir: Path, target: Path, settings: Settings, results: Sequence[Result], now_ms: int) -> Bundle:
    """Write the bundle into a folder, whole or not at all. Raises `OSError`."""
    lines, left_out = _log_lines(state_dir / "log")
    parts = {
        "doctor.json": json.dumps([_finding(one) for one in results], indent=1),
        "settings.json": json.dumps(_settings(settings), indent=1),
        "versions.json": json.dumps(_versions(), indent=1),
        "outbox.json": json.dumps(_figures(state_dir), indent=1),
        "log.jsonl": "".join(lines),
    }
    file = target / f"kiosk-support-{now_ms}.zip"
    draft = file.with_suffix(".part")
    try:
        with draft.open("xb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as bundle:
                for name, text in parts.items():
                    bundle.writestr(name, text)
            raw.flush()
            os.fsync(raw.fileno())
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return Bundle(file, file.stat().st_size, left_out)


def _finding(one: Result) -> dict[str, object]:
    """A cause may quote a file's or a device's name: only its code goes along."""
    code = _CODE.search(one.cause)
    return {"name": one.name, "outcome": str(one.outcome), "code": code and code.group(1), "took_ms": one.took_ms}


def _settings(settings: Settings) -> dict[str, object]:
    """Numbers and switches; of texts only whether they differ from the default."""
    told: dict[str, object] = {}
    for item in dataclasses.fields(settings):
        value = getattr(settings, item.name)
        told[item.name] = ("set" if value != item.default else "default") if isinstance(value, str) else value
    return told


def _versions() -> dict[str, str]:
    known = {one.metadata["Name"]: one.version for one in metadata.distributions() if one.metadata["Name"]}
    return {"machine": platform.machine(), "kernel": platform.release(), "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version} | dict(sorted(known.items()))  # fmt: skip


def _figures(state_dir: Path) -> dict[str, object]:
    try:
        with states.open_reader(state_dir) as outbox:
            status = outbox.status()
        return {
            "pending": status.pending,
            "parked": status.parked,
            "oldest_age_s": status.oldest_age_s,
            "bytes": status.bytes,
            "set_aside": report.unsent(state_dir),
        }
    except CacheError as error:
        return {"error": error.code}


def _log_lines(folder: Path) -> tuple[list[str], int]:
    """The lines that the log would write again, and how many it would not."""
    checker = Log(None, lambda: 0)
    kept: list[str] = []
    left_out = 0
    for line in _raw_lines(folder):
        found = _checked(checker, line)
        if found is None:
            left_out += 1
        else:
            kept.append(found)
    return kept, left_out


def _raw_lines(folder: Path) -> Iterator[bytes]:
    for name in _LOGS:
        try:
            with (folder / name).open("rb") as file:
                yield from file.read(_LOG_BYTES).splitlines()
        except FileNotFoundError:
            continue


def _checked(checker: Log, line: bytes) -> str | None:
    try:
        read: object = json.loads(line)
    except ValueError:
        return None
    if not isinstance(read, dict):
        return None
    fields = cast("dict[str, object]", read)
    time_ms, event = fields.pop("time_ms", None), fields.pop("event", None)
    fields.pop("level", None)
    if type(time_ms) is not int or not isinstance(event, str):
        return None
    try:
        checker.write(event, fields)
    except LogEventInvalid:
        return None
    return json.dumps(checker.recent[-1] | {"time_ms": time_ms}, ensure_ascii=False) + "\n"
