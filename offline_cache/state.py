"""The state folder: the device's identity, its outbox, and what changes when it joins a gateway.

Everything that makes or changes these takes `files.folder_lock`, so that the touchscreen app, the sync service and a
command may start at the same moment.
"""

from __future__ import annotations

import os
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from offline_cache.disk.clock import OutboxClock, SystemClock
from offline_cache.disk.files import PRIVATE, folder_lock, read_limited, write_atomic
from offline_cache.disk.schema import SqliteErrors, connect, mapped, migrate, migrated
from offline_cache.enrolment import Enrolment, is_enrolled, load
from offline_cache.errors import (
    CacheError,
    EnrolmentDamaged,
    MalformedMessage,
    SealBroken,
    StorageDamaged,
    StorageFailed,
)
from offline_cache.messages import WrappedKey, genesis, json_dumps, json_object
from offline_cache.outbox import OUTBOX_FILE, Outbox, Quota
from offline_cache.rescue import salvage
from offline_cache.seal import (
    LOCAL_KEY_ID,
    SealingKey,
    destroy_local_key,
    local_key,
    local_recipient,
    make_local_key,
    unwrap,
)
from offline_cache.wire.encoding import Fields

DEVICE_FILE = "device.json"


@dataclass(frozen=True)
class Device:
    """Minted with the state folder. `epochs`: every outbox database it has had, oldest first."""

    device: str
    epochs: tuple[str, ...]


def device(state_dir: Path) -> Device:
    """The identity of this state folder, minted at the first call.

    Raises:
        StorageFailed, StorageDamaged.
    """
    with folder_lock(state_dir):
        return _device(state_dir)


def open_writer(
    state_dir: Path, *, clock: OutboxClock | None = None, quota: Quota | None = None, synchronous: str = "full"
) -> Outbox:
    """Open the outbox for recording; makes folder, identity, tables and a sealing key as needed.

    Before enrolment rows are sealed to a key in the folder, later to the gateway's. A damaged file is set aside and a
    new epoch begun, so that a citizen can be served; so it is when the damage shows later, in `Outbox.append`.

    Raises:
        StorageUnsafe, StorageFailed, StorageDamaged (the identity, not the outbox), SealBroken.
    """
    clock = clock or SystemClock()

    def opened() -> Outbox:
        outbox = _open_for_recording(state_dir, clock, quota, synchronous)
        outbox.renew = renew
        return outbox

    def renew(error: CacheError) -> Outbox:
        if isinstance(error, StorageDamaged):
            set_aside(state_dir, error.code, clock, _identity(state_dir))
        with folder_lock(state_dir):
            return opened()

    with folder_lock(state_dir):
        before = _identity(state_dir)
        try:
            return opened()
        except StorageDamaged as error:
            _set_aside(state_dir, error.code, clock, before)
            return opened()


def _open_for_recording(state_dir: Path, clock: OutboxClock, quota: Quota | None, synchronous: str) -> Outbox:
    _prepare(state_dir)
    outbox = Outbox.open(state_dir / OUTBOX_FILE, clock=clock, quota=quota, synchronous=synchronous)
    try:
        recipient = outbox.meta().recipient
        if recipient is None:
            recipient = local_recipient(make_local_key(state_dir))
        outbox.use_key(SealingKey(recipient))
    except BaseException:
        outbox.close()
        raise
    return outbox


# --- an outbox that cannot go on --------------------------------------------------------------------------------------


def set_aside(state_dir: Path, reason: str, clock: OutboxClock, seen: tuple[int, int] | None) -> bool:
    """Set the outbox aside and let the next opener begin a new epoch. False if another process has done it already.

    `seen` is `outbox_file(state_dir)` of the file that cannot go on.

    Raises:
        StorageFailed, StorageDamaged (the identity).
    """
    with folder_lock(state_dir):
        return _set_aside(state_dir, reason, clock, seen)


def outbox_file(state_dir: Path) -> tuple[int, int] | None:
    """Names the file that stands as the outbox now."""
    return _identity(state_dir)


def _identity(state_dir: Path) -> tuple[int, int] | None:
    try:
        found = (state_dir / OUTBOX_FILE).stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _set_aside(state_dir: Path, reason: str, clock: OutboxClock, seen: tuple[int, int] | None) -> bool:
    if _identity(state_dir) != seen or seen is None:
        return False
    identity = _device(state_dir)
    if not identity.epochs:
        raise StorageDamaged("the outbox belongs to no epoch of this device")
    why = salvage.Reason(reason, identity.epochs[-1], len(identity.epochs), identity.device, clock.now_ms())
    salvage.set_aside(state_dir, why)
    return True


def open_reader(state_dir: Path, *, clock: OutboxClock | None = None) -> Outbox:
    """Open the outbox for sending, acknowledging and looking; makes an empty one where there is none.

    Raises:
        StorageUnsafe, StorageFailed, StorageDamaged.
    """
    with folder_lock(state_dir):
        _prepare(state_dir)
    return Outbox.open(state_dir / OUTBOX_FILE, clock=clock)


