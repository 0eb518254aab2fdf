"""Whether this disk keeps what the outbox called saved, though the recorder is stopped in the middle of its work.

A child records documents into a scratch outbox on the same disk, and tells each one after its commit; it is killed
without warning, three times; then every document that was told must be there, and the chain whole. A killed program is
not a lost disk cache: what only pulled power shows is shown by a technician who pulls the plug, after which everything
goes on where it was.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from kiosk.frozen import frozen
from offline_cache import state as states
from offline_cache.errors import CacheError, StorageFailed

FOLDER = "probe"
CUTS = 3
LEAST = 5
"""So many documents are told before each cut, and a few more by lot."""
SPREAD = 8
ENOUGH = 400
"""The child ends by itself after so many, so that none is left behind."""
END_S = 20.0


class ProbeLost(Exception):
    """A document that was told as saved is not there, or the chain is broken."""

    code = "probe-lost"


@frozen
class Kept:
    """How often the recorder was stopped, and how many documents were told and found again."""

    cuts: int
    entries: int


def probe(state_dir: Path, lot: Callable[[int], int], cuts: int = CUTS) -> Kept:
    """Record, kill, look; the scratch outbox is removed. `lot(n)` gives a number below n.

    Raises:
        ProbeLost: the disk lost something. StorageFailed: it cannot be written at all.
    """
    folder = state_dir / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise StorageFailed(f"the disk refused a folder: {error.strerror}") from error
    try:
        told = 0
        for _ in range(cuts):
            told = max(told, _cut(folder, LEAST + lot(SPREAD)))
            _find(folder, told)
        return Kept(cuts, told)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cut(folder: Path, after: int) -> int:
    """Start the recorder, kill it once it told `after` documents; returns the last one told. Raises `StorageFailed`."""
    command = [sys.executable, "-m", "kiosk.upkeep.setup.recorder", str(folder)]
    last, told = 0, 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as child:  # noqa: S603 - our own
        assert child.stdout is not None
        try:
            for line in child.stdout:
                last, told = int(line), told + 1
                if told >= after:
                    break
        finally:
            child.kill()
            child.wait(END_S)
        rest = [int(line) for line in child.stdout.read().split() if line.isdigit()]
    if told < after:
        raise StorageFailed("the recorder ended by itself: the disk refuses")
    return max([last, *rest])


def _find(folder: Path, told: int) -> None:
    """Every document up to `told` is there, and the chain is whole. Raises `ProbeLost`, `StorageFailed`."""
    try:
        with states.open_reader(folder) as outbox:
            outbox.verify()
            there = outbox.last_seq()
    except StorageFailed:
        raise
    except CacheError as error:
        raise ProbeLost(f"the outbox is not whole: {error.code}") from error
    if there < told:
        raise ProbeLost(f"{told} documents were told as saved, {there} are there")
