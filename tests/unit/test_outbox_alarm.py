"""A damaged outbox: what stands on whole pages comes back, and a person hears of it until one has looked."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_cache import state
from offline_cache.disk import schema
from offline_cache.errors import StorageDamaged
from offline_cache.outbox import OUTBOX_FILE
from offline_cache.rescue import pages, salvage
from offline_cache.service import Line
from offline_cache.sync import read_status
from tests.outbox_bench import Rig, note, writer


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    built = Rig(tmp_path / "state")
    yield built
    built.app.close()
    built.outbox.close()


def smash(rig: Rig, content: bytes, at: int = 0) -> None:
    """The machine is off; a page of the file is overwritten; the machine is on again."""
    rig.app.close()
    rig.outbox.close()
    with (rig.folder / OUTBOX_FILE).open("r+b") as file:
        file.seek(at)
        file.write(content)
    rig.app = writer(rig.folder, rig.clock)
    rig.outbox = state.open_reader(rig.folder, clock=rig.clock)
    rig.start()


def drain(rig: Rig):
    return Line(rig.folder, rig.joined, rig.client, rig.clock).drain()


def documents(rig: Rig, kind: str | None = None) -> list[dict]:
    return [document for *_, document in rig.gateway.documents() if document.get("kind") == kind]


def sql_rows(folder: Path) -> list[tuple]:
    connection = schema.connect(folder / OUTBOX_FILE)
    try:
        return connection.execute("select * from entry order by seq").fetchall()
    finally:
        connection.close()


# ---------------------------------------------------------------------------------------------------- first page


@pytest.mark.parametrize("content", [bytes(4096), b"\xff" * 4096, bytes(100)])
def test_a_file_without_its_first_page_gives_back_every_entry(rig: Rig, content: bytes) -> None:
    big = os.urandom(30_000).hex()
    texts = ["a", big, *(f"t{number}" for number in range(60)), "最后"]
    for text in texts:
        note(rig.app, text)
    smash(rig, content)
    assert rig.app.meta().epoch_number == 2
    (aside,) = salvage.listing(rig.folder)
    assert aside.found == salvage.Found(in_line=len(texts), loose=0, missing=0)
    assert drain(rig).problem is None
    assert [document["text"] for document in documents(rig)] == texts


def test_what_was_acknowledged_before_the_damage_is_not_sent_again(rig: Rig) -> None:
    rig.record(5)
    assert drain(rig).problem is None
    rig.record(3)
    rig.client.sent.clear()
    smash(rig, bytes(4096))
    assert salvage.listing(rig.folder)[0].found == salvage.Found(3, 0, 0)
    assert drain(rig).problem is None
    assert min(first for first, _ in rig.client.sent) == 1, "the present epoch's alarm"
    assert (6, 8) in rig.client.sent
    assert [document["n"] for document in documents(rig)] == list(range(1, 9))


def test_the_pages_are_read_as_sqlite_reads_them_with_a_log_and_without(rig: Rig, tmp_path: Path) -> None:
    for number in range(40):
        note(rig.app, os.urandom(number * 300).hex())
    shutil.copytree(rig.folder, tmp_path / "copy")  # while both connections are open: the newest rows are in the log
    assert (tmp_path / "copy" / f"{OUTBOX_FILE}-wal").stat().st_size > 0
    for folder in (tmp_path / "copy", rig.folder):
        found = {rowid: record for rowid, record in pages.records(folder / OUTBOX_FILE) if rowid and len(record) == 8}
        assert [(rowid, *record[1:]) for rowid, record in sorted(found.items())] == sql_rows(folder)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 3 * 4096), st.integers(1, 8))
def test_whatever_bytes_stand_in_the_file_reading_it_ends(tmp_path_factory, noise: bytes, at: int, kind: int) -> None:
    folder = tmp_path_factory.mktemp("noise")
    page = bytearray(3 * 4096)
    page[:1] = page[4096:4097] = bytes([(13, 10, 2, 5)[kind % 4]])
    page[4096 + 3 : 4096 + 5] = b"\x07\xff"
    page[at : at + len(noise)] = noise
    (folder / "x.db").write_bytes(bytes(page))
    (folder / "x.db-wal").write_bytes(b"\x37\x7f\x06\x82" + noise)
    assert len(list(pages.records(folder / "x.db"))) <= 3 * 4096


# --------------------------------------------------------------------------------------------------------- alarm


def test_the_alarm_stays_until_a_technician_has_looked_and_the_gateway_hears_both(rig: Rig) -> None:
    rig.record(2)
    smash(rig, bytes(4096))
    rig.record(1)
    for _ in range(2):
        assert drain(rig).problem is None
    status = read_status(rig.folder)
    assert status is not None
    assert (status.state, status.alarm) == ("idle", "storage-damaged"), "sending works, and a person must look"
    (raised,) = documents(rig, "alarm")
    assert (raised["state"], raised["code"], raised["epoch_number"]) == ("raised", "storage-damaged", 1)
    assert raised["found"] == {"in_line": 2, "loose": 0, "missing": 0}
    assert salvage.alarm(rig.folder) == "storage-damaged"

    assert [one.why.epoch_number for one in salvage.acknowledge(rig.folder, 1)] == [1]
    assert salvage.acknowledge(rig.folder, 2) == ()
    assert salvage.alarm(rig.folder) is None
    for _ in range(2):
        assert drain(rig).problem is None
    assert [document["state"] for document in documents(rig, "alarm")] == ["raised", "seen"]
    status = read_status(rig.folder)
    assert status is not None
    assert status.alarm is None
    assert (salvage.listing(rig.folder)[0].folder / OUTBOX_FILE).exists(), "what was set aside is never deleted"


def test_the_power_goes_between_the_report_and_its_note_and_it_is_told_once(rig: Rig) -> None:
    rig.record(1)
    smash(rig, bytes(4096))
    assert drain(rig).problem is None
    (salvage.listing(rig.folder)[0].folder / "told.json").unlink()
    assert drain(rig).problem is None
    assert len(documents(rig, "alarm")) == 1


def test_a_stick_carries_the_alarm_too(rig: Rig, tmp_path: Path) -> None:
    from offline_cache.rescue import stick

    rig.record(2)
    smash(rig, bytes(4096))
    done = stick.export(rig.folder, rig.joined, tmp_path)
    assert done.entries == 3


def test_damage_behind_the_first_page_is_told_with_its_place(rig: Rig) -> None:
    rig.record(3)
    connection = rig.app.tables._connection
    connection.execute("drop trigger entry_never_changes")
    connection.execute("update entry set body = x'00' where seq = 2")
    with pytest.raises(StorageDamaged) as told:
        rig.app.verify()
    assert told.value.seq == 2
    assert json.loads((rig.folder / "device.json").read_text())["epochs"] == [rig.app.meta().epoch]
