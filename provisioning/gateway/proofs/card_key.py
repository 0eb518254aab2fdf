"""What a card's certificate and signature prove, for the two kinds of key that citizen cards have: P-256 and SM2.

P-256 signs SHA-256 (FIPS 186-4). SM2 signs SM3 over the signer's identity and the message (GB/T 32918.2, with the
identity of GM/T 0009) and takes the package `gmssl` (the extra `sm2`); where that is missing no SM2 key is trusted, and
`sm2_available` says so. A signature of a card is r|s, 64 bytes; one in a certificate is DER.
"""

from __future__ import annotations

import importlib.util
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

_PRIME: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_ORDER: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_SM2_WITH_SM3: Final = "1.2.156.10197.1.501"
_KEY_HEAD: Final = bytes.fromhex("301306072A8648CE3D020106082A811CCF5501822D03420004")
"""Inside a SubjectPublicKeyInfo: an elliptic key on the SM2 curve, and the head of its uncompressed point."""
_VERSION: Final = 0xA0
_KEY_PLACE: Final = 5


class UnknownKey(Exception):
    """The certificate's key is of no kind that a card may have here."""


def sm2_available() -> bool:
    """Return whether this gateway can check SM2: `pip install 'citizen-kiosk[sm2]'`."""
    return importlib.util.find_spec("gmssl") is not None


def needs_gmssl(certificate: x509.Certificate) -> bool:
    """Return whether this certificate is signed with SM2, and nobody here can check that."""
    return certificate.signature_algorithm_oid.dotted_string == _SM2_WITH_SM3 and not sm2_available()


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether this issuer signed the certificate, and is the one that it names."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except UnsupportedAlgorithm:
        return _issued_with_sm2(certificate, issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def signed(certificate: x509.Certificate, signature: bytes, message: bytes) -> bool:
    """Return whether the key in the certificate made this signature, r|s. Raises `UnknownKey`."""
    try:
        public = certificate.public_key()
    except UnsupportedAlgorithm:
        key = _sm2_key(certificate)
        if key is None or not sm2_available():
            raise UnknownKey("the card's key is neither P-256 nor an SM2 key that this gateway can check") from None
        return _sm2_signed(key, signature, message)
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise UnknownKey("the card's key is neither P-256 nor SM2")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        public.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _issued_with_sm2(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject or not sm2_available():
        return False
    if certificate.signature_algorithm_oid.dotted_string != _SM2_WITH_SM3:
        return False
    try:
        key = _sm2_key(issuer)
        r, s = decode_dss_signature(certificate.signature)
        pair = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    except (ValueError, OverflowError, UnknownKey):
        return False
    return key is not None and _sm2_signed(key, pair, certificate.tbs_certificate_bytes)


def _sm2_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    from gmssl.sm2 import CryptSM2

    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != 64 or not (0 < r < _ORDER and 0 < s < _ORDER) or (r + s) % _ORDER == 0:
        return False
    engine = CryptSM2(private_key="", public_key="")
    engine.public_key = key.hex()  # its constructor strips leading 0 and 4 off a key as if they were a prefix
    try:
        return bool(engine.verify_with_sm3(signature.hex(), message))
    except TypeError:
        return False  # the sum of its two points is the one at infinity, which it has no form for


def _sm2_key(certificate: x509.Certificate) -> bytes | None:
    """Return the SM2 key in a certificate, X|Y; None: another kind. Raises `UnknownKey`: no point of the curve."""
    _, whole, _ = _object(certificate.tbs_certificate_bytes)
    parts: list[tuple[int, bytes]] = []
    while whole and len(parts) <= _KEY_PLACE + 1:
        tag, value, whole = _object(whole)
        parts.append((tag, value))
    key = parts[_KEY_PLACE + (parts[0][0] == _VERSION)][1]
    if not key.startswith(_KEY_HEAD) or len(key) != len(_KEY_HEAD) + 64:
        return None
    point = key[len(_KEY_HEAD) :]
    x, y = int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big")
    if x >= _PRIME or y >= _PRIME or (y * y - x * x * x + 3 * x - _B) % _PRIME:
        raise UnknownKey("the card's key is no point of the SM2 curve")
    return point


def _object(raw: bytes) -> tuple[int, bytes, bytes]:
    """Split off the first object of DER: tag, value, what follows. The outer parser has accepted the certificate."""
    length, at = raw[1], 2
    if length & 0x80:
        at += length & 0x7F
        length = int.from_bytes(raw[2:at], "big")
    return raw[0], raw[at : at + length], raw[at + length :]
