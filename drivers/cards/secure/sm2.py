"""SM2 signatures with SM3 (GB/T 32918.2, GB/T 32905; the key in X.509: GM/T 0015), an option beside P-256.

What the terminal needs to have a card sign is here without any extra: the public key in a certificate, which
`cryptography` does not open, and the digest that the card signs, `e = SM3(Z | message)` with
`Z = SM3(length of ID in bits | ID | a | b | G | public key)` and the identity that everybody uses (GM/T 0009).
To sign takes `gmssl`: the extra `sm2` of this project. Without it `sign` says so by `Sm2Missing`.
A signature is r|s, 64 bytes, as with P-256.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from drivers.cards.secure import ber
from drivers.cards.secure.curve import SM2
from drivers.errors import CardProtocolError, DriverError

if TYPE_CHECKING:
    from gmssl.sm2 import CryptSM2

CURVE_OID: Final = bytes.fromhex("2A811CCF5501822D")
"""1.2.156.10197.1.301"""
SIGNATURE_OID: Final = bytes.fromhex("2A811CCF55018375")
"""1.2.156.10197.1.501, SM2 with SM3"""
EC_KEY_OID: Final = bytes.fromhex("2A8648CE3D0201")
IDENTITY: Final = b"1234567812345678"

_SEQUENCE: Final = 0x30
_BIT_STRING: Final = 0x03
_VERSION: Final = 0xA0
_KEY_PLACE: Final = 5
"""Of the key in a certificate without a version: behind number, algorithm, issuer, validity and subject."""


class Sm2Missing(DriverError):
    """SM2 was asked for, and `gmssl` is not installed. The message says what to install."""

    code = "sm2-missing"


def key_information(public: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of a public key, X|Y, 64 bytes."""
    algorithm = ber.encode(_SEQUENCE, ber.encode(0x06, EC_KEY_OID) + ber.encode(0x06, CURVE_OID))
    return ber.encode(_SEQUENCE, algorithm + ber.encode(_BIT_STRING, b"\0\x04" + public))


def public_key(certificate: x509.Certificate) -> bytes | None:
    """Return the SM2 key in a certificate, X|Y, 64 bytes; None: its key is of another kind.

    Raises `CardProtocolError`: an SM2 key that is no point of the curve.
    """
    parts = list(ber.objects(ber.only(certificate.tbs_certificate_bytes, _SEQUENCE)))
    place = _KEY_PLACE + (parts[0][0] == _VERSION)
    if len(parts) <= place:
        raise CardProtocolError("a certificate without a key")
    (kind, algorithm), (_, key) = _pair(parts[place][1])
    if kind != _SEQUENCE or algorithm != ber.encode(0x06, EC_KEY_OID) + ber.encode(0x06, CURVE_OID):
        return None
    SM2.decode(key[1:])
    return key[2:]


def _pair(raw: bytes) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
    found: Iterator[tuple[int, bytes]] = ber.objects(raw)
    both = list(found)
    if len(both) != 2:
        raise CardProtocolError("a certificate with a key of no known form")
    return both[0], both[1]


def digest(public: bytes, message: bytes) -> bytes:
    """Return what is signed for a message: 32 bytes. `public` is X|Y, 64 bytes."""
    curve = b"".join(value.to_bytes(32, "big") for value in (SM2.a, SM2.b, *SM2.g))
    return _sm3(_sm3((8 * len(IDENTITY)).to_bytes(2, "big") + IDENTITY + curve + public) + message)


def _sm3(data: bytes) -> bytes:
    made = hashes.Hash(hashes.SM3())
    made.update(data)
    return made.finalize()


def public_of(private: int) -> bytes:
    """Return the public key, X|Y, 64 bytes. `private` is 1 to n - 2."""
    return SM2.encode(SM2.times(private, SM2.g))[1:]


def available() -> bool:
    """Return whether `gmssl` is there."""
    try:
        _engine("")
    except Sm2Missing:
        return False
    return True


def sign(private: int, hashed: bytes) -> bytes:
    """Sign what `digest` gave: r|s, 64 bytes. Raises `Sm2Missing`."""
    engine = _engine(f"{private:064x}")
    while True:
        # gmssl's own random numbers are not for keys: it gets one of ours.
        made = engine.sign(hashed, f"{1 + secrets.randbelow(SM2.n - 1):064x}")
        if made is not None:
            return bytes.fromhex(made)


def _engine(private: str) -> CryptSM2:
    try:
        from gmssl.sm2 import CryptSM2
    except ImportError:
        raise Sm2Missing("SM2 needs the package gmssl: pip install 'citizen-kiosk[sm2]'") from None
    return CryptSM2(private_key=private, public_key="")
