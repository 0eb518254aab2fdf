"""The process `kiosk sync run`: waits for an enrolment, sends, begins anew when the enrolment or the outbox changes.

When an epoch cannot go on (`seq-conflict`, a gateway that knows more than this disk, a damaged file), what was recorded
is set aside, a new epoch begins, and what is readable is sent; see `rescue`. That is done at most once an hour: when it
happens again, a person must look, and the line stands still with its alarm.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from offline_cache import enrolment as enrolments
from offline_cache import state
from offline_cache.catalogue import Accept
from offline_cache.disk.clock import OutboxClock, SystemClock
from offline_cache.enrolment import Enrolment
from offline_cache.errors import CacheError, NotEnrolled, OutboxFull, StorageDamaged, StorageMoved
from offline_cache.gateway import GatewayClient
from offline_cache.joining.renewal import Renewer
from offline_cache.notify import Notifier
from offline_cache.outbox import Outbox
from offline_cache.rescue import salvage
from offline_cache.rescue.resend import settle
from offline_cache.sync import POLL_S, Drained, Gateway, StatusFile, SyncService

_TRY_AGAIN_S = 5.0
_NEW_EPOCH_EVERY_MS = 3_600_000
_SETTLE_AGAIN_MS = 300_000
_CANNOT_GO_ON = frozenset(["seq-conflict", "seq-gap", "storage-damaged"])


def drain(state_dir: Path, accept: Accept = lambda _content: True) -> Drained:
    """Send what is pending, once; fetch verdicts and the catalogue when nothing is in the way.

    Raises:
        NotEnrolled, EnrolmentDamaged, SealBroken, StorageUnsafe, StorageFailed, StorageDamaged.
    """
    enrolment = enrolments.load(state_dir)
    state.adopt(state_dir, enrolment)
    Renewer().keep(enrolment)  # what is in the way of a renewal, sending meets too, and tells
    client = GatewayClient(enrolment)
    try:
        line = Line(state_dir, enrolment, client, SystemClock(), accept=accept)
        drained = line.drain()
        if drained.problem in _CANNOT_GO_ON and line.begin_anew():
            again = line.drain()
            drained = replace(again, sent=drained.sent + again.sent)
        return drained
    finally:
        client.close()


@dataclass
class Line:
    """What one enrolment sends: first what was set aside, then the present outbox."""

    state_dir: Path
    enrolment: Enrolment
    client: Gateway
    clock: OutboxClock
    beat: Callable[[], None] = lambda: None
    accept: Accept = lambda _content: True
    _again_ms: int | None = field(default=None, init=False)
    """When to try once more what was set aside; None: nothing is left of it."""

    def drain(self) -> Drained:
        """Send until nothing is left or something is in the way. Raises as `service.drain`."""
        with state.open_reader(self.state_dir, clock=self.clock) as outbox:
            problem = self.settle()
            service = self.service(outbox)
            drained = service.drain_once()
            if drained.problem is None and problem is None:
                service.fetch_verdicts()
                drained = replace(drained, unheard=service.refresh_catalogue())
        return replace(drained, problem=drained.problem or problem)

    def run(self, stop: threading.Event, changed: Callable[[], bool]) -> None:
        """Send until `stop`, another enrolment, another outbox file, or an epoch that cannot go on; or until it is
        time to try again what was set aside, and nothing else waits."""
        with state.open_reader(self.state_dir, clock=self.clock) as outbox:
            self.settle()
            service = self.service(outbox)

            def ended() -> bool:
                over = changed() or outbox.tables.moved() or service.stopped is not None
                return over or (service.idle and self.resettle_due())

            service.run(stop, ended)
        if service.stopped is not None and not self.begin_anew():
            _wait(stop, changed, self.beat, None)

    def service(self, outbox: Outbox) -> SyncService:
        """The service of the present outbox."""
        return SyncService(
            outbox,
            self.client,
            state_dir=self.state_dir,
            signing_key=self.enrolment.signing_key,
            gateway_key_id=self.enrolment.sealing_key_id,
            clock=self.clock,
            beat=self.beat,
            accept=self.accept,
        )

    def settle(self) -> str | None:
        """Send what was set aside; returns the code of what is in the way."""
        state.adopt(self.state_dir, self.enrolment)
        try:
            problem = settle(
                self.state_dir,
                lambda old: SyncService(old, self.client, clock=self.clock, beat=self.beat),
                lambda: state.open_writer(self.state_dir, clock=self.clock),
                self.clock.now_ms,
            )
        except OutboxFull as error:
            problem = error.code  # sending what fills it makes room
        self._again_ms = None if problem is None else self.clock.mono_ms() + _SETTLE_AGAIN_MS
        return problem

    def resettle_due(self) -> bool:
        """Whether something that was set aside still waits, and has waited long enough."""
        return self._again_ms is not None and self.clock.mono_ms() >= self._again_ms

    def begin_anew(self) -> bool:
        """Set the outbox aside and begin a new epoch, unless that has happened within the hour."""
        seen = state.outbox_file(self.state_dir)
        reason = self._cannot_go_on()
        if reason is None or self._happened_lately():
            return reason is None
        state.set_aside(self.state_dir, reason, self.clock, seen)
        return True

    def _cannot_go_on(self) -> str | None:
        """Look once more, on a connection of its own: another process may have begun the new epoch already."""
        try:
            with state.open_reader(self.state_dir, clock=self.clock) as outbox:
                service = self.service(outbox)
                service.drain_once()
                return None if service.stopped is None else service.stopped.reason
        except StorageDamaged as error:
            return error.code

    def _happened_lately(self) -> bool:
        now = self.clock.now_ms()
        return any(abs(now - aside.why.at_ms) < _NEW_EPOCH_EVERY_MS for aside in salvage.listing(self.state_dir))


def serve(
    state_dir: Path,
    stop: threading.Event,
    clock: OutboxClock | None = None,
    environ: Mapping[str, str] | None = None,
    accept: Accept = lambda _content: True,
) -> None:
    """Run until `stop` is set. What goes wrong is told in STATE/sync-status.json, and tried again.

    `environ` names systemd's NOTIFY_SOCKET and WATCHDOG_USEC, if there are any. `accept` says whether a
    configuration that the gateway published can be used.
    """
    clock = clock or SystemClock()
    status = StatusFile(state_dir, clock)
    notifier = Notifier(environ or {}, clock)
    renewer = Renewer(clock)
    notifier.ready()
    while not stop.is_set():
        notifier.beat()
        changed = _watch(state_dir / enrolments.ENROLMENT_FILE)
        try:
            _serve_enrolment(state_dir, stop, changed, renewer, (clock, notifier.beat, accept))
        except NotEnrolled as error:
            status.say("not-enrolled", problem=error.code)
            notifier.status(error.code)
            _wait(stop, changed, notifier.beat, None)
        except StorageMoved:
            continue
        except CacheError as error:
            status.say("stopped", alarm=error.code, problem=error.code)
            notifier.status(error.code)
            _heal(state_dir, error, clock)
            _wait(stop, changed, notifier.beat, _TRY_AGAIN_S)
    notifier.stopping()


def _heal(state_dir: Path, error: CacheError, clock: OutboxClock) -> None:
    """A file that cannot even be opened is set aside by opening it for recording."""
    if isinstance(error, StorageDamaged):
        try:
            state.open_writer(state_dir, clock=clock).close()
        except CacheError:
            return  # told by the status already, and met again at the next try


def _serve_enrolment(
    state_dir: Path,
    stop: threading.Event,
    changed: Callable[[], bool],
    renewer: Renewer,
    parts: tuple[OutboxClock, Callable[[], None], Accept],
) -> None:
    """Send under one enrolment and one certificate; a renewal that is due ends the line, and the next one does it."""
    enrolment = enrolments.load(state_dir)
    state.adopt(state_dir, enrolment)
    renewer.keep(enrolment)
    client = GatewayClient(enrolment)
    try:
        Line(state_dir, enrolment, client, *parts).run(stop, lambda: changed() or renewer.due())
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


def _wait(
    stop: threading.Event, changed: Callable[[], bool], beat: Callable[[], None], at_most_s: float | None
) -> None:
    polls = None if at_most_s is None else round(at_most_s / POLL_S)
    while not stop.wait(POLL_S) and not changed():
        beat()
        if polls is not None:
            polls -= 1
            if polls <= 0:
                return
