"""The modes of a screen that the review page shows and the fitting tests measure, and a session put into each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.screen_model import Modes
from kiosk.session.state import Session
from kiosk.ui.theme import LANDSCAPE, PORTRAIT
from kiosk.words.languages import languages

LANGUAGES = tuple(languages())


@dataclass(frozen=True)
class Mode:
    """One citizen's screen: its display in pixels, and what is switched on."""

    modes: Modes
    size: tuple[int, int] = PORTRAIT


MODES: dict[str, Mode] = {
    "1.0": Mode(Modes()),
    "1.25": Mode(Modes(1.25)),
    "1.6": Mode(Modes(1.6)),
    "2.0": Mode(Modes(2.0)),
    "dark": Mode(Modes(contrast="dark")),
    "white": Mode(Modes(contrast="hlight")),
    "reach": Mode(Modes(reach=True)),
    "left": Mode(Modes(left_handed=True)),
    "landscape": Mode(Modes(), LANDSCAPE),
    "landscape 1.25": Mode(Modes(1.25), LANDSCAPE),
    "landscape 1.6": Mode(Modes(1.6), LANDSCAPE),
    "landscape 2.0": Mode(Modes(2.0), LANDSCAPE),
}
"""Name -> mode. The last three are measured and are on the page with `ALL=1`."""


def dressed(session: Session, language: str, mode: Mode) -> Session:
    """The same session in this language and mode; speech, calm and the dark screen stay as they are."""
    now, wanted = session.modes, mode.modes
    modes = replace(
        now,
        text_scale=wanted.text_scale,
        contrast=wanted.contrast,
        reach=wanted.reach,
        left_handed=wanted.left_handed,
    )
    settings = replace(session.world.settings, width=mode.size[0], height=mode.size[1])
    return replace(session, language=language, modes=modes, world=replace(session.world, settings=settings))
