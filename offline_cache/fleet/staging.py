"""Fetches a new version for this terminal, from the gateway or from a stick, and lays it ready. Installs nothing.

STATE/update: `release` (signed), `package.deb`, `ready` (written last; kiosk-update-apply.path waits for it). A
package that was cut off goes on where it was: the pieces that came stand in `package.part`. Root looks at everything
again before it is put in (`prepare.py`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from offline_cache.disk.files import read_limited, write_atomic
from offline_cache.errors import BadReply, MalformedMessage, Refused, StorageFailed
from offline_cache.fleet.update import FOLDER, PACKAGE, READY, RELEASE, SEEN, Settled
from offline_cache.wire.fleet.package import MAX_RELEASE_BYTES, PIECE_BYTES, Package, Release, decode_release

PART = "package.part"
SPARE_BYTES = 64 * 1024 * 1024
READY_TO_PUT_IN, NOTHING_NEW = "staged", "nothing-new"


class Line(Protocol):
    """What is needed of `gateway.GatewayClient`."""

    def fetch(self, path: str, limit: int) -> bytes: ...


@dataclass(frozen=True)
class Machine:
    """What is asked of this machine."""

    architecture: str
    """As `dpkg --print-architecture` says."""
    installed: str
    """The version of the package that is installed; empty: none."""
    settled: Settled
    """What became of the last update."""


@dataclass(frozen=True)
class Staged:
    """What was found. `state`: `staged`, or `nothing-new`."""

    state: str
    number: int = 0
    version: str = ""


def wanted(release: Release, machine: Machine) -> Package | None:
    """The package to fetch; None where there is nothing new for this terminal."""
    package = release.packages.get(machine.architecture)
    if package is None or release.number <= machine.settled.newest or package.version == machine.installed:
        return None
    return package


def from_gateway(state_dir: Path, line: Line, ca_hash: str, machine: Machine) -> Staged:
    """Ask the gateway for this terminal's release, and fetch its package where it is a new one.

    Raises:
        AuthorityMismatch, BadSignature, MalformedMessage: not a release of this gateway's authority.
        BadReply: the package is not the one that was signed; the next try begins anew.
        NotAuthorised, Refused, Unavailable, Untrusted: the next try goes on.
        StorageFailed: no room, or the disk refused; the next try goes on.
    """
    try:
        signed = line.fetch("/v1/package", MAX_RELEASE_BYTES)
    except Refused as error:
        if error.status == 404:
            return Staged(NOTHING_NEW)  # the operator has published none, or the gateway is an older one
        raise
    release = decode_release(signed, ca_hash)
    package = wanted(release, machine)
    if package is None:
        return _nothing_new(state_dir, release)

    def piece(begin: int) -> bytes:
        return line.fetch(f"/v1/package/{package.sha256}?begin={begin}", PIECE_BYTES)

    return _stage(state_dir, signed, release, package, piece)


def from_folder(state_dir: Path, folder: Path, ca_hash: str, machine: Machine) -> Staged:
    """The same from a stick, as `kiosk gateway publish --to` writes it. Raises as `from_gateway`."""
    signed = read_limited(folder / RELEASE, MAX_RELEASE_BYTES)
    if signed is None:
        raise MalformedMessage(f"{folder} holds no file `{RELEASE}`; write it with: kiosk gateway publish --to")
    release = decode_release(signed, ca_hash)
    package = wanted(release, machine)
    if package is None:
        return _nothing_new(state_dir, release)
    try:
        with (folder / f"{package.sha256}.deb").open("rb") as source:

            def piece(begin: int) -> bytes:
                source.seek(begin)
                return source.read(PIECE_BYTES)

            return _stage(state_dir, signed, release, package, piece)
    except OSError as error:
        raise StorageFailed(f"the package on the stick cannot be read: {error.strerror}") from error


def _nothing_new(state_dir: Path, release: Release) -> Staged:
    """Remember which release it was: the heartbeat tells, and the gateway goes on to its next wave."""
    try:
        (state_dir / FOLDER).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"the update cannot be kept: {error.strerror}") from error
    write_atomic(state_dir / FOLDER / SEEN, str(release.number).encode())
    return Staged(NOTHING_NEW, release.number)


def _stage(state_dir: Path, signed: bytes, release: Release, package: Package, piece: Callable[[int], bytes]) -> Staged:
    """Bring the package here, whole and proven, then say that it is ready."""
    folder = state_dir / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / READY).unlink(missing_ok=True)
        target = folder / PACKAGE
        if not target.exists() or _digest(target) != package.sha256:
            target.unlink(missing_ok=True)
            _collect(folder / PART, package, piece)
            (folder / PART).replace(target)
        for stray in folder.iterdir():
            if stray.name not in {PACKAGE, RELEASE, SEEN}:
                stray.unlink()
    except OSError as error:
        raise StorageFailed(f"the update cannot be kept: {error.strerror}") from error
    write_atomic(folder / RELEASE, signed)
    write_atomic(folder / READY, json.dumps({"number": release.number, "version": package.version}).encode())
    return Staged(READY_TO_PUT_IN, release.number, package.version)


def _collect(part: Path, package: Package, piece: Callable[[int], bytes]) -> None:
    """Add pieces until the package is whole. Raises `OSError`, `BadReply`, `StorageFailed`."""
    have = part.stat().st_size if part.exists() else 0
    if shutil.disk_usage(part.parent).free < package.bytes - have + SPARE_BYTES:
        raise StorageFailed("there is no room for the new version; look at the disk")
    with part.open("ab") as file:
        while have < package.bytes:
            got = piece(have)
            if not got or len(got) > package.bytes - have:
                break
            file.write(got)
            have += len(got)
        file.flush()
        os.fsync(file.fileno())
    if have != package.bytes or _digest(part) != package.sha256:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()  # what came is another package's, or was changed: the next try begins anew
        raise BadReply("the package is not the one that was signed; it is fetched anew")


def _digest(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
