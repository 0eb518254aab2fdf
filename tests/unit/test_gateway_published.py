"""Configuration and directory of the gateway; what terminals report of themselves; entries inside entries."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kiosk import settings
from kiosk.__main__ import app
from kiosk.cli.running.site import in_force, state_dir
from kiosk.log import Log
from kiosk.workers.online import OnlineGateway
from kiosk.workers.shelf import DIVISIONS, OFFICES, Directory, SetAsideWatch
from offline_cache import catalogue, state
from offline_cache.errors import Unavailable
from offline_cache.messages import json_object, verify1
from offline_cache.rescue import salvage
from offline_cache.seal import salvaged_document
from provisioning.gateway.city.published import PublishedInvalid
from provisioning.gateway.ingest import unsealed
from tests.gateway_kit import ASSETS, GatewayKit, Terminal
from tests.outbox_bench import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    built = Rig(tmp_path / "state")
    yield built
    built.app.close()
    built.outbox.close()


def fetch(kit: GatewayKit, terminal: Terminal, name: str, tag: str | None = None):
    headers = {} if tag is None else {"If-None-Match": tag}
    return kit.call("GET", f"/v1/{name}", certificate=terminal.certificate, headers=headers)


def content(kit: GatewayKit, terminal: Terminal, name: str) -> dict:
    answer = fetch(kit, terminal, name)
    assert answer.status == 200, answer.body
    return json_object(verify1(answer.body, kit.authority.signing_key.public_key()))


def operator_writes(kit: GatewayKit, text: str) -> None:
    file = kit.folder / "configuration.toml"
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text, "utf-8")
    os.utime(file, ns=(before + 10**9, before + 10**9))


# --------------------------------------------------------------------------------------------------- at the gateway


def test_each_terminal_gets_its_own_signed_configuration_and_only_when_it_changed(kit: GatewayKit) -> None:
    first, second = kit.enrol(), kit.enrol()
    assert content(kit, first, "configuration") == {
        "kind": "configuration", "version": 0, "terminal": first.name, "settings": {}, "technicians_revoked": [],
    }  # fmt: skip
    text = f"version = 1\n[settings]\nidle_timeout_s = 90\n[terminal.{second.name}]\nidle_timeout_s = 200\n"
    operator_writes(kit, text)
    assert content(kit, first, "configuration")["settings"] == {"idle_timeout_s": 90}
    assert content(kit, second, "configuration")["settings"] == {"idle_timeout_s": 200}
    tag = fetch(kit, first, "configuration").headers["etag"]
    assert fetch(kit, first, "configuration", tag).status == 304
    assert fetch(kit, second, "configuration", tag).status == 200
    assert kit.call("GET", "/v1/configuration").code == "unknown-terminal"


UNUSABLE = (
    ("version = 2\n[settings]\nno_such = 1", "no_such"),
    ("[settings]\nidle_timeout_s = 90", "version"),
    ("version = 2\n[settings]\nidle_timeout_s = 1", "outside"),
    ("version = 2\nother = 1", "other"),
    ("version = 2\nterminal = 1", "terminal"),
    ("version = 2\nsettings = 1", "settings"),
    ("version = ", "configuration.toml"),
)


def test_a_configuration_that_cannot_be_used_leaves_the_last_good_one(kit: GatewayKit) -> None:
    terminal = kit.enrol()
    operator_writes(kit, "version = 1\n[settings]\nidle_timeout_s = 90")
    assert content(kit, terminal, "configuration")["version"] == 1
    for text, said in UNUSABLE:
        operator_writes(kit, text)
        assert content(kit, terminal, "configuration")["version"] == 1
        assert said in kit.gateway.published.refused
    assert "last good version is in use" in kit.call("GET", "/").body.decode()


def test_the_directory_holds_offices_streets_and_hospitals(kit: GatewayKit) -> None:
    terminal = kit.enrol()
    found = content(kit, terminal, "directory")
    assert found["kind"] == "directory"
    office = next(one for one in found["offices"] if one["id"] == "rongshu")
    assert office["schedule"][0]["opens"] == "08:30"
    assert office["matters"] == ["exit-entry", "provident-fund"]
    streets = [street["zh-Hans"] for division in found["divisions"] for street in division["street"]]
    assert "榕树街" in streets
    assert set(found["hospitals"]) == {"hospital-primary", "hospital-other"}
    tag = fetch(kit, terminal, "directory").headers["etag"]
    assert fetch(kit, terminal, "directory", tag).status == 304


def test_a_directory_that_breaks_is_not_taken_and_none_at_all_is_told(kit: GatewayKit, tmp_path: Path) -> None:
    city = tmp_path / "city"
    shutil.copytree(ASSETS / "city", city)
    made = kit.gateway.published
    publisher = type(made)(kit.folder, city, ASSETS / "services", kit.authority.signing_key)
    good = publisher.directory()
    (city / "offices.toml").write_text("[[office]]\nid = 1", "utf-8")
    assert publisher.directory() == good
    assert "offices.toml" in publisher.refused
    fresh = type(made)(kit.folder, city, ASSETS / "services", kit.authority.signing_key)
    with pytest.raises(PublishedInvalid, match=r"offices\.toml"):
        fresh.directory()


def test_a_terminals_alarm_is_on_the_list_until_a_technician_has_looked(kit: GatewayKit) -> None:
    terminal = kit.enrol()
    said = {"kind": "alarm", "schema": 1, "code": "storage-damaged", "epoch": "e" * 32, "epoch_number": 1}
    terminal.record({**said, "state": "raised"}, {**said, "state": "odd"})
    assert terminal.push(terminal.batch(1, 2)).status == 200
    kit.gateway.town.intake.work()
    (alarm,) = kit.store.alarms()
    assert (alarm.terminal, alarm.code, alarm.epoch, alarm.seq) == (terminal.name, "storage-damaged", "e" * 32, 0)
    page = kit.call("GET", "/").body.decode()
    assert "kiosk outbox acknowledge" in page
    assert "Two terminals use one disk image" not in page
    terminal.record({**said, "state": "seen"})
    assert terminal.push(terminal.batch(3, 3)).status == 200
    kit.gateway.town.intake.work()
    assert kit.store.alarms() == ()


def test_offices_read_an_entry_inside_an_entry_and_find_a_key_that_the_terminal_lost(kit: GatewayKit) -> None:
    terminal = kit.enrol()
    terminal.record({"n": 1}, {"n": 2}, {"n": 3})
    assert terminal.push(terminal.batch(1, 1)).status == 200
    old, rows, sealing = terminal.epoch, list(terminal.rows), terminal.sealing
    assert sealing is not None
    terminal.epoch, terminal.rows = "f" * 32, []
    once = salvaged_document(rows[1], sealing.wrapped, terminal.device, old, "storage-damaged")
    lost = salvaged_document(rows[2], None, terminal.device, old, "storage-damaged")
    terminal.record(once, lost)
    twice = salvaged_document(terminal.rows[0], sealing.wrapped, terminal.device, terminal.epoch, "seq-conflict")
    terminal.record(twice, {"kind": "salvaged", "row": {}})
    assert terminal.push(terminal.batch(1, 4)).status == 200
    seen: list[object] = []
    kit.gateway.town.intake.add(lambda filed: seen.append((filed.epoch, filed.seq, filed.document.get("n"))))
    kit.gateway.town.intake.work()
    assert seen == [(old, 1, 1), ("f" * 32, 1, 2), ("f" * 32, 2, 3), ("f" * 32, 3, 2)]
    lines = [line.get("salvaged") for line in unsealed(kit.store, kit.authority)]
    assert [line and line["document"] for line in lines] == [None, {"n": 2}, {"n": 3}, {"n": 2}, None]  # type: ignore[index]
    assert lines[-1] == {"document": None, "error": "seal-broken"}


# --------------------------------------------------------------------------------------------------- at the terminal


class Shelf:
    """A cable to the gateway's publisher."""

    def __init__(self, kit: GatewayKit, terminal: Terminal) -> None:
        self.kit, self.terminal = kit, terminal

    def catalogue(self, etag: str | None) -> tuple[str, bytes] | None:
        return self.published("catalogue", etag)

    def published(self, name: str, etag: str | None) -> tuple[str, bytes] | None:
        answer = fetch(self.kit, self.terminal, name, etag)
        return None if answer.status == 304 else (answer.headers["etag"], answer.body)


