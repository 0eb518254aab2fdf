"""`kiosk gateway publish`: the version that terminals are to run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli.common import JsonOption, emit, fail
from kiosk.cli.gateway.common import DirOption, failing


def publish(
    packages: Annotated[
        list[Path],
        typer.Argument(metavar="DEB", exists=True, dir_okay=False, help="From: make deb, one for each kind."),
    ],
    folder: DirOption,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="STICK", help="Also onto this stick, for: kiosk update --from.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a version of the terminal's program, signed by the authority; terminals get it in waves (fleet.toml).

    To go back, publish the older package again: it becomes a newer release. What citizens submitted stays either way.
    """
    from provisioning.gateway import authority
    from provisioning.gateway.releases.shelf import PackageInvalid, Shelf

    with failing(as_json=as_json):
        shelf = Shelf(authority.load(folder))
        try:
            release = shelf.publish(packages)
        except PackageInvalid as error:
            fail(error.code, str(error), as_json=as_json)
        if to is not None:
            shelf.carry(release, to)
    versions = {name: one.version for name, one in release.packages.items()}
    emit({"number": release.number, "packages": versions}, as_json=as_json)
