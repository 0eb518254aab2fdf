"""Clocks that died, keys that nobody needs, verdicts, the service manager, and sticks that were pulled too early."""

from __future__ import annotations

import io
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_cache import state
from offline_cache.disk.clock import KnownTime
from offline_cache.errors import AckRefused, BadReply, MalformedMessage, OutboxFull, StorageFailed, Unavailable
from offline_cache.messages import Ack
from offline_cache.notify import Notifier
from offline_cache.outbox import Quota
from offline_cache.rescue import salvage, stick
from offline_cache.seal import LOCAL_KEY_FILE
from offline_cache.wire.stick import MAX_RECORD_BYTES, read_export, write_export
from offline_cache.wire.verdict import EntryVerdict
from tests.outbox_bench import FakeClock, Rig, enrol, fill, note, writer
from tests.outbox_gateway import ModelGateway

YEAR_2000_MS = 946_684_800_000


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "state")


def created(outbox) -> list[int]:
    with outbox.tables.reading("a test") as connection:
        return [row.created_ms for row in outbox.tables.rows(connection, 1, -1)]


# ------------------------------------------------------------------------------------------------------- clocks


def test_a_clock_whose_battery_died_does_not_put_entries_into_the_year_2000(tmp_path: Path) -> None:
    clock = FakeClock()
    with writer(tmp_path, clock) as outbox:
        note(outbox)
    dead = FakeClock(YEAR_2000_MS)
    with writer(tmp_path, dead) as outbox:
        dead.advance(90)
        note(outbox)
        assert outbox.status().clock_behind
        assert created(outbox) == [clock.wall_ms, clock.wall_ms + 90_000]
        dead.wall_ms = clock.wall_ms + 500_000  # the network has told it the time
        note(outbox)
        assert created(outbox)[-1] == clock.wall_ms + 500_000
        assert not outbox.status().clock_behind


def test_a_clock_that_is_set_back_a_little_is_believed_and_the_order_stays(tmp_path: Path) -> None:
    clock = FakeClock()
    with writer(tmp_path, clock) as outbox:
        note(outbox)
        clock.wall_ms -= 600_000
        note(outbox)
        first, second = created(outbox)
        assert second == first - 600_000
        assert outbox.verify().last_seq == 2


def test_a_clock_that_ran_ahead_is_forgotten_with_the_gateways_receipt(rig: Rig) -> None:
    ahead = FakeClock(rig.clock.wall_ms + 10 * 365 * 86_400_000)
    with writer(rig.folder, ahead) as outbox:
        note(outbox)
        meta = outbox.meta()
        batch = outbox.batch()
        assert batch is not None
        outbox.acknowledge(Ack(meta.terminal or "", meta.epoch, 1, batch.head, rig.clock.wall_ms), b"receipt")
    with writer(rig.folder, rig.clock) as outbox:
        note(outbox)
        assert created(outbox)[-1] == rig.clock.wall_ms


def test_without_anything_known_the_clock_is_believed() -> None:
    clock = FakeClock(5)
    time = KnownTime(clock, None)
    assert (time.now_ms(), time.behind()) == (5, False)


# --------------------------------------------------------------------------------------------- quota, purge, keys


def test_a_full_terminal_says_so_before_a_form_is_filled_in_and_is_free_again_after_the_receipt(rig: Rig) -> None:
    quota = Quota(max_bytes=300_000, min_free_bytes=0)
    with state.open_writer(rig.folder, clock=rig.clock, quota=quota) as outbox:
        fill(outbox)
        with pytest.raises(OutboxFull):
            outbox.refuse_when_full()
        rig.service.drain_once()
        rig.clock.advance(1)
        assert rig.outbox.purge(rig.clock.wall_ms) > 0
        outbox.refuse_when_full()
        note(outbox)
        assert outbox.verify().last_seq == outbox.last_seq()


def keys_of(outbox) -> set[str]:
    with outbox.tables.reading("a test") as connection:
        return {row[0] for row in connection.execute("select key_id from key")}


def test_keys_leave_with_the_last_entry_that_needed_them(rig: Rig) -> None:
    first = writer(rig.folder, rig.clock)
    note(first)
    first.close()
    second = writer(rig.folder, rig.clock)
    note(second)
    note(rig.app)
    before = keys_of(rig.app)
    assert len(before) == 3
    rig.service.drain_once()
    rig.clock.advance(1)
    assert rig.app.purge(rig.clock.wall_ms) == 2
    assert len(keys_of(rig.app)) == 1
    note(second)  # its key is gone from the table: it makes another, wrapped to the gateway
    rig.service.drain_once()
    assert len(rig.gateway.documents()) == 4, "and the gateway opens what it seals"
    assert second.verify().last_seq == 4


def test_a_key_that_has_not_been_used_yet_stays(rig: Rig) -> None:
    waiting = writer(rig.folder, rig.clock)
    for _ in range(3):
        note(rig.app)
    rig.service.drain_once()
    rig.clock.advance(1)
    rig.app.purge(rig.clock.wall_ms)
    note(waiting)
    rig.service.drain_once()
    assert len(rig.gateway.documents()) == 4


