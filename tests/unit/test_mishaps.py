"""Every wrong turn of the commands that bring a terminal into service: a sentence, one next step, and it goes on.

One row is one mishap. After each the terminal joins by the command that was meant, with the key that it had before.
On the touchscreen the same is held by `test_setup_steps.py`, `test_setup_site.py` and `test_setup_tasks.py`; a pulled
plug at every file by `test_joining.py`; an upgrade by `tests/system/test_package_*`.
"""

from __future__ import annotations

import datetime
import errno
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.cli.running.next_steps import NEXT
from offline_cache import enrolment as enrolments
from tests.unit.test_joining import Site

Patch = pytest.MonkeyPatch
ZEROS = "0" * 64


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("mishaps"))
    yield made
    made.stop()


@pytest.fixture
def site(gateway: Site, tmp_path: Path) -> Site:
    """One gateway for all; each mishap befalls a terminal of its own."""
    gateway.state = tmp_path / "state"
    gateway.state.mkdir(mode=0o700)
    return gateway


def run(*arguments: str) -> tuple[int, str]:
    """A command as a technician types it: its exit code, and what stands on the screen."""
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stderr


def enrol(site: Site, *more: str, url: str = "", ca_hash: str = "") -> tuple[int, str]:
    ca_hash = ca_hash or site.kit.authority.ca_hash
    return run("enrol", "--gateway", url or site.url, "--ca-hash", ca_hash, "--state", str(site.state), *more)


def invited(site: Site, minutes: int = 15) -> str:
    """A token that nobody has used."""
    return site.kit.invite(secrets.token_hex(8), minutes=minutes)


def joins(site: Site) -> None:
    """The command that was meant; the key is the one from before the mishap."""
    key = site.state / "joining.key"
    before = key.read_bytes() if key.exists() else b""
    code, told = enrol(site, "--token", invited(site))
    assert code == 0, told
    assert enrolments.is_enrolled(site.state)
    assert not before or not key.exists() or key.read_bytes() == before


@contextmanager
def failing_disk(patch: Patch, number: int) -> Iterator[None]:
    """Whatever is put in its place on the disk fails."""

    def replace(_path: Path, _target: Path) -> Path:
        raise OSError(number, "failed")

    with patch.context() as broken:
        broken.setattr(Path, "replace", replace)
        yield


def full_disk(site: Site, patch: Patch) -> tuple[int, str]:
    with failing_disk(patch, errno.ENOSPC):
        return enrol(site, "--token", invited(site))


def pulled_plug(site: Site, patch: Patch) -> tuple[int, str]:
    with failing_disk(patch, errno.EIO):
        return enrol(site, "--token", invited(site))


def second_use(site: Site, _patch: Patch) -> tuple[int, str]:
    """Another terminal has used the token already."""
    token = invited(site)
    other = site.state.parent / "other"
    assert run("enrol", "--gateway", site.url, "--ca-hash", site.kit.authority.ca_hash, "--state", str(other),
               "--token", token)[0] == 0  # fmt: skip
    return enrol(site, "--token", token)


def expired(site: Site, _patch: Patch) -> tuple[int, str]:
    return enrol(site, "--token", invited(site, minutes=0))


def stick_gone(site: Site, _patch: Patch) -> tuple[int, str]:
    return enrol(site, "--stick", str(site.state.parent / "pulled-out"))


def stick_changed(site: Site, _patch: Patch) -> tuple[int, str]:
    stick = site.state.parent / "stick"
    stick.mkdir()
    enrol(site, "--stick", str(stick))
    for request in stick.rglob("*"):
        if request.is_file():
            request.write_bytes(b"\0" + request.read_bytes())
    return run("gateway", "enrol-stick", str(stick), "--dir", str(site.kit.folder), "--gateway", site.url,
               "--office", "rongshu")  # fmt: skip


def empty_stick(site: Site, _patch: Patch) -> tuple[int, str]:
    stick = site.state.parent / "stick"
    stick.mkdir()
    return run("gateway", "enrol-stick", str(stick), "--dir", str(site.kit.folder), "--gateway", site.url,
               "--office", "rongshu")  # fmt: skip


def state_is_a_file(site: Site, _patch: Patch) -> tuple[int, str]:
    file = site.state.parent / "file"
    file.write_text("x")
    return run("enrol", "--gateway", site.url, "--ca-hash", ZEROS, "--state", str(file), "--token", "x")


def another_s_folder(site: Site, patch: Patch) -> tuple[int, str]:
    with patch.context() as denied:
        denied.setattr("os.access", lambda path, _mode: Path(path) != site.state)
        return run("outbox", "status", "--state", str(site.state))


