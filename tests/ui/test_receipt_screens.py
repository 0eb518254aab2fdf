"""The screens around a receipt, in every mode and language: every word fits, nothing lies outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from drivers.api import JobState, PrintResult
from kiosk import events as e
from kiosk.cli.paper.qr_reader import read_qr_codes
from kiosk.pieces.modes import TEXT_SCALES
from kiosk.screen_model import Modes, ScreenModel
from kiosk.session import state as s
from kiosk.settings import Settings
from kiosk.ui.glass.painter import Painting
from kiosk.ui.letters import Letters
from kiosk.ui.screen import lay_out
from kiosk.view_model.frame import Scene
from kiosk.view_model.screen import render
from offline_cache.wire.receipt_token import sign_token, verify_token
from tests.unit.visit_kit import FAILURES, MOUTH, SAY, SECRETS, SITE, Visit, drawn

PORTRAIT, LANDSCAPE = (1080, 1920), (1920, 1080)
ENDS, BETWEEN = (TEXT_SCALES[0], TEXT_SCALES[-1]), TEXT_SCALES[1:-1]


@pytest.fixture(scope="module")
def letters(window: object, fonts: Path) -> Letters:
    return Letters(fonts, "SC")


def at_the_printer() -> Visit:
    return Visit(printer=MOUTH).to_printing()


def half() -> Visit:
    result = PrintResult(JobState.PARTIAL, "paper-out", 900, pieces=2, pieces_done=1)
    return Visit().to_printing().send(e.PrintFinished(result))


def asked_for_a_number(way: str) -> Visit:
    return Visit().to_saved("bare").touch("primary", f"receipt.{way}", "primary")


STATES = {
    "take it": lambda: at_the_printer().printed(JobState.DONE),
    "not taken": lambda: at_the_printer().printed(JobState.DONE).send(e.TicketSeen("retracted")),
    "stuck": lambda: at_the_printer().printed(JobState.DONE).send(e.TicketSeen("jammed")),
    "half": half,
    "half, no paper": lambda: half().printer(paper="out"),
    "nothing": lambda: Visit().to_printing().printed(JobState.NOT_PRINTED, "paper-out"),
    "ways": lambda: Visit().to_saved().touch("primary"),
    "no paper": lambda: Visit().to_saved().printer(paper="out").touch("primary", "receipt.sms"),
    "phone": lambda: asked_for_a_number("sms").touch("key.1", "primary"),
    "e-mail": lambda: asked_for_a_number("email").touch("key.a", "primary"),
    "sent": lambda: Visit().to_saved().touch("primary", "receipt.email", "primary").send(
        e.EntrySaved("notice", 2, "T0001-000001", 0)
    ),
    "not recorded": lambda: Visit().to_saved().touch("primary", "receipt.sms", "primary").send(
        e.SaveFailed("notice", "outbox-full")
    ),
}  # fmt: skip


def screens(session: s.Session, scales: tuple[float, ...]) -> Iterator[tuple[tuple[int, int], ScreenModel]]:
    for modes in [*(Modes(scale) for scale in scales), Modes(reach=True)]:
        if modes.reach and session.message is not None and session.message.way == "email":
            continue  # letters in the lower half: measured with the form's own keyboard
        for size in (PORTRAIT,) if modes.reach else (PORTRAIT, LANDSCAPE):
            world = replace(session.world, settings=Settings(width=size[0], height=size[1]))
            for language in ("zh-Hans", "en"):
                yield size, drawn(replace(session, modes=modes, world=world), language)


@pytest.mark.parametrize("scales", [ENDS, pytest.param(BETWEEN, marks=pytest.mark.nightly)], ids=["ends", "between"])
@pytest.mark.parametrize("name", STATES)
def test_the_screens_of_a_receipt_fit(letters: Letters, name: str, scales: tuple[float, ...]) -> None:
    found: list[str] = []
    for size, model in screens(STATES[name]().session, scales):
        sheet = lay_out(model, size, letters.measure)
        where = f"{size[0]} {model.language} {model.modes.text_scale}{' low' if model.modes.reach else ''}"
        found += [f"{where}: {overflow}" for overflow in sheet.overflows]
    assert found == []


@pytest.mark.parametrize("name", ["ways", "half, no paper"])
def test_a_telephone_reads_the_code_off_the_screen(window: object, fonts: Path, tmp_path: Path, name: str) -> None:
    key = Ed25519PrivateKey.generate()
    site = replace(SITE, sign=partial(sign_token, key=key), verify_url="https://check.example.invalid/verify")
    model = render(Scene(STATES[name]().session, SAY["zh-Hans"], FAILURES, site))
    _, pixels = Painting(fonts).of(model, PORTRAIT)
    picture = tmp_path / "screen.png"
    Image.frombuffer("RGBA", PORTRAIT, pixels, "raw", "RGBA", 0, -1).convert("L").save(picture)
    (code,) = read_qr_codes(picture)
    address, _, token = code.partition("?token=")
    assert address == site.verify_url
    assert verify_token(unquote(token), key.public_key()).number == "T0001-000001"
    assert not any(secret in code for secret in SECRETS)
