"""Chinese typed by pinyin: what the fingers press in a form, what librime answers, and that it learns nothing."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from kiosk import events as e
from kiosk import runtime as r
from kiosk.clock import ManualClock
from kiosk.log import Log
from kiosk.pieces.visit import Writing
from kiosk.screen_model import ScreenModel
from kiosk.session.asking import writing
from kiosk.session.asking.events import CandidateChosen, CandidatesFound, CandidatesTurned, CandidateTaken, PadChosen
from kiosk.session.state import State
from kiosk.view_model.frame import Words
from kiosk.workers.writing import Writers
from kiosk.writing import pinyin as port
from kiosk.writing.pinyin import Pinyin, PinyinMissing
from kiosk.writing.rime import RimePinyin, shared, shared_or_tell
from tests.unit.test_runtime import Desk
from tests.unit.visit_kit import AT_MS, BARE, FAILURES, SAY, SITE, Visit, catalogue, world
from tests.unit.writing_twins import RecordedPinyin

COMMENT = {
    **BARE,
    "id": "comment",
    "field": [
        {"id": "text", "type": "text", "max_length": 6, "label": {"zh-Hans": "写几句", "en": "A few words"}},
        {"id": "code", "type": "text", "pattern": "[A-Z]+", "label": {"zh-Hans": "编号", "en": "Number"}},
    ],
}
TWIN = RecordedPinyin(
    {
        "youer": ("幼儿", "诱饵", "有", "又", "由", "油", "游", "友", "右", "优"),
        "er": ("二", "而", "儿"),
        "a": ("啊",),
        "z": ("在",),
    },
    {("youer", 2): ("有", "er")},
    RecordedPinyin(
        {"youer": ("幼兒", "誘餌", "有", "又", "由", "油", "遊", "游", "友", "右"), "er": ("二", "而", "兒")},
        {("youer", 2): ("有", "er")},
    ),
)


class Typist(Visit):
    """A visit at a terminal on which Chinese can be typed: an engine answers what the session asks."""

    def __init__(self, engine: Pinyin = TWIN, **changed: object) -> None:
        super().__init__(catalogue=catalogue(COMMENT), pads=frozenset({"pinyin"}), **changed)
        self.engine = engine

    def send(self, *events: e.Event) -> Typist:
        for event in events:
            before = len(self.effects)
            super().send(event)
            for effect in self.effects[before:]:
                if isinstance(effect, writing.FindCandidates):
                    found = self.engine.candidates(effect.letters, hant=effect.language == "yue-Hant")
                    super().send(CandidatesFound(effect.letters, found, effect.language))
                if isinstance(effect, writing.TakeCandidate):
                    taken = self.engine.take(effect.letters, effect.index, hant=effect.language == "yue-Hant")
                    assert taken is not None
                    self.send(CandidateTaken(effect.letters, taken.text, taken.rest))
        return self

    def asked(self) -> Typist:
        self.to_home()
        self.to_intro("comment").touch("primary")
        if self.state is State.FORM and not self.application.question:
            self.touch("primary")
        assert self.application.question == "text"
        return self


def test_letters_a_choice_and_what_it_leaves() -> None:
    visit = Typist().asked().touch(*(f"key.{key}" for key in "YOUER"))
    assert visit.application.writing.letters == "youer"
    assert visit.controls["candidate.0"].text == "幼儿"
    assert not visit.controls["primary"].enabled
    visit.touch("candidate.2")
    assert (visit.application.typed, visit.application.writing.letters) == ("有", "er")
    visit.touch("candidate.1")
    assert (visit.application.typed, visit.application.writing.letters) == ("有而", "")
    visit.touch("primary")
    assert visit.application.answers["text"] == "有而"


def test_more_candidates_are_turned_to_and_the_last_page_leads_to_the_first() -> None:
    visit = Typist().asked().type("youer").touch("candidate.more")
    assert visit.controls["candidate.0"].text == "右"
    assert visit.touch("candidate.more").controls["candidate.0"].text == "幼儿"
    visit.touch("candidate.more", "candidate.0")
    assert visit.application.typed == "右"


def test_a_wrong_letter_is_taken_back_before_what_is_written() -> None:
    visit = Typist().asked().type("a").touch("candidate.0").type("erx")
    assert visit.touch("key.delete").application.writing.candidates == ("二", "而", "儿")
    assert visit.touch("key.clear").application.writing == Writing()
    assert visit.application.typed == "啊"
    assert visit.touch("key.delete").application.typed == ""


def test_with_letters_that_nothing_was_chosen_for_one_does_not_go_on() -> None:
    visit = Typist().asked().type("a").touch("candidate.0").type("z").send(e.PrimaryPressed())
    assert visit.application.question == "text"


def test_candidates_of_letters_that_have_changed_do_not_count() -> None:
    visit = Typist().asked().type("a")
    before = visit.session
    visit.send(CandidatesFound("z", ("在",)), CandidateChosen("z", 0), CandidateTaken("z", "在", ""))
    visit.send(CandidateChosen("a", 9), CandidateChosen("a", -1))
    assert visit.session == before


def test_the_field_s_length_holds_for_a_whole_word() -> None:
    visit = Typist().asked().send(CandidateTaken("", "一二三四五六七八", ""))
    assert visit.application.typed == "一二三四五六"


def test_a_word_longer_than_the_engine_takes_grows_no_more() -> None:
    visit = Typist().asked().type("a" * 40)
    assert len(visit.application.writing.letters) == writing.MOST_LETTERS == port.MOST_LETTERS


def test_letters_and_digits_are_typed_as_they_are_on_the_other_pad() -> None:
    visit = Typist().asked().touch("pad.letters", "key.A", "key.1")
    assert visit.application.typed == "A1"
    assert visit.touch("pad.pinyin", "key.A").application.typed == "A1"
    assert visit.application.writing.letters == "a"
    assert visit.send(PadChosen("letters")).application.writing.letters == ""


def test_in_english_the_letters_come_first_and_a_digit_is_never_spelt() -> None:
    visit = Typist().asked().touch("mode.language")
    assert visit.controls["pad.letters"].selected
    assert visit.touch("mode.language", "mode.language").type("1").application.typed == "1"


def test_a_number_is_never_asked_in_pinyin() -> None:
    visit = Typist().asked().type("a").touch("candidate.0", "primary")
    assert visit.application.question == "code"
    assert "pad.pinyin" not in visit.controls
    assert visit.type("AB").application.typed == "AB"


def test_without_an_engine_the_letter_keys_remain() -> None:
    visit = Visit(catalogue=catalogue(COMMENT)).to_home()
    visit.to_intro("comment").touch("primary")
    assert visit.type("ab").application.typed == "ab"
    assert "pad.pinyin" not in visit.controls


def test_a_late_answer_after_the_question_is_left_is_nothing() -> None:
    visit = Typist().asked().type("a").touch("back")
    before = visit.session
    assert visit.send(CandidatesFound("a", ("啊",)), CandidatesTurned()).session == before


def test_nothing_that_is_spelt_is_told_by_a_repr() -> None:
    visit = Typist().asked().type("youer")
    told = repr((visit.session, visit.effects))
    assert "youer" not in told
    assert "幼儿" not in told


def test_the_runtime_brings_letters_to_the_engine_and_the_answer_back(tmp_path: Path) -> None:
    clock, screens = ManualClock(AT_MS), list[ScreenModel]()
    words = Words(SAY.__getitem__, FAILURES, SITE)
    runtime = r.Runtime(world(), words, clock, Log(tmp_path / "log.jsonl", clock.wall_ms), screens.append, Random(1))
    desks = {item.name: cast(Any, Desk()) for item in fields(r.Desks) if item.name != "writers"}
    runtime.open(r.Desks(**desks, writers=Writers(TWIN)))
    assert runtime.session.world.pads == {"pinyin"}
    runtime.session = Typist().asked().session
    for letter in "youer":
        runtime.handle(e.KeyTyped(letter))
        runtime.pump()
    assert "幼儿" in str(screens[-1].body)
    runtime.handle(CandidateChosen("youer", 2))
    runtime.pump()
    application = runtime.session.application
    assert application is not None
    assert (application.typed, application.writing.letters) == ("有", "er")
    log = (tmp_path / "log.jsonl").read_text("utf-8")
    assert "youer" not in log
    assert "幼儿" not in log


# ------------------------------------------------------------------------------------------------- librime itself


@pytest.fixture(scope="module")
def engine() -> RimePinyin:
    return shared()


@pytest.mark.parametrize(
    ("letters", "word"),
    [("youeryuan", "幼儿园"), ("guangzhoushi", "广州市"), ("gzs", "广州市"), ("zhangwei", "张伟"), ("lv", "绿")],
)
def test_whole_pinyin_and_initials_give_the_word(engine: RimePinyin, letters: str, word: str) -> None:
    assert word in engine.candidates(letters)[:8]


def test_every_candidate_writes_itself_and_leaves_the_rest_of_the_letters(engine: RimePinyin) -> None:
    letters = "youeryuan"
    for index, word in enumerate(engine.candidates(letters)):
        taken = engine.take(letters, index)
        assert taken is not None
        assert taken.text == word
        assert letters.endswith(taken.rest)
        assert bool(taken.rest) == (len(word) < 3)


@pytest.mark.parametrize("letters", ["", "A", "1", "ni1", "nǐ", "你", "n" * 31, "ni\n", "ni hao", "\0"])
def test_what_is_not_pinyin_gives_nothing(engine: RimePinyin, letters: str) -> None:
    assert engine.candidates(letters) == ()
    assert engine.take(letters, 0) is None


def test_a_candidate_that_is_not_there_is_none(engine: RimePinyin) -> None:
    assert engine.take("ni", 400) is None
    assert engine.take("ni", -1) is None
    assert engine.take("vvv", 0) is None


def _bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_learned_and_nothing_is_written(engine: RimePinyin) -> None:
    """The same rare choice made fifty times changes neither the order nor a byte of the engine's folder."""
    before, files = engine.candidates("zhangwei"), _bytes_of(engine.folder)
    rare = len(before) - 1
    for _ in range(50):
        engine.take("zhangwei", rare)
    assert engine.candidates("zhangwei") == before
    assert _bytes_of(engine.folder) == files
    assert not any("userdb" in name for name in files)
    assert not any(name.endswith(".txt") for name in files)


