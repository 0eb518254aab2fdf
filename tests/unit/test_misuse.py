"""Commands that are given the wrong thing by a hand: what it was, its code and the next step; nothing is changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.bench.processes import gateway as gateways
from kiosk.bench.processes.gateway import GatewayHandle, lead_back
from kiosk.cli.running.next_steps import NEXT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gateway's folder, and beside it what hands mistake for something else."""
    place = tmp_path_factory.mktemp("misuse")
    (place / "folder").mkdir()
    (place / "state").mkdir(mode=0o700)
    (place / "empty").write_bytes(b"")
    (place / "图片.bin").write_bytes(bytes(range(256)))
    (place / "deep.json").write_text("[" * 100_000)
    assert run("gateway", "init", str(place / "gateway"))[0] == 0
    return place


def run(*arguments: str) -> tuple[int, str, str]:
    """A command as a hand types it: exit code, stdout, stderr."""
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


SLIPS = [
    (("gateway", "import", "gone", "--dir", "gateway"), "file-not-found", "cannot read gone: No such file"),
    (("gateway", "import", "folder", "--dir", "gateway"), "file-not-found", "cannot read folder: Is a directory"),
    (("gateway", "import", "empty", "--dir", "gateway"), "malformed", "cut short; copy it again"),
    (("gateway", "import", "图片.bin", "--dir", "gateway"), "malformed", "not an export of an outbox"),
    (("gateway", "init", "empty"), "gateway-folder", "empty is a file; a folder is wanted"),
    (("gateway", "verify-proof", "gone", "--dir", "gateway"), "file-not-found", "cannot read gone"),
    (("gateway", "verify-proof", "empty", "--key", "gone.pem"), "file-not-found", "cannot read gone.pem"),
    (("gateway", "seed", "--people", "1", "--to", "folder"), "file-not-written", "cannot write folder"),
    (("gateway", "seed", "--people", "1", "--dir", "gone"), "gateway-folder", "gone/city.json"),
    (("gateway", "serve", "--dir", "gateway", "--port", "0", "--services", "gone"), "service-definition-invalid",
     "gone: cannot be read: No such file or directory"),
    (("gateway", "verify-proof", "empty", "--dir", "gateway"), "proof-invalid", "not valid JSON"),
    (("gateway", "verify-proof", "empty", "--key", "图片.bin"), "key-invalid", "图片.bin is not a public key in PEM"),
    (("gateway", "revoke", "--dir", "gateway", "T0009"), "unknown-terminal", "There is no terminal T0009"),
    (("gateway", "publish", "empty", "--dir", "gateway"), "package-invalid", "empty: empty"),
    (("gateway", "alarms", "--dir", "gateway", "--database", "postgresql://127.0.0.1:9/x"), "gateway-store-failed",
     "the gateway's database refused"),
    (("outbox", "append", "--state", "state", "--jsonl", "folder"), "input-unreadable", "folder: Is a directory"),
    (("outbox", "append", "--state", "state", "--jsonl", "图片.bin"), "document-invalid", "line 1: JSON: not valid"),
    (("print", "preview", "gone.json", "--out", "x.png"), "file-not-found", "cannot read gone.json"),
    (("services", "check", "folder"), "service-definition-invalid", "folder: file: cannot be read: Is a directory"),
    (("services", "check", "图片.bin"), "service-definition-invalid", "图片.bin: file: 'utf-8' codec"),
    (("card", "replay", "folder"), "card-trace-invalid", "folder cannot be read: Is a directory"),
    (("card", "replay", "empty"), "card-trace-invalid", "empty is not JSON"),
    (("card", "replay", "deep.json"), "card-trace-invalid", "deep.json is not JSON"),
    (("outbox", "status", "--state", "empty"), "storage-failed", "the state folder empty cannot be made: a file is"),
    (("run", "--state", "empty"), "storage-failed", "the state folder empty cannot be used: File exists"),
    (("docs", "--out", "empty"), "file-not-written", "empty cannot be written: File exists"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code", "said"), SLIPS, ids=lambda one: " ".join(one) if type(one) is tuple else "")
def test_a_slip_of_the_hand_is_told_with_its_code_and_the_next_step(
    words: tuple[str, ...], code: str, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    status, _, told = run(*words)
    assert (status, f"[{code}]" in told, said in told) == (1, True, True), told
    assert NEXT[code] in told
    assert sorted(folder.iterdir()) == before


def test_a_demo_without_a_folder_for_its_pictures_starts_no_bench(folder: Path) -> None:
    status, out, told = run("demo", "--out", str(folder / "empty"))
    assert (status, out) == (1, "")
    assert "cannot be made: File exists. Choose another place. [report-unwritable]" in told


@pytest.mark.parametrize("name", ["名字", "bad name", "", "https://gateway.example:8443", "gateway.example:8443", "-x"])
def test_a_gateway_is_named_as_the_url_names_it(name: str, tmp_path: Path) -> None:
    status, out, told = run("gateway", "init", str(tmp_path / "gateway"), f"--name={name}")
    assert (status, out) == (2, "")
    assert "as in gateway.example" in told
    assert not (tmp_path / "gateway").exists()


def test_a_gateway_that_was_made_names_the_next_step_to_a_hand_and_not_to_a_script(tmp_path: Path) -> None:
    place = tmp_path / "my gateway"
    status, out, told = run("gateway", "init", str(place), "--name", "gateway.example", "--name", "::1")
    assert (status, list(json.loads(out))) == (0, ["ca_hash"])
    assert f"kiosk gateway serve --dir '{place}' --host 0.0.0.0" in told
    assert f"kiosk gateway invite --dir '{place}' --json" in told
    assert run("gateway", "init", str(place), "--json") == (0, out, "")


@pytest.mark.parametrize("rate", ["0", "300", "115201"])
def test_no_printer_is_asked_at_a_rate_that_none_has(rate: str) -> None:
    status, _, told = run("print", "status", "--port", "/dev/null", "--baud", rate)
    assert (status, "is none of 1200, 2400" in told) == (2, True)


GATEWAY = "https://gateway.example:8443"


@pytest.mark.parametrize("shot", [0, 2])
def test_a_folder_leaves_the_bench_with_the_address_it_came_with(shot: int, tmp_path: Path) -> None:
    """`shot` benches before this one were killed, and left their cable's address."""
    file = tmp_path / "enrolment.json"
    came = {"gateway_url": GATEWAY, "terminal": "T0001"}
    file.write_text(json.dumps(came))
    for port in range(shot + 1):
        near = f"https://127.0.0.1:{port + 1}"
        gateways._lead_through(tmp_path, near)
        assert json.loads(file.read_text())["gateway_url"] == near
    lead_back(GatewayHandle("https://127.0.0.1:8443", None), tmp_path, near)
    assert json.loads(file.read_text()) == came


def test_a_folder_that_joined_elsewhere_or_nowhere_is_left_alone_at_the_end(tmp_path: Path) -> None:
    handle = GatewayHandle(GATEWAY, None)
    lead_back(handle, tmp_path, "https://127.0.0.1:1")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "enrolment.json").write_text(json.dumps({"gateway_url": "https://another.example"}))
    lead_back(handle, tmp_path, "https://127.0.0.1:1")
    assert json.loads((tmp_path / "enrolment.json").read_text()) == {"gateway_url": "https://another.example"}
