"""The versions of the program that terminals are to run: DIR/packages, one signed release and its packages.

Publishing writes the packages first and the release last, so that no terminal is sent to one that is not there. The
number only grows; to go back, the older package is published again, under a new number.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from offline_cache.errors import AuthorityMismatch, BadSignature, MalformedMessage
from offline_cache.wire.fleet.package import (
    MAX_PACKAGE_BYTES,
    PIECE_BYTES,
    Package,
    Release,
    decode_release,
    encode_release,
)
from provisioning.gateway.authority import Authority

FOLDER, RELEASE = "packages", "release"
NAME = "kiosk"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class PackageInvalid(Exception):
    """A file that is no package of the terminal; says which and why."""

    code = "package-invalid"


@dataclasses.dataclass(frozen=True)
class OnShelf:
    """What is published now. `number` 0: nothing."""

    number: int = 0
    signed: bytes = dataclasses.field(default=b"", repr=False)


class Shelf:
    """One gateway's packages. Several servers on one folder give the same."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self.folder = authority.folder / FOLDER

    def current(self) -> OnShelf:
        """What is published. A release that was damaged, or that another authority signed, is none."""
        try:
            signed = (self.folder / RELEASE).read_bytes()
            return OnShelf(decode_release(signed, self._authority.ca_hash).number, signed)
        except (FileNotFoundError, MalformedMessage, AuthorityMismatch, BadSignature):
            return OnShelf()

    def piece(self, digest: str, begin: int) -> bytes | None:
        """At most `PIECE_BYTES` of a package from `begin` on; None where there is no such package."""
        if not _DIGEST.fullmatch(digest):
            return None
        try:
            with (self.folder / f"{digest}.deb").open("rb") as file:
                file.seek(begin)
                return file.read(PIECE_BYTES)
        except FileNotFoundError:
            return None

    def publish(self, files: Sequence[Path]) -> Release:
        """Publish one package per architecture, as the next release. Packages of older releases are removed.

        Raises:
            PackageInvalid: not a package of the terminal, or two of one architecture. Nothing changed.
            OSError: no room, or unreadable. The release before stands.
        """
        packages: dict[str, Package] = {}
        sources: dict[str, Path] = {}
        for file in files:
            architecture, package = look(file)
            if architecture in packages:
                raise PackageInvalid(f"{file.name}: there is a package for {architecture} already")
            packages[architecture], sources[package.sha256] = package, file
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for digest, file in sources.items():
            _put(self.folder / f"{digest}.deb", file)
        release = Release(self.current().number + 1, packages)
        _write(self.folder / RELEASE, self._sign(release))
        for old in self.folder.glob("*.deb"):
            if old.stem not in sources:
                old.unlink()
        return release

    def carry(self, release: Release, target: Path) -> None:
        """Write what is published onto a stick, for terminals without a network. Raises `OSError`."""
        for package in release.packages.values():
            _put(target / f"{package.sha256}.deb", self.folder / f"{package.sha256}.deb")
        _write(target / RELEASE, (self.folder / RELEASE).read_bytes())

    def _sign(self, release: Release) -> bytes:
        key = self._authority.ca_key
        return encode_release(release, self._authority.ca_pem, lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())))


def look(file: Path) -> tuple[str, Package]:
    """Architecture and description of a package file. Raises `PackageInvalid`, `OSError`."""
    size = file.stat().st_size
    if not 0 < size <= MAX_PACKAGE_BYTES:
        raise PackageInvalid(f"{file.name}: empty, or larger than {MAX_PACKAGE_BYTES} bytes")
    told = {name: _field(file, name) for name in ("Package", "Version", "Architecture")}
    if told["Package"] != NAME:
        raise PackageInvalid(f"{file.name}: is no package of the terminal (make deb)")
    with file.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    return told["Architecture"], Package(told["Version"], size, digest)


def _field(file: Path, name: str) -> str:
    try:
        command = ("dpkg-deb", "--field", str(file), name)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise PackageInvalid("dpkg-deb is missing: this must be done on a Debian") from None
    if done.returncode != 0:
        raise PackageInvalid(f"{file.name}: is no Debian package")
    return done.stdout.strip()


def _put(target: Path, source: Path) -> None:
    """Copy, whole or not at all."""
    beside = target.with_name(f".{target.name}.new")
    try:
        shutil.copyfile(source, beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _write(target: Path, content: bytes) -> None:
    beside = target.with_name(f".{target.name}.new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(target)
