"""The terminal's key, sealed by a TPM (swtpm, a real one in software) with the script that the package brings."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.leaving import decommission
from offline_cache import enrolment as enrolments
from offline_cache.errors import EnrolmentDamaged
from offline_cache.gateway import signing_request
from offline_cache.messages import EnrolAnswer
from offline_cache.state import device as state_of
from tests.outbox_tls import TestAuthority

SCRIPT = Path("provisioning/package/files/usr/lib/kiosk-key").resolve()
needs_tpm = pytest.mark.skipif(
    not shutil.which("swtpm") or not shutil.which("systemd-creds"), reason="needs swtpm and systemd-creds"
)


class Tpm:
    """A TPM of its own in a folder; another folder is another mainboard.

    It runs while the script does: without the kernel's resource manager (/dev/tpmrm0), nobody frees its few slots.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.device = f"swtpm:path={folder / 's'}"

    @contextlib.contextmanager
    def on(self) -> Generator[None]:
        """Switched on."""
        socket = self._folder / "s"
        socket.unlink(missing_ok=True)
        command = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self._folder}", "--flags", "startup-clear",
                   "--ctrl", f"type=unixio,path={socket}.ctrl", "--server", f"type=unixio,path={socket}"]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 20
            while not socket.exists():
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.01)  # another program's socket: there is nothing to wait on
            yield
        finally:
            process.kill()
            process.wait(20)


@pytest.fixture
def tpm(tmp_path: Path) -> Tpm:
    return Tpm(tmp_path / "tpm")


def joined(folder: Path) -> None:
    """What a terminal has on its disk when it has just joined; again: with another key."""
    folder.mkdir(mode=0o700, exist_ok=True)
    authority, key, device = TestAuthority(), Ed25519PrivateKey.generate(), state_of(folder).device
    certificate = authority.sign_request(signing_request(key, device), "T0001")
    answer = EnrolAnswer("T0001", certificate, authority.pem.decode(), "0" * 16, b"s" * 32, b"k" * 32, {})
    enrolments.save(folder, "https://127.0.0.1:9", device, "m", key, answer)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    joined(tmp_path / "state")
    return tmp_path / "state"


def run(state: Path, device: str) -> int:
    """The script, as at a start of the machine."""
    environment = {"PATH": os.environ["PATH"], "KIOSK_STATE": str(state), "KIOSK_TPM": device,
                   "KIOSK_OPENED": str(opened(state)), "KIOSK_OWNER": f"{os.geteuid()}:{os.getegid()}"}  # fmt: skip
    return subprocess.run(["/bin/sh", str(SCRIPT)], env=environment, capture_output=True, check=False).returncode


def start(state: Path, tpm: Tpm) -> int:
    """The script on a machine with this TPM."""
    with tpm.on():
        return run(state, tpm.device)


def opened(state: Path) -> Path:
    return state.parent / "run"


def machine_off(state: Path) -> None:
    """What lay in memory is gone."""
    shutil.rmtree(opened(state))


def key_bytes(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes_raw()


@needs_tpm
def test_a_key_is_sealed_after_joining_and_opened_at_every_start(state: Path, tpm: Tpm) -> None:
    before = enrolments.load(state)
    plain = (state / "terminal.key").read_bytes()
    assert start(state, tpm) == 0
    on_disk = b"".join(file.read_bytes() for file in state.iterdir() if file.is_file() and not file.is_symlink())
    assert plain.splitlines()[1] not in on_disk
    assert not (state / "terminal.key.open").exists()
    machine_off(state)
    with pytest.raises(EnrolmentDamaged):
        enrolments.load(state)
    assert start(state, tpm) == 0
    after = enrolments.load(state)
    assert key_bytes(after.private_key) == key_bytes(before.private_key)
    assert (opened(state) / "terminal.key").stat().st_mode & 0o777 == 0o600
    assert opened(state).stat().st_mode & 0o777 == 0o700
    assert after.client_certificate[1] == before.client_certificate[1], "programs that are at work find it still"


@needs_tpm
def test_a_disk_in_another_machine_is_of_no_use(state: Path, tpm: Tpm, tmp_path: Path) -> None:
    assert start(state, tpm) == 0
    machine_off(state)
    assert start(state, Tpm(tmp_path / "thief")) == 1
    with pytest.raises(EnrolmentDamaged):
        enrolments.load(state)


def test_without_a_tpm_the_key_stays_a_file_that_nobody_else_may_read(state: Path) -> None:
    before = (state / "terminal.key").read_bytes()
    assert run(state, "/dev/no-tpm-here") == 0
    assert (state / "terminal.key").read_bytes() == before
    assert (state / "terminal.key").stat().st_mode & 0o777 == 0o600
    assert not (state / "terminal.key.sealed").exists()


def test_a_tpm_that_does_not_work_costs_nothing(state: Path) -> None:
    assert run(state, "swtpm:path=/nowhere") == 1
    assert enrolments.load(state).terminal == "T0001"
    assert not list(state.glob("*.sealed*"))


@needs_tpm
def test_a_plug_pulled_between_the_steps_leaves_a_key_and_the_next_start_goes_on(state: Path, tpm: Tpm) -> None:
    before = key_bytes(enrolments.load(state).private_key)
    plain = (state / "terminal.key").read_bytes()
    assert start(state, tpm) == 0
    # After the sealed file, before the link: both are there, and the open one counts.
    (state / "terminal.key").unlink()
    (state / "terminal.key").write_bytes(plain)
    (state / "terminal.key").chmod(0o600)
    machine_off(state)
    assert key_bytes(enrolments.load(state).private_key) == before
    assert start(state, tpm) == 0
    # After the link, before what lay open was removed.
    (state / "terminal.key.open").write_bytes(plain)
    machine_off(state)
    assert start(state, tpm) == 0
    assert not (state / "terminal.key.open").exists()
    assert key_bytes(enrolments.load(state).private_key) == before


@needs_tpm
def test_a_terminal_that_joins_again_has_its_new_key_sealed(state: Path, tpm: Tpm) -> None:
    assert start(state, tpm) == 0
    joined(state)
    assert not (state / "terminal.key").is_symlink()
    new = key_bytes(enrolments.load(state).private_key)
    assert start(state, tpm) == 0
    machine_off(state)
    assert start(state, tpm) == 0
    assert key_bytes(enrolments.load(state).private_key) == new


@needs_tpm
def test_a_terminal_that_leaves_service_leaves_no_sealed_and_no_opened_key(state: Path, tpm: Tpm) -> None:
    plain = (state / "terminal.key").read_bytes()
    assert start(state, tpm) == 0
    proof = decommission.erase_all(state)
    assert {"terminal.key", "terminal.key.sealed"} <= set(proof.keys)
    assert proof.left == ()
    left = b"".join(file.read_bytes() for file in opened(state).rglob("*") if file.is_file())
    assert plain.splitlines()[1] not in left
