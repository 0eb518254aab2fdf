"""The catalogue on the terminal's disk: fetched when it changed, believed only with the gateway's signature."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from offline_cache import catalogue
from offline_cache.errors import BadReply, Unavailable
from offline_cache.messages import json_dumps, sign1
from offline_cache.outbox import Outbox
from offline_cache.sync import SyncService
from tests.outbox_bench import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    built = Rig(tmp_path / "state")
    yield built
    built.app.close()
    built.outbox.close()


class Shelf:
    """A gateway's catalogue, as the client hands it over."""

    def __init__(self, rig: Rig) -> None:
        self.key = rig.gateway.signing_key
        self.etag = '"1"'
        self.content: dict[str, object] = {"version": "1"}
        self.error: Exception | None = None
        self.asked: list[str | None] = []

    def catalogue(self, etag: str | None) -> tuple[str, bytes] | None:
        self.asked.append(etag)
        if self.error is not None:
            raise self.error
        return None if etag == self.etag else (self.etag, sign1(json_dumps(self.content), self.key))


def test_the_catalogue_is_fetched_when_it_changed_and_the_last_good_one_kept(rig: Rig) -> None:
    shelf, key = Shelf(rig), rig.joined.signing_key
    assert catalogue.load(rig.folder, key) is None
    assert catalogue.refresh(rig.folder, shelf, key)
    assert not catalogue.refresh(rig.folder, shelf, key)
    shelf.etag, shelf.content = '"2"', {"version": "2"}
    assert catalogue.refresh(rig.folder, shelf, key)
    shelf.error = BadReply("garbled")
    with pytest.raises(BadReply):
        catalogue.refresh(rig.folder, shelf, key)
    stored = catalogue.load(rig.folder, key)
    assert stored is not None
    assert (stored.etag, stored.content) == ('"2"', {"version": "2"})
    assert shelf.asked == [None, '"1"', '"1"', '"2"']


def test_a_catalogue_that_somebody_changed_on_the_disk_is_not_believed(rig: Rig) -> None:
    shelf, key = Shelf(rig), rig.joined.signing_key
    catalogue.refresh(rig.folder, shelf, key)
    path = rig.folder / catalogue.CATALOGUE_FILE
    path.write_bytes(path.read_bytes().replace(b'"1"', b'"7"'))
    assert catalogue.load(rig.folder, key) is None
    path.write_bytes(b"")
    assert catalogue.load(rig.folder, key) is None
    assert catalogue.refresh(rig.folder, shelf, key)


def test_the_service_asks_for_the_catalogue_and_again_soon_after_a_failure(rig: Rig) -> None:
    shelf = Shelf(rig)
    rig.client.catalogue = shelf.catalogue
    shelf.error = Unavailable("cut")
    rig.service._chores()
    rig.service._chores()
    assert len(shelf.asked) == 1
    shelf.error = None
    rig.clock.advance(20)
    rig.service._chores()
    assert catalogue.load(rig.folder, rig.joined.signing_key) is not None
    rig.clock.advance(20)
    rig.service._chores()
    assert len(shelf.asked) == 2
    rig.clock.advance(300)
    rig.service._chores()
    assert shelf.asked[-1] == '"1"'


def test_without_a_state_folder_there_is_no_catalogue(rig: Rig) -> None:
    outbox: Outbox = rig.outbox
    assert SyncService(outbox, rig.client).refresh_catalogue() is None
