"""The sync service: sends what the outbox holds until the gateway has it, and keeps the catalogue fresh.

It runs in a process of its own. Nothing about being in flight is on the disk, so it may be killed at any moment.
"""

from __future__ import annotations

import contextlib
import random as _random
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from offline_cache import catalogue
from offline_cache.disk.clock import OutboxClock, SystemClock
from offline_cache.disk.files import PUBLIC, read_limited, write_atomic
from offline_cache.errors import (
    BadReply,
    CacheError,
    MalformedMessage,
    SeqConflict,
    SeqGap,
    StorageDamaged,
    StorageFailed,
)
from offline_cache.gateway import Receipt
from offline_cache.messages import Batch, json_dumps, json_object
from offline_cache.outbox import Outbox
from offline_cache.policy import Decision, Limits, Pace, after_error, after_stored
from offline_cache.rescue import salvage
from offline_cache.wire.encoding import Fields
from offline_cache.wire.verdict import VerdictPage

STATUS_FILE = "sync-status.json"
POLL_S = 0.2
"""How often another process's commit is looked for."""
_STATUS_EVERY_MS = 10_000
_MOST_DETOURS = 50
"""Halvings and rewinds in one drain, before it is left for later."""
_RETENTION_MS = 30 * 86_400_000
_PURGE_EVERY_MS = 600_000
_CATALOGUE_EVERY_MS = 300_000
_VERDICTS_EVERY_MS = 60_000

StepKind = Literal["sent", "idle", "go-on", "wait", "pause", "stop"]


@dataclass(frozen=True)
class SyncStep:
    """What one step did. `sent` counts rows that the gateway confirmed now."""

    kind: StepKind
    sent: int = 0
    wait_s: float = 0.0
    wakes: bool = False
    problem: str | None = None
    """The code of what went wrong, alarming or not."""
    alarm: str | None = None


@dataclass(frozen=True)
class Stopped:
    """Why a line cannot go on. `seq`: where the gateway holds another row, if it said so."""

    reason: str
    seq: int | None = None


@dataclass(frozen=True)
class Drained:
    """What `drain_once` did; `problem` says why entries are still pending."""

    sent: int
    acked_through: int
    pending: int
    problem: str | None = None
    unheard: str | None = None
    """Nothing is pending, but what the gateway publishes could not be fetched: why."""


@dataclass(frozen=True)
class SyncStatus:
    """STATE/sync-status.json, for `kiosk outbox status`, the app and the doctor."""

    state: str
    """`idle`, `sending`, `waiting`, `paused`, `stopped` or `not-enrolled`."""
    alarm: str | None
    problem: str | None
    since_ms: int
    last_answer_ms: int | None
    """When the gateway last confirmed something, or said that nothing is new."""


class Gateway(Protocol):
    """What is needed of `gateway.GatewayClient`."""

    def push(self, batch: Batch, look_ahead: Callable[[], Batch | None] | None = None) -> Receipt: ...
    def catalogue(self, etag: str | None) -> tuple[str, bytes] | None: ...
    def published(self, name: catalogue.Published, etag: str | None) -> tuple[str, bytes] | None: ...
    def verdicts(self, after: int) -> VerdictPage: ...


def read_status(state_dir: Path) -> SyncStatus | None:
    """What the sync service last said, or None when it never ran here (or the file cannot be read)."""
    try:
        raw = read_limited(state_dir / STATUS_FILE, 4096)
        if raw is None:
            return None
        value = json_object(raw)
        fields = Fields(STATUS_FILE, value)
        return SyncStatus(
            state=fields.text("state", 32),
            alarm=None if value.get("alarm") is None else fields.text("alarm", 64),
            problem=None if value.get("problem") is None else fields.text("problem", 64),
            since_ms=fields.integer("since_ms"),
            last_answer_ms=None if value.get("last_answer_ms") is None else fields.integer("last_answer_ms"),
        )
    except (MalformedMessage, StorageFailed):
        return None


class StatusFile:
    """Writes STATE/sync-status.json when something changed, atomically."""

    def __init__(self, state_dir: Path, clock: OutboxClock) -> None:
        self._path = state_dir / STATUS_FILE
        self._clock = clock
        self._written: SyncStatus | None = None

    def say(self, state: str, *, alarm: str | None = None, problem: str | None = None, answered: bool = False) -> None:
        """Tell the state; a disk that refuses is not a reason to stop sending."""
        now, before = self._clock.now_ms(), self._written
        alarm = alarm or self._lasting()
        same = before is not None and (before.state, before.alarm, before.problem) == (state, alarm, problem)
        last = now if answered else (before.last_answer_ms if before else None)
        if same and before is not None and (last or 0) - (before.last_answer_ms or 0) < _STATUS_EVERY_MS:
            return
        status = SyncStatus(state, alarm, problem, before.since_ms if same and before else now, last)
        with contextlib.suppress(StorageFailed):
            write_atomic(self._path, json_dumps(asdict(status)), PUBLIC)
            self._written = status

    def _lasting(self) -> str | None:
        """What stays an alarm until a technician has looked, whatever the line does meanwhile."""
        with contextlib.suppress(StorageFailed):
            return salvage.alarm(self._path.parent)
        return None


