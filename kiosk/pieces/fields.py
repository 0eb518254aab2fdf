"""What shows what a citizen types, as values. Pure; a part of `kiosk.screen_model`."""

from __future__ import annotations

from kiosk.frozen import frozen


@frozen
class Field:
    """The active text field: what was typed so far, before and after it fixed words (units)."""

    id: str
    value: str
    before: str = ""
    after: str = ""
    placeholder: str = ""
    error: str = ""
    spelling: str = ""
    """Letters after the value that no characters were chosen for yet, underlined (20)."""
    icon: str = ""
    """Before the value (16)."""
    blank: bool = False
    """A dashed square after the value, where the character that is being written will stand (61)."""


@frozen
class DateField:
    """Three boxes, year month day (21); `active` is 0, 1, 2 or 3 when all are full."""

    id: str
    year: str
    month: str
    day: str
    error: str = ""


@frozen
class Beside:
    """What an office holds, beside what the citizen says instead (58)."""

    label: str
    value: str
    source: str
    """Since when, or empty."""
    said_label: str
    said: Field | DateField
