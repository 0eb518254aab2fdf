"""Orders of the gateway on this terminal: believed by their signature, done at most once, answered.

STATE/orders.json remembers each order from before it is begun until it has expired. What was begun when the power went
is answered after the next start: a restart or reboot has then happened, anything else was interrupted and is not
repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from offline_cache.disk.files import read_limited, write_atomic
from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.messages import json_dumps, json_object, verify1
from offline_cache.wire.fleet.heartbeat import MAX_ORDERS, Order, decode_order

ORDERS_FILE = "orders.json"
DONE, INTERRUPTED, EXPIRED = "done", "interrupted", "expired"
_BEGUN = "begun"
_ENDS_THIS_PROCESS = frozenset(["restart", "reboot"])
_MAX_BYTES = 64 * 1024
_DAY_MS = 86_400_000

Hands = Callable[[Order], str]
"""Does an order; returns `done` or the code of why not. For a restart or reboot it may not return."""


class OrderBook:
    """One thread. Raises `StorageFailed` where the file cannot be kept: then nothing is begun."""

    def __init__(self, state_dir: Path, hands: Hands) -> None:
        self._path = state_dir / ORDERS_FILE
        self._hands = hands
        self._held = self._read()
        interrupted = [one for one in self._held.values() if one["outcome"] == _BEGUN]
        for one in interrupted:
            one["outcome"] = DONE if one["kind"] in _ENDS_THIS_PROCESS else INTERRUPTED
        if interrupted:
            self._write()

    def answers(self) -> Mapping[str, str]:
        """Order id -> outcome, of those that the gateway has not been told."""
        waiting = [(name, str(one["outcome"])) for name, one in self._held.items() if not one["told"]]
        return dict(waiting[:MAX_ORDERS])

    def told(self, answers: Mapping[str, str]) -> None:
        """The gateway has these answers."""
        if answers:
            for name in answers:
                self._held[name]["told"] = 1
            self._write()

    def take(self, signed: bytes, terminal: str, signing_key: bytes, now_ms: int) -> str | None:
        """Do an order, unless it was done before; `now_ms` is the gateway's clock. Returns the outcome, None: known.

        Raises:
            BadSignature, MalformedMessage: not an order of this gateway for this terminal. Nothing was done.
        """
        order = decode_order(verify1(signed, signing_key))
        if order.terminal != terminal:
            raise BadSignature("the order is for another terminal")
        if order.id in self._held:
            return None
        late = now_ms >= order.expires_ms
        self._note(order, EXPIRED if late else _BEGUN, now_ms)
        if not late:
            outcome = self._hands(order)
            self._held[order.id]["outcome"] = outcome
            self._write()
            return outcome
        return EXPIRED

    def _note(self, order: Order, outcome: str, now_ms: int) -> None:
        gone = [n for n, one in self._held.items() if one["told"] and cast("int", one["until"]) < now_ms]
        for name in gone:
            del self._held[name]
        # Kept a day longer than it lives: the gateway's clock may be put back.
        until = order.expires_ms + _DAY_MS
        self._held[order.id] = {"kind": order.kind, "outcome": outcome, "until": until, "told": 0}
        self._write()

    def _read(self) -> dict[str, dict[str, object]]:
        raw = read_limited(self._path, _MAX_BYTES)
        if raw is None:
            return {}
        try:
            held = cast("dict[str, dict[str, object]]", json_object(raw, _MAX_BYTES))
            return {
                name: {"kind": str(one["kind"]), "outcome": str(one["outcome"]), "until": int(str(one["until"])),
                       "told": int(str(one["told"]))}
                for name, one in held.items()
            }  # fmt: skip
        except (MalformedMessage, KeyError, TypeError, ValueError):
            return {}  # a file that was damaged: orders live for minutes, and expired ones are not begun

    def _write(self) -> None:
        write_atomic(self._path, json_dumps(self._held))


def refused(error: BadSignature | MalformedMessage) -> str:
    """The fault code of an order that was not believed."""
    return "order-forged" if isinstance(error, BadSignature) else "order-unknown"
