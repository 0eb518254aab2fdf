"""Somebody who does not see the screen does everything with headphones and the keypad under it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import events as e
from kiosk.speech.ear import heard
from kiosk.speech.focus import is_pin_digit, spots
from kiosk.speech.guide import spoken_words
from kiosk.speech.recording import Heard
from kiosk.words.languages import language
from tests.scenario.kit import PERSONAS, Kiosk

PERSONA = "parent"


class Listener:
    """Ears and one hand on the keypad of a terminal; the screen is never touched."""

    def __init__(self, kiosk: Kiosk) -> None:
        self.kiosk = kiosk
        self.walked: dict[str, list[str]] = {}
        """Screen -> what was spoken on a walk over all of its controls, in order."""

    def press(self, *keys: e.KeyName) -> list[str]:
        """Press keys one after the other; return what was heard."""
        before = self._count()
        for key in keys:
            self.kiosk.terminal.send(e.KeyPressed(key, session_id=self.kiosk.screen.session_id))
            self.kiosk.pump()
        return [one.text for one in self.kiosk.listener.heard(before)]

    def _count(self) -> int:
        return max((one.n for one in self.kiosk.listener.heard()), default=0)

    def walk(self) -> None:
        """Go over all controls of the screen, once round, and hear each of them."""
        model = self.kiosk.screen
        tell = spoken_words(model.language)
        every = spots(model)
        met: list[str] = []
        said: list[str] = []
        for _ in every:
            told = self.press("right")
            assert len(told) == 1, f"{model.name}: {told}"
            met.append(self.kiosk.screen.focus)
            said += told
        assert sorted(met) == sorted(spot.control.id for spot in every), model.name
        by_id = {spot.control.id: spot.control for spot in every}
        for name, text in zip(met, said, strict=True):
            if is_pin_digit(by_id[name]):
                assert text == "key", "a digit of the PIN sounds, and is not named"
            else:
                assert text.startswith(heard(by_id[name].text, tell)), f"{model.name}: {name}"
        self.walked.setdefault(model.name, said)

    def take(self, name: str) -> list[str]:
        """Find a control with the arrow and take it with the round key; return what was heard after taking it."""
        for _ in spots(self.kiosk.screen):
            if self.kiosk.screen.focus == name:
                break
            self.press("right")
        assert self.kiosk.screen.focus == name, f"{name} cannot be reached on {self.kiosk.screen.name}"
        return self.press("ok")

    def pin(self, digits: str) -> None:
        """Count to each digit from the 1, as the voice explains."""
        for digit in digits:
            while self.kiosk.screen.focus != "pin.1":
                self.press("right")
            place = "1234567890".index(digit)
            keys: list[e.KeyName] = ["right"] * place
            if digit == "0":
                keys.append("right")  # past "clear all", which lies before the 0
            told = self.press(*keys, "ok")
            assert set(told) <= {
                "key",
                "全部清除。第 10 个，共 12 个。",
                "6 位都输好了。",
                "往下走，选确定。",
                "全部清除。",
            }


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Listener]:
    kiosk = Kiosk(tmp_path)
    yield Listener(kiosk)
    kiosk.close()


def test_a_blind_citizen_gets_a_certificate_by_keypad_alone(ear: Listener) -> None:
    kiosk = ear.kiosk
    assert ear.press("repeat")[0] == "广州市民自助终端。", "the key that says things again begins to speak"
    ear.walk()
    ear.take("language.zh")
    ear.walk()
    ear.take("start.card")
    ear.walk()
    before = ear._count()
    kiosk.insert(PERSONA)
    assert "请输入市民卡密码。" in [one.text for one in kiosk.listener.heard(before)]
    ear.walk()
    pin = str(PERSONAS[PERSONA].card["pin"])
    ear.pin(pin)
    ear.take("pin.ok")
    for name in ("event.moved", "service.household-proof", "primary", "primary"):
        ear.walk()
        ear.take(name)
    for _ in range(60):
        if kiosk.screen.name == "saved":
            break
        if kiosk.screen.name == "working":
            kiosk.wait(1)
            continue
        ear.walk()
        choice = next((spot.control for spot in spots(kiosk.screen) if spot.control.role == "choice"), None)
        if choice is not None and not choice.selected:
            ear.take(choice.id)
        ear.take("primary")
    assert kiosk.screen.name == "saved"
    kiosk.listener.clear()
    ear.walk()
    ear.take("finish")
    before = ear._count()
    kiosk.pull()
    assert kiosk.screen.name == "attract"
    said = "".join(one.text for one in kiosk.listener.heard())
    assert pin not in said.replace(" ", "")
    assert {"attract", "start", "card", "pin", "home", "services", "intro", "consent", "form", "check", "saved"} <= set(
        ear.walked
    )


def test_saved_sounds_first_and_is_then_told_with_its_number(ear: Listener) -> None:
    kiosk = ear.kiosk.to_home(PERSONA).to_intro()
    ear.press("repeat")
    kiosk.touch("primary", "primary").through_form()
    before = ear._count()
    kiosk.submit().wait(1)
    heard_ = kiosk.listener.heard(before)
    sounds = [place for place, one in enumerate(heard_) if one.kind == "sound" and one.text == "saved"]
    assert sounds
    assert heard_[sounds[0] + 1].kind == "say"
    told = "".join(one.text for one in heard_[sounds[0] :])
    assert "已收到" in told
    assert " ".join(kiosk.store.documents[-1]["number"].split("-")[0]) in told  # pyright: ignore


def test_the_next_citizen_finds_no_speech_no_focus_and_the_middle_volume(ear: Listener) -> None:
    kiosk = ear.kiosk
    ear.press("repeat", "louder", "louder", "faster", "right")
    kiosk.touch("language.zh", "modes", "mode.left", "mode.calm", "mode.curtain")
    modes = kiosk.screen.modes
    assert (modes.volume, modes.pace, modes.speech, modes.dark_glass) == (7, 4, True, True)
    assert kiosk.screen.curtain is not None
    ear.press("back")
    kiosk.touch("finish")
    assert kiosk.screen.name == "attract"
    assert kiosk.screen.modes == type(modes)()
    assert kiosk.screen.focus == ""


def test_a_finger_on_the_glass_stops_the_voice(ear: Listener) -> None:
    ear.press("repeat")
    stops = ear.kiosk.listener.stops
    ear.kiosk.terminal.hush()
    assert ear.kiosk.listener.stops == stops + 1


def test_behind_the_black_screen_everything_goes_on(ear: Listener) -> None:
    kiosk = ear.kiosk
    ear.press("repeat")
    kiosk.touch("language.zh", "modes", "mode.curtain")
    assert kiosk.screen.curtain is not None
    ear.press("back")
    told = ear.take("start.card")
    assert "请把卡插入读卡口。" in told
    assert kiosk.screen.curtain is not None
    assert kiosk.screen.curtain.open.event == e.ModeToggled("curtain", session_id=kiosk.screen.session_id)
    kiosk.terminal.send(e.ModeToggled("curtain", session_id=kiosk.screen.session_id))
    kiosk.pump()
    assert kiosk.screen.curtain is None


def test_keys_keep_the_visit_alive_and_calm_doubles_every_wait(ear: Listener) -> None:
    kiosk = ear.kiosk.touch("language.zh")
    for _ in range(4):
        kiosk.wait(100)
        ear.press("right")
    assert kiosk.screen.name == "start"
    kiosk.touch("modes", "mode.calm", "back").wait(150)
    assert kiosk.screen.name == "start"
    kiosk.wait(100)
    assert kiosk.screen.name == "timeout"
    kiosk.wait(60)
    assert kiosk.screen.name == "timeout", "the countdown too"
    kiosk.wait(40)
    assert kiosk.screen.name == "attract"


def test_somebody_who_pauses_the_voice_is_asked_aloud_before_the_time_is_over(ear: Listener) -> None:
    """A pause is a key like any other: it begins the quiet time anew, and the warning is a screen that says itself."""
    kiosk = ear.kiosk.touch("language.zh")
    listener = kiosk.listener

    def during(one: Heard) -> None:
        if one.text == "您想怎样开始？":
            listener._during = None
            kiosk.terminal._guide.key("pause")

    listener._during = during
    kiosk.wait(60)
    told = ear.press("repeat")
    assert listener._during is None
    assert told[-2:] == ["您想怎样开始？", "停住了，再按接着读"]
    kiosk.wait(119)
    assert kiosk.screen.name == "start"
    before = ear._count()
    kiosk.wait(2)
    assert kiosk.screen.name == "timeout"
    assert "您还在吗？" in [one.text for one in listener.heard(before)]
    ear.take("primary")
    assert kiosk.screen.name == "start"


@pytest.mark.parametrize("code", ["yue-Hant", "en"])
def test_the_same_way_in_another_language(ear: Listener, code: str) -> None:
    kiosk = ear.kiosk
    ear.press("repeat")
    ear.take(language(code).button)
    assert kiosk.screen.language == code
    ear.walk()
    assert {one.language for one in kiosk.listener.heard(ear._count() - 3)} == {code}