def test_a_disk_that_fails_is_a_status_and_not_a_crash(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    note(rig.app)

    def broken(_self: object, _doing: str) -> object:
        raise StorageFailed("disk I/O error")

    monkeypatch.setattr("offline_cache.disk.tables.Tables.reading", broken)
    step = rig.service.step()
    assert (step.kind, step.problem) == ("wait", "storage-failed")


# ------------------------------------------------------------------------------------------------------ verdicts


def verdict(position: int, epoch: str, seq: int, word: str = "rejected", reason: str = "photo-missing") -> EntryVerdict:
    return EntryVerdict(position, epoch, seq, f"id-{seq}", word, reason if word == "rejected" else "", "psb", position)


def service_with_verdicts(rig: Rig):
    service = rig.start()
    service._gateway_key_id = "gateway-1"
    return service


def test_rejected_entries_are_parked_with_their_reason_and_an_office_may_think_again(rig: Rig) -> None:
    rig.record(3)
    epoch = rig.outbox.meta().epoch
    rig.client.judged = [verdict(1, epoch, 1), verdict(2, epoch, 2, "accepted"), verdict(3, epoch, 3)]
    service = service_with_verdicts(rig)
    service.drain_once()
    assert service.fetch_verdicts() is None
    assert [(one.seq, one.reason) for one in rig.outbox.parked()] == [(3, "photo-missing"), (1, "photo-missing")]
    rig.client.judged.append(verdict(4, epoch, 3, "accepted"))
    service.fetch_verdicts()
    assert [one.seq for one in rig.outbox.parked()] == [1]
    assert rig.outbox.status().parked == 1
    assert rig.client.asked_after == [0, 3]


def test_many_verdicts_come_page_by_page_and_a_cut_line_goes_on_where_it_was(rig: Rig) -> None:
    rig.client.judged = [verdict(position, "e" * 32, position) for position in range(1, 26)]
    rig.client.verdicts_a_page = 10
    inner, calls = rig.client.verdicts, []

    def flaky(after: int):
        calls.append(after)
        if len(calls) == 2:
            raise Unavailable("cut")
        return inner(after)

    rig.client.verdicts = flaky
    service = service_with_verdicts(rig)
    assert service.fetch_verdicts() == "gateway-unavailable"
    assert service.fetch_verdicts() is None
    assert calls == [0, 10, 10, 20]
    assert len(rig.outbox.parked()) == 25


def test_what_is_parked_cannot_be_deleted(rig: Rig) -> None:
    rig.client.judged = [verdict(1, "e" * 32, 1)]
    service_with_verdicts(rig).fetch_verdicts()
    with pytest.raises(StorageFailed, match="parked"), rig.outbox.tables.transaction("a mistake") as connection:
        connection.execute("delete from verdict")
    assert len(rig.outbox.parked()) == 1


def test_a_service_without_a_gateway_key_asks_for_no_verdicts(rig: Rig) -> None:
    assert rig.service.fetch_verdicts() is None
    assert rig.client.asked_after == []


def test_the_running_service_fetches_verdicts_while_it_is_idle(rig: Rig) -> None:
    service = service_with_verdicts(rig)
    service._chores()
    service._chores()
    rig.clock.advance(61)
    assert service._chores_due()
    service._chores()
    assert len(rig.client.asked_after) == 2


# ------------------------------------------------------------------------------------------------ service manager


def test_systemd_hears_that_the_service_is_ready_lives_and_ends(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    clock = FakeClock()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.setblocking(False)
        notifier = Notifier({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "30000000"}, clock)
        notifier.ready()
        assert manager.recv(100).startswith(b"READY=1")
        for _ in range(3):
            notifier.beat()
        assert manager.recv(100) == b"WATCHDOG=1"
        with pytest.raises(BlockingIOError):
            manager.recv(100)
        clock.advance(15)
        notifier.beat()
        assert manager.recv(100) == b"WATCHDOG=1"
        notifier.status("not-enrolled\nREADY=1")
        assert manager.recv(100) == b"STATUS=not-enrolled READY=1"
        notifier.stopping()
        assert manager.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"NOTIFY_SOCKET": "relative"},
        {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "x"},
        {"NOTIFY_SOCKET": "@kiosk-test-nobody-listens", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},
    ],
)
def test_without_a_service_manager_nothing_happens(environ: dict[str, str]) -> None:
    notifier = Notifier(environ, FakeClock())
    notifier.ready()
    notifier.beat()
    notifier.stopping()


# --------------------------------------------------------------------------------------------------------- stick


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=6), st.data())
def test_a_stick_gives_back_what_was_written_and_notices_a_single_changed_or_missing_byte(
    records: list[bytes], data: st.DataObject
) -> None:
    target = io.BytesIO()
    assert write_export(target, records) == len(target.getvalue())
    whole = target.getvalue()
    assert list(read_export(io.BytesIO(whole))) == records
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[place] ^= data.draw(st.integers(1, 255))
    for bad in (bytes(flipped), whole[:place], whole + b"\x00"):
        with pytest.raises(MalformedMessage):
            read_export(io.BytesIO(bad))


