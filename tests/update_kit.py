"""What the tests of an update share: packages of one file, and a gateway with a terminal that fetches from it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from offline_cache.errors import Refused, Unavailable
from offline_cache.fleet.staging import Machine, Staged, from_gateway
from offline_cache.fleet.update import Settled
from provisioning.gateway.fleet.rollout import Rollouts
from provisioning.gateway.releases.shelf import Shelf
from tests.gateway_kit import GatewayKit, Terminal

ARCHITECTURE = subprocess.run(
    ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
).stdout.strip()
TERMINAL = Machine(ARCHITECTURE, "1.0", Settled())


def debian(folder: Path, version: str, *, name: str = "kiosk", content: bytes = b"x") -> Path:
    """A package with one file."""
    root = folder / f"{name}-{version}"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "content").write_bytes(content)
    control = f"Package: {name}\nVersion: {version}\nArchitecture: {ARCHITECTURE}\nMaintainer: a\nDescription: b\n"
    (root / "DEBIAN/control").write_text(control)
    made = folder / f"{name}_{version}.deb"
    subprocess.run(["dpkg-deb", "-Znone", "--build", str(root), str(made)], check=True, stdout=subprocess.DEVNULL)
    return made


class Way:
    """A gateway that publishes, a terminal that fetches; the line may break after so many answers.

    The gateway may have served another test: nothing is published when this one begins.
    """

    def __init__(self, kit: GatewayKit, folder: Path) -> None:
        self.kit = kit
        shutil.rmtree(kit.folder / "packages", ignore_errors=True)
        with kit.store.database.transaction() as db:
            db.run("DELETE FROM fleet_rollout")
        kit.gateway.fleet.rollouts = Rollouts(kit.store.database, kit.gateway.fleet.settings.waves)
        self.shelf = Shelf(self.kit.authority)
        self.terminal: Terminal = self.kit.enrol()
        self.state = folder / "state"
        self.state.mkdir(mode=0o700)
        self.answers_left = 1000
        self.spoil = b""

    def fetch(self, path: str, limit: int) -> bytes:
        """`GatewayClient.fetch`, without a socket."""
        if not self.answers_left:
            raise Unavailable("the line broke")
        self.answers_left -= 1
        answer = self.kit.call("GET", path, certificate=self.terminal.certificate)
        if answer.status != 200:
            raise Refused(answer.code, answer.status)
        assert len(answer.body) <= limit
        return answer.body + (self.spoil if "begin=" in path else b"")

    def stage(self, machine: Machine = TERMINAL) -> Staged:
        return from_gateway(self.state, self, self.kit.authority.ca_hash, machine)

    def names(self) -> list[str]:
        return sorted(file.name for file in (self.state / "update").iterdir())
