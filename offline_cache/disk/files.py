"""Files that are either the old ones or the new ones, whatever moment the power goes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Generator
from pathlib import Path

from offline_cache.errors import StorageFailed

PRIVATE = 0o600
PUBLIC = 0o644


def write_atomic(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Replace a file: write beside it, fsync, rename, fsync the folder. Parents must exist.

    Raises:
        StorageFailed: the disk refused; the old file stands.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise StorageFailed(f"{path.name} could not be written: {error.strerror}") from error


def move_noticed(path: Path, target: Path) -> None:
    """Rename a file so that who looks at its change time (`Tables`) is certain to see that.

    A rename is a change (rename(2) on ext4, xfs, btrfs, tmpfs), but the clock that stamps it may stand still for some
    milliseconds: then the change is made again until it has ticked.

    Raises:
        OSError: `FileNotFoundError` where there is no such file.
    """
    before = path.stat().st_ctime_ns
    path.rename(target)
    found = target.stat()
    while found.st_ctime_ns == before:
        target.chmod(found.st_mode & 0o7777)
        found = target.stat()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_limited(path: Path, max_bytes: int) -> bytes | None:
    """The content of a file, or None when there is none.

    Raises:
        StorageFailed: unreadable, or longer than `max_bytes`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageFailed(f"{path.name} could not be read: {error.strerror}") from error
    if len(data) > max_bytes:
        raise StorageFailed(f"{path.name} is longer than {max_bytes} bytes")
    return data


def destroy(path: Path) -> None:
    """Overwrite a small secret file once and remove it. On flash memory the old cells may survive a while.

    Raises:
        StorageFailed: it could not be removed.
    """
    try:
        with contextlib.suppress(FileNotFoundError):
            with path.open("r+b") as file:
                file.write(secrets.token_bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            sync_folder(path.parent)
    except OSError as error:
        raise StorageFailed(f"{path.name} could not be removed: {error.strerror}") from error


@contextlib.contextmanager
def folder_lock(folder: Path) -> Generator[None]:
    """Only one process at a time makes or changes the identity and the tables of a state folder.

    Raises:
        StorageFailed: the folder cannot be made or locked.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        raise StorageFailed(f"the state folder {folder} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
