"""`kiosk doctor`: some forty looks at this terminal, side by side, each with its cause and one next action."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail, state_dir

if TYPE_CHECKING:
    from kiosk.doctor.check import Result
    from kiosk.settings import Settings

MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL", "skip": "-   "}


def doctor(
    state: StateOption = None,
    config: ConfigOption = None,
    every: Annotated[bool, typer.Option("--all", help="Show also what is in order.")] = False,
    on_paper: Annotated[bool, typer.Option("--print", help="Print the findings on the receipt printer.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Look at everything this terminal needs. Exit code 0: nothing failed (warnings allowed), 1: something did."""
    from kiosk.cli.running.site import looked_at
    from kiosk.doctor.check import run_checks
    from kiosk.doctor.probes import real_site
    from kiosk.doctor.table import CHECKS, healthy
    from kiosk.ui.build_fonts import fonts_folder

    folder = state_dir(state)
    settings, problem = looked_at(folder, config)
    results = run_checks(CHECKS, real_site(folder, settings, problem, fonts_folder()))
    if as_json:
        emit({"healthy": healthy(results), "checks": [asdict(one) for one in results]}, as_json=True)
    else:
        _tell(results, every=every)
    if on_paper:
        _print(results, settings)
    raise typer.Exit(0 if healthy(results) else 1)


def _tell(results: list[Result], *, every: bool) -> None:
    for one in results:
        if every or one.outcome in {"warn", "fail"}:
            typer.echo(f"{MARKS[one.outcome]} {one.name}: {one.cause or 'in order'}")
            if one.next_action:
                typer.echo(f"     {one.next_action}")
    count = Counter(str(one.outcome) for one in results)
    typer.echo(f"{count['ok']} in order, {count['warn']} warnings, {count['fail']} failed, {count['skip']} not there")


def _print(results: list[Result], settings: Settings) -> None:
    """Print what is not in order, through the same driver as a receipt."""
    from drivers.api import JobState
    from drivers.errors import PrinterError
    from drivers.printers.models import model
    from drivers.printers.paper.receipt_document import receipt_from_json
    from drivers.printers.serial_printer import SerialPrinter

    wanted = [one for one in results if one.outcome in {"warn", "fail"}]
    blocks: list[object] = [{"title": "kiosk doctor"}]
    for one in wanted:
        blocks += [
            {"row": [one.name, str(one.outcome)]},
            {"para": one.cause},
            {"para": one.next_action},
            {"rule": True},
        ]
    if not wanted:
        blocks.append({"para": "Everything is in order."})
    blocks.append({"feed": 2})
    profile = model(settings.printer_model)
    document: dict[str, object] = {"number": "DOCTOR", "copy": False, "width_mm": profile.width_mm, "blocks": blocks}
    printer = SerialPrinter(settings.printer_port, model=profile, baud=settings.printer_baud)
    try:
        printer.connect()
        done = printer.print_receipt(receipt_from_json(document))
    except PrinterError as error:
        fail(error.code, f"The findings were not printed: {error}")
    finally:
        printer.close()
    if done.state is not JobState.DONE:
        fail("not-printed", f"The findings were not printed whole: {done.state} {done.reason}")