def of(*command: str) -> Callable[[Site, Patch], tuple[int, str]]:
    """A command before the terminal has joined: the wrong order."""
    return lambda site, _patch: run(*command, "--state", str(site.state))


NO_GATEWAY = "https://127.0.0.1:9"
MISHAPS: dict[str, tuple[Callable[[Site, Patch], tuple[int, str]], int, str, str]] = {
    "nothing-said": (of("enrol"), 2, "--gateway URL and --ca-hash H are wanted", "site.toml"),
    "wrong-token": (lambda site, _: enrol(site, "--token", "made-up"), 1, "token-invalid", "kiosk gateway invite"),
    "expired-token": (expired, 1, "token-invalid", "kiosk gateway invite"),
    "second-use": (second_use, 1, "token-invalid", "kiosk gateway invite"),
    "wrong-authority": (
        lambda site, _: enrol(site, "--token", "x", ca_hash="ab" * 32), 1, "ca-mismatch", "kiosk gateway init"),
    "port-too-high": (
        lambda site, _: enrol(site, "--token", "x", url="https://127.0.0.1:84430"), 1, "malformed", "the option"),
    "no-rights": (another_s_folder, 1, "state-denied", "with sudo"),
    "no-hash": (lambda site, _: enrol(site, "--token", "x", ca_hash="zz"), 1, "malformed", "site.toml"),
    "no-network": (
        lambda site, _: enrol(site, "--token", "x", url=NO_GATEWAY), 1, "gateway-unavailable", "Look at the cable"),
    "full-disk": (full_disk, 1, "storage-failed", "Make room"),
    "pulled-plug": (pulled_plug, 1, "storage-failed", "the same command"),
    "no-state-folder": (state_is_a_file, 1, "storage-failed", "Make room"),
    "stick-gone": (stick_gone, 1, "storage-failed", "plug in"),
    "stick-changed": (stick_changed, 1, "no-request", "kiosk enrol --stick"),
    "stick-empty": (empty_stick, 1, "no-request", "kiosk enrol --stick"),
    "sync-first": (of("sync", "once"), 1, "not-enrolled", "kiosk enrol"),
    "export-first": (
        lambda site, _: run("outbox", "export", "--to", str(site.state.parent), "--state", str(site.state)),
        1, "not-enrolled", "kiosk enrol"),
    "report-first": (of("readiness"), 1, "no-readiness", "at its screen"),
}  # fmt: skip
"""Mishap -> what is done, exit code, what stands there (code or words), and the next step."""


@pytest.mark.parametrize("mishap", MISHAPS)
def test_every_mishap_is_told_with_its_next_step_and_the_same_terminal_joins(
    mishap: str, site: Site, monkeypatch: Patch
) -> None:
    happens, status, what, following = MISHAPS[mishap]
    code, told = happens(site, monkeypatch)
    assert code == status, told
    assert what in told
    assert following in told
    assert "Traceback" not in told
    joins(site)


def test_a_terminal_that_has_joined_is_told_so_before_it_is_asked_to_join_again(site: Site) -> None:
    assert "already-enrolled" not in enrol(site, "--token", "made-up")[1]
    assert enrol(site, "--token", invited(site))[0] == 0
    before, name = (site.state / "terminal.crt").read_bytes(), enrolments.load(site.state).terminal
    code, told = enrol(site, "--token", "made-up")
    assert (code, "[token-invalid]" in told) == (1, True)
    first, following, *_ = told.splitlines()
    assert first.startswith(f"This terminal has joined already: it is {name} at {site.url}, and stays so until")
    assert first.endswith("[already-enrolled]")
    assert following == NEXT["already-enrolled"]
    assert (site.state / "terminal.crt").read_bytes() == before
    stick = site.state.parent / "stick"
    stick.mkdir()
    assert "[already-enrolled]" in enrol(site, "--stick", str(stick))[1]
    code, told = enrol(site, "--token", invited(site))
    assert (code, "[already-enrolled]" in told) == (0, True), "joining again is how one is repaired"
    assert (site.state / "terminal.crt").read_bytes() != before


def test_a_clock_of_another_year_is_told_and_nothing_is_sent(tmp_path: Path) -> None:
    wrong = Site(tmp_path, datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=400))
    try:
        code, told = enrol(wrong, "--token", "x")
        assert code == 1
        assert "clock-wrong" in told
        assert "systemctl restart chrony, then this again" in told
        assert not enrolments.is_enrolled(wrong.state)
    finally:
        wrong.stop()


def test_every_next_step_is_a_sentence_that_begins_with_what_to_do() -> None:
    for code, step in NEXT.items():
        assert step[0].isupper(), code
        assert step.endswith((".", "kiosk enrol")), code
