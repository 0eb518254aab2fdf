"""Where a terminal's state is, and the settings in force on it. No command line here: the service has none."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk import settings as settings_file

if TYPE_CHECKING:
    from kiosk.settings import Settings
    from offline_cache.catalogue import StoredCatalogue


def state_dir(given: Path | None) -> Path:
    """Return the state folder, made with mode 0700 where it is missing.

    Raises:
        OSError: the disk does not let it. PermissionError: it is another user's.
    """
    path = given if given is not None else _own_state_dir()
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.access(path, os.R_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return path


def _own_state_dir() -> Path:
    """Where the XDG Base Directory Specification puts state; one that is not absolute does not count."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".local" / "state") / "kiosk"


def in_force(folder: Path, config: Path | None) -> Settings:
    """Return the settings that the terminal starts with. Raises `SettingsInvalid` of the file, `CacheError`.

    A configuration of the gateway that this program cannot use any more (it was put back) is passed over: the
    terminal's own file serves until the next one comes. So it is where the enrolment is damaged.
    """
    from offline_cache.errors import EnrolmentDamaged

    local = settings_file.load(config)
    try:
        stored = published(folder)
    except EnrolmentDamaged:  # told by the terminal's log and the doctor
        return local
    return settings_file.managed(local, stored.content) if stored and settings_file.usable(stored.content) else local


def looked_at(folder: Path, config: Path | None) -> tuple[Settings, str]:
    """Return the settings that the terminal runs with, for one who looks at it, and what is wrong with their file.

    Where the file cannot be used, the defaults; where the gateway's configuration cannot be read, the file alone.
    """
    from offline_cache.errors import CacheError

    try:
        return in_force(folder, config), ""
    except settings_file.SettingsInvalid as error:
        return settings_file.Settings(), str(error)
    except CacheError:  # the looks at the enrolment and the disk tell it
        return settings_file.load(config), ""


def published(folder: Path) -> StoredCatalogue | None:
    """The gateway's configuration on this disk, or None. Raises `CacheError`."""
    from offline_cache import catalogue
    from offline_cache import enrolment as enrolments

    if not enrolments.is_enrolled(folder):
        return None
    return catalogue.load(folder, enrolments.load(folder).signing_key, "configuration")
