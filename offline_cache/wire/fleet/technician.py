"""Technicians at a terminal: what their certificate says, and the one-time code of those who come without a card.

The code: the terminal shows a QR code, an address of the gateway with the terminal's name, a fresh X25519 public key
and a nonce. A logged-in technician opens it; the gateway answers with eight digits, which the technician types. Both
sides compute them from the same secret and never send it:

    shared = X25519(ephemeral key, the gateway's sealing key)         RFC 7748
    key    = HKDF-SHA256(shared, salt = nonce, info = PURPOSE | 0 | terminal | 0 | ephemeral public key)   RFC 5869
    digits = dynamic truncation of HMAC-SHA256(key, nonce), modulo 10^8                            RFC 4226, 5.3

The terminal has the sealing key's public half from its enrolment, so it needs no network. Nobody else can make the
digits: that takes the gateway's private sealing key, or the ephemeral one, which never leaves the terminal's memory.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from offline_cache.errors import MalformedMessage
from offline_cache.wire.encoding import from_base64url, to_base64url

ROLE = "2.25.201730451823649151927430286164906811651"
"""Extended key usage of a technician's certificate, and its only one: an OID under 2.25 needs no registry
(ITU-T X.667). It is no TLS usage: such a certificate opens no connection to the gateway."""
PATH = "/technician/code"
LIFE_S = 10 * 60
"""So long a QR code on the screen is good."""
TRIES = 5
DIGITS = 8
_PURPOSE = b"kiosk-technician-code-1"
_TERMINAL = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY_BYTES, _NONCE_BYTES = 32, 16


@dataclass(frozen=True)
class CodeOffer:
    """What the QR code says. All of it may be seen by anybody."""

    terminal: str
    public_key: bytes
    """X25519, 32 bytes; another for each QR code."""
    nonce: bytes
    """16 bytes."""

    @property
    def reference(self) -> str:
        """Eight hexadecimal digits, `1f3a-07bc`, by which both logs name this offer."""
        return grouped(hashlib.sha256(self.public_key + self.nonce).hexdigest()[:8])

    def address(self, gateway_url: str) -> str:
        """The text of the QR code: what the phone's camera opens."""
        asked = {"t": self.terminal, "k": to_base64url(self.public_key), "n": to_base64url(self.nonce)}
        return f"{gateway_url}{PATH}?{urlencode(asked)}"


def code_offer(terminal: str, key: str, nonce: str) -> CodeOffer:
    """Check the three parts of an address. Raises `MalformedMessage`."""
    if not _TERMINAL.fullmatch(terminal):
        raise MalformedMessage("technician code: the terminal's name has another form")
    public, fresh = from_base64url(key), from_base64url(nonce)
    if len(public) != _KEY_BYTES or len(fresh) != _NONCE_BYTES:
        raise MalformedMessage("technician code: key or nonce has another length")
    return CodeOffer(terminal, public, fresh)


def parse_address(address: str) -> CodeOffer:
    """Read the text of a QR code. Raises `MalformedMessage`."""
    path, asked, query = address.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, max_num_fields=3)
    except ValueError:
        raise MalformedMessage("technician code: not an address of three parts") from None
    found = dict(pairs)
    if not asked or not path.endswith(PATH) or len(found) != len(pairs) or set(found) != {"t", "k", "n"}:
        raise MalformedMessage("technician code: not an address of three parts")
    return code_offer(found["t"], found["k"], found["n"])


def digits_by_terminal(ephemeral: X25519PrivateKey, sealing: bytes, offer: CodeOffer) -> str:
    """The eight digits, as the terminal that made the offer computes them. `sealing`: the gateway's public key."""
    return _digits(ephemeral.exchange(X25519PublicKey.from_public_bytes(sealing)), offer)


def digits_by_gateway(sealing: X25519PrivateKey, offer: CodeOffer) -> str:
    """The eight digits, as the gateway computes them. Raises `MalformedMessage` for a key that is none."""
    try:
        shared = sealing.exchange(X25519PublicKey.from_public_bytes(offer.public_key))
    except ValueError:  # a point of small order (RFC 7748, 6.1)
        raise MalformedMessage("technician code: the key is no usable key") from None
    return _digits(shared, offer)


def _digits(shared: bytes, offer: CodeOffer) -> str:
    info = b"\0".join((_PURPOSE, offer.terminal.encode("ascii"), offer.public_key))
    key = HKDF(hashes.SHA256(), 32, salt=offer.nonce, info=info).derive(shared)
    digest = hmac.digest(key, offer.nonce, "sha256")
    at = digest[-1] & 0x0F
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def serial_of(certificate: x509.Certificate) -> str:
    """How a technician's card is named in logs and lists: its certificate's serial number, `1f3a-07bc-…`."""
    return grouped(f"{certificate.serial_number:x}")


def grouped(digits: str) -> str:
    """Hexadecimal digits in groups of four, as they are read aloud, and as the log takes them."""
    return "-".join(digits[i : i + 4] for i in range(0, len(digits), 4))


def serial_from(text: str) -> str:
    """What somebody typed or copied, as `serial_of` writes it. Raises `MalformedMessage`."""
    digits = re.sub(r"[-: ]", "", text.strip().lower())
    if not re.fullmatch(r"[0-9a-f]{1,40}", digits):
        raise MalformedMessage("a serial number is up to 40 hexadecimal digits")
    return grouped(digits.lstrip("0") or "0")