def test_days_without_a_network_the_directory_still_answers(kit: GatewayKit, tmp_path: Path) -> None:
    key = kit.authority.signing_key.public_key().public_bytes_raw()
    directory = Directory(tmp_path, key)
    assert directory.public(OFFICES, {}) is None
    catalogue.refresh_published(tmp_path, Shelf(kit, kit.enrol()), key)
    found = directory.public(OFFICES, {"matter": "provident-fund"})
    assert found is not None
    assert found.record is not None
    assert all("provident-fund" in one["matters"] for one in found.record["offices"])  # pyright: ignore
    everything = directory.public(OFFICES, {})
    assert everything is not None
    assert len(everything.record["offices"]) > len(found.record["offices"])  # pyright: ignore
    assert directory.public(DIVISIONS, {}) is not None
    assert directory.public("appt.slot", {}) is None, "free times are the gateway's to say"


def test_a_gateway_that_is_away_is_answered_for_by_the_directory(rig: Rig, kit: GatewayKit) -> None:
    gateway = OnlineGateway(rig.joined, settings.Settings())
    with pytest.raises(Unavailable):
        gateway.public(OFFICES, {})
    gateway.close()
    key = kit.authority.signing_key.public_key().public_bytes_raw()
    catalogue.refresh_published(rig.folder, Shelf(kit, kit.enrol()), key)
    gateway = OnlineGateway(rig.joined, settings.Settings(), Directory(rig.folder, key))
    assert gateway.public(OFFICES, {}).record
    with pytest.raises(Unavailable):
        gateway.public("appt.slot", {})
    gateway.close()


