"""`kiosk config`: the settings that are in force on this terminal, and where they come from."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk import settings as settings_file
from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail, state_dir

if TYPE_CHECKING:
    from kiosk.settings import Settings
    from offline_cache.catalogue import StoredCatalogue


def config(state: StateOption = None, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Print the settings in force: defaults, the settings file, and over both the gateway's signed configuration."""
    from offline_cache.errors import CacheError

    folder = state_dir(state)
    try:
        local = settings_file.load(config)
        stored = published(folder)
        merged = local if stored is None else settings_file.managed(local, stored.content)
    except (settings_file.SettingsInvalid, CacheError) as error:
        fail(error.code, str(error), as_json=as_json)
    named = {} if stored is None else stored.content.get("settings")
    emit(
        {
            "version": 0 if stored is None else stored.content.get("version"),
            "managed": sorted(named) if isinstance(named, dict) else [],
            "settings": dataclasses.asdict(merged),
        },
        as_json=as_json,
    )


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


def published(folder: Path) -> StoredCatalogue | None:
    """The gateway's configuration on this disk, or None. Raises `CacheError`."""
    from offline_cache import catalogue
    from offline_cache import enrolment as enrolments

    if not enrolments.is_enrolled(folder):
        return None
    return catalogue.load(folder, enrolments.load(folder).signing_key, "configuration")
