"""An operator closes the gateway for a while and opens it again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.bench.processes import gateway as bench_gateway
from provisioning.gateway.web import admission
from provisioning.gateway.web.admission import CLOSED_S, MOST_CLOSED_S, close_door, closed_for_s, open_door
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


def test_the_bench_closes_the_same_door() -> None:
    assert bench_gateway.CLOSED_FILE == admission.CLOSED_FILE
