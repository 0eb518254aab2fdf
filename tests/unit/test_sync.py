"""The sync service and a gateway in memory: lost answers, gaps, conflicts, refusals, a network that comes and goes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from offline_cache.errors import NotAuthorised, SeqConflict, SeqGap, Unavailable
from offline_cache.policy import Limits
from offline_cache.sync import STATUS_FILE, StatusFile, read_status
from tests.outbox_bench import FakeClock, Rig
from tests.outbox_gateway import ModelGateway


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    built = Rig(tmp_path / "state")
    yield built
    built.app.close()
    built.outbox.close()


def fails(*errors: Exception) -> Callable[..., bytes]:
    """Raises each error once, then lets everything pass."""
    waiting = list(errors)

    def act(*values: bytes) -> bytes:
        if waiting:
            raise waiting.pop(0)
        return values[0] if values else b""

    return act


def test_what_was_recorded_arrives_in_order_and_once(rig: Rig) -> None:
    rig.record(250)
    drained = rig.service.drain_once()
    assert (drained.sent, drained.acked_through, drained.pending, drained.problem) == (250, 250, 0, None)
    assert rig.arrived() == list(range(1, 251))
    assert rig.client.sent == [(1, 100), (101, 250)]
    assert rig.service.drain_once().sent == 0


def test_a_lost_answer_sends_the_batch_again_and_doubles_nothing(rig: Rig) -> None:
    rig.record(5)
    rig.client.reply = fails(Unavailable("cut"))
    first = rig.service.drain_once()
    assert (first.sent, first.pending, first.problem) == (0, 5, "gateway-unavailable")
    rig.record(2)
    assert rig.service.drain_once().sent == 7
    assert rig.arrived() == list(range(1, 8))


def test_a_pulled_cable_loses_nothing(rig: Rig) -> None:
    rig.record(3)
    rig.client.before = fails(Unavailable("cut"), Unavailable("cut"))
    assert rig.service.step().kind == "wait"
    assert rig.service.step().kind == "wait"
    assert rig.service.step().kind == "sent"
    assert rig.arrived() == [1, 2, 3]


def test_a_gateway_restored_from_an_old_backup_is_filled_up_again(rig: Rig) -> None:
    rig.record(6)
    rig.service.drain_once()
    (line,) = rig.gateway.lines.values()
    del line.rows[2:]
    rig.record(2)
    drained = rig.service.drain_once()
    assert (drained.acked_through, drained.pending, drained.problem) == (8, 0, None)
    assert rig.arrived() == list(range(1, 9))
    assert rig.client.sent[-2:] == [(7, 8), (3, 8)]


def test_a_terminal_restored_from_an_old_backup_stops_before_it_overwrites(rig: Rig) -> None:
    rig.record(3)
    kept = rig.copy()
    rig.record(3)
    rig.service.drain_once()
    rig.restore(kept)
    rig.record(2)
    step = rig.start().step()
    assert (step.kind, step.alarm) == ("stop", "seq-conflict")
    pushes = rig.gateway.pushes
    assert rig.service.step().kind == "stop"
    assert rig.gateway.pushes == pushes
    assert rig.outbox.verify().rows == 5
    assert len(rig.arrived()) == 6


def test_a_gateway_with_more_than_the_terminal_has_stops_the_line(rig: Rig) -> None:
    rig.record(2)
    rig.client.before = fails(SeqGap(9))
    step = rig.service.step()
    assert (step.kind, step.alarm) == ("stop", "seq-gap")


def test_a_gap_in_rows_that_were_purged_long_ago_stops_the_line(rig: Rig) -> None:
    rig.record(4)
    rig.service.drain_once()
    rig.outbox.purge(rig.clock.wall_ms + 1)
    rig.record(1)
    rig.client.before = fails(SeqGap(2))
    assert rig.service.step().kind == "go-on"
    step = rig.service.step()
    assert (step.kind, step.alarm) == ("stop", "seq-gap")
    assert rig.outbox.status().pending == 1


def test_too_large_batches_are_halved_until_they_pass(rig: Rig) -> None:
    rig.record(100)
    rig.gateway.max_rows = 12
    drained = rig.service.drain_once()
    assert (drained.sent, drained.pending) == (100, 0)
    assert [last - first + 1 for first, last in rig.client.sent][:5] == [100, 50, 25, 12, 24]
    assert rig.arrived() == list(range(1, 101))


def test_a_refused_terminal_pauses_deletes_nothing_and_goes_on_when_it_is_let_in(rig: Rig) -> None:
    rig.record(3)
    rig.client.before = fails(NotAuthorised("403"))
    step = rig.service.step()
    assert (step.kind, step.alarm) == ("pause", "not-authorised")
    assert step.wait_s >= 100
    assert rig.outbox.status().pending == 3
    assert rig.service.step().sent == 3


def test_a_garbled_truncated_or_foreign_answer_acknowledges_nothing(rig: Rig) -> None:
    rig.record(3)
    other = ModelGateway()
    meta = rig.outbox.meta()
    genesis = rig.gateway.genesis(meta.device, meta.epoch)
    answers = [
        lambda _: b"",
        lambda answer: answer[:-1],
        lambda answer: answer[:-1] + bytes([answer[-1] ^ 1]),
        lambda _: other.ack("T0001", meta.epoch, 3, bytes(32)),
        lambda _: rig.gateway.ack("T0001", "f" * 32, 3, bytes(32)),
        lambda _: rig.gateway.ack("T0002", meta.epoch, 3, bytes(32)),
        lambda _: rig.gateway.ack("T0001", meta.epoch, 3, bytes(32)),
        lambda _: rig.gateway.ack("T0001", meta.epoch, 4, bytes(32)),
        lambda _: rig.gateway.ack("T0001", meta.epoch, 0, genesis),
    ]
    for answer in answers:
        rig.client.reply = answer
        step = rig.service.step()
        assert (step.kind, step.sent) == ("wait", 0)
        assert rig.outbox.acked_seq() == 0
    rig.client.reply = None
    assert rig.service.step().sent == 3


def test_a_gateway_that_acknowledges_the_highest_number_is_found_out(rig: Rig) -> None:
    """The known-bad gateway of sync.md: ON CONFLICT DO NOTHING, acknowledge max(seq)."""
    rig.record(3)
    kept = rig.copy()
    rig.gateway.ack_max_seq = True
    rig.record(3)
    rig.service.drain_once()
    rig.restore(kept)
    rig.record(3)
    rig.start().drain_once()
    own = {row.id for row in (rig.outbox.batch(from_seq=1) or pytest.fail("no rows")).rows}
    held = {entry_id for _, _, _, entry_id, _ in rig.gateway.documents()}
    assert own - held, "the mutant no longer loses entries: this test must be able to fail"


def test_a_damaged_disk_stops_the_line_and_says_so(rig: Rig) -> None:
    rig.record(3)
    connection = rig.app.tables._connection
    connection.execute("drop trigger entry_unsent_stays")
    connection.execute("delete from entry where seq = 2")
    step = rig.service.step()
    assert (step.kind, step.alarm) == ("stop", "storage-damaged")
    rig.service.drain_once()
    said = read_status(rig.folder)
    assert said is not None
    assert (said.state, said.alarm) == ("stopped", "storage-damaged")


# ------------------------------------------------------------------------------------------------- the service


class Stop(threading.Event):
    """What ends the service; it counts how often the service, waiting, asked for it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.release()
        return super().wait(timeout)


