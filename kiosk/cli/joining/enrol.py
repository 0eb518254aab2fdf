"""`kiosk enrol`: this terminal joins a gateway, by a token, or by a code that a technician's telephone scans."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli.common import JsonOption, StateOption, emit, fail, state_dir

if TYPE_CHECKING:
    from offline_cache.enrolment import Enrolment
    from offline_cache.joining.join import Joining, Progress


def enrol(
    url: Annotated[str, typer.Option("--gateway", metavar="URL", help="https://HOST:PORT")],
    ca_hash: Annotated[str, typer.Option("--ca-hash", metavar="H", help="SHA-256 of the authority, hexadecimal.")],
    token: Annotated[
        str, typer.Option(help="From: kiosk gateway invite. Without one a code is shown for a technician's phone.")
    ] = "",
    model: Annotated[str, typer.Option(help="What kind of terminal this is.")] = "kiosk",
    serial: Annotated[str, typer.Option(help="Its serial number, shown with the code.")] = "-",
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Join a gateway: this state folder makes its key and receives its certificate."""
    from offline_cache import state as states
    from offline_cache.errors import CacheError
    from offline_cache.gateway import GatewayClient

    folder = state_dir(state)
    try:
        if token:
            joined = GatewayClient.enrol(url, token, ca_hash, states.device(folder).device, model, folder)
        else:
            joined = _by_code(folder, (url, ca_hash, model, serial), as_json=as_json)
    except CacheError as error:
        fail(error.code, str(error), as_json=as_json)
    emit({"terminal": joined.terminal, "gateway": url}, as_json=as_json)


def _by_code(folder: Path, site: tuple[str, str, str, str], *, as_json: bool) -> Enrolment:
    """Show the code and ask until a technician has decided. Raises `CacheError`."""
    from offline_cache import state as states
    from offline_cache.joining.join import Joining, follow

    url, ca_hash, model, serial = site
    joining = Joining(folder, url, ca_hash, model, states.device(folder).device[:8] if serial == "-" else serial)
    show = _shower(joining, as_json=as_json)
    return follow(joining, time.sleep, show)


def _shower(joining: Joining, *, as_json: bool) -> Callable[[Progress], None]:
    from offline_cache.joining.join import words

    shown = {"code": "", "state": ""}

    def show(progress: Progress) -> None:
        if progress.enrolment is not None:
            return
        if shown["code"] != joining.offer.code:
            shown["code"] = joining.offer.code
            emit_code(joining, as_json=as_json)
        if shown["state"] != progress.state:
            shown["state"] = progress.state
            happened, following = words(progress)
            typer.echo(f"{happened} {following}", err=True)

    return show


def emit_code(joining: Joining, *, as_json: bool) -> None:
    """One line of JSON, or the QR code in characters with the six to compare."""
    if as_json:
        emit({"code": joining.offer.code, "address": joining.address, "left_s": joining.left_s}, as_json=True)
        return
    import qrcode

    picture = qrcode.QRCode(border=4)
    picture.add_data(joining.address)
    picture.print_ascii(invert=True)
    typer.echo(f"{joining.offer.code}   {joining.offer.model} · {joining.offer.serial}")
