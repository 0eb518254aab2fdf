"""A citizen shows a licence at the terminal by a code, with the gateway's own desk behind it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.bench.virtual.city import personas
from kiosk.screen_model import CaseNumber
from kiosk.session.asking.events import VerdictCame
from provisioning.gateway.appointments.bookings import ms_of
from provisioning.gateway.licences.shares import LicenceDesk
from provisioning.gateway.offices.desks import Request, answers_of
from provisioning.gateway.offices.proof import Proven
from provisioning.gateway.storage.sqlite import SqliteDatabase
from tests.scenario.kit import Kiosk

ADDRESS = "https://127.0.0.1:8443"


@pytest.fixture
def desk(kiosk: Kiosk, tmp_path: Path) -> Iterator[LicenceDesk]:
    held = {person.id_number: person.records.get("lic.elicence") for person in personas().values()}
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    with closing(SqliteDatabase(tmp_path / "licences.db")) as database:
        desk = LicenceDesk(database, held.get, key, bytes(32), lambda: ADDRESS)

        def verdict(_epoch: str, seq: int, _after: int) -> VerdictCame:
            document: Mapping[str, Any] = dict(kiosk.store.recorded)[seq]
            number = document["holder"]["id_number"]
            recorded_ms = ms_of(datetime.datetime.fromisoformat(document["time"]))
            outcome = desk.settle(
                Request(f"e {seq}", answers_of(document), number.encode(), Proven(number, "citizen"), "", recorded_ms,
                        kiosk.clock.wall_ms())
            )  # fmt: skip
            return VerdictCame(seq, not outcome.reason, outcome.reason, outcome.result)

        kiosk.city.verdict = verdict  # type: ignore[method-assign]
        yield desk


def to_licence(kiosk: Kiosk, row: int) -> None:
    kiosk.to_home("parent").touch("event.records", "service.my-licences", "primary", "primary")
    assert "您有 5 份证照" in kiosk.words
    while f"row.{row}" not in kiosk.controls:
        kiosk.touch("page.down")
    kiosk.touch(f"row.{row}")


def hand_in(kiosk: Kiosk) -> None:
    while kiosk.screen.name in {"form", "check"}:
        kiosk.touch("primary")
    kiosk.wait(1)


def test_a_property_certificate_is_shown_by_a_code_for_renting(kiosk: Kiosk, desk: LicenceDesk) -> None:
    to_licence(kiosk, 1)
    assert "不动产权证" in kiosk.words
    assert "陈晓娴" not in kiosk.words
    kiosk.touch("do.share", "change.purpose", "choice.purpose.rent", "primary")
    hand_in(kiosk)
    assert kiosk.screen.name == "saved"
    (number,) = (piece for piece in kiosk.screen.body if isinstance(piece, CaseNumber))
    assert number.qr.startswith(f"{ADDRESS}/l?t=")
    seen = desk.look(number.qr.partition("t=")[2], kiosk.clock.wall_ms())
    assert seen.outcome == "good"
    assert seen.token is not None
    assert (seen.token.kind, seen.token.purpose) == ("property-title", "rent")
    assert seen.facts["holder"] == "陈*娴"
    kiosk.clock.advance(301)
    assert desk.look(number.qr.partition("t=")[2], kiosk.clock.wall_ms()).outcome == "expired"


@pytest.mark.usefixtures("desk")
def test_what_the_citizen_stated_cannot_be_shown_to_others(kiosk: Kiosk) -> None:
    to_licence(kiosk, 4)
    assert "本人说明" in kiosk.words
    assert "do.share" not in kiosk.controls
    assert "do.stop" in kiosk.controls


@pytest.mark.usefixtures("desk")
def test_a_licence_is_printed_as_it_is_seen(kiosk: Kiosk) -> None:
    to_licence(kiosk, 0)
    kiosk.touch("view.print")
    kiosk.wait(5)
    (paper,) = kiosk.paper.receipts
    assert "市民卡" in paper.text
    assert "陈晓娴" not in paper.text


def test_the_codes_are_taken_back(kiosk: Kiosk, desk: LicenceDesk) -> None:
    to_licence(kiosk, 1)
    kiosk.touch("do.share")
    hand_in(kiosk)
    (number,) = (piece for piece in kiosk.screen.body if isinstance(piece, CaseNumber))
    kiosk.touch("finish")
    kiosk.wait(60)
    token = number.qr.partition("t=")[2]
    settled = desk.settle(
        Request("later", {"do": "stop"}, personas()["parent"].id_number.encode(),
                Proven(personas()["parent"].id_number, "citizen"), "", 0, kiosk.clock.wall_ms())
    )  # fmt: skip
    assert settled.result == {"stopped": "1"}
    assert desk.look(token, kiosk.clock.wall_ms()).outcome == "stopped"
