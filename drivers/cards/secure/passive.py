"""Passive authentication of a travel document: its data are the issuer's own (ICAO Doc 9303 parts 10 to 12).

EF.SOD (`011D`, tag 77) is a signed message (CMS, RFC 5652) over the hashes of the data groups. Three things must hold:
each data group has the hash that is in it; the document signer's certificate inside signed it (part 12); and one of the
given country authorities (CSCA) issued that certificate, with both valid now. ECDSA on curves by name, and RSA with
either padding; hashes of the SHA-1 and SHA-2 families. Not here: revocation lists, and curves that are written out.
"""

from __future__ import annotations

import datetime
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from drivers.cards.secure import ber
from drivers.errors import CardProtocolError

EF_SOD: Final = b"\x01\x1d"
SIGNED_DATA: Final = bytes.fromhex("2A864886F70D010702")
SECURITY_OBJECT: Final = bytes.fromhex("678108010101")
"""2.23.136.1.1.1, the hashes of the data groups."""
CONTENT_TYPE: Final = bytes.fromhex("2A864886F70D010903")
MESSAGE_DIGEST: Final = bytes.fromhex("2A864886F70D010904")
HASHES: Final[dict[bytes, hashes.HashAlgorithm]] = {
    bytes.fromhex("2B0E03021A"): hashes.SHA1(),  # noqa: S303 (documents of the first years)
    bytes.fromhex("608648016503040204"): hashes.SHA224(),
    bytes.fromhex("608648016503040201"): hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}
SHA256_OID: Final = bytes.fromhex("608648016503040201")
_PSS: Final = bytes.fromhex("2A864886F70D01010A")

_INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_OID: Final = 0x06
_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_FIRST: Final = 0xA0
_KEY_ID: Final = 0x80
_UNREADABLE: Final = (
    ValueError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
)  # fmt: skip
"""What `cryptography` raises over a certificate; the last for an X.400 or EDI name in any of its extensions."""


class NotGenuine(CardProtocolError):
    """What the document says is not what its issuer signed, or no known issuer did. The message says which."""

    code = "document-not-genuine"


@dataclass(frozen=True)
class SecurityObject:
    """An EF.SOD taken apart; nothing of it has been checked. Its repr tells nothing."""

    content: bytes = field(repr=False)
    """What is signed: hash algorithm, and the hashes of the data groups."""
    hash_name: str
    groups: dict[int, bytes] = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    signer: bytes = field(repr=False)
    """Issuer and number of the signer's certificate, or its key id, with the tag."""
    digest: hashes.HashAlgorithm
    attributes: bytes = field(repr=False)
    """What the signature is over, as a SET."""
    pss: bool
    signature: bytes = field(repr=False)


def parse(raw: bytes) -> SecurityObject:
    """Take an EF.SOD apart. Raises `CardProtocolError`."""
    outer = _row(ber.only(ber.only(raw, 0x77), _SEQUENCE), 2)
    if outer[0] != (_OID, SIGNED_DATA) or outer[1][0] != _FIRST:
        raise CardProtocolError("EF.SOD is no signed message")
    parts = list(ber.objects(ber.only(outer[1][1], _SEQUENCE)))
    if len(parts) < 4 or parts[2][0] != _SEQUENCE or parts[-1][0] != _SET:
        raise CardProtocolError("EF.SOD is no signed message")
    inside = _row(parts[2][1], 2)
    if inside[0] != (_OID, SECURITY_OBJECT):
        raise CardProtocolError("EF.SOD signs something else than data groups")
    content = ber.only(inside[1][1], _OCTETS)
    named, groups = _groups(content)
    certificates = b"".join(value for tag, value in parts[3:-1] if tag == _FIRST)
    found = tuple(ber.encode(tag, value) for tag, value in ber.objects(certificates) if tag == _SEQUENCE)
    told = list(ber.objects(ber.only(parts[-1][1], _SEQUENCE)))
    if len(told) < 6 or told[3][0] != _FIRST or told[5][0] != _OCTETS:
        raise CardProtocolError("EF.SOD has no signature over its attributes")
    algorithm = _oid(told[4][1])
    return SecurityObject(
        content=content,
        hash_name=named.name,
        groups=groups,
        certificates=found,
        signer=ber.encode(*told[1]),
        digest=_hash(told[2][1]),
        attributes=ber.encode(_SET, told[3][1]),
        pss=algorithm == _PSS,
        signature=told[5][1],
    )


