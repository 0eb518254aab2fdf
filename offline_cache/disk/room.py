"""Whether there is room for new business: the quota of the outbox, and what is left on the disk."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from offline_cache.errors import OutboxFull

_DISK_EVERY = 64
"""Entries between two looks at the pages in use and the free space, for others write too. So many of the largest are
far below `Quota.min_free_bytes`."""
_PAGES_BESIDE = 8
"""Pages that a row may begin besides those that its body fills: leaf, splits up to the root, rounding."""


@dataclass(frozen=True)
class Quota:
    """When new business is refused. Acknowledged rows are purged elsewhere; nothing unsent is."""

    max_bytes: int = 1024 * 1024 * 1024
    min_free_bytes: int = 64 * 1024 * 1024


class Room:
    """What is left of a quota. The pages are counted anew only when the last count may not tell any more."""

    def __init__(self, path: Path, quota: Quota, page_size: int) -> None:
        self._path = path
        self._quota = quota
        self._page_size = page_size
        self._most_pages = quota.max_bytes // page_size
        self._left = 0
        """Pages that are free for certain, of the quota, not of the file; 0: count."""
        self._entries = 0

    def forget(self) -> None:
        """Somebody else wrote: count at the next question."""
        self._left = 0

    def check(self, connection: sqlite3.Connection) -> None:
        """Refuse when nothing more may be recorded. Inside a transaction.

        Raises:
            OutboxFull: the quota is reached, or the disk nearly full.
        """
        often = self._entries % _DISK_EVERY == 0
        if self._left <= 0 or often:
            self.count(connection)
        if often:
            self.look_at_disk()

    def count(self, connection: sqlite3.Connection) -> None:
        """Count the pages in use. Raises `OutboxFull`."""
        (pages,) = connection.execute("pragma page_count").fetchone()
        (free,) = connection.execute("pragma freelist_count").fetchone()
        self._left = self._most_pages - (pages - free)
        if self._left <= 0:
            raise OutboxFull("the outbox has reached its quota; nothing unsent is deleted")

    def scarce(self, connection: sqlite3.Connection) -> bool:
        """Whether more than half of the quota is in use."""
        (pages,) = connection.execute("pragma page_count").fetchone()
        (free,) = connection.execute("pragma freelist_count").fetchone()
        return (pages - free) * 2 > self._most_pages

    def look_at_disk(self) -> None:
        """Look at the free space of the disk. Raises `OutboxFull`; `OSError` where it cannot be asked."""
        disk = os.statvfs(self._path)
        if disk.f_bavail * disk.f_frsize < self._quota.min_free_bytes:
            raise OutboxFull("the disk is nearly full; nothing unsent is deleted")

    def taken(self, body_bytes: int) -> None:
        """A row was recorded."""
        self._entries += 1
        self._left -= body_bytes // self._page_size + _PAGES_BESIDE
