"""Bringing what was set aside to the gateway: under its old epoch where the gateway takes it, wrapped where it cannot.

Rows are sealed to their place (device, epoch, seq, id), so an entry that the old line cannot take any more, because a
row before it is lost or the gateway holds another row under its number, travels as it is inside a document of the
present epoch: `{"kind": "salvaged", …}`, see `seal.salvaged_row`. Each is wrapped once: the table `rescued` says which.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from offline_cache.disk.schema import SqliteErrors, connect, mapped
from offline_cache.errors import DocumentInvalid
from offline_cache.messages import Row, WrappedKey
from offline_cache.outbox import Outbox
from offline_cache.rescue.report import report
from offline_cache.rescue.salvage import RECOVERED_FILE, SetAside, listing, mark_done
from offline_cache.seal import salvaged_document
from offline_cache.sync import SyncService

_ENTRY = "seq, id, created_ms, boot_id, mono_ms, key_id, body, chain"


def settle(
    state_dir: Path,
    service: Callable[[Outbox], SyncService],
    writer: Callable[[], Outbox],
    now_ms: Callable[[], int],
) -> str | None:
    """Send and wrap what was set aside; returns the code of what is in the way, or None when nothing is left.

    `service` makes the sync service of an old epoch, `writer` opens the present outbox for recording.

    Raises:
        StorageFailed, StorageDamaged, OutboxFull: tried again at the next call.
    """
    for aside in listing(state_dir):
        report(aside, writer)
        if aside.done or aside.found is None:
            continue
        path = aside.folder / RECOVERED_FILE
        if path.exists():
            problem = _settle_one(path, aside, service, writer)
            if problem is not None:
                return problem
        mark_done(aside, now_ms())
    return None


def _settle_one(
    path: Path, aside: SetAside, service: Callable[[Outbox], SyncService], writer: Callable[[], Outbox]
) -> str | None:
    _wrap(path, aside, None, writer)
    with Outbox.open(path) as old:
        if old.last_seq() == 0:
            return None
        line = service(old)
        drained = line.drain_once()
    if line.stopped is None or line.stopped.reason not in {"seq-conflict", "seq-gap"}:
        return drained.problem
    _wrap(path, aside, max(drained.acked_through + 1, line.stopped.seq or 0), writer)
    return None


def wrap_loose(state_dir: Path, writer: Callable[[], Outbox]) -> None:
    """Record the rows behind a gap in the present epoch, and what happened, without a network.

    Raises:
        StorageFailed, StorageDamaged, OutboxFull.
    """
    for aside in listing(state_dir):
        report(aside, writer)
        path = aside.folder / RECOVERED_FILE
        if not aside.done and aside.found is not None and path.exists():
            _wrap(path, aside, None, writer)


def _wrap(path: Path, aside: SetAside, cut: int | None, writer: Callable[[], Outbox]) -> None:
    """Record the rows that the old line cannot take in the present epoch."""
    try:
        with closing(connect(path)) as connection:
            loose = connection.execute(
                f"select {_ENTRY} from loose union all select {_ENTRY} from entry where seq >= ? order by 1",  # noqa: S608
                (2**63 - 1 if cut is None else cut,),
            ).fetchall()
            keys = {str(key[0]): WrappedKey(*key) for key in connection.execute("select * from key")}
    except SqliteErrors as error:
        raise mapped(error, "reading what was recovered") from error
    if not loose:
        return
    with writer() as outbox:
        for values in loose:
            _wrap_row(outbox, Row(*values), aside, keys)


def _wrap_row(outbox: Outbox, row: Row, aside: SetAside, keys: dict[str, WrappedKey]) -> None:
    why = aside.why
    with outbox.tables.reading("looking what was rescued") as connection:
        known = connection.execute(
            "select 1 from rescued where epoch = ? and seq = ? and id = ?", (why.epoch, row.seq, row.id)
        ).fetchone()
    if known is not None:
        return
    document = salvaged_document(row, keys.get(row.key_id), why.device, why.epoch, why.reason)

    def note(inside: sqlite3.Connection) -> None:
        inside.execute("insert into rescued values (?, ?, ?)", (why.epoch, row.seq, row.id))

    try:
        outbox.append(lambda _seq, _id: document, note)
    except DocumentInvalid:
        return  # close to the largest size: it stays in the folder, for a person
