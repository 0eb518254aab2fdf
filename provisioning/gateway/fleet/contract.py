"""What `/openapi.json` says of the fleet's and the enrolment's operations."""

from __future__ import annotations

from offline_cache.messages import CBOR_TYPE
from offline_cache.wire.fleet.heartbeat import KINDS, MAX_HEARTBEAT_BYTES
from provisioning.gateway.contract import members, operation

_TEXT, _INTEGER, _BYTES = {"type": "string"}, {"type": "integer"}, {"type": "string", "format": "binary"}
_NULLABLE = {"type": ["integer", "null"]}
HEARTBEAT = operation(
    f"How a terminal is: gauges, facts, faults, answers to orders; at most {MAX_HEARTBEAT_BYTES} bytes",
    (CBOR_TYPE, {**_BYTES, "description": "COSE_Sign1 by the gateway's key: terminal, now_ms, every_s, orders"}),
    takes=(CBOR_TYPE, {**_BYTES, "description": "COSE_Sign1 by the terminal's key"}),
    problems="unknown-terminal, terminal-revoked, wrong-terminal, malformed, bad-signature, too-large",
)
METRICS = operation(
    "The fleet for Prometheus; for the operator's token", ("text/plain", _TEXT), problems="operator-required"
)
_CAUSE = members(code=_TEXT, level={"enum": ["stop", "att", "held"]}, next=members(zh=_TEXT, en=_TEXT))
FLEET = operation(
    "Every terminal with what is the matter, who must go first first; for the operator's token",
    (
        "application/json",
        members(
            now_ms=_INTEGER,
            terminals={
                "type": "array",
                "items": members(
                    terminal=_TEXT,
                    level={"enum": ["stop", "att", "held", "ok"]},
                    received_ms=_NULLABLE,
                    gauges={"type": "object", "additionalProperties": _INTEGER},
                    facts={"type": "object", "additionalProperties": _TEXT},
                    causes={"type": "array", "items": _CAUSE},
                ),
            },
            rollouts={
                "type": "array",
                "items": members(what=_TEXT, version=_TEXT, state=_TEXT, wave=_INTEGER, percent=_INTEGER, why=_TEXT),
            },
        ),
    ),
    problems="operator-required",
)
_ORDER = members(
    id=_TEXT,
    terminal=_TEXT,
    kind=_TEXT,
    issued_ms=_INTEGER,
    expires_ms=_INTEGER,
    answered_ms=_INTEGER,
    outcome=_TEXT,
)
ORDERS = operation(
    "The latest orders to a terminal and what became of them; for the operator's token",
    ("application/json", members(orders={"type": "array", "items": _ORDER})),
    problems="operator-required",
)
GIVE_ORDER = operation(
    "Order a terminal to do something, once, within some minutes; the same again while it is open is the same order",
    ("application/json", _ORDER),
    takes=(
        "application/json",
        members(kind={"enum": list(KINDS)}, minutes={"type": "integer", "minimum": 1, "maximum": 1440}),
    ),
    problems="operator-required, malformed, not-found, too-large",
)
