"""What the sync service left on the disk for the terminal: the city's directory, and epochs that were set aside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from kiosk import events as e
from kiosk.log import Log
from offline_cache import catalogue
from offline_cache.errors import CacheError, StorageFailed
from offline_cache.rescue import salvage

OFFICES, DIVISIONS = "geo.office", "geo.division"


class Directory:
    """Offices, streets and hospitals as the gateway last signed them: the same answers, days without a network."""

    def __init__(self, state_dir: Path, signing_key: bytes) -> None:
        self._state_dir = state_dir
        self._signing_key = signing_key

    def public(self, subject: str, given: Mapping[str, str]) -> e.SubjectData | None:
        """What is known of a public subject, or None. Nothing that changes by the hour: no queues, no free times."""
        try:
            stored = catalogue.load(self._state_dir, self._signing_key, "directory")
        except StorageFailed:
            return None  # as good as none: whoever asked is told that the network is away
        if stored is None:
            return None
        if subject == DIVISIONS:
            return e.SubjectData(subject, "civil", "", {"divisions": stored.content.get("divisions", [])})
        if subject != OFFICES:
            return None
        matter = given.get("matter", "")
        offices = cast("list[Mapping[str, object]]", stored.content.get("offices", []))
        found = [one for one in offices if not matter or matter in cast("list[str]", one.get("matters", []))]
        return e.SubjectData(subject, "data", "", {"offices": found})


class SetAsideWatch:
    """Says in the log that an outbox was set aside: at every start, until a technician has looked."""

    def __init__(self, state_dir: Path, log: Log) -> None:
        self._state_dir = state_dir
        self._log = log
        self._said: set[int] = set()

    def look(self) -> None:
        """Log what is new. Raises nothing: a disk that cannot be read is told by whoever needs it."""
        try:
            found = salvage.listing(self._state_dir)
        except CacheError:
            return
        for aside in found:
            number, figures = aside.why.epoch_number, aside.found
            if aside.seen or figures is None or number in self._said:
                continue
            self._said.add(number)
            self._log.write(
                "outbox.set-aside",
                {
                    "epoch": number,
                    "reason": aside.why.reason,
                    "in_line": figures.in_line,
                    "loose": figures.loose,
                    "missing": figures.missing,
                },
            )
