"""`kiosk gateway technician`: whose card opens the maintenance screen."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli.common import JsonOption, emit, fail
from kiosk.cli.gateway.common import DatabaseOption, DirOption, failing, opened

technician_app = typer.Typer(help="Technicians' cards and their one-time codes.", no_args_is_help=True)


@technician_app.command("sign")
def sign(
    request: Annotated[Path, typer.Argument(metavar="KEY", help="The card's certificate request or public key, PEM.")],
    who: Annotated[str, typer.Option("--who", metavar="NUMBER", help="The technician's staff number.")],
    folder: DirOption,
    days: Annotated[int, typer.Option(min=1, max=1095, help="How long the card is good.")] = 365,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write the certificate here, PEM.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Sign the key of a technician's PIV card (P-256 or P-384, slot 9A); the certificate is put onto the card."""
    from cryptography.hazmat.primitives.serialization import Encoding

    from offline_cache.wire.fleet.technician import serial_of
    from provisioning.gateway import authority
    from provisioning.gateway.technicians.cards import certify

    with failing(as_json=as_json):
        keys = authority.load(folder)
        try:
            made = certify(keys, request.read_bytes(), who, datetime.datetime.now(datetime.UTC), days)
            pem = made.public_bytes(Encoding.PEM).decode("ascii")
            if to is not None:
                to.write_text(pem, "ascii")
        except OSError as error:
            fail("storage-failed", f"{error.filename}: {error.strerror}", as_json=as_json)
    ends = made.not_valid_after_utc.date().isoformat()
    shown = {} if to is not None else {"certificate": pem}
    emit({"serial": serial_of(made), "who": who, "until": ends, **shown}, as_json=as_json)


@technician_app.command("revoke")
def revoke(
    serial: Annotated[str, typer.Argument(metavar="SERIAL", help="As `sign` printed it, or as the log names it.")],
    folder: DirOption,
    as_json: JsonOption = False,
) -> None:
    """Take a technician's card away: every terminal refuses it once it has heard from the gateway."""
    from offline_cache.errors import MalformedMessage
    from provisioning.gateway import authority
    from provisioning.gateway.technicians import cards

    with failing(as_json=as_json):
        keys = authority.load(folder)
        try:
            new = cards.revoke(keys.folder, serial)
        except MalformedMessage as error:
            fail("malformed", str(error), as_json=as_json)
        except OSError as error:
            fail("storage-failed", f"{cards.REVOKED_FILE}: {error.strerror}", as_json=as_json)
    emit({"revoked": serial, "new": new}, as_json=as_json)


@technician_app.command("codes")
def codes(
    folder: DirOption,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Print who was given a one-time code, for which terminal, and when."""
    with opened(folder, database, as_json=as_json) as (_, store), store.database.reading() as db:
        found = db.rows("SELECT reference, terminal, who, at_ms FROM technician_code ORDER BY at_ms")
    for reference, terminal, who, at_ms in found:
        emit({"reference": reference, "terminal": terminal, "who": who, "at_ms": at_ms}, as_json=as_json)
