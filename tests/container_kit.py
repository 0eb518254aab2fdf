"""A plain Debian 12 that boots with systemd in a container (systemd-nspawn), for the package and nothing else.

The root folder has what the package depends on, by the package's own list, and is made once (mmdebstrap, about a
minute). Each container sees it through an overlay of its own, with no network. Needs root.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONTROL = ROOT / "provisioning/package/control/control.in"
BUILD = ROOT / "build/container"
ALSO = ("systemd-sysv", "chrony", "nftables")
"""Of a plain Debian, or recommended: what the package's units talk to."""
KEEP_S = 6 * 3600
"""Packages of other runs are kept so long: another run may be at work with one."""
BOOT_S = 180
HEADLESS = """[Service]
TTYPath=
StandardInput=null
TTYReset=no
TTYVHangup=no
TTYVTDisallocate=no
WatchdogSec=4
Environment=SDL_VIDEODRIVER=offscreen
"""
"""A container has no screen and no virtual console. All else of kiosk.service stays as it is, its drivers too."""


def needed() -> list[str]:
    """The packages that the terminal's package depends on, without versions and alternatives."""
    (line,) = re.findall(r"^Depends: (.*)$", CONTROL.read_text(), re.MULTILINE)
    names = [re.sub(r"\(.*?\)|\|.*", "", part).strip() for part in line.split(",")]
    return [*ALSO, *dict.fromkeys(names)]


def skip_where_it_cannot_run() -> None:
    """Skip where this machine cannot boot a container at all."""
    if os.geteuid() != 0 or not shutil.which("systemd-nspawn") or not shutil.which("mmdebstrap"):
        pytest.skip("needs root, systemd-nspawn (systemd-container) and mmdebstrap")


def base() -> Path:
    """The root folder, made where it is missing or the package depends on something else by now."""
    names = needed()
    stamp = hashlib.sha256(" ".join(names).encode()).hexdigest()[:16]
    folder = BUILD / stamp
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            draft = BUILD / "draft"
            shutil.rmtree(draft, ignore_errors=True)
            sources = sorted(Path("/etc/apt/sources.list.d").glob("*.sources"))
            command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(names)}",
                       '--aptopt=APT::Install-Recommends "false"', "--dpkgopt=path-exclude=/usr/share/doc/*",
                       "bookworm", str(draft), *map(str, sources)]  # fmt: skip
            subprocess.run(command, check=True)
            draft.rename(folder)
    return folder


def package() -> Path:
    """The package of this tree, built once for each run of the tests. The build is the one of `make deb`."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:  # several workers may ask at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = BUILD / f"deb-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
        for old in BUILD.glob("deb-*"):
            if time.time() - old.stat().st_mtime > KEEP_S:
                shutil.rmtree(old)
        if not list(folder.glob("*.deb")):
            command = ["bash", "provisioning/package/build.sh", str(folder.relative_to(ROOT))]
            subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        (made,) = folder.glob("*.deb")
    return made


def renumbered(package: Path, version: str, folder: Path) -> Path:
    """The same package under another version: only the number in its control file is another."""
    work = folder / f"work-{version}"
    (work / "control").mkdir(parents=True)
    subprocess.run(["ar", "x", str(package.resolve())], cwd=work, check=True)
    subprocess.run(["tar", "--zstd", "-xf", "control.tar.zst", "-C", "control"], cwd=work, check=True)
    control = work / "control/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    subprocess.run(["tar", "--zstd", "-cf", "control.tar.zst", "-C", "control", "."], cwd=work, check=True)
    made = folder / f"kiosk_{version}.deb"
    parts = ["debian-binary", "control.tar.zst", "data.tar.zst"]
    subprocess.run(["ar", "rcD", str(made), *parts], cwd=work, check=True)
    shutil.rmtree(work)
    return made


class Machine:
    """A container that has booted."""

    def __init__(self, leader: int, folder: Path) -> None:
        self._leader = leader
        self.log = folder / "console"

    def start(self, *command: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program inside; whatever it answers."""
        inside = ["nsenter", "-t", str(self._leader), "-a", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                  "HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *command]  # fmt: skip
        return subprocess.run(inside, input=given, capture_output=True, text=True, timeout=600, check=False)

    def run(self, *command: str, given: str | None = None) -> str:
        """Run a program inside that must end well; what it said."""
        done = self.start(*command, given=given)
        assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def show(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).strip()

    def until(self, found: Callable[[], bool], what: str, seconds: float = 180) -> None:
        """Look again until it is so."""
        deadline = time.monotonic() + seconds
        while not found():
            assert time.monotonic() < deadline, f"{what}; {self.log.read_text(errors='replace')[-800:]}"
            time.sleep(0.1)  # another machine's state: there is nothing to wait on


@contextlib.contextmanager
def booted(folder: Path, files: Sequence[Path], *, headless: bool = True) -> Generator[Machine]:
    """Boot; `files` lie in /srv. Not `headless`: kiosk.service as it is, on a machine without a screen.

    The machine ends, with all that runs in it, when the block ends.
    """
    upper, root = folder / "upper", folder / "root"
    for made in (upper / "srv", upper / "etc/systemd/system/kiosk.service.d", folder / "work", root):
        made.mkdir(parents=True)
    if headless:
        (upper / "etc/systemd/system/kiosk.service.d/container.conf").write_text(HEADLESS)
    for file in files:
        shutil.copy(file, upper / "srv")
    options = f"lowerdir={base()},upperdir={upper},workdir={folder / 'work'}"
    # A mount namespace of its own: the overlay goes when the container goes.
    script = 'mount -t overlay overlay -o "$1" "$2" && shift 2 && exec systemd-nspawn "$@"'
    nspawn = ["--quiet", f"--directory={root}", f"--machine=kiosk-{os.getpid()}", "--register=no", "--keep-unit",
              "--private-network", "--console=read-only", "--boot", "systemd.log_target=console"]  # fmt: skip
    command = ["unshare", "--mount", "sh", "-c", script, "sh", options, str(root), *nspawn]
    with (folder / "console").open("wb") as console:
        outer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
    leader = 0
    try:
        leader = _leader(outer, folder / "console")
        machine = Machine(leader, folder)
        states = {"running", "degraded"}
        machine.until(lambda: machine.start("systemctl", "is-system-running").stdout.strip() in states, "no boot")
        yield machine
    finally:
        if leader:  # the first process of its namespace: all the others go with it, and systemd-nspawn after them
            with contextlib.suppress(ProcessLookupError):
                os.kill(leader, signal.SIGKILL)
        else:
            outer.kill()
        outer.wait(BOOT_S)


def _leader(outer: subprocess.Popen[bytes], console: Path) -> int:
    """The container's first process, the child of systemd-nspawn."""
    deadline = time.monotonic() + BOOT_S
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    while time.monotonic() < deadline and outer.poll() is None:
        for child in children.read_text().split():
            with contextlib.suppress(FileNotFoundError):
                if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                    return int(child)
        time.sleep(0.1)
    raise AssertionError(f"the container did not start: {console.read_text(errors='replace')[-2000:]}")
