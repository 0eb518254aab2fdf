"""Bytes to values, strictly: deterministic CBOR, COSE_Sign1, JSON without duplicate keys, base64url.

Reading accepts exactly one encoding of a value (RFC 8949 section 4.2.1, core deterministic), of these kinds only:
integers, byte strings, text, arrays, maps. So what was signed is what was read, and nothing else is ever built.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NoReturn, cast

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from offline_cache.errors import BadSignature, MalformedMessage

CborValue = int | bytes | str | list["CborValue"] | dict[str, "CborValue"]

MAX_DEPTH = 8
MAX_JSON_BYTES = 1024 * 1024

# COSE_Sign1 (RFC 9052 section 4.2), tagged; protected header {1: -8} (EdDSA, RFC 9053), empty unprotected header.
# What is signed is a Sig_structure (section 4.4): "Signature1", the protected header, no external data, the payload.
_HEAD = bytes.fromhex("d28443a10127a0")
_TO_BE_SIGNED = b"\x84\x6aSignature1" + bytes.fromhex("43a1012740")
_SIGNATURE_HEAD = bytes.fromhex("5840")
_SIGNATURE_BYTES = 64
_WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def encode_cbor(value: object) -> bytes:
    """Deterministic CBOR. Map keys are text, so length-first order is the bytewise order of RFC 8949."""
    return cbor2.dumps(value, canonical=True)


def encode_flat(values: Sequence[int | str | bytes]) -> bytes:
    """The same bytes for a list without maps and floats, faster: cbor2 writes those deterministically."""
    return cbor2.dumps(values)


class _NoTags(Mapping[int, NoReturn]):
    """For cbor2: each tag has a decoder, and it refuses. Nothing that a tag could ask for is ever built."""

    def __getitem__(self, tag: int) -> NoReturn:
        raise MalformedMessage("CBOR: a tag")

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


_NO_TAGS = cast("dict[int, Callable[..., object]]", _NoTags())
_FLAT = frozenset([int, bytes, str])


def _malformed(what: str) -> NoReturn:
    raise MalformedMessage(f"CBOR: {what}")


def decode_cbor(data: bytes, max_bytes: int) -> CborValue:
    """Read one value: cbor2 reads it, and its deterministic encoding must be the very bytes that came.

    That one comparison refuses numbers not in their shortest form, doubled or unsorted keys, and bytes left over.

    Raises:
        MalformedMessage: too long, too deep, not deterministic CBOR, another kind of value, bytes left over.
    """
    if len(data) > max_bytes:
        _malformed(f"longer than {max_bytes} bytes")
    try:
        value = cbor2.loads(
            data,
            semantic_decoders=_NO_TAGS,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        )
    except (cbor2.CBORError, MalformedMessage):
        raise MalformedMessage("CBOR: cut short, too deep, or of a form that is not used here") from None
    _only_plain(value)
    if cbor2.dumps(value, canonical=True) != data:
        _malformed("not in its one deterministic form, or bytes after the value")
    return cast("CborValue", value)


def _only_plain(value: object) -> None:
    """Integers, bytes, text, lists, and maps with text as keys. `cbor2.loads` has bounded the depth."""
    kind = type(value)
    if kind in _FLAT:
        return
    if kind is list:
        inner = cast("list[object]", value)
    elif kind is dict:
        inner = list(cast("dict[object, object]", value).values())
        if not {str}.issuperset(map(type, cast("dict[object, object]", value))):
            _malformed("a map key that is not text")
    else:
        _malformed("a float or a simple value")
    if not _FLAT.issuperset(map(type, inner)):
        for one in inner:
            _only_plain(one)


def sign1(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """COSE_Sign1 over the payload, EdDSA, tagged, no external data."""
    carried = cbor2.dumps(payload)
    return b"".join((_HEAD, carried, _SIGNATURE_HEAD, key.sign(_TO_BE_SIGNED + carried)))


def verify1(data: bytes, public_key: Ed25519PublicKey | bytes) -> bytes:
    """The payload of a COSE_Sign1 that the holder of `public_key` (32 bytes, or the key) signed.

    Raises:
        MalformedMessage: not a COSE_Sign1 of exactly the form that `sign1` writes.
        BadSignature: another key, or changed bytes.
    """
    if not data.startswith(_HEAD):
        raise MalformedMessage("COSE: not a COSE_Sign1 with EdDSA")
    end = len(data) - _SIGNATURE_BYTES - len(_SIGNATURE_HEAD)
    carried = data[len(_HEAD) : end]
    start = _payload_start(carried)
    if end < len(_HEAD) or data[end : end + len(_SIGNATURE_HEAD)] != _SIGNATURE_HEAD or start is None:
        raise MalformedMessage("COSE: payload or signature is not a byte string of its length")
    if isinstance(public_key, bytes):
        try:
            public_key = Ed25519PublicKey.from_public_bytes(public_key)
        except ValueError:
            raise BadSignature("the public key is not an Ed25519 key") from None
    try:
        public_key.verify(data[-_SIGNATURE_BYTES:], _TO_BE_SIGNED + carried)
    except InvalidSignature:
        raise BadSignature("the signature does not fit the message and the key") from None
    return carried[start:]


def _payload_start(carried: bytes) -> int | None:
    """Where the content of one byte string begins that fills all of `carried`, in its shortest form; else None."""
    for size in (1, 2, 3, 5):  # the head: major type 2 and the length, written as an integer is
        length = len(carried) - size
        if length >= 0:
            head = cbor2.dumps(length)
            if len(head) == size and carried[:size] == bytes([head[0] | 0x40]) + head[1:]:
                return size
    return None


def json_dumps(value: object) -> bytes:
    """JSON in UTF-8: sorted keys, no spaces, no NaN. The same value gives the same bytes.

    Raises:
        MalformedMessage: a value that JSON cannot carry.
    """
    try:
        return _WRITER.encode(value).encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        raise MalformedMessage("JSON: a value that JSON cannot carry") from None


def json_loads(data: bytes | str, max_bytes: int = MAX_JSON_BYTES) -> object:
    """Read JSON; duplicate keys, NaN and infinities, lone surrogates and bytes left over are refused.

    Raises:
        MalformedMessage: too long, or one of the above. The text never repeats the content.
    """
    if len(data) > max_bytes:
        raise MalformedMessage(f"JSON: longer than {max_bytes} bytes")
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = cast("object", json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant))
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except MalformedMessage:
        raise
    except (ValueError, RecursionError):
        raise MalformedMessage("JSON: not valid JSON in UTF-8") from None
    return value


def json_object(data: bytes | str, max_bytes: int = MAX_JSON_BYTES) -> dict[str, object]:
    """As `json_loads`; anything but an object is refused."""
    value = json_loads(data, max_bytes)
    if not isinstance(value, dict):
        raise MalformedMessage("JSON: not an object")
    return cast("dict[str, object]", value)


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedMessage("JSON: a key stands twice in one object")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise MalformedMessage("JSON: NaN or an infinity")


def to_base64url(data: bytes) -> str:
    """base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes of unpadded base64url; exactly one spelling is accepted.

    Raises:
        MalformedMessage: another alphabet, padding, or bits left over.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise MalformedMessage("base64url: not valid") from None
    if to_base64url(data) != text:
        raise MalformedMessage("base64url: not in its one spelling")
    return data


