"""`kiosk receipt verify`: is this receipt genuine? Offline, with the key of the terminal that printed it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli.common import JsonOption, StateOption, emit, fail, reading

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".ppm"})
"""How the name of a picture ends: one that is not there was meant as a file, not as a code."""

app = typer.Typer(name="receipt", help="Printed receipts.", no_args_is_help=True)


@app.callback()
def receipt() -> None:
    """Printed receipts."""


@app.command("verify")
def verify(
    token: Annotated[
        str, typer.Argument(metavar="TOKEN|IMAGE", help="KR1:…, the address in the code, or a picture of the paper.")
    ],
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="The terminal's certificate or public key, PEM.")
    ] = None,
    gateway_dir: Annotated[
        Path | None,
        typer.Option("--gateway-dir", metavar="DIR", help="A gateway's folder (on SQLite): all its terminals."),
    ] = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a receipt; exit code 0 only if the terminal's key signed what it says.

    The key comes from --key, from a gateway's folder, or from this terminal's own enrolment (--state).
    """
    from offline_cache.errors import CacheError
    from offline_cache.wire.receipt_token import claimed, verify_token

    text = _token_in(token) or _from_picture(_picture(token, as_json=as_json), as_json=as_json)
    try:
        names = claimed(text).terminal
        keys = _keys(names, key, gateway_dir, state, as_json=as_json)
    except CacheError as error:
        fail("receipt-unreadable", str(error), as_json=as_json)
    for one in keys:
        try:
            found = verify_token(text, one)
        except CacheError:
            continue
        facts = {"number": found.number, "terminal": found.terminal, "service": found.service, "time_s": found.at_s}
        emit({"genuine": True, **facts, "received": found.received, "copy": found.copy}, as_json=as_json)
        return
    fail("receipt-not-genuine", f"no known key of {names} signed this: do not accept it", as_json=as_json)


def _token_in(code: str) -> str:
    """Return the token of a code: itself, or in the address of the page that checks it (`?token=…`); else empty."""
    from urllib.parse import parse_qs, urlsplit

    from offline_cache.wire.receipt_token import PREFIX

    if code.startswith(PREFIX):
        return code
    if not code.startswith(("https://", "http://")):
        return ""
    found = parse_qs(urlsplit(code).query).get("token", [""])[0]
    return found if found.startswith(PREFIX) else ""


def _picture(given: str, *, as_json: bool) -> Path:
    """Return the picture that was named. Ends the command where it is none: a code with a slip, or no such file."""
    path = Path(given)
    try:
        folder, there = bool(given) and path.is_dir(), bool(given) and path.exists()
    except OSError:  # longer than any file's name: a code
        folder = there = False
    if folder or not there:
        code, told = _slip(given, path.suffix.lower(), folder=folder)
        fail(code, told, as_json=as_json)
    return path


def _slip(given: str, suffix: str, *, folder: bool) -> tuple[str, str]:
    """What is wrong with what is neither a code nor a picture: code and words."""
    if folder:
        return "picture-unreadable", f"{given} is a folder; a picture is wanted"
    if given.startswith(("https://", "http://")):
        return "receipt-unreadable", "this address has no code of a receipt in it (?token=KR1:…)"
    if suffix in PICTURES:
        return "file-not-found", f"there is no picture {given}"
    told = "this is no code of a receipt, which begins with KR1: in capitals, and no file of that name is here"
    return "receipt-unreadable", told


def _from_picture(picture: Path, *, as_json: bool) -> str:
    from kiosk.cli.paper.qr_reader import QrReaderError, read_qr_codes

    try:
        codes = read_qr_codes(picture)
    except QrReaderError as error:
        fail(error.code, str(error), as_json=as_json)
    tokens = [found for code in codes if (found := _token_in(code))]
    if not tokens:
        fail("no-receipt-code", f"{picture.name} shows no code of a receipt; photograph it flat", as_json=as_json)
    return tokens[0]


def _keys(
    terminal: str, key: Path | None, gateway_dir: Path | None, state: Path | None, *, as_json: bool
) -> list[Ed25519PublicKey | bytes]:
    if key is not None:
        return [_public_key(key, as_json=as_json)]
    if gateway_dir is not None:
        return _gateway_keys(gateway_dir, terminal, as_json=as_json)
    from kiosk.cli.common import state_dir
    from offline_cache import enrolment

    try:
        return [enrolment.load(state_dir(state)).private_key.public_key()]
    except enrolment.NotEnrolled:
        fail("no-key", "give --key, --gateway-dir, or --state of an enrolled terminal", as_json=as_json)


def _gateway_keys(folder: Path, terminal: str, *, as_json: bool) -> list[Ed25519PublicKey | bytes]:
    from provisioning.gateway import authority
    from provisioning.gateway.storage.open import DATABASE_FILE, open_store
    from provisioning.gateway.store import StoreError

    if not (folder / DATABASE_FILE).exists():
        try:
            authority.load(folder, check_server=False)
        except authority.AuthorityError as error:
            fail("gateway-folder", f"there is no {DATABASE_FILE} in {folder}: {error}", as_json=as_json)
        told = (
            f"there is no {DATABASE_FILE} in {folder}: a gateway on PostgreSQL keeps its terminals' keys there;"
            " give --key with the terminal's certificate (terminal.crt of its state folder)"
        )
        fail("no-key", told, as_json=as_json)
    try:
        store = open_store(folder, "")
        try:
            return [public for public, _ in store.keys_of(terminal)]
        finally:
            store.close()
    except StoreError as error:
        fail(error.code, str(error), as_json=as_json)


def _public_key(path: Path, *, as_json: bool) -> Ed25519PublicKey:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    with reading(path, as_json=as_json):
        pem = path.read_bytes()
    try:
        certified = b"CERTIFICATE" in pem
        public = x509.load_pem_x509_certificate(pem).public_key() if certified else load_pem_public_key(pem)
    except ValueError:
        fail("key-unreadable", f"{path.name} is neither a certificate nor a public key, PEM", as_json=as_json)
    if not isinstance(public, Ed25519PublicKey):
        fail("key-unreadable", f"{path.name} is not an Ed25519 key", as_json=as_json)
    return public
