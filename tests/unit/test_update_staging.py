"""A newer version on its way: published and signed, fetched in pieces or carried, never replayed."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.doctor.gauges import measure
from kiosk.doctor.machine import UPDATE_NEXT, updates
from kiosk.doctor.site import Site
from kiosk.settings import Settings
from offline_cache.errors import (
    AuthorityMismatch,
    BadReply,
    BadSignature,
    CacheError,
    MalformedMessage,
    StorageFailed,
    Unavailable,
)
from offline_cache.fleet import staging
from offline_cache.fleet.staging import Machine, Staged, from_folder
from offline_cache.fleet.update import Settled
from offline_cache.joining.site import SiteData, encode
from offline_cache.messages import json_dumps
from offline_cache.wire.encoding import to_base64url
from offline_cache.wire.fleet.package import PIECE_BYTES, decode_release
from provisioning.gateway import authority as authorities
from provisioning.gateway.fleet.judge import PACKAGE_REFUSED
from provisioning.gateway.releases.shelf import Shelf
from tests.fleet_kit import beat
from tests.gateway_kit import NOON, GatewayKit, Terminal
from tests.update_kit import ARCHITECTURE, TERMINAL, Way, debian


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One that fits into a piece, and one that takes three."""
    folder = tmp_path_factory.mktemp("packages")
    long = os.urandom(2 * PIECE_BYTES + 4000)
    return {"2.0": debian(folder, "2.0"), "3.0": debian(folder, "3.0", content=long),
            "other": debian(folder, "2.0", name="other")}  # fmt: skip


@pytest.fixture
def way(lasting_kit: GatewayKit, tmp_path: Path) -> Way:
    return Way(lasting_kit, tmp_path)


def test_what_is_published_is_fetched_and_lies_ready(way: Way, packages: dict[str, Path]) -> None:
    assert way.stage() == Staged("nothing-new"), "nothing is published"
    way.shelf.publish([packages["3.0"]])
    assert way.stage() == Staged("staged", 1, "3.0")
    assert way.names() == ["package.deb", "ready", "release"]
    assert (way.state / "update/package.deb").read_bytes() == packages["3.0"].read_bytes()
    way.answers_left = 1
    assert way.stage().state == "staged", "what is here is not fetched again"


def test_a_line_that_breaks_and_the_next_try_goes_on_where_it_was(way: Way, packages: dict[str, Path]) -> None:
    way.shelf.publish([packages["3.0"]])
    way.answers_left = 2
    with pytest.raises(Unavailable):
        way.stage()
    assert (way.state / "update/package.part").stat().st_size == PIECE_BYTES
    assert "ready" not in way.names()
    way.answers_left = 3
    assert way.stage().state == "staged", "one answer for the release, two for the rest"


def test_pieces_that_were_changed_are_thrown_away_and_come_anew(way: Way, packages: dict[str, Path]) -> None:
    way.shelf.publish([packages["2.0"]])
    (way.state / "update").mkdir()
    size = packages["2.0"].stat().st_size
    (way.state / "update/package.part").write_bytes(b"y" * (size - 10))
    with pytest.raises(BadReply):
        way.stage()
    assert way.stage().state == "staged"
    way.shelf.publish([packages["3.0"]])
    way.spoil = b"more than there is"
    with pytest.raises(BadReply):
        way.stage()
    assert "ready" not in way.names(), "the older one is not ready any more"


