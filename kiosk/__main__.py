"""The `kiosk` command: every group of commands, each in its module of `kiosk/cli`."""

from __future__ import annotations

import typer

from kiosk.cli import bench, card, config, doctor, gateway, outbox, run, services
from kiosk.cli.pages.reference import docs
from kiosk.cli.paper import printer, receipt

app = typer.Typer(
    name="kiosk",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A self-service terminal for citizens: the terminal, its bench, its outbox, its reference gateway.",
)
app.command()(run.run)
app.add_typer(bench.app, name="bench")
app.command()(bench.demo)
app.add_typer(card.app, name="card")
app.add_typer(printer.app, name="print")
app.add_typer(receipt.app, name="receipt")
app.add_typer(outbox.outbox_app, name="outbox")
app.add_typer(outbox.sync_app, name="sync")
app.add_typer(gateway.gateway, name="gateway")
app.command()(gateway.enrol)
app.add_typer(services.app, name="services")
app.command()(config.config)
app.command()(doctor.doctor)
app.command(hidden=True)(docs)


def main() -> None:
    """Run the command. Exit codes: 0 done, 1 failed, 2 usage."""
    app()


if __name__ == "__main__":
    main()