def check(
    found: SecurityObject,
    files: dict[int, bytes],
    authorities: Sequence[x509.Certificate],
    now: datetime.datetime,
) -> None:
    """Hold the data groups (by number, whole files) against the security object, and that against the authorities.

    Raises `NotGenuine`, and `CardProtocolError` where a certificate cannot be read.
    """
    for number, content in files.items():
        if not secrets.compare_digest(hashlib.new(found.hash_name, content).digest(), found.groups.get(number, b"")):
            raise NotGenuine(f"data group {number} is not the one that was signed")
    attributes = _attributes(found.attributes)
    if attributes.get(CONTENT_TYPE) != ber.encode(_OID, SECURITY_OBJECT):
        raise NotGenuine("the signature is over another kind of content")
    hashed = hashes.Hash(found.digest)
    hashed.update(found.content)
    if attributes.get(MESSAGE_DIGEST) != ber.encode(_OCTETS, hashed.finalize()):
        raise NotGenuine("the hashes of the data groups are not the ones that were signed")
    signer = _signer(found)
    if not _signed(signer, found):
        raise NotGenuine("the document signer's signature does not fit")
    if not any(_issued(signer, authority, now) for authority in authorities):
        raise NotGenuine("no known country authority issued the document signer, or not for today")


def _groups(content: bytes) -> tuple[hashes.HashAlgorithm, dict[int, bytes]]:
    parts = list(ber.objects(ber.only(content, _SEQUENCE)))
    if len(parts) < 3 or parts[2][0] != _SEQUENCE:
        raise CardProtocolError("EF.SOD has no hashes of data groups")
    groups: dict[int, bytes] = {}
    for _tag, one in ber.objects(parts[2][1]):
        (_, number), (_, hashed) = _row(one, 2)
        groups[int.from_bytes(number, "big")] = hashed
    return _hash(parts[1][1]), groups


def _attributes(raw: bytes) -> dict[bytes, bytes]:
    """Return each attribute's only value by its object identifier; one with more values has none."""
    found: dict[bytes, bytes] = {}
    for _tag, one in ber.objects(ber.only(raw, _SET)):
        (_, name), (_, values) = _row(one, 2)
        found[name] = b"" if name in found else values
    return found


def _signer(found: SecurityObject) -> x509.Certificate:
    """Return the certificate that the signature names. Raises `NotGenuine`, `CardProtocolError`."""
    for der in found.certificates:
        try:
            certificate = x509.load_der_x509_certificate(der)
            parts = [part.value for part in certificate.extensions]
            ids = [part.digest for part in parts if isinstance(part, x509.SubjectKeyIdentifier)]
            issuer, number = certificate.issuer.public_bytes(), certificate.serial_number
        except _UNREADABLE:
            raise CardProtocolError("the document signer's certificate cannot be read") from None
        size = number.bit_length() // 8 + 1
        name = issuer + ber.encode(_INTEGER, number.to_bytes(size, "big", signed=True))
        if found.signer in (ber.encode(_SEQUENCE, name), *(ber.encode(_KEY_ID, one) for one in ids)):
            return certificate
    raise NotGenuine("the document signer's certificate is not there")


def _signed(certificate: x509.Certificate, found: SecurityObject) -> bool:
    try:
        key = certificate.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(found.signature, found.attributes, ec.ECDSA(found.digest))
        elif isinstance(key, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(found.digest), padding.PSS.AUTO)
            key.verify(found.signature, found.attributes, pss if found.pss else padding.PKCS1v15(), found.digest)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _issued(certificate: x509.Certificate, authority: x509.Certificate, now: datetime.datetime) -> bool:
    if not all(one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in (certificate, authority)):
        return False
    try:
        if not authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, x509.ExtensionNotFound, *_UNREADABLE):
        return False
    return True


def _hash(algorithm: bytes) -> hashes.HashAlgorithm:
    """Return the hash that an AlgorithmIdentifier names. Raises `CardProtocolError`."""
    named = HASHES.get(_oid(algorithm))
    if named is None:
        raise CardProtocolError("EF.SOD uses a hash that nobody here knows")
    return named


def _oid(algorithm: bytes) -> bytes:
    tag, length, at = ber.header(algorithm)
    if tag != _OID or len(algorithm) < at + length:
        raise CardProtocolError("EF.SOD names no algorithm")
    return algorithm[at : at + length]


def _row(raw: bytes, count: int) -> list[tuple[int, bytes]]:
    """Return the objects in a row, which must be so many. Raises `CardProtocolError`."""
    found = list(ber.objects(raw))
    if len(found) != count:
        raise CardProtocolError(f"EF.SOD: {count} objects are wanted, {len(found)} came")
    return found
