"""`kiosk media write`: the stick or card with which a terminal is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli.common import JsonOption, emit, fail

media = typer.Typer(no_args_is_help=True, help="The medium with which a plain Debian 12 becomes a terminal.")


@media.callback()
def _media() -> None:  # pyright: ignore[reportUnusedFunction] - makes the application a group
    """The medium with which a plain Debian 12 becomes a terminal."""


@media.command()
def write(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Where the stick or card is mounted.")],
    package: Annotated[Path, typer.Option("--deb", metavar="FILE", exists=True, dir_okay=False, help="From: make deb")],
    url: Annotated[str, typer.Option("--gateway", metavar="URL", help="https://HOST:PORT")],
    ca_hash: Annotated[str, typer.Option("--ca-hash", metavar="H", help="SHA-256 of the authority, hexadecimal.")],
    model: Annotated[str, typer.Option(help="What kind of terminal this is.")] = "kiosk",
    settings: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="The terminal's settings, TOML.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write package, site's data and install.sh. On the machine, as root: sh install.sh; then its screen guides."""
    from kiosk.settings import SettingsInvalid, load
    from offline_cache.errors import CacheError
    from offline_cache.joining.site import checked
    from provisioning.media import write_medium

    try:
        load(settings)  # what a terminal would not start with is not carried to it
        done = write_medium(target, package, checked(url, ca_hash, model), settings)
    except (SettingsInvalid, CacheError) as error:
        fail(error.code, str(error), as_json=as_json)
    emit({"files": list(done.files), "bytes": done.bytes}, as_json=as_json)
