"""Which reader has which role: the citizen's slot, and the technician's.

PC/SC puts numbers behind a reader's name, which change with the port; a role is given by the name, with or without
them. The slot of a technician is never taken for the citizen's, whatever order PC/SC lists them in. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """What a reader is there for."""

    CITIZEN = "citizen"
    """The slot at the front. A card in it begins a visit."""
    TECHNICIAN = "technician"
    """The slot behind the lock. A card in it opens maintenance, and is never served as a citizen's."""
    SPARE = "spare"


Interface = Literal["contact", "contactless"]


def matching(names: Sequence[str], wanted: str) -> str | None:
    """Return the reader with this name, with or without the numbers behind it; None: there is none."""
    if wanted in names:
        return wanted
    return next((name for name in names if re.fullmatch(re.escape(wanted) + r"( [0-9A-Fa-f]{2}){1,2}", name)), None)


def front(names: Sequence[str], citizen: str = "", technician: str = "") -> str | None:
    """Return the citizen's reader. An empty citizen name takes the first reader that is not the technician's."""
    behind = matching(names, technician) if technician else None
    rest = [name for name in names if name != behind]
    return matching(rest, citizen) if citizen else next(iter(rest), None)


def roles(names: Sequence[str], citizen: str = "", technician: str = "") -> dict[str, Role]:
    """Return the role of each reader, as `front` tells."""
    behind = matching(names, technician) if technician else None
    first = front(names, citizen, technician)
    return {
        name: Role.TECHNICIAN if name == behind else Role.CITIZEN if name == first else Role.SPARE for name in names
    }


def interface(name: str, atr: bytes = b"") -> Interface:
    """Say whether a reader works through contacts or a field.

    By its name where that tells (`PICC`, `CL`, `contactless`), else by the ATR that PC/SC part 3 makes up for
    contactless cards: `3B 8n 80 01`.
    """
    if re.search(r"picc|contactless|\bCL\b|\bNFC\b", name, re.IGNORECASE):
        return "contactless"
    made_up = len(atr) >= 4 and atr[0] == 0x3B and atr[1] >> 4 == 0x8 and atr[2:4] == b"\x80\x01"
    return "contactless" if made_up else "contact"
