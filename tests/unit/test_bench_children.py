"""The bench's children: they are watched, they are told of, and they never outlive the bench."""

from __future__ import annotations

import os
import queue
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.bench.ports import BenchError
from kiosk.bench.processes.children import Child, run_to_end

DEADLINE_S = 20.0
Deaths = queue.Queue[tuple[str, int, str]]

SLEEPER = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]


def child(tmp_path: Path, deaths: Deaths, *command: str) -> Child:
    return Child("sync", command, output=tmp_path / "sync.out", on_death=lambda *told: deaths.put(told))


def test_a_child_that_dies_is_told_of_with_its_last_words(tmp_path: Path) -> None:
    deaths: Deaths = queue.Queue()
    child(tmp_path, deaths, sys.executable, "-c", "import sys; print('the disk is full'); sys.exit(3)")
    assert deaths.get(timeout=DEADLINE_S) == ("sync", 3, "the disk is full")


def test_a_child_that_was_shot_is_told_of(tmp_path: Path) -> None:
    deaths: Deaths = queue.Queue()
    shot = child(tmp_path, deaths, *SLEEPER)
    os.kill(shot.pid, signal.SIGKILL)
    name, code, _words = deaths.get(timeout=DEADLINE_S)
    assert (name, code) == ("sync", -signal.SIGKILL)
    assert not shot.alive


def test_a_child_that_was_ended_is_not_told_of(tmp_path: Path) -> None:
    deaths: Deaths = queue.Queue()
    ended = child(tmp_path, deaths, *SLEEPER)
    assert ended.alive
    ended.end()
    ended.end()
    assert not ended.alive
    assert deaths.empty()


PARENT = """
import signal, sys
from pathlib import Path
from kiosk.bench.processes.children import Child
one = Child("sync", sys.argv[2:], output=Path(sys.argv[1]), on_death=print)
print(one.pid, flush=True)
signal.pause()
"""


def test_a_child_dies_with_a_bench_that_was_shot(tmp_path: Path) -> None:
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    # The child holds the pipe open for writing: its end is seen as end of file, without asking for a process id.
    holder = f"import signal; held = open({str(pipe)!r}, 'w'); held.write('up'); held.flush(); signal.pause()"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "out"), sys.executable, "-c", holder], stdout=subprocess.PIPE
    )
    descriptor = os.open(pipe, os.O_RDONLY)
    try:
        assert os.read(descriptor, 2) == b"up"
        parent.kill()
        parent.wait(DEADLINE_S)
        readable, _, _ = select.select([descriptor], [], [], DEADLINE_S)
        assert readable
        assert os.read(descriptor, 1) == b""
    finally:
        os.close(descriptor)
        if parent.stdout is not None:
            parent.stdout.close()


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(BenchError, match="no such authority") as caught:
        run_to_end([sys.executable, "-c", "import sys; sys.exit('no such authority')"])
    assert caught.value.code == "child-failed"


def test_a_command_that_hangs_is_given_up() -> None:
    with pytest.raises(BenchError, match="longer than"):
        run_to_end([sys.executable, "-c", "import signal; signal.pause()"], timeout_s=0.5)


def test_a_command_s_answer_comes_back() -> None:
    assert run_to_end([sys.executable, "-c", "print('T0001')"]) == "T0001\n"
