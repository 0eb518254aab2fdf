"""Out of service: a technician closed the terminal; citizens see why, and where to go (picture 33). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk import events as e
from kiosk.staff.part import Closure, Part, Rows, Staff, Step


@dataclass(frozen=True)
class Closed(Part):
    """The screen that citizens see. What it says is `Staff.closure`."""

    wrong_card: bool = False
    """A card was put in that is no technician's: it can be taken again."""


REASONS = ("reader", "printer", "network", "screen", "moving", "work")
UNTIL = ("", "today", "tomorrow")


def closure(reason: str, until: str, since: str) -> Closure | None:
    """Return the closure that a file tells, or None where it tells none."""
    return Closure(reason, until, since) if reason in REASONS and until in UNTIL else None


def shut(staff: Staff) -> Step:
    """Show the citizens that this terminal is closed."""
    return replace(staff, part=Closed(), by="", language="zh-Hans"), ()


def card_refused(staff: Staff, _event: e.CardFailed | e.CardRecognised) -> Step:
    return replace(staff, part=Closed(wrong_card=True)), ()


def slot(staff: Staff, _event: e.SlotChanged) -> Step:
    return replace(staff, part=Closed()), ()


ROWS: Rows = {e.CardFailed: card_refused, e.CardRecognised: card_refused, e.SlotChanged: slot}
