"""One Merkle root for each day of the journal, signed and chained; and the proof that an entry is under it.

A day's head is COSE_Sign1 by the gateway's signing key over deterministic CBOR: kind, number, day, size, root,
`previous` (SHA-256 of the head before it, 32 zero bytes before the first) and `closed_ms`. A published head therefore
fixes all days before it. The leaf of an entry names its case number, place, id and chain value; the chain value fixes
the sealed content, so a leaf tells nothing about a citizen.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.words.city_time import CITY_TIME, city_moment
from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.messages import sign1, verify1
from offline_cache.wire.encoding import Fields, decode_cbor, encode_cbor, from_base64url, to_base64url
from provisioning.gateway.proofs.merkle import inclusion_path, leaf_hash, root_from_path, root_of
from provisioning.gateway.store import JournalLine, SealedDay, Store

_DAY_MS = 86_400_000
_KIND = "kiosk-day-1"
_LEAF_KIND = "kiosk-journal-1"
_HEAD_NAMES = frozenset(["kind", "number", "day", "size", "root", "previous", "closed_ms"])
_LEAF_NAMES = frozenset(["kind", "case", "terminal", "epoch", "seq", "id", "chain", "received_ms"])
_NO_DAY = bytes(32)
_MAX_HEAD_BYTES = 1024


class ProofInvalid(Exception):
    """What was shown proves nothing; the text names the step that failed."""

    code = "proof-invalid"


class NotClosed(Exception):
    """The entry is stored, but its day is still open: the root comes after midnight."""

    code = "day-open"


@dataclass(frozen=True)
class DayHead:
    """What a day's signed head says."""

    number: int
    day: str
    size: int
    root: bytes
    previous: bytes
    closed_ms: int


def case_number(line: JournalLine) -> str:
    """The number on the citizen's receipt."""
    between = "" if line.epoch_number == 1 else f"{line.epoch_number}-"
    return f"{line.terminal}-{between}{line.seq:06d}"


def leaf_bytes(line: JournalLine) -> bytes:
    """The leaf of an entry: deterministic CBOR."""
    return encode_cbor(
        {
            "kind": _LEAF_KIND,
            "case": case_number(line),
            "terminal": line.terminal,
            "epoch": line.epoch,
            "seq": line.seq,
            "id": line.id,
            "chain": line.chain,
            "received_ms": line.received_ms,
        }
    )


def close_days(store: Store, key: Ed25519PrivateKey, now_ms: int) -> int:
    """Close every day of the city's calendar that is over and has entries. Returns how many. Raises `StoreFailed`.

    Rows count where they stand in the order of arrival: a server whose clock differs a little puts its rows under the
    day before or after, never twice and never nowhere.
    """
    closed, today = 0, city_moment(now_ms).date()
    while (oldest_ms := store.oldest_open_ms()) is not None:
        last = store.last_day()
        date = city_moment(oldest_ms).date()
        if last is not None:  # a row of a clock that was put back waits for the next day: no date has two roots
            date = max(date, datetime.date.fromisoformat(last.day) + datetime.timedelta(days=1))
        if date >= today or not store.close_day(_end_ms(date), partial(_sealed, key, date, now_ms)):
            return closed
        closed += 1
    return closed


def _sealed(
    key: Ed25519PrivateKey,
    date: datetime.date,
    now_ms: int,
    last: SealedDay | None,
    lines: Sequence[JournalLine],
) -> SealedDay | None:
    """The day, or None when another process has closed it meanwhile."""
    day = date.isoformat()
    if last is not None and last.day >= day:
        return None
    root = root_of([leaf_hash(leaf_bytes(line)) for line in lines])
    number = 1 if last is None else last.number + 1
    previous = _NO_DAY if last is None else hashlib.sha256(last.signed).digest()
    head = {
        "kind": _KIND,
        "number": number,
        "day": day,
        "size": len(lines),
        "root": root,
        "previous": previous,
        "closed_ms": now_ms,
    }
    after = 0 if last is None else last.through
    signed = sign1(encode_cbor(head), key)
    return SealedDay(number, day, after, lines[-1].position, len(lines), root, signed)


def _end_ms(date: datetime.date) -> int:
    """The end of that day in the city."""
    start = datetime.datetime.combine(date, datetime.time(), CITY_TIME)
    return round(start.timestamp() * 1000) + _DAY_MS


