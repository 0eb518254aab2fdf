"""How this citizen wants the screen and the voice: gone with the visit. Pure."""

from __future__ import annotations

from kiosk.events import (
    BackPressed,
    HeadphonesChanged,
    KeyPressed,
    ModesAsked,
    ModeToggled,
    PrimaryPressed,
    SpeechTuned,
)
from kiosk.frozen import replace
from kiosk.pieces.modes import PACES, TEXT_SCALES, VOLUMES, Contrast
from kiosk.session.common import IDLE, enter, idle_s
from kiosk.session.state import Session, StartTimer, State, Step

PAGED = frozenset({"large", "contrast", "reach"})
"""Modes that change how much has room on a page."""


def headphones(session: Session, event: HeadphonesChanged) -> Step:
    """Plugged in: speech begins, on any screen, without anything that has to be found. Pulled out: it ends."""
    return (session, ()) if session.modes.speech == event.plugged else toggle(session, ModeToggled("speech"))


def toggle(session: Session, event: ModeToggled) -> Step:
    """One size up, then back to the first; the next contrast; every other mode on or off."""
    modes = session.modes
    match event.mode:
        case "large":
            at = TEXT_SCALES.index(modes.text_scale)
            modes = replace(modes, text_scale=TEXT_SCALES[(at + 1) % len(TEXT_SCALES)])
        case "contrast":
            following: dict[Contrast, Contrast] = {"light": "dark", "dark": "hlight", "hlight": "light"}
            modes = replace(modes, contrast=following[modes.contrast])
        case "reach":
            modes = replace(modes, reach=not modes.reach)
        case "speech":
            modes = replace(modes, speech=not modes.speech, dark_glass=False)
        case "curtain":
            modes = replace(modes, dark_glass=modes.speech and not modes.dark_glass)
        case "left":
            modes = replace(modes, left_handed=not modes.left_handed)
        case _:
            modes = replace(modes, calm=not modes.calm)
    session = replace(session, modes=modes)
    if session.application is not None and event.mode in PAGED:
        session = replace(session, application=replace(session.application, page=0, page_before=0))
    if event.mode in PAGED:
        session = replace(session, search=replace(session.search, page=0))
    return _looked_after(session)


def _looked_after(session: Session) -> Step:
    """On the attract screen, what somebody changed is undone once they have gone away."""
    if session.state is State.ATTRACT:
        return session, (StartTimer(IDLE, idle_s(session, State.ATTRACT)),)
    return session, ()


def tuned(session: Session, event: SpeechTuned) -> Step:
    """Speech louder or softer, faster or slower, within bounds."""
    modes = session.modes
    if event.what == "volume":
        modes = replace(modes, volume=min(VOLUMES, max(1, modes.volume + event.by)))
    else:
        modes = replace(modes, pace=min(PACES, max(1, modes.pace + event.by)))
    return _looked_after(replace(session, modes=modes))


def keyed(session: Session, _event: KeyPressed) -> Step:
    """A key of the keypad moved the focus or said something again: somebody is there."""
    return _looked_after(session)


def asked(session: Session, _event: ModesAsked) -> Step:
    return enter(session, State.MODES)


def done(session: Session, _event: BackPressed | PrimaryPressed) -> Step:
    return enter(session, State.START)
