"""The installed package as a Debian package again: what a terminal goes back to where a newer version does not do.

dpkg keeps no package of what it installed. Its files lie on the disk and its scripts in dpkg's own folder; both are
put together as deb(5) says: an `ar` archive of `debian-binary`, `control.tar.gz`, `data.tar.gz`.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

_AR = b"!<arch>\n"
_LEFT_OUT = re.compile(r"^(Status|Conffiles):.*\n(?: .*\n)*", re.MULTILINE)
"""What dpkg adds to the fields of an installed package (dpkg-query(1))."""
_OWN = frozenset(["md5sums", "list", "control"])


class NotWhole(Exception):
    """The package is not installed whole, or dpkg does not answer: there is nothing to go back to."""


def ask(command: Sequence[str]) -> str:
    """What a query of dpkg says. Raises `NotWhole`."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise NotWhole(f"{command[0]} does not answer")
    return done.stdout


def fields(status: str) -> str:
    """The control file of an installed package, from what `dpkg-query --status` says."""
    return _LEFT_OUT.sub("", status.rstrip("\n") + "\n")


def repack(package: str, target: Path) -> None:
    """Write the installed package to `target`.

    Raises:
        NotWhole: it is not installed whole. OSError: no room; nothing is left behind.
    """
    if ask(("dpkg-query", "--show", "--showformat=${Status}", package)) != "install ok installed":
        raise NotWhole(f"{package} is not installed whole")
    files = [Path(line) for line in ask(("dpkg-query", "--listfiles", package)).splitlines()]
    names = [name for name in ask(("dpkg-query", "--control-list", package)).split() if name not in _OWN]
    scripts = [(name, Path(ask(("dpkg-query", "--control-path", package, name)).strip())) for name in names]
    control = fields(ask(("dpkg-query", "--status", package)))
    beside = target.with_name(f".{target.name}.new")
    data = target.with_name(f".{target.name}.data")
    try:
        with data.open("wb") as file:
            write_data(file, files)
        with beside.open("wb") as file:
            write_deb(file, control_archive(control, scripts), data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        data.unlink(missing_ok=True)
        beside.unlink(missing_ok=True)


def control_archive(control: str, scripts: Iterable[tuple[str, Path]]) -> bytes:
    """`control.tar.gz`: the fields, and dpkg's own copies of scripts and the list of conffiles."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        info = tarfile.TarInfo("./control")
        content = control.encode("utf-8")
        info.size, info.mode = len(content), 0o644
        archive.addfile(info, io.BytesIO(content))
        for name, path in scripts:
            archive.add(path, f"./{name}", recursive=False)
    return made.getvalue()


def write_data(file: BinaryIO, paths: Iterable[Path]) -> None:
    """`data.tar.gz` of what lies on this disk. Files that somebody removed (conffiles) are left out."""
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1, format=tarfile.GNU_FORMAT) as archive:
        for path in paths:
            if path.is_symlink() or path.exists():
                archive.add(path, f".{path}" if path != Path("/.") else "./", recursive=False)


def write_deb(file: BinaryIO, control: bytes, data: Path) -> None:
    """The archive of the three, in deb(5)'s order."""
    file.write(_AR)
    for name, content in (("debian-binary", b"2.0\n"), ("control.tar.gz", control)):
        file.write(_member(name, len(content)) + content + b"\n" * (len(content) % 2))
    size = data.stat().st_size
    file.write(_member("data.tar.gz", size))
    with data.open("rb") as source:
        while piece := source.read(1 << 20):
            file.write(piece)
    file.write(b"\n" * (size % 2))


def _member(name: str, size: int) -> bytes:
    """An `ar` header: name, time, owner, group, mode, size, in fixed widths."""
    return f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{size:<10}`\n".encode("ascii")
