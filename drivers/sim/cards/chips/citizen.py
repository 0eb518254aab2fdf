"""The citizen card's twin: files, PIN, mutual authentication, signing. See `drivers.cards.citizen`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from drivers.cards import citizen, tlv
from drivers.cards import citizen_fields as fields
from drivers.cards.secure import mutual, sm2
from drivers.sim.cards.chips.chip import Answer, Command, PinCounter
from drivers.sim.cards.document import CardDocument, CardDocumentError
from drivers.sim.cards.issuer import CardAuthority

FULL_TRIES: Final = 6
MASTER_FILE: Final = b"\x3f\x00"
DEFAULT_ATR: Final = bytes.fromhex("3B6D0000" + "00814E43238697154401990001")
"""T=0; 13 historical bytes that begin with 00 81."""
BENCH_MASTER_KEY: Final = bytes.fromhex("4B696F736B2062656E63682048534D21")
"""The issuer's master key of simulated version 3 cards; the reference gateway's mock module has the same."""

Signer = Callable[[bytes], bytes]
"""Signs a digest of 32 bytes: r|s, 64 bytes."""

_SEX: Final = {"male": b"1", "female": b"2", "unknown": b"0"}


class CitizenChip:
    """The chip of one citizen card."""

    profile = citizen.PROFILE
    atr = DEFAULT_ATR
    classes = frozenset({0x00, 0x80})
    exact = frozenset({0xB2})

    def __init__(self, document: CardDocument, authority: CardAuthority | None = None) -> None:
        """Without keys in the document and without an authority it has no signing application.

        Raises `CardDocumentError` where the document's own key and certificate do not fit, and `Sm2Missing`.
        """
        self._document = document
        self._quirks = document.quirks
        self._pin = PinCounter(bytes.fromhex(document.pin), document.tries_left, FULL_TRIES)
        self._signer, self._certificate = _signing(document, authority)
        self._algorithm = citizen.SM2_SM3 if document.algorithm == "sm2" else citizen.ECDSA_P256
        self._card_key = mutual.card_key(document.hsm_key or BENCH_MASTER_KEY, bytes.fromhex(document.card_id))
        self._files = {
            fields.CARD_FILE: self._without_omitted(_card_file(document)),
            fields.HOLDER_FILE: self._without_omitted(_holder_file(document)),
        }
        self.reset()

    @property
    def label(self) -> str:
        return f"citizen {self._document.version}"

    @property
    def tries_left(self) -> int:
        return self._pin.tries_left

    @property
    def pin_verified(self) -> bool:
        return self._pin.verified

    def reset(self) -> None:
        """As `Chip.reset`."""
        self._application = b""
        self._file = b""
        self._pin.reset()
        self._key_chosen = False
        self._challenges = b""
        self._authenticated = False

    def answer(self, command: Command) -> Answer:
        """As `Chip.answer`."""
        ins, p1, p2, body = command.ins, command.p1, command.p2, command.data
        if command.cla == 0x80:
            return self._change_pin(p1, p2, body) if ins == 0x5E else (b"", 0x6D00)
        handlers: dict[int, Callable[[int, int, bytes], Answer]] = {
            0x20: self._verify,
            0x22: self._manage_security,
            0x2A: self._compute_signature,
            0x82: self._external_authenticate,
            0x84: lambda _p1, _p2, _body: self._challenge(command.le or 8),
            0x88: self._internal_authenticate,
            0xA4: self._select,
            0xB0: lambda p1, p2, body: self._read_binary(p1, p2, body, command.le),
            0xB2: self._read_record,
        }
        if ins not in handlers:
            return b"", 0x6D00
        return handlers[ins](p1, p2, body)

    def _select(self, p1: int, _p2: int, name: bytes) -> Answer:
        if p1 == 0x04:
            known = [citizen.AID] if self._signer is None else [citizen.AID, citizen.SIGNING_AID]
            if name not in known:
                return b"", 0x6A82
            self._application, self._file = name, b""
            self._authenticated = False
            dedicated = bytes([0x84, len(name)]) + name
            issuer = bytes.fromhex("A5069F0C03860101") if name == citizen.AID else b""
            return bytes([0x6F, len(dedicated + issuer)]) + dedicated + issuer, 0x9000
        if p1 not in (0x00, 0x02):
            return b"", 0x6A86
        if name == MASTER_FILE:
            self._application, self._file = b"", b""
            return b"", 0x9000
        here = {citizen.AID: tuple(self._files), citizen.SIGNING_AID: (citizen.CERTIFICATE_FILE,)}
        if name not in here.get(self._application, ()):
            return b"", 0x6A82
        self._file = name
        return b"", 0x9000

    def _read_record(self, p1: int, p2: int, _body: bytes) -> Answer:
        by_number, sfi = p2 & 0x07 == 0x04, p2 >> 3
        mode = ("number" if by_number else "tag") + ("-sfi" if sfi else "")
        if p2 & 0x07 not in (0x00, 0x04) or mode not in self._quirks.read_record_modes:
            return b"", 0x6A86
        file = bytes([0xEF, sfi]) if sfi else self._file
        if file not in self._files or self._application != citizen.AID:
            return b"", 0x6A82 if sfi else 0x6986
        if file == fields.HOLDER_FILE and self._document.version == "3.00" and not self._authenticated:
            return b"", 0x6982
        records = self._files[file]
        chosen = records[p1 - 1 : p1] if by_number else [record for record in records if record[0] == p1]
        return (chosen[0], 0x9000) if chosen and p1 else (b"", 0x6A83)

    def _verify(self, p1: int, p2: int, digits: bytes) -> Answer:
        if (p1, p2) != (0, 0):
            return b"", 0x6A88
        return b"", self._pin.verify(digits) if digits else self._pin.query()

    def _change_pin(self, p1: int, p2: int, body: bytes) -> Answer:
        old, separator, new = body[:3], body[3:4], body[4:]
        if (p1, p2) != (1, 0):
            return b"", 0x6A86
        if separator != b"\xff" or len(new) != 3:
            return b"", 0x6700
        return b"", self._pin.change(old, new)

    def _challenge(self, count: int) -> Answer:
        made = secrets.token_bytes(count)
        self._challenges = (self._challenges + made)[-mutual.BLOCK_BYTES :]
        return made, 0x9000

    def _internal_authenticate(self, p1: int, p2: int, challenge: bytes) -> Answer:
        if self._document.version != "3.00":
            return b"", 0x6D00
        if (p1, p2) != (0, 0):
            return b"", 0x6A86
        if len(challenge) != mutual.BLOCK_BYTES:
            return b"", 0x6700
        return mutual.card_cryptogram(self._card_key, challenge), 0x9000

    def _external_authenticate(self, p1: int, p2: int, proof: bytes) -> Answer:
        challenge, self._challenges = self._challenges, b""
        if self._document.version != "3.00":
            return b"", 0x6D00
        if (p1, p2) != (0, mutual.EXTERNAL_KEY):
            return b"", 0x6A88
        if len(challenge) != mutual.BLOCK_BYTES:
            return b"", 0x6985
        self._authenticated = secrets.compare_digest(proof, mutual.module_proof(self._card_key, challenge))
        return b"", 0x9000 if self._authenticated else 0x6300

    def _manage_security(self, p1: int, p2: int, template: bytes) -> Answer:
        if self._application != citizen.SIGNING_AID or (p1, p2) != (0x41, 0xB6):
            return b"", 0x6A86
        parts = {bytes([0x80, 1, self._algorithm]), bytes([0x84, 1, citizen.SIGNING_KEY])}
        self._key_chosen = {template[:3], template[3:]} == parts
        return b"", 0x9000 if self._key_chosen else 0x6A88

    def _compute_signature(self, p1: int, p2: int, digest: bytes) -> Answer:
        if (p1, p2) != (0x9E, 0x9A):
            return b"", 0x6A86
        if self._signer is None or not self._key_chosen or self._application != citizen.SIGNING_AID:
            return b"", 0x6985
        if not self._pin.verified:
            return b"", 0x6982
        if len(digest) != 32:
            return b"", 0x6700
        return self._signer(digest), 0x9000

    def _read_binary(self, p1: int, p2: int, body: bytes, le: int | None) -> Answer:
        if body or le is None:
            return b"", 0x6700
        if p1 & 0x80 or self._file != citizen.CERTIFICATE_FILE:
            return b"", 0x6986
        offset = p1 << 8 | p2
        if offset >= len(self._certificate):
            return b"", 0x6B00
        data = self._certificate[offset : offset + (le or 256)]
        return data, 0x9000 if len(data) == (le or 256) else 0x6282

    def _without_omitted(self, records: list[bytes]) -> list[bytes]:
        return [record for record in records if record[0] not in self._quirks.omit_tags]


def _bcd_date(iso: str) -> bytes:
    return bytes.fromhex(iso.replace("-", ""))


def _card_file(document: CardDocument) -> list[bytes]:
    card_id = bytes.fromhex(document.card_id)
    return [
        tlv.encode(fields.CARD_ID.tag, card_id),
        tlv.encode(fields.CARD_CLASS.tag, b"3"),
        tlv.encode(fields.VERSION.tag, document.version.encode("ascii")),
        tlv.encode(fields.ISSUER.tag, card_id[:3] + bytes(9)),
        tlv.encode(fields.ISSUED.tag, _bcd_date(document.issued)),
        tlv.encode(fields.EXPIRES.tag, _bcd_date(document.expires)),
        tlv.encode(fields.CARD_NUMBER.tag, document.card_number.encode("ascii")),
    ]


def _holder_file(document: CardDocument) -> list[bytes]:
    """EF06. Version 1 knows no continued name record before the sex; a long name gets one at the end there."""
    holder = document.holder
    name = holder.name.encode("gb18030")
    rest = tlv.encode(fields.NAME_REST.tag, name[30:].ljust(fields.NAME_REST.length, b"\0"))
    records = [
        tlv.encode(fields.ID_NUMBER.tag, holder.id_number.encode("ascii")),
        tlv.encode(fields.NAME.tag, name[:30].ljust(fields.NAME.length, b"\0")),
        tlv.encode(fields.SEX.tag, _SEX[holder.sex]),
        tlv.encode(fields.BIRTH_DATE.tag, _bcd_date(holder.birth_date)),
    ]
    if holder.ethnic_group is not None:
        records.insert(3, tlv.encode(fields.ETHNIC_GROUP.tag, bytes.fromhex(f"{holder.ethnic_group:02d}")))
    if holder.birthplace is not None:
        records.insert(-1, tlv.encode(fields.BIRTHPLACE.tag, bytes.fromhex(holder.birthplace)))
    if document.version != "1.00":
        records.insert(2, rest)
    elif len(name) > fields.NAME.length:
        records.append(rest)
    return records


def _signing(document: CardDocument, authority: CardAuthority | None) -> tuple[Signer | None, bytes]:
    """Return what signs a digest of 32 bytes, and the certificate. Raises `CardDocumentError`, `Sm2Missing`."""
    if document.key_pem is None or document.certificate_pem is None:
        if authority is None:
            return None, b""
        holder = document.holder
        if document.algorithm == "sm2":
            private, der = authority.issue_sm2(holder.id_number, holder.name)
            return lambda digest: sm2.sign(private, digest), der
        key, der = authority.issue(holder.id_number, holder.name)
        return _p256_signer(key), der
    try:
        key = serialization.load_pem_private_key(document.key_pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CardDocumentError("signing.key", "is no unencrypted PKCS 8 key in PEM") from None
    try:
        certificate = x509.load_pem_x509_certificate(document.certificate_pem.encode())
    except ValueError:
        raise CardDocumentError("signing.certificate", "is no X.509 certificate in PEM") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CardDocumentError("signing.key", "must be an ECDSA key on P-256")
    if certificate.public_key() != key.public_key():
        raise CardDocumentError("signing.certificate", "does not belong to the key")
    return _p256_signer(key), certificate.public_bytes(serialization.Encoding.DER)


def _p256_signer(key: ec.EllipticCurvePrivateKey) -> Signer:
    def sign(digest: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()))))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign
