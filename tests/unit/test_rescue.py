"""An outbox that cannot go on: set aside whole, a new epoch, and every readable entry reaches the gateway once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from offline_cache import state
from offline_cache.disk import schema
from offline_cache.disk.files import write_atomic
from offline_cache.errors import MalformedMessage, StorageDamaged, StorageFailed, StorageMoved, Unavailable
from offline_cache.outbox import OUTBOX_FILE, Outbox, case_reference
from offline_cache.rescue import salvage
from offline_cache.seal import salvaged_row, unseal
from offline_cache.service import Line
from tests.outbox_bench import Rig, note, writer
from tests.outbox_gateway import ModelGateway


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "state")


def line(rig: Rig) -> Line:
    return Line(rig.folder, rig.joined, rig.client, rig.clock)


def drain(rig: Rig):
    """What `kiosk sync once` does, without a cable."""
    sender = line(rig)
    done = sender.drain()
    if done.problem in {"seq-conflict", "seq-gap", "storage-damaged"} and sender.begin_anew():
        done = sender.drain()
    return done


def received(gateway: ModelGateway) -> list[tuple[str, int, dict]]:
    """(epoch, seq, document) of every entry; one that came inside another is opened and counted under its own."""
    found = []
    for _terminal, epoch, seq, _id, document in gateway.documents():
        if document.get("kind") == "alarm":
            continue
        if document.get("kind") == "salvaged":
            row, wrapped, device, old_epoch = salvaged_row(document)
            assert wrapped is not None
            found.append((old_epoch, row.seq, unseal(row, wrapped, gateway.sealing_key, device, old_epoch)))
        else:
            found.append((epoch, seq, document))
    return found


def texts(gateway: ModelGateway) -> list[str]:
    return sorted(document["text"] for _, _, document in received(gateway))


def tamper(folder: Path, *statements: str) -> None:
    connection = schema.connect(folder / OUTBOX_FILE)
    for name in ("entry_never_changes", "entry_unsent_stays"):
        connection.execute(f"drop trigger if exists {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


# ------------------------------------------------------------------------------------------------- seq-conflict


def test_after_a_conflict_a_new_epoch_begins_and_both_sides_entries_are_at_the_gateway(rig: Rig) -> None:
    for text in ("a", "b"):
        note(rig.app, text)
    kept = rig.copy()
    for text in ("c", "d"):
        note(rig.app, text)
    assert drain(rig).problem is None
    rig.restore(kept)
    for text in ("e", "f"):
        note(rig.app, text)
    done = drain(rig)
    assert (done.problem, done.pending) == (None, 0)
    assert texts(rig.gateway) == ["a", "b", "c", "d", "e", "f"]
    assert len({(epoch, seq, document["text"]) for epoch, seq, document in received(rig.gateway)}) == 6
    (aside,) = salvage.listing(rig.folder)
    assert (aside.why.reason, aside.why.epoch_number, aside.done) == ("seq-conflict", 1, True)
    assert note(rig.app, "g") >= 1, "the app goes on without being started anew"
    meta = rig.app.meta()
    assert (meta.epoch_number, meta.terminal) == (2, "T0001")
    assert case_reference("T0001", meta.epoch_number, 42) == "T0001-2-000042"
    assert drain(rig).problem is None
    assert texts(rig.gateway)[-1] == "g"


def test_two_terminals_with_a_cloned_disk_lose_nothing(tmp_path: Path) -> None:
    first = Rig(tmp_path / "one")
    note(first.app, "before")
    drain(first)
    first.app.close()
    first.outbox.close()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    second = Rig.__new__(Rig)
    second.folder, second.clock, second.gateway = tmp_path / "two", first.clock, first.gateway
    second.joined, second.client = first.joined, first.client
    for rig, words in ((first, ("one-a", "one-b", "one-c")), (second, ("two-a", "two-b"))):
        rig.app = writer(rig.folder, rig.clock)
        for text in words:
            note(rig.app, text)
    for _ in range(2):
        for rig in (first, second):
            done = drain(rig)
            assert (done.problem, done.pending) == (None, 0)
    assert texts(first.gateway) == ["before", "one-a", "one-b", "one-c", "two-a", "two-b"]
    assert [len(salvage.listing(rig.folder)) for rig in (first, second)] == [0, 1]


def test_a_gateway_that_always_says_conflict_does_not_make_an_epoch_each_time(rig: Rig) -> None:
    note(rig.app, "a")
    rig.client.before = _raises_conflict
    for _ in range(4):
        assert drain(rig).problem == "seq-conflict"
    assert len(salvage.listing(rig.folder)) == 1
    rig.clock.advance(3700)
    drain(rig)
    assert len(salvage.listing(rig.folder)) == 2
    rig.client.before = None
    assert drain(rig).problem is None
    assert "a" in _all_texts(rig.gateway)


def _raises_conflict() -> None:
    from offline_cache.errors import SeqConflict

    raise SeqConflict("always")


def _all_texts(gateway: ModelGateway) -> list[str]:
    """As `texts`, through any number of wrappings."""
    found = []
    for _epoch, _seq, document in received(gateway):
        inner = document
        while inner.get("kind") == "salvaged":
            row, wrapped, device, epoch = salvaged_row(inner)
            assert wrapped is not None
            inner = unseal(row, wrapped, gateway.sealing_key, device, epoch)
        if inner.get("kind") != "alarm":
            found.append(inner["text"])
    return found


# ------------------------------------------------------------------------------------------------ a damaged file


def test_a_file_that_is_no_database_any_more_does_not_keep_the_next_citizen_from_being_served(rig: Rig) -> None:
    note(rig.app, "lost with the disk")
    rig.app.close()
    rig.outbox.close()
    for path in rig.folder.glob(OUTBOX_FILE + "*"):
        path.write_bytes(b"scribbled over" * 500)
    with writer(rig.folder, rig.clock) as app:
        assert note(app, "next") == 1
        assert app.meta().epoch_number == 2
    (aside,) = salvage.listing(rig.folder)
    assert (aside.why.reason, aside.found) == ("storage-damaged", salvage.Found(0, 0, 0))
    assert (aside.folder / OUTBOX_FILE).read_bytes().startswith(b"scribbled"), "the evidence is kept"
    assert drain(rig).problem is None
    assert texts(rig.gateway) == ["next"]


def test_tables_whose_names_are_no_text_any_more_are_damage_like_any_other(rig: Rig) -> None:
    note(rig.app, "lost with the names")
    rig.app.close()
    rig.outbox.close()
    path = rig.folder / OUTBOX_FILE
    damaged = path.read_bytes().replace(b"tableentryentry", b"table" + b"\xa4" * 10)
    path.write_bytes(damaged.replace(b"CREATE TABLE entry", b"\xa4" * 18))
    with writer(rig.folder, rig.clock) as app:
        assert note(app, "next") == 1
        assert app.meta().epoch_number == 2
    (aside,) = salvage.listing(rig.folder)
    assert aside.why.reason == "storage-damaged"


def test_a_damaged_page_costs_only_what_stood_on_it(rig: Rig) -> None:
    for number in range(200):
        note(rig.app, f"{number:03d}" + os.urandom(600).hex())
    rig.app.close()
    rig.outbox.close()
    path = rig.folder / OUTBOX_FILE
    connection = schema.connect(path)
    (leaf,) = connection.execute("select rootpage from sqlite_schema where name = 'entry'").fetchone()
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    content = bytearray(path.read_bytes())
    pages = len(content) // 4096
    hit = next(page for page in range(pages - 20, 0, -1) if content[(page - 1) * 4096] == 0x0D and page != leaf)
    content[(hit - 1) * 4096 : hit * 4096] = b"\xff" * 4096
    path.write_bytes(content)
    sender = line(rig)
    done = drain(rig)
    assert (done.problem, done.pending) == (None, 0)
    (aside,) = salvage.listing(rig.folder)
    assert aside.found is not None
    assert aside.found.missing + aside.found.in_line + aside.found.loose <= 200
    arrived = {text[:3] for text in texts(rig.gateway)}
    assert 180 <= len(arrived) < 200
    assert len(texts(rig.gateway)) == len(arrived), "nothing twice"
    assert aside.found.loose > 0
    assert sender.settle() is None


def test_an_entry_that_somebody_removed_does_not_hold_back_those_behind_it(rig: Rig) -> None:
    for text in "abcdef":
        note(rig.app, text)
    tamper(rig.folder, "delete from entry where seq = 3")
    done = drain(rig)
    assert (done.problem, done.pending) == (None, 0)
    assert texts(rig.gateway) == ["a", "b", "d", "e", "f"]
    (aside,) = salvage.listing(rig.folder)
    assert aside.found == salvage.Found(in_line=2, loose=3, missing=1)


def test_the_cursor_and_whose_it_is_may_be_lost_too(rig: Rig) -> None:
    for text in "ab":
        note(rig.app, text)
    tamper(rig.folder, "delete from cursor", "delete from meta")
    rig.app.close()
    rig.outbox.close()
    with pytest.raises(StorageDamaged):
        Outbox.open(rig.folder / OUTBOX_FILE)
    state.set_aside(rig.folder, "storage-damaged", rig.clock, state.outbox_file(rig.folder))
    state.adopt(rig.folder, rig.joined)
    assert drain(rig).problem is None
    assert texts(rig.gateway) == ["a", "b"]


def test_damage_before_joining_is_recovered_after_joining(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with writer(folder) as app:
        note(app, "a")
        note(app, "b")
    tamper(folder, "delete from entry where seq = 1")
    from tests.outbox_bench import CablelessClient, FakeClock, enrol

    clock = FakeClock()
    assert state.set_aside(folder, "storage-damaged", clock, state.outbox_file(folder))
    gateway = ModelGateway()
    joined = enrol(folder, gateway)
    assert Line(folder, joined, CablelessClient(joined, gateway), clock).drain().problem is None
    assert texts(gateway) == ["b"]


# ---------------------------------------------------------------------------------------------- cut off half-way


@pytest.mark.parametrize("at", range(8))
def test_a_power_cut_while_setting_aside_is_finished_by_the_next_start(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    for text in "abcd":
        note(rig.app, text)
    tamper(rig.folder, "delete from entry where seq = 3")
    rig.app.close()
    rig.outbox.close()
    steps = [0]

    def dying(inner: Callable) -> Callable:
        def act(*values: object, **named: object) -> object:
            steps[0] += 1
            if steps[0] > at:
                raise StorageFailed("the power went")
            return inner(*values, **named)

        return act

    with monkeypatch.context() as cut:
        cut.setattr(salvage, "write_atomic", dying(write_atomic))
        cut.setattr(salvage, "sync_folder", dying(salvage.sync_folder))
        cut.setattr(salvage, "migrate", dying(salvage.migrate))
        with pytest.raises(StorageFailed, match="power"):
            state.set_aside(rig.folder, "storage-damaged", rig.clock, state.outbox_file(rig.folder))
    if not salvage.listing(rig.folder):
        state.set_aside(rig.folder, "storage-damaged", rig.clock, state.outbox_file(rig.folder))
    assert drain(rig).problem is None
    assert texts(rig.gateway) == ["a", "b", "d"]


def test_the_line_cut_while_rescuing_doubles_nothing(rig: Rig) -> None:
    for text in "abcdef":
        note(rig.app, text)
    tamper(rig.folder, "delete from entry where seq = 2")
    rig.client.before = _cut_once([1, 3])
    for _ in range(4):
        drain(rig)
    assert texts(rig.gateway) == ["a", "c", "d", "e", "f"]


def _cut_once(at: list[int]) -> Callable[[], None]:
    count = [0]

    def before() -> None:
        count[0] += 1
        if count[0] in at:
            raise Unavailable("cut")

    return before


# ----------------------------------------------------------------------------------------- the app and the others


def test_a_process_that_still_has_the_old_file_records_in_the_new_one(rig: Rig) -> None:
    note(rig.app, "old")
    assert state.set_aside(rig.folder, "seq-conflict", rig.clock, state.outbox_file(rig.folder))
    assert not state.set_aside(rig.folder, "seq-conflict", rig.clock, (0, 0)), "somebody else has done it"
    with pytest.raises(StorageMoved), rig.outbox.tables.transaction("acknowledging"):
        pass
    numbers = []

    def build(seq: int, _id: str) -> dict[str, object]:
        numbers.append(case_reference("T0001", rig.app.meta().epoch_number, seq))
        return {"text": "new"}

    assert rig.app.append(build).seq == 1
    assert numbers[-1] == "T0001-2-000001"
    assert drain(rig).problem is None
    assert texts(rig.gateway) == ["new", "old"]


def test_damage_that_shows_while_recording_begins_a_new_epoch_at_once(rig: Rig) -> None:
    note(rig.app, "a")
    tamper(rig.folder, "delete from meta", "delete from key")
    rig.app.append(lambda _seq, _id: {"text": "b"})
    assert rig.app.meta().epoch_number == 2
    assert drain(rig).problem is None
    assert "b" in texts_of_openable(rig.gateway)


def texts_of_openable(gateway: ModelGateway) -> list[str]:
    """The key of the first entry is lost with the table: only the later one opens."""
    found = []
    for _terminal, _epoch, _seq, _id, document in gateway.documents():
        if document.get("kind") == "salvaged":
            assert document["key"] is None
        elif document.get("kind") != "alarm":
            found.append(document["text"])
    return found


def test_what_is_no_salvaged_document_is_refused() -> None:
    for bad in ({}, {"kind": "application", "row": {}}, {"kind": "salvaged", "row": {"seq": 0}}):
        with pytest.raises(MalformedMessage):
            salvaged_row(bad)


def test_notes_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / salvage.SET_ASIDE / "0001"
    folder.mkdir(parents=True)
    (folder / "reason.json").write_text("{")
    assert salvage.listing(tmp_path) == ()
    (folder / "reason.json").write_text(json.dumps({"reason": "x", "epoch": "e", "device": "d"}))
    assert salvage.listing(tmp_path)[0].why.epoch_number == 0
