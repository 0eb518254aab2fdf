"""Texts out of QR codes, and others that are believed by their signature: raw, and signed whatever they say."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable
from functools import cache

import qrcode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.cli.paper.qr_reader import FORMATS, PictureUnreadable, read_qr_codes
from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.wire import base45, receipt_token
from offline_cache.wire.encoding import encode_cbor, from_base64url, sign1, to_base64url, verify1
from offline_cache.wire.fleet import technician
from offline_cache.wire.receipt_token import ReceiptToken, claimed, sign_token, verify_token
from offline_cache.wire.sign_in import Approval, encode_approval, read_approval
from provisioning.gateway.certificates import token as certificates
from provisioning.gateway.certificates.token import CertificateToken
from provisioning.gateway.licences import token as licences
from provisioning.gateway.licences.token import ShareToken
from provisioning.gateway.proofs.days import ProofInvalid, read_head, verify_proof
from provisioning.gateway.proofs.merkle import leaf_hash
from provisioning.gateway.verify_page import render, verify
from tests.fuzz.kit import Family, Reader, scratch
from tests.gateway_kit import GatewayKit

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
SEALING = X25519PrivateKey.from_private_bytes(bytes(range(32)))
TOKEN = ReceiptToken("T0001-000042", "T0001", "residence", 1_810_000_000, received=True)
LEAVES = (MalformedMessage, BadSignature)


@cache
def kit() -> GatewayKit:
    made = GatewayKit(scratch() / "gateway")
    made.enrol()
    return made


def text_of(raw: bytes, prefix: str = "") -> str:
    """The bytes as somebody's text; from 80 on, what `prefix` begins and the house's key signed over the rest."""
    if raw[:1] < b"\x80":
        return raw[1:].decode("utf-8", "replace")
    signed = sign1(raw[1:], KEY)
    return prefix + (base45.encode(signed) if prefix else to_base64url(signed))


def receipt(raw: bytes) -> None:
    """What can be said of a code says no more than its signature does; the page tells it to anybody."""
    text = text_of(raw, receipt_token.PREFIX)
    render(verify(text, kit().store), "", 1_800_000_000_000, text)
    said = claimed(text)
    assert verify_token(text, PUBLIC) == said


def receipts() -> Iterable[bytes]:
    text = sign_token(TOKEN, KEY)
    yield b"\0" + text.encode()
    yield b"\x80" + payload_of(base45.decode(text.removeprefix(receipt_token.PREFIX)))


def payload_of(signed: bytes) -> bytes:
    return verify1(signed, PUBLIC)


def certificate(raw: bytes) -> None:
    found = certificates.read(text_of(raw, certificates.PREFIX), PUBLIC)
    assert certificates.read(certificates.sign(found, KEY), PUBLIC) == found


def certificate_seeds() -> Iterable[bytes]:
    text = certificates.sign(CertificateToken("ZM-1", "residence", "2027-01-04", bytes(16)), KEY)
    yield b"\0" + text.encode()
    yield b"\x80" + payload_of(base45.decode(text.removeprefix(certificates.PREFIX)))


def licence(raw: bytes) -> None:
    """Base64url of a payload and its signature, which is no COSE."""
    text = raw[1:].decode("latin-1")
    if raw[:1] >= b"\x80":
        text = to_base64url(raw[1:] + KEY.sign(licences._CONTEXT + raw[1:]))
    found = licences.read(text, PUBLIC)
    assert licences.read(licences.sign(found, KEY), PUBLIC) == found


def licence_seeds() -> Iterable[bytes]:
    text = licences.sign(ShareToken(bytes(9), "driving", "hotel", 1_900_000_000), KEY)
    yield b"\0" + text.encode()
    yield b"\x80" + from_base64url(text)[:-64]


def address(raw: bytes) -> None:
    """The address in a technician's QR code, and the digits that the gateway makes of it."""
    offer = technician.parse_address(raw.decode("utf-8", "replace"))
    assert technician.parse_address(offer.address("https://h")) == offer
    assert len(technician.digits_by_gateway(SEALING, offer)) == technician.DIGITS


def addresses() -> Iterable[bytes]:
    offer = technician.CodeOffer("T0001", SEALING.public_key().public_bytes_raw(), bytes(16))
    yield offer.address("https://gateway.example").encode()


def approval(raw: bytes) -> None:
    found = read_approval(text_of(raw), PUBLIC.public_bytes_raw())
    if found is not None:
        again = read_approval(to_base64url(sign1(encode_approval(found), KEY)), PUBLIC.public_bytes_raw())
        assert again == found


def approvals() -> Iterable[bytes]:
    said = encode_approval(Approval("T0001", "residence", hashlib.sha256(b"form").digest(), 1_800_000_000_000))
    yield b"\x80" + said
    yield b"\0" + to_base64url(sign1(said, KEY)).encode()


def serial(raw: bytes) -> None:
    found = technician.serial_from(raw.decode("utf-8", "replace"))
    assert technician.serial_from(found) == found


def digits45(raw: bytes) -> None:
    text = raw.decode("latin-1")
    assert base45.encode(base45.decode(text)) == text


def head(raw: bytes) -> None:
    read_head(sign1(raw, KEY), PUBLIC)


def proof(raw: bytes) -> None:
    """A proof that a citizen brings."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return
    if isinstance(found, dict):
        verify_proof(found, PUBLIC)


HEAD = {
    "kind": "kiosk-day-1", "number": 1, "day": "2027-01-04", "size": 1, "root": bytes(32), "previous": bytes(32),
    "closed_ms": 1_800_000_000_000,
}  # fmt: skip
LEAF = {
    "kind": "kiosk-journal-1", "case": "T0001-000042", "terminal": "T0001", "epoch": "0" * 32, "seq": 42, "id": "i",
    "chain": bytes(32), "received_ms": 1_800_000_000_000,
}  # fmt: skip


def proofs() -> Iterable[bytes]:
    leaf = encode_cbor(LEAF)
    day = {"head": to_base64url(sign1(encode_cbor({**HEAD, "root": leaf_hash(leaf)}), KEY))}
    yield json.dumps({"leaf": to_base64url(leaf), "index": 0, "path": [], "day": day}).encode()


def picture(raw: bytes) -> None:
    """A photograph of a receipt, in any format that is opened, or what somebody calls one."""
    file = scratch() / "picture"
    file.write_bytes(raw)
    assert all(isinstance(text, str) for text in read_qr_codes(file))


def pictures() -> Iterable[bytes]:
    code = qrcode.QRCode(border=1, box_size=2)
    code.add_data(next(iter(receipts())).decode("latin-1")[:60])
    for kind in FORMATS:
        out = io.BytesIO()
        code.make_image().get_image().convert("L").save(out, kind)
        yield out.getvalue()


FAMILY = Family(
    Reader("receipt", receipt, LEAVES, receipts),
    Reader("certificate", certificate, LEAVES, certificate_seeds),
    Reader("licence", licence, LEAVES, licence_seeds),
    Reader("address", address, LEAVES, addresses),
    Reader("approval", approval, (), approvals),
    Reader("serial", serial, LEAVES, lambda: [b"1F3A-07bc", b"0"]),
    Reader("base45", digits45, LEAVES, lambda: [b"%69 VD92EX0", b"BB8"]),
    Reader("head", head, (ProofInvalid,), lambda: [encode_cbor(HEAD)]),
    Reader("proof", proof, (ProofInvalid,), proofs),
    Reader("picture", picture, (PictureUnreadable,), pictures),
)
