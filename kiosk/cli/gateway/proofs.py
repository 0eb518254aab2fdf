"""`kiosk gateway days | prove | public-key | verify-proof`: nothing was taken out of the journal; anybody may check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli.common import JsonOption, emit, fail, reading
from kiosk.cli.gateway.common import DatabaseOption, DirOption, failing, now_ms, opened


def days(
    folder: DirOption,
    after: Annotated[int, typer.Option(min=0, help="Only days with a greater number.")] = 0,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Close the days that are over and print each with its signed Merkle root, one JSON object a line: publish them."""
    from provisioning.gateway.proofs.days import close_days, day_document

    with opened(folder, database, as_json=as_json) as (keys, store):
        close_days(store, keys.signing_key, now_ms())
        while found := store.days(after, 100):
            for day in found:
                emit(day_document(day), as_json=True)
            after = found[-1].number


def prove(
    folder: DirOption,
    terminal: Annotated[str, typer.Option(help="With --seq: an entry by its place.")] = "",
    seq: Annotated[int, typer.Option(min=0, help="With --terminal.")] = 0,
    epoch: Annotated[str, typer.Option(help="Which database of the terminal, where it had several.")] = "",
    number: Annotated[str, typer.Option("--number", metavar="CASE", help="The number on the receipt.")] = "",
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Print the proof that an entry is in the journal of its day: JSON, for `kiosk gateway verify-proof`."""
    from provisioning.gateway.proofs.days import NotClosed, close_days, find_line
    from provisioning.gateway.proofs.days import prove as proof_of

    if bool(number) == bool(terminal and seq):
        raise typer.BadParameter("give either --number, or --terminal and --seq")
    with opened(folder, database, as_json=as_json) as (keys, store):
        line = find_line(store, terminal=terminal, seq=seq, epoch=epoch, case=number)
        if line is None:
            fail("entry-unknown", "no such entry, or more than one: give --epoch", as_json=as_json)
        close_days(store, keys.signing_key, now_ms())
        try:
            emit(proof_of(store, line), as_json=True)
        except NotClosed as error:
            fail(error.code, str(error), as_json=as_json)


def public_key(folder: DirOption) -> None:
    """Print the gateway's public signing key, PEM: what proofs, days and acknowledgements are checked with."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from provisioning.gateway import authority

    with failing(as_json=False):
        key = authority.load(folder).signing_key.public_key()
        sys.stdout.write(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii"))


def verify_proof(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The proof; - for standard input.")],
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="The gateway's public signing key, PEM.")
    ] = None,
    folder: Annotated[Path | None, typer.Option("--dir", metavar="DIR", help="Or take it from this folder.")] = None,
    root: Annotated[str, typer.Option(metavar="HEX", help="The day's published root.")] = "",
    number: Annotated[str, typer.Option("--number", metavar="CASE", help="The number on the receipt.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Check a proof, without the gateway: with its public key, a published root and the number on a receipt."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from offline_cache.errors import MalformedMessage
    from offline_cache.messages import json_object
    from provisioning.gateway import authority
    from provisioning.gateway.proofs.days import ProofInvalid
    from provisioning.gateway.proofs.days import verify_proof as check

    if (key is None) == (folder is None):
        raise typer.BadParameter("give either --key or --dir")
    with failing(as_json=as_json):
        try:
            if key is not None:
                with reading(key, as_json=as_json):
                    pem = key.read_bytes()
                public = load_pem_public_key(pem)
            else:
                public = authority.load(folder or Path()).signing_key.public_key()
            if not isinstance(public, Ed25519PublicKey):
                fail("key-invalid", f"{key} is not an Ed25519 public key", as_json=as_json)
            with reading(Path(file), as_json=as_json):
                text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
            emit(check(json_object(text), public, root=root, case=number), as_json=as_json)
        except (ProofInvalid, MalformedMessage) as error:
            fail("proof-invalid", str(error), as_json=as_json)
        except ValueError:
            fail("key-invalid", f"{key} is not a public key in PEM", as_json=as_json)