def test_a_full_disk_is_told_before_anything_is_fetched(
    way: Way, packages: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    way.shelf.publish([packages["2.0"]])
    monkeypatch.setattr(staging.shutil, "disk_usage", lambda _path: type("Usage", (), {"free": 1000}))
    with pytest.raises(StorageFailed, match="no room"):
        way.stage()
    monkeypatch.undo()
    assert way.stage().state == "staged"


def test_a_state_folder_that_is_none_is_told(way: Way, packages: dict[str, Path]) -> None:
    (way.state / "update").write_text("a file stands in the way")
    way.shelf.publish([packages["2.0"]])
    with pytest.raises(StorageFailed):
        way.stage()
    with pytest.raises(StorageFailed):
        way.stage(dataclasses.replace(TERMINAL, installed="2.0"))


@pytest.mark.parametrize(
    "machine",
    [
        dataclasses.replace(TERMINAL, installed="2.0"),
        dataclasses.replace(TERMINAL, architecture="riscv64"),
        dataclasses.replace(TERMINAL, settled=Settled(1, 1, "2.0", "rolled-back", "kiosk.service is not up")),
    ],
    ids=["has it", "another machine", "was taken out"],
)
def test_what_is_not_new_for_this_terminal_is_left_and_told(
    way: Way, packages: dict[str, Path], machine: Machine
) -> None:
    way.shelf.publish([packages["2.0"]])
    assert way.stage(machine) == Staged("nothing-new", 1)
    site = Site(way.state, Settings(), root=way.state / "none")
    assert measure(site).facts["package"] == "1", "the gateway hears that its wave has arrived here"
    assert way.stage(dataclasses.replace(machine, settled=Settled(9))).number == 1


def test_another_gateway_s_release_is_refused(way: Way, packages: dict[str, Path], tmp_path: Path) -> None:
    other = Shelf(authorities.create(tmp_path / "other", (), way.kit.clock.now))
    stick = tmp_path / "stick"
    stick.mkdir()
    other.carry(other.publish([packages["2.0"]]), stick)
    ours = way.kit.authority.ca_hash
    with pytest.raises(AuthorityMismatch):
        from_folder(way.state, stick, ours, TERMINAL)
    signed = json.loads((stick / "release").read_bytes())
    signed["authority"] = way.kit.authority.ca_pem
    (stick / "release").write_bytes(json.dumps(signed).encode())
    with pytest.raises(BadSignature):
        from_folder(way.state, stick, ours, TERMINAL)


def test_a_site_without_a_network_gets_it_by_stick(way: Way, packages: dict[str, Path], tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    ours = way.kit.authority.ca_hash
    with pytest.raises(MalformedMessage, match="kiosk gateway publish"):
        from_folder(way.state, stick, ours, TERMINAL)
    way.shelf.carry(way.shelf.publish([packages["3.0"]]), stick)
    assert from_folder(way.state, stick, ours, dataclasses.replace(TERMINAL, installed="3.0")).state == "nothing-new"
    (package,) = stick.glob("*.deb")
    whole = package.read_bytes()
    package.unlink()
    with pytest.raises(StorageFailed, match="stick"):
        from_folder(way.state, stick, ours, TERMINAL)
    package.write_bytes(whole[:-1])
    with pytest.raises(BadReply):
        from_folder(way.state, stick, ours, TERMINAL)
    package.write_bytes(whole)
    assert from_folder(way.state, stick, ours, TERMINAL).state == "staged"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=300).map(str.encode))
def test_bytes_that_are_no_release_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(CacheError):
        decode_release(data, "0" * 64)


@pytest.mark.parametrize(
    "packages_",
    [
        {}, {"amd64": 1}, {"AMD": {"version": "1", "bytes": 1, "sha256": "0" * 64}},
        {"amd64": {"version": "; rm", "bytes": 1, "sha256": "0" * 64}},
        {"amd64": {"version": "1", "bytes": 0, "sha256": "0" * 64}},
        {"amd64": {"version": "1", "bytes": 1, "sha256": "../../etc"}},
    ],
)  # fmt: skip
def test_a_signed_release_that_says_nonsense_is_refused(
    tmp_path_factory: pytest.TempPathFactory, packages_: dict[str, object]
) -> None:
    authority = authorities.create(tmp_path_factory.mktemp("authority"), (), NOON)
    payload = json_dumps({"number": 1, "packages": packages_})
    signature = authority.ca_key.sign(b"kiosk-release-1\n" + payload, ec.ECDSA(hashes.SHA256()))
    whole = json_dumps({"payload": to_base64url(payload), "signature": to_base64url(signature),
                        "authority": authority.ca_pem})  # fmt: skip
    with pytest.raises(MalformedMessage):
        decode_release(whole, authority.ca_hash)


# --- the gateway ----------------------------------------------------------------------------------------------------


def test_only_a_terminal_gets_a_package_and_only_one_that_is_there(way: Way, packages: dict[str, Path]) -> None:
    release = way.shelf.publish([packages["2.0"]])
    digest = release.packages[ARCHITECTURE].sha256
    call, certificate = way.kit.call, way.terminal.certificate
    assert call("GET", "/v1/package").code == "unknown-terminal"
    assert call("GET", f"/v1/package/{digest}").code == "unknown-terminal"
    for wrong in ("0" * 64, "release", "..%2frelease"):
        assert call("GET", f"/v1/package/{wrong}", certificate=certificate).code == "not-found"
    for begin in ("x", "-1", "9" * 15):
        assert call("GET", f"/v1/package/{digest}?begin={begin}", certificate=certificate).code == "malformed"
    assert call("GET", f"/v1/package/{digest}?begin=999999", certificate=certificate).body == b""
    way.kit.store.revoke(way.terminal.name)
    assert call("GET", "/v1/package", certificate=certificate).code == "terminal-revoked"


