"""The bench's child processes: started tied to the bench, watched, and ended with it.

A child that ends unasked is told to the bench (`on_death`), which then ends everything: a bench without its gateway or
its sync service would only mislead. What a child writes goes to a file in the state folder; the last lines of it are
part of the reason.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kiosk.bench.ports import BenchError
from kiosk.bench.processes import tether

END_TIMEOUT_S = 8.0
REASON_LINES = 8
LOOK_S = 0.02


def kiosk_command(*arguments: str) -> list[str]:
    """The `kiosk` command of this very installation."""
    return [sys.executable, "-m", "kiosk", *arguments]


def run_to_end(command: Sequence[str], *, timeout_s: float = 60.0) -> str:
    """Run a command and return its stdout. Raises `BenchError` (`child-failed`) with what it wrote on stderr."""
    try:
        done = subprocess.run(  # noqa: S603 - our own command line, no shell
            list(command), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BenchError(
            "child-failed", f"{_name(command)} took longer than {timeout_s:g} s.", "Try again.", 500
        ) from error
    if done.returncode != 0:
        reason = "\n".join(done.stderr.strip().splitlines()[-REASON_LINES:])
        raise BenchError("child-failed", f"{_name(command)} ended with {done.returncode}.\n{reason}", "See above.", 500)
    return done.stdout


class Child:
    """One long-running child. Start it from a thread that lives as long as the bench: see prctl(2)."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        output: Path,
        on_death: Callable[[str, int, str], None],
        orphaned: signal.Signals = signal.SIGTERM,
    ) -> None:
        """`on_death(name, exit code, last lines)` is called from a watching thread, and only if nobody asked.

        `orphaned` is what the child gets when the bench is gone.
        """
        self.name = name
        self._output = output
        self._on_death = on_death
        self._ending = threading.Event()
        self._skip = len(output.read_text("utf-8", "replace").splitlines()) if output.exists() else 0
        with output.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line, no shell
                [sys.executable, "-S", "-E", tether.__file__, str(os.getpid()), str(int(orphaned)), *command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._watcher = threading.Thread(target=self._watch, name=f"watch-{name}", daemon=True)
        self._watcher.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens where it has ended."""
        self._process.send_signal(number)

    def wait_for_line(self, start: str, timeout_s: float) -> str:
        """Wait for a line of output that begins so, and return the rest of it.

        Raises `BenchError` (`child-failed`) when the child ends first or the time is over.
        """
        ends = time.monotonic() + timeout_s
        while True:
            dead = not self.alive
            lines = self._output.read_text("utf-8", "replace").splitlines(keepends=True)[self._skip :]
            for line in lines:
                if line.startswith(start) and line.endswith("\n"):
                    return line.removeprefix(start).strip()
            if dead or time.monotonic() > ends:
                what = "ended" if dead else f"was not ready within {timeout_s:g} s"
                raise BenchError("child-failed", f"{self.name} {what}.\n{self.last_lines()}", "See above.", 500)
            self._ending.wait(LOOK_S)

    def last_lines(self) -> str:
        """What the child wrote last."""
        lines = self._output.read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-REASON_LINES:])

    def end(self) -> None:
        """SIGTERM, then SIGKILL after `END_TIMEOUT_S`. May be called twice."""
        self._ending.set()
        if self.alive:
            self._process.terminate()
            try:
                self._process.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._watcher.join(END_TIMEOUT_S)

    def _watch(self) -> None:
        code = self._process.wait()
        if not self._ending.is_set():
            self._on_death(self.name, code, self.last_lines())


def _name(command: Sequence[str]) -> str:
    return " ".join(command[2:4]) if list(command[:1]) == [sys.executable] else command[0]
