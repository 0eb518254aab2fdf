"""What every command shares: options, how results and failures are told."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from kiosk.cli.running.next_steps import NEXT
from kiosk.cli.running.site import state_dir as own_or_given

__all__ = ["ConfigOption", "JsonOption", "StateOption", "emit", "fail", "reading", "start_quickly", "state_dir"]

StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="DIR", envvar="KIOSK_STATE", readable=False, help="State folder (default: the platform's)."
    ),
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", envvar="KIOSK_CONFIG", help="Settings, TOML.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object, or JSON lines, on stdout.")]


def state_dir(given: Path | None) -> Path:
    """Return the state folder, made where it is missing. Ends the command where the disk does not let it."""
    try:
        return own_or_given(given)
    except PermissionError as error:
        fail("state-denied", f"the state folder {error.filename} is not open to this user")
    except (FileExistsError, NotADirectoryError) as error:
        fail("storage-failed", f"the state folder {error.filename} cannot be made: a file is there")
    except OSError as error:
        fail("storage-failed", f"the state folder {error.filename} cannot be made: {error.strerror}")


@contextmanager
def reading(file: Path, *, as_json: bool = False) -> Generator[None]:
    """End the command with the file's name where the file that it was given cannot be read."""
    try:
        yield
    except OSError as error:
        fail("file-not-found", f"cannot read {file}: {error.strerror}", as_json=as_json)


def start_quickly() -> Callable[[], None]:
    """Collect no garbage until the returned function is called: what a start imports and makes, stays for good.

    Looking through it again and again is a sixth of the start.
    """
    gc.disable()

    def started() -> None:
        gc.freeze()
        gc.enable()

    return started


def emit(value: Mapping[str, object], *, as_json: bool) -> None:
    """Print one result: a JSON line for scripts, lines of `key: value` for people."""
    if as_json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    for key, item in value.items():
        typer.echo(f"{key}: {item}")


def fail(code: str, message: str, *, as_json: bool = False, **facts: object) -> NoReturn:
    """Say what failed and end with exit code 1: reason, code, next step on stderr; an object on stdout for scripts."""
    if as_json:
        emit({"error": code, **facts}, as_json=True)
    typer.echo(f"{message} [{code}]", err=True)
    if code in NEXT:
        typer.echo(NEXT[code], err=True)
    raise typer.Exit(1)
