"""What a technician's hand, card or code does, as frozen values. Pure.

Touches that mean the same as a citizen's are the citizen's events (`PrimaryPressed`, `BackPressed`, `KeyTyped`,
`PinKey`, `LanguageChosen`, `ModeToggled` …); the workers' answers are `kiosk.staff.part.TaskDone`.
"""

from __future__ import annotations

from dataclasses import field

from drivers.api import SlotState
from kiosk.frozen import frozen
from kiosk.staff.part import StaffEvent


@frozen
class NameHeld(StaffEvent):
    """The terminal's name on the attract screen was held for five seconds."""


@frozen
class TechnicianCardSeen(StaffEvent):
    """The card in the slot is a technician's: the gateway signed its certificate."""

    insertion: int
    serial: str
    """The certificate's serial number: hexadecimal digits in groups of four."""
    tries_left: int | None = None
    problem: str = ""
    """Why it lets nobody in although the gateway made it: a failure code (`technician-revoked`, …), or empty."""
    own: bool = False
    """It is in the technicians' own slot (`technician_reader_name`), not in the citizens'."""


@frozen
class OwnSlotChanged(StaffEvent):
    """The technicians' own slot has changed; `insertion` counts there by itself."""

    state: SlotState
    insertion: int


@frozen
class TechnicianPinAccepted(StaffEvent):
    """The card took the PIN, and signed the terminal's challenge with the key of its certificate."""


@frozen
class TechnicianPinRefused(StaffEvent):
    """The card did not take the PIN; the card counted it."""

    tries_left: int


@frozen
class TechnicianCardFailed(StaffEvent):
    """The card went away, broke, or did not prove that it holds its key; `code` is a failure code."""

    code: str


@frozen
class TaskPressed(StaffEvent):
    """Something of the maintenance screen was pressed: `name` says what to do."""

    name: str
    argument: str = field(default="")


@frozen
class GlassTouched(StaffEvent):
    """The glass was touched while it is being tested: where, in display pixels, origin top left.

    A control carries the place that is wanted; the touchscreen puts the place of the finger in its stead.
    """

    x: int
    y: int
