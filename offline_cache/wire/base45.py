"""Base45 (RFC 9285): bytes as the 45 characters that a QR code packs most tightly."""

from __future__ import annotations

from offline_cache.errors import MalformedMessage

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {char: value for value, char in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    """Two bytes become three characters, a last single byte two."""
    text: list[str] = []
    for i in range(0, len(data), 2):
        pair = data[i : i + 2]
        n = int.from_bytes(pair)
        for _ in range(len(pair) + 1):
            n, digit = divmod(n, 45)
            text.append(ALPHABET[digit])
    return "".join(text)


def decode(text: str) -> bytes:
    """The bytes of `encode`.

    Raises:
        MalformedMessage: another character, another length, or a group beyond its bytes.
    """
    data = bytearray()
    for i in range(0, len(text), 3):
        group = text[i : i + 3]
        if len(group) == 1 or any(char not in _VALUES for char in group):
            raise MalformedMessage("base45: a character or a length that cannot be")
        n = sum(_VALUES[char] * 45**place for place, char in enumerate(group))
        size = len(group) - 1
        if n >= 1 << (8 * size):
            raise MalformedMessage("base45: a group that stands for too large a number")
        data += n.to_bytes(size)
    return bytes(data)