class Fields:
    """Typed access to a decoded map or object; every error names the message and the field."""

    def __init__(self, message: str, values: object, names: frozenset[str] | None = None) -> None:
        if not isinstance(values, Mapping):
            raise MalformedMessage(f"{message}: not a map")
        self._message = message
        self._values = cast("Mapping[str, object]", values)
        if names is not None and frozenset(self._values) != names:
            raise MalformedMessage(f"{message}: fields missing or unknown")

    def fail(self, name: str, what: str) -> NoReturn:
        raise MalformedMessage(f"{self._message}: {name} {what}")

    def text(self, name: str, max_chars: int) -> str:
        value = self._values.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= max_chars:
            self.fail(name, f"is not text of 1 to {max_chars} characters")
        return value

    def integer(self, name: str, low: int = 0, high: int = 2**63 - 1) -> int:
        value = self._values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.fail(name, f"is not an integer from {low} to {high}")
        return value

    def binary(self, name: str, low: int, high: int | None = None) -> bytes:
        value = self._values.get(name)
        high = low if high is None else high
        if not isinstance(value, bytes) or not low <= len(value) <= high:
            self.fail(name, f"is not {low} to {high} bytes")
        return value

    def base64(self, name: str, low: int, high: int | None = None) -> bytes:
        high = low if high is None else high
        value = from_base64url(self.text(name, high * 2 + 4))
        if not low <= len(value) <= high:
            self.fail(name, f"is not {low} to {high} bytes")
        return value

    def array(self, name: str, low: int, high: int) -> list[object]:
        value = self._values.get(name)
        if not isinstance(value, list) or not low <= len(cast("list[object]", value)) <= high:
            self.fail(name, f"is not a list of {low} to {high}")
        return cast("list[object]", value)

    def texts(self, name: str, low: int, high: int, max_chars: int) -> tuple[str, ...]:
        found: list[str] = []
        for value in self.array(name, low, high):
            if not isinstance(value, str) or not 0 < len(value) <= max_chars:
                self.fail(name, f"holds something that is not text of 1 to {max_chars} characters")
            found.append(value)
        return tuple(found)

    def text_map(self, name: str, max_entries: int, max_chars: int) -> dict[str, str]:
        value = self._values.get(name)
        if not isinstance(value, Mapping) or len(cast("Mapping[str, object]", value)) > max_entries:
            self.fail(name, f"is not a map of at most {max_entries}")
        found: dict[str, str] = {}
        for key, text in cast("Mapping[str, object]", value).items():
            if not isinstance(text, str) or len(text) > max_chars or len(key) > max_chars:
                self.fail(name, "holds something that is not short text")
            found[key] = text
        return found
