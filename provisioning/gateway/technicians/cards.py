"""Technicians' cards: the gateway's authority signs the key of a PIV card, and the configuration names the revoked.

A certificate says the role as its only extended key usage, which is none of TLS: with such a card nobody opens a
connection to the gateway. The list of revoked serial numbers, `technicians-revoked.txt` in the gateway's folder, one a
line, goes into every terminal's signed configuration at once, whatever wave of a roll-out the terminal is in.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from offline_cache.errors import MalformedMessage
from offline_cache.wire.fleet.technician import ROLE, serial_from
from provisioning.gateway.authority import Authority, AuthorityDamaged, CsrInvalid

REVOKED_FILE = "technicians-revoked.txt"


def certify(authority: Authority, request_pem: bytes, who: str, now: datetime.datetime, days: int) -> x509.Certificate:
    """Sign the key of a technician's card. `who` is a staff number: it stands in the certificate.

    `request_pem` is a certificate request that the key signed itself, or its bare public key (a card that makes its
    own key in a programming station gives no more). Raises `CsrInvalid`.
    """
    return authority.certify_role(_key(request_pem), who, now, days, x509.ObjectIdentifier(ROLE))


def _key(pem: bytes) -> ec.EllipticCurvePublicKey:
    try:
        if b"BEGIN CERTIFICATE REQUEST" in pem:
            request = x509.load_pem_x509_csr(pem)
            if not request.is_signature_valid:
                raise CsrInvalid("the request was not signed by its own key")
            key = request.public_key()
        else:
            key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise CsrInvalid("not a certificate request, and not a public key, in PEM") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
        raise CsrInvalid("a technician's card has a P-256 or P-384 key")
    return key


def revoked(folder: Path) -> list[str]:
    """The serial numbers of revoked cards, sorted. Raises `AuthorityDamaged` where the list cannot be read."""
    try:
        text = (folder / REVOKED_FILE).read_text("ascii")
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise AuthorityDamaged(f"{REVOKED_FILE} cannot be read; restore it from a backup") from error
    try:
        return sorted({serial_from(line) for line in text.splitlines() if line.strip()})
    except MalformedMessage as error:
        raise AuthorityDamaged(f"{REVOKED_FILE}: {error}") from error


def revoke(folder: Path, serial: str) -> bool:
    """Put a card on the list; False where it is there already. Raises `MalformedMessage`, `AuthorityDamaged`."""
    wanted, known = serial_from(serial), revoked(folder)
    if wanted in known:
        return False
    draft = folder / f"{REVOKED_FILE}.new"
    draft.write_text("".join(f"{one}\n" for one in sorted({*known, wanted})), "ascii")
    draft.replace(folder / REVOKED_FILE)
    return True
