"""What root makes sure of before a staged package is put in: who signed it, what it is, that there is room, a way back.

Run by `apply.py` while nothing is torn yet, with the program's own Python. The package is copied first, to a folder
that only root writes, and everything is asked of the copy. Prints one JSON object; exit 1 with `error` where the
package is not to be installed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from offline_cache.errors import AuthorityMismatch, BadSignature, MalformedMessage, StorageFailed
from offline_cache.fleet.update import FOLDER, GOOD, OUTCOME, PACKAGE, RELEASE, read_outcome
from offline_cache.joining import site as sites
from offline_cache.wire.fleet.package import MAX_RELEASE_BYTES, Package, Release, decode_release
from provisioning.updating.repack import NotWhole, ask, repack

NAME = "kiosk"
TAKEN = "taken.deb"
SITE = Path("/etc/kiosk/site.toml")
PROGRAMS = Path("/usr")
SPARE_BYTES = 64 * 1024 * 1024
UNTRUSTED, NO_ROOM, REFUSED = "update-untrusted", "update-no-room", "update-refused"


class NotToBeInstalled(Exception):
    """`code` and why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True)
class Room:
    """What a disk has and what is needed of it, bytes, by the disk's device number."""

    free: Mapping[int, int]
    needed: Mapping[int, int]

    @property
    def enough(self) -> bool:
        return all(self.free[disk] >= wanted + SPARE_BYTES for disk, wanted in self.needed.items())


def room(own: Path, programs: Path, package_bytes: int, new_bytes: int, old_bytes: int, *, keep: bool) -> Room:
    """What an update needs: the copy and, where `keep`, the old package again in `own`; new files beside old ones.

    `new_bytes`, `old_bytes`: what is installed of either. dpkg unpacks everything before it removes anything.
    """
    needed: dict[int, int] = {}
    for folder, wanted in ((own, package_bytes + (old_bytes if keep else 0)), (programs, new_bytes)):
        disk = folder.stat().st_dev
        needed[disk] = needed.get(disk, 0) + wanted
    free = {folder.stat().st_dev: shutil.disk_usage(folder).free for folder in (own, programs)}
    return Room(free, needed)


def chosen(release: Release, architecture: str, newest: int) -> Package:
    """The package that is meant for this machine. Raises `NotToBeInstalled`."""
    if release.number <= newest:
        raise NotToBeInstalled(REFUSED, f"release {release.number} was dealt with, {newest} is the newest")
    package = release.packages.get(architecture)
    if package is None:
        raise NotToBeInstalled(REFUSED, f"release {release.number} has nothing for {architecture}")
    return package


def prepare(state: Path, own: Path, site: Path) -> tuple[int, str]:
    """Check, copy, keep a way back; number and version of what is to be installed.

    Raises:
        NotToBeInstalled, OSError.
    """
    release = signed_release(state / FOLDER / RELEASE, site)
    architecture = ask(("dpkg", "--print-architecture")).strip()
    package = chosen(release, architecture, read_outcome(own / OUTCOME).newest)
    installed = dict(zip(("version", "kib"), _installed("${Version}\n${Installed-Size}"), strict=True))
    keep = not (own / GOOD).exists() or _field(own / GOOD, "Version") != installed["version"]
    old_bytes = int(installed["kib"]) * 1024
    # Before it is unpacked nobody knows how large it becomes: as large as what stands, and a quarter more.
    if not room(own, PROGRAMS, package.bytes, old_bytes * 5 // 4, old_bytes, keep=keep).enough:
        raise NotToBeInstalled(NO_ROOM, "there is no room for a second version")
    copy(state / FOLDER / PACKAGE, own / TAKEN, package)
    told = {name: _field(own / TAKEN, name) for name in ("Package", "Version", "Architecture")}
    if told != {"Package": NAME, "Version": package.version, "Architecture": architecture}:
        raise NotToBeInstalled(REFUSED, "the package is not what the release says")
    if keep:
        repack(NAME, own / GOOD)
    return release.number, package.version


def signed_release(file: Path, site: Path) -> Release:
    """The release that was staged. Raises `NotToBeInstalled`."""
    try:
        named = sites.load(site)
        if named is None:
            raise NotToBeInstalled(UNTRUSTED, f"{site} names no authority; write it again with: kiosk media write")
        return decode_release(_small(file), named.ca_hash)
    except (AuthorityMismatch, BadSignature, MalformedMessage, StorageFailed) as error:
        raise NotToBeInstalled(UNTRUSTED, str(error)) from error


def copy(source: Path, target: Path, package: Package) -> None:
    """Copy, and hold the copy to length and hash. Raises `NotToBeInstalled`, `OSError`; no wrong copy is left."""
    digest, left = hashlib.sha256(), package.bytes
    try:
        with os.fdopen(_open_plain(source), "rb") as read, target.open("wb") as written:
            while piece := read.read(min(1 << 20, left + 1)):
                digest.update(piece)
                left -= len(piece)
                if left < 0:
                    break
                written.write(piece)
            written.flush()
            os.fsync(written.fileno())
    except OSError:
        target.unlink(missing_ok=True)
        raise
    if left or digest.hexdigest() != package.sha256:
        target.unlink(missing_ok=True)
        raise NotToBeInstalled(UNTRUSTED, "the package is not the one that was signed")


def _open_plain(path: Path) -> int:
    """A file of the terminal's user, opened by root: no link is followed, no pipe waited for. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, f"{path.name} is no plain file")
    return descriptor


def _small(file: Path) -> bytes:
    try:
        with os.fdopen(_open_plain(file), "rb") as source:
            return source.read(MAX_RELEASE_BYTES + 1)
    except OSError as error:
        raise NotToBeInstalled(UNTRUSTED, f"the release cannot be read: {error.strerror}") from error


def _installed(form: str) -> list[str]:
    return ask(("dpkg-query", "--show", f"--showformat={form}", NAME)).splitlines()


def _field(package: Path, name: str) -> str:
    command = ("dpkg-deb", "--field", str(package), name)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip()


def main(arguments: list[str], do: Callable[[Path, Path, Path], tuple[int, str]] = prepare) -> int:
    """The command. Exit 0 with number and version, 1 with the code of why not."""
    parser = argparse.ArgumentParser()
    for name in ("--state", "--own"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--site", type=Path, default=SITE)
    given = parser.parse_args(arguments)
    try:
        number, version = do(given.state, given.own, given.site)
    except NotToBeInstalled as refusal:
        error, why = refusal.code, str(refusal)
    except NotWhole as broken:
        error, why = REFUSED, str(broken)
    except OSError as failed:
        error, why = NO_ROOM, str(failed.strerror)
    else:
        print(json.dumps({"number": number, "version": version}))
        return 0
    print(json.dumps({"error": error, "why": why}))
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
