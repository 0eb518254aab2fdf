"""One offscreen Kivy window for each test process; every test gets its own view on it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.kit import Hand

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
def window(tmp_path_factory: pytest.TempPathFactory) -> object:
    if "kivy" not in sys.modules:
        from kiosk.ui.configure import configure

        configure((1080, 1920), fullscreen=False, kivy_home=tmp_path_factory.mktemp("kivy"), offscreen=True)
    from kivy.base import EventLoop, runTouchApp

    EventLoop.ensure_window()
    runTouchApp(embedded=True)
    return EventLoop.window


@pytest.fixture
def hand(window: object, fonts: Path) -> Iterator[Hand]:
    made = Hand(window, fonts)
    yield made
    made.close()
