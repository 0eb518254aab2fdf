"""One offscreen Kivy window for each test process; every test gets its own view on it.

Kivy reads its settings when it is first imported, so they are made here, before any test of this folder is.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.ui.glass.configure import configure
from tests.ui.kit import Hand

if "kivy" not in sys.modules:
    HOME = tempfile.TemporaryDirectory(prefix="kivy-")
    configure((1080, 1920), fullscreen=False, kivy_home=Path(HOME.name), offscreen=True)

FONTS = Path(__file__).resolve().parents[2] / "build" / "fonts"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.ui)


@pytest.fixture(scope="session")
def fonts() -> Path:
    from kiosk.ui.build_fonts import build, font_files

    if not all(path.exists() for path in font_files(FONTS)):
        build(FONTS)
    return FONTS


@pytest.fixture(scope="session")
def window() -> object:
    from kivy.base import EventLoop, runTouchApp
    from kivy.config import Config

    assert Config.get("graphics", "multisamples") == "0", "Kivy was imported before tests/ui/conftest.py"
    EventLoop.ensure_window()
    runTouchApp(embedded=True)
    return EventLoop.window


@pytest.fixture
def hand(window: object, fonts: Path) -> Iterator[Hand]:
    made = Hand(window, fonts)
    yield made
    made.close()
