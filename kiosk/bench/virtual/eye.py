"""What stands on a screen, read from its model as an eye would: controls and words, in order."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from kiosk.events import Event
from kiosk.pieces.drawn import Picture
from kiosk.screen_model import Control, ScreenModel

_T = TypeVar("_T")
_UNREAD = frozenset({"id", "icon", "source_icon", "focus", "language"})
"""Texts that name something for the terminal itself: no eye reads them."""


def controls_of(value: object) -> list[Control]:
    """Every control of a screen, in the order of the model."""
    found: list[Control] = []
    _look(value, Control, found)
    return found


def words_of(value: object) -> list[str]:
    """Every text of a screen that an eye can read, a code's text among them; no id, no icon's name, nothing empty."""
    found: list[str] = []
    _look(value, str, found)
    return [text for text in found if text]


def _look(value: object, wanted: type[_T], found: list[_T]) -> None:
    """Gather what is wanted, in order; a thing that is wanted is not looked into."""
    if isinstance(value, wanted):
        found.append(value)
    elif isinstance(value, tuple):
        for part in cast(tuple[object, ...], value):
            _look(part, wanted, found)
    else:
        for name in _names(type(value)) if wanted is not str else _texts(type(value)):
            _look(getattr(value, name), wanted, found)


@cache
def _names(kind: type) -> tuple[str, ...]:
    """What an eye finds in a value of this kind: the fields of a piece of a screen, nothing in a word or an event."""
    if not is_dataclass(kind) or issubclass(kind, Event):
        return ()
    return tuple(item.name for item in fields(kind))


@cache
def _texts(kind: type) -> tuple[str, ...]:
    """The same without what says how a piece looks: names, and one word out of a fixed few."""
    names = _names(kind)
    if not names:
        return ()
    unread = _UNREAD | {"name"} if issubclass(kind, ScreenModel | Picture) else _UNREAD
    hints = get_type_hints(kind)
    return tuple(name for name in names if name not in unread and not _fixed(hints[name]))


def _fixed(hint: object) -> bool:
    """Whether a text of this type is one of a fixed few, or there is none."""
    if get_origin(hint) is Union or isinstance(hint, UnionType):
        return all(_fixed(one) or one is NoneType for one in get_args(hint))
    return get_origin(hint) is Literal
