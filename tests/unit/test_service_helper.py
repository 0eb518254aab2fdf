"""The helper that may restart the PC/SC service: who may ask, how often, and what a terminal does without it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.readers import service_helper as helper

COMMAND = ("systemctl", "restart", "pcscd.service")


class Bench:
    """A helper in a thread, its clock, and what it ran."""

    def __init__(self, path: Path, uid: int, code: int = 0) -> None:
        self.path, self.now_s, self.code = path, 100.0, code
        self.ran: list[tuple[str, ...]] = []
        self._listener = helper.listening(path)
        served = helper.Helper(COMMAND, uid, run=self._run, now=lambda: self.now_s)
        self._thread = threading.Thread(target=served.serve, args=(self._listener,), daemon=True)
        self._thread.start()

    def _run(self, command: Sequence[str]) -> int:
        self.ran.append(tuple(command))
        return self.code

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def begin(uid: int | None = None, code: int = 0) -> Bench:
        made.append(Bench(tmp_path / "helper", os.getuid() if uid is None else uid, code))
        return made[-1]

    yield begin
    for bench in made:
        bench.close()


def test_the_terminal_asks_and_the_service_is_restarted(start: Callable[..., Bench]) -> None:
    bench = start()
    assert helper.ask(bench.path) == b"done"
    helper.restarter(bench.path)()
    assert bench.ran == [COMMAND], "the second came too soon"


def test_a_terminal_gone_wild_does_not_keep_the_service_down(start: Callable[..., Bench]) -> None:
    bench = start()
    answers = []
    for passed in (0.0, 1.0, 8.9, 0.2):
        bench.now_s += passed
        answers.append(helper.ask(bench.path))
    assert answers == [b"done", b"busy", b"busy", b"done"]
    assert len(bench.ran) == 2


def test_a_service_that_does_not_come_up(start: Callable[..., Bench]) -> None:
    assert helper.ask(start(code=3).path) == b"failed"


def test_another_user_is_refused() -> None:
    ran: list[Sequence[str]] = []
    served = helper.Helper(COMMAND, 4_000_000, run=lambda command: len(ran) or ran.append(command) or 0)
    served._uids = {4_000_000}  # root, who may run this test, would be served otherwise
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        ours.sendall(helper.REQUEST)
        assert served._answer(theirs) == helper.REFUSED
    assert ran == []


@given(request=st.binary(max_size=100).filter(lambda raw: raw != helper.REQUEST))
@settings(max_examples=60, deadline=None)
def test_any_other_request_runs_nothing(request: bytes) -> None:
    ran: list[Sequence[str]] = []
    served = helper.Helper(COMMAND, os.getuid(), run=lambda command: len(ran) or ran.append(command) or 0)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        ours.sendall(request)
        ours.shutdown(socket.SHUT_WR)
        assert served._answer(theirs) == helper.REFUSED
    assert ran == []


def test_who_connects_and_says_nothing_is_let_go(start: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper, "REQUEST_S", 0.05)
    bench = start()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.connect(str(bench.path))
        assert helper.ask(bench.path) == b"done"


def test_without_a_helper_the_terminal_goes_on(tmp_path: Path) -> None:
    assert helper.ask(tmp_path / "nobody") == b""
    helper.restarter(tmp_path / "nobody")()


def test_a_helper_that_hangs_is_not_waited_for_longer_than_said(tmp_path: Path) -> None:
    with helper.listening(tmp_path / "hangs"):
        assert helper.ask(tmp_path / "hangs", 0.05) == b""


def test_a_command_that_cannot_be_run_is_a_failure(tmp_path: Path) -> None:
    assert helper.run_command([str(tmp_path / "no-such-program")]) == 1
    assert helper.run_command(["false"]) != 0
    assert helper.run_command(["true"]) == 0


def test_a_helper_without_a_socket_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("LISTEN_FDS", raising=False)
    assert helper.main(["--uid", "990", "--", "true"]) == 2
    assert "--socket" in capsys.readouterr().err
