"""`kiosk print`: a receipt to a printer, a printer's state, and a receipt as a picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drivers.errors import PrinterError
from kiosk.cli.common import JsonOption, StateOption, emit, fail, state_dir
from kiosk.cli.paper.certificate import certificate

if TYPE_CHECKING:
    from drivers.api import PrinterStatus, Receipt
    from drivers.printers.models import Model

app = typer.Typer(name="print", help="Receipts and the printer.", no_args_is_help=True)
app.command("certificate")(certificate)

PortOption = Annotated[str, typer.Option("--port", metavar="DEV", help="Serial port of the printer.")]


def _rate(value: int | None) -> int | None:
    """Refuse a speed that no printer has."""
    from kiosk.settings import SERIAL_RATES

    if value is not None and value not in SERIAL_RATES:
        raise typer.BadParameter(f"{value} is none of {', '.join(map(str, SERIAL_RATES))}")
    return value


BaudOption = Annotated[int | None, typer.Option("--baud", metavar="N", callback=_rate, help="Default: the model's.")]
ModelOption = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Default: a generic printer.")]
RtsCtsOption = Annotated[bool, typer.Option("--rtscts", help="Hardware flow control: printer DTR wired to host CTS.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE.json", help="A receipt document.")]

_LOOK_S = 0.3
_NEXT_STEP = {
    "not_printed": "Nothing was printed; it is safe to print again.",
    "partial": "A part was printed; take it out, then print a copy.",
    "printed_not_cut": "It was printed and not cut; tear it off.",
    "unknown": "It may have been printed; look before printing a copy.",
}


@app.command("receipt")
def receipt(
    file: FileArgument,
    port: PortOption,
    baud: BaudOption = None,
    model: ModelOption = None,
    rtscts: RtsCtsOption = False,
    as_json: JsonOption = False,
) -> None:
    """Print a receipt; exit code 0 only if the printer said that it is printed and cut."""
    from drivers.api import JobState
    from drivers.printers.serial_printer import SerialPrinter

    document = _read(file, as_json=as_json)
    chosen = _model(model, document.width_mm, as_json=as_json)
    printer = SerialPrinter(port, model=chosen, baud=baud, rtscts=rtscts)
    try:
        printer.connect()
        result = printer.print_receipt(document)
    except PrinterError as e:
        fail(e.code, str(e), as_json=as_json, state=JobState.NOT_PRINTED.value, reason=e.code, bytes=0)
    finally:
        printer.close()
    emit({"state": result.state.value, "reason": result.reason, "bytes": result.bytes_sent}, as_json=as_json)
    if result.state is not JobState.DONE:
        typer.echo(f"{_NEXT_STEP.get(result.state.value, result.state.value)} [{result.reason}]", err=True)
        raise typer.Exit(1)


@app.command("status")
def status(port: PortOption, baud: BaudOption = None, model: ModelOption = None, as_json: JsonOption = False) -> None:
    """Ask a printer how it is; exit code 1 if it does not answer."""
    from drivers.printers.serial_printer import SerialPrinter

    printer = SerialPrinter(port, model=_model(model, 80, as_json=as_json), baud=baud)
    try:
        printer.connect()
        found = printer.status()
    except PrinterError as e:
        fail(e.code, str(e), as_json=as_json)
    finally:
        printer.close()
    if not found.answered:
        fail("no-reply", f"the printer at {port} does not answer; look at power, cable and baud rate", as_json=as_json)
    facts = {"online": found.online, "cover": found.cover, "paper": found.paper, "error": found.error}
    emit({**facts, "ticket": found.ticket, "detail": dict(found.detail)}, as_json=as_json)


@app.command("probe")
def probe(
    port: PortOption,
    baud: BaudOption = None,
    model: ModelOption = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name in the model that is written.")] = "mine",
    as_json: JsonOption = False,
) -> None:
    """Ask a printer what it can do, without printing; writes a model for models.toml, each field marked as probed."""
    from drivers.printers.serial_printer import SerialPrinter

    chosen = _model(model, 80, as_json=as_json)
    printer = SerialPrinter(port, model=chosen, baud=baud)
    try:
        found = printer.probe()
    except PrinterError as e:
        fail(e.code, str(e), as_json=as_json)
    finally:
        printer.close()
    if not found.status.answered:
        fail("no-reply", f"the printer at {port} does not answer; try another --baud", as_json=as_json)
    facts = {"name": found.name, "marker": found.marker, "status_back": found.status_back}
    facts |= {"clear_buffer": found.clear_buffer, "presenter": found.presenter}
    if as_json:
        emit({**facts, "model": found.as_toml(name, baud or chosen.baud)}, as_json=True)
        return
    typer.echo(found.as_toml(name, baud or chosen.baud))


@app.command("roll")
def roll(
    loaded: Annotated[
        float | None, typer.Option("--loaded", metavar="MM", min=1000, max=400_000, help="A new roll of this length.")
    ] = None,
    change: Annotated[
        bool, typer.Option("--change", help="Lead through changing the roll; with --port, the terminal not running.")
    ] = False,
    port: Annotated[str, typer.Option("--port", metavar="DEV", help="For --change: the printer's serial port.")] = "",
    baud: BaudOption = None,
    model: ModelOption = None,
    wait_s: Annotated[float, typer.Option("--wait", metavar="S", min=1, help="For --change: longest wait.")] = 300.0,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how much paper is left, as far as it is known; a technician who changed the roll says so with --loaded."""
    from drivers.printers.roll import ROLL_FILE, ROLL_MM, RollKeeper

    keeper = RollKeeper(state_dir(state) / ROLL_FILE)
    if change:
        if not port:
            fail("no-port", "say which printer with --port, or record a changed roll with --loaded", as_json=as_json)
        _lead_through_change(port, _model(model, 80, as_json=as_json), baud, wait_s, as_json=as_json)
        loaded = loaded or ROLL_MM
    try:
        found = keeper.roll if loaded is None else keeper.loaded(loaded)
    except PrinterError as e:
        fail(e.code, str(e), as_json=as_json)
    facts = {"level": found.level, "left_mm": found.left_mm, "receipts_left": found.receipts_left}
    emit({**facts, "receipts": found.receipts, "since": found.since}, as_json=as_json)


