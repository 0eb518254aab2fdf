"""The outbox as the terminal's desk uses it: numbers, tickets, and what is said once an entry is on the disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from kiosk import events as e
from kiosk.workers.desks import StoreDesk
from kiosk.workers.online import OutboxStore
from kiosk.workers.threads import InlineWorker
from offline_cache.disk.tables import OutboxMeta
from offline_cache.errors import StorageFailed
from offline_cache.outbox import Appended, Outbox
from tests.outbox_bench import note, writer


@pytest.mark.parametrize(
    ("document", "number"),
    [({"kind": "application"}, "T0007-000002"), ({"kind": "rating", "number": "T0007-000001"}, "T0007-000001")],
)
def test_an_entry_gets_the_number_of_its_place_unless_it_speaks_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: Mapping[str, object], number: str
) -> None:
    kept: list[Mapping[str, object]] = []
    with writer(tmp_path) as outbox:
        note(outbox)
        append = outbox.append
        monkeypatch.setattr(outbox, "append", lambda build: append(lambda *at: kept.append(build(*at)) or kept[-1]))
        made = OutboxStore(outbox, "T0007").record(document)
        assert (made.seq, made.number, made.epoch) == (2, "T0007-000002", outbox.meta().epoch)
    assert kept == [{**document, "number": number}]


def test_a_disk_that_goes_after_commit_does_not_unsay_what_was_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is read after COMMIT could fail, and the citizen be told to hand in again what is recorded."""

    def gone(_outbox: Outbox) -> OutboxMeta:
        raise StorageFailed("the disk went")

    append = Outbox.append

    def then_gone(outbox: Outbox, *build: object) -> Appended:
        made = append(outbox, *build)  # pyright: ignore[reportArgumentType]
        monkeypatch.setattr(Outbox, "meta", gone)
        return made

    said: list[e.Event] = []
    with writer(tmp_path) as outbox:
        monkeypatch.setattr(Outbox, "append", then_gone)
        failed: list[BaseException] = []
        worker = InlineWorker("store", lambda _name, error: failed.append(error))
        desk = StoreDesk(OutboxStore(outbox, "T0007"), worker, said.append, lambda: 0)
        desk.record(1, "application", {"kind": "application"})
        assert outbox.last_seq() == 1
    assert failed == []
    assert [type(event) for event in said] == [e.EntrySaved]
