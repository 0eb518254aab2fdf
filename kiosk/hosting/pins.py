"""The digits that were typed on the PIN pad, each in a holder of its own, and the order of the pad's keys."""

from __future__ import annotations

from random import Random

from kiosk import events as e
from kiosk.inbox import DIGITS, PinHolder
from kiosk.session.asking import new_pin

STAFF = "staff"
"""A technician's PIN: a card of theirs takes six to eight digits (SP 800-73-4, part 2, 2.4.3)."""
STAFF_DIGITS = 8
STEPS = ("", "old", "new", "again", STAFF)
"""The PINs that may be typed: the one that opens a visit, the three of a change, and a technician's."""


class Pins:
    """All PINs on their way to a card. Nothing of it has a repr that tells."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.holders = {step: PinHolder(STAFF_DIGITS) if step == STAFF else PinHolder() for step in STEPS}
        self.keys = DIGITS
        """The digits in the order of the keys."""

    def typed(self, event: e.PinKey | e.PinErased, step: str) -> int:
        """Take a key in; how many digits there are now."""
        holder = self.holders[step]
        if isinstance(event, e.PinKey):
            holder.add(event.digit)
        elif event.all:
            holder.wipe()
        else:
            holder.erase()
        return len(holder)

    def take(self, step: str) -> str:
        """Return the digits and forget them."""
        return self.holders[step].take()

    def wipe(self) -> None:
        """Overwrite every digit."""
        for holder in self.holders.values():
            holder.wipe()

    def judge(self, step: str, birth_date: str) -> str:
        """Test a new PIN: the rule it breaks, or empty. One that breaks a rule is wiped before anybody hears of it."""
        again = self.holders["again"].peek() if step == "again" else None
        problem = new_pin.problem(self.holders["old"].peek(), self.holders["new"].peek(), again, birth_date)
        if problem:
            self.holders["new"].wipe()
            self.holders["again"].wipe()
        return problem

    def shuffle(self) -> None:
        """Put the keys in another order."""
        keys = list(DIGITS)
        self._random.shuffle(keys)
        self.keys = tuple(keys)
