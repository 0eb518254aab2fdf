"""The session's table `{state: {event type: handler}}` and `step`. Pure: no I/O, no clock, no threads.

The diagram in `docs/reference/session.md` is drawn from this table. An event that a state does not list is a bug:
`step` raises `UnlistedEvent`, and the runtime logs it, forgets the holder and goes back to the attract screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kiosk import events as e
from kiosk.session import aside, finish, form, modes, paper, service, start, view
from kiosk.session.arrival import rows as arrival
from kiosk.session.asking import events as asked
from kiosk.session.asking import rows
from kiosk.session.asking.picking import moves as picking
from kiosk.session.common import BUSY, OWN_CLOCK, idle_timer
from kiosk.session.state import Session, State, Step

Handler = Callable[[Session, Any], Step]
Rows = Mapping[type[e.Event], Handler]


class UnlistedEvent(Exception):
    """An event that the state's row does not know."""

    code = "internal"

    def __init__(self, state: State, event: type[e.Event]) -> None:
        super().__init__(f"{state} has no row for {event.__name__}")
        self.state = state
        self.event = event


WORLD: Rows = {
    e.PrinterChanged: paper.printer_noted,
    e.TicketSeen: paper.ticket_noted,
    e.NetworkChanged: aside.network_noted,
    e.StoreChanged: aside.noted,
    e.ClockTicked: aside.noted,
    e.CatalogueChanged: aside.noted,
    e.Enrolled: aside.noted,
    e.SlotChanged: aside.noted,
    e.HeadphonesChanged: modes.headphones,
}
"""In every state: the world has already taken these in when a handler sees them."""

LATE: Rows = {
    e.CardRecognised: aside.ignore,
    e.CardFailed: aside.ignore,
    e.PinAccepted: aside.ignore,
    e.PinRefused: aside.ignore,
    e.PinLengthChanged: aside.ignore,
    e.DocumentSigned: aside.ignore,
    e.EntrySaved: paper.message_saved,
    e.SaveFailed: paper.message_failed,
    e.EntryAcked: finish.acked,
    e.PrintProgress: aside.ignore,
    e.PrintFinished: aside.ignore,
    e.TimerFired: aside.ignore,
    **rows.LATE,
    **arrival.LATE,
}
"""Answers of workers that may arrive after the screen that asked for them was left."""

TOUCHES: Rows = dict.fromkeys(
    (
        e.StartChosen,
        e.PrimaryPressed,
        e.BackPressed,
        e.HomePressed,
        e.FinishPressed,
        e.StillHere,
        e.PinErased,
        e.KeysShuffled,
        e.LifeEventChosen,
        e.ServiceChosen,
        e.ConsentRefused,
        e.PageTurned,
        e.RowOpened,
        e.ActionChosen,
        e.PagePrinted,
        e.FieldDisputed,
        e.ChangeAsked,
        e.AnswerChosen,
        e.KeyTyped,
        e.KeysErased,
        e.ReceiptChosen,
        e.PrintAgain,
        e.PaperSeen,
        e.RatingChosen,
        e.HelpPressed,
        e.LanguageChosen,
        e.ModeToggled,
        e.ModesAsked,
        e.SpeechTuned,
        e.KeyPressed,
        *rows.TOUCHES,
    ),
    aside.ignore,
)
"""A second touch on a screen that has just been left: two taps in one frame are physically normal."""

HANDS = frozenset({*TOUCHES, e.PinLengthChanged})
"""Events that only a hand on the screen makes."""

AIDS: Rows = {
    e.ModeToggled: modes.toggle,
    e.SpeechTuned: modes.tuned,
    e.LanguageChosen: aside.language,
    e.HelpPressed: aside.helped,
    e.TimerFired: aside.quiet,
}

LOOKS: Rows = {e.ModeToggled: modes.toggle, e.SpeechTuned: modes.tuned, e.LanguageChosen: aside.language}
"""While the terminal works or asks whether somebody is there, the screen can still be made readable."""

