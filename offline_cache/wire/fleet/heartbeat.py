"""Heartbeats and orders between a terminal and its gateway: `POST /v1/heartbeat`, mutual TLS.

Up: COSE_Sign1 by the terminal's key over a deterministic CBOR map: terminal, at_ms, boot, gauges (name -> integer),
facts (name -> short text), faults (codes) and done (what became of orders). Down: COSE_Sign1 by the gateway's key:
terminal, now_ms, every_s, orders. Each order is itself a COSE_Sign1 of the gateway, so that it can be kept as proof.
Integers and codes only; nothing of a citizen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from offline_cache.errors import MalformedMessage
from offline_cache.wire.encoding import Fields, decode_cbor, encode_cbor

MAX_HEARTBEAT_BYTES = 8 * 1024
MAX_ANSWER_BYTES = 32 * 1024
MAX_ORDERS = 16
EVERY_S = 60
"""Seconds between two heartbeats, unless the gateway says otherwise."""

GAUGES: Mapping[str, tuple[str, int, int]] = {
    "outbox_pending": ("Entries that the gateway has not confirmed", 0, 2**40),
    "outbox_oldest_age_s": ("Age of the oldest of them", 0, 2**40),
    "outbox_bytes": ("Size of the outbox on disk", 0, 2**50),
    "outbox_parked": ("Entries that an office rejected", 0, 2**40),
    "certificate_days": ("Days until the terminal's certificate ends; negative: it has ended", -4000, 4000),
    "clock_offset_ms": ("The terminal's clock less the gateway's, at the last answer", -(2**50), 2**50),
    "app_up": ("1: the touchscreen program tells how it is", 0, 1),
    "out_of_service": ("1: a technician closed the terminal to citizens", 0, 1),
    "reader_up": ("1: the card reader is there", 0, 1),
    "printer_up": ("1: the receipt printer answers and can print", 0, 1),
    "cover_open": ("1: the printer's cover is open", 0, 1),
    "paper_level": ("0: out, 1: near its end, 2: enough", 0, 2),
    "roll_left_mm": ("Paper left on the roll, an estimate", 0, 1_000_000),
    "card_reads_total": ("Cards that were read since the program started", 0, 2**40),
    "card_read_failures_total": ("Cards that could not be read since then", 0, 2**40),
    "disk_free_mb": ("Room on the disk of the state folder", 0, 2**40),
    "disk_wear_percent": ("Used life of the flash disk, where it tells", 0, 110),
    "memory_free_mb": ("Memory that programs can still have", 0, 2**40),
    "temperature_celsius": ("The hottest sensor", -60, 200),
    "uptime_s": ("Seconds since the machine was started", 0, 2**40),
    "catalogue_age_s": ("Seconds since the catalogue last changed on this disk", 0, 2**40),
}
"""Name -> what it says, lowest, highest. A gauge that cannot be measured is left out."""
FACTS = ("version", "slot", "catalogue", "configuration", "sync", "package")
"""Texts with few values: the program's version, the image's slot, versions in use, the sync service's state, and the
number of the newest release that was dealt with."""
PARTS_FILE = "parts.json"
"""In the state folder: the gauges that the touchscreen program measures. It writes them, a heartbeat sends them."""
PARTS_ALIVE_MS = 60_000
"""So often it is touched, changed or not: one that is much older says that the program is down."""
KINDS = ("restart", "reboot", "refresh", "stage-update", "support-bundle")
"""All that a gateway can order. There is no remote shell."""

_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ID = re.compile(r"[0-9a-f]{32}")
_UP = frozenset(["terminal", "at_ms", "boot", "gauges", "facts", "faults", "done"])
_DOWN = frozenset(["terminal", "now_ms", "every_s", "orders"])
_ORDER = frozenset(["id", "terminal", "kind", "issued_ms", "expires_ms"])


@dataclass(frozen=True)
class Heartbeat:
    """How a terminal is, now."""

    terminal: str
    at_ms: int
    """The terminal's own clock."""
    boot: str
    gauges: Mapping[str, int]
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    faults: tuple[str, ...] = ()
    """Codes of what stands in the way, such as `seq-conflict`."""
    done: Mapping[str, str] = field(default_factory=dict[str, str])
    """Order id -> outcome: `done`, or the code of why not."""


