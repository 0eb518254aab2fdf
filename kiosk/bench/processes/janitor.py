"""Run as a script: wait until the bench is gone, however it went, and take its temporary folder away.

A bench that ends in order removes the folder itself, and there is nothing left to do. One that was shot (SIGKILL)
cannot; its end of the pipe closes with it, and this process reads the end of file.
"""

from __future__ import annotations

import shutil
import sys
import threading
from pathlib import Path

TRIES = 40
PAUSE_S = 0.25


def main(arguments: list[str]) -> None:
    """`arguments`: the folder. Its other users are ending too, and may still write a file or two."""
    sys.stdin.buffer.read()
    folder, pause, quiet = Path(arguments[0]), threading.Event(), 0
    for _ in range(TRIES):
        quiet = 0 if folder.exists() else quiet + 1
        if quiet > 1:
            return
        shutil.rmtree(folder, ignore_errors=True)
        pause.wait(PAUSE_S)


if __name__ == "__main__":
    main(sys.argv[1:])
