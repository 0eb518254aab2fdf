"""An operator closes the gateway for a while and opens it again; and what its commands say to a hand."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.bench.processes import gateway as bench_gateway
from provisioning.gateway import serve
from provisioning.gateway.web import admission
from provisioning.gateway.web.admission import CLOSED_S, MOST_CLOSED_S, close_door, closed_for_s, open_door
from provisioning.gateway.web.common import Gateway
from tests.gateway_kit import GatewayKit


def test_a_closed_gateway_tells_terminals_when_to_ask_again_and_lets_its_operator_in(tmp_path: Path) -> None:
    kit = GatewayKit(tmp_path / "gateway")
    terminal = kit.enrol()
    close_door(kit.authority.folder, 40)
    refused = kit.call("GET", "/v1/catalogue", certificate=terminal.certificate)
    assert (refused.status, refused.code) == (503, "gateway-closed")
    assert 40 <= int(refused.headers["retry-after"]) <= 60
    assert kit.call("GET", "/v1/health", certificate=terminal.certificate).status == 200
    token = {"authorization": f"Bearer {kit.authority.operator_token}"}
    assert kit.call("GET", "/v1/entries", headers=token).status == 200
    assert kit.call("GET", "/v1/entries", headers={"authorization": "Bearer x"}).code == "gateway-closed"
    assert open_door(kit.authority.folder)
    assert not open_door(kit.authority.folder)
    assert kit.call("GET", "/v1/catalogue", certificate=terminal.certificate).status == 200
    kit.store.close()


def test_a_citizen_who_opens_a_case_meanwhile_reads_a_page_and_no_json(tmp_path: Path) -> None:
    kit = GatewayKit(tmp_path / "gateway")
    close_door(kit.authority.folder, 40)
    telephone = {"accept": "text/html,application/xhtml+xml;q=0.9"}
    answer = kit.call("GET", "/case?number=T0001-000042", headers=telephone)
    told = answer.headers["retry-after"]
    assert (answer.status, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert f"请过 {told} 秒再试。您交过的件都在。" in answer.body.decode()
    assert f"Please try again in {told} seconds." in answer.body.decode()
    assert 'href="tel:12345"' in answer.body.decode()
    assert kit.log[-1] == ("gateway.refused", {"code": "gateway-closed", "status": 503})
    assert kit.call("GET", "/case?number=T0001-000042").code == "gateway-closed", "a program hears a code"
    kit.store.close()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7\n", 7), ("", CLOSED_S), ("soon", CLOSED_S), ("0", 1), ("99999", MOST_CLOSED_S), ("-3", 30)],
)
def test_whatever_stands_in_the_file_the_door_is_closed(tmp_path: Path, text: str, seconds: int) -> None:
    assert closed_for_s(tmp_path) is None
    (tmp_path / admission.CLOSED_FILE).write_text(text)
    assert closed_for_s(tmp_path) == seconds


def test_the_commands_close_and_open(tmp_path: Path) -> None:
    run, folder = CliRunner(), str(tmp_path / "gateway")
    missing = run.invoke(app, ["gateway", "close", "--dir", folder])
    assert (missing.exit_code, "gateway-not-initialised" in missing.stderr) == (1, True)
    assert run.invoke(app, ["gateway", "init", folder]).exit_code == 0
    closed = run.invoke(app, ["gateway", "close", "--dir", folder, "--for", "90", "--json"])
    assert json.loads(closed.stdout) == {"closed": True, "retry_after_s": 90}
    assert closed_for_s(Path(folder)) == 90
    opened = run.invoke(app, ["gateway", "open", "--dir", folder, "--json"])
    assert json.loads(opened.stdout) == {"closed": False, "was_closed": True}


def test_help_says_what_the_closing_time_counts() -> None:
    told = " ".join(CliRunner().invoke(app, ["gateway", "close", "--help"]).stdout.split())
    assert "Seconds until terminals ask again" in told


def test_a_gateway_on_every_address_makes_no_links_with_0_0_0_0_and_tells_its_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, folder = CliRunner(), tmp_path / "gateway"
    run.invoke(app, ["gateway", "init", str(folder)])
    real, served = serve.run, list[Gateway]()

    def once(gateway: Gateway, listener: socket.socket, on_ready: Callable[[str], None]) -> None:
        served.append(gateway)

        def ready(url: str) -> None:
            on_ready(url)
            os.kill(os.getpid(), signal.SIGTERM)

        real(gateway, listener, ready)

    monkeypatch.setattr(serve, "run", once)
    arguments = ["gateway", "serve", "--dir", str(folder), "--host", "0.0.0.0", "--port", "0"]
    done = run.invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert served[-1].messages.reached_at() == "", "a terminal puts its own address before a path"
    assert f"set public_url in {folder / 'messages.toml'}" in done.stderr
    (folder / "messages.toml").write_text('public_url = "https://city.example"\n')
    monkeypatch.setattr(serve, "run", lambda gateway, listener, _ready: (served.append(gateway), listener.close()))
    assert "public_url" not in run.invoke(app, arguments).stderr
    assert served[-1].messages.reached_at() == "https://city.example"


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "https://127.0.0.1:8443"), ("::1", "https://[::1]:8443"), ("0.0.0.0", ""), ("::", "")],
)
def test_only_an_address_that_somebody_can_open_stands_in_links(host: str, address: str) -> None:
    class Listener:
        def getsockname(self) -> tuple[str, int]:
            return host, 8443

    assert serve.own_address(cast("socket.socket", Listener())) == address


def test_an_order_that_cannot_be_given_says_why_in_words_for_a_hand(tmp_path: Path) -> None:
    run, folder = CliRunner(), str(tmp_path / "gateway")
    run.invoke(app, ["gateway", "init", folder])
    nobody = run.invoke(app, ["gateway", "order", "--dir", folder, "T0009", "restart"])
    assert (nobody.exit_code, nobody.stderr) == (1, "there is no terminal T0009 [not-found]\n")
    dance = run.invoke(app, ["gateway", "order", "--dir", folder, "T0009", "dance"])
    assert dance.stderr.startswith("kind is one of restart, reboot, refresh, ")
    assert "protocol" not in dance.stderr


def test_help_begins_with_how_a_gateway_begins() -> None:
    told = CliRunner().invoke(app, ["gateway", "--help"]).stdout
    places = [told.index(f" {name} ") for name in ("init", "serve", "invite", "entries", "days", "verify-proof")]
    assert places == sorted(places)
    assert "completion" not in told


def test_the_bench_closes_the_same_door() -> None:
    assert bench_gateway.CLOSED_FILE == admission.CLOSED_FILE
