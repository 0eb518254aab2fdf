"""A simulated citizen card: a stateful twin, made from a card document, that answers APDUs byte for byte.

`SimCard.process` is the card's contacts; who carries the bytes (`drivers.sim.cards.reader` in process, `drivers.sim.cards.vpcd`
behind the real PC/SC stack) also carries the delay. The PIN try counter lives in the card, so it survives removal and
power-down as on a real card; whether the PIN is verified does not. See `drivers.cards.citizen` for the profile.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from drivers.cards import citizen, tlv
from drivers.cards import citizen_fields as fields
from drivers.sim.cards.document import CardDocument, CardDocumentError, parse_card_document
from drivers.sim.cards.issuer import CardAuthority

FULL_TRIES: Final = 6
MASTER_FILE: Final = b"\x3f\x00"
DEFAULT_ATR: Final = bytes.fromhex("3B6D0000" + "00814E43238697154401990001")
"""T=0; 13 historical bytes that begin with 00 81."""

_SEX: Final = {"male": b"1", "female": b"2", "unknown": b"0"}

Answer = tuple[bytes, int]


class SimCard:
    """One card. Thread-safe: one APDU at a time, as on a real card."""

    def __init__(self, document: CardDocument, authority: CardAuthority | None = None) -> None:
        """Make the card. Without keys in the document and without an authority it has no signing application.

        Raises `CardDocumentError` where the document's own key and certificate do not fit.
        """
        self._document = document
        self._quirks = document.quirks
        self._pin = bytes.fromhex(document.pin)
        self._tries = document.tries_left
        self._full_tries = max(document.tries_left, FULL_TRIES)
        self._key, self._certificate = _signing(document, authority)
        self._files = {
            fields.CARD_FILE: self._without_omitted(_card_file(document)),
            fields.HOLDER_FILE: self._without_omitted(_holder_file(document)),
        }
        self._apdus = 0
        self._counted = threading.Condition()
        self.reset()

    @classmethod
    def from_document(cls, document: object, authority: CardAuthority | None = None) -> SimCard:
        """Make a card from JSON (parsed). Raises `CardDocumentError`."""
        return cls(parse_card_document(document), authority)

    def __repr__(self) -> str:
        return f"SimCard(<citizen {self._document.version}>)"

    @property
    def atr(self) -> bytes:
        """The answer to reset; empty means that the card stays silent."""
        return DEFAULT_ATR if self._quirks.atr is None else self._quirks.atr

    @property
    def answer_delay_s(self) -> float:
        """How long the card thinks about each APDU. The one who carries the answer waits."""
        return self._quirks.answer_delay_s

    @property
    def apdus(self) -> int:
        """How many APDUs reached the card in its life."""
        return self._apdus

    @property
    def tries_left(self) -> int:
        return self._tries

    @property
    def pin_verified(self) -> bool:
        return self._verified

    def wait_for_apdus(self, count: int, deadline_s: float) -> bool:
        """Wait until so many APDUs reached the card in its life. False: they did not within the deadline."""
        with self._counted:
            return self._counted.wait_for(lambda: self._apdus >= count, deadline_s)

    def reset(self) -> None:
        """Power down, power up or reset: files, PIN state and the answer that was not fetched are gone."""
        self._application = b""
        self._file = b""
        self._verified = False
        self._pending = b""
        self._key_chosen = False
        self._since_reset = 0

    def process(self, apdu: bytes) -> bytes | None:
        """Answer one APDU: data and status word; or None, for ever, from a mute card."""
        with self._counted:
            self._apdus += 1
            self._since_reset += 1
            self._counted.notify_all()
            limit = self._quirks.mute_after_apdus
            if limit is not None and self._since_reset > limit:
                return None
            answer = self._answer(apdu)
            if self._quirks.truncate_apdu == self._since_reset:
                return answer[: len(answer) // 2] if len(answer) > 2 else answer[:1]
            return answer

    def _answer(self, apdu: bytes) -> bytes:
        if len(apdu) < 4:
            return _sw(0x6700)
        if apdu[0] != 0x00:
            return _sw(0x6E00)
        body, le = _split(apdu[4:])
        if body is None:
            return _sw(0x6700)
        ins, p1, p2 = apdu[1:4]
        if ins == 0xC0:
            return self._get_response(le)
        self._pending = b""
        handlers: dict[int, Callable[[int, int, bytes], Answer]] = {
            0x20: self._verify,
            0x22: self._manage_security,
            0x2A: self._compute_signature,
            0x84: lambda _p1, _p2, _body: (secrets.token_bytes(le or 8), 0x9000),
            0xA4: self._select,
            0xB0: lambda p1, p2, body: self._read_binary(p1, p2, body, le),
            0xB2: self._read_record,
        }
        if ins not in handlers:
            return _sw(0x6D00)
        data, sw = handlers[ins](p1, p2, body)
        return self._deliver(data, sw, le, had_data=bool(body), exact=ins == 0xB2)

    def _deliver(self, data: bytes, sw: int, le: int | None, *, had_data: bool, exact: bool) -> bytes:
        """Bring the data out as this card does: at once, by 61xx, or after 6Cxx."""
        if sw != 0x9000 or not data:
            return data + _sw(sw)
        if had_data:
            if self._quirks.response_style == "61xx":
                self._pending = data
                return _sw(0x6100 | len(data) & 0xFF)
            return data + _sw(sw)
        if exact and le != len(data):
            if self._quirks.wrong_le == "6Cxx":
                return _sw(0x6C00 | len(data))
            data = data[: le or 256]
        return data + _sw(sw)

    def _get_response(self, le: int | None) -> bytes:
        if not self._pending:
            return _sw(0x6985)
        data = self._pending[: le or 256]
        self._pending = self._pending[len(data) :]
        return data + _sw(0x6100 | len(self._pending) & 0xFF if self._pending else 0x9000)

    def _select(self, p1: int, _p2: int, name: bytes) -> Answer:
        if p1 == 0x04:
            known = [citizen.AID] if self._key is None else [citizen.AID, citizen.SIGNING_AID]
            if name not in known:
                return b"", 0x6A82
            self._application, self._file = name, b""
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
        if file == fields.HOLDER_FILE and self._document.version == "3.00":
            return b"", 0x6982
        records = self._files[file]
        chosen = records[p1 - 1 : p1] if by_number else [record for record in records if record[0] == p1]
        return (chosen[0], 0x9000) if chosen and p1 else (b"", 0x6A83)

    def _verify(self, p1: int, p2: int, digits: bytes) -> Answer:
        if (p1, p2) != (0, 0):
            return b"", 0x6A88
        if not digits:
            return b"", 0x9000 if self._verified else 0x63C0 | self._tries if self._tries else 0x6983
        if self._tries == 0:
            return b"", 0x6983
        if len(digits) != len(self._pin):
            return b"", 0x6700
        if secrets.compare_digest(digits, self._pin):
            self._tries, self._verified = self._full_tries, True
            return b"", 0x9000
        self._tries -= 1
        self._verified = False
        return b"", 0x63C0 | self._tries

    def _manage_security(self, p1: int, p2: int, template: bytes) -> Answer:
        if self._application != citizen.SIGNING_AID or (p1, p2) != (0x41, 0xB6):
            return b"", 0x6A86
        parts = {bytes([0x80, 1, citizen.ECDSA_P256]), bytes([0x84, 1, citizen.SIGNING_KEY])}
        self._key_chosen = {template[:3], template[3:]} == parts
        return b"", 0x9000 if self._key_chosen else 0x6A88

    def _compute_signature(self, p1: int, p2: int, digest: bytes) -> Answer:
        if (p1, p2) != (0x9E, 0x9A):
            return b"", 0x6A86
        if self._key is None or not self._key_chosen or self._application != citizen.SIGNING_AID:
            return b"", 0x6985
        if not self._verified:
            return b"", 0x6982
        if len(digest) != 32:
            return b"", 0x6700
        r, s = decode_dss_signature(self._key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()))))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big"), 0x9000

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


def _sw(value: int) -> bytes:
    return value.to_bytes(2, "big")


def _split(rest: bytes) -> tuple[bytes | None, int | None]:
    """Split what follows the header into data and Le; data None: the lengths do not fit. One byte alone is Le."""
    if len(rest) <= 1:
        return b"", rest[0] if rest else None
    body, tail = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
    if len(body) != rest[0] or not body or len(tail) > 1:
        return None, None
    return body, tail[0] if tail else None


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


def _signing(
    document: CardDocument, authority: CardAuthority | None
) -> tuple[ec.EllipticCurvePrivateKey | None, bytes]:
    if document.key_pem is None or document.certificate_pem is None:
        if authority is None:
            return None, b""
        return authority.issue(document.holder.id_number, document.holder.name)
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
    return key, certificate.public_bytes(serialization.Encoding.DER)