def adopt(state_dir: Path, enrolment: Enrolment) -> None:
    """Make the outbox the gateway's: its name, its key; body keys are wrapped again, the local key is destroyed.

    Rows stay as they are. Safe to repeat; call after `enrol`, and at the start of the sync service.

    Raises:
        EnrolmentDamaged: unsent entries are sealed for another gateway.
        SealBroken: the local key is gone, although rows need it.
        StorageFailed, StorageDamaged.
    """
    with folder_lock(state_dir):
        _prepare(state_dir)
        with Outbox.open(state_dir / OUTBOX_FILE) as outbox:
            meta = outbox.meta()
            private_key = local_key(state_dir)
            if meta.terminal != enrolment.terminal or meta.recipient != enrolment.recipient or private_key is not None:
                _adopt(outbox, enrolment, private_key)
        for aside in salvage.listing(state_dir):
            if not aside.done and (aside.folder / salvage.RECOVERED_FILE).exists():
                with Outbox.open(aside.folder / salvage.RECOVERED_FILE) as outbox:
                    _adopt(outbox, enrolment, private_key)
        if private_key is not None:
            destroy_local_key(state_dir)


def _adopt(outbox: Outbox, enrolment: Enrolment, private_key: X25519PrivateKey | None) -> None:
    with outbox.tables.transaction("adopting the gateway's key") as connection:
        foreign = connection.execute(
            "select count(*) from entry join key using (key_id) where seq > (select acked_seq from cursor)"
            " and gateway_key_id not in (?, ?)",
            (LOCAL_KEY_ID, enrolment.sealing_key_id),
        ).fetchone()[0]
        if foreign:
            raise EnrolmentDamaged(f"{foreign} unsent entries are sealed for another gateway; send them there first")
        local_rows = connection.execute(
            "select key_id, enc, gateway_key_id from key where gateway_key_id = ?", (LOCAL_KEY_ID,)
        ).fetchall()
        for values in local_rows:
            if private_key is None:
                raise SealBroken("the local key is gone, but entries were sealed with it")
            old = WrappedKey(*values)
            new = enrolment.recipient.wrap(old.key_id, unwrap(old, private_key))
            connection.execute(
                "update key set enc = ?, gateway_key_id = ? where key_id = ?", (new.enc, new.gateway_key_id, new.key_id)
            )
        connection.execute(
            "update meta set terminal_id = ?, gateway_key_id = ?, gateway_key = ?",
            (enrolment.terminal, enrolment.sealing_key_id, enrolment.sealing_key),
        )


def _prepare(state_dir: Path) -> None:
    """Tables and the one row of `meta` and `cursor`. Under the folder lock."""
    if (state_dir / salvage.SET_ASIDE).exists():
        identity = _device(state_dir)
        salvage.finish(state_dir, identity.epochs[-1] if identity.epochs else "")
    _make_private(state_dir / OUTBOX_FILE)
    connection = connect(state_dir / OUTBOX_FILE)
    try:
        if not migrated(connection):
            migrate(connection)
        if connection.execute("select 1 from meta").fetchone() is not None:
            return
        identity = _device(state_dir)
        joined = _joined(state_dir)
        epoch = secrets.token_hex(16)
        epochs = (*identity.epochs, epoch)
        _store_device(state_dir, Device(identity.device, epochs))
        connection.execute("begin immediate")
        connection.execute(
            "insert into meta(one, device, epoch, epoch_number, terminal_id, gateway_key_id, gateway_key)"
            " values (1, ?, ?, ?, ?, ?, ?)",
            (identity.device, epoch, len(epochs), *joined),
        )
        connection.execute(
            "insert into cursor(one, acked_seq, purged_seq, purged_chain) values (1, 0, 0, ?)",
            (genesis(identity.device, epoch),),
        )
        connection.execute("commit")
    except SqliteErrors as error:
        raise mapped(error, "preparing the outbox") from error
    finally:
        connection.close()


def _joined(state_dir: Path) -> tuple[str, str, bytes] | tuple[None, None, None]:
    """Terminal, gateway key id and key of the enrolment: a later epoch is sealed to the gateway from its first row."""
    if not is_enrolled(state_dir):
        return None, None, None
    try:
        enrolment = load(state_dir)
    except EnrolmentDamaged:
        return None, None, None  # sealed to the local key until somebody enrols again; `sync` tells the damage
    return enrolment.terminal, enrolment.sealing_key_id, enrolment.sealing_key


def _make_private(path: Path) -> None:
    """Mode 0600 before anything is in it; SQLite gives the same mode to the files beside it."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE))
    except OSError as error:
        raise StorageFailed(f"{path.name} cannot be opened: {error.strerror}") from error


def _device(state_dir: Path) -> Device:
    raw = read_limited(state_dir / DEVICE_FILE, 1024 * 1024)
    if raw is None:
        fresh = Device(str(uuid.uuid4()), ())
        _store_device(state_dir, fresh)
        return fresh
    try:
        fields = Fields(DEVICE_FILE, json_object(raw))
        return Device(fields.text("device", 36), fields.texts("epochs", 0, 9999, 32))
    except MalformedMessage as error:
        raise StorageDamaged(f"{DEVICE_FILE} is damaged: {error}") from error


def _store_device(state_dir: Path, identity: Device) -> None:
    record = {"device": identity.device, "epochs": list(identity.epochs)}
    write_atomic(state_dir / DEVICE_FILE, json_dumps(record))
