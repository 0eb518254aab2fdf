"""`kiosk outbox` and `kiosk sync` as whole programs: killed, cut off from power, fed rubbish, told to end."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from offline_cache import state
from offline_cache.gateway import GatewayClient
from tests.outbox_tls import TlsGateway

pytestmark = pytest.mark.system

PROGRAM = """
import typer
from kiosk.cli.outbox import outbox_app, sync_app
app = typer.Typer()
app.add_typer(outbox_app, name="outbox")
app.add_typer(sync_app, name="sync")
app()
"""
WITHOUT_SYNC = "import offline_cache.state as s; s.open_writer.__kwdefaults__['synchronous'] = 'normal'\n"
"""The mutant: a commit that is not on the disk yet is already acknowledged."""


def command(*words: str, before: str = "") -> list[str]:
    return [sys.executable, "-c", before + PROGRAM, *words]


def kiosk(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), input=stdin, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[TlsGateway]:
    with TlsGateway(tmp_path / "gateway") as server:
        yield server


def join(gateway: TlsGateway, folder: Path) -> None:
    GatewayClient.enrol(gateway.url, "good-token", gateway.authority.hash, state.device(folder).device, "test", folder)


def feed(
    folder: Path, documents: Iterator[dict[str, object]], *, until: int, before: str = "", **environ: str
) -> list[dict]:
    """Feed an appending process line by line, kill it with SIGKILL after `until` confirmations; what it confirmed."""
    with subprocess.Popen(
        command("outbox", "append", "--jsonl", "-", "--state", str(folder), before=before),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **environ},
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        confirmed = []
        for _ in range(until):
            for _ in range(2):  # always one line ahead, so that the kill meets work
                process.stdin.write(json.dumps(next(documents)).encode() + b"\n")
            process.stdin.flush()
            confirmed.append(json.loads(process.stdout.readline()))
        process.kill()
        confirmed += [
            json.loads(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith(b"\n")
        ]
    return confirmed


def documents(seed: int) -> Iterator[dict[str, object]]:
    numbers = random.Random(seed)
    while True:
        yield {"service": "household-proof", "note": "x" * numbers.randint(0, 3000)}


def ids(folder: Path) -> dict[int, str]:
    """seq -> id of every row of an outbox, after it was verified."""
    with state.open_reader(folder) as outbox, outbox.tables.reading("a test") as connection:
        outbox.verify()
        return {row.seq: row.id for row in outbox.tables.rows(connection, 1, -1)}


def _kill_rounds(folder: Path, rounds: int) -> None:
    confirmed: dict[int, str] = {}
    for number in range(rounds):
        for line in feed(folder, documents(number), until=1 + number % 7):
            assert line["seq"] not in confirmed
            confirmed[line["seq"]] = line["id"]
        held = ids(folder)
        assert confirmed.items() <= held.items()
        assert sorted(held) == list(range(1, len(held) + 1))
    assert kiosk("outbox", "verify", "--state", str(folder)).returncode == 0
    print(f"{rounds} kills, {len(confirmed):,} entries confirmed: none lost")


def test_every_confirmed_entry_is_there_after_kill_minus_nine(folder: Path) -> None:
    _kill_rounds(folder, 5)


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_every_confirmed_entry_is_there_after_a_night_of_kill_minus_nine(folder: Path) -> None:
    _kill_rounds(folder, 200)


@pytest.fixture(scope="session")
def power_cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that keeps only what was synced."""
    library = tmp_path_factory.mktemp("durable") / "durable_copy.so"
    source = Path(__file__).with_name("durable_copy.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-o", library, source, "-ldl"], check=True)
    return library


def _after_power_cut(tmp_path: Path, library: Path, before: str = "") -> tuple[list[dict], Path]:
    folder, disk = tmp_path / "state", tmp_path / "disk"
    state.open_reader(folder).close()
    disk.mkdir()
    for path in folder.iterdir():
        (disk / path.name).write_bytes(path.read_bytes())
    confirmed = feed(
        folder, documents(1), until=12, before=before, LD_PRELOAD=str(library), DURABLE_DIR=str(disk)
    )  # fmt: skip
    for leftover in ("outbox.db-shm",):
        (disk / leftover).unlink(missing_ok=True)
    return confirmed, disk


