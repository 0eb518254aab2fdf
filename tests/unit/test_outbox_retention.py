"""How long an acknowledged entry stays here: thirty days of the gateway's clock from its receipt, room permitting."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from offline_cache import state
from offline_cache.disk import schema
from offline_cache.errors import OutboxFull
from offline_cache.outbox import OUTBOX_FILE, Outbox, Quota
from offline_cache.rescue import salvage
from offline_cache.service import Line
from tests.outbox_bench import FakeClock, Rig, fill, note, writer

DAY_MS = 86_400_000


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    made = Rig(tmp_path / "state")
    made.gateway.now_ms = made.clock.wall_ms
    return made


def days_pass(rig: Rig, days: int) -> None:
    rig.clock.advance(days * 86_400)
    rig.gateway.now_ms += days * DAY_MS


def send(rig: Rig, count: int) -> int:
    """Record and send so many, then what the service does when it is idle; returns how many rows are here."""
    rig.record(count)
    assert rig.service.drain_once().pending == 0
    rig.clock.advance(600)
    rig.service._chores()
    return rig.outbox.verify().rows


def days_known(outbox: Outbox) -> list[tuple[int, int]]:
    with outbox.tables.reading("a test") as connection:
        return connection.execute("select day, through_seq from acknowledged order by day").fetchall()


def as_it_was(path: Path) -> None:
    """The file as the program left it before it knew when what was acknowledged."""
    with closing(schema.connect(path)) as connection:
        connection.execute("drop trigger cursor_moved")
        connection.execute("drop table acknowledged")
        connection.execute("delete from _sqlite_migrations where name = 'm003_when_acknowledged'")


def test_an_entry_that_waited_two_months_for_its_network_stays_thirty_days_after_its_receipt(rig: Rig) -> None:
    rig.record(3)
    days_pass(rig, 60)
    assert send(rig, 0) == 3
    days_pass(rig, 30)
    assert send(rig, 1) == 4
    days_pass(rig, 1)
    assert send(rig, 1) == 2, "of the last two days"
    assert [through for _, through in days_known(rig.outbox)] == [4, 5], "and what is gone is not kept in mind"


def test_a_gateway_restored_from_a_backup_gets_back_what_was_sent_late(rig: Rig) -> None:
    rig.record(4)
    days_pass(rig, 60)
    send(rig, 0)
    days_pass(rig, 20)
    send(rig, 2)
    (line,) = rig.gateway.lines.values()
    del line.rows[1:]
    assert send(rig, 1) == 7
    assert rig.arrived() == list(range(1, 8))


def test_a_clock_ten_years_ahead_empties_nothing(rig: Rig) -> None:
    rig.clock.advance(10 * 365 * 86_400)
    assert send(rig, 3) == 3
    rig.clock.advance(10 * 365 * 86_400)
    rig.service._chores()
    assert rig.outbox.verify().rows == 3


def test_a_clock_that_died_keeps_nothing_for_ever(rig: Rig) -> None:
    send(rig, 3)
    rig.clock.wall_ms = 946_684_800_000
    rig.gateway.now_ms += 31 * DAY_MS
    assert send(rig, 1) == 1


def test_one_day_of_the_gateway_is_one_line_whatever_the_number_of_receipts(rig: Rig) -> None:
    for _ in range(5):
        send(rig, 1)
    day = rig.gateway.now_ms // DAY_MS
    assert days_known(rig.outbox) == [(day, 5)]
    rig.gateway.now_ms -= 3 * DAY_MS
    send(rig, 1)
    assert days_known(rig.outbox) == [(day - 3, 6), (day, 5)]


def test_a_terminal_that_filled_up_without_a_network_serves_again_after_the_receipt(rig: Rig) -> None:
    quota = Quota(max_bytes=300_000, min_free_bytes=0)
    rig.outbox.close()
    with (
        state.open_writer(rig.folder, clock=rig.clock, quota=quota) as app,
        Outbox.open(rig.folder / OUTBOX_FILE, clock=rig.clock, quota=quota) as rig.outbox,
    ):
        fill(app)
        assert rig.start().drain_once().pending == 0
        with pytest.raises(OutboxFull):
            app.refuse_when_full()
        rig.service._chores()
        app.refuse_when_full()
        assert rig.outbox.verify().rows == 1
        assert send(rig, 20) == 21, "and keeps what it has room for"


def test_what_an_older_program_had_acknowledged_counts_from_its_last_receipt(rig: Rig) -> None:
    send(rig, 3)
    rig.record(2)
    rig.app.close()
    rig.outbox.close()
    as_it_was(rig.folder / OUTBOX_FILE)
    rig.outbox, rig.app = state.open_reader(rig.folder, clock=rig.clock), writer(rig.folder, rig.clock)
    assert days_known(rig.outbox) == [(rig.gateway.now_ms // DAY_MS, 3)]
    rig.start()
    days_pass(rig, 29)
    assert send(rig, 1) == 6
    days_pass(rig, 2)
    assert send(rig, 1) == 4


def test_an_older_file_without_any_receipt_is_taken_over(tmp_path: Path) -> None:
    with writer(tmp_path) as app:
        note(app)
    as_it_was(tmp_path / OUTBOX_FILE)
    with writer(tmp_path) as app:
        assert note(app) == 2
        assert (days_known(app), app.last_receipt_ms(), app.purge(2**62)) == ([], 0, 0)


def test_what_an_older_program_had_set_aside_and_not_sent_is_sent(rig: Rig) -> None:
    for text in "ab":
        note(rig.app, text)
    state.set_aside(rig.folder, "seq-conflict", rig.clock, state.outbox_file(rig.folder))
    (aside,) = salvage.listing(rig.folder)
    as_it_was(aside.folder / salvage.RECOVERED_FILE)
    done = Line(rig.folder, rig.joined, rig.client, rig.clock).drain()
    assert (done.problem, done.pending) == (None, 0)
    texts = [document["text"] for *_, document in rig.gateway.documents() if "text" in document]
    assert sorted(texts) == ["a", "b"]
    assert salvage.listing(rig.folder)[0].done


def test_what_was_set_aside_and_cannot_even_be_looked_at_stops_nobody(rig: Rig) -> None:
    note(rig.app, "a")
    state.set_aside(rig.folder, "seq-conflict", rig.clock, state.outbox_file(rig.folder))
    (aside,) = salvage.listing(rig.folder)
    (aside.folder / salvage.RECOVERED_FILE).write_bytes(b"no database " * 1000)
    with writer(rig.folder, FakeClock()) as app:
        assert note(app) == 1
    assert len(salvage.listing(rig.folder)) == 1, "and the new one is not set aside for it"
