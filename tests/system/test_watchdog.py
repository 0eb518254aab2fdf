"""systemd's watchdog and the touchscreen: only the loop that draws says that the terminal lives."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.test_key_sealing import joined

pytestmark = [pytest.mark.system, pytest.mark.ui]

DEADLINE_S = 60
HANG = """
import sys, threading
from kiosk.ui.bridge import Bridge
from kivy.clock import Clock
attach = Bridge.attach

def attach_then_hang(self, view):
    attach(self, view)
    sys.stdin.readline()

    def hang():
        sys.stdin.readline()
        Clock.schedule_once(lambda _dt: threading.Event().wait(), 0)

    threading.Thread(target=hang, daemon=True).start()

Bridge.attach = attach_then_hang
"""


def listen(manager: socket.socket, most: int) -> None:
    """Until nothing more is said for as long as the socket waits: `TimeoutError`. A loop that lives says `most`."""
    for _ in range(most):
        manager.recv(256)


def start(folder: Path, address: str, before: str) -> subprocess.Popen[bytes]:
    program = f"""
import sys
from kiosk.cli import run
opened = run.open_app
def open_app(*given, **named):
    app = opened(*given, **named)
    exec({before!r}, {{}})
    return app
run.open_app = open_app
sys.argv = ["kiosk", "run", "--headless", "--devices", "sim", "--state", {str(folder)!r}]
from kiosk.__main__ import main
main()
"""
    environ = {**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "2000000"}
    return subprocess.Popen([sys.executable, "-c", program], env=environ, stdin=subprocess.PIPE)


def test_a_touchscreen_whose_loop_hangs_falls_silent_and_one_that_lives_does_not(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(DEADLINE_S)
        with start(tmp_path / "state", address, HANG) as process:
            try:
                assert process.stdin is not None
                process.stdin.write(b"draw\n")
                process.stdin.flush()
                heard = [manager.recv(256) for _ in range(4)]
                assert heard[0].startswith(b"READY=1")
                assert heard[1:] == [b"WATCHDOG=1"] * 3, "the living loop is heard again and again"
                process.stdin.write(b"hang\n")
                process.stdin.flush()
                manager.settimeout(2.0)  # systemd's own patience: WATCHDOG_USEC
                with pytest.raises(TimeoutError):
                    listen(manager, 6)
                assert process.poll() is None, "it hangs; its other threads live, and say nothing"
            finally:
                process.kill()


def test_a_terminal_that_is_told_to_end_says_so(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(DEADLINE_S)
        with start(tmp_path / "state", address, "") as process:
            try:
                assert manager.recv(256).startswith(b"READY=1")
                process.send_signal(signal.SIGTERM)
                while manager.recv(256) != b"STOPPING=1":
                    pass
                assert process.wait(DEADLINE_S) == 0
            finally:
                process.kill()


def test_a_terminal_whose_key_the_tpm_did_not_open_serves_all_the_same(tmp_path: Path) -> None:
    """What `kiosk.service` starts, on a disk that was joined and whose key is a link to nowhere."""
    state = tmp_path / "state"
    joined(state)
    (state / "terminal.key").unlink()
    (state / "terminal.key").symlink_to(tmp_path / "not-opened")
    environ = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "KIOSK_STATE": str(state),
               "PCSCLITE_CSOCK_NAME": str(tmp_path / "no-pcscd")}  # fmt: skip
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(DEADLINE_S)
        with subprocess.Popen([sys.executable, "-m", "kiosk.cli.run"], env=environ) as process:
            try:
                assert manager.recv(256).startswith(b"READY=1")
            finally:
                process.send_signal(signal.SIGTERM)
                assert process.wait(DEADLINE_S) == 0
    log = (state / "log/kiosk.jsonl").read_text()
    assert '"event": "enrolment.refused"' in log.replace('":"', '": "')


def test_settings_that_cannot_be_used_end_the_service_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("idle_timeout_s = 5\n")
    environ = {**os.environ, "KIOSK_STATE": str(tmp_path / "state"), "KIOSK_CONFIG": str(tmp_path / "settings.toml")}
    command = [sys.executable, "-m", "kiosk.cli.run"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 1
    assert "idle_timeout_s" in done.stderr
    assert "[settings-invalid]" in done.stderr
    assert "Correct that in the settings file" in done.stderr


def test_a_state_folder_that_is_a_file_ends_the_service_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    environ = {**os.environ, "KIOSK_STATE": str(tmp_path / "state")}
    command = [sys.executable, "-m", "kiosk.cli.run"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 1
    assert "[storage-failed]\nMake room" in done.stderr
    assert "Traceback" not in done.stderr
