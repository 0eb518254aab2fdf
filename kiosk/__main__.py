"""The `kiosk` command: every group of commands, each in its module of `kiosk/cli`.

A command imports only its own module: the bench starts several of them, and what they would import for nothing costs
each of them half a second.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

_ROOMS = {
    "run": "running.command:run",
    "bench": "bench:app",
    "demo": "bench:demo",
    "card": "card:app",
    "print": "paper.printer:app",
    "receipt": "paper.receipt:app",
    "outbox": "outbox:outbox_app",
    "sync": "outbox:sync_app",
    "gateway": "gateway.command:gateway",
    "enrol": "enrol:enrol",
    "services": "services:app",
    "config": "config:config",
    "doctor": "doctor:doctor",
    "readiness": "upkeep.readiness:readiness",
    "support-bundle": "upkeep.leaving:support_bundle",
    "decommission": "upkeep.leaving:decommission",
    "media": "upkeep.media:media",
    "update": "upkeep.update:update",
    "docs": "pages.reference:docs",
}
"""Command -> where it lives in `kiosk.cli`: a function, or a group of commands."""
_HIDDEN = frozenset({"docs"})
_COMPLETION = frozenset({"install_completion", "show_completion"})
"""What typer offers in every group; the command as a whole has none."""


class _Rooms(TyperGroup):
    """The groups and commands by name, each made when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return every name, in the order of the table."""
        del ctx
        return list(_ROOMS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command, or None where there is none of that name."""
        del ctx
        if cmd_name in _ROOMS and cmd_name not in self.commands:
            self.commands[cmd_name] = _command(cmd_name)
        return self.commands.get(cmd_name)


def _command(name: str) -> Any:
    module, _, attribute = _ROOMS[name].partition(":")
    found = getattr(import_module(f"kiosk.cli.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name, hidden=name in _HIDDEN)(found)
        found = alone
    made = typer.main.get_command(found)
    made.name = name
    made.params = [item for item in made.params if item.name not in _COMPLETION]
    return made


app = typer.Typer(
    cls=_Rooms,
    name="kiosk",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A self-service terminal for citizens: the terminal, its bench, its outbox, its reference gateway.",
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        typer.echo(metadata.version("citizen-kiosk"))
        raise typer.Exit


_VERSION = typer.Option(False, "--version", callback=_tell_version, is_eager=True, help="Say which version this is.")


@app.callback()
def _kiosk(version: bool = _VERSION) -> None:  # pyright: ignore[reportUnusedFunction] - makes the application a group
    """A self-service terminal for citizens: the terminal, its bench, its outbox, its reference gateway."""
    del version  # told by its callback


def main() -> None:
    """Run the command. Exit codes: 0 done, 1 failed, 2 usage."""
    app()


if __name__ == "__main__":
    main()
