"""Points on two 256-bit curves, as PACE needs them: its mapping adds points, which `cryptography` does not offer.

Plain arithmetic, not hardened against somebody who measures time: keys here live for one session with one document.
P-256 is from FIPS 186-4, brainpoolP256r1 from RFC 5639.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.errors import CardProtocolError

BYTES: Final = 32
Point = tuple[int, int] | None
"""A point; None is the one at infinity."""


@dataclass(frozen=True)
class Curve:
    """y² = x³ + ax + b over p, with generator and order."""

    p: int
    a: int
    b: int
    g: tuple[int, int]
    n: int

    def add(self, one: Point, other: Point) -> Point:
        if one is None or other is None:
            return other if one is None else one
        (x1, y1), (x2, y2) = one, other
        if x1 == x2:
            if (y1 + y2) % self.p == 0:
                return None
            slope = (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.p)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.p)
        x3 = (slope * slope - x1 - x2) % self.p
        return x3, (slope * (x1 - x3) - y1) % self.p

    def times(self, factor: int, point: Point) -> Point:
        made: Point = None
        while factor:
            if factor & 1:
                made = self.add(made, point)
            point = self.add(point, point)
            factor >>= 1
        return made

    def decode(self, raw: bytes) -> tuple[int, int]:
        """Read an uncompressed point that lies on the curve. Raises `CardProtocolError`."""
        x, y = int.from_bytes(raw[1 : 1 + BYTES], "big"), int.from_bytes(raw[1 + BYTES :], "big")
        on_curve = x < self.p and y < self.p and (y * y - x * x * x - self.a * x - self.b) % self.p == 0
        if len(raw) != 1 + 2 * BYTES or raw[0] != 0x04 or not on_curve:
            raise CardProtocolError("a key that is no point of its curve")
        return x, y


def encode(point: Point) -> bytes:
    """Write a point uncompressed. Raises `CardProtocolError` for the one at infinity."""
    if point is None:
        raise CardProtocolError("a key exchange that came to nothing")
    return b"\x04" + point[0].to_bytes(BYTES, "big") + point[1].to_bytes(BYTES, "big")


P256: Final = Curve(
    p=0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    a=0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    g=(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
)
BRAINPOOL: Final = Curve(
    p=0xA9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377,
    a=0x7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9,
    b=0x26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6,
    g=(
        0x8BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262,
        0x547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997,
    ),
    n=0xA9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7,
)
