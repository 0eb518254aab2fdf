"""What stands on a screen, read from its model as an eye would: controls and words, in order."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from kiosk.events import Event
from kiosk.screen_model import Control


def controls_of(value: object) -> list[Control]:
    """Every control of a screen, in the order of the model."""
    if isinstance(value, Control):
        return [value]
    return [control for part in _parts(value) for control in controls_of(part)]


def words_of(value: object) -> list[str]:
    """Every text of a screen."""
    if isinstance(value, str):
        return [value]
    return [text for part in _parts(value) for text in words_of(part)]


def _parts(value: object) -> list[object]:
    if isinstance(value, tuple):
        return list(value)
    if is_dataclass(value) and not isinstance(value, type | Event):
        return [getattr(value, item.name) for item in fields(value)]
    return []
