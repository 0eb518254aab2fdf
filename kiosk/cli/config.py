"""`kiosk config`: the settings that are in force on this terminal, and where they come from."""

from __future__ import annotations

import dataclasses

from kiosk import settings as settings_file
from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail, state_dir
from kiosk.cli.running.site import published


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
