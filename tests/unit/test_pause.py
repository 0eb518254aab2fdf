"""The voice pauses: silent in the word, and it goes on with the sentence that was cut (Section 508, 402.2.4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk import events as e
from kiosk import screen_model as m
from kiosk.screen_model import Modes
from kiosk.speech.ear import heard
from kiosk.speech.guide import Guide, spoken_words
from kiosk.speech.recording import Heard
from kiosk.speech.transcript import transcript
from tests.unit.test_speaker import Listener, SlowVoice
from tests.unit.visit_kit import Visit

TELL = spoken_words("zh-Hans")
QUESTION = "想办什么事？"
WHOLE = [heard(one.text, TELL) for one in transcript(Visit().to_home().screen, TELL)]
AT = WHOLE.index(QUESTION)
PAUSED = "停住了，再按接着读"
CHOOSE = "先用上下键选一个"


class Home(Listener):
    """Somebody who listens at home with the real course of time: a sentence is said while keys are pressed."""

    def __init__(self, visit: Visit | None = None) -> None:
        self.voice = SlowVoice()
        super().__init__(visit or Visit().to_home(), voice=self.voice)

    def hears(self) -> list[str]:
        self.voice.speak()
        return self.new()

    def presses_at(self, text: str, *keys: e.KeyName) -> list[str]:
        """Press keys while one sentence is being said; return what is heard after it."""

        def during(one: Heard) -> None:
            if one.text == text:
                self.engine._during = None
                self.press(*keys)

        self.engine._during = during
        found = self.hears()
        assert self.engine._during is None, found
        return found[found.index(text) + 1 :]


@pytest.fixture
def ear() -> Home:
    return Home()


@pytest.mark.parametrize(("key", "said"), [("pause", [PAUSED]), ("ok", [PAUSED, CHOOSE])])
def test_the_voice_pauses_and_goes_on_with_the_sentence_that_was_cut(
    ear: Home, key: e.KeyName, said: list[str]
) -> None:
    """By a key of its own, or by the round key, which every keypad has, while nothing is chosen."""
    stops = ear.engine.stops
    assert ear.presses_at(QUESTION, key) == said
    assert ear.engine.stops == stops + 1, "in the word, not after the sentence"
    assert ear.hears() == [], "and then nothing"
    ear.press(key)
    assert ear.hears() == WHOLE[AT:]
    assert ear.seen.focus == ""


def test_one_who_goes_on_at_once_need_not_hear_the_end_of_what_the_pause_says(ear: Home) -> None:
    ear.presses_at(QUESTION, "pause")
    ear.press("pause")
    ear.press("pause")
    assert ear.hears() == [PAUSED], "paused again before a word was said"
    ear.press("pause")
    assert ear.presses_at(WHOLE[AT + 1], "pause", "pause") == WHOLE[AT + 1 :]


def test_where_something_is_chosen_the_round_key_takes_it_and_the_pause_key_pauses(ear: Home) -> None:
    ear.press("down")
    told = "我搬家了。第 1 个，共 9 个。"
    assert ear.presses_at(told, "pause") == [PAUSED]
    ear.press("pause")
    assert ear.hears() == [told]
    ear.press("repeat")
    assert ear.press("ok") == e.LifeEventChosen("moved", session_id=ear.seen.session_id)


def test_after_the_last_word_the_round_key_asks_for_a_choice_and_the_pause_key_reads_again(ear: Home) -> None:
    assert ear.hears() == WHOLE
    ear.press("ok")
    assert ear.hears() == [CHOOSE]
    ear.press("pause")
    assert ear.hears() == WHOLE


def test_the_volume_is_told_during_a_pause_and_does_not_end_it(ear: Home) -> None:
    ear.presses_at(QUESTION, "pause")
    ear.modes = replace(ear.modes, volume=6)
    ear.show()
    assert ear.hears() == ["音量 6"]
    ear.press("pause")
    assert ear.hears() == WHOLE[AT:]


def test_a_sound_during_a_pause_is_heard_alone(ear: Home) -> None:
    ear.presses_at(QUESTION, "pause")
    ear.guide.sound("paper")
    ear.guide.settle()
    assert ear.hears() == ["paper"]
    ear.press("pause")
    assert ear.hears() == WHOLE[AT:]


def test_what_comes_during_a_pause_is_said_and_what_is_no_longer_true_is_not_said_after_it(ear: Home) -> None:
    ear.presses_at(QUESTION, "pause")
    ear.show(body=(m.Words("资料查好了"), *ear.visit.screen.body[1:]))
    assert ear.hears() == ["资料查好了。"]
    ear.show(body=(m.Words("资料有两份"), *ear.visit.screen.body[1:]))
    assert ear.hears() == ["资料有两份。"], "a pause that something was said in is still one"
    ear.guide.key("pause")
    rest = ear.hears()
    assert rest[:2] == [QUESTION, "资料有两份。"]
    assert "资料查好了。" not in rest
    assert rest[-1] == WHOLE[-1]


def test_another_screen_says_itself_and_the_pause_is_over(ear: Home) -> None:
    ear.presses_at(QUESTION, "pause")
    ear.visit.touch("event.moved")
    ear.show()
    told = ear.hears()
    assert len(told) > 3
    assert set(told) & set(WHOLE[AT:]) == set()
    ear.press("ok")
    assert ear.hears() == [CHOOSE], "nothing is left of the other screen"


def test_a_touch_or_an_arrow_ends_the_pause_as_it_ends_the_voice(ear: Home) -> None:
    ear.presses_at(QUESTION, "pause")
    ear.guide.hush()
    ear.press("ok")
    assert ear.hears() == [CHOOSE]
    ear.press("repeat")
    ear.presses_at(QUESTION, "pause")
    ear.press("down")
    assert ear.hears() == ["我搬家了。第 1 个，共 9 个。"]
    ear.press("pause")
    assert ear.hears() == ["我搬家了。第 1 个，共 9 个。"]


def test_speech_that_is_turned_off_during_a_pause_begins_anew(ear: Home) -> None:
    ear.presses_at(QUESTION, "pause")
    ear.modes = Modes()
    ear.show()
    assert ear.press("ok") is None
    assert ear.press("pause") == e.ModeToggled("speech", session_id=ear.seen.session_id)
    assert ear.hears() == []
    ear.modes = Modes(speech=True)
    ear.show()
    assert ear.hears() == WHOLE


def test_skip_during_a_pause_goes_on_with_the_next_sentence(ear: Home) -> None:
    ear.presses_at(QUESTION, "pause")
    ear.press("skip")
    assert ear.hears() == WHOLE[AT + 1 :]
    ear.press("repeat")
    ear.presses_at(WHOLE[-1], "pause")
    ear.press("skip")
    assert ear.hears() == [], "of the last sentence nothing is left"
    ear.press("ok")
    assert ear.hears() == [CHOOSE]


@pytest.mark.parametrize(("key", "said"), [("pause", "您还在吗？"), ("ok", CHOOSE)])
def test_a_voice_that_counts_seconds_does_not_pause(key: e.KeyName, said: str) -> None:
    """The seconds would run on, and nobody would hear them."""
    visit = Visit().to_home().send(e.TimerFired("idle"))
    assert visit.screen.name == "timeout"
    warned = Home(visit)
    first = "您还在吗？"
    after = warned.presses_at(first, key)
    assert after[0] == said
    assert PAUSED not in after


def test_without_a_voice_there_is_nothing_to_pause() -> None:
    guide = Guide()
    guide.show(replace(Visit().to_home().screen, modes=Modes(speech=True)))
    assert guide.key("pause") is None
    assert guide.key("ok") is None


@pytest.mark.parametrize(
    ("language", "pause"),
    [("zh-Hans", "按圆点键停一停"), ("yue-Hant", "撳圓點掣停一停"), ("en", "the round key pauses the voice")],
)
def test_help_tells_how_to_pause(language: str, pause: str) -> None:
    """On the help screen, and on the first screen, where the help key leads to none."""
    helped = Visit().to_home().send(e.LanguageChosen(language), e.HelpPressed())
    assert helped.screen.name == "help"
    attract = Visit()
    attract.session = replace(attract.session, language=language)
    ear = Listener(attract)
    ear.new()
    ear.press("help")
    for told in (ear.new(), Listener(helped).new()):
        assert any(pause in text for text in told)
