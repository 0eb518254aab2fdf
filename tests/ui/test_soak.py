"""Two thousand visits through the glass on a clock that the test turns: memory and frames are as on the first day.

Real terminal, real window without a display, real touches: each visit begins at the attract screen and ends there. By
night all of them, `KIOSK_SOAK_VISITS=300` for fewer; by day a few, which show only that the visits go through.
"""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from kiosk.screen_model import ScreenModel
from tests.scenario.kit import PERSONAS, Kiosk
from tests.ui.kit import Hand

VISITS = int(os.environ.get("KIOSK_SOAK_VISITS", "2000"))
WARM = 40
"""Visits after which every screen, font and word has been made once."""
GROWTH = 1.05
FRAME_GROWTH = 1.10
AROUND = ("language.zh", "language.en", "language.yue")
MODES = ((), ("mode.large",), ("mode.contrast",), ("mode.reach",), ("mode.large",) * 3, ("mode.contrast",) * 2)
MAX_STEPS = 60


class Citizens:
    """People who come one after the other, each in another language and mode, and do what the screen asks."""

    def __init__(self, hand: Hand, folder: Path) -> None:
        self.hand, self.kiosk = hand, Kiosk(folder)
        self.frames_ms: list[float] = []
        self._shown: ScreenModel | None = None
        self._look()

    def _look(self) -> None:
        """Bring what the terminal shows onto the glass, one frame each; measure what the frame costs the processor."""
        from kivy.graphics.opengl import glFinish

        model = self.kiosk.screen
        if model == self._shown:
            return
        began = time.process_time()
        self.hand.bridge.show(model)
        self.hand.bridge._draw(0)
        self.hand.window.dispatch("on_draw")
        glFinish()
        self.frames_ms.append((time.process_time() - began) * 1000)
        self.hand.window.dispatch("on_flip")
        self._shown = model

    def touch(self, *names: str) -> None:
        """Put a finger on each control in turn; what the glass sends goes to the terminal."""
        for name in names:
            controls = self.kiosk.controls
            id_ = name if name in controls else next(one.id for one in controls.values() if one.role == name)
            self.hand.now += 1
            self.hand.sent.clear()
            self.hand.tap(id_)
            for event in self.hand.sent:
                self.kiosk.terminal.send(event)
            self.kiosk.pump()
            self._look()

    def visit(self, number: int) -> None:
        """One whole visit: aids, card, PIN, a certificate, its receipt, a mark, the card again."""
        kiosk, language = self.kiosk, AROUND[number % len(AROUND)]
        self.touch(*MODES[number % len(MODES)], language if language in kiosk.controls else "primary")
        self.touch("start.card")
        kiosk.insert("parent")
        self._look()
        self.touch(*(f"pin.{digit}" for digit in str(PERSONAS["parent"].card["pin"])), "pin.ok")
        self.touch("event.moved", "service.household-proof")
        for _ in range(MAX_STEPS):
            if kiosk.screen.name in {"home", "take-card", "attract"}:
                break
            self._step()
        kiosk.pull()
        self._look()
        kiosk.wait(400)
        self._look()
        self.hand.turn()
        assert kiosk.screen.name == "attract", kiosk.screen.name

    def _step(self) -> None:
        """The first choice of a question, a mark, or the way forward; time passes where there is none."""
        controls = self.kiosk.controls
        asked = [one for one in controls.values() if one.id.startswith(("choice.", "rating.")) and one.event]
        if asked and not any(one.selected for one in asked):
            self.touch(asked[0].id)
        primary = next((one for one in self.kiosk.controls.values() if one.role == "primary"), None)
        if primary is not None and primary.event is not None:
            self.touch(primary.id)
        else:
            self.kiosk.wait(1)
            self._look()

    def forget(self) -> None:
        """Drop what only the test keeps: the terminal itself keeps none of it."""
        self.kiosk.screens[:-1] = []
        self.kiosk.store.documents.clear()
        self.kiosk.store.recorded.clear()
        self.kiosk.sounds.clear()
        self.kiosk.city.asked.clear()
        self.kiosk.city.greeted.clear()
        self.kiosk.printer.forget()
        self.kiosk.paper.reset()
        self.hand.sent.clear()


def own_kb() -> int:
    """Memory of the process's own, swapped or not. Pages of files are the machine's: it drops them when it is short."""
    status = Path("/proc/self/status").read_text("ascii")
    return sum(int(status.split(f"{name}:")[1].split()[0]) for name in ("RssAnon", "VmSwap"))


@pytest.fixture
def citizens(hand: Hand, tmp_path: Path) -> Iterator[Citizens]:
    made = Citizens(hand, tmp_path)
    gc.freeze()  # as the terminal does once its first screen stands: a visit's garbage is looked for, not the program
    yield made
    gc.unfreeze()
    made.kiosk.close()


def days(citizens: Citizens, count: int) -> Iterator[tuple[float, int]]:
    """Median frame (ms) and own memory (kB) of each visit."""
    for number in range(count):
        citizens.frames_ms.clear()
        citizens.visit(number)
        citizens.forget()
        gc.collect()
        if number % 50 == 0:
            print(f"visit {number}: {own_kb() / 1024:.1f} MB, {statistics.median(citizens.frames_ms):.1f} ms a frame")
        yield statistics.median(citizens.frames_ms), own_kb()


def per_visit(values: list[float]) -> float:
    """The slope of the line through the values, by least squares."""
    middle = (len(values) - 1) / 2
    above = sum((at - middle) * value for at, value in enumerate(values))
    return above / sum((at - middle) ** 2 for at in range(len(values)))


def test_a_few_citizens_one_after_the_other_come_through(citizens: Citizens) -> None:
    assert len(list(days(citizens, 2))) == 2


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_after_two_thousand_visits_memory_and_frames_are_as_before(citizens: Citizens) -> None:
    ahead = days(citizens, WARM + VISITS)
    list(islice(ahead, WARM))
    frames, memory = map(list, zip(*ahead, strict=True))
    share = max(10, len(frames) // 20)
    before, after = statistics.median(frames[:share]), statistics.median(frames[-share:])
    first, last = statistics.median(memory[:share]), statistics.median(memory[-share:])
    told = (
        f"{len(frames)} visits: memory {first / 1024:.1f} to {last / 1024:.1f} MB, {per_visit(memory):+.2f} kB each; "
        f"frame {before:.2f} to {after:.2f} ms, {per_visit(frames) * 1000:+.3f} ms in a thousand visits"
    )
    print(told)
    assert last <= GROWTH * first, told
    assert after <= FRAME_GROWTH * before, told
