"""What an eye reads on a screen, as the bench tells it: words, and no name that only the terminal knows."""

from __future__ import annotations

from kiosk.bench.virtual.eye import words_of
from kiosk.events import PrimaryPressed
from kiosk.pieces.drawn import Where
from kiosk.pieces.proving import JoinCode
from kiosk.screen_model import Control, Modes, Notice, ScreenModel


def test_words_are_read_and_names_are_not() -> None:
    screen = ScreenModel(
        name="card",
        session_id=7,
        language="en",
        modes=Modes(),
        terminal="Guangzhou Citizen Terminal",
        place="",
        clock="10:06",
        date="18 May",
        title="Put your card in",
        title_meaning="info",
        body=(
            Where("where-slot", "The slot", "below the screen"),
            Notice("att", "No network", "Business goes on."),
            JoinCode("https://gateway.example/app#1", "Scan", "K7Q-2MP"),
        ),
        primary=Control("start.card", "primary", "Go on", PrimaryPressed(session_id=7), icon="arrow"),
        focus="start.card",
    )
    assert words_of(screen) == [
        "Guangzhou Citizen Terminal", "10:06", "18 May", "Put your card in", "The slot", "below the screen",
        "No network", "Business goes on.", "https://gateway.example/app#1", "Scan", "K7Q-2MP", "Go on",
    ]  # fmt: skip
