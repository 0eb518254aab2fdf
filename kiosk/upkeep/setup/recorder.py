"""The child of `probe`: records into the outbox of a folder, tells each number after its commit, and is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from kiosk.upkeep.setup.probe import ENOUGH
from offline_cache import state as states


def main(folder: Path) -> None:
    """Record up to `ENOUGH` documents, one line of output each."""
    with states.open_writer(folder) as outbox:
        for number in range(ENOUGH):
            made = outbox.append(lambda seq, _id, number=number: {"kind": "probe", "number": f"P-{seq}", "n": number})
            sys.stdout.write(f"{made.seq}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
