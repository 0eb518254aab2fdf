"""`kiosk bench` and `kiosk demo`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli.common import ConfigOption, fail


class Stack(StrEnum):
    """Which seam the simulated devices stand at."""

    SIM = "sim"
    REAL = "real"


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


StackOption = Annotated[
    Stack, typer.Option(help="sim: devices in this process; real: behind pcscd and a serial line (pty).")
]
LandscapeOption = Annotated[bool, typer.Option("--landscape", help="1920 by 1080 instead of 1080 by 1920.")]


def bench(
    headless: Annotated[bool, typer.Option("--headless", help="No window, even where there is a display.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the panel; 0 or absent: a free one.")] = 0,
    stack: StackOption = Stack.SIM,
    gateway: Annotated[
        str | None, typer.Option(metavar="URL", help="A gateway that runs already; then no own one is started.")
    ] = None,
    landscape: LandscapeOption = False,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="DIR", help="Keep everything here (default: a temporary folder).")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Terminal, simulated devices, reference gateway and panel: one command, nothing to configure."""
    from kiosk.bench.ports import BenchError
    from kiosk.bench.world import BenchOptions, run_bench

    options = BenchOptions(
        headless=headless,
        port=port,
        stack=stack.value,
        gateway=gateway,
        landscape=landscape,
        state=state,
        config=config,
    )
    try:
        code = run_bench(options)
    except BenchError as error:
        fail(error.code, f"{error.message} {error.next_step}")
    raise typer.Exit(code)


def demo(
    stack: StackOption = Stack.SIM,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where pictures and papers go.")] = Path("out"),
    landscape: LandscapeOption = False,
    language: Annotated[Language, typer.Option(help="The language the citizen chooses.")] = Language.ZH,
) -> None:
    """Play one visit with the network up and one with the network cut, and check what came of it."""
    from kiosk.bench.demo import ExpectationFailed, run_demo
    from kiosk.bench.ports import BenchError

    try:
        run_demo(out, stack=stack.value, landscape=landscape, language=language.value, say=typer.echo)
    except ExpectationFailed as error:
        fail(error.code, f"not true: {error}")
    except BenchError as error:
        fail(error.code, f"{error.message} {error.next_step}")
