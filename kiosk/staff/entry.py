"""How a technician comes in: by card and PIN, or by a one-time code that the gateway made. Pure.

The card is asked nothing here: the card's worker tells whose it is (`TechnicianCardSeen`), takes the PIN from the
runtime's holder, and has the card sign a challenge. The code is made and compared in the worker of `StaffTools`.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from drivers.api import SlotState
from kiosk import events as e
from kiosk.frozen import frozen, replace
from kiosk.session.state import ForgetPin, Note
from kiosk.staff import maintenance
from kiosk.staff.events import (
    OwnSlotChanged,
    TechnicianCardFailed,
    TechnicianCardSeen,
    TechnicianPinAccepted,
    TechnicianPinRefused,
)
from kiosk.staff.maintenance import leave, quiet
from kiosk.staff.part import Part, Rows, Staff, StaffEffect, Step, TaskDone, idle, noted, run

PIN_LEAST, CODE_LENGTH = 6, 8
OFFER, CHECK = "code-offer", "code-check"
STALE = frozenset({"staff-code-expired", "staff-code-used"})
"""What is wrong with a code for whose QR code there is no more hope: a new one is shown."""


@frozen
class Entry(Part):
    """The way in, and how far it is. Holds no PIN."""

    way: Literal["card", "code"] = "card"
    insertion: int = 0
    serial: str = ""
    pin_length: int = 0
    tries_left: int | None = None
    """Of the card's PIN, or of the code on the screen."""
    refused: bool = False
    busy: bool = False
    problem: str = ""
    """A failure code, or empty."""
    qr: str = field(repr=False, default="")
    reference: str = ""
    """By which the gateway's log names this offer of a code."""
    typed: str = field(repr=False, default="")
    own: bool = False
    """The card is in the technicians' own slot."""
    back_to: Part | None = None
    """Where a technician was whose card has come back: it has to prove itself anew."""

    @property
    def wants_pin(self) -> bool:
        """Whether digits of a PIN may be typed now."""
        return self.way == "card" and not self.busy and not self.problem


@frozen
class VerifyTechnician(StaffEffect):
    """Have the card look at the PIN in the runtime's holder, which is wiped by it, and sign a challenge."""

    own: bool = False
    """The card in the technicians' own slot, not the one in the citizens'."""


def part_of(staff: Staff) -> Entry:
    """Return the part. Only called by this part's rows."""
    assert isinstance(staff.part, Entry)
    return staff.part


def _with(staff: Staff, **changes: object) -> Staff:
    return replace(staff, part=replace(part_of(staff), **changes))  # pyright: ignore[reportArgumentType]


# ------------------------------------------------------------------------------------------------------- card


def by_card(staff: Staff, event: TechnicianCardSeen, back_to: Part | None = None) -> Step:
    """A technician's card was put in: ask for its PIN, unless it is one that is good no more.

    `back_to` is where its technician was, if it only left for a test card: after the PIN it goes on there.
    """
    problem = event.problem or ("pin-blocked" if event.tries_left == 0 else "")
    part = Entry(
        "card",
        event.insertion,
        event.serial,
        tries_left=event.tries_left,
        problem=problem,
        own=event.own,
        back_to=back_to,
    )
    note = Note("staff.knocked", {"by": "card", "serial": event.serial, "code": problem})
    return replace(staff, part=part, by="" if back_to is None else staff.by), (idle(staff), note, ForgetPin())


def pin_typed(staff: Staff, event: e.PinLengthChanged) -> Step:
    return _with(staff, pin_length=event.length, refused=False), ()


def confirmed(staff: Staff, _event: e.PrimaryPressed) -> Step:
    """确定: the PIN goes to the card, the code to the machine."""
    part = part_of(staff)
    if part.busy:
        return staff, ()
    if part.wants_pin and part.pin_length >= PIN_LEAST:
        return _with(staff, busy=True), (VerifyTechnician(part.own),)
    if part.way == "code" and part.qr and len(part.typed) == CODE_LENGTH:
        return _with(staff, busy=True, typed="", refused=False), (run(CHECK, code=part.typed),)
    return staff, ()


