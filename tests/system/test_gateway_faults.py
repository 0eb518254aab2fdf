"""A cable with faults between the real sync (`kiosk sync once`) and the real gateway: nothing is lost or doubled."""

from __future__ import annotations

import datetime
import itertools
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.gateway import authority
from tests.gateway_terminals import FaultyCable, RealTerminal
from tests.system.test_gateway_serve import Running, kiosk, start, stop

pytestmark = pytest.mark.system

# What the cable does to one batch -> what `kiosk sync once` says of it; None: the fault does not show.
FAULTS = {
    "drop": "gateway-unavailable",
    "cut-request": "gateway-unavailable",
    "drop-answer": "gateway-unavailable",
    "cut-answer": "gateway-unavailable",
    "busy": "gateway-unavailable",
    "garbage": "bad-reply",
    "delay": None,
    "duplicate": None,
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    import json

    folder = tmp_path_factory.mktemp("faults") / "gateway"
    ca_hash = json.loads(kiosk("gateway", "init", str(folder)))["ca_hash"]
    process, url = start(folder, "--people", "50")
    yield Running(folder, url, ca_hash)
    assert stop(process) == 0


@pytest.fixture
def terminal(running: Running, tmp_path: Path) -> RealTerminal:
    return RealTerminal.enrol(tmp_path / "state", running.url, running.invite(), running.ca_hash)


@pytest.fixture
def cable(running: Running, terminal: RealTerminal) -> Iterator[FaultyCable]:
    cable = FaultyCable(running.folder, running.url, terminal.folder)
    terminal.point_to(cable.url)
    yield cable
    cable.close()


def held(running: Running, terminal: RealTerminal) -> list[int]:
    from offline_cache import enrolment

    name = enrolment.load(terminal.folder).terminal
    lines = [line for line in running.entries() if line["terminal"] == name]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1)), "in order, no gap"
    return [line["document"]["n"] for line in lines]


def test_every_fault_of_the_cable_once(running: Running, terminal: RealTerminal, cable: FaultyCable) -> None:
    numbers = itertools.count(1)
    for fault, problem in FAULTS.items():
        terminal.record(*itertools.islice(numbers, 7))
        cable.faults.append(fault)
        assert terminal.sync().get("error") == problem, fault
        if problem is not None:
            again = terminal.sync()
            assert (again.get("error"), again["pending"]) == (None, 0), fault
    assert not cable.faults
    assert held(running, terminal) == terminal.recorded


def test_faults_in_a_long_row_of_batches(running: Running, terminal: RealTerminal, cable: FaultyCable) -> None:
    """Some sixty kilobytes an entry: a few entries a batch, many batches, a fault at every other one."""
    terminal.record(*range(40), filler=secrets.token_hex(50_000))
    plan = ("pass", "duplicate", "drop-answer", "pass", "cut-answer", "drop", "duplicate", "cut-request", "garbage")
    cable.faults.extend(plan)
    for _ in range(len(plan) + 1):
        if not terminal.sync()["pending"]:
            break
    assert not cable.faults, "every fault was met"
    assert held(running, terminal) == terminal.recorded


def test_a_batch_arrives_after_the_one_that_followed_it(
    running: Running, terminal: RealTerminal, cable: FaultyCable
) -> None:
    terminal.record(1, 2, 3)
    cable.faults.append("hold-back")
    assert terminal.sync()["error"] == "gateway-unavailable"
    terminal.record(4, 5)
    cable.faults.append("then-the-old-one")
    assert terminal.sync() == {"sent": 5, "acked_through": 5, "pending": 0}
    assert not cable.kept
    assert held(running, terminal) == [1, 2, 3, 4, 5]


def test_an_old_answer_comes_again(running: Running, terminal: RealTerminal, cable: FaultyCable) -> None:
    terminal.record(1, 2)
    assert terminal.sync()["pending"] == 0
    terminal.record(3)
    cable.faults.append("old-answer")
    said = terminal.sync()
    assert (said["error"], said["pending"]) == ("bad-reply", 1), "an old receipt confirms nothing new"
    assert terminal.sync()["pending"] == 0
    assert held(running, terminal) == [1, 2, 3]


def test_somebody_else_answers_with_a_certificate_of_their_own(
    running: Running, terminal: RealTerminal, cable: FaultyCable, tmp_path: Path
) -> None:
    terminal.record(1)
    stranger = authority.create(tmp_path / "stranger", (), datetime.datetime.now(datetime.UTC))
    own, cable.context = cable.context, stranger.server_tls()
    said = terminal.sync()
    assert (said["error"], said["pending"], cable.forwarded) == ("gateway-untrusted", 1, 0)
    cable.context = own
    assert terminal.sync()["pending"] == 0
    assert held(running, terminal) == [1]
