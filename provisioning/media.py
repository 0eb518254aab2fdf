"""The medium with which a technician makes a plain Debian 12 a terminal: package, site's data, settings, one script.

`SHA256SUMS` is written last and the script reads it first: a medium that was pulled out too early, or on which a file
was changed by chance, installs nothing. Nothing on it is secret.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from offline_cache.disk.files import PUBLIC, sync_folder, write_atomic
from offline_cache.errors import MalformedMessage, StorageFailed
from offline_cache.joining.site import SITE_FILE, SiteData, encode

SETTINGS_FILE, SCRIPT, SUMS = "settings.toml", "install.sh", "SHA256SUMS"
_AR, _DEBIAN = b"!<arch>\n", b"debian-binary"
"""How every Debian package begins (deb(5))."""
_SCRIPT = """#!/bin/sh
# Makes this Debian 12 a terminal: sh install.sh, as root. Run it again after a pulled plug.
set -eu
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] || { echo "install.sh: run it as root: sudo sh install.sh" >&2; exit 1; }
sha256sum --check --quiet SHA256SUMS || { echo "install.sh: this medium is not whole; write it again" >&2; exit 1; }
install -d -m 755 /etc/kiosk
install -m 644 site.toml /etc/kiosk/site.toml
own=/etc/kiosk/settings.toml
if [ -e settings.toml ] && ! cmp -s settings.toml "$own"; then
  install -m 644 settings.toml "$own.medium"
  if [ -e "$own" ]; then
    echo "install.sh: this terminal's $own stays. To take the medium's: mv $own.medium $own" >&2
  else
    mv "$own.medium" "$own"
  fi
fi
package=$PWD/$(ls kiosk_*.deb)
DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Options::=--force-confold install -y "$package"
echo "Done. The terminal goes on by its own screen."
"""


@dataclass(frozen=True)
class Medium:
    """What was written."""

    files: tuple[str, ...]
    bytes: int


def write_medium(target: Path, package: Path, site: SiteData, settings: Path | None) -> Medium:
    """Write the medium into a folder; files of an earlier one are replaced.

    Raises:
        MalformedMessage: the package is none of the terminal's. Nothing was written.
        StorageFailed: the folder is not there, full or not writable, or a file could not be read. Write it again.
    """
    try:
        _check_package(package)
        (target / SUMS).unlink(missing_ok=True)  # from here on, until the end, it installs nothing
        for old in target.glob("kiosk_*.deb"):
            old.unlink()
        (target / SETTINGS_FILE).unlink(missing_ok=True)
        _copy(package, target / package.name)
        names = [package.name, SITE_FILE, SCRIPT]
        if settings is not None:
            _copy(settings, target / SETTINGS_FILE)
            names.append(SETTINGS_FILE)
        write_atomic(target / SITE_FILE, encode(site), PUBLIC)
        write_atomic(target / SCRIPT, _SCRIPT.encode(), 0o755)
        sums = "".join(f"{_digest(target / name)}  {name}\n" for name in sorted(names))
        write_atomic(target / SUMS, sums.encode(), PUBLIC)
        sync_folder(target)
        return Medium((*sorted(names), SUMS), sum((target / name).stat().st_size for name in (*names, SUMS)))
    except OSError as error:
        raise StorageFailed(f"the medium in {target} is not whole: {error.strerror}; write it again") from error


def _check_package(package: Path) -> None:
    """What install.sh could not install is not carried there. Raises `MalformedMessage`, `OSError`."""
    with package.open("rb") as source:
        begins = source.read(len(_AR) + len(_DEBIAN))
    if not (package.match("kiosk_*.deb") and begins == _AR + _DEBIAN):
        raise MalformedMessage(
            f"{package.name} is no package of the terminal; kiosk_VERSION_ARCHITECTURE.deb: make deb"
        )


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _digest(file: Path) -> str:
    """Read back from the medium, not from what was meant to be written."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
