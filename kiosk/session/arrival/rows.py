"""The rows of the session's table from the ways to start to the holder's name, and where a telephone is asked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kiosk import events as e
from kiosk.session import aside, modes, service, start
from kiosk.session.arrival import app, approval, greeting, identity
from kiosk.session.asking import events as asked
from kiosk.session.asking import rows
from kiosk.session.state import Session, Step

Rows = Mapping[type[e.Event], Callable[[Session, Any], Step]]

LATE: Rows = {
    asked.SignInMade: app.came_late,
    asked.SignInFailed: aside.ignore,
    asked.SignInSeen: aside.ignore,
    asked.FormAsked: aside.ignore,
    asked.GreetingCame: greeting.came,
    asked.IdentityRead: aside.ignore,
    asked.IdentityAbsent: aside.ignore,
}


def way_chosen(session: Session, event: e.StartChosen) -> Step:
    """How the citizen wants to begin."""
    return app.asked(session) if event.way == "app" else start.way_chosen(session, event)


START: Rows = {
    e.StartChosen: way_chosen,
    e.ModesAsked: modes.asked,
    e.BackPressed: start.leave,
    e.FinishPressed: start.leave,
    e.SlotChanged: start.card_wanted,
}
CARD: Rows = {
    e.StartChosen: app.asked_at_card,
    e.SlotChanged: start.card_wanted,
    e.BackPressed: start.no_card_yet,
    e.HomePressed: start.back_to_start,
    e.FinishPressed: start.leave,
}
ASKING_APP: Rows = {
    asked.SignInMade: app.made,
    asked.SignInFailed: app.failed,
    e.TimerFired: app.given_up,
    e.SlotChanged: app.card_instead,
    e.FinishPressed: start.leave,
}
IDENTITY: Rows = {
    asked.IdentityRead: identity.read,
    asked.IdentityAbsent: identity.absent,
    e.TimerFired: identity.ticked,
    e.StartChosen: identity.by_app,
    e.SlotChanged: aside.card_out,
    e.BackPressed: identity.back,
    e.HomePressed: service.home,
    e.FinishPressed: start.leave,
}
APP: Rows = {
    asked.SignInSeen: app.seen,
    asked.SignInFailed: app.failed,
    e.TimerFired: app.ticked,
    e.NetworkChanged: app.network,
    e.SlotChanged: app.card_instead,
    e.BackPressed: app.back,
    e.HomePressed: app.home,
    e.FinishPressed: app.left,
}
READING: Rows = {
    e.TimerFired: start.reading_given_up,
    e.CardRecognised: start.recognised,
    e.CardFailed: start.reading_failed,
    e.SlotChanged: start.reading_card_left,
    e.FinishPressed: start.leave,
}
HOME: Rows = {**rows.HOME, asked.AlertChosen: greeting.chosen}
PIN: Rows = {
    e.PinLengthChanged: start.pin_length,
    e.KeysShuffled: start.shuffle,
    e.PrimaryPressed: start.pin_given,
    e.BackPressed: start.leave,
    e.HomePressed: start.leave,
}
CHECKING_PIN: Rows = {
    **rows.IN_CARD,
    e.TimerFired: start.pin_given_up,
    e.PinAccepted: start.pin_accepted,
    e.PinRefused: start.pin_refused,
    e.CardFailed: start.pin_failed,
    e.SlotChanged: aside.card_out,
    e.FinishPressed: start.leave,
}
APPROVING: Rows = {
    asked.FormAsked: approval.form_asked,
    asked.SignInSeen: approval.seen,
    asked.SignInFailed: approval.failed,
    e.TimerFired: approval.ticked,
    e.NetworkChanged: approval.network,
    e.SlotChanged: aside.card_out,
    e.BackPressed: approval.back,
    e.FinishPressed: approval.left,
}
GOODBYE: Rows = {
    e.PrimaryPressed: app.away,
    e.FinishPressed: app.away,
    e.TimerFired: app.gone,
    e.SlotChanged: app.next_card,
}
