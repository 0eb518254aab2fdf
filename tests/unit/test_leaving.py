"""What leaves a terminal: a support bundle that names nobody, and a folder that was emptied."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.doctor.check import Outcome, Result
from kiosk.leaving import decommission
from kiosk.leaving.bundle import write_bundle
from kiosk.log import Log
from kiosk.settings import Settings
from offline_cache import state as states
from offline_cache.disk.files import destroy
from offline_cache.errors import StorageFailed

NAME, NUMBER, PIN, PHONE = "陈小榕", "440199199003070012", "428157", "13800138000"
PLACE = "榕树街便民服务中心"
KEYS = ["joining.key", "local-seal.key", "terminal.key", "terminal.key.sealed"]
PERSONAL = (NAME, NUMBER, PHONE, PLACE, "rongshu-secret", f"pin {PIN}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder with something personal in every file that a terminal may have, and in some it never should."""
    made = tmp_path / "state"
    with states.open_writer(made) as outbox:
        outbox.append(lambda _seq, _id: {"name": NAME, "id_number": NUMBER, "phone": PHONE})
    log = Log((made / "log").mkdir() or made / "log/kiosk.jsonl", lambda: 7)
    log.write("terminal.started", {"terminal": "T0001"})
    log.close()
    poison = [
        {"time_ms": 1, "event": "terminal.started", "level": "info", "terminal": f"{NAME} {NUMBER}"},
        {"time_ms": 1, "event": "terminal.started", "level": "info", "terminal": NUMBER},
        {"time_ms": 1, "event": "terminal.started", "level": "info", "holder": NAME},
        {"time_ms": 1, "event": NAME, "level": "info"},
        {"time_ms": NUMBER, "event": "terminal.started"},
    ]
    lines = [json.dumps(one, ensure_ascii=False) for one in poison] + [f"Traceback: {NAME} pin {PIN}", "[1, 2]"]
    with (made / "log/kiosk.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    everywhere = " ".join(PERSONAL)
    for name in (
        "terminal.key",
        "enrolment.json",
        "catalogue.json",
        "sync-status.json",
        "print-journal.db",
        "notes.txt",
        "joining.key",
        "joining.json",
        "orders.json",
        "terminal.key.sealed",
    ):
        (made / name).write_text(everywhere, "utf-8")
    (made / "sounds").mkdir()
    (made / "sounds/said.txt").write_text(everywhere, "utf-8")
    return made


def test_a_support_bundle_holds_nothing_of_a_citizen_wherever_it_was_planted(folder: Path, tmp_path: Path) -> None:
    settings = Settings(printer_port=f"/dev/{NAME}", reader_name=f"{NUMBER} rongshu-secret")
    finding = Result("printer-port", Outcome.FAIL, f"{NAME} {PLACE} is in the way [no-reply]", f"call {PHONE}", 3)
    done = write_bundle(folder, tmp_path, settings, [finding], 42)
    with zipfile.ZipFile(done.file) as bundle:
        parts = {name: bundle.read(name).decode("utf-8") for name in bundle.namelist()}
    for name, text in parts.items():
        for secret in PERSONAL:
            assert secret not in text, name
            assert json.dumps(secret).strip('"') not in text, name
    assert done.left_out == 7
    (line,) = parts["log.jsonl"].splitlines()
    assert json.loads(line) == {"time_ms": 7, "event": "terminal.started", "level": "info", "terminal": "T0001"}
    told = json.loads(parts["doctor.json"])
    assert told == [{"name": "printer-port", "outcome": "fail", "code": "no-reply", "took_ms": 3}]
    assert json.loads(parts["settings.json"])["printer_port"] == "set"
    assert json.loads(parts["outbox.json"])["pending"] == 1
    assert "cryptography" in parts["versions.json"]


def test_a_stick_that_is_not_there_is_told_and_leaves_no_half_bundle(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_bundle(folder, tmp_path / "no-stick", Settings(), [], 42)
    assert not list(tmp_path.glob("**/kiosk-support*"))


def run(folder: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    done = CliRunner().invoke(app, ["decommission", "--json", "--state", str(folder), *arguments])
    return done.exit_code, json.loads(done.stdout.splitlines()[0])


def test_a_terminal_with_unsent_entries_is_not_erased_by_mistake(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    assert run(folder) == (
        0,
        {"erased": False, "unsent": 1, "readable": True, "keys": KEYS},
    )
    code, told = run(folder, "--erase")
    assert (code, told["error"], told["unsent"]) == (1, "entries-unsent", 1)
    assert sorted(folder.rglob("*")) == before


def test_an_erased_terminal_holds_no_key_and_no_file(folder: Path) -> None:
    code, told = run(folder, "--erase", "--lose-unsent")
    assert (code, told["erased"], told["left"]) == (0, True, [])
    assert told["keys"] == KEYS
    assert [path.name for path in folder.rglob("*")] == [".lock"]
    assert run(folder)[1] == {"erased": False, "unsent": 0, "readable": True, "keys": []}


def test_an_outbox_that_nobody_can_read_counts_as_unsent(folder: Path) -> None:
    (folder / "outbox.db").write_bytes(b"x" * 8192)
    code, told = run(folder, "--erase")
    assert (code, told["error"], told["readable"]) == (1, "entries-unsent", False)


def test_a_plug_pulled_while_it_is_erased_and_the_same_command_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At whichever key: what went first stays gone, and the next run finds the rest."""
    for name in KEYS:
        erased: list[str] = []

        def pulled(path: Path, stop: str = name, erased: list[str] = erased) -> None:
            if path.name == stop:
                raise StorageFailed("pulled")
            erased.append(path.name)
            destroy(path)

        with monkeypatch.context() as patch:
            patch.setattr(decommission, "destroy", pulled)
            code, told = run(folder, "--erase", "--lose-unsent")
        assert (code, told["error"]) == (1, "storage-failed")
        assert not any((folder / gone).exists() for gone in erased)
        assert (folder / "orders.json").exists(), "keys go before everything else"
    assert run(folder, "--erase", "--lose-unsent")[1]["left"] == []
    assert [path.name for path in folder.rglob("*")] == [".lock"]


def test_what_comes_back_while_it_is_erased_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that nobody stopped writes its status again."""

    def comes_back(path: Path) -> None:
        (path / "sync-status.json").write_text("{}")

    monkeypatch.setattr(decommission, "sync_folder", comes_back)
    done = CliRunner().invoke(app, ["decommission", "--state", str(folder), "--erase", "--lose-unsent"])
    assert done.exit_code == 1
    assert "still there: sync-status.json [not-erased]" in done.output


def test_a_bundle_that_cannot_be_written_is_told_with_its_code(folder: Path, tmp_path: Path) -> None:
    arguments = ["support-bundle", "--to", str(tmp_path / "no-stick"), "--state", str(folder), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, json.loads(done.stdout)["error"]) == (1, "bundle-unwritable")


def test_keys_are_overwritten_before_they_are_removed(folder: Path) -> None:
    other_name = folder.parent / "same-file"
    other_name.hardlink_to(folder / "terminal.key")
    decommission.erase_all(folder)
    assert NUMBER not in other_name.read_bytes().decode("utf-8", "replace")