def pin_accepted(staff: Staff, _event: TechnicianPinAccepted) -> Step:
    part = part_of(staff)
    if not part.busy or part.way != "card":
        return staff, ()
    staff = replace(staff, by=f"card:{part.serial}", own=part.own)
    if part.back_to is not None:
        return replace(staff, part=part.back_to), (noted("returned", by=staff.by), ForgetPin())
    return maintenance.enter(staff)


def pin_refused(staff: Staff, event: TechnicianPinRefused) -> Step:
    """The card has counted the wrong PIN."""
    left = event.tries_left
    note = Note("staff.refused", {"by": "card", "serial": part_of(staff).serial, "left": left})
    problem = "" if left else "pin-blocked"
    return _with(staff, busy=False, pin_length=0, refused=True, tries_left=left, problem=problem), (ForgetPin(), note)


def card_failed(staff: Staff, event: TechnicianCardFailed) -> Step:
    note = Note("staff.knocked", {"by": "card", "serial": part_of(staff).serial, "code": event.code})
    return _with(staff, busy=False, pin_length=0, problem=event.code), (ForgetPin(), note)


def slot(staff: Staff, event: e.SlotChanged) -> Step:
    """The technician's card is out: nobody knocks any more."""
    part = part_of(staff)
    if part.way == "code" or part.own or (event.state is SlotState.PRESENT and event.insertion == part.insertion):
        return staff, ()
    return leave(staff, event)


def own_slot(staff: Staff, event: OwnSlotChanged) -> Step:
    """As `slot`, of the technicians' own."""
    part = part_of(staff)
    there = event.state in {SlotState.PRESENT, SlotState.MUTE} and event.insertion == part.insertion
    return leave(staff, event) if part.own and not there else (staff, ())


# ------------------------------------------------------------------------------------------------------- code


def by_code(staff: Staff) -> Step:
    """The terminal's name was held: show a QR code, and ask for the code that the gateway makes of it."""
    note = Note("staff.knocked", {"by": "code", "serial": "", "code": ""})
    return replace(staff, part=Entry("code", busy=True), by=""), (idle(staff), note, run(OFFER))


def typed(staff: Staff, event: e.KeyTyped) -> Step:
    part = part_of(staff)
    if part.busy or part.way != "code" or not event.key.isdigit() or len(part.typed) >= CODE_LENGTH:
        return staff, ()
    return _with(staff, typed=part.typed + event.key, refused=False), ()


def erased(staff: Staff, event: e.KeysErased) -> Step:
    part = part_of(staff)
    return _with(staff, typed="" if event.all else part.typed[:-1]), ()


def answered(staff: Staff, event: TaskDone) -> Step:
    """The machine has made an offer, or has compared a code."""
    part = part_of(staff)
    if part.way != "code" or not part.busy or event.name not in {OFFER, CHECK}:
        return staff, ()
    if event.name == OFFER:
        facts = event.facts
        if not event.ok:
            return _with(staff, busy=False, qr="", problem=event.code), ()
        return _with(staff, busy=False, qr=facts["qr"], reference=facts["reference"], tries_left=int(facts["left"])), ()
    if event.ok:
        return maintenance.enter(replace(staff, by=f"code:{part.reference}"))
    note = Note("staff.refused", {"by": "code", "serial": part.reference, "left": int(event.facts.get("left", "0"))})
    if event.code in STALE:
        return _with(staff, busy=True, qr="", problem=event.code), (note, run(OFFER))
    return _with(staff, busy=False, refused=True, tries_left=int(event.facts.get("left", "0"))), (note,)


ROWS: Rows = {
    e.PinLengthChanged: pin_typed,
    e.PrimaryPressed: confirmed,
    e.KeyTyped: typed,
    e.KeysErased: erased,
    e.SlotChanged: slot,
    e.BackPressed: leave,
    e.FinishPressed: leave,
    e.TimerFired: quiet,
    OwnSlotChanged: own_slot,
    TechnicianPinAccepted: pin_accepted,
    TechnicianPinRefused: pin_refused,
    TechnicianCardFailed: card_failed,
    TaskDone: answered,
}