def _lead_through_change(port: str, model: Model, baud: int | None, wait_s: float, *, as_json: bool) -> None:
    """Cover open, new roll, cover closed: each step is done when the printer itself says so."""
    from drivers.printers.serial_printer import SerialPrinter

    printer = SerialPrinter(port, model=model, baud=baud)
    until = time.monotonic() + wait_s
    steps: tuple[tuple[str, Callable[[PrinterStatus], bool]], ...] = (
        ("Open the cover and take the old roll out.", lambda found: found.cover == "open"),
        ("Put the new roll in, let a little paper hang out, close the cover.", lambda found: found.online),
    )
    try:
        printer.connect()
        found = printer.status()
        for words, done in steps:
            typer.echo(words, err=True)
            while not done(found):
                if time.monotonic() >= until:
                    why = "the printer does not answer" if not found.answered else "the printer does not say so"
                    fail("roll-not-changed", f"waited {wait_s:.0f} s: {why}; start again", as_json=as_json)
                time.sleep(_LOOK_S)
                found = printer.status()
    except PrinterError as e:
        fail(e.code, str(e), as_json=as_json)
    finally:
        printer.close()
    if found.paper == "near-end":
        fail("roll-not-new", "the sensor says that this roll is near its end; put a new one in", as_json=as_json)


@app.command("preview")
def preview(
    file: FileArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.png", help="Where the picture goes.")],
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a receipt as the printer would print it: the same bytes, read by the simulated printer."""
    from drivers.printers.escpos import encode_receipt
    from drivers.sim.printer_preview import picture_of

    document = _read(file, as_json=as_json)
    chosen = _model(model, document.width_mm, as_json=as_json)
    try:
        image = picture_of(encode_receipt(document, chosen), chosen.width_mm)
    except PrinterError as e:
        fail(e.code, str(e), as_json=as_json)
    try:
        image.save(out, format="PNG")
    except OSError as e:
        fail("file-not-written", f"cannot write {out}: {e.strerror or 'no picture'}", as_json=as_json)
    emit({"file": str(out), "width": image.width, "height": image.height}, as_json=as_json)


def _read(file: Path, *, as_json: bool) -> Receipt:
    from drivers.printers.paper.receipt_document import parse_receipt

    try:
        return parse_receipt(file.read_bytes())
    except OSError as e:
        fail("file-not-found", f"cannot read {file}: {e.strerror}", as_json=as_json)
    except PrinterError as e:
        fail(e.code, f"{file}: {e}", as_json=as_json, where=getattr(e, "where", ""))


def _model(name: str | None, width_mm: int, *, as_json: bool) -> Model:
    from drivers.printers.models import generic, model

    try:
        return generic(width_mm) if name is None else model(name)
    except PrinterError as e:
        fail(e.code, str(e), as_json=as_json)
