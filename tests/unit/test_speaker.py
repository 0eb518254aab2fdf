"""Who speaks: one thing after the other, silent when somebody touches; the guide between runtime and voice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from kiosk import events as e
from kiosk import screen_model as m
from kiosk.screen_model import Modes, ScreenModel
from kiosk.speech.ear import heard
from kiosk.speech.guide import Guide, spoken_words
from kiosk.speech.recording import Heard, RecordingEngine
from kiosk.speech.speaker import Item, Manner, Speaker
from kiosk.speech.transcript import transcript
from kiosk.workers.threads import InlineWorker, ThreadWorker
from tests.unit.visit_kit import Visit

MANNER = Manner("zh-Hans")
TELL = spoken_words("zh-Hans")


def inline(engine: RecordingEngine) -> Speaker:
    def report(worker: str, error: BaseException) -> None:
        raise error

    return Speaker(engine, InlineWorker("speech", report))


def say(*texts: str) -> list[Item]:
    return [Item("say", text) for text in texts]


def texts(engine: RecordingEngine, after: int = 0) -> list[str]:
    return [one.text for one in engine.heard(after)]


# --------------------------------------------------------------------------------------------------- speaker


def test_a_sound_comes_before_the_words_that_belong_to_it() -> None:
    engine = RecordingEngine()
    inline(engine).say([Item("sound", "saved"), *say("公安局已收到。")], MANNER)
    assert [(one.kind, one.text) for one in engine.heard()] == [("sound", "saved"), ("say", "公安局已收到。")]


def test_a_finger_on_the_glass_stops_the_rest() -> None:
    speaker: Speaker

    def touched(heard: Heard) -> None:
        if heard.text == "乙":
            speaker.hush()

    engine = RecordingEngine(during=touched)
    speaker = inline(engine)
    speaker.say(say("甲", "乙", "丙"), MANNER)
    assert texts(engine) == ["甲", "乙"]
    assert engine.stops == 2, "once for what was said before, once for the finger"


def test_skip_leaves_out_the_rest_of_one_sentence_only() -> None:
    engine = RecordingEngine()
    speaker = inline(engine)
    engine._during = lambda heard: speaker.skip() if heard.text == "甲" else None
    speaker.say(say("甲", "乙"), MANNER)
    assert texts(engine) == ["甲", "乙"]


def test_of_several_screens_in_a_row_only_the_newest_is_spoken() -> None:
    busy, go = threading.Event(), threading.Event()

    def slowly(heard: Heard) -> None:
        if heard.text == "甲":
            busy.set()
            assert go.wait(10)

    engine = RecordingEngine(during=slowly)
    worker = ThreadWorker("speech", lambda _name, _error: None)
    speaker = Speaker(engine, worker)
    speaker.say(say("甲", "甲二"), MANNER)
    assert busy.wait(10)
    for text in "乙丙丁":
        speaker.say(say(text), MANNER)
    go.set()
    done = threading.Event()
    worker.submit(done.set)
    assert done.wait(10)
    assert texts(engine) == ["甲", "丁"]
    speaker.say(say("戊"), MANNER)
    speaker.close()


def test_silence_before_the_worker_came_is_kept() -> None:
    jobs: list[object] = []

    class Later:
        def submit(self, job: object) -> None:
            jobs.append(job)

        def stop(self) -> None:
            pass

    engine = RecordingEngine()
    speaker = Speaker(engine, Later())  # pyright: ignore[reportArgumentType]
    speaker.say(say("甲"), MANNER)
    speaker.hush()
    assert len(jobs) == 1
    jobs[0]()  # pyright: ignore
    assert texts(engine) == []


def test_the_twin_forgets_on_request_and_tells_no_words_in_its_repr() -> None:
    engine = RecordingEngine()
    engine.say("陈某娴", MANNER, lambda: True)
    engine.say("没人要听", MANNER, lambda: False)
    assert "陈" not in repr(engine.heard()) + repr(Item("say", "陈某娴"))
    engine.clear()
    engine.sound("key", MANNER, lambda: True)
    assert [(one.n, one.text) for one in engine.heard()] == [(1, "key")]


# ----------------------------------------------------------------------------------------------------- guide


class SlowVoice:
    """A worker that says nothing before it is let: what happens meanwhile happens while it speaks."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)

    def stop(self) -> None:
        pass

    def speak(self) -> None:
        while self.jobs:
            self.jobs.pop(0)()