def test_every_confirmed_entry_is_there_after_a_power_cut(tmp_path: Path, power_cut: Path) -> None:
    confirmed, disk = _after_power_cut(tmp_path, power_cut)
    assert len(confirmed) >= 12
    assert {line["seq"]: line["id"] for line in confirmed}.items() <= ids(disk).items()


def test_the_power_cut_catches_a_commit_that_was_not_synced(tmp_path: Path, power_cut: Path) -> None:
    confirmed, disk = _after_power_cut(tmp_path, power_cut, WITHOUT_SYNC)
    assert len(confirmed) >= 12
    assert len(ids(disk)) < len(confirmed)


def test_a_bad_line_is_named_and_the_others_are_recorded(folder: Path) -> None:
    lines = ['{"a":1}', "{", '{"a":1,"a":2}', "[]", "", '{"b":"' + "x" * 300_000 + '"}', '{"c":3}']
    done = kiosk("outbox", "append", "--jsonl", "-", "--state", str(folder), stdin="\n".join(lines))
    assert done.returncode == 1
    assert [json.loads(line)["seq"] for line in done.stdout.splitlines()] == [1, 2]
    named = [line.split(":")[0] for line in done.stderr.splitlines() if line.startswith("line ")]
    assert named == ["line 2", "line 3", "line 4", "line 6"]
    assert "xxx" not in done.stderr


