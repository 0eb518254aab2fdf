"""What stands on a screen, read from its model as an eye would: controls and words, in order."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from typing import TypeVar, cast

from kiosk.events import Event
from kiosk.screen_model import Control

_T = TypeVar("_T")


def controls_of(value: object) -> list[Control]:
    """Every control of a screen, in the order of the model."""
    found: list[Control] = []
    _look(value, Control, found)
    return found


def words_of(value: object) -> list[str]:
    """Every text of a screen."""
    found: list[str] = []
    _look(value, str, found)
    return found


def _look(value: object, wanted: type[_T], found: list[_T]) -> None:
    """Gather what is wanted, in order; a thing that is wanted is not looked into."""
    if isinstance(value, wanted):
        found.append(value)
    elif isinstance(value, tuple):
        for part in cast(tuple[object, ...], value):
            _look(part, wanted, found)
    else:
        for name in _names(type(value)):
            _look(getattr(value, name), wanted, found)


@cache
def _names(kind: type) -> tuple[str, ...]:
    """What an eye finds in a value of this kind: the fields of a piece of a screen, nothing in a word or an event."""
    if not is_dataclass(kind) or issubclass(kind, Event):
        return ()
    return tuple(item.name for item in fields(kind))