class SyncService:
    """Sends one batch after the other. One thread."""

    def __init__(  # noqa: PLR0913 - everything outside is handed in
        self,
        outbox: Outbox,
        client: Gateway,
        *,
        state_dir: Path | None = None,
        signing_key: bytes | None = None,
        clock: OutboxClock | None = None,
        random: Callable[[], float] = _random.random,
        limits: Limits | None = None,
        gateway_key_id: str | None = None,
        beat: Callable[[], None] = lambda: None,
        accept: catalogue.Accept = lambda _content: True,
    ) -> None:
        self._outbox = outbox
        self._client = client
        self._state_dir = state_dir
        self._signing_key = signing_key
        self._clock = clock or SystemClock()
        self._random = random
        self._limits = limits or Limits()
        self._pace = Pace.start(self._limits)
        self._from_seq: int | None = None
        self._ahead: Batch | None = None
        """What follows the batch that was sent last; read while the gateway was storing that one."""
        self.idle = False
        """Whether `run` has nothing to send."""
        self.stopped: Stopped | None = None
        """Set when this epoch cannot go on; what was recorded is then set aside by `service`, and a new one begun."""
        self._gateway_key_id = gateway_key_id
        self._beat = beat
        self._accept = accept
        self._verdicts_due_ms = 0
        self._catalogue_due_ms = 0
        self._purge_due_ms = 0
        self._status = StatusFile(state_dir, self._clock) if state_dir is not None else None

    # --- one step -------------------------------------------------------------------------------------------------

    def step(self) -> SyncStep:
        """Send at most one batch and take the answer in. Never raises a `CacheError`."""
        if self.stopped is not None:
            return SyncStep("stop", problem=self.stopped.reason, alarm=self.stopped.reason)
        batch: Batch | None = None
        try:
            batch = self._next_batch()
            if batch is None:
                self._from_seq = None
                return SyncStep("idle")
            before = self._clock.mono_ms()
            receipt = self._client.push(batch, partial(self._look_ahead, batch))
            took_s = (self._clock.mono_ms() - before) / 1000
            return self._stored(batch, receipt, took_s)
        except CacheError as error:
            return self._failed(error, batch)

    def _look_ahead(self, batch: Batch) -> Batch | None:
        with contextlib.suppress(CacheError):  # met again when it is its turn, and answered then
            self._ahead = self._outbox.batch(self._pace.rows, self._pace.max_bytes, batch.last_seq + 1)
        return self._ahead

    def _next_batch(self) -> Batch | None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            return ahead
        try:
            return self._outbox.batch(self._pace.rows, self._pace.max_bytes, self._from_seq)
        except StorageDamaged as error:
            if self._from_seq is None:
                raise
            # The gateway wants rows that were confirmed and purged long ago: it has lost them, not this terminal.
            raise SeqGap(2**63 - 1) from error

    def _stored(self, batch: Batch, receipt: Receipt, took_s: float) -> SyncStep:
        cursor = self._outbox.acknowledge(receipt.ack, receipt.signed)
        through = receipt.ack.acked_through
        if through < batch.first_seq:
            raise BadReply("the gateway confirmed nothing of the batch")
        before, self._pace = self._pace, after_stored(self._pace, len(batch.rows), took_s, self._limits)
        self._from_seq = through + 1 if through < cursor else None
        if through != batch.last_seq or (before.rows, before.max_bytes) != (self._pace.rows, self._pace.max_bytes):
            self._ahead = None
        return SyncStep("sent", sent=min(through, batch.last_seq) - batch.first_seq + 1)

    def _failed(self, error: CacheError, batch: Batch | None) -> SyncStep:
        self._ahead = None
        sent = range(batch.first_seq, batch.last_seq + 1) if batch is not None else range(0)
        decision = after_error(self._pace, error, sent, self._last_seq(), self._random(), self._limits)
        self._pace = decision.pace
        if decision.from_seq is not None:
            self._from_seq = decision.from_seq
        if decision.action == "stop":
            seq = error.seq if isinstance(error, SeqConflict) else None
            self.stopped = Stopped(decision.alarm or error.code, seq)
        return _step(decision, error)

    def _last_seq(self) -> int:
        try:
            return self._outbox.last_seq()
        except CacheError:
            return 0  # only asked for after an error; a disk that fails twice is told by the first one

    # --- until nothing is left ------------------------------------------------------------------------------------

    def drain_once(self) -> Drained:
        """Send until nothing is left or something is in the way.

        Raises:
            StorageFailed, StorageDamaged: the outbox cannot be read at the end.
        """
        sent, detours, step = 0, 0, SyncStep("go-on")
        while step.kind in {"sent", "go-on"} and detours <= _MOST_DETOURS:
            self._beat()
            step = self.step()
            sent += step.sent
            detours += step.kind == "go-on"
        self._tell(step)
        status = self._outbox.status()
        return Drained(sent, status.acked, status.pending, step.problem)

    # --- the service ----------------------------------------------------------------------------------------------

    def run(self, stop: threading.Event, until: Callable[[], bool] | None = None) -> None:
        """Send for as long as the process lives; returns when `stop` is set or `until()` is true.

        `until` is asked every `POLL_S` while waiting (the enrolment changed, for example).
        """
        while not stop.is_set() and not (until is not None and until()):
            self._beat()
            seen = self._data_version()  # before the step: a row that is committed meanwhile must not be missed
            step = self.step()
            self._tell(step)
            self.idle = step.kind == "idle"
            if step.kind in {"sent", "go-on"}:
                continue
            if step.kind == "idle":
                self._chores()
            self._wait(step, seen, stop, until)

    def _wait(self, step: SyncStep, seen: int, stop: threading.Event, until: Callable[[], bool] | None) -> None:
        """Wait as the step says; a new row of another process ends it when it may."""
        started = self._clock.mono_ms()
        earliest_ms = 0 if step.kind == "idle" else round(self._limits.first_wait_s * 1000)
        while not stop.wait(POLL_S) and not (until is not None and until()):
            waited_ms = self._clock.mono_ms() - started
            self._beat()
            if step.kind in {"wait", "pause"} and waited_ms >= step.wait_s * 1000:
                return
            if step.kind == "idle" and self._chores_due():
                return
            may_wake = step.kind == "idle" or step.wakes
            if may_wake and waited_ms >= earliest_ms and self._data_version() != seen:
                return

    def _data_version(self) -> int:
        try:
            return self._outbox.data_version()
        except CacheError:
            return -1  # a change: the next step meets the same error and decides

    def _tell(self, step: SyncStep) -> None:
        if self._status is None:
            return
        words = {"sent": "sending", "go-on": "sending", "idle": "idle", "wait": "waiting", "pause": "paused"}
        self._status.say(
            words.get(step.kind, "stopped"), alarm=step.alarm, problem=step.problem, answered=step.kind == "sent"
        )

    # --- when there is nothing to send ----------------------------------------------------------------------------

    def _chores_due(self) -> bool:
        due_ms = min(self._catalogue_due_ms, self._purge_due_ms, self._verdicts_due_ms)
        return self._clock.mono_ms() >= due_ms

    def _chores(self) -> None:
        now = self._clock.mono_ms()
        if now >= self._catalogue_due_ms:
            self._catalogue_due_ms = now + _CATALOGUE_EVERY_MS
            self.refresh_catalogue()
        if now >= self._verdicts_due_ms:
            self._verdicts_due_ms = now + _VERDICTS_EVERY_MS
            self.fetch_verdicts()
        if now >= self._purge_due_ms:
            self._purge_due_ms = now + _PURGE_EVERY_MS
            self._purge()

    def _purge(self) -> None:
        """The gateway's clock says what is old: one of this terminal that runs ahead must not empty the outbox."""
        with contextlib.suppress(CacheError):  # tried again soon; a disk that fails shows at the next batch
            while self._outbox.purge(self._outbox.last_receipt_ms() - _RETENTION_MS):
                self._beat()

    def fetch_verdicts(self) -> str | None:
        """Fetch what offices made of the entries; returns the code of what was in the way, or None."""
        if self._gateway_key_id is None:
            return None
        try:
            self._outbox.take_verdicts(self._gateway_key_id, self._client.verdicts)
        except CacheError as error:
            return error.code  # tried again in a minute; a gateway that is gone shows at the next batch
        return None

    def refresh_catalogue(self) -> str | None:
        """Fetch what the gateway publishes, if it changed; returns the code of what was in the way, or None."""
        if self._state_dir is None or self._signing_key is None:
            return None
        try:
            catalogue.refresh(self._state_dir, self._client, self._signing_key)
            catalogue.refresh_published(self._state_dir, self._client, self._signing_key, self._accept)
        except CacheError as error:
            retry_ms = round(self._limits.most_wait_no_answer_s * 1000 * (0.5 + self._random() / 2))
            self._catalogue_due_ms = min(self._catalogue_due_ms, self._clock.mono_ms() + retry_ms)
            return error.code
        if self._status is not None:
            self._status.say("idle", answered=True)
        return None


def _step(decision: Decision, error: CacheError) -> SyncStep:
    return SyncStep(
        decision.action,
        wait_s=decision.wait_s,
        wakes=decision.wakes,
        problem=error.code,
        alarm=decision.alarm,
    )
