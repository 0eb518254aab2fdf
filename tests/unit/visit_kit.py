"""A visit without a terminal: only `step` and `render`, with hands, a card, an office and a printer made of events.

Every step is rendered in every language and held to what no screen may break; see `Visit.check`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

from drivers.api import CardFacts, Holder, JobState, PrinterStatus, PrintResult, SlotState
from kiosk import events as e
from kiosk import failures
from kiosk.cli.services import read_table, shared_tables
from kiosk.paper.receipts import Site
from kiosk.personas import load_personas
from kiosk.pieces.sign_in import SignIn
from kiosk.screen_model import Control, ScreenModel
from kiosk.services.definition import Catalogue
from kiosk.services.parsing import parse_catalogue
from kiosk.session import state as s
from kiosk.session.arrival.effects import FetchByApp
from kiosk.session.arrival.greeting import AskGreeting
from kiosk.session.asking.events import ChoicesFetched, FormAsked, GreetingCame, SignInMade, SignInSeen
from kiosk.session.common import BUSY
from kiosk.session.state import Session, State, World
from kiosk.session.table import step
from kiosk.settings import Settings
from kiosk.view_model.frame import Scene
from kiosk.view_model.screen import render
from kiosk.words import i18n
from kiosk.words.languages import languages
from tests.scenario.kit import controls_of, words_of

ASSETS = resources.files("assets")
SITE = Site({"zh-Hans": "荔湾区政务服务中心", "en": "Liwan Service Centre"}, "T0001")
FAILURES = failures.parse(ASSETS.joinpath("failure_codes.toml").read_text("utf-8"))
SAY = {language: i18n.sayer(language) for language in languages()}
CHECKED = ("zh-Hans", "en")
"""The languages in which every screen of every visit is made; Traditional Chinese is made from the first."""
PERSONAS = {
    persona.id: persona for persona in load_personas(ASSETS.joinpath("city", "personas.toml").read_text("utf-8"))
}
READY = PrinterStatus(online=True, answered=True, cover="closed", paper="ok", error=None)
MOUTH = replace(READY, ticket="none")
"""A kiosk printer, which presents its tickets."""
HOLDER = Holder("陈晓娴", "440199199003070021", "female", 1, "1990-03-07", "440199")
FACTS = CardFacts("citizen", "2.00", "44019900000000000000000000000001", "X00000019", "2020-03-02", "2035-03-01")
SIGN_IN = SignIn("k" * 22, "https://gateway.example/app#" + "t" * 22, "4821", 120)
APP_HOLDER = {"name": HOLDER.name, "id_number": HOLDER.id_number, "sex": "female", "birth_date": HOLDER.birth_date}
SECRETS = (HOLDER.name, HOLDER.id_number, FACTS.card_number, FACTS.card_id)
AT_MS = 1_779_070_000_000

EVERY_TYPE: dict[str, Any] = {
    "schema": 1,
    "id": "every-type",
    "version": "1",
    "event": "work",
    "agency": "hrss",
    "name": {"zh-Hans": "各种问题", "en": "Every type"},
    "help": {"zh-Hans": "每种问题问一次", "en": "Asks one of each"},
    "limits": {"promised": {"n": 3, "unit": "wd"}},
    "fee": 20,
    "offline": {"policy": "network"},
    "field": [
        {"id": "count", "type": "number", "min": 1, "max": 9},
        {"id": "sum", "type": "money", "min": 1, "max": 5000, "help": {"zh-Hans": "到分", "en": "To the cent"}},
        {"id": "day", "type": "date", "not_after_today": True},
        {"id": "month", "type": "month", "not_after_today": True},
        {"id": "phone", "type": "phone"},
        {"id": "email", "type": "email", "required": False},
        {"id": "text", "type": "text", "max_length": 3, "pattern": "[A-Z]+"},
        {"id": "place", "type": "place", "required": False, "shown_when": {"all": [{"field": "agreed", "is": "yes"}]}},
    ],
}
for _item in EVERY_TYPE["field"]:
    _item["label"] = {"zh-Hans": f"问 {_item['id']}", "en": f"Question {_item['id']}"}
EVERY_TYPE["field"].insert(
    7, {"id": "agreed", "type": "yes-no", "label": {"zh-Hans": "同意吗？", "en": "Do you agree?"}}
)
BARE: dict[str, Any] = {
    **{key: EVERY_TYPE[key] for key in ("schema", "version", "agency", "name", "help")},
    "id": "bare",
    "event": "home",
    "limits": {"promised": {"n": 5, "unit": "d"}},
    "offline": {"policy": "accept"},
}
"""Nothing to fetch, nothing filled in, nothing to ask."""


def _long_form(proof: dict[str, Any]) -> dict[str, Any]:
    """The household proof as a long form: two pages of rows, and use, kind and person asked one after the other."""
    long = {**tomllib_copy(proof), "id": "long-proof", "event": "home", "groups": ["person", "contact"]}
    for item in long["field"]:
        if item["id"] in {"use", "member"}:
            del item["default"], item["edit"]
    return long


def catalogue(*more: Mapping[str, object]) -> Catalogue:
    """The shipped services, one that asks a question of every type, a bare one, a long one, and those given."""
    files, shared = shared_tables()
    definitions = [read_table(Path(file)) for file in files]
    proof = next(item for item in definitions if item["id"] == "household-proof")
    shared["groups"] = {**shared["groups"], **read_table(Path(__file__).with_name("groups.toml"))["groups"]}
    return parse_catalogue("test", [*definitions, EVERY_TYPE, BARE, _long_form(proof), *more], shared)


def tomllib_copy(value: Any) -> Any:
    """A deep copy of tables and lists."""
    if isinstance(value, dict):
        return {key: tomllib_copy(item) for key, item in value.items()}
    return [tomllib_copy(item) for item in value] if isinstance(value, list) else value


CATALOGUE = catalogue()


def shared_and_definitions() -> tuple[dict[str, dict[str, object]], list[dict[str, object]]]:
    """The shipped tables and definitions as they are read from their files."""
    files, shared = shared_tables()
    return tomllib_copy(shared), [tomllib_copy(read_table(Path(file))) for file in files]


def world(**changed: object) -> World:
    plain = World(
        settings=Settings(),
        catalogue=CATALOGUE,
        slot=SlotState.EMPTY,
        printer=READY,
        network_up=True,
        local="2026-05-18T10:24",
        terminal="T0001",
    )
    return World(**{**{item.name: getattr(plain, item.name) for item in fields(World)}, **changed})  # pyright: ignore


class Visit:
    """The session in somebody's hands. Each method is one thing that a hand, a cable or an office does."""

    usual = "household-proof"
    """The service of a test that names none."""

    def __init__(self, persona: str = "parent", **changed: object) -> None:
        self.session = Session(world=world(**changed))
        self.records = PERSONAS[persona].records
        self.effects: list[s.Effect] = []
        self.timers: dict[str, float] = {}
        self.insertion = 0
        self.seq = 0

    # ---- what is there

    @property
    def state(self) -> State:
        return self.session.state

    @property
    def screen(self) -> ScreenModel:
        return drawn(self.session)

    @property
    def controls(self) -> dict[str, Control]:
        return {control.id: control for control in controls_of(self.screen)}

    @property
    def words(self) -> str:
        return "\n".join(words_of(self.screen))

    @property
    def application(self) -> s.Application:
        assert self.session.application is not None
        return self.session.application

    def last(self, kind: type[s.Effect]) -> Any:
        """The newest effect of a kind."""
        return next(effect for effect in reversed(self.effects) if isinstance(effect, kind))

    # ---- whatever happens

    def send(self, *events: e.Event) -> Visit:
        for event in events:
            self.session, effects = step(self.session, event)
            self.effects.extend(effects)
            for effect in effects:
                if isinstance(effect, s.StartTimer):
                    self.timers[effect.name] = effect.after_s
                elif isinstance(effect, s.StopTimer):
                    self.timers.pop(effect.name, None)
            self.check()
        return self

    def check(self) -> None:
        session = self.session
        for language in CHECKED:
            model = drawn(session, language)
            controls = controls_of(model)
            ids = [control.id for control in controls]
            assert len(ids) == len(set(ids)), f"{model.name}: an id twice in {ids}"
            assert sum(control.role == "primary" for control in controls) <= 1, model.name
            usable = [control for control in controls if control.event is not None and control.role != "aid"]
            assert usable or session.state in BUSY | {State.TAKE_CARD}, f"no way on from {model.name}"
            if session.state is State.FAILURE:
                assert any(session.failure in text for text in words_of(model.body))
        if session.state in {State.ATTRACT, State.TAKE_CARD, State.GOODBYE}:
            assert (session.holder, session.facts, session.application, session.draft) == (None, None, None, None)
            assert session.app is None
        assert session.state is not State.ATTRACT or session == Session(
            session.id, world=session.world, modes=session.modes
        )

    # ---- hands

    def touch(self, *names: str) -> Visit:
        for name in names:
            control = self.controls.get(name) or next((c for c in self.controls.values() if c.role == name), None)
            assert control is not None, f"no {name} on {self.screen.name}: {sorted(self.controls)}"
            assert control.event is not None, f"{name} is off on {self.screen.name}"
            if isinstance(control.event, e.PinKey):
                self.send(e.PinLengthChanged(self.session.pin_length + 1))
            elif isinstance(control.event, e.PinErased):
                self.send(e.PinLengthChanged(0 if control.event.all else max(0, self.session.pin_length - 1)))
            else:
                self.send(control.event)
        return self

    def type(self, keys: str) -> Visit:
        return self.send(*(e.KeyTyped(key) for key in keys))

    def insert(self, state: SlotState = SlotState.PRESENT) -> Visit:
        self.insertion += 1
        return self.send(e.SlotChanged(state, self.insertion))

    def pull(self) -> Visit:
        return self.send(e.SlotChanged(SlotState.EMPTY, self.insertion))

    def unplug(self) -> Visit:
        return self.send(e.SlotChanged(SlotState.READER_ABSENT, self.insertion))

    def fire(self, timer: str) -> Visit:
        """Let the time of a timer pass that is running."""
        assert timer in self.timers, f"no {timer} timer runs on {self.screen.name}"
        del self.timers[timer]
        return self.send(e.TimerFired(timer))

    # ---- the card, the office, the disk, the printer

    def recognised(self, *, tries_left: int = 6, expired: bool = False) -> Visit:
        return self.send(e.CardRecognised(self.insertion, FACTS, tries_left, expired))

    def pin(self) -> Visit:
        return self.touch(*(f"pin.{digit}" for digit in "123456"), "pin.ok")

    def accepted(self, holder: Holder = HOLDER) -> Visit:
        return self.send(e.PinAccepted(holder))

    def answered(self, service: str = "", **records: Mapping[str, object] | None) -> Visit:
        """The office releases what was asked for; `records` replaces what it holds, by subject with `_` for `.`."""
        asked = self.last(FetchByApp if self.session.by_app else s.FetchData)
        changed = {name.replace("_", "."): record for name, record in records.items()}
        data = tuple(
            e.SubjectData(subject, "psb", "2026-05-17", changed.get(subject, self.records.get(subject)))
            for subject in asked.subjects
        )
        return self.send(e.DataFetched(data, service or asked.service))

    def greeted(self, **records: Mapping[str, object] | None) -> Visit:
        """The city says what it has to say to this holder; `records` as for `answered`."""
        asked: AskGreeting = self.last(AskGreeting)
        changed = {name.replace("_", "."): record for name, record in records.items()}
        held = {subject: changed.get(subject, self.records.get(subject)) for subject in asked.subjects}
        data = tuple(e.SubjectData(subject, "tax", "2026-05-17", record) for subject, record in held.items())
        return self.send(GreetingCame(asked.insertion, data))

    def signed(self) -> Visit:
        return self.send(e.DocumentSigned(b"s" * 64, b"c"))

    def saved(self) -> Visit:
        self.seq += 1
        return self.send(e.EntrySaved("application", self.seq, f"T0001-{self.seq:06}", AT_MS))

    def acked(self) -> Visit:
        return self.send(e.EntryAcked(self.seq, AT_MS + 2000))

    def printed(self, state: JobState, reason: str = "") -> Visit:
        return self.send(e.PrintFinished(PrintResult(state, reason, 1200)))

    def printer(self, **status: object) -> Visit:
        values: dict[str, Any] = {"online": False, "answered": True, "cover": "closed", "paper": "ok", "error": None}
        return self.send(e.PrinterChanged(PrinterStatus(**{**values, **status})))

    # ---- ways

    def to_pin(self) -> Visit:
        return self.touch("language.zh", "start.card").insert().recognised()

    def to_home(self, holder: Holder = HOLDER) -> Visit:
        return self.to_pin().pin().accepted(holder)

    def by_app(self) -> Visit:
        """The holder signed in with the city's app."""
        self.touch("language.zh", "start.app").send(SignInMade(SIGN_IN))
        return self.send(SignInSeen("approved", APP_HOLDER))

    def to_approval(self, service: str = "contact") -> Visit:
        """The form is before the holder, on the telephone."""
        self.by_app().to_intro(service).touch("primary", "primary").answered()
        return self.until().submit().send(FormAsked())

    def to_intro(self, service: str = "") -> Visit:
        service = service or self.usual
        event = self.session.world.catalogue.services[service].event  # pyright: ignore
        self.touch(f"event.{event}")
        while f"service.{service}" not in self.controls and self.controls["page.down"].enabled:
            self.touch("page.down")
        return self.touch(f"service.{service}")

    def to_form(self, service: str = "") -> Visit:
        """The form, filled in from the city's data."""
        self.to_home().to_intro(service).touch("primary")
        if self.state is State.FETCHING:
            self.answered()  # the register of companies
        while self.state is State.CONSENT:
            self.touch("primary")
        return self.answered() if self.state is State.FETCHING else self

    def to_question(self, question: str, service: str = "") -> Visit:
        self.to_form(service)
        return self.until(question)

    def until(self, question: str = "") -> Visit:
        """Answer with the first choice, or with what the type takes, until this question or the check screen."""
        typed = {"number": "7", "money": "12.50", "date": "20260501", "month": "202605", "phone": "13800000000",
                 "text": "ABC", "email": "", "place": ""}  # fmt: skip
        for _ in range(60):
            if self.state is not State.FORM or (question and self.application.question == question):
                return self
            choice = next((found for found in self.controls.values() if found.role == "choice"), None)
            if choice is not None:
                self.touch(choice.id)
            elif self.application.question and not self.application.typed:
                self.type(typed[self.application.service.field(self.application.question).type])
            self.touch("primary")
        raise AssertionError("the form does not end")

    def to_check(self, service: str = "") -> Visit:
        return self.to_form(service).until()

    def submit(self) -> Visit:
        while self.state is State.CHECK:
            self.touch("primary")
        return self

    def to_saved(self, service: str = "") -> Visit:
        self.to_check(service).submit().signed().saved()
        return self.acked() if self.state is State.WAITING else self

    def to_looking(self) -> Visit:
        """The offices that can be chosen are on their way."""
        self.to_form("appointment").until("matter")
        return self.touch("choice.matter.exit-entry", "primary")

    def to_confirming(self) -> Visit:
        """The gateway has the entry, and the citizen waits for the office's answer."""
        return self.to_check("card-found").submit().signed().saved().acked()

    def to_places(self) -> Visit:
        """The nearest offices, on the map."""
        self.touch("language.zh", "start.browse").to_intro("info").touch("primary", "choice.matter.any", "primary")
        office = {
            "id": "a",
            "name": {"zh-Hans": "甲", "en": "A"},
            "place": {"zh-Hans": "乙", "en": "B"},
            "x": 1,
            "y": 2,
        }
        hours = [{"days": ["MO"], "opens": "08:30", "closes": "12:00"}]
        data = e.SubjectData("geo.office", "data", "2026-05-17", {"offices": [{**office, "schedule": hours}]})
        return self.send(ChoicesFetched("info", "#places", data))

    def to_new_pin(self) -> Visit:
        """The old PIN of a change is asked for."""
        return self.to_home().to_intro("card").touch("primary", "primary").answered().touch("do.pin").until("pin")

    def to_printing(self) -> Visit:
        return self.to_saved().touch("primary", "primary")


def drawn(session: Session, language: str = "") -> ScreenModel:
    """The session's screen, in its own language or in another."""
    shown = session if not language else Session(**{**_fields(session), "language": language})
    return render(Scene(shown, SAY[shown.language], FAILURES, SITE))


def _fields(session: Session) -> dict[str, Any]:
    return {item.name: getattr(session, item.name) for item in fields(session)}