class Running:
    """`SyncService.run` in a thread, with conditions instead of sleeping."""

    def __init__(self, rig: Rig, limits: Limits | None = None) -> None:
        self.rig = rig
        self.stop = Stop()
        self.pushed = threading.Semaphore(0)
        inner = rig.client.push

        def push(batch, look_ahead=None):
            try:
                return inner(batch, look_ahead)
            finally:
                self.pushed.release()

        rig.client.push = push
        self.service = rig.start(limits)
        self.thread = threading.Thread(target=self.service.run, args=(self.stop,))

    def __enter__(self) -> Running:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()

    def waits(self) -> bool:
        """Let the service look round once, from now on; whether it sent nothing meanwhile."""
        while self.stop.asked.acquire(blocking=False):
            continue
        for _ in range(2):
            assert self.stop.asked.acquire(timeout=10)
        return not self.pushed.acquire(blocking=False)


def test_a_new_entry_of_the_app_is_sent_without_being_told(rig: Rig) -> None:
    with Running(rig) as running:
        rig.record(1)
        assert running.pushed.acquire(timeout=10)
        rig.record(1)
        assert running.pushed.acquire(timeout=10)
    assert rig.arrived() == [1, 2]


def test_the_service_tries_again_when_the_time_has_come(rig: Rig) -> None:
    rig.record(1)
    rig.client.before = fails(Unavailable("busy", 30, answered=True))
    with Running(rig) as running:
        assert running.pushed.acquire(timeout=10)
        assert running.waits()
        rig.clock.advance(31)
        assert running.pushed.acquire(timeout=10)
    assert rig.arrived() == [1]