def test_documents_come_from_a_file_too(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "documents.jsonl"
    file.write_text('{"a":1}\n{"a":2}\n')
    done = kiosk("outbox", "append", "--jsonl", str(file), "--state", str(folder))
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    missing = kiosk("outbox", "append", "--jsonl", str(tmp_path / "none"), "--state", str(folder))
    assert missing.returncode == 1
    assert "input-unreadable" in missing.stderr


def test_status_and_verify_of_a_fresh_and_a_touched_outbox(folder: Path) -> None:
    fresh = kiosk("outbox", "status", "--json", "--state", str(folder))
    figures = json.loads(fresh.stdout)
    assert {"pending": 0, "acked": 0, "oldest_age_s": None}.items() <= figures.items()
    assert {"bytes", "epoch", "head"} <= figures.keys()
    kiosk("outbox", "append", "--jsonl", "-", "--state", str(folder), stdin='{"a":1}\n{"a":2}\n')
    assert json.loads(kiosk("outbox", "status", "--json", "--state", str(folder)).stdout)["pending"] == 2
    with state.open_reader(folder) as outbox:
        outbox.tables._connection.execute("drop trigger entry_never_changes")
        outbox.tables._connection.execute("update entry set mono_ms = 1 where seq = 2")
    touched = kiosk("outbox", "verify", "--json", "--state", str(folder))
    assert touched.returncode == 1
    assert json.loads(touched.stdout) == {"error": "storage-damaged", "seq": 2}


def test_a_settings_file_that_cannot_be_used_is_refused(folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "kiosk.toml"
    config.write_text("no_such_setting = 1\n")
    done = kiosk("outbox", "status", "--json", "--state", str(folder), "--config", str(config))
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"] == "settings-invalid"


def test_sync_once_before_and_after_joining_and_with_the_gateway_gone(folder: Path, gateway: TlsGateway) -> None:
    kiosk("outbox", "append", "--jsonl", "-", "--state", str(folder), stdin='{"a":1}\n{"a":2}\n')
    before = kiosk("sync", "once", "--json", "--state", str(folder))
    assert (before.returncode, json.loads(before.stdout)["error"]) == (1, "not-enrolled")
    join(gateway, folder)
    done = kiosk("sync", "once", "--json", "--state", str(folder))
    assert (done.returncode, json.loads(done.stdout)) == (0, {"sent": 2, "acked_through": 2, "pending": 0})
    gateway.override = lambda handler: bool(handler.send_error(503) or True)
    kiosk("outbox", "append", "--jsonl", "-", "--state", str(folder), stdin='{"a":3}\n')
    cut = kiosk("sync", "once", "--json", "--state", str(folder))
    assert cut.returncode == 1
    assert json.loads(cut.stdout) == {"error": "gateway-unavailable", "sent": 0, "acked_through": 2, "pending": 1}
    assert [document["a"] for *_, document in gateway.model.documents()] == [1, 2]


def test_sync_run_sends_and_ends_on_sigterm_with_zero(folder: Path, gateway: TlsGateway) -> None:
    join(gateway, folder)
    arrived = threading.Event()
    accept = gateway.model.accept

    def notice(body: bytes) -> bytes:
        answer = accept(body)
        arrived.set()
        return answer

    gateway.model.accept = notice
    with subprocess.Popen(command("sync", "run", "--state", str(folder))) as process:
        try:
            kiosk("outbox", "append", "--jsonl", "-", "--state", str(folder), stdin='{"a":1}\n')
            assert arrived.wait(30)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
    assert [document["a"] for *_, document in gateway.model.documents()] == [1]


def listen(manager: socket.socket) -> None:
    """Until nothing more is said for as long as the socket waits: `TimeoutError`."""
    while True:
        manager.recv(256)


def test_systemd_hears_from_the_running_service_and_kills_one_that_is_silent(folder: Path, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(30)
        environ = {**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000000"}
        with subprocess.Popen(command("sync", "run", "--state", str(folder)), env=environ) as process:
            try:
                heard = [manager.recv(256) for _ in range(5)]
                assert heard[0].startswith(b"READY=1")
                assert heard.count(b"WATCHDOG=1") >= 2
                assert b"STATUS=not-enrolled" in heard, "why it sends nothing"
                process.send_signal(signal.SIGSTOP)  # a service that hangs
                manager.settimeout(1.2)
                with pytest.raises(TimeoutError):
                    listen(manager)
                manager.settimeout(30)
                process.send_signal(signal.SIGCONT)
                assert manager.recv(256) == b"WATCHDOG=1"
                process.send_signal(signal.SIGTERM)
                while manager.recv(256) != b"STOPPING=1":
                    pass
                assert process.wait(20) == 0
            finally:
                process.kill()


def test_a_damaged_outbox_is_an_alarm_until_a_technician_acknowledges_it(folder: Path) -> None:
    kiosk("outbox", "append", "--jsonl", "-", "--state", str(folder), stdin='{"a":1}\n{"a":2}\n')
    file = folder / "outbox.db"
    file.write_bytes(bytes(4096) + file.read_bytes()[4096:])
    assert kiosk("outbox", "append", "--jsonl", "-", "--state", str(folder), stdin='{"a":3}\n').returncode == 0
    status = json.loads(kiosk("outbox", "status", "--json", "--state", str(folder)).stdout)
    (aside,) = status["set_aside"]
    assert (status["alarm"], aside["seen"], aside["found"]["in_line"]) == ("storage-damaged", False, 2)
    seen = json.loads(kiosk("outbox", "acknowledge", "--json", "--state", str(folder)).stdout)
    assert seen == {"acknowledged": [1]}
    status = json.loads(kiosk("outbox", "status", "--json", "--state", str(folder)).stdout)
    assert (status["alarm"], status["set_aside"][0]["seen"], status["pending"]) == (None, True, 1)


def test_the_sync_service_killed_again_and_again_loses_and_doubles_nothing(folder: Path, gateway: TlsGateway) -> None:
    join(gateway, folder)
    lines = "".join(f'{{"a":{number}}}\n' for number in range(1, 301))
    kiosk("outbox", "append", "--jsonl", "-", "--state", str(folder), stdin=lines)
    accept, running = gateway.model.accept, []

    def kill_in_the_middle(body: bytes) -> bytes:
        answer = accept(body)
        if running:
            running.pop().kill()  # stored, but the answer never arrives
        return answer

    gateway.model.accept = kill_in_the_middle
    for _ in range(3):
        with subprocess.Popen(command("sync", "run", "--state", str(folder))) as process:
            running.append(process)
            process.wait(30)
    done = kiosk("sync", "once", "--json", "--state", str(folder))
    assert json.loads(done.stdout)["pending"] == 0
    assert [document["a"] for *_, document in gateway.model.documents()] == list(range(1, 301))
    assert kiosk("outbox", "verify", "--state", str(folder)).returncode == 0
