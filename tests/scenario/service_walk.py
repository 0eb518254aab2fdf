"""A visit for any service, with everything counted that a hand does after the PIN.

`python -m tests.scenario.service_walk` writes `docs/services.md`; a test holds that the page has not drifted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from kiosk.services.definition import ServiceDefinition, Words
from kiosk.terminal import shipped_catalogue
from tests.repository import ROOT
from tests.scenario.kit import Kiosk

CATALOGUE = shipped_catalogue()
PAGE = ROOT / "docs" / "services.md"
NOTES = ROOT / "docs" / "services.in.md"
DAY_S = 86_400
MAX_SCREENS = 40


@dataclass(frozen=True)
class Suited:
    """For whom a service is walked, and how many days after the kit's date (18 May 2026)."""

    persona: str
    days: int = 0
    typed: Mapping[str, str] | None = None
    """What is typed where the city's data are not there; a field that is not here is left empty."""


SUITED = {
    "access-log": Suited("parent"),
    "construction": Suited("owner"),
    "my-cases": Suited("owner", typed={"case": "T0001000009"}),
    "business": Suited("owner"),
    "company": Suited("owner"),
    "contact": Suited("rare-name"),
    "deed-tax": Suited("rare-name"),
    "employment": Suited("blocking", typed={"left": "20260430"}),
    "household-proof": Suited("parent"),
    "marriage": Suited("owner"),
    "medical": Suited("parent"),
    "my-licences": Suited("parent"),
    "provident-fund": Suited("parent"),
    "residence": Suited("newcomer", typed={"since": "20260210"}),
    "school": Suited("parent", days=150, typed={"child_birth": "20201115"}),
    "social-insurance": Suited("newcomer"),
}


def apart(service: ServiceDefinition) -> bool:
    """Whether a visit needs more than a citizen and her data: an office's desk, a new PIN, a place, no card.

    `test_appointments.py`, `test_card_service.py` and `test_places.py` walk these.
    """
    dependent = any(item.subject_choices is not None and item.subject_choices.given for item in service.fields)
    typed = any(item.type == "new-pin" for item in service.fields)
    return service.card == "none" or service.start == "found" or dependent or typed


APART = {service.id for service in CATALOGUE.services.values() if apart(service)}


@dataclass(frozen=True)
class Walk:
    """What one visit took, from the home screen until the application is handed in."""

    touches: int
    typed: int
    prefilled: int
    document: Mapping[str, object]


def walk(kiosk: Kiosk, service: str, *, typed: Mapping[str, str] | None = None) -> Walk:
    """From home to the saved application: the first choice of every question, and nothing typed that may stay empty."""
    touches = keys = 0

    def touch(name: str) -> None:
        nonlocal touches
        touches += 1
        kiosk.touch(name)

    for name in (f"event.{CATALOGUE.services[service].event}", f"service.{service}", "primary", "primary"):
        touch(name)
    for _ in range(MAX_SCREENS):
        if kiosk.screen.name == "view":
            touch("primary" if kiosk.screen.primary is not None else _first_choice(kiosk))
            continue
        if kiosk.screen.name != "form":
            break
        choices = [c for c in kiosk.controls.values() if c.id.startswith("choice.")]
        if choices and not any(choice.selected for choice in choices):
            touch(choices[0].id)
        for key in _wanted(kiosk, typed or {}):
            touch(f"key.{key}")
            keys += 1
        touch("primary")
    assert kiosk.screen.name == "check", kiosk.screen.name
    while kiosk.screen.name == "check":
        touch("primary")
    if kiosk.screen.name == "working":
        kiosk.wait(1)
    assert kiosk.screen.name == "saved", kiosk.screen.name
    document = kiosk.store.documents[-1]
    fields = cast("Mapping[str, Mapping[str, str]]", document["fields"])
    return Walk(touches, keys, sum(item["origin"] != "answer" for item in fields.values()), document)


def _first_choice(kiosk: Kiosk) -> str:
    """The first row, or the first thing to do, of a page that waits for one."""
    return next(control.id for control in kiosk.controls.values() if control.role == "choice")


def _wanted(kiosk: Kiosk, typed: Mapping[str, str]) -> str:
    """What to type on this screen: the question is known by its field."""
    application = kiosk.terminal.runtime.session.application
    question = application.question if application is not None else ""
    return typed.get(question, "")


def visit(state_dir: Path, service: str, *, online: bool = True) -> Walk:
    """Walk a service for the persona it suits, with a terminal of its own."""
    suited = SUITED[service]
    kiosk = Kiosk(state_dir)
    try:
        kiosk.clock.advance(suited.days * DAY_S)
        kiosk.wait(1)
        if not online:
            kiosk.cut()
        kiosk.to_home(suited.persona)
        return walk(kiosk, service, typed=suited.typed)
    finally:
        kiosk.close()


def page() -> str:
    """Return `docs/services.md`: the notes, then the table, measured."""
    lines = [
        "| service | agency | life event | persona | touches after the PIN | typed | filled in | without a network |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for service in CATALOGUE.services.values():
        if service.id in APART:
            continue
        with tempfile.TemporaryDirectory() as folder:
            took = visit(Path(folder), service.id)
        lines.append(_row(service, took))
    return NOTES.read_text("utf-8").replace("<!-- table -->", "\n".join(lines))


def _row(service: ServiceDefinition, took: Walk) -> str:
    cells = (
        f"`{service.id}` {_words(service.name)}",
        _words(CATALOGUE.agencies[service.agency]),
        service.event,
        SUITED[service.id].persona,
        str(took.touches),
        str(took.typed),
        str(took.prefilled),
        {"accept": "accepted", "card": "accepted with the card's data", "network": "not offered"}[service.offline],
    )
    return f"| {' | '.join(cells)} |"


def _words(texts: Words) -> str:
    return f"{texts['en']} ({texts['zh-Hans']})"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
