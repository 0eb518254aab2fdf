"""The rows of the session's table for answers from elsewhere: choices, verdicts, new PINs, lost cards. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kiosk import events as e
from kiosk.session import aside, start
from kiosk.session.asking import choices, handing, new_pin, places, verdict
from kiosk.session.asking import events as asked
from kiosk.session.state import Session, Step

Rows = Mapping[type[e.Event], Callable[[Session, Any], Step]]


def fetched(session: Session, event: asked.ChoicesFetched) -> Step:
    """What was asked for came: choices of a question, or places."""
    return places.fetched(session, event) if event.question == places.QUESTION else choices.fetched(session, event)


LATE: Rows = {
    asked.ChoicesFetched: aside.ignore,
    asked.ChoicesFailed: aside.ignore,
    asked.VerdictCame: verdict.came,
    asked.CardLost: aside.ignore,
    asked.NewPinJudged: aside.ignore,
    asked.PinChanged: aside.ignore,
}
IN_CARD: Rows = {asked.CardLost: start.card_lost}
FORM: Rows = {
    e.PinLengthChanged: new_pin.length,
    e.KeysShuffled: start.shuffle,
    asked.NewPinJudged: new_pin.judged,
}
LOOKING: Rows = {
    asked.ChoicesFetched: fetched,
    asked.ChoicesFailed: choices.not_fetched,
    e.TimerFired: choices.timed_out,
    e.SlotChanged: aside.card_out,
    e.FinishPressed: start.leave,
}
SIGNING: Rows = {e.PinRefused: handing.old_pin_refused, asked.PinChanged: handing.pin_changed}
CONFIRMING: Rows = {e.TimerFired: verdict.waiting, e.SlotChanged: aside.card_out, e.FinishPressed: start.leave}
PLACES: Rows = {
    e.AnswerChosen: places.choose,
    e.PrimaryPressed: places.done,
    e.BackPressed: places.back,
}
FAILURE: Rows = {asked.RetryChosen: verdict.retry}
