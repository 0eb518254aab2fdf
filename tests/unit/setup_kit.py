"""Commissioning without a machine: only `step` and `render`, with a hand, a card and answers made of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from drivers.api import PrinterStatus, SlotState
from kiosk import events as e
from kiosk.paper.receipts import Site
from kiosk.screen_model import Control, ScreenModel
from kiosk.session.state import Effect, Note, StartTimer, World
from kiosk.settings import Settings
from kiosk.staff.events import GlassTouched, TaskPressed
from kiosk.staff.part import Part, RunTask, Staff, TaskDone
from kiosk.staff.setup import table as commissioning
from kiosk.staff.setup.state import LIMIT, POLL, Proof, Setup, Stage
from kiosk.staff.table import step
from kiosk.staff.views.screen import render
from kiosk.words import i18n
from tests.scenario.kit import controls_of, words_of
from tests.unit.visit_kit import FAILURES

SITE = Site({"zh-Hans": "榕树街便民服务中心 3 号机", "en": "Rongshu Street no. 3"}, "T0318")
WELL = PrinterStatus(online=True, answered=True, cover="closed", paper="ok", error=None)
LANGUAGES = ("zh-Hans", "en")
SAY = {language: i18n.staff_sayer(language) for language in (*LANGUAGES, "yue-Hant")}
SHOWN = {
    "code": "KX7-4PD",
    "address": "https://gateway.example/enrol?m=GZ-K2",
    "left_s": "872",
    "model": "GZ-K2",
    "serial": "2027-00318",
    "fingerprint": "7a41c09e5d12" + "0" * 52,
    "state": "waiting",
    "wait_s": "3",
}
CARD = {"profile": "citizen", "version": "2.00", "fields": "6", "tries": "5", "took_ms": "400"}


class Hand:
    """One terminal in commissioning. Every screen is drawn in both written languages after every event."""

    def __init__(self, *, landscape: bool = False, paper: str | None = "ok") -> None:
        size = (1920, 1080) if landscape else (1080, 1920)
        status = replace(WELL, paper=paper)
        self.world = World(
            settings=Settings(width=size[0], height=size[1]),
            local="2027-05-18T10:02",
            slot=SlotState.EMPTY,
            printer=status if paper != "none" else None,
        )
        self.staff: Staff | None = None
        self.effects: list[Effect] = []
        self._take(commissioning.enter(Staff(Part(), self.world)))

    # ---- what is there

    @property
    def part(self) -> Setup:
        assert self.staff is not None
        assert isinstance(self.staff.part, Setup)
        return self.staff.part

    @property
    def stage(self) -> Any:
        stage: Stage = self.part.stage
        return stage

    def screen(self, language: str = "zh-Hans") -> ScreenModel:
        assert self.staff is not None
        return render(replace(self.staff, language=language), SAY[language], SITE, FAILURES)

    @property
    def words(self) -> str:
        return "\n".join(words_of(self.screen()))

    @property
    def controls(self) -> dict[str, Control]:
        return {one.id: one for one in controls_of(self.screen())}

    def asked(self) -> list[str]:
        """The tasks that the last event asked for."""
        return [one.name for one in self.effects if isinstance(one, RunTask)]

    def noted(self) -> list[str]:
        return [str(one.fields["action"]) for one in self.effects if isinstance(one, Note)]

    def proof(self, name: str) -> Proof:
        return next(one for one in self.part.proofs if one.name == name)

    # ---- what happens

    def send(self, event: e.Event) -> Hand:
        assert self.staff is not None
        self._take(step(self.staff, event))
        return self

    def _take(self, made: tuple[Staff | None, tuple[Effect, ...]]) -> None:
        self.staff, effects = made
        self.effects = list(effects)
        if self.staff is not None:
            for language in LANGUAGES:
                model = self.screen(language)
                assert model.name.startswith("staff.setup."), model.name
                assert all("{" not in text for text in words_of(model)), model.name

    def touch(self, *ids: str) -> Hand:
        for one in ids:
            event = self.controls[one].event
            assert event is not None, one
            self.send(event)
        return self

    def press(self, *names: str) -> Hand:
        for name in names:
            self.send(TaskPressed(name))
        return self

    def glass(self, x: int, y: int) -> Hand:
        return self.send(GlassTouched(x, y))

    def done(
        self, name: str, *, ok: bool = True, code: str = "", facts: Mapping[str, str] | None = None, **more: str
    ) -> Hand:
        return self.send(TaskDone(name, ok=ok, code=code, facts={**(facts or {}), **more}))

    def slot(self, state: SlotState, insertion: int) -> Hand:
        self.world = replace(self.world, slot=state, insertion=insertion)
        assert self.staff is not None
        self.staff = replace(self.staff, world=self.world)
        return self.send(e.SlotChanged(state, insertion))

    def poll(self) -> Hand:
        return self.send(e.TimerFired(POLL))

    def late(self) -> Hand:
        return self.send(e.TimerFired(LIMIT))

    def waits(self) -> bool:
        """Whether the step will ask again by itself."""
        return any(isinstance(one, StartTimer) and one.name == POLL for one in self.effects)

    # ---- ways

    def begun(self) -> Hand:
        return self.done("setup-load")

    def through_touch(self) -> Hand:
        for _ in range(5):
            self.touch("touch.target")
        return self

    def through_look(self) -> Hand:
        return self.press("next", "next", "next", "next", "next", "good").done("setup-speech").press("heard")

    def through_paper(self) -> Hand:
        return self.done("print", digits="7305").touch("key.7", "key.3", "key.0", "key.5", "primary")

    def through_reader(self) -> Hand:
        self.slot(SlotState.PRESENT, 1).done("setup-card", **CARD).slot(SlotState.EMPTY, 1)
        return self.slot(SlotState.PRESENT, 2).done("setup-card-again").slot(SlotState.EMPTY, 2)

    def through_network(self) -> Hand:
        self.done("setup-network", ms="38").poll().done("setup-network", ok=False, code="no-network")
        return self.poll().done("setup-network", ms="41")

    def through_clock(self) -> Hand:
        return self.done("setup-clock", offset_ms="20")

    def to(self, at: str) -> Hand:
        """Go well to the step of this name."""
        self.begun()
        ways = {"touch": self.through_touch, "look": self.through_look, "paper": self.through_paper,
                "reader": self.through_reader, "network": self.through_network,
                "clock": self.through_clock}  # fmt: skip
        for name, way in ways.items():
            if name == at:
                break
            way()
        if at == "report":
            self.done("setup-join", state="joined", until="2027-08-16")
        assert self.part.at == at, self.part.at
        return self

    def to_ready(self) -> Hand:
        self.to("report").done("setup-data").done("setup-outbox", cuts="3").done("setup-report", digest="ab")
        assert self.asked() == ["setup-sent"]
        return self