def test_the_citys_settings_stand_over_the_terminals_own(rig: Rig, tmp_path: Path) -> None:
    from tests.unit.test_sync_catalogue import Shelf as Signed
    from tests.unit.test_sync_catalogue import configuration

    file = tmp_path / "kiosk.toml"
    file.write_text("idle_timeout_s = 60\nwarning_s = 30", "utf-8")
    assert in_force(rig.folder, file).idle_timeout_s == 60
    shelf = Signed(rig)
    shelf.shelf["configuration"] = configuration(1, idle_timeout_s=90)
    catalogue.refresh_published(rig.folder, shelf, rig.joined.signing_key, settings.usable)
    assert (in_force(rig.folder, file).idle_timeout_s, in_force(rig.folder, file).warning_s) == (90, 30)
    shelf.shelf["configuration"] = configuration(2, no_such=1)
    catalogue.refresh_published(rig.folder, shelf, rig.joined.signing_key)  # an older program, put back
    assert in_force(rig.folder, file).idle_timeout_s == 60


@pytest.mark.parametrize(("told", "kept"), [("", ".local/state"), ("relative", ".local/state"), ("{}/xdg", "xdg")])
def test_a_program_that_is_given_no_state_folder_keeps_its_state_where_its_owner_keeps_such_things(
    told: str, kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", told.format(tmp_path))
    folder = state_dir(None)
    assert folder == tmp_path / kept / "kiosk"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_kiosk_config_says_what_is_in_force_and_who_said_it(rig: Rig, tmp_path: Path) -> None:
    from tests.unit.test_sync_catalogue import Shelf as Signed
    from tests.unit.test_sync_catalogue import configuration

    file = tmp_path / "kiosk.toml"
    file.write_text("idle_timeout_s = 60\nwarning_s = 30", "utf-8")

    def told(*more: str) -> tuple[int, dict[str, Any]]:
        done = CliRunner().invoke(app, ["config", "--state", str(rig.folder), "--config", str(file), "--json", *more])
        return done.exit_code, json.loads(done.stdout.splitlines()[0])

    code, before = told()
    assert (code, before["version"], before["managed"], before["settings"]["idle_timeout_s"]) == (0, 0, [], 60)
    assert set(before["settings"]) == {one.name for one in dataclasses.fields(settings.Settings)}
    shelf = Signed(rig)
    shelf.shelf["configuration"] = configuration(3, idle_timeout_s=90)
    catalogue.refresh_published(rig.folder, shelf, rig.joined.signing_key, settings.usable)
    code, now = told()
    assert (code, now["version"], now["managed"], now["settings"]["idle_timeout_s"]) == (0, 3, ["idle_timeout_s"], 90)
    shown = CliRunner().invoke(app, ["config", "--state", str(rig.folder), "--config", str(file)]).stdout.splitlines()
    assert shown[:2] == [f"settings file: {file}", "gateway's configuration: 3"]
    whose = dict(line.split("  # ") for line in shown[2:])
    assert (whose["idle_timeout_s = 90"], whose["warning_s = 30"], whose["width = 1080"]) == (
        "gateway", "file", "default")  # fmt: skip
    file.write_text("idle_timeout_s = 1", "utf-8")
    code, refused = told()
    assert (code, refused["error"]) == (1, "settings-invalid")


@pytest.mark.parametrize("content", [{}, {"settings": 1}, {"settings": {"width": "wide"}}])
def test_what_is_no_configuration_is_not_usable(content: dict[str, object]) -> None:
    assert not settings.usable(content)
    assert settings.usable({"settings": {}})


def test_the_terminals_log_says_what_was_set_aside_at_every_start_until_somebody_looked(rig: Rig) -> None:
    rig.record(2)
    assert state.set_aside(rig.folder, "storage-damaged", rig.clock, state.outbox_file(rig.folder))
    log = Log(rig.folder / "kiosk.jsonl", rig.clock.now_ms)
    for _ in range(2):
        watch = SetAsideWatch(rig.folder, log)
        watch.look()
        watch.look()
    salvage.acknowledge(rig.folder, 1)
    SetAsideWatch(rig.folder, log).look()
    log.close()
    lines = [line for line in (rig.folder / "kiosk.jsonl").read_text().splitlines() if "outbox.set-aside" in line]
    assert len(lines) == 2
    assert '"reason": "storage-damaged"' in lines[0]
    assert '"in_line": 2' in lines[0]
