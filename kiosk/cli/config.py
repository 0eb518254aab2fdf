"""`kiosk config`: the settings that are in force on this terminal, and where they come from."""

from __future__ import annotations

import dataclasses
import json

import typer

from kiosk import settings as settings_file
from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail, state_dir
from kiosk.cli.running.site import published


def config(state: StateOption = None, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Print the settings in force, each with where it is from.

    First the default, over it the settings file, over both the gateway's signed configuration.
    """
    from offline_cache.errors import CacheError

    folder = state_dir(state)
    try:
        local = settings_file.load(config)
        stored = published(folder)
        merged = local if stored is None else settings_file.managed(local, stored.content)
    except (settings_file.SettingsInvalid, CacheError) as error:
        fail(error.code, str(error), as_json=as_json)
    named = {} if stored is None else stored.content.get("settings")
    managed = sorted(named) if isinstance(named, dict) else []
    version = 0 if stored is None else stored.content.get("version")
    if as_json:
        emit({"version": version, "managed": managed, "settings": dataclasses.asdict(merged)}, as_json=True)
        return
    emit({"settings file": config or "none", "gateway's configuration": version or "none"}, as_json=False)
    for item in dataclasses.fields(merged):
        value = getattr(merged, item.name)
        own = "default" if getattr(local, item.name) == item.default else "file"
        typer.echo(f"{item.name} = {json.dumps(value)}  # {'gateway' if item.name in managed else own}")