IN_CARD: Rows = {
    **AIDS, **rows.IN_CARD, e.SlotChanged: aside.card_out, e.FinishPressed: start.leave, e.HomePressed: service.home,
}  # fmt: skip
"""Interactive states of a visit with a card."""

BASE: Rows = {**TOUCHES, **WORLD, **LATE}


def _state(*rows: Rows) -> Rows:
    merged: dict[type[e.Event], Handler] = dict(BASE)
    for row in rows:
        merged.update(row)
    return merged


TABLE: Mapping[State, Rows] = {
    State.ATTRACT: _state(
        {
            e.LanguageChosen: start.touched,
            e.SlotChanged: start.card_at_attract,
            e.ModeToggled: modes.toggle,
            e.SpeechTuned: modes.tuned,
            e.KeyPressed: modes.keyed,
            e.TimerFired: start.attract_untouched,
        }
    ),
    State.START: _state(AIDS, arrival.START),
    State.CARD: _state(AIDS, arrival.CARD),
    State.ASKING_APP: _state(LOOKS, arrival.ASKING_APP),
    State.APP: _state(AIDS, arrival.APP),
    State.IDENTITY: _state(AIDS, arrival.IDENTITY),
    State.READING: _state(LOOKS, arrival.READING),
    State.PIN: _state(IN_CARD, arrival.PIN),
    State.CHECKING_PIN: _state(LOOKS, arrival.CHECKING_PIN),
    State.SEARCH: _state(IN_CARD, rows.SEARCH),
    State.HOME: _state(
        IN_CARD,
        arrival.HOME,
        {
            e.LifeEventChosen: service.event_chosen,
            e.BackPressed: start.back_to_start,
            e.HomePressed: aside.ignore,
        },
    ),
    State.AGENCIES: _state(IN_CARD, rows.AGENCIES),
    State.SERVICES: _state(IN_CARD, rows.SERVICES),
    State.INTRO: _state(
        IN_CARD,
        {
            e.PrimaryPressed: service.intro_done,
            e.BackPressed: service.back_to_services,
        },
    ),
    State.CONSENT: _state(IN_CARD, rows.CONSENT),
    State.FETCHING: _state(
        LOOKS,
        {
            e.DataFetched: service.fetched,
            e.LookupFailed: service.not_fetched,
            e.TimerFired: service.fetch_timed_out,
            e.SlotChanged: aside.card_out,
            e.FinishPressed: start.leave,
        },
    ),
    State.VIEW: _state(
        IN_CARD,
        rows.VIEW,
        {
            e.PrimaryPressed: view.onward,
            e.BackPressed: view.backward,
            e.PageTurned: view.turn_page,
            e.RowOpened: view.open_row,
            e.ActionChosen: view.act,
            e.ServiceChosen: service.service_chosen,
        },
    ),
    State.LOOKING: _state(LOOKS, rows.LOOKING),
    State.PLACES: _state(IN_CARD, rows.PLACES),
    State.HANDING: _state(LOOKS, rows.HANDING),
    State.PHONE: _state(IN_CARD, rows.PHONE),
    State.FORM: _state(
        IN_CARD,
        rows.FORM,
        {
            e.PrimaryPressed: picking.forward,
            e.BackPressed: picking.backward,
            e.PageTurned: picking.turn,
            e.FieldDisputed: form.dispute,
            asked.ProofChosen: form.prove,
            e.ChangeAsked: form.change,
            e.AnswerChosen: picking.choose,
            e.KeyTyped: picking.key,
            e.KeysErased: picking.erased,
        },
    ),
    State.CHECK: _state(
        IN_CARD,
        {
            e.PrimaryPressed: form.submit,
            e.BackPressed: form.check_back,
            e.PageTurned: form.turn_page,
            e.ChangeAsked: form.change,
        },
    ),
    State.APPROVING: _state(LOOKS, arrival.APPROVING),
    State.SIGNING: _state(
        LOOKS,
        rows.SIGNING,
        {
            e.TimerFired: finish.signing_given_up,
            e.DocumentSigned: finish.signed,
            e.CardFailed: finish.signing_failed,
            e.EntrySaved: finish.saved,
            e.SaveFailed: finish.save_failed,
            e.SlotChanged: aside.card_out_signing,
        },
    ),
    State.WAITING: _state(LOOKS, rows.WAITING, {e.EntryAcked: finish.received}),
    State.CONFIRMING: _state(LOOKS, rows.CONFIRMING),
    State.SAVED: _state(IN_CARD, rows.SAVED),
    State.RECEIPT: _state(
        IN_CARD,
        {
            e.ReceiptChosen: paper.way_chosen,
            e.PrimaryPressed: paper.take_receipt,
            e.BackPressed: paper.to_rating,
        },
    ),
    State.PRINTING: _state(
        LOOKS,
        {
            e.PrintProgress: paper.print_progress,
            e.PrintFinished: paper.print_finished,
            e.TimerFired: paper.printing_given_up,
            e.SlotChanged: aside.card_out,
            e.FinishPressed: start.leave,
        },
    ),
    State.TAKE_PAPER: _state(
        LOOKS,
        {
            e.TicketSeen: paper.ticket_seen,
            e.TimerFired: paper.mouth_given_up,
            e.SlotChanged: aside.card_out,
            e.FinishPressed: start.leave,
        },
    ),
    State.ADDRESS: _state(
        IN_CARD,
        {
            e.KeyTyped: paper.key_typed,
            e.KeysErased: paper.keys_erased,
            e.PrimaryPressed: paper.address_given,
            e.BackPressed: paper.no_address,
        },
    ),
    State.RATING: _state(
        IN_CARD,
        {
            e.RatingChosen: finish.rate,
            asked.CallBackAsked: finish.call_back,
            e.PrimaryPressed: finish.rated,
            e.BackPressed: finish.not_rated,
        },
    ),
    State.TAKE_CARD: _state(
        LOOKS,
        {
            e.SlotChanged: finish.card_taken,
            e.TimerFired: finish.remind,
        },
    ),
    State.GOODBYE: _state(LOOKS, arrival.GOODBYE),
    State.TIMEOUT: _state(
        LOOKS,
        {
            e.StillHere: aside.still_here,
            e.PrimaryPressed: aside.still_here,
            e.FinishPressed: start.leave,
            e.TimerFired: aside.countdown,
            e.SlotChanged: aside.card_out,
        },
    ),
    State.HELP: _state(
        AIDS,
        rows.HELP,
        {
            e.PrimaryPressed: aside.help_done,
            e.FinishPressed: start.leave,
            e.SlotChanged: aside.card_out,
        },
    ),
    State.MODES: _state(
        AIDS,
        {
            e.BackPressed: modes.done,
            e.PrimaryPressed: modes.done,
            e.FinishPressed: start.leave,
            e.SlotChanged: start.card_wanted,
        },
    ),
    State.FAILURE: _state(
        AIDS,
        rows.FAILURE,
        {
            e.PrimaryPressed: aside.failure_primary,
            e.BackPressed: aside.failure_back,
            e.FinishPressed: start.leave,
            e.HomePressed: service.home,
            e.PaperSeen: paper.paper_seen,
            e.PrintAgain: paper.print_again,
            e.ReceiptChosen: paper.message_instead,
            e.SlotChanged: aside.card_at_failure,
        },
    ),
}


def step(session: Session, event: e.Event) -> Step:
    """Return the session after `event`, and the effects it asks for. Raises `UnlistedEvent`."""
    handler = TABLE[session.state].get(type(event))
    if handler is None:
        raise UnlistedEvent(session.state, type(event))
    before = session.state
    session, effects = handler(aside.world_changed(session, event), event)
    if type(event) in HANDS and session.state is before and before not in BUSY | OWN_CLOCK:
        return session, (idle_timer(session), *effects)  # somebody is there: the quiet time begins anew
    return session, effects