class Listener:
    """A guide with somebody who listens, and a visit that it leads through."""

    def __init__(self, visit: Visit, *, speech: bool = True, voice: SlowVoice | None = None) -> None:
        self.engine = RecordingEngine()
        self.played: list[str] = []
        speaker = inline(self.engine) if voice is None else Speaker(self.engine, voice)  # pyright: ignore
        self.guide = Guide(speaker, self.played.append)
        self.visit = visit
        self.modes = Modes(speech=speech)
        self.show()

    def show(self, **more: object) -> ScreenModel:
        self.seen = self.guide.show(replace(self.visit.screen, modes=self.modes, **more))  # pyright: ignore
        return self.seen

    def press(self, *keys: e.KeyName) -> e.Event | None:
        meant = None
        for key in keys:
            meant = self.guide.key(key)
            self.show()
        return meant

    def new(self) -> list[str]:
        found = texts(self.engine)
        self.engine.clear()
        return found


def test_arrows_move_the_focus_and_say_where_it_is() -> None:
    ear = Listener(Visit().to_home())
    ear.new()
    assert ear.press("down") is None
    assert ear.seen.focus == "event.moved"
    assert ear.new() == ["我搬家了。第 1 个，共 9 个。"]
    ear.press("right", "repeat")
    assert ear.new() == ["我要工作。第 2 个，共 9 个。"] * 2
    assert ear.press("ok") == e.LifeEventChosen("work", session_id=ear.seen.session_id)


def interrupted(at: str, meanwhile: Callable[[Listener], object]) -> list[str]:
    """What is heard after `at`, where something happens while `at` is being said."""
    voice = SlowVoice()
    ear = Listener(Visit().to_home(), voice=voice)

    def during(one: Heard) -> None:
        if one.text.startswith(at):
            ear.engine._during = None
            meanwhile(ear)

    ear.engine._during = during
    voice.speak()
    found = texts(ear.engine)
    assert ear.engine._during is None, found
    return found[next(n for n, text in enumerate(found) if text.startswith(at)) + 1 :]


def tuned(ear: Listener, **more: int) -> None:
    ear.modes = replace(ear.modes, **more)  # pyright: ignore
    ear.show()


WHOLE = [heard(one.text, TELL) for one in transcript(Visit().to_home().screen, TELL)]


def test_a_key_for_the_volume_takes_no_sentence_away() -> None:
    rest = WHOLE[WHOLE.index("想办什么事？") :]
    assert len(rest) > 2
    assert interrupted("想办什么事", lambda ear: tuned(ear, volume=6)) == ["音量 6", *rest]
    twice = interrupted("想办什么事", lambda ear: (tuned(ear, volume=6), tuned(ear, volume=7)))
    assert twice == ["音量 7", *rest], "the first of two is out of date"


def test_what_comes_while_a_screen_is_being_read_is_said_in_its_place_and_the_rest_after_it() -> None:
    def alert(ear: Listener) -> None:
        ear.show(body=(m.Notice("att", "证件快到期", "还有 20 天。"), *ear.visit.screen.body))

    at = WHOLE.index("想办什么事？")
    assert interrupted("想办什么事", alert) == [WHOLE[at], "请注意：证件快到期。", "还有 20 天。", *WHOLE[at + 1 :]]


def test_a_screen_shown_again_as_it_was_interrupts_nothing() -> None:
    at = WHOLE.index("想办什么事？")
    assert interrupted("想办什么事", Listener.show) == WHOLE[at + 1 :]


def test_the_control_under_the_focus_is_still_told_after_what_came_meanwhile() -> None:
    def moved(ear: Listener) -> None:
        ear.guide.key("down")
        tuned(ear, pace=4)

    assert interrupted("想办什么事", moved) == ["语速 4", "我搬家了。第 1 个，共 9 个。"]


def test_a_short_sound_without_words_takes_none_away() -> None:
    def paper(ear: Listener) -> None:
        ear.guide.sound("paper")
        ear.guide.settle()

    assert interrupted("想办什么事", paper) == ["paper", *WHOLE[WHOLE.index("想办什么事？") :]]


def test_a_finger_or_a_key_that_stopped_the_voice_leaves_it_stopped() -> None:
    assert interrupted("想办什么事", lambda ear: (ear.guide.hush(), tuned(ear, volume=6))) == ["音量 6"]
    assert interrupted("想办什么事", lambda ear: (ear.guide.key("help"), ear.show())) == []


def test_ok_before_anything_was_chosen_presses_nothing() -> None:
    ear = Listener(Visit().to_home().to_intro())
    ear.new()
    assert ear.press("ok") is None
    assert ear.new() == ["先用上下键选一个"]