def test_a_record_without_end_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="longer"):
        read_export(io.BytesIO(b"KIOSKOB1" + (MAX_RECORD_BYTES + 1).to_bytes(4)))


def accepted(rig: Rig, file: Path) -> Path:
    """What the gateway's import does, with the model: returns the receipt."""
    with file.open("rb") as source:
        records = read_export(source)
        next(records)
        receipts = [rig.gateway.accept(body) for body in records]
    receipt = file.with_suffix(".receipt")
    with receipt.open("wb") as target:
        write_export(target, receipts)
    return receipt


def test_a_stick_carries_everything_pending_and_a_later_sync_doubles_nothing(rig: Rig, tmp_path: Path) -> None:
    rig.record(250)
    usb = tmp_path / "usb"
    usb.mkdir()
    done = stick.export(rig.folder, rig.joined, usb)
    assert done.file is not None
    assert (done.entries, done.bytes) == (250, done.file.stat().st_size)
    assert [path.name for path in usb.iterdir()] == [done.file.name]
    receipt = accepted(rig, done.file)
    accepted(rig, done.file)
    assert rig.outbox.status().pending == 250, "exporting acknowledges nothing"
    rig.record(2)
    assert stick.take_receipt(rig.folder, rig.joined, receipt) == 250
    assert rig.service.drain_once().sent == 2
    assert rig.arrived() == list(range(1, 253))


def test_rows_behind_a_gap_travel_by_stick_too(rig: Rig, tmp_path: Path) -> None:
    rig.record(4)
    connection = rig.app.tables._connection
    connection.execute("drop trigger entry_unsent_stays")
    connection.execute("delete from entry where seq = 2")
    state.set_aside(rig.folder, "storage-damaged", rig.clock, state.outbox_file(rig.folder))
    done = stick.export(rig.folder, rig.joined, tmp_path)
    assert done.file is not None
    accepted(rig, done.file)
    documents = [document for *_, document in rig.gateway.documents()]
    assert [document.get("kind") for document in documents] == [None, "alarm", "salvaged", "salvaged"]
    assert len(salvage.listing(rig.folder)) == 1


def test_an_empty_outbox_a_full_stick_and_a_foreign_receipt_are_told(rig: Rig, tmp_path: Path) -> None:
    assert stick.export(rig.folder, rig.joined, tmp_path).file is None
    rig.record(1)
    with pytest.raises(StorageFailed, match="export"):
        stick.export(rig.folder, rig.joined, tmp_path / "not-plugged-in")
    with pytest.raises(StorageFailed, match="read"):
        stick.take_receipt(rig.folder, rig.joined, tmp_path / "none")
    meta = rig.outbox.meta()
    for terminal, through, error in (("T0002", 1, MalformedMessage), ("T0001", 9, AckRefused)):
        file = tmp_path / f"{terminal}.receipt"
        with file.open("wb") as target:
            write_export(target, [rig.gateway.ack(terminal, meta.epoch, through, bytes(32))])
        with pytest.raises(error):
            stick.take_receipt(rig.folder, rig.joined, file)
    assert rig.outbox.acked_seq() == 0


# ----------------------------------------------------------------------------------------------------- new epoch


def test_a_later_epoch_of_an_enrolled_terminal_is_sealed_to_the_gateway_from_its_first_row(rig: Rig) -> None:
    state.set_aside(rig.folder, "storage-damaged", rig.clock, state.outbox_file(rig.folder))
    with writer(rig.folder, rig.clock) as outbox:
        note(outbox)
        assert outbox.meta().terminal == "T0001"
    assert not (rig.folder / LOCAL_KEY_FILE).exists()


def test_verdicts_of_another_terminal_are_refused(tmp_path: Path) -> None:
    from offline_cache.gateway import GatewayClient
    from offline_cache.messages import sign1
    from offline_cache.wire.verdict import VerdictPage, encode_verdicts

    gateway = ModelGateway()
    client = GatewayClient(enrol(tmp_path, gateway))
    answers = [VerdictPage("T0002", 5, False, ()), VerdictPage("T0001", 3, False, ())]

    class Answer:
        status = 200
        headers: dict[str, str] = {}  # noqa: RUF012

        def __init__(self, body: bytes) -> None:
            self.body = body

    for page in answers:
        body = sign1(encode_verdicts(page), gateway.signing_key)
        client._http.exchange = lambda *_, given=body, **__: Answer(given)  # type: ignore[method-assign]
        with pytest.raises(BadReply):
            client.verdicts(4)
    client._http.exchange = lambda *_, **__: Answer(b"garbage")  # type: ignore[method-assign]
    with pytest.raises(BadReply):
        client.verdicts(0)
