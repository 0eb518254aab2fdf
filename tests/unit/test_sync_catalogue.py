"""The catalogue on the terminal's disk: fetched when it changed, believed only with the gateway's signature."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_cache import catalogue
from offline_cache.errors import BadReply, Refused, Unavailable
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
    """What a gateway publishes, as the client hands it over."""

    def __init__(self, rig: Rig) -> None:
        self.key = rig.gateway.signing_key
        self.etag = '"1"'
        self.content: dict[str, object] = {"version": "1"}
        self.error: Exception | None = None
        self.asked: list[str | None] = []
        self.shelf: dict[str, tuple[str, dict[str, object]] | Exception] = {}
        self.asked_for: list[tuple[str, str | None]] = []

    def catalogue(self, etag: str | None) -> tuple[str, bytes] | None:
        self.asked.append(etag)
        if self.error is not None:
            raise self.error
        return None if etag == self.etag else (self.etag, sign1(json_dumps(self.content), self.key))

    def published(self, name: str, etag: str | None) -> tuple[str, bytes] | None:
        self.asked_for.append((name, etag))
        found = self.shelf.get(name)
        if isinstance(found, Exception):
            raise found
        if found is None or etag == found[0]:
            return None
        return found[0], sign1(json_dumps(found[1]), self.key)


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


# ------------------------------------------------------------------------------------- configuration and directory


def configuration(version: int, **settings: object) -> tuple[str, dict[str, object]]:
    return f'"{version}"', {"kind": "configuration", "version": version, "settings": settings}


def stored(rig: Rig, name: catalogue.Published) -> dict[str, object] | None:
    found = catalogue.load(rig.folder, rig.joined.signing_key, name)
    return None if found is None else found.content


def test_configuration_and_directory_are_fetched_beside_the_catalogue_and_only_when_they_changed(rig: Rig) -> None:
    shelf, key = Shelf(rig), rig.joined.signing_key
    shelf.shelf = {"configuration": configuration(1), "directory": ('"d"', {"kind": "directory", "offices": []})}
    rig.client.catalogue, rig.client.published = shelf.catalogue, shelf.published
    assert rig.service.refresh_catalogue() is None
    assert rig.service.refresh_catalogue() is None
    assert stored(rig, "configuration") == {"kind": "configuration", "version": 1, "settings": {}}
    assert stored(rig, "directory") == {"kind": "directory", "offices": []}
    assert shelf.asked_for[2:] == [("configuration", '"1"'), ("directory", '"d"')]
    shelf.shelf = {"configuration": Unavailable("cut"), "directory": Unavailable("cut")}
    rig.clock.advance(9 * 86_400)
    with pytest.raises(Unavailable):
        catalogue.refresh_published(rig.folder, shelf, key)
    assert stored(rig, "directory") == {"kind": "directory", "offices": []}, "nine days without a network"


def test_a_configuration_never_goes_back_and_one_that_cannot_be_used_is_not_taken(rig: Rig) -> None:
    shelf, key = Shelf(rig), rig.joined.signing_key
    shelf.shelf["configuration"] = configuration(5, idle_timeout_s=90)
    catalogue.refresh_published(rig.folder, shelf, key)
    shelf.shelf["configuration"] = configuration(4)
    with pytest.raises(BadReply, match="version 4 is older than 5"):
        catalogue.refresh_published(rig.folder, shelf, key)
    shelf.shelf["configuration"] = configuration(6, no_such_setting=1)
    shelf.shelf["directory"] = ('"d"', {"kind": "directory"})
    with pytest.raises(BadReply, match="last good"):
        catalogue.refresh_published(rig.folder, shelf, key, lambda content: "no_such_setting" not in str(content))
    found = stored(rig, "configuration")
    assert found is not None
    assert found["version"] == 5
    assert stored(rig, "directory") is not None, "one that fails does not hold back the other"


def test_what_is_signed_as_one_thing_is_not_taken_for_another(rig: Rig) -> None:
    shelf, key = Shelf(rig), rig.joined.signing_key
    shelf.shelf["directory"] = configuration(1)
    with pytest.raises(BadReply, match="something else"):
        catalogue.refresh_published(rig.folder, shelf, key)
    catalogue.refresh(rig.folder, shelf, key)
    (rig.folder / "configuration.cbor").write_bytes((rig.folder / "catalogue.cbor").read_bytes())
    assert stored(rig, "configuration") is None


def test_somebody_elses_signature_is_not_taken(rig: Rig) -> None:
    shelf = Shelf(rig)
    shelf.key = Ed25519PrivateKey.generate()
    shelf.shelf["directory"] = ('"d"', {"kind": "directory"})
    with pytest.raises(BadReply):
        catalogue.refresh_published(rig.folder, shelf, rig.joined.signing_key)
    assert stored(rig, "directory") is None


def test_an_older_gateway_that_publishes_neither_is_no_trouble(rig: Rig) -> None:
    shelf, key = Shelf(rig), rig.joined.signing_key
    shelf.shelf = {"configuration": Refused("not-found", 404), "directory": Refused("not-found", 404)}
    catalogue.refresh_published(rig.folder, shelf, key)
    shelf.shelf = {"configuration": Refused("busy", 409)}
    with pytest.raises(Refused):
        catalogue.refresh_published(rig.folder, shelf, key)
