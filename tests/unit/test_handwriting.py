"""Chinese written by hand: what a finger draws in a form, what zinnia reads, and that nothing of it is kept."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from kiosk import events as e
from kiosk import runtime as r
from kiosk.clock import ManualClock
from kiosk.log import Log
from kiosk.pieces.strokes import MOST_POINTS, MOST_STROKES, SIDE, Stroke
from kiosk.pieces.visit import Writing
from kiosk.screen_model import Field, ScreenModel, WritingPad
from kiosk.session.asking import writing
from kiosk.session.asking.events import CandidatesTurned, CharacterChosen, CharactersFound
from kiosk.speech import focus
from kiosk.speech.guide import spoken_words
from kiosk.speech.transcript import transcript
from kiosk.view_model.frame import Words
from kiosk.workers.writing import Writers, open_writers
from kiosk.writing.handwriting import MOST_CANDIDATES, Handwriting, HandwritingMissing
from kiosk.writing.zinnia import ZinniaHandwriting, shared, shared_or_tell
from tests.unit.test_pinyin import COMMENT, TWIN
from tests.unit.test_runtime import Desk
from tests.unit.visit_kit import AT_MS, FAILURES, SAY, SITE, Visit, catalogue, world
from tests.unit.writing_twins import RecordedHandwriting

WANG: tuple[Stroke, ...] = (
    ((200, 250), (800, 250)),
    ((250, 500), (750, 500)),
    ((500, 250), (500, 800)),
    ((150, 800), (850, 800)),
)
"""王, in the order in which one learns to write it."""
YOU: tuple[Stroke, ...] = (
    ((390, 150), (350, 230), (290, 320), (200, 400), (410, 350)),
    ((480, 300), (400, 440), (290, 570), (170, 690), (500, 630)),
    ((430, 560), (490, 640), (530, 720)),
    ((575, 370), (720, 350), (860, 345), (855, 500), (840, 700), (800, 810), (760, 830), (670, 780)),
    ((725, 190), (720, 300), (690, 480), (620, 700), (540, 820)),
)
"""幼, as in picture 61."""
READ = RecordedHandwriting(
    {
        WANG[:1]: ("一", "七", "丨"),
        WANG[:2]: ("二", "工"),
        WANG[:3]: ("干", "土"),
        WANG: tuple("王丰二廿干专圭天喜未"),
        YOU: tuple("幼纨尻戍沩奴组成执捆"),
    }
)


class Writer(Visit):
    """A visit at a terminal on which Chinese can be written by hand: a recogniser answers what the session asks."""

    def __init__(self, reads: Handwriting = READ, pads: frozenset[str] = frozenset({"pinyin", "hand"})) -> None:
        super().__init__(catalogue=catalogue(COMMENT), pads=pads)
        self.reads = reads

    def send(self, *events: e.Event) -> Writer:
        for event in events:
            before = len(self.effects)
            super().send(event)
            for effect in self.effects[before:]:
                if isinstance(effect, writing.FindCharacters):
                    found = self.reads.candidates(effect.strokes)
                    super().send(CharactersFound(effect.strokes, found, effect.language))
        return self

    def asked(self) -> Writer:
        self.to_home()
        self.to_intro("comment").touch("primary")
        if not self.application.question:
            self.touch("primary")
        self.touch("pad.hand")
        return self

    def touch(self, *ids: str) -> Writer:
        super().touch(*ids)
        return self

    def write(self, *strokes: Stroke) -> Writer:
        return self.send(*(e.StrokeDrawn(points) for points in strokes))

    @property
    def square(self) -> WritingPad:
        return next(piece for piece in self.screen.body if isinstance(piece, WritingPad))


def test_a_character_is_written_chosen_and_stands_in_the_answer() -> None:
    visit = Writer().asked().write(*WANG)
    assert [one.text for one in visit.square.candidates] == list("王丰二廿干专圭")
    assert visit.square.candidates[0].selected
    assert next(piece for piece in visit.screen.body if isinstance(piece, Field)).blank
    assert not visit.controls["primary"].enabled
    visit.touch("hand.0")
    assert (visit.application.typed, visit.application.writing) == ("王", Writing("hand"))
    visit.touch("primary")
    assert visit.application.answers["text"] == "王"


def test_none_of_these_leads_to_the_next_and_back_to_the_first() -> None:
    visit = Writer().asked().write(*WANG).touch("hand.more")
    assert [one.text for one in visit.square.candidates] == list("天喜未")
    assert visit.touch("hand.more").square.candidates[0].text == "王"
    assert visit.touch("hand.more", "hand.2").application.typed == "未"


def test_a_stroke_is_undone_and_all_are_wiped_before_what_is_written() -> None:
    visit = Writer().asked().write(WANG[0]).touch("hand.0").write(*WANG)
    assert visit.touch("key.delete").application.writing.strokes == WANG[:3]
    assert visit.square.candidates[0].text == "干"
    assert visit.touch("key.clear").application.writing == Writing("hand")
    assert visit.application.typed == "一"
    assert visit.touch("key.delete").application.typed == ""


def test_with_strokes_that_nothing_was_chosen_for_one_does_not_go_on() -> None:
    visit = Writer().asked().write(*WANG).send(e.PrimaryPressed())
    assert visit.application.question == "text"


def test_answers_to_strokes_that_have_changed_do_not_count() -> None:
    visit = Writer().asked().write(*WANG)
    before = visit.session
    visit.send(CharactersFound(WANG[:2], ("二",)), CharacterChosen(WANG[:2], 0))
    visit.send(CharacterChosen(WANG, 99), CharacterChosen(WANG, -1))
    assert visit.session == before


def test_a_scribble_ends_and_an_empty_stroke_is_none() -> None:
    visit = Writer().asked().write(*(WANG[0] for _ in range(MOST_STROKES + 9)), ())
    assert len(visit.application.writing.strokes) == MOST_STROKES


def test_a_stroke_on_another_pad_or_after_the_question_is_nothing() -> None:
    visit = Writer().asked().touch("pad.letters").write(WANG[0])
    assert visit.application.writing == Writing("letters")
    visit.touch("pad.hand").write(WANG[0]).touch("pad.pinyin")
    assert visit.application.writing == Writing("pinyin")
    visit.touch("pad.hand").touch("back")
    before = visit.session
    assert visit.write(WANG[0]).send(CharactersFound(WANG, ("王",)), CandidatesTurned()).session == before
    rows = Visit().to_form()
    assert rows.send(e.StrokeDrawn(WANG[0])).application.writing == Writing()


def test_the_field_takes_no_more_than_its_length() -> None:
    visit = Writer().asked()
    for _ in range(9):
        visit.write(*WANG).touch("hand.0")
    assert visit.application.typed == "王" * 6


def test_in_english_letters_come_first_and_without_pinyin_the_square_does_in_chinese() -> None:
    visit = Writer(pads=frozenset({"hand"})).asked()
    assert "pad.pinyin" not in visit.controls
    visit.touch("pad.letters", "mode.language")
    assert visit.controls["pad.letters"].selected
    fresh = Visit(catalogue=catalogue(COMMENT), pads=frozenset({"hand"})).to_home()
    fresh.to_intro("comment").touch("primary")
    assert fresh.controls["pad.hand"].selected


def test_a_terminal_without_the_recogniser_does_not_offer_it() -> None:
    visit = Visit(catalogue=catalogue(COMMENT), pads=frozenset({"pinyin"})).to_home()
    visit.to_intro("comment").touch("primary")
    assert "pad.pinyin" in visit.controls
    assert "pad.hand" not in visit.controls


def test_nothing_that_is_written_is_told_by_a_repr() -> None:
    visit = Writer().asked().write(*WANG)
    told = repr((visit.session, visit.effects, visit.square, e.StrokeDrawn(WANG[0]), CharacterChosen(WANG, 0)))
    assert "850" not in told
    assert "'王'" not in told.replace("text='王'", "")
    assert "StrokeDrawn(" in told


def test_the_keypad_goes_through_the_candidates_by_rows_and_they_are_told() -> None:
    visit = Writer().asked().write(*WANG)
    places = {spot.control.id: (spot.row, spot.column) for spot in focus.spots(visit.screen)}
    assert places["hand.1"][0] == places["hand.2"][0] == places["hand.0"][0] + 1
    assert places["key.delete"][0] == places["key.clear"][0]
    told = [one.text for one in transcript(visit.screen, spoken_words("zh-Hans"))]
    assert any("王、丰、二" in text for text in told)
    assert any("用手指写" in text for text in told)
    empty = Writer().asked().screen
    assert not any("可以选的字" in one.text for one in transcript(empty, spoken_words("zh-Hans")))


def test_the_runtime_brings_strokes_to_the_recogniser_and_none_to_the_log(tmp_path: Path) -> None:
    clock, screens = ManualClock(AT_MS), list[ScreenModel]()
    words = Words(SAY.__getitem__, FAILURES, SITE)
    runtime = r.Runtime(world(), words, clock, Log(tmp_path / "log.jsonl", clock.wall_ms), screens.append, Random(1))
    desks = {item.name: cast(Any, Desk()) for item in fields(r.Desks) if item.name != "writers"}
    runtime.open(r.Desks(**desks, writers=Writers(TWIN, READ)))
    assert runtime.session.world.pads == {"pinyin", "hand"}
    runtime.session = Writer().asked().session
    for points in WANG:
        runtime.handle(e.StrokeDrawn(points))
        runtime.pump()
    assert "廿" in str(screens[-1].body)
    log = (tmp_path / "log.jsonl").read_text("utf-8")
    assert "850" not in log
    assert "王" not in log


def test_a_missing_engine_answers_nothing() -> None:
    assert Writers().pads == frozenset()
    for effect in (writing.FindCharacters(WANG), writing.FindCandidates("ni"), writing.TakeCandidate("ni", 0)):
        assert Writers().answer(effect, 7) is None
    assert Writers(TWIN).answer(writing.TakeCandidate("a", 7), 7) is None


# --------------------------------------------------------------------------------------------------- zinnia itself


@pytest.fixture(scope="module")
def reader() -> ZinniaHandwriting:
    return shared()


@pytest.mark.parametrize(("strokes", "character"), [(WANG, "王"), (YOU, "幼"), (WANG[:1], "一"), (WANG[:2], "二")])
def test_what_is_written_is_among_the_first_seven(
    reader: ZinniaHandwriting, strokes: tuple[Stroke, ...], character: str
) -> None:
    assert character in reader.candidates(strokes)[: writing.BESIDE_SQUARE]


def test_a_larger_or_smaller_hand_writes_the_same(reader: ZinniaHandwriting) -> None:
    small = tuple(tuple((400 + x // 4, 300 + y // 4) for x, y in stroke) for stroke in YOU)
    assert "幼" in reader.candidates(small)[: writing.BESIDE_SQUARE]


def test_any_scribble_is_read_or_not_and_never_breaks_the_reader(reader: ZinniaHandwriting) -> None:
    seed = 20260518
    hand = Random(seed)
    for _ in range(120):
        scribble = tuple(
            tuple((hand.randint(0, SIDE), hand.randint(0, SIDE)) for _ in range(hand.choice((0, 1, 2, 9, MOST_POINTS))))
            for _ in range(hand.choice((0, 1, 3, 12, MOST_STROKES + 1)))
        )
        found = reader.candidates(scribble)
        assert len(found) == len(set(found)) <= MOST_CANDIDATES, f"seed {seed}"
        assert all(len(one) == 1 for one in found), f"seed {seed}"
    assert "王" in reader.candidates(WANG)


def test_a_dot_is_read_and_no_stroke_is_nothing(reader: ZinniaHandwriting) -> None:
    assert reader.candidates((((500, 500),),)) == reader.candidates((((500, 500), (500, 500)),)) != ()
    assert reader.candidates(()) == reader.candidates(((),)) == ()


def test_nothing_is_learned(reader: ZinniaHandwriting) -> None:
    before = reader.candidates(YOU)
    for _ in range(30):
        reader.candidates(WANG)
    assert reader.candidates(YOU) == before


def test_a_reader_that_was_closed_reads_no_more() -> None:
    reader = ZinniaHandwriting()
    reader.close()
    reader.close()
    assert reader.candidates(WANG) == ()


def test_a_machine_without_library_or_model_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(HandwritingMissing, match="install libzinnia0"):
        ZinniaHandwriting("libno-such-thing.so.9")
    with pytest.raises(HandwritingMissing, match="install libzinnia0"):
        ZinniaHandwriting("libc.so.6")
    with pytest.raises(HandwritingMissing, match="tegaki-zinnia-simplified-chinese"):
        ZinniaHandwriting(model=tmp_path / "none.model")
    broken = tmp_path / "broken.model"
    broken.write_bytes(b"no model at all")
    with pytest.raises(HandwritingMissing, match="no model of zinnia"):
        ZinniaHandwriting(model=broken)


def test_without_it_the_terminal_says_so_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> ZinniaHandwriting:
        raise HandwritingMissing("no zinnia")

    told: list[str] = []
    monkeypatch.setattr("kiosk.writing.zinnia.shared", missing)
    assert shared_or_tell(told.append) is None
    assert told == ["no handwriting: no zinnia [handwriting-missing]"]
    assert open_writers(told.append).pads == {"pinyin"}


def test_the_twin_answers_as_the_reader_was_recorded(reader: ZinniaHandwriting) -> None:
    twin = RecordedHandwriting({WANG: reader.candidates(WANG), YOU: reader.candidates(YOU)})
    for strokes in (WANG, YOU, ()):
        assert twin.candidates(strokes) == reader.candidates(strokes)
    assert READ.candidates(WANG)[:7] == reader.candidates(WANG)[:7]
    assert twin.asked == [WANG, YOU, ()]
    twin.close()
    assert twin.candidates(WANG) == ()
