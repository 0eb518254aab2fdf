"""The pictures of `docs/technician.md`, drawn by the terminal's own renderer. `tests.pictures` writes them.

`setup.png` are steps of a commissioning, `maintenance.png` what a technician meets with an empty roll, in both
languages, `closed.png` what citizens read of a closed terminal.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from drivers.api import SlotState
from kiosk.bench.virtual.painter import Painter
from kiosk.bench.virtual.staff import PIN
from kiosk.screen_model import ScreenModel
from provisioning.gateway.appointments.offices import load_offices
from tests.repository import ROOT
from tests.scenario.kit import Kiosk
from tests.unit.setup_kit import CARD, SHOWN, Hand

SIZE = (1080, 1920)
ENGLISH = "en"


def setup_screens() -> Iterator[ScreenModel]:
    """Five of the eight steps: touch, print, reader, joining, report."""
    hand = Hand().begun()
    hand.touch("touch.target", "touch.target")
    yield hand.screen()
    hand.touch("touch.target", "touch.target", "touch.target").press("next", "next", "next", "next", "next", "good")
    hand.done("setup-speech").press("heard").done("print", digits="7305")
    yield hand.touch("key.7", "key.3").screen()
    hand.touch("key.0", "key.5", "primary").slot(SlotState.PRESENT, 1)
    yield hand.done("setup-card", facts=CARD).screen()
    hand.press("help").press("accept").done("setup-network", ms="38").press("accept").done("setup-clock")
    hand.press("accept")
    yield hand.done("setup-join", facts=SHOWN).screen()
    hand.done("setup-join", state="joined", until="2027-08-16").done("setup-data").done("setup-outbox", cuts="3")
    hand.done("setup-report")
    yield hand.done("setup-sent").screen()


def maintenance_screens(kiosk: Kiosk) -> Iterator[ScreenModel]:
    """An empty roll, in Chinese and in English."""
    kiosk.paper.set_fault("paper-out")
    kiosk.own_reader.insert(kiosk.staff.card())
    kiosk.pump()
    kiosk.pin(PIN)
    yield kiosk.screen
    while kiosk.screen.language != ENGLISH:
        kiosk.touch("mode.language")
    yield kiosk.screen
    kiosk.touch("tool.tools")
    yield kiosk.screen
    kiosk.touch("tool.close", "reason.reader", "until.today")
    yield kiosk.screen


def closed_screens(kiosk: Kiosk) -> Iterator[ScreenModel]:
    """Closed to citizens: in Chinese, in English, and in large letters."""
    kiosk.touch("primary", "finish")
    yield kiosk.screen
    while kiosk.screen.language != ENGLISH:
        kiosk.touch("mode.language")
    yield kiosk.screen
    kiosk.touch("mode.large", "mode.large", "mode.language", "mode.language")
    yield kiosk.screen


def staff_pictures(paint: Painter) -> dict[str, list[Image.Image]]:
    """Return the shots of each picture, in their order."""
    offices = load_offices(ROOT / "assets" / "city" / "offices.toml").values()
    with tempfile.TemporaryDirectory(prefix="kiosk-pictures.") as folder:

        def shot(model: ScreenModel) -> Image.Image:
            return paint.image(model, SIZE)

        kiosk = Kiosk(Path(folder))
        try:
            kiosk.city.directory = {"offices": [dict(office.public) for office in offices]}
            kiosk.stands_in("rongshu", "exit-entry")
            return {
                "setup.png": [shot(one) for one in setup_screens()],
                "maintenance.png": [shot(one) for one in maintenance_screens(kiosk)],
                "closed.png": [shot(one) for one in closed_screens(kiosk)],
            }
        finally:
            kiosk.close()
