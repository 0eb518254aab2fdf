"""What root looks at before a staged version is put in: whose it is, what it is, room for it, a way back."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from offline_cache.joining.site import SiteData, encode
from offline_cache.wire.fleet.package import Package, Release
from provisioning.updating import prepare, repack
from provisioning.updating.prepare import NotToBeInstalled
from tests.gateway_kit import GatewayKit
from tests.update_kit import ARCHITECTURE, Way, debian


@pytest.fixture
def way(lasting_kit: GatewayKit, tmp_path: Path) -> Way:
    return Way(lasting_kit, tmp_path)


SOME = "libzbar0"
"""A package that is installed wherever these tests run (`provisioning/setup.sh`)."""


def test_the_installed_package_becomes_a_package_again(tmp_path: Path) -> None:
    made = tmp_path / "good.deb"
    repack.repack(SOME, made)
    field = subprocess.run(["dpkg-deb", "--field", str(made)], capture_output=True, text=True, check=True).stdout
    status = subprocess.run(["dpkg-query", "--status", SOME], capture_output=True, text=True, check=True).stdout
    assert field == repack.fields(status)
    assert "Status:" not in field
    subprocess.run(["dpkg-deb", "--extract", str(made), str(tmp_path / "root")], check=True)
    listed = subprocess.run(["dpkg-query", "--listfiles", SOME], capture_output=True, text=True, check=True).stdout
    files = [Path(line) for line in listed.splitlines() if Path(line).is_file()]
    assert files
    for file in files:
        assert (tmp_path / f"root{file}").read_bytes() == file.read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["root", "good.deb"] or len(list(tmp_path.iterdir())) == 2
    with pytest.raises(repack.NotWhole):
        repack.repack("no-such-package", made)


def test_conffiles_of_the_status_are_not_fields_of_a_package() -> None:
    added = "Status: install ok installed\n", "Conffiles:\n /etc/a 0123\n /etc/b 4567\n"
    status = f"Package: kiosk\n{added[0]}Version: 1\n{added[1]}Description: x\n y\n"
    assert repack.fields(status) == "Package: kiosk\nVersion: 1\nDescription: x\n y\n"


class Root:
    """A machine on which `SOME` stands for the terminal's package."""

    def __init__(self, way: Way, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(prepare, "NAME", SOME)
        monkeypatch.setattr("provisioning.gateway.releases.shelf.NAME", SOME)
        self.way, self.own, self.site = way, folder / "own", folder / "site.toml"
        self.own.mkdir()
        self.site.write_bytes(encode(SiteData("https://gateway:1", way.kit.authority.ca_hash)))
        self.package = debian(folder, "99.0", name=SOME)
        way.shelf.publish([self.package])
        way.stage()

    @property
    def staged(self) -> Path:
        return self.way.state / "update"

    def prepare(self) -> tuple[int, str]:
        return prepare.prepare(self.way.state, self.own, self.site)

    def refused(self) -> str:
        with pytest.raises(NotToBeInstalled) as refusal:
            self.prepare()
        assert not (self.own / "taken.deb").exists()
        return refusal.value.code


@pytest.fixture
def root(way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Root:
    return Root(way, tmp_path, monkeypatch)


def test_root_proves_what_was_staged_and_keeps_a_way_back(root: Root) -> None:
    assert root.prepare() == (1, "99.0")
    assert (root.own / "taken.deb").read_bytes() == root.package.read_bytes()
    assert (root.own / "good.deb").exists()
    kept = (root.own / "good.deb").stat().st_mtime_ns
    assert root.prepare() == (1, "99.0")
    assert (root.own / "good.deb").stat().st_mtime_ns == kept, "it is of the installed version already"


def test_what_the_terminal_s_account_put_there_is_not_believed(root: Root, tmp_path: Path) -> None:
    package = root.staged / "package.deb"
    whole = package.read_bytes()
    for other in (whole[:-1] + b"y", whole[:-1], whole + b"y"):
        package.write_bytes(other)
        assert root.refused() == "update-untrusted"
    package.unlink()
    package.symlink_to("/etc/shadow")
    with pytest.raises(OSError, match="symbolic"):
        root.prepare()
    package.unlink()
    os.mkfifo(package)
    with pytest.raises(OSError, match="no plain file"):
        root.prepare()
    package.unlink()
    package.write_bytes(whole)
    release = root.staged / "release"
    signed = release.read_bytes()
    release.write_bytes(signed.replace(b'"payload":"', b'"payload":"A'))
    assert root.refused() == "update-untrusted"
    release.unlink()
    assert root.refused() == "update-untrusted"
    release.write_bytes(signed)
    root.site.unlink()
    assert root.refused() == "update-untrusted"
    root.site.write_bytes(encode(SiteData("https://gateway:1", "0" * 64)))
    assert root.refused() == "update-untrusted"


def test_a_release_that_was_dealt_with_does_not_come_back(root: Root) -> None:
    told = {"newest": 1, "number": 1, "version": "99.0", "outcome": "rolled-back", "why": "x"}
    (root.own / "outcome.json").write_text(json.dumps(told))
    assert root.refused() == "update-refused"


def test_a_machine_without_room_is_left_as_it_is(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare.shutil, "disk_usage", lambda _path: type("Usage", (), {"free": 10_000_000}))
    assert root.refused() == "update-no-room"
    assert list(root.own.iterdir()) == []


def test_room_is_counted_by_disk(tmp_path: Path) -> None:
    one = prepare.room(tmp_path, tmp_path, 60, 250, 200, keep=True)
    assert set(one.needed.values()) == {510}
    assert set(prepare.room(tmp_path, tmp_path, 60, 250, 200, keep=False).needed.values()) == {310}
    assert not dataclasses.replace(one, free=dict.fromkeys(one.needed, prepare.SPARE_BYTES + 509)).enough
    assert dataclasses.replace(one, free=dict.fromkeys(one.needed, prepare.SPARE_BYTES + 510)).enough


def test_a_release_for_other_machines_is_refused() -> None:
    with pytest.raises(NotToBeInstalled, match="nothing for amd64"):
        prepare.chosen(Release(3, {"arm64": Package("1", 1, "0" * 64)}), "amd64", 2)


def test_a_package_that_is_not_what_the_release_says_is_refused(root: Root, tmp_path: Path) -> None:
    """Signed all the same: the operator published one under a name that is not its own."""
    other = debian(tmp_path / "strange", "98.0", name="strange")
    digest = hashlib.sha256(other.read_bytes()).hexdigest()
    release = Release(2, {ARCHITECTURE: Package("98.0", other.stat().st_size, digest)})
    (root.staged / "release").write_bytes(root.way.shelf._sign(release))  # pyright: ignore[reportPrivateUsage]
    (root.staged / "package.deb").write_bytes(other.read_bytes())
    with pytest.raises(NotToBeInstalled) as refusal:
        root.prepare()
    assert refusal.value.code == "update-refused"


@pytest.mark.parametrize(
    ("error", "code"),
    [(None, ""), (NotToBeInstalled("update-untrusted", "x"), "update-untrusted"),
     (repack.NotWhole("x"), "update-refused"), (OSError(28, "No space left"), "update-no-room")],
)  # fmt: skip
def test_the_command_says_number_and_version_or_why_not(
    error: Exception | None, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def do(_state: Path, _own: Path, _site: Path) -> tuple[int, str]:
        if error is not None:
            raise error
        return 4, "2.0"

    exit_code = prepare.main(["--state", "/s", "--own", "/o"], do)
    told = json.loads(capsys.readouterr().out)
    assert (exit_code, told.get("error", "")) == (1 if error else 0, code)
    assert error is not None or told == {"number": 4, "version": "2.0"}
