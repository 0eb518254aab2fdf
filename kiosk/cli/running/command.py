"""The command line of `kiosk run`. Apart from the start itself: the service has no use for a parser and its import."""

from __future__ import annotations

from typing import Annotated

import typer

from kiosk.cli import run as start
from kiosk.cli.common import ConfigOption, StateOption, fail


def run(
    state: StateOption = None,
    config: ConfigOption = None,
    devices: Annotated[start.DeviceKind, typer.Option(help="real: PC/SC and serial; sim: empty simulated devices.")] = (
        start.DeviceKind.REAL
    ),
    windowed: Annotated[bool, typer.Option("--windowed", help="In a window instead of the whole screen.")] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Draw without a display.")] = False,
) -> None:
    """Run the terminal until it is told to end (SIGTERM, Ctrl-C)."""
    try:
        start.run(state, config, devices, windowed=windowed, headless=headless)
    except start.StartRefused as refused:
        fail(refused.code, str(refused))
