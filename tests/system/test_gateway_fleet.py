"""Several servers, many terminals, two terminals with one disk: the gateway among more than one of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
import requests

from offline_cache.messages import encode_batch, sign1
from provisioning.gateway import authority
from tests.gateway_terminals import RealTerminal
from tests.postgres_kit import shared
from tests.system.test_gateway_serve import Joined, Running, join, kiosk, start, stop

pytestmark = pytest.mark.system
ASK_S = 60


@dataclass
class Fleet:
    """Two server processes on one PostgreSQL."""

    servers: list[Running]
    database: str
    folder: Path

    def invite(self) -> str:
        made = kiosk("gateway", "invite", "--dir", str(self.folder), "--database", self.database, "--json")
        return str(json.loads(made)["token"])

    def entries(self) -> list[dict[str, Any]]:
        text = kiosk("gateway", "entries", "--dir", str(self.folder), "--database", self.database, "--json")
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet") / "gateway"
    ca_hash = json.loads(kiosk("gateway", "init", str(folder)))["ca_hash"]
    database = shared().database()
    started = [start(folder, "--people", "50", "--database", database) for _ in range(2)]
    yield Fleet([Running(folder, url, ca_hash) for _, url in started], database, folder)
    assert [stop(process) for process, _ in started] == [0, 0]


def test_a_terminals_batches_reach_one_server_and_then_the_other(fleet: Fleet, tmp_path: Path) -> None:
    first, second = fleet.servers
    terminal = RealTerminal.enrol(tmp_path / "state", first.url, fleet.invite(), first.ca_hash)
    for round_ in range(4):
        terminal.point_to((first, second)[round_ % 2].url)
        terminal.record(*range(round_ * 10, round_ * 10 + 10))
        assert terminal.sync()["pending"] == 0
    assert [line["document"]["n"] for line in fleet.entries()] == terminal.recorded


def test_the_same_batch_and_another_one_reach_both_servers_at_the_same_moment(fleet: Fleet, tmp_path: Path) -> None:
    joined = join(fleet.servers[0], tmp_path, fleet.invite())
    outbox = joined.outbox
    outbox.record({"n": 1}, {"n": 2})
    copy = replace(outbox, rows=list(outbox.rows))
    outbox.record({"n": 3})
    copy.record({"n": 33})
    together = Barrier(8)

    def send(place: int) -> tuple[int, str]:
        server, whose = fleet.servers[place % 2], (outbox, copy)[place // 2 % 2]
        with server.session(joined) as session:
            session.get(f"{server.url}/v1/health", timeout=ASK_S)
            body = sign1(encode_batch(whose.batch(1, 3)), outbox.key)
            together.wait(ASK_S)
            answer = session.post(f"{server.url}/v1/entries", data=body, timeout=ASK_S)
            code = "" if answer.status_code == 200 else str(answer.json()["type"]).rsplit("/", 1)[1]
            return place // 2 % 2, code

    with ThreadPoolExecutor(8) as pool:
        said = set(pool.map(send, range(8)))
    assert said in ({(0, ""), (1, "seq-conflict")}, {(1, ""), (0, "seq-conflict")}), "one of the two, everywhere"
    lines = [line for line in fleet.entries() if line["terminal"] == outbox.name]
    assert [line["seq"] for line in lines] == [1, 2, 3], "exactly once"


def test_a_day_is_proved_by_either_server(fleet: Fleet, tmp_path: Path) -> None:
    joined = join(fleet.servers[0], tmp_path, fleet.invite())
    joined.outbox.record({"n": 1})
    for server in fleet.servers:
        with server.session(joined) as session:
            body = sign1(encode_batch(joined.outbox.batch(1, 1)), joined.outbox.key)
            assert session.post(f"{server.url}/v1/entries", data=body, timeout=ASK_S).status_code == 200
            answer = session.get(f"{server.url}/v1/proofs/{joined.outbox.name}-000001", timeout=ASK_S)
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/day-open"), "today is not over"


# --- more terminals than it takes -----------------------------------------------------------------------------------


def test_forty_terminals_at_once_at_a_gateway_that_takes_four(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    ca_hash = json.loads(kiosk("gateway", "init", str(folder)))["ca_hash"]
    process, url = start(folder, "--people", "50", "--at-once", "1", "--waiting", "3")
    server = Running(folder, url, ca_hash)
    terminals: list[Joined] = []
    for number in range(4):
        place = tmp_path / f"{number}"
        place.mkdir()
        terminals.append(join(server, place, server.invite()))
    for terminal in terminals:
        terminal.outbox.record(*({"n": number} for number in range(10)))
    together, told = Barrier(40), []

    def send(client: int) -> None:
        """Ten connections of each terminal, each with one more row: gaps and copies among them, all at once."""
        terminal = terminals[client % 4]
        body = sign1(encode_batch(terminal.outbox.batch(1, client // 4 + 1)), terminal.outbox.key)
        with server.session(terminal) as session:
            session.get(f"{url}/v1/health", timeout=ASK_S)
            together.wait(ASK_S)
            for _ in range(30):
                answer = session.post(f"{url}/v1/entries", data=body, timeout=ASK_S)
                if answer.status_code == 200:
                    return
                assert answer.status_code == 503, answer.text
                assert str(answer.json()["type"]).endswith("overloaded")
                told.append(wait := int(answer.headers["Retry-After"]))
                assert 1 <= wait <= 10
                Event().wait(wait)
        raise AssertionError("no slot in thirty tries")

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(send, range(40)))
    assert told, "four places for forty: some were told to come back"
    lines = server.entries()
    for terminal in terminals:
        seqs = [line["seq"] for line in lines if line["terminal"] == terminal.outbox.name]
        assert seqs == list(range(1, 11))
    assert stop(process) == 0


# --- two terminals with one disk image ------------------------------------------------------------------------------


def test_two_terminals_with_a_cloned_disk_image(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    ca_hash = json.loads(kiosk("gateway", "init", str(folder)))["ca_hash"]
    process, url = start(folder, "--people", "50")
    server = Running(folder, url, ca_hash)
    first = RealTerminal.enrol(tmp_path / "first", url, server.invite(), ca_hash)
    first.record(1, 2, 3)
    assert first.sync()["pending"] == 0
    second = first.clone(tmp_path / "second")
    first.record(4, 5)
    second.record(94, 95, 96)
    assert first.sync()["pending"] == 0
    assert second.sync().get("error") in {None, "seq-conflict"}, "it stops, or goes on by itself under a new epoch"
    token = authority.load(folder).operator_token
    with server.session() as session:
        bearer = {"Authorization": f"Bearer {token}"}
        (alarm,) = session.get(f"{url}/v1/alarms", headers=bearer, timeout=ASK_S).json()["alarms"]
        page = session.get(f"{url}/", timeout=ASK_S).text
    assert (alarm["terminal"], alarm["code"], alarm["seq"]) == ("T0001", "seq-conflict", 4)
    assert "T0001: seq-conflict at seq 4" in page
    listed = kiosk("gateway", "alarms", "--dir", str(folder))
    told = json.loads(listed)
    assert all(told[key] == alarm[key] for key in ("terminal", "code", "epoch", "seq", "first_ms"))
    assert told["times"] >= alarm["times"], "the copy tries again meanwhile"
    first.record(6)
    assert first.sync()["pending"] == 0, "the first one works on"
    held = server.entries()
    of_first = [line["document"].get("n") for line in held if line["epoch"] == held[0]["epoch"]]
    assert of_first == [1, 2, 3, 4, 5, 6], "the second changed nothing of the first"
    assert nothing_is_lost(server, second, {94, 95, 96})
    assert json.loads(kiosk("gateway", "alarms", "--dir", str(folder), "--close", "T0001", "--json")) == {"closed": 1}
    assert kiosk("gateway", "alarms", "--dir", str(folder)) == ""
    assert stop(process) == 0


def nothing_is_lost(server: Running, terminal: RealTerminal, numbers: set[int]) -> bool:
    """What the copy recorded reached the gateway, inside entries of a new epoch, or still waits in its folder."""
    from offline_cache import state

    arrived: set[object] = set()
    for line in server.entries():
        salvaged = line.get("salvaged")
        arrived.add((line["document"] if salvaged is None else salvaged["document"]).get("n"))
    with state.open_reader(terminal.folder) as outbox:
        waiting = outbox.status().pending
    return numbers <= arrived or waiting >= len(numbers - arrived)


def test_a_gateway_without_its_database_says_so_and_loses_nothing(tmp_path: Path) -> None:
    from contextlib import closing

    from tests.postgres_kit import PrivatePostgres

    folder = tmp_path / "gateway"
    ca_hash = json.loads(kiosk("gateway", "init", str(folder)))["ca_hash"]
    with closing(PrivatePostgres()) as database:
        link = database.database()
        process, url = start(folder, "--people", "50", "--database", link)
        made = kiosk("gateway", "invite", "--dir", str(folder), "--database", link, "--json")
        terminal = RealTerminal.enrol(tmp_path / "state", url, json.loads(made)["token"], ca_hash)
        terminal.record(1, 2)
        assert terminal.sync()["pending"] == 0
        terminal.record(3)
        database.kill()
        assert terminal.sync()["error"] == "gateway-unavailable"
        assert requests.get(f"{url}/v1/health", verify=str(folder / "ca.pem"), timeout=ASK_S).status_code == 200
        database.start()
        assert terminal.sync()["pending"] == 0
        text = kiosk("gateway", "entries", "--dir", str(folder), "--database", link, "--json")
        assert [json.loads(line)["document"]["n"] for line in text.splitlines()] == [1, 2, 3]
        assert stop(process) == 0
