"""A visit for any service, with everything counted that a hand does after the PIN.

`python -m tests.scenario.service_walk` writes `docs/services.md`; a test holds that the page has not drifted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from kiosk.services.definition import ServiceDefinition, Words
from kiosk.terminal import shipped_catalogue
from provisioning.gateway.appointments.desk import AppointmentDesk
from provisioning.gateway.storage.sqlite import SqliteDatabase
from tests.repository import ROOT
from tests.scenario.hall import OFFICES, Hall
from tests.scenario.kit import Kiosk

CATALOGUE = shipped_catalogue()
PAGE = ROOT / "docs" / "services.md"
NOTES = ROOT / "docs" / "services.in.md"
DAY_S = 86_400
MAX_SCREENS = 40
PIN, NEW_PIN = "123456", "902817"


@dataclass(frozen=True)
class Suited:
    """For whom a service is walked, and how many days after the kit's date (18 May 2026)."""

    persona: str
    days: int = 0
    typed: Mapping[str, str] | None = None
    """What is typed where the city's data are not there; a field that is not here is left empty."""
    office: bool = False
    """The terminal stands in an office, with the gateway's own desk behind it."""


SUITED = {
    "access-log": Suited("parent"),
    "appointment": Suited("parent", office=True),
    "card": Suited("parent"),
    "card-found": Suited("parent"),
    "card-lost": Suited("parent"),
    "info": Suited("parent", office=True),
    "ticket": Suited("parent", office=True),
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


@dataclass(frozen=True)
class Walk:
    """What one visit took, from the home screen until the application is handed in."""

    touches: int
    typed: int
    prefilled: int
    document: Mapping[str, object]


def walk(
    kiosk: Kiosk,
    service: str,
    *,
    typed: Mapping[str, str] | None = None,
    chosen: Mapping[str, str] | None = None,
    by_alert: bool = False,
) -> Walk:
    """To the saved application: the first choice of every question, and nothing typed that may stay empty.

    `chosen` says otherwise for some questions. `by_alert`: home has said that it is still to be done, and leads there.
    """
    touches = keys = 0

    def touch(name: str) -> None:
        nonlocal touches
        touches += 1
        kiosk.touch(name)

    for name in ("alert",) if by_alert else _opening(CATALOGUE.services[service]):
        touch(name)
    pins = [PIN, NEW_PIN, NEW_PIN]
    for _ in range(MAX_SCREENS):
        if kiosk.screen.name in {"intro", "consent"}:
            touch("primary" if kiosk.screen.primary is not None else _first_choice(kiosk))
            continue
        if kiosk.screen.name == "view":
            touch("primary" if kiosk.screen.primary is not None else _first_choice(kiosk))
            continue
        if kiosk.screen.name != "form":
            break
        asked, digits = _answer(kiosk, pins, typed or {}, chosen or {})
        for name in asked:
            touch(name)
        keys += digits
    if CATALOGUE.services[service].places is not None:
        assert kiosk.screen.name == "places", kiosk.screen.name
        return Walk(touches, keys, 0, {})
    assert kiosk.screen.name == "check", kiosk.screen.name
    while kiosk.screen.name == "check":
        touch("primary")
    if kiosk.screen.name == "working":
        kiosk.wait(1)
    assert kiosk.screen.name == "saved", kiosk.screen.name
    document = kiosk.store.documents[-1]
    fields = cast("Mapping[str, Mapping[str, str]]", document["fields"])
    return Walk(touches, keys, sum(item["origin"] != "answer" for item in fields.values()), document)


def _answer(
    kiosk: Kiosk, pins: list[str], typed: Mapping[str, str], wanted: Mapping[str, str]
) -> tuple[list[str], int]:
    """What is touched to answer the question on the screen and go on, and how many of that are keys."""
    if "pin.1" in kiosk.controls:
        pin = pins.pop(0)
        return [*(f"pin.{digit}" for digit in pin), "pin.ok"], len(pin)
    choices = [c for c in kiosk.controls.values() if c.id.startswith("choice.") and c.enabled]
    question = question_of(kiosk)
    chosen = [] if not choices or any(choice.selected for choice in choices) else [choices[0].id]
    if question in wanted:
        chosen = [f"choice.{question}.{wanted[question]}"]
    keys = [f"key.{key}" for key in typed.get(question, "")]
    return [*chosen, *keys, "primary"], len(keys)


def _opening(service: ServiceDefinition) -> tuple[str, ...]:
    """What is touched to open it: from home, or without a card from the start screen; a found card opens it itself."""
    if service.start == "found":
        return ()
    if service.start:
        return (f"start.{service.start}",)
    browse = ("start.browse",) if service.card != "needed" else ()
    return (*browse, f"event.{service.event}", f"service.{service.id}")


def _first_choice(kiosk: Kiosk) -> str:
    """The first row, or the first thing to do, of a page that waits for one."""
    return next(control.id for control in kiosk.controls.values() if control.role == "choice")


def question_of(kiosk: Kiosk) -> str:
    """The field that the screen asks for."""
    application = kiosk.terminal.runtime.session.application
    return application.question if application is not None else ""


def visit(
    state_dir: Path,
    service: str,
    *,
    online: bool = True,
    chosen: Mapping[str, str] | None = None,
    terminal: Callable[[Path], Kiosk] = Kiosk,
    by_alert: bool = False,
) -> Walk:
    """Walk a service for the persona it suits, with a terminal of its own."""
    suited = SUITED[service]
    kiosk = terminal(state_dir)
    try:
        kiosk.clock.advance(suited.days * DAY_S)
        kiosk.wait(1)
        if suited.office:
            Hall(kiosk, AppointmentDesk(SqliteDatabase(state_dir / "hall.db"), OFFICES))
        if not online:
            kiosk.cut()
        _to_its_beginning(kiosk, CATALOGUE.services[service], suited.persona)
        return walk(kiosk, service, typed=suited.typed, chosen=chosen, by_alert=by_alert)
    finally:
        kiosk.close()


def _to_its_beginning(kiosk: Kiosk, service: ServiceDefinition, persona: str) -> None:
    """To where the touches of a service are counted from."""
    if service.card == "identity":
        kiosk.lay(persona).touch("language.zh")
    elif service.card == "none":
        kiosk.touch("language.zh")
    elif service.start == "found":
        kiosk.city.lost = True
        kiosk.touch("language.zh", "start.card").insert(persona)
        kiosk.touch("primary").pin(PIN)
    else:
        kiosk.to_home(persona)


def page() -> str:
    """Return `docs/services.md`: the notes, then the table, measured."""
    lines = [
        "| service | agency | life event | persona | touches after the PIN | typed | filled in | without a network |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for service in CATALOGUE.services.values():
        with tempfile.TemporaryDirectory() as folder:
            took = visit(Path(folder), service.id)
        lines.append(_row(service, took))
        if service.greeting is not None:
            with tempfile.TemporaryDirectory() as folder:
                lines.append(_row(service, visit(Path(folder), service.id, by_alert=True), by_alert=True))
    return NOTES.read_text("utf-8").replace("<!-- table -->", "\n".join(lines))


def _row(service: ServiceDefinition, took: Walk, *, by_alert: bool = False) -> str:
    cells = (
        f"`{service.id}` {_words(service.name)}"
        + (", touched where home says it is still to be done" if by_alert else ""),
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
