"""`kiosk enrol`: this terminal joins a gateway, by a token, by a code that a telephone scans, or by a stick."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail, state_dir
from kiosk.cli.running.next_steps import NEXT

if TYPE_CHECKING:
    from offline_cache.enrolment import Enrolment
    from offline_cache.joining.join import Joining, Progress
    from offline_cache.joining.site import SiteData


def enrol(  # noqa: PLR0913, PLR0917 - one option each
    url: Annotated[str, typer.Option("--gateway", metavar="URL", help="https://HOST:PORT")] = "",
    ca_hash: Annotated[str, typer.Option("--ca-hash", metavar="H", help="SHA-256 of the authority, hexadecimal.")] = "",
    token: Annotated[
        str, typer.Option(help="From: kiosk gateway invite. Without one a code is shown for a technician's phone.")
    ] = "",
    stick: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Without a network: the request onto this stick, and the answer from it."),
    ] = None,
    model: Annotated[str, typer.Option(help="What kind of terminal this is.")] = "",
    serial: Annotated[str, typer.Option(help="Its serial number, shown with the code.")] = "",
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Join a gateway: this state folder makes its key and receives its certificate.

    What is not given here is taken from site.toml beside the settings, which `kiosk media write` brings.
    """
    from offline_cache import state as states
    from offline_cache.errors import CacheError, Untrusted
    from offline_cache.gateway import GatewayClient

    folder = state_dir(state)
    _tell_joined(folder)
    try:
        site = _site(config, {"gateway_url": url, "ca_hash": ca_hash, "model": model, "serial": serial})
        if stick is not None:
            joined = _by_stick(folder, site, stick, as_json=as_json)
        elif token:
            device = states.device(folder).device
            joined = GatewayClient.enrol(site.gateway_url, token, site.ca_hash, device, site.model, folder)
        else:
            joined = _by_code(folder, site, as_json=as_json)
    except Untrusted as error:
        _blame_the_clock(url, as_json=as_json)
        fail(error.code, str(error), as_json=as_json)
    except CacheError as error:
        fail(error.code, str(error), as_json=as_json)
    emit({"terminal": joined.terminal, "gateway": joined.gateway_url}, as_json=as_json)


def _tell_joined(folder: Path) -> None:
    """Say on stderr where this terminal is joined already. Joining again goes on: that is how one is repaired."""
    from offline_cache import enrolment as enrolments
    from offline_cache.errors import CacheError

    try:
        joined = enrolments.load(folder)
    except CacheError:  # not joined, or damaged: what follows is the way out
        return
    typer.echo(
        f"This terminal has joined already: it is {joined.terminal} at {joined.gateway_url}, and stays so until"
        f" it has joined anew [already-enrolled]\n{NEXT['already-enrolled']}",
        err=True,
    )


def _site(config: Path | None, given: dict[str, str]) -> SiteData:
    """What the options say, over what the site's file says. Raises `MalformedMessage`, `StorageFailed`."""
    import dataclasses

    from offline_cache.joining import site as sites

    file = sites.beside(config)
    brought = None if file is None else sites.load(file)
    base = {"model": "kiosk", **({} if brought is None else dataclasses.asdict(brought))}
    said = {name: value for name, value in given.items() if value}
    both = {"gateway_url": "", "ca_hash": "", **base, **said}
    if not both["gateway_url"] or not both["ca_hash"]:
        raise typer.BadParameter("--gateway URL and --ca-hash H are wanted, or a site.toml beside the settings")
    return sites.checked(**both)


def _blame_the_clock(url: str, *, as_json: bool) -> None:
    """End the command with `clock-wrong` where that is why TLS was refused."""
    from offline_cache.joining.line import CLOCK_OFF_MS, unbelieved_offset_ms

    off_ms = unbelieved_offset_ms(url.rstrip("/"), lambda: time.time_ns() // 1_000_000) if url else None
    if off_ms is not None and abs(off_ms) > CLOCK_OFF_MS:
        told = f"this machine's clock is off by {off_ms // 1000} s, so nobody can be believed"
        fail("clock-wrong", f"{told}. Run: systemctl restart chrony, then this again", as_json=as_json)


def _by_stick(folder: Path, site: SiteData, stick: Path, *, as_json: bool) -> Enrolment:
    """Join by the answer on the stick; where there is none, write the request and end well. Raises `CacheError`."""
    from offline_cache.joining.stick import take_answer, write_request

    joined = take_answer(folder, site, stick)
    if joined is None:
        shown = write_request(folder, site, stick)
        if not as_json:
            typer.echo(
                "The request is on the stick. At the gateway: kiosk gateway enrol-stick; then this command again."
            )
        emit({"code": shown.code, "written": str(stick)}, as_json=as_json)
        raise typer.Exit
    return joined


def _by_code(folder: Path, site: SiteData, *, as_json: bool) -> Enrolment:
    """Show the code and ask until a technician has decided. Raises `CacheError`."""
    from offline_cache import state as states
    from offline_cache.joining.join import Joining, follow

    serial = site.serial or states.device(folder).device[:8]
    joining = Joining(folder, site.gateway_url, site.ca_hash, site.model, serial)
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
