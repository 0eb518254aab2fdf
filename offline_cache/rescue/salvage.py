"""An outbox file that cannot go on is set aside, whole; what is readable and unsent in it is kept for sending.

STATE/set-aside/NNNN/ holds one epoch: the files as they were (evidence, never deleted), `reason.json`, and
`recovered.db`, an outbox of the same epoch with the unsent rows that still follow each other without a gap. Rows behind
a gap are in its table `loose`; `resend` brings both to the gateway. Everything here runs under `files.folder_lock`, and
may be cut off at any moment: the next opener goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from offline_cache.disk.files import folder_lock, move_noticed, read_limited, sync_folder, write_atomic
from offline_cache.disk.schema import SqliteErrors, brought_up_to_date, connect, mapped, migrate
from offline_cache.errors import CacheError, MalformedMessage, StorageFailed
from offline_cache.messages import Row, genesis, json_dumps, json_object, next_chain
from offline_cache.rescue import pages
from offline_cache.wire.encoding import Fields

SET_ASIDE = "set-aside"
RECOVERED_FILE = "recovered.db"
_OUTBOX_FILE = "outbox.db"
_REASON_FILE = "reason.json"
_FOUND_FILE = "found.json"
_DONE_FILE = "done.json"
_SEEN_FILE = "seen.json"
_TOLD_FILE = "told.json"
_HASH = 32
_MOST_MISSES = 2_000
"""Numbers in a row without a readable entry, after which the end is taken to be reached."""
_ENTRY = "seq, id, created_ms, boot_id, mono_ms, key_id, body, chain"
_FITS = (int, str, int, str, int, str, bytes, bytes)


@dataclass(frozen=True)
class Reason:
    """Why and when an epoch was set aside. `epoch_number` counts from 1."""

    reason: str
    epoch: str
    epoch_number: int
    device: str
    at_ms: int


@dataclass(frozen=True)
class Found:
    """What was readable: unsent entries in one line, unsent entries behind a gap, numbers without an entry."""

    in_line: int
    loose: int
    missing: int


@dataclass(frozen=True)
class SetAside:
    """One epoch that was set aside. `done`: everything readable has reached the gateway or the present epoch."""

    folder: Path
    why: Reason
    found: Found | None
    done: bool
    seen: bool = False
    """A technician has looked (`acknowledge`); until then it is an alarm."""
    told: tuple[str, ...] = ()
    """What the present epoch has recorded of it for the gateway: `raised`, `seen` (`report`)."""


def listing(state_dir: Path) -> tuple[SetAside, ...]:
    """Every epoch that was set aside, oldest first. A folder whose notes cannot be read is left out.

    Raises:
        StorageFailed.
    """
    made: list[SetAside] = []
    for folder in sorted((state_dir / SET_ASIDE).glob("[0-9]*")):
        why = _read(folder / _REASON_FILE, {"reason": str, "epoch": str, "device": str})
        if why is None:
            continue
        found = _read(folder / _FOUND_FILE, {})
        reason = Reason(
            str(why["reason"]), str(why["epoch"]), _whole(why, "epoch_number"), str(why["device"]), _whole(why, "at_ms")
        )
        figures = None
        if found is not None:
            figures = Found(_whole(found, "in_line"), _whole(found, "loose"), _whole(found, "missing"))
        done, seen = (folder / _DONE_FILE).exists(), (folder / _SEEN_FILE).exists()
        told = _read(folder / _TOLD_FILE, {}) or {}
        made.append(SetAside(folder, reason, figures, done, seen, tuple(told)))
    return tuple(made)


def alarm(state_dir: Path) -> str | None:
    """The failure code of the oldest epoch that was set aside and that no technician has looked at, or None.

    Raises:
        StorageFailed.
    """
    if not (state_dir / SET_ASIDE).exists():
        return None
    return next((aside.why.reason for aside in listing(state_dir) if not aside.seen), None)


def acknowledge(state_dir: Path, at_ms: int) -> tuple[SetAside, ...]:
    """A technician has looked: note it with every open alarm; returns those. Nothing is deleted.

    Raises:
        StorageFailed.
    """
    with folder_lock(state_dir):
        unseen = tuple(aside for aside in listing(state_dir) if not aside.seen)
        for aside in unseen:
            write_atomic(aside.folder / _SEEN_FILE, json_dumps({"at_ms": at_ms}))
    return unseen


def _read(path: Path, texts: dict[str, type]) -> dict[str, object] | None:
    raw = read_limited(path, 4096)
    if raw is None:
        return None
    try:
        value = json_object(raw)
        for name in texts:
            Fields(path.name, value).text(name, 64)
    except MalformedMessage:
        return None
    return value


def _whole(value: dict[str, object], name: str) -> int:
    found = value.get(name)
    return found if isinstance(found, int) else 0


def mark_done(aside: SetAside, at_ms: int) -> None:
    """Note that everything readable has been sent.

    Raises:
        StorageFailed.
    """
    write_atomic(aside.folder / _DONE_FILE, json_dumps({"at_ms": at_ms}))


def mark_told(aside: SetAside, states: tuple[str, ...]) -> None:
    """Note what was recorded of it for the gateway.

    Raises:
        StorageFailed.
    """
    write_atomic(aside.folder / _TOLD_FILE, json_dumps(dict.fromkeys(states, 1)))


# --- setting aside --------------------------------------------------------------------------------------------------


def set_aside(state_dir: Path, why: Reason) -> None:
    """Move the outbox files away, and recover what is readable. Call under `files.folder_lock`.

    Raises:
        StorageFailed: the disk refused; the next call goes on.
    """
    folder = state_dir / SET_ASIDE / f"{why.epoch_number:04d}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        sync_folder(state_dir)
        sync_folder(folder.parent)
    except OSError as error:
        raise StorageFailed(f"the folder for what is set aside cannot be made: {error.strerror}") from error
    write_atomic(folder / _REASON_FILE, json_dumps(asdict(why)))
    finish(state_dir, why.epoch)


def finish(state_dir: Path, epoch: str) -> None:
    """Go on with what a power cut interrupted, if anything. `epoch` is the last one that was minted.

    Raises:
        StorageFailed: the disk refused; the next call goes on.
    """
    for aside in listing(state_dir):
        if aside.found is None:
            if aside.why.epoch == epoch:
                _move(state_dir, aside.folder)
        elif aside.done or not _spoiled(aside.folder / RECOVERED_FILE):
            continue
        figures = _recover(aside.folder, aside.why)
        write_atomic(aside.folder / _FOUND_FILE, json_dumps(asdict(figures)))


def _spoiled(path: Path) -> bool:
    """Whether what was recovered was damaged in its turn: then it is recovered once more, from the files beside it."""
    return path.exists() and not brought_up_to_date(path)


def _move(state_dir: Path, folder: Path) -> None:
    """Rename the files. A write transaction keeps other processes from committing into a file that is being moved.

    The database goes first: without it nobody opens what is left, whereas a database that was opened without its WAL
    would begin another one, and what stood in the first would be gone.
    """
    source = state_dir / _OUTBOX_FILE
    with contextlib.ExitStack() as closing:
        if source.exists():
            with contextlib.suppress(
                CacheError, *SqliteErrors
            ):  # too damaged to be locked is too damaged to be written
                connection = connect(source)
                closing.callback(connection.close)
                connection.execute("begin immediate")
        try:
            for name in (_OUTBOX_FILE, f"{_OUTBOX_FILE}-wal", f"{_OUTBOX_FILE}-shm"):
                with contextlib.suppress(FileNotFoundError):
                    move_noticed(state_dir / name, folder / name)
            sync_folder(folder)
            sync_folder(state_dir)
        except OSError as error:
            raise StorageFailed(f"the outbox could not be set aside: {error.strerror}") from error


# --- recovering -----------------------------------------------------------------------------------------------------


def _recover(folder: Path, why: Reason) -> Found:
    rows, keys, cursor, meta = _readable(folder / _OUTBOX_FILE)
    start = acked, chain = _start(rows, cursor, genesis(why.device, why.epoch))
    unsent = [row for row in rows if row.seq > acked]
    in_line: list[Row] = []
    known_keys = {key[0] for key in keys}
    for row in unsent:
        follows = row.seq == acked + 1 + len(in_line) and next_chain(chain, row) == row.chain
        if not follows or row.key_id not in known_keys:
            break
        chain = row.chain
        in_line.append(row)
    loose = unsent[len(in_line) :]
    missing = max((row.seq for row in unsent), default=acked) - acked - len({row.seq for row in unsent})
    if unsent:
        _write_recovered(folder, why, start, meta, keys, (in_line, loose))
    else:
        (folder / RECOVERED_FILE).unlink(missing_ok=True)
    return Found(len(in_line), len(loose), missing)


def _start(rows: list[Row], cursor: tuple[int, int, bytes] | None, first: bytes) -> tuple[int, bytes]:
    """The last confirmed seq and its chain value, as far as it can be known."""
    chains = {row.seq: row.chain for row in rows}
    if cursor is not None:
        acked, purged_seq, purged_chain = cursor
        if acked == purged_seq:
            return acked, purged_chain
        if acked in chains:
            return acked, chains[acked]
        return acked, b""  # nothing can follow it without a gap: every unsent row is loose
    if not rows or rows[0].seq == 1:
        return 0, first
    return rows[0].seq - 1, b""


_Readable = tuple[list[Row], list[tuple[object, ...]], "tuple[int, int, bytes] | None", "tuple[object, ...] | None"]


def _readable(path: Path) -> _Readable:
    by_query = _queried(path)
    if by_query is not None and by_query[0]:
        return by_query
    try:
        by_page = _paged(path)  # the schema, on the first page, may be all that is damaged
    except OSError:
        return [], [], None, None
    return by_page if by_query is None or by_page[0] else by_query


def _paged(path: Path) -> _Readable:
    """What stands on pages that are whole, by the shape of the records (`schema`)."""
    rows: dict[int, Row] = {}
    keys: dict[object, tuple[object, ...]] = {}
    cursor: tuple[int, int, bytes] | None = None
    meta: tuple[object, ...] | None = None
    for rowid, record in pages.records(path):
        match record:
            case [None, str(), int(), str(), int(), str(), bytes(), bytes(chain)] if rowid and len(chain) == _HASH:
                row = _row((rowid, *record[1:]))
                if row is not None:
                    rows.setdefault(rowid, row)
            case [str(key_id), bytes(), str()] if rowid is None:
                keys.setdefault(key_id, tuple(record))
            case [None, int(acked), bytes() | None, int(purged), bytes(chain), *_] if len(chain) == _HASH:
                cursor = acked, purged, chain
            case [None, str(), str() | None, str(), int(), str() | None, bytes() | None]:
                meta = (record[2], record[5], record[6])
            case _:
                continue
    return [rows[seq] for seq in sorted(rows)], list(keys.values()), cursor, meta


def _queried(path: Path) -> _Readable | None:
    try:
        connection = connect(path)
    except CacheError:
        return None
    try:
        rows = list(_rows(connection))
        keys = _try(connection, "select key_id, enc, gateway_key_id from key")
        cursor = _try(connection, "select acked_seq, purged_seq, purged_chain from cursor")
        meta = _try(connection, "select terminal_id, gateway_key_id, gateway_key from meta")
        return rows, keys, _cursor(cursor), meta[0] if meta else None
    finally:
        connection.close()


def _cursor(found: list[tuple[object, ...]]) -> tuple[int, int, bytes] | None:
    match found:
        case [(int(acked), int(purged_seq), bytes(purged_chain))]:
            return acked, purged_seq, purged_chain
        case _:
            return None


def _try(connection: sqlite3.Connection, query: str, *values: object) -> list[tuple[object, ...]]:
    """What a query gives before it meets damage."""
    found: list[tuple[object, ...]] = []
    with contextlib.suppress(*SqliteErrors):  # damage is why we are here
        found.extend(connection.execute(query, values))
    return found


def _rows(connection: sqlite3.Connection) -> Iterator[Row]:
    """Every entry that can be read, in order: in one go until damage is met, then one by one."""
    last = 0
    for values in _try(connection, f"select {_ENTRY} from entry order by seq"):  # noqa: S608 - a constant
        row = _row(values)
        if row is not None and row.seq > last:
            last = row.seq
            yield row
    highest = _try(connection, "select max(seq) from entry")
    end = highest[0][0] if highest and isinstance(highest[0][0], int) else None
    misses = 0
    while misses < _MOST_MISSES and (end is None or last < end):
        last += 1
        found = _try(connection, f"select {_ENTRY} from entry where seq = ?", last)  # noqa: S608 - a constant
        row = _row(found[0]) if found else None
        misses = 0 if row is not None else misses + 1
        if row is not None:
            yield row


def _row(values: tuple[object, ...]) -> Row | None:
    if len(values) != len(_FITS) or not all(isinstance(value, kind) for value, kind in zip(values, _FITS, strict=True)):
        return None
    return Row(*values)  # pyright: ignore[reportArgumentType]


def _write_recovered(
    folder: Path,
    why: Reason,
    start: tuple[int, bytes],
    meta: tuple[object, ...] | None,
    keys: list[tuple[object, ...]],
    rows: tuple[list[Row], list[Row]],
) -> None:
    part = folder / f"{RECOVERED_FILE}.part"
    for leftover in (*folder.glob(f"{RECOVERED_FILE}.part*"), *folder.glob(f"{RECOVERED_FILE}-*")):
        leftover.unlink()
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = connect(part)
    try:
        migrate(connection)
        connection.execute("begin immediate")
        connection.execute(
            "insert into meta(one, device, epoch, epoch_number, terminal_id, gateway_key_id, gateway_key)"
            " values (1, ?, ?, ?, ?, ?, ?)",
            (why.device, why.epoch, why.epoch_number, *(meta or (None, None, None))),
        )
        acked, chain = start
        connection.execute(
            "insert into cursor(one, acked_seq, purged_seq, purged_chain) values (1, ?, ?, ?)",
            (acked, acked, chain or bytes(32)),
        )
        connection.executemany("insert or ignore into key values (?, ?, ?)", keys)
        connection.execute(f"create table loose({_ENTRY})")
        for table, several in zip(("entry", "loose"), rows, strict=True):
            connection.executemany(
                f"insert into {table} values (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - two constants
                [tuple(getattr(row, name) for name in _ENTRY.split(", ")) for row in several],
            )
        connection.execute("commit")
    except SqliteErrors as error:
        raise mapped(error, "recovering the outbox") from error
    finally:
        connection.close()
    try:
        part.rename(folder / RECOVERED_FILE)
        sync_folder(folder)
    except OSError as error:
        raise StorageFailed(f"{RECOVERED_FILE} could not be written: {error.strerror}") from error
