"""What every command shares: options, how results and failures are told."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import typer

StateOption = Annotated[
    Path | None,
    typer.Option("--state", metavar="DIR", envvar="KIOSK_STATE", help="State folder (default: the platform's)."),
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", envvar="KIOSK_CONFIG", help="Settings, TOML.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object, or JSON lines, on stdout.")]


def start_quickly() -> Callable[[], None]:
    """Collect no garbage until the returned function is called: what a start imports and makes, stays for good.

    Looking through it again and again is a sixth of the start.
    """
    gc.disable()

    def started() -> None:
        gc.freeze()
        gc.enable()

    return started


def state_dir(given: Path | None) -> Path:
    """Return the state folder, made with mode 0700 where it is missing."""
    import platformdirs

    path = given if given is not None else platformdirs.user_state_path("kiosk")
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def emit(value: Mapping[str, object], *, as_json: bool) -> None:
    """Print one result: a JSON line for scripts, lines of `key: value` for people."""
    if as_json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    for key, item in value.items():
        typer.echo(f"{key}: {item}")


def fail(code: str, message: str, *, as_json: bool = False, **facts: object) -> NoReturn:
    """Say what failed and end with exit code 1: the reason and code on stderr, an object on stdout for scripts."""
    if as_json:
        emit({"error": code, **facts}, as_json=True)
    typer.echo(f"{message} [{code}]", err=True)
    raise typer.Exit(1)
