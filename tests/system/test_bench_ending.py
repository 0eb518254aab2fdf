"""How a bench begins and ends: what it refuses before it touches anything, and that nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from kiosk.bench import world
from kiosk.bench.hands.client import BenchProcess
from kiosk.bench.options import BenchOptions
from kiosk.bench.ports import BenchError
from kiosk.bench.processes import gateway as gateways
from kiosk.bench.processes.alone import bind_loopback, hold_folder
from kiosk.bench.processes.children import kiosk_command
from kiosk.bench.processes.gateway import GatewayFaults, GatewayHandle, OwnGateway, join
from offline_cache import enrolment as enrolments
from tests.system.test_bench_visit import real_stack_is_here

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("bench"),
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]
DEADLINE_S = 30.0


def until(look: Callable[[], bool], deadline_s: float = DEADLINE_S) -> bool:
    """Look again and again, until it is so or the time is over."""
    ends, pause = time.monotonic() + deadline_s, threading.Event()
    while not look():
        if time.monotonic() > ends:
            return False
        pause.wait(0.02)
    return True


def users_of(folder: Path) -> set[int]:
    """Processes that name this folder on their command line or in their environment."""
    found: set[int] = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in told and int(process.name) != os.getpid():
            found.add(int(process.name))
    return found


def refusal(*arguments: str) -> str:
    done = subprocess.run(
        kiosk_command("bench", "--headless", *arguments), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


# ---------------------------------------------------------------------------------------------- before it begins


def test_a_second_bench_on_the_same_folder_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    with ExitStack() as stack:
        hold_folder(tmp_path, stack)
        told = refusal("--state", str(tmp_path))
    assert "[state-in-use]" in told
    assert [one.name for one in tmp_path.iterdir()] == ["bench.lock"]
    with ExitStack() as stack:
        assert hold_folder(tmp_path, stack) == tmp_path.resolve()


def test_a_panel_s_port_that_is_taken_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    with bind_loopback(0) as taken:
        taken.listen()
        told = refusal("--port", str(taken.getsockname()[1]), "--state", str(tmp_path / "state"))
    assert "[port-taken]" in told
    assert not (tmp_path / "state").exists()


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with ExitStack() as stack, pytest.raises(BenchError) as caught:
        hold_folder(tmp_path / "file", stack)
    assert caught.value.code == "state-unusable"
    assert (tmp_path / "file").read_text() == "mine"


def test_no_bench_starts_where_citizens_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "appliance"
    marker.touch()
    monkeypatch.setattr(world, "APPLIANCE", marker)
    handlers = [signal.getsignal(number) for number in world.SIGNALS]
    with pytest.raises(BenchError) as caught:
        world.run_bench(BenchOptions(headless=True, state=tmp_path / "state"))
    assert caught.value.code == "bench-on-appliance"
    assert not (tmp_path / "state").exists()
    assert [signal.getsignal(number) for number in world.SIGNALS] == handlers


def test_a_temporary_folder_too_deep_for_a_socket_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not real_stack_is_here():
        pytest.skip("pcscd or vsmartcard-vpcd is not installed")
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    told = refusal("--stack", "real")
    assert "[socket-path-too-long]" in told
    assert "set TMPDIR to /tmp" in told
    assert "Traceback" not in told
    assert until(lambda: list(deep.iterdir()) == [])


# --------------------------------------------------------------------------------------------------- after its end


@pytest.fixture
def short() -> Iterator[Path]:
    """A temporary folder with a short path: pcscd's socket is in it, and a socket's path has at most 107 bytes."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.parametrize(
    ("sign", "stack"),
    [
        (signal.SIGKILL, "sim"),
        (signal.SIGHUP, "real"),
        pytest.param(signal.SIGKILL, "real", marks=pytest.mark.nightly),
        *(pytest.param(sign, "sim", marks=pytest.mark.nightly) for sign in (signal.SIGTERM, signal.SIGQUIT)),
    ],
)
def test_whatever_ends_it_nothing_stays_behind(
    short: Path, monkeypatch: pytest.MonkeyPatch, sign: signal.Signals, stack: str
) -> None:
    if stack == "real" and not real_stack_is_here():
        pytest.skip("pcscd or vsmartcard-vpcd is not installed")
    monkeypatch.setenv("TMPDIR", str(short))
    process = BenchProcess(["--headless", "--stack", stack])
    process.client.fault("gateway", "slow")
    assert users_of(short) > {process.pid}
    assert list(short.iterdir()) != []
    assert process.end(sign) == (-sign if sign == signal.SIGKILL else 0)
    assert until(lambda: users_of(short) == set())
    assert until(lambda: list(short.iterdir()) == [])
    with pytest.raises(BenchError):
        process.client.state()


# ------------------------------------------------------------------------------------------------ the gateway's days


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OwnGateway, GatewayHandle]]:
    deaths: list[str] = []
    gateway = OwnGateway(
        tmp_path_factory.mktemp("city") / "gateway", lambda name, _code, _last: deaths.append(name), inviting=True
    )
    yield gateway, gateway.ready()
    gateway.end()
    assert not gateway.child.alive
    assert deaths == []


def health(handle: GatewayHandle, path: str = "/v1/health", timeout_s: float = 20.0) -> requests.Response:
    return requests.get(handle.url + path, timeout=timeout_s, verify=False)


def test_the_gateway_goes_down_is_slow_refuses_and_is_well_again(
    own: tuple[OwnGateway, GatewayHandle], monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, handle = own
    monkeypatch.setattr(gateways, "SLOW_FROZEN_S", 0.2)
    faults = GatewayFaults(gateway)
    faults.set("refusing")
    refused = health(handle, "/v1/catalogue")
    assert (refused.status_code, health(handle).status_code) == (503, 200)
    assert int(refused.headers["Retry-After"]) >= 3
    faults.clear("refusing")
    assert health(handle, "/v1/catalogue").status_code == 401
    faults.set("slow")
    stat = Path(f"/proc/{gateway.child.pid}/stat")
    assert until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")
    assert health(handle).status_code == 200
    faults.clear("slow")
    assert stat.read_text().rpartition(")")[2].split()[0] != "T"
    faults.set("down")
    with pytest.raises(requests.ConnectionError):
        health(handle)
    assert faults.active() == ("down",)
    faults.clear("down")
    assert health(handle).status_code == 200
    assert faults.active() == ()


def test_a_bench_joins_a_gateway_that_runs_already(own: tuple[OwnGateway, GatewayHandle], tmp_path: Path) -> None:
    _, handle = own
    stranger = refusal("--gateway", handle.url, "--state", str(tmp_path / "stranger"))
    assert "[not-enrolled]" in stranger
    assert f"kiosk enrol --gateway {handle.url}" in stranger
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    join(handle, state, handle.url)
    process = BenchProcess(["--headless", "--gateway", handle.url + "/", "--state", str(state)])
    try:
        bench = process.client
        bench.until("the gateway", lambda: bench.state()["gateway"]["reachable"])
        assert bench.state()["gateway"]["url"] == handle.url
        assert {one["device"] for one in bench.faults()["offers"]} == {"reader", "printer", "identity", "clock"}
        with pytest.raises(BenchError) as caught:
            bench.entries()
        assert caught.value.code == "no-operator-token"
        assert enrolments.load(state).gateway_url != handle.url, "while it runs, everything goes through the cable"
    finally:
        assert process.end() == 0
    assert health(handle).status_code == 200, "the gateway is somebody else's: it goes on"
    assert enrolments.load(state).gateway_url == handle.url, "the folder serves without the bench too"
