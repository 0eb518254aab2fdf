"""What was set aside is sent later, when it can be; what stands in its way holds back nothing else."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from offline_cache import state
from offline_cache.errors import Unavailable
from offline_cache.outbox import Outbox, Quota
from offline_cache.rescue import salvage, stick
from offline_cache.service import Line
from tests.outbox_bench import Rig, fill, note

FULL = Quota(max_bytes=200_000, min_free_bytes=0)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "state")


def line(rig: Rig, beat=lambda: None) -> Line:
    return Line(rig.folder, rig.joined, rig.client, rig.clock, beat)


def set_aside(rig: Rig) -> salvage.SetAside:
    state.set_aside(rig.folder, "seq-conflict", rig.clock, state.outbox_file(rig.folder))
    return salvage.listing(rig.folder)[-1]


def texts(rig: Rig) -> list[str]:
    return sorted(document["text"] for *_, document in rig.gateway.documents() if "text" in document)


class Cable:
    """Cut, until a test mends it."""

    def __init__(self) -> None:
        self.mended = False
        self.tried = threading.Semaphore(0)

    def __call__(self) -> None:
        self.tried.release()
        if not self.mended:
            raise Unavailable("cut")


def test_what_was_set_aside_while_the_network_was_away_is_sent_when_it_is_back(rig: Rig) -> None:
    for text in "ab":
        note(rig.app, text)
    set_aside(rig)
    cable = rig.client.before = Cable()
    stop, ended = threading.Event(), threading.Event()

    def serve() -> None:
        while not stop.is_set():
            line(rig).run(stop, lambda: False)
        ended.set()

    threading.Thread(target=serve).start()
    try:
        assert cable.tried.acquire(timeout=20)
        cable.mended = True
        for _ in range(200):
            rig.clock.advance(400)
            if salvage.listing(rig.folder)[0].done:
                break
            stop.wait(0.05)
        assert texts(rig) == ["a", "b"]
    finally:
        stop.set()
        assert ended.wait(20)


def test_a_line_whose_rescue_waits_still_sends_what_is_new_and_is_not_hurried_by_it(rig: Rig) -> None:
    note(rig.app, "a")
    set_aside(rig)
    sender = line(rig)
    assert sender.resettle_due() is False, "nothing was tried yet"
    rig.client.before = Cable()
    assert sender.settle() == "gateway-unavailable"
    rig.clock.advance(299)
    assert not sender.resettle_due()
    rig.clock.advance(1)
    assert sender.resettle_due()
    rig.client.before = None
    assert sender.settle() is None
    rig.clock.advance(3_000)
    assert not sender.resettle_due()


def test_a_full_outbox_that_has_no_room_for_what_was_rescued_is_sent_all_the_same(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in "abc":
        note(rig.app, text)
    with rig.app.tables.transaction("a thief") as connection:
        connection.execute("drop trigger entry_unsent_stays")
        connection.execute("delete from entry where seq = 2")
    set_aside(rig)
    opened = state.open_writer
    monkeypatch.setattr(state, "open_writer", lambda folder, **given: opened(folder, **{**given, "quota": FULL}))
    with opened(rig.folder, clock=rig.clock, quota=FULL) as app:
        fill(app, 3000)
        pending = app.status().pending
    carried = stick.export(rig.folder, rig.joined, tmp_path)
    assert carried.entries == pending + 1, "all that is in line, here and there, also without a network"
    done = line(rig).drain()
    assert (done.problem, done.sent, done.pending) == ("outbox-full", pending, 0)
    with Outbox.open(rig.folder / "outbox.db", clock=rig.clock, quota=FULL) as outbox:
        assert outbox.purge(0) > 0, "there is room once more"
    assert line(rig).drain().problem is None
    assert texts(rig) == ["a"]
    assert [document["kind"] for *_, document in rig.gateway.documents() if "kind" in document].count("salvaged") == 1


@pytest.mark.parametrize("broken", [b"no database " * 4000, b""], ids=["foreign", "empty"])
def test_a_recovered_file_that_was_damaged_in_its_turn_is_made_anew_from_what_was_set_aside(
    rig: Rig, broken: bytes
) -> None:
    for text in "ab":
        note(rig.app, text)
    aside = set_aside(rig)
    (aside.folder / salvage.RECOVERED_FILE).write_bytes(broken)
    (aside.folder / f"{salvage.RECOVERED_FILE}-wal").write_bytes(b"of the damaged one")
    done = line(rig).drain()
    assert (done.problem, done.pending) == (None, 0)
    assert texts(rig) == ["a", "b"]


def test_where_nothing_is_readable_any_more_the_line_goes_on(rig: Rig) -> None:
    note(rig.app, "a")
    aside = set_aside(rig)
    for name in (salvage.RECOVERED_FILE, "outbox.db"):
        (aside.folder / name).write_bytes(b"no database " * 4000)
    (aside.folder / "outbox.db-wal").unlink(missing_ok=True)
    with state.open_writer(rig.folder, clock=rig.clock) as app:
        note(app, "b")
    assert line(rig).drain().problem is None
    assert texts(rig) == ["b"]


def test_the_service_manager_hears_from_a_long_delivery(rig: Rig) -> None:
    beats: list[int] = []
    rig.record(300)
    sender = line(rig, lambda: beats.append(1))
    assert sender.drain().sent == 300
    assert len(beats) >= 3
    assert replace(sender, beat=lambda: None).drain().sent == 0
