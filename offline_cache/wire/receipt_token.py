"""The token in the QR code of a receipt: what a terminal says it printed, signed with the key of its enrolment.

`KR1:` and base45 of a COSE_Sign1 over deterministic CBOR, keys in one letter because every byte is printed:
n case number, t terminal, s service, a time (seconds since 1970), r received (1) or only recorded here (0), c how often
it was printed again. No name, no id number: whoever finds the paper learns nothing of the person.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from offline_cache.errors import MalformedMessage
from offline_cache.wire import base45
from offline_cache.wire.encoding import Fields, decode_cbor, encode_cbor, sign1, verify1

PREFIX = "KR1:"
MAX_TOKEN_CHARS = 600
_NAMES = frozenset("ntsarc")
_MAX_AT_S = 253402300799
_MAX_COPIES = 99
_HEAD_BYTES = 7


@dataclass(frozen=True)
class ReceiptToken:
    """What the paper claims."""

    number: str
    terminal: str
    service: str
    at_s: int
    """Seconds since 1970, UTC."""
    received: bool
    """True if the gateway had countersigned the entry when this was printed; False if it was only recorded."""
    copy: int = 0
    """0 is the original, 1 the first copy."""


def sign_token(token: ReceiptToken, key: Ed25519PrivateKey) -> str:
    """The text of the QR code."""
    payload = encode_cbor(
        {
            "n": token.number,
            "t": token.terminal,
            "s": token.service,
            "a": token.at_s,
            "r": int(token.received),
            "c": token.copy,
        }
    )
    return PREFIX + base45.encode(sign1(payload, key))


def verify_token(text: str, public_key: Ed25519PublicKey | bytes) -> ReceiptToken:
    """What the token says, if the holder of `public_key` signed it.

    Raises:
        MalformedMessage: not a token.
        BadSignature: another key, or changed.
    """
    return _claims(verify1(_message(text), public_key))


def claimed(text: str) -> ReceiptToken:
    """What the token says, NOT verified: to find the key of the terminal it names.

    Raises:
        MalformedMessage: not a token.
    """
    parts = decode_cbor(b"\x82" + _message(text)[_HEAD_BYTES:], MAX_TOKEN_CHARS)
    if not isinstance(parts, list) or not parts or not isinstance(parts[0], bytes):
        raise MalformedMessage("receipt token: not a signed message")
    return _claims(parts[0])


def _message(text: str) -> bytes:
    text = text.strip("\r\n")
    if len(text) > MAX_TOKEN_CHARS or not text.startswith(PREFIX):
        raise MalformedMessage(f"receipt token: does not begin with {PREFIX}, or is too long")
    return base45.decode(text.removeprefix(PREFIX))


def _claims(payload: bytes) -> ReceiptToken:
    value = decode_cbor(payload, MAX_TOKEN_CHARS)
    fields = Fields("receipt token", value, _NAMES)
    return ReceiptToken(
        number=fields.text("n", 40),
        terminal=fields.text("t", 64),
        service=fields.text("s", 64),
        at_s=fields.integer("a", 0, _MAX_AT_S),
        received=fields.integer("r", 0, 1) == 1,
        copy=fields.integer("c", 0, _MAX_COPIES),
    )
