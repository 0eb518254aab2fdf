"""Names that the parts of an update share, and what became of the last one.

STATE/update is the terminal user's: what was fetched. OWN (/var/lib/kiosk-update) is root's: what is put in, what one
goes back to, and what became of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

FOLDER, RELEASE, PACKAGE, READY, SEEN = "update", "release", "package.deb", "ready", "seen"
OWN = Path("/var/lib/kiosk-update")
GOOD, OUTCOME = "good.deb", "outcome.json"
PACKAGE_REFUSED = "package-refused"
"""The fault that the heartbeat then names; the gateway's roll-out halts by it."""
TAKEN_BACK = frozenset(["rolled-back", "stuck"])
"""The new version did not do on this terminal."""


@dataclass(frozen=True)
class Settled:
    """What became of the last update."""

    newest: int = 0
    """The highest release that was dealt with for good; neither it nor an older one is ever put in again. 0: none."""
    number: int = 0
    version: str = ""
    outcome: str = ""
    """`done`, `rolled-back`, `stuck`, or the code of why it was not put in; empty: there was none."""
    why: str = ""


def read_outcome(file: Path) -> Settled:
    """The last outcome; a file that is not there, or not this, says that there was none."""
    try:
        told = cast("dict[str, object]", json.loads(file.read_text("utf-8")))
        numbers = int(str(told["newest"])), int(str(told["number"]))
        return Settled(*numbers, str(told["version"]), str(told["outcome"]), str(told["why"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Settled()


def read_seen(state_dir: Path) -> int:
    """The newest release in which there was nothing new for this terminal; 0: none."""
    try:
        return int((state_dir / FOLDER / SEEN).read_text("ascii"))
    except (OSError, ValueError):
        return 0
