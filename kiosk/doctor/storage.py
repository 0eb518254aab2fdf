"""Checks of the state folder, the disk and the outbox."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile

from kiosk.doctor.check import Finding, fail, ok, skip, warn
from kiosk.doctor.site import Site
from offline_cache import state as states
from offline_cache.disk.clock import SystemClock
from offline_cache.disk.room import Quota
from offline_cache.disk.schema import check_sqlite, sqlite_version
from offline_cache.errors import CacheError, StorageUnsafe
from offline_cache.outbox import Outbox
from offline_cache.rescue import salvage

MB = 1024 * 1024
DISK_LOW_MB, DISK_OUT_MB = 1024, 128
INODES_LOW = 0.05
PENDING_OLD_S, PENDING_TOO_OLD_S = 86_400, 7 * 86_400
ROOM_LOW = 0.8
WORN, WORN_OUT = 8, 10
"""Of eMMC's life time estimate, tenths of its life used (JEDEC JESD84-B51, EXT_CSD 268 and 269)."""


def settings(site: Site) -> Finding:
    """The settings file can be read as a whole."""
    if site.settings_problem:
        return fail(site.settings_problem, "Correct that in the settings file, then run: kiosk doctor")
    return ok()


def state_folder(site: Site) -> Finding:
    """The state folder belongs to this user and nobody else may look into it."""
    try:
        info = site.state_dir.stat()
    except FileNotFoundError:
        return fail("the state folder is not there", "Start the terminal once, or mount the data partition.")
    except OSError as error:
        return fail(f"the state folder cannot be looked at: {error.strerror}", "Mount the data partition.")
    if not stat.S_ISDIR(info.st_mode):
        return fail("the state folder is a file", "Move that file away and start the terminal.")
    if info.st_uid != os.geteuid():
        return fail("the state folder belongs to another user", "Run the doctor as the user of kiosk.service.")
    if info.st_mode & 0o077:
        return warn("others on this machine may look into the state folder", "Run: chmod 700 on the state folder.")
    return ok()


def state_writable(site: Site) -> Finding:
    """A file can be written into the state folder and forced onto the disk."""
    try:
        with tempfile.NamedTemporaryFile(dir=site.state_dir, prefix=".doctor.") as file:
            file.write(b"0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return fail(f"nothing can be written: {error.strerror}", "Free space, or remount the data partition writable.")
    return ok()


def disk_space(site: Site) -> Finding:
    """Enough free space for days without a network."""
    try:
        free_mb = shutil.disk_usage(site.state_dir).free // MB
    except OSError as error:
        return fail(f"the disk cannot be looked at: {error.strerror}", "Mount the data partition.")
    if free_mb < DISK_OUT_MB:
        return fail(f"{free_mb} MB are free", "Delete what is not the terminal's from the data partition.")
    if free_mb < DISK_LOW_MB:
        return warn(f"{free_mb} MB are free", "Make room soon: new business is refused when the disk is full.")
    return ok(f"{free_mb} MB are free")


def disk_files(site: Site) -> Finding:
    """The file system can still make new files."""
    try:
        info = os.statvfs(site.state_dir)
    except OSError as error:
        return fail(f"the disk cannot be looked at: {error.strerror}", "Mount the data partition.")
    if info.f_files and info.f_favail / info.f_files < INODES_LOW:
        return warn(f"{info.f_favail} files are left", "Delete small files that are not the terminal's.")
    return ok()


def disk_wear(site: Site) -> Finding:
    """How much of the flash memory's life is used."""
    worst = 0
    for file in sorted((site.root / "sys/block").glob("mmcblk*/device/life_time")):
        for word in file.read_text("ascii", "replace").split():
            worst = max(worst, int(word, 16) if word.startswith("0x") else 0)
    if not worst:
        return skip("no flash memory tells its wear")
    if worst >= WORN_OUT:
        return fail("the flash memory is at the end of its life", "Replace the storage; sync first: kiosk sync once")
    if worst >= WORN:
        return warn(f"about {worst} tenths of the flash memory's life are used", "Order a replacement.")
    return ok(f"about {worst} tenths of its life are used")


def log_writable(site: Site) -> Finding:
    """The terminal's log can be written."""
    folder = site.state_dir / "log"
    if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
        return warn("the log folder cannot be written", "Give the log folder back to the terminal's user.")
    return ok()


def sqlite_build(_site: Site) -> Finding:
    """SQLite is a build that cannot lose commits."""
    try:
        check_sqlite(sqlite_version())
    except StorageUnsafe as error:
        return fail(str(error), "Install the package again: it brings its own SQLite.")
    return ok(".".join(map(str, sqlite_version())))


def outbox_opens(site: Site) -> Finding:
    """The outbox can be read."""
    try:
        _outbox(site).close()
    except CacheError as error:
        return fail(f"the outbox does not open [{error.code}]", "Run: kiosk outbox verify")
    return ok()


def outbox_age(site: Site) -> Finding:
    """Nothing waits too long for the gateway."""
    try:
        with _outbox(site) as outbox:
            status = outbox.status()
    except CacheError as error:
        return skip(f"the outbox does not open [{error.code}]")
    age_s = status.oldest_age_s or 0
    told = f"{status.pending} entries wait, the oldest for {age_s // 3600} h"
    if status.pending and age_s >= PENDING_TOO_OLD_S:
        return fail(told, "Run: kiosk sync once. Without a network: kiosk outbox export")
    if status.pending and age_s >= PENDING_OLD_S:
        return warn(told, "Run: kiosk sync once")
    return ok(told if status.pending else "nothing waits")


def outbox_room(site: Site) -> Finding:
    """The outbox is far from its quota."""
    try:
        with _outbox(site) as outbox:
            used = outbox.status().bytes / Quota().max_bytes
            outbox.refuse_when_full()
    except CacheError as error:
        if error.code == "outbox-full":
            return fail(f"new business is refused: {error}", "Run: kiosk sync once, or: kiosk outbox export")
        return skip(f"the outbox does not open [{error.code}]")
    if used >= ROOM_LOW:
        return warn(f"{used:.0%} of the outbox are used", "Run: kiosk sync once, or: kiosk outbox export")
    return ok(f"{used:.0%} are used")


def parked_entries(site: Site) -> Finding:
    """No office has rejected an entry that somebody must look at."""
    try:
        with _outbox(site) as outbox:
            parked = outbox.status().parked
    except CacheError as error:
        return skip(f"the outbox does not open [{error.code}]")
    if parked:
        return warn(f"{parked} entries were rejected by an office", "Run: kiosk outbox parked")
    return ok()


def set_aside(site: Site) -> Finding:
    """No damaged outbox was set aside here."""
    waiting = [one for one in salvage.listing(site.state_dir) if not one.done]
    if waiting:
        told = f"{len(waiting)} damaged outboxes were set aside"
        return warn(told, "Look at the disk (disk-wear), then run: kiosk outbox acknowledge")
    return ok()


class _SiteTime(SystemClock):
    """The machine's clocks, but the wall clock that all checks go by."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._now_ms = site.now_ms

    def now_ms(self) -> int:
        """As `OutboxClock.now_ms`."""
        return self._now_ms()


def _outbox(site: Site) -> Outbox:
    return states.open_reader(site.state_dir, clock=_SiteTime(site))
