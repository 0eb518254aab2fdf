"""How a citizen wants the screen and the voice, as a value. Pure; a part of `kiosk.screen_model`."""

from __future__ import annotations

from typing import Literal

from kiosk.frozen import frozen

Contrast = Literal["light", "dark", "hlight"]
TEXT_SCALES = (1.0, 1.25, 1.6, 2.0)
VOLUMES, PACES = 9, 5
"""The highest volume and pace of speech; the lowest is 1."""


@frozen
class Modes:
    """How this citizen wants the screen; gone with the session."""

    text_scale: float = 1.0
    contrast: Contrast = "light"
    reach: bool = False
    speech: bool = False
    """Every screen and control is spoken."""
    dark_glass: bool = False
    """Speech goes on while the screen is off (74)."""
    left_handed: bool = False
    """What lies at the right lies at the left."""
    calm: bool = False
    """Nothing moves by itself, and every wait for the citizen is twice as long."""
    volume: int = 5
    """Of speech, 1 to 9; the middle one at the start of each visit."""
    pace: int = 3
    """Of speech, 1 (slow) to 5."""
