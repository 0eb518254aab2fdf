"""What offices made of a terminal's entries: `GET /v1/verdicts?after=POSITION`, mutual TLS.

The answer is COSE_Sign1 by the gateway's signing key over a deterministic CBOR map: terminal, next, more (0 or 1) and
verdicts, each an array of position, epoch, seq, id, verdict, reason, agency, at_ms and, only where there is one, a map
of short texts: what came of it (a ticket, a time). A terminal asks again with `after`
= `next` while `more` is 1, and later from there on; positions grow and are never given twice. The last verdict on an
entry counts: an office may think again. Codes only, no holder data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from offline_cache.errors import MalformedMessage
from offline_cache.wire.encoding import Fields, decode_cbor, encode_cbor

MAX_VERDICTS = 500
MAX_VERDICT_BYTES = 256 * 1024
WORDS = ("accepted", "rejected")

_NAMES = frozenset(["terminal", "next", "more", "verdicts"])
MAX_RESULT = 16
MAX_RESULT_CHARS = 200
_ITEM = ("position", "epoch", "seq", "id", "verdict", "reason", "agency", "at_ms")
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""The form of a reason and of an agency."""


@dataclass(frozen=True)
class EntryVerdict:
    """One verdict. `rejected` parks the entry with its reason; `accepted` takes it out again."""

    position: int
    epoch: str
    seq: int
    id: str
    verdict: str
    reason: str
    """A code; empty for `accepted`."""
    agency: str
    at_ms: int
    result: Mapping[str, str] = field(default_factory=dict[str, str])
    """What came of it, for a citizen who waits: a ticket, a time. No holder data."""


@dataclass(frozen=True)
class VerdictPage:
    """The verdicts behind a position, in order."""

    terminal: str
    next: int
    """What to ask `after` next time."""
    more: bool
    verdicts: tuple[EntryVerdict, ...]


def encode_verdicts(page: VerdictPage) -> bytes:
    """The payload that the gateway signs with `sign1`."""
    return encode_cbor(
        {
            "terminal": page.terminal,
            "next": page.next,
            "more": int(page.more),
            "verdicts": [_encode(item) for item in page.verdicts],
        }
    )


def _encode(item: EntryVerdict) -> list[object]:
    said: list[object] = [item.position, item.epoch, item.seq, item.id, item.verdict, item.reason, item.agency]
    return [*said, item.at_ms, dict(item.result)] if item.result else [*said, item.at_ms]


def decode_verdicts(data: bytes) -> VerdictPage:
    """Read a page of verdicts.

    Raises:
        MalformedMessage: naming the field.
    """
    fields = Fields("verdicts", decode_cbor(data, MAX_VERDICT_BYTES), _NAMES)
    verdicts = tuple(_decode(value) for value in fields.array("verdicts", 0, MAX_VERDICTS))
    positions = [item.position for item in verdicts]
    last = fields.integer("next")
    if positions != sorted(set(positions)) or (positions and positions[-1] != last):
        fields.fail("verdicts", "are not in order up to next")
    more = fields.integer("more", 0, 1) == 1
    if more and not verdicts:
        fields.fail("more", "is said of nothing")
    return VerdictPage(fields.text("terminal", 64), last, more, verdicts)


def _decode(value: object) -> EntryVerdict:
    if not isinstance(value, list) or len(cast("list[object]", value)) not in (len(_ITEM), len(_ITEM) + 1):
        raise MalformedMessage("verdict: not a list of eight or nine")
    given = cast("list[object]", value)
    held = dict(zip((*_ITEM, "result")[: len(given)], given, strict=True))
    fields = Fields("verdict", held)
    word = fields.text("verdict", 16)
    if word not in WORDS:
        fields.fail("verdict", "is neither accepted nor rejected")
    reason = held["reason"] if held["reason"] == "" else fields.text("reason", 64)
    agency = fields.text("agency", 64)
    if CODE.fullmatch(agency) is None or (CODE.fullmatch(str(reason)) is None) != (word == "accepted"):
        fields.fail("reason", "or agency is not a code, or is missing")
    return EntryVerdict(
        position=fields.integer("position", 1),
        epoch=fields.text("epoch", 64),
        seq=fields.integer("seq", 1),
        id=fields.text("id", 64),
        verdict=word,
        reason=str(reason),
        agency=agency,
        at_ms=fields.integer("at_ms"),
        result=fields.text_map("result", MAX_RESULT, MAX_RESULT_CHARS) if "result" in held else {},
    )