def test_a_second_engine_is_refused_and_the_reason_told(engine: RimePinyin, tmp_path: Path) -> None:
    assert shared() is engine
    with pytest.raises(PinyinMissing, match="open in this process"):
        RimePinyin()
    with pytest.raises(PinyinMissing, match="rime-data-pinyin-simp"):
        RimePinyin(data=tmp_path)
    with pytest.raises(PinyinMissing, match="librime1"):
        RimePinyin(library="libno-such-thing.so.9")


def test_a_terminal_without_the_library_says_so_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> RimePinyin:
        raise PinyinMissing("no librime")

    told: list[str] = []
    monkeypatch.setattr("kiosk.writing.rime.shared", missing)
    assert shared_or_tell(told.append) is None
    assert told == ["no pinyin: no librime [pinyin-missing]"]


def test_the_engine_leaves_no_folder_behind(tmp_path: Path) -> None:
    import subprocess
    import sys

    program = "from kiosk.writing.rime import shared; e = shared(); print(e.candidates('ni')[0], e.folder)"
    ran = subprocess.run([sys.executable, "-c", program], env={**os.environ, "TMPDIR": str(tmp_path)},
                         capture_output=True, text=True, check=True, timeout=60)  # fmt: skip
    word, folder = ran.stdout.split()
    assert word == "你"
    assert folder.startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_twin_answers_as_the_engine_was_recorded(engine: RimePinyin) -> None:
    assert TWIN.candidates("youer")[:8] == engine.candidates("youer")[:8]
    for index in (0, 2):
        assert TWIN.take("youer", index) == engine.take("youer", index)
    assert TWIN.take("a", 7) is None
    TWIN.close()
    assert TWIN.closed
