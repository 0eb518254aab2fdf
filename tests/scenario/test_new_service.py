"""A service that the city adds while a terminal runs: offered after the next refresh, as the gateway signed it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.cli.services import read_table, shared_tables
from kiosk.terminal import CATALOGUE_LOOK_S
from offline_cache import catalogue
from offline_cache.messages import json_dumps, sign1
from tests.outbox_bench import enrol
from tests.outbox_gateway import ModelGateway
from tests.scenario.kit import Kiosk
from tests.scenario.service_walk import walk

NAME = {"zh-Hans": "老年人优待证", "en": "Senior citizen's pass"}


def plain(value: Any) -> Any:
    """A TOML table as JSON has it."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def published(version: str, *, more: bool) -> dict[str, object]:
    """The catalogue as the gateway publishes it, with a service that this terminal never heard of."""
    files, shared = shared_tables()
    services = [plain(read_table(Path(file))) for file in files]
    proof = next(item for item in services if item["id"] == "household-proof")
    new = {**proof, "id": "senior-pass", "version": "2026.9", "event": "retire", "name": NAME}
    return {"version": version, "services": [*services, *([new] if more else [])], **plain(shared)}


class Publisher:
    """The gateway's desk for catalogues."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.key = key
        self.content = published("1", more=False)

    def catalogue(self, etag: str | None) -> tuple[str, bytes] | None:
        now = f'"{self.content["version"]}"'
        return None if etag == now else (now, sign1(json_dumps(self.content), self.key))


@pytest.fixture
def joined(tmp_path: Path) -> Iterator[tuple[Kiosk, Publisher]]:
    gateway = ModelGateway()
    enrol(tmp_path, gateway)
    kiosk = Kiosk(tmp_path)
    yield kiosk, Publisher(gateway.signing_key)
    kiosk.close()


def refresh(kiosk: Kiosk, publisher: Publisher, key: bytes) -> None:
    """What the sync service does every few minutes, and the terminal's look at what it stored."""
    catalogue.refresh(kiosk.state_dir, publisher, key)
    kiosk.wait(CATALOGUE_LOOK_S + 1)


def test_a_new_service_is_there_for_the_next_citizen_and_can_be_finished(joined: tuple[Kiosk, Publisher]) -> None:
    kiosk, publisher = joined
    key = publisher.key.public_key().public_bytes_raw()
    refresh(kiosk, publisher, key)
    kiosk.to_home("elder")
    assert not kiosk.controls["event.retire"].enabled
    publisher.content = published("2", more=True)
    refresh(kiosk, publisher, key)
    assert not kiosk.controls["event.retire"].enabled, "nothing changes in anybody's hands"
    kiosk.touch("finish")
    kiosk.pull()
    kiosk.to_home("elder")
    assert kiosk.controls["event.retire"].enabled
    kiosk.touch("event.retire")
    assert "老年人优待证" in kiosk.words
    kiosk.touch("service.senior-pass")
    while kiosk.screen.name not in {"check", "saved"}:
        choice = next((c for c in kiosk.controls.values() if c.id.startswith("choice.") and c.enabled), None)
        kiosk.touch(*([choice.id] if choice is not None else []), "primary")
    kiosk.touch("primary")
    kiosk.wait(1)
    document = kiosk.store.documents[-1]
    assert (document["service"], document["service_version"]) == ("senior-pass", "2026.9")


def test_what_somebody_else_signed_is_not_offered(joined: tuple[Kiosk, Publisher]) -> None:
    kiosk, publisher = joined
    key = publisher.key.public_key().public_bytes_raw()
    forger = Publisher(Ed25519PrivateKey.generate())
    forger.content = published("9", more=True)
    refresh(kiosk, forger, key)  # as somebody who can write to the disk would leave it there
    kiosk.to_home("elder")
    assert not kiosk.controls["event.retire"].enabled
    assert walk(kiosk, "household-proof").document["service"] == "household-proof", "the last good one goes on"
