"""The pictures in docs/architecture.md say what the code does: states, arrows, and who calls whom."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from drivers.api import JobState
from kiosk import events as e
from kiosk.cli.pages.diagram import BACK, leads_to
from kiosk.session.asking.events import ChoicesFetched, SignInSeen, VerdictCame
from kiosk.session.state import Session, State, Step
from kiosk.session.table import TABLE, step
from tests.property.test_session import BEGINNINGS
from tests.repository import ROOT, tree
from tests.review.ways import WAYS
from tests.unit import visit_kit
from tests.unit.visit_kit import APP_HOLDER, MOUTH, Visit

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
ARROW = re.compile(r"(\w+) --> (\w+): ([\w ·]+)")
PARTICIPANT = re.compile(r"participant (\w+)(?: as ([\w.]+))?")
MESSAGE = re.compile(r"(\w+)--?>>(\w+): ([\w/]+)(?: / (\w+))?(?: \(.*\))?")


def pictures(page: str, kind: str) -> list[list[str]]:
    found: list[str] = re.findall(rf"```mermaid\n{kind}\n(.*?)```", page, re.DOTALL)
    return [[line.strip() for line in one.splitlines()] for one in found]


# ------------------------------------------------------------------------------------------------ the session


Arrow = tuple[State, str, State]


def arrows(page: str) -> set[Arrow]:
    (lines,) = pictures(page, "stateDiagram-v2")
    found = [ARROW.fullmatch(line) for line in lines[2:]]
    assert all(found), lines
    return {
        (_state(one[1]), event, _state(one[2])) for one in found if one is not None for event in one[3].split(" · ")
    }


def _state(name: str) -> State:
    return State(name.replace("_", "-"))


def _signed_in() -> Visit:
    visit = Visit().to_approval().send(SignInSeen("approved", APP_HOLDER, "approved", "token"))
    return visit.saved().acked().touch("primary", "back", "rating.5", "primary")


NO_OFFICES = e.SubjectData("geo.office", "data", "", {"offices": []})
ON_FROM: tuple[Callable[[], Visit], ...] = (
    lambda: Visit().insert(),
    lambda: (
        Visit().to_home().to_intro().touch("primary", "primary").send(e.LookupFailed("gateway-silent", Visit.usual))
    ),
    lambda: Visit().to_looking().send(ChoicesFetched("appointment", "office", NO_OFFICES)),
    lambda: Visit().to_places(),
    lambda: Visit().to_check().submit().send(e.CardFailed("card-unreadable")),
    lambda: Visit().to_confirming().send(VerdictCame(1, accepted=True)),
    lambda: Visit(printer=MOUTH).to_printing().printed(JobState.DONE).send(e.TicketSeen("taken")),
    lambda: Visit().to_saved("bare").touch("primary", "receipt.sms", "primary").type("13800000000").touch("primary"),
    lambda: Visit().to_saved().touch("primary", "back", "rating.5", "primary").pull(),
    _signed_in,
)
"""What the visits of the look and of the random citizens do not come to."""


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> set[Arrow]:
    """Every arrow that some visit goes, and every one that its last screen offers."""
    gone: set[Arrow] = set()

    def noting(session: Session, event: e.Event) -> Step:
        after, effects = step(session, event)
        if after.state is not session.state:
            gone.add((session.state, type(event).__name__, after.state))
        return after, effects

    monkeypatch.setattr(visit_kit, "step", noting)
    monkeypatch.setattr(Visit, "check", lambda _visit: None)
    for way in (*BEGINNINGS.values(), *(way.of for way in WAYS.values()), *ON_FROM):
        visit = way()
        for control in visit.controls.values():
            if control.event is not None and not isinstance(control.event, e.PinKey | e.PinErased):
                noting(visit.session, control.event)
        for timer in {"idle", "wait"} & visit.timers.keys():
            noting(visit.session, e.TimerFired(timer))
    return gone


def in_table(arrow: Arrow) -> bool:
    start, event, end = arrow
    ends = next((leads_to(handler) for kind, handler in TABLE[start].items() if kind.__name__ == event), ())
    return end in ends or BACK in ends


def test_every_arrow_of_the_picture_is_one_that_some_visit_goes(walked: set[Arrow]) -> None:
    assert arrows(PAGE) - walked == set()
    assert {State.ATTRACT, *(end for _, _, end in arrows(PAGE))} == set(State)


def test_a_visit_goes_no_way_that_the_reference_does_not_have(walked: set[Arrow]) -> None:
    assert len(walked) > 150
    assert [arrow for arrow in walked if not in_table(arrow)] == []


@pytest.mark.parametrize("drifted", ["reading --> home: CardRecognised", "waiting --> confirming: TimerFired"])
def test_an_arrow_that_the_table_does_not_have_is_found(drifted: str) -> None:
    assert not any(in_table(arrow) for arrow in arrows(f"```mermaid\nstateDiagram-v2\n\n\n{drifted}```"))


# ---------------------------------------------------------------------------------------- who calls whom


@cache
def names_in(place: str) -> frozenset[str]:
    """Return every name and text in a package, a module or a class of ours."""
    path = ROOT / place.replace(".", "/")
    if path.is_dir():
        return frozenset().union(*(_names(tree(file)) for file in path.rglob("*.py")))
    if path.with_suffix(".py").is_file():
        return _names(tree(path.with_suffix(".py")))
    module, _, name = place.rpartition(".")
    body = tree(Path(ROOT / module.replace(".", "/")).with_suffix(".py")).body
    (found,) = (node for node in body if isinstance(node, ast.ClassDef) and node.name == name)
    return _names(found)


def _names(found: ast.AST) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(found):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.AsyncFunctionDef(name=name) | ast.alias(name=name) | ast.Constant(value=str(name)):
                names.add(name)
            case _:
                pass
    return frozenset(names)


def untrue_messages(page: str) -> Iterator[str]:
    """Yield each message whose name does not stand in the code at both of its ends."""
    for lines in pictures(page, "sequenceDiagram"):
        matches = [PARTICIPANT.fullmatch(line) for line in lines]
        places = {found[1]: found[2] for found in matches if found}
        for line in (line for line, found in zip(lines, matches, strict=True) if not found):
            message = MESSAGE.fullmatch(line)
            assert message, line
            ends = ((message[1], message[3]), (message[2], message[4] or message[3]))
            ours = [(places[end], name) for end, name in ends if places[end]]
            yield from (f"{line}: not in {place}" for place, name in ours if name not in names_in(place))


def test_every_message_in_the_pictures_is_in_the_code_at_both_ends() -> None:
    assert len(pictures(PAGE, "sequenceDiagram")) == 3
    assert list(untrue_messages(PAGE)) == []


@pytest.mark.parametrize(
    ("drawn", "drifted"),
    [
        ("runtime->>desk: recognise", "runtime->>desk: recognize"),
        ("sync->>client: push", "sync->>client: post_signed"),
        ("store-->>session: EntrySaved", "store-->>session: DocumentSigned"),
        ("client->>server: /v1/entries", "client->>server: /v1/batches"),
    ],
)
def test_a_message_that_is_drawn_otherwise_is_found(drawn: str, drifted: str) -> None:
    assert drawn in PAGE
    assert list(untrue_messages(PAGE.replace(drawn, drifted)))
