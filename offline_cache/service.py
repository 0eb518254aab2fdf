"""The process `kiosk sync run`: waits for an enrolment, sends, begins anew when the enrolment changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from offline_cache import enrolment as enrolments
from offline_cache import state
from offline_cache.disk.clock import OutboxClock, SystemClock
from offline_cache.errors import CacheError, NotEnrolled
from offline_cache.gateway import GatewayClient
from offline_cache.sync import POLL_S, Drained, StatusFile, SyncService

_TRY_AGAIN_S = 5.0


def drain(state_dir: Path) -> Drained:
    """Send what is pending, once, and refresh the catalogue when nothing is in the way.

    Raises:
        NotEnrolled, EnrolmentDamaged, SealBroken, StorageUnsafe, StorageFailed, StorageDamaged.
    """
    enrolment = enrolments.load(state_dir)
    state.adopt(state_dir, enrolment)
    client = GatewayClient(enrolment)
    try:
        with state.open_reader(state_dir) as outbox:
            service = SyncService(outbox, client, state_dir=state_dir, signing_key=enrolment.signing_key)
            drained = service.drain_once()
            if drained.problem is None:
                service.refresh_catalogue()
            return drained
    finally:
        client.close()


def serve(state_dir: Path, stop: threading.Event, clock: OutboxClock | None = None) -> None:
    """Run until `stop` is set. What goes wrong is told in STATE/sync-status.json, and tried again."""
    clock = clock or SystemClock()
    status = StatusFile(state_dir, clock)
    while not stop.is_set():
        changed = _watch(state_dir / enrolments.ENROLMENT_FILE)
        try:
            _serve_enrolment(state_dir, stop, changed, clock)
        except NotEnrolled as error:
            status.say("not-enrolled", problem=error.code)
            _wait(stop, changed, None)
        except CacheError as error:
            status.say("stopped", alarm=error.code, problem=error.code)
            _wait(stop, changed, _TRY_AGAIN_S)


def _serve_enrolment(state_dir: Path, stop: threading.Event, changed: Callable[[], bool], clock: OutboxClock) -> None:
    enrolment = enrolments.load(state_dir)
    state.adopt(state_dir, enrolment)
    client = GatewayClient(enrolment)
    try:
        with state.open_reader(state_dir, clock=clock) as outbox:
            SyncService(outbox, client, state_dir=state_dir, signing_key=enrolment.signing_key, clock=clock).run(
                stop, changed
            )
    finally:
        client.close()


def _watch(path: Path) -> Callable[[], bool]:
    """True once the file is another one than now."""

    def look() -> tuple[int, int] | None:
        try:
            found = path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    before = look()
    return lambda: look() != before


def _wait(stop: threading.Event, changed: Callable[[], bool], at_most_s: float | None) -> None:
    polls = None if at_most_s is None else round(at_most_s / POLL_S)
    while not stop.wait(POLL_S) and not changed():
        if polls is not None:
            polls -= 1
            if polls <= 0:
                return