def test_the_focus_does_not_go_along_to_the_next_screen() -> None:
    ear = Listener(Visit().to_home())
    ear.press("down")
    ear.visit.touch("event.moved")
    assert ear.show().focus == ""


def test_what_is_off_says_so_and_does_nothing() -> None:
    ear = Listener(Visit().to_home())
    ear.guide._focus = "event.retire"
    ear.new()
    assert ear.press("ok") is None
    assert ear.new() == ["我退休，现在不能用"]
    assert ear.press("back") is None
    assert ear.new() == ["这里没有这个键"]


def test_digits_of_a_keypad_that_has_them_go_to_the_pad_on_the_screen() -> None:
    ear = Listener(Visit().to_pin())
    ear.new()
    assert ear.press("7") == e.PinKey("7", session_id=ear.seen.session_id)
    assert ear.new() == []
    assert Listener(Visit().to_home()).press("7") is None


def test_a_pin_is_entered_by_counting_and_every_step_sounds_the_same() -> None:
    ear = Listener(Visit().to_pin())
    ear.new()
    pressed = ear.press("right", "right", "right", "ok")
    assert pressed == e.PinKey("3", session_id=ear.seen.session_id)
    assert [(one.kind, one.text) for one in ear.engine.heard()] == [("sound", "key")] * 3
    assert ear.seen.focus == "pin.1", "the next digit is counted from the beginning again"
    ear.visit.pin()
    assert "7" not in ear.new()
    ear.show()
    ear.new()
    assert ear.press("7") is None
    assert ear.new() == ["请等一等"]


def test_speech_begins_with_the_repeat_key() -> None:
    ear = Listener(Visit(), speech=False)
    assert ear.press("repeat") == e.ModeToggled("speech", session_id=ear.seen.session_id)
    assert ear.new() == []
    ear.modes = Modes(speech=True)
    ear.show()
    assert ear.new()[0] == "广州市民自助终端。"
    ear.press("repeat")
    assert ear.new()[0] == "广州市民自助终端。"
    ear.modes = Modes()
    stops = ear.engine.stops
    ear.show()
    assert ear.engine.stops == stops + 1
    ear.press("down")
    assert ear.seen.focus == "language.yue"
    assert ear.new() == [], "the focus is seen"


def test_volume_and_pace_are_said_when_they_change() -> None:
    ear = Listener(Visit().to_home())
    ear.new()
    assert ear.press("louder") == e.SpeechTuned("volume", 1, session_id=ear.seen.session_id)
    assert ear.press("slower") == e.SpeechTuned("pace", -1, session_id=ear.seen.session_id)
    ear.modes = replace(ear.modes, volume=6, pace=2)
    ear.show()
    assert [(one.text, one.volume, one.pace) for one in ear.engine.heard()] == [("音量 6", 6, 2), ("语速 2", 6, 2)]


def test_another_language_says_the_screen_again() -> None:
    ear = Listener(Visit().to_home())
    ear.new()
    ear.visit.send(e.LanguageChosen("yue-Hant"))
    ear.show()
    assert "想辦咩事？" in ear.new()
    assert ear.engine.heard(0) == []


def test_help_and_skip_work_on_every_screen() -> None:
    ear = Listener(Visit().to_home())
    assert isinstance(ear.press("help"), e.HelpPressed)
    attract = Listener(Visit())
    attract.new()
    assert attract.press("help") is None
    assert attract.new()[0].startswith("方向键换一个"), "where there is no help screen, the keys are explained"
    stops = ear.engine.stops
    assert ear.press("skip") is None
    assert ear.engine.stops == stops + 1


def test_without_speech_sounds_are_played_at_once_and_with_it_before_the_words() -> None:
    quiet = Listener(Visit().to_home(), speech=False)
    quiet.guide.sound("attention")
    quiet.guide.settle()
    assert quiet.played == ["attention"]
    ear = Listener(Visit().to_home())
    ear.new()
    ear.guide.sound("attention")
    ear.visit.pull()
    ear.show()
    ear.guide.settle()
    assert ear.new()[:2] == ["attention", "已退出。"]
    ear.guide.sound("key")
    ear.guide.settle()
    assert ear.new() == ["key"]
    assert ear.played == []


def test_a_guide_without_a_voice_keeps_the_focus_all_the_same() -> None:
    guide = Guide()
    assert guide.key("ok") is None, "no screen yet"
    model = replace(Visit().to_home().screen, modes=Modes(speech=True))
    guide.show(model)
    guide.key("down")
    guide.key("skip")
    guide.sound("key")
    guide.settle()
    guide.hush()
    assert guide.show(model).focus == "event.moved"
