"""Taking a terminal out of service: what is unsent is told first, then every key goes, then everything else.

Keys go first, because without them a sealed entry is noise even where old cells of flash memory survive: rows are
sealed to the gateway, or to `local-seal.key` of the folder. Each key file is overwritten and removed, and the proof is
a look at the folder afterwards. Run again after a pulled plug, it goes on where it was.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from offline_cache import state as states
from offline_cache.disk.files import destroy, folder_lock, sync_folder
from offline_cache.errors import CacheError, StorageFailed
from offline_cache.outbox import OUTBOX_FILE
from offline_cache.rescue import report

LOCK_FILE = ".lock"


@dataclass(frozen=True)
class Stock:
    """What would be lost. `readable` is False where the outbox does not open: then `unsent` counts nothing of it."""

    unsent: int
    readable: bool
    keys: list[str]

    def words(self) -> str:
        """One clause for a technician."""
        if not self.readable:
            return "the outbox cannot be read, so nobody knows what is unsent"
        return f"{self.unsent} entries are unsent"


@dataclass(frozen=True)
class Proof:
    """What went, and what a look afterwards still found (nothing, when all went well). Names, never contents."""

    keys: tuple[str, ...]
    files: int
    left: tuple[str, ...]


def stock(state_dir: Path) -> Stock:
    """Count what the gateway does not have. Raises `StorageFailed`."""
    keys = [str(file.relative_to(state_dir)) for file in _keys(state_dir)]
    aside = report.unsent(state_dir)
    if not (state_dir / OUTBOX_FILE).exists():
        return Stock(aside, readable=True, keys=keys)
    try:
        with states.open_reader(state_dir) as outbox:
            return Stock(outbox.status().pending + aside, readable=True, keys=keys)
    except CacheError:
        return Stock(aside, readable=False, keys=keys)


def erase_all(state_dir: Path) -> Proof:
    """Erase keys, then everything else in the folder; the lock file alone stays until its lock is let go.

    Raises:
        StorageFailed: something could not be removed; the same call goes on from there.
    """
    with folder_lock(state_dir):
        keys = _keys(state_dir)
        for file in keys:
            destroy(file)
        files = sum(1 for file in state_dir.rglob("*") if file.is_file()) - 1
        try:
            for path in state_dir.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                elif path.name != LOCK_FILE:
                    path.unlink()
            sync_folder(state_dir)
        except OSError as error:
            raise StorageFailed(f"the state folder could not be emptied: {error.strerror}") from error
        left = tuple(sorted(path.name for path in state_dir.rglob("*") if path.name != LOCK_FILE))
    return Proof(tuple(str(file.relative_to(state_dir)) for file in keys), files + len(keys), left)


def _keys(state_dir: Path) -> list[Path]:
    """Every file of the folder that is a secret key: `*.key`, and drafts of one that a pulled plug left."""
    return sorted(path for path in state_dir.rglob("*") if path.is_file() and ".key" in path.name)
