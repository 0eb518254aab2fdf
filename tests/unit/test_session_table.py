"""The table is whole: every state knows every event and has a screen, and nothing secret is kept."""

from __future__ import annotations

import ast
import inspect

import pytest

from drivers.api import JobState
from kiosk import events
from kiosk.session.asking import events as asked
from kiosk.session.asking.events import HandedOver
from kiosk.session.common import enter
from kiosk.session.state import Session, State
from kiosk.session.table import BASE, TABLE, UnlistedEvent, step
from kiosk.settings import Settings
from kiosk.view_model.frame import SCREEN_NAMES
from kiosk.view_model.screen import VIEWS
from tests import repository
from tests.repository import ROOT, name
from tests.unit.visit_kit import MOUTH, SECRETS, Visit, drawn

EVENTS = tuple(
    member
    for member in (*vars(events).values(), *vars(asked).values())
    if isinstance(member, type) and issubclass(member, events.Event) and member is not events.Event
)
RUNTIME_ONLY = {events.PinKey}
"""Never reaches `step`: the runtime keeps the digit."""
SCREENS = frozenset(
    {"attract", "start", "card", "pin", "home", "services", "intro", "consent", "form", "check", "working", "saved"}
    | {"receipt", "rating", "take-card", "timeout", "help", "modes", "view", "places", "search", "phone"}
    | {"agencies"}
    | {"app", "goodbye", "identity"}
)
"""The screen names that scripts rely on, with help."""
READS_IDENTITY = Settings(identity_reader_port="/dev/kiosk-identity")


@pytest.mark.parametrize("state", State)
def test_every_state_lists_every_event(state: State) -> None:
    assert set(EVENTS) - RUNTIME_ONLY == set(TABLE[state])
    assert set(BASE) <= set(TABLE[state])


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_screen_with_a_name_that_scripts_know(state: State) -> None:
    assert state in VIEWS
    assert state is State.FAILURE or SCREEN_NAMES.get(state, str(state)) in SCREENS


def test_an_event_that_nobody_listed_is_named_with_its_state() -> None:
    with pytest.raises(UnlistedEvent, match="attract has no row for PinKey") as caught:
        step(Session(), events.PinKey("1"))
    assert (caught.value.state, caught.value.event) == (State.ATTRACT, events.PinKey)


def test_every_state_can_be_entered_by_some_visit() -> None:
    seen: set[State] = set()
    for visit in (Visit().to_printing(), Visit().to_home().touch("help"),
                  Visit().to_home().touch("search", "agencies"), Visit().to_home().fire("idle"),
                  Visit().touch("language.zh", "modes")):  # fmt: skip
        seen.add(visit.state)
        seen |= {State(effect.fields["state"]) for effect in visit.effects if getattr(effect, "event", "") == "screen"}  # pyright: ignore
    receipt = Visit(printer=MOUTH, network_up=True).to_printing().printed(JobState.DONE)
    typed = Visit().to_saved("bare").touch("primary", "receipt.sms", "primary")
    shown = Visit("owner").to_home().to_intro("my-cases").touch("primary", "primary").answered()
    for visit in (
        Visit().to_approval().touch("finish"),
        Visit().to_looking(),
        Visit().to_confirming(),
        Visit(settings=READS_IDENTITY).touch("language.zh", "start.browse").to_intro("card-lost").touch("primary"),
        Visit().to_places(),
        Visit().to_form().touch("phone").send(HandedOver("https://gateway.example/phone#t")),
    ):
        seen |= {State(effect.fields["state"]) for effect in visit.effects if getattr(effect, "event", "") == "screen"}  # pyright: ignore
    seen.add(shown.state)
    for visit in (Visit().to_saved().touch("primary", "back", "back").pull(), receipt, typed):
        seen |= {State(effect.fields["state"]) for effect in visit.effects if getattr(effect, "event", "") == "screen"}  # pyright: ignore
    assert seen | {State.FAILURE} == set(State)


def test_no_repr_of_a_visit_its_events_or_its_effects_tells_who_it_is() -> None:
    visit = Visit().to_check().submit().signed().saved()
    for value in (visit.session, *visit.effects):
        assert not any(secret in repr(value) for secret in SECRETS)
    private = [
        events.PinKey("7"), events.KeyTyped("7"), events.AnswerChosen("7"), events.DocumentSigned(b"7", b"7"),
        events.DataFetched((events.SubjectData("x", "y", "z", {"name": "7"}),), "x"),
    ]  # fmt: skip
    assert not any("7" in repr(event) for event in private)


def test_a_session_has_no_place_for_a_pin() -> None:
    fields = {item for kind in (Session,) for item in kind.__dataclass_fields__}
    assert {item for item in fields if "pin" in item} == {
        "pin_length", "pin_rejected", "pin_step", "pin_problem", "pin_changed",
    }  # fmt: skip
    assert all(isinstance(getattr(Session(), item), int) for item in ("pin_length", "pin_rejected", "pin_changed"))
    typed = Visit().to_new_pin().pin().pin()
    assert (typed.session.pin_step, typed.session.pin_length) == ("new", 6), "how many there are, never which"


def test_nothing_of_a_holder_is_on_the_screens_that_anybody_sees() -> None:
    visit = Visit().to_saved().touch("finish")
    shown = repr(drawn(visit.session)) + repr(drawn(visit.pull().session))
    assert not any(secret in shown for secret in SECRETS)


def test_states_are_only_entered_through_enter() -> None:
    """With it go the idle timer and the log line: `replace(session, state=…)` stands in `enter` alone."""
    home = inspect.getsourcefile(enter)
    found: list[str] = []
    for path in repository.shipped():
        for node in ast.walk(repository.tree(path)):
            if isinstance(node, ast.Call) and any(keyword.arg == "state" for keyword in node.keywords):
                called = ast.unparse(node.func)
                if called == "replace" and "session" in ast.unparse(node.args[0]):
                    found.append(name(path))
    assert home is not None
    assert found == [name(ROOT / "kiosk" / "session" / "common.py")]
