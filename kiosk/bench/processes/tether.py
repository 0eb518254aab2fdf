"""Run as a script: tie this process to its parent, then become the program of the arguments.

`prctl(PR_SET_PDEATHSIG)` survives `execv`, so the program gets the signal when the bench is gone, however it went
(SIGKILL too). Without this a gateway or a sync service would outlive a bench that was shot. Linux only: prctl(2).
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """`arguments`: the parent's process id, the signal, then the program with its arguments. Does not return."""
    parent, number, program = int(arguments[0]), int(arguments[1]), arguments[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        sys.exit("the parent is gone already")
    os.execv(program[0], program)  # noqa: S606 - the bench's own command line, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