def test_what_is_no_package_of_the_terminal_is_not_published(way: Way, packages: dict[str, Path]) -> None:
    runner = CliRunner()
    before = way.shelf.publish([packages["2.0"]])
    empty, text = way.state / "empty", way.state / "text"
    empty.write_bytes(b"")
    text.write_text("no package")
    for files in ([packages["other"]], [empty], [text], [packages["2.0"], packages["3.0"]]):
        done = runner.invoke(app, ["gateway", "publish", *map(str, files), "--dir", str(way.kit.folder), "--json"])
        assert (done.exit_code, json.loads(done.stdout)["error"]) == (1, "package-invalid")
    assert way.shelf.current().number == before.number
    done = runner.invoke(app, ["gateway", "publish", str(packages["3.0"]), "--dir", str(way.kit.folder), "--json"])
    assert json.loads(done.stdout) == {"number": 2, "packages": {ARCHITECTURE: "3.0"}}
    assert len(list(way.shelf.folder.glob("*.deb"))) == 1, "packages of older releases go"


def test_a_damaged_release_at_the_gateway_sends_nobody_anywhere(way: Way, packages: dict[str, Path]) -> None:
    way.shelf.publish([packages["2.0"]])
    (way.shelf.folder / "release").write_bytes(b"{}")
    assert way.stage() == Staged("nothing-new")


def test_even_the_first_version_goes_in_waves_and_halts_where_terminals_take_it_out_again(
    tmp_path: Path, packages: dict[str, Path]
) -> None:
    folder = tmp_path / "gateway"
    folder.mkdir()
    (folder / "fleet.toml").write_text("[rollout]\npercent = [10, 100]\neach_min = 30\nhalt_percent = 5\n")
    kit = GatewayKit(folder)
    terminals = [kit.enrol() for _ in range(20)]
    Shelf(kit.authority).publish([packages["2.0"]])

    def have() -> list[Terminal]:
        return [one for one in terminals if kit.call("GET", "/v1/package", certificate=one.certificate).status == 200]

    first = have()
    assert 1 <= len(first) < 10
    kit.clock.pass_s(60)
    beat(first[0], faults=(PACKAGE_REFUSED,), facts={"package": "1"})
    kit.gateway.fleet.work()
    (halted,) = kit.gateway.fleet.rollouts.current()
    assert (halted.what, halted.state) == ("package", "halted")
    kit.clock.pass_s(7200)
    kit.gateway.fleet.work()
    assert len(have()) == len(first), "nobody else gets it"
    (cause,) = kit.gateway.fleet.one(first[0].name).causes[:1]
    assert cause.code in {PACKAGE_REFUSED, "silent"}
    kit.store.close()


# --- the terminal says so -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["done", *UPDATE_NEXT])
def test_doctor_and_heartbeat_tell_what_became_of_it(tmp_path: Path, outcome: str) -> None:
    own = tmp_path / "root/var/lib/kiosk-update"
    own.mkdir(parents=True)
    told = {"newest": 4, "number": 4, "version": "2.0", "outcome": outcome, "why": "kiosk.service is not up"}
    (own / "outcome.json").write_text(json.dumps(told))
    site = Site(tmp_path / "state", Settings(), root=tmp_path / "root")
    found, measured = updates(site), measure(site)
    assert found.outcome.value == ("ok" if outcome == "done" else "warn")
    assert outcome == "done" or outcome in found.cause
    assert measured.facts["package"] == "4"
    assert (PACKAGE_REFUSED in measured.faults) == (outcome in {"rolled-back", "stuck"})


def test_a_terminal_without_its_site_s_data_fetches_nothing(tmp_path: Path) -> None:
    arguments = ["update", "--state", str(tmp_path), "--config", str(tmp_path / "settings.toml"), "--json"]
    (tmp_path / "settings.toml").write_text("")
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, json.loads(done.stdout)["error"]) == (1, "update-untrusted")
    (tmp_path / "site.toml").write_bytes(encode(SiteData("https://gateway:1", "0" * 64)))
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, json.loads(done.stdout)["error"]) == (1, "not-enrolled")
    done = CliRunner().invoke(app, [*arguments, "--from", str(tmp_path)])
    assert (done.exit_code, json.loads(done.stdout)["error"]) == (1, "malformed")