def test_a_new_entry_ends_the_waiting_for_a_cable(rig: Rig) -> None:
    rig.record(1)
    rig.client.before = fails(Unavailable("cut"))
    with Running(rig, Limits(first_wait_s=1000.0, most_wait_no_answer_s=1000.0)) as running:
        assert running.pushed.acquire(timeout=10)
        assert running.waits()
        rig.record(1)
        assert running.waits(), "not before the first wait is over"
        rig.clock.advance(1000)
        assert running.pushed.acquire(timeout=10)
    assert rig.arrived() == [1, 2]


def test_the_service_ends_when_the_enrolment_changes(rig: Rig) -> None:
    changed = threading.Event()
    thread = threading.Thread(target=rig.service.run, args=(threading.Event(), changed.is_set))
    thread.start()
    changed.set()
    thread.join(10)
    assert not thread.is_alive()


# -------------------------------------------------------------------------------------------------- status file


def test_the_status_file_says_what_the_line_does(rig: Rig) -> None:
    assert read_status(rig.folder) is None
    rig.record(1)
    rig.client.before = fails(Unavailable("cut"), NotAuthorised("403"), SeqConflict("x"))
    told = []
    for _ in range(3):
        rig.service.drain_once()
        said = read_status(rig.folder)
        assert said is not None
        told.append((said.state, said.alarm, said.problem))
    assert told == [
        ("waiting", None, "gateway-unavailable"),
        ("paused", "not-authorised", "not-authorised"),
        ("stopped", "seq-conflict", "seq-conflict"),
    ]


def test_the_status_file_is_written_only_when_something_changed(tmp_path: Path) -> None:
    clock = FakeClock()
    status = StatusFile(tmp_path, clock)
    path = tmp_path / STATUS_FILE
    status.say("idle", answered=True)
    first = path.stat().st_ino
    clock.advance(1)
    status.say("idle", answered=True)
    assert path.stat().st_ino == first
    clock.advance(20)
    status.say("idle", answered=True)
    said = read_status(tmp_path)
    assert said is not None
    assert (said.since_ms, said.last_answer_ms) == (clock.wall_ms - 21_000, clock.wall_ms)
    path.write_text("{")
    assert read_status(tmp_path) is None


def test_a_disk_that_refuses_the_status_does_not_stop_the_line(tmp_path: Path) -> None:
    StatusFile(tmp_path / "gone", FakeClock()).say("idle")
    assert read_status(tmp_path / "gone") is None
