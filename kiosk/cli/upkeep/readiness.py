"""`kiosk readiness`: the signed report of how this terminal was brought into service; shown, printed, verified."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail, state_dir

if TYPE_CHECKING:
    from kiosk.upkeep.setup.readiness import Report

MAX_FILE_BYTES = 128 * 1024


def readiness(
    state: StateOption = None,
    config: ConfigOption = None,
    on_paper: Annotated[bool, typer.Option("--print", help="Print it on the receipt printer.")] = False,
    pdf: Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Write it as an A4 page.")] = None,
    verify: Annotated[
        Path | None, typer.Option("--verify", metavar="FILE", help="Check the signature of a readiness.json.")
    ] = None,
    authority: Annotated[
        Path | None,
        typer.Option("--ca", metavar="FILE", help="The authority's certificate (default: this terminal's)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what was proven when this terminal was brought into service, step by step, and who accepted what.

    Exit code 1 where there is no report, or its signature does not fit.
    """
    from kiosk.upkeep.setup import readiness as reports
    from offline_cache.errors import CacheError

    folder = state_dir(state)
    try:
        report = reports.load(folder) if verify is None else reports.decode(_content(verify, as_json=as_json))
        reports.verify(report, _authority(folder, authority, as_json=as_json))
        if pdf is not None:
            _write(report, pdf, as_json=as_json)
        if on_paper:
            _print(report, config, as_json=as_json)
    except (reports.ReadinessInvalid, reports.NoReadiness, CacheError) as error:
        fail(error.code, str(error), as_json=as_json)
    _tell(report, as_json=as_json)


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        told = {"verified": True, "digest": report.digest, **report.plain}
        emit(told, as_json=True)
        return
    from kiosk.staff.views.setup.words import proof_text
    from kiosk.words import i18n

    say = i18n.staff_sayer("en")
    typer.echo(f"{report.terminal}  {report.plain['model']} {report.plain['serial']}  {report.made_at}")
    for one in report.proofs:
        typer.echo(f"{'ok  ' if one.mark == 'ok' else 'WARN'} {one.name}: {proof_text(one, say)}")
    typer.echo(f"signature verified, {report.digest}")


def _content(file: Path, *, as_json: bool) -> bytes:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            fail("readiness-invalid", f"{file.name} is too large to be a readiness report", as_json=as_json)
        return file.read_bytes()
    except OSError as error:
        fail("file-unreadable", f"{file}: {error.strerror}", as_json=as_json)


def _authority(folder: Path, given: Path | None, *, as_json: bool) -> bytes:
    from offline_cache.enrolment import CA_FILE

    file = given or folder / CA_FILE
    try:
        return file.read_bytes()
    except OSError:
        fail("authority-missing", f"{file} is not there. Name the authority's certificate with --ca", as_json=as_json)


def _write(report: Report, file: Path, *, as_json: bool) -> None:
    from drivers.printers.paper.raster import FontMissing
    from kiosk.upkeep.setup.sheet import pdf

    if not file.parent.is_dir():
        fail("file-unwritable", f"{file.parent} is no folder", as_json=as_json)
    try:
        file.write_bytes(pdf(report))
    except FontMissing as error:
        fail(error.code, str(error), as_json=as_json)
    except OSError as error:
        fail("file-unwritable", f"{file}: {error.strerror}", as_json=as_json)


def _print(report: Report, config: Path | None, *, as_json: bool) -> None:
    """Print it through the same driver as a receipt."""
    from drivers.api import JobState
    from drivers.errors import PrinterError
    from drivers.printers.models import model
    from drivers.printers.serial_printer import SerialPrinter
    from kiosk.settings import SettingsInvalid, load
    from kiosk.upkeep.setup.sheet import strip

    try:
        settings = load(config)
    except SettingsInvalid as error:
        fail(error.code, str(error), as_json=as_json)
    printer = SerialPrinter(settings.printer_port, model=model(settings.printer_model), baud=settings.printer_baud)
    try:
        printer.connect()
        done = printer.print_receipt(strip(report, "zh-Hans"))
    except PrinterError as error:
        fail(error.code, f"The report was not printed: {error}", as_json=as_json)
    finally:
        printer.close()
    if done.state is not JobState.DONE:
        fail("not-printed", f"The report was not printed whole: {done.state} {done.reason}", as_json=as_json)
