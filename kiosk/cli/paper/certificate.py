"""`kiosk print certificate`: an A4 page as PDF, to a file or to a printer through CUPS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drivers.errors import PrinterError
from kiosk.cli.common import JsonOption, emit, fail

if TYPE_CHECKING:
    from drivers.printers.a4.document import DocumentPrinter


def certificate(
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="A certificate document.")],
    queue: Annotated[
        str, typer.Option("--queue", metavar="URL", help="A queue of CUPS or a printer: ipp://host:port/path.")
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.pdf", help="Where the page goes instead.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a certificate and print it; exit code 0 only if the printer itself counted the sheet.

    "Completed" in CUPS is not printed: that is said as `unknown`, and somebody has to look.
    """
    from drivers.printers.a4.certificate import render_certificate
    from drivers.printers.a4.certificate_document import parse_certificate

    if bool(queue) == (out is not None):
        raise typer.BadParameter("give either --queue or --out")
    printer = _printer(queue, as_json=as_json) if queue else None
    try:
        document = parse_certificate(file.read_bytes())
        pdf = render_certificate(document)
    except OSError as e:
        fail("file-not-found", f"cannot read {file}: {e.strerror}", as_json=as_json)
    except PrinterError as e:
        fail(e.code, f"{file}: {e}", as_json=as_json, where=getattr(e, "where", ""))
    if printer is not None:
        _print(printer, pdf, document.number, as_json=as_json)
    if out is not None:
        try:
            out.write_bytes(pdf)
        except OSError as e:
            fail("file-not-written", f"cannot write {out}: {e.strerror}", as_json=as_json)
        emit({"file": str(out), "bytes": len(pdf)}, as_json=as_json)


def _printer(queue: str, *, as_json: bool) -> DocumentPrinter:
    from drivers.printers.a4.document import DocumentPrinter

    try:
        return DocumentPrinter(queue)
    except ValueError as e:
        fail("queue-invalid", str(e), as_json=as_json)


def _print(printer: DocumentPrinter, pdf: bytes, number: str, *, as_json: bool) -> None:
    from drivers.api import JobState

    result = printer.print_pdf(pdf, number)
    emit({"state": result.state.value, "reason": result.reason, "bytes": result.bytes_sent}, as_json=as_json)
    if result.state is not JobState.DONE:
        typer.echo(f"{_NEXT_STEP.get(result.state, result.state.value)} [{result.reason}]", err=True)
        raise typer.Exit(1)


_NEXT_STEP = {
    "not_printed": "Nothing was printed; it is safe to print again.",
    "partial": "A part was printed; take it out, then print a copy.",
    "unknown": "It may have been printed; look before printing a copy.",
}