def day_document(day: SealedDay) -> dict[str, object]:
    """A closed day as it is published; everything but `head` is there for reading only."""
    return {
        "number": day.number,
        "day": day.day,
        "size": day.size,
        "root": day.root.hex(),
        "head": to_base64url(day.signed),
    }


def prove(store: Store, line: JournalLine) -> dict[str, object]:
    """The inclusion proof of one entry, JSON.

    Raises:
        NotClosed: its day is still open.
        StoreFailed: the database refused.
    """
    day = store.day_of(line.position)
    if day is None:
        raise NotClosed("this entry's day is still open; its root is made after midnight")
    lines = store.lines(day)
    index = next(place for place, other in enumerate(lines) if other.position == line.position)
    leaves = [leaf_hash(leaf_bytes(other)) for other in lines]
    return {
        "case": case_number(line),
        "leaf": to_base64url(leaf_bytes(line)),
        "index": index,
        "path": [to_base64url(item) for item in inclusion_path(leaves, index)],
        "day": day_document(day),
    }


def read_head(signed: bytes, key: Ed25519PublicKey | bytes) -> DayHead:
    """Check and read a day's head. Raises `ProofInvalid`."""
    try:
        fields = Fields("head", decode_cbor(verify1(signed, key), _MAX_HEAD_BYTES), _HEAD_NAMES)
        if fields.text("kind", 32) != _KIND:
            fields.fail("kind", "is another")
        return DayHead(
            number=fields.integer("number", 1),
            day=fields.text("day", 10),
            size=fields.integer("size", 1),
            root=fields.binary("root", 32),
            previous=fields.binary("previous", 32),
            closed_ms=fields.integer("closed_ms"),
        )
    except (BadSignature, MalformedMessage) as error:
        raise ProofInvalid(f"the day's head: {error}") from None


def verify_proof(
    proof: Mapping[str, object], key: Ed25519PublicKey | bytes, *, root: str = "", case: str = ""
) -> dict[str, object]:
    """Check a proof with the gateway's public signing key; returns what is proved.

    `root` is the published root of that day (hexadecimal), from a newspaper for example; `case` the number on the
    receipt. Both are compared when given.

    Raises:
        ProofInvalid: naming the step.
    """
    try:
        fields = Fields("proof", proof)
        document = Fields("day", proof.get("day"))
        leaf = from_base64url(fields.text("leaf", 2048))
        path = [from_base64url(item) for item in fields.texts("path", 0, 64, 64)]
        index = fields.integer("index")
        head = read_head(from_base64url(document.text("head", 2048)), key)
        entry = Fields("leaf", decode_cbor(leaf, 1024), _LEAF_NAMES)
        if entry.text("kind", 32) != _LEAF_KIND:
            entry.fail("kind", "is another")
        number = entry.text("case", 64)
        received_ms, seq = entry.integer("received_ms"), entry.integer("seq", 1)
        facts = {"terminal": entry.text("terminal", 64), "epoch": entry.text("epoch", 64), "seq": seq}
    except MalformedMessage as error:
        raise ProofInvalid(str(error)) from None
    if root_from_path(leaf_hash(leaf), index, head.size, path) != head.root:
        raise ProofInvalid("the path does not lead to the day's root")
    if root and root.lower() != head.root.hex():
        raise ProofInvalid("the day's root is not the published one")
    if case and case != number:
        raise ProofInvalid("this is the proof of another case")
    return {"case": number, **facts, "received_ms": received_ms, "day": head.day, "root": head.root.hex()}


def find_line(store: Store, *, terminal: str = "", seq: int = 0, epoch: str = "", case: str = "") -> JournalLine | None:
    """An entry by terminal, seq (and epoch), or by its case number. None if there is none, or more than one.

    Without an epoch the terminal's databases with number 1 are looked at.
    """
    epoch_number = 1
    if case:
        parts = case.split("-")
        numbers = parts[1:]
        if len(parts) not in {2, 3} or not all(
            part.isascii() and part.isdigit() and len(part) < 19 for part in numbers
        ):
            return None
        terminal, seq = parts[0], int(numbers[-1])
        epoch_number = int(numbers[0]) if len(numbers) == 2 else 1
    epochs = (epoch,) if epoch else store.epochs(terminal, epoch_number)
    found = [line for each in epochs if (line := store.line(terminal, each, seq)) is not None]
    return found[0] if len(found) == 1 else None
