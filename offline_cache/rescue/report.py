"""Telling the city that an epoch was set aside, and later that a technician has looked: entries like any other.

`{"kind": "alarm", "schema": 1, "state": "raised" | "seen", "code", "device", "epoch", "epoch_number", "at_ms",
"found": {"in_line", "loose", "missing"}}`. So it reaches the gateway once, in order, whenever the network is there.
Each is recorded once: the table `rescued` says which.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from offline_cache.outbox import Outbox
from offline_cache.rescue.salvage import SetAside, listing, mark_told

ALARM = "alarm"


def unsent(state_dir: Path) -> int:
    """How many entries of epochs that were set aside the gateway may not have; one where nobody has counted yet.

    Raises:
        StorageFailed.
    """
    waiting = [aside.found for aside in listing(state_dir) if not aside.done]
    return sum(1 if found is None else found.in_line + found.loose for found in waiting)


def report(aside: SetAside, writer: Callable[[], Outbox]) -> None:
    """Record what is not yet told of an epoch that was set aside.

    Raises:
        StorageFailed, StorageDamaged, OutboxFull: tried again at the next call.
    """
    states = ("raised", "seen") if aside.seen else ("raised",)
    wanted = [state for state in states if state not in aside.told]
    if aside.found is None or not wanted:
        return
    with writer() as outbox:
        for state in wanted:
            _record(outbox, aside, state)
    mark_told(aside, states)


def _record(outbox: Outbox, aside: SetAside, state: str) -> None:
    why, found = aside.why, aside.found
    place = (why.epoch, 0, f"{ALARM} {state}")
    with outbox.tables.reading("looking what was told") as connection:
        query = "select 1 from rescued where epoch = ? and seq = ? and id = ?"
        if connection.execute(query, place).fetchone() is not None:
            return
    document: dict[str, object] = {
        "kind": ALARM,
        "schema": 1,
        "state": state,
        "code": why.reason,
        "device": why.device,
        "epoch": why.epoch,
        "epoch_number": why.epoch_number,
        "at_ms": why.at_ms,
        "found": None if found is None else asdict(found),
    }

    def note(inside: sqlite3.Connection) -> None:
        inside.execute("insert into rescued values (?, ?, ?)", place)

    outbox.append(lambda _seq, _id: document, note)