@dataclass(frozen=True)
class Order:
    """One thing to do, once, before `expires_ms` by the gateway's clock."""

    id: str
    """32 hexadecimal digits."""
    terminal: str
    kind: str
    issued_ms: int
    expires_ms: int


@dataclass(frozen=True)
class Pulse:
    """The gateway's answer to a heartbeat."""

    terminal: str
    now_ms: int
    """The gateway's clock: orders expire by it."""
    every_s: int
    orders: tuple[bytes, ...] = ()
    """Signed, each by itself."""


def encode_heartbeat(beat: Heartbeat) -> bytes:
    """The payload that the terminal signs."""
    return encode_cbor(
        {
            "terminal": beat.terminal,
            "at_ms": beat.at_ms,
            "boot": beat.boot,
            "gauges": dict(beat.gauges),
            "facts": dict(beat.facts),
            "faults": list(beat.faults),
            "done": dict(beat.done),
        }
    )


def decode_heartbeat(data: bytes) -> Heartbeat:
    """Read a heartbeat. A gauge or fact with an unknown name is passed over: terminals may be newer than the gateway.

    Raises:
        MalformedMessage: naming the field.
    """
    values = decode_cbor(data, MAX_HEARTBEAT_BYTES)
    fields = Fields("heartbeat", values, _UP)
    given = cast("Mapping[str, object]", values)["gauges"]
    if not isinstance(given, dict) or len(cast("dict[str, object]", given)) > 100:
        fields.fail("gauges", "is not a map of at most 100")
    gauges: dict[str, int] = {}
    for name, value in cast("dict[str, object]", given).items():
        if name in GAUGES:
            _, low, high = GAUGES[name]
            if type(value) is not int or not low <= value <= high:
                fields.fail("gauges", f"{name} is not an integer from {low} to {high}")
            gauges[name] = value
    faults = fields.texts("faults", 0, 32, 64)
    done = fields.text_map("done", MAX_ORDERS, 64)
    if not all(_CODE.fullmatch(code) for code in (*faults, *done.values())) or not all(map(_ID.fullmatch, done)):
        fields.fail("faults", "or done holds something that is not a code")
    facts = {name: text for name, text in fields.text_map("facts", 32, 64).items() if name in FACTS}
    return Heartbeat(
        fields.text("terminal", 64), fields.integer("at_ms"), fields.text("boot", 64), gauges, facts, faults, done
    )


def encode_order(order: Order) -> bytes:
    """The payload that the gateway signs."""
    return encode_cbor({name: getattr(order, name) for name in _ORDER})


def decode_order(data: bytes) -> Order:
    """Read an order. Raises `MalformedMessage`; a kind that is not on the short list is malformed."""
    fields = Fields("order", decode_cbor(data, MAX_HEARTBEAT_BYTES), _ORDER)
    order = Order(
        fields.text("id", 32),
        fields.text("terminal", 64),
        fields.text("kind", 32),
        fields.integer("issued_ms"),
        fields.integer("expires_ms"),
    )
    if _ID.fullmatch(order.id) is None or order.kind not in KINDS:
        raise MalformedMessage("order: id or kind is none that is known")
    return order


def encode_pulse(pulse: Pulse) -> bytes:
    """The payload that the gateway signs."""
    return encode_cbor(
        {
            "terminal": pulse.terminal,
            "now_ms": pulse.now_ms,
            "every_s": pulse.every_s,
            "orders": list(pulse.orders),
        }
    )


def decode_pulse(data: bytes) -> Pulse:
    """Read the answer. Raises `MalformedMessage`."""
    fields = Fields("pulse", decode_cbor(data, MAX_ANSWER_BYTES), _DOWN)
    orders = fields.array("orders", 0, MAX_ORDERS)
    if not all(isinstance(one, bytes) for one in orders):
        fields.fail("orders", "holds something that is not bytes")
    return Pulse(
        fields.text("terminal", 64),
        fields.integer("now_ms"),
        fields.integer("every_s", 1, 86_400),
        tuple(cast("list[bytes]", orders)),
    )
