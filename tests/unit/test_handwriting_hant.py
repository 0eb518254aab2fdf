"""Traditional characters written by hand: what two models make of one hand, and what is said where one is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.pieces.strokes import Stroke
from kiosk.screen_model import WritingPad
from kiosk.session.asking import writing
from kiosk.session.asking.events import CharactersFound
from kiosk.workers.writing import Writers, open_writers
from kiosk.writing import traditional
from kiosk.writing.handwriting import MOST_CANDIDATES, HandwritingMissing
from kiosk.writing.traditional import TraditionalHandwriting
from kiosk.writing.zinnia import shared
from tests.unit.test_handwriting import READ, WANG, YOU, Writer
from tests.unit.test_pinyin import TWIN
from tests.unit.visit_kit import drawn, world
from tests.unit.writing_twins import RecordedHandwriting

MEN: tuple[Stroke, ...] = (
    ((190, 170), (195, 500), (190, 870)),
    ((195, 175), (420, 165), (415, 430)),
    ((200, 295), (415, 290)),
    ((200, 425), (415, 415)),
    ((590, 165), (590, 425)),
    ((595, 170), (820, 165), (825, 500), (820, 840), (730, 800)),
    ((595, 290), (815, 285)),
    ((595, 420), (815, 410)),
)
"""門, in the order in which one learns to write it."""


@pytest.fixture(scope="module")
def reader() -> TraditionalHandwriting:
    return TraditionalHandwriting(shared())


def in_traditional(*, reads: bool) -> Writer:
    """A visit in Traditional Chinese, at the writing square of a terminal that reads its characters or does not."""
    visit = Writer().asked()
    there = replace(visit.session.world, hant=reads)
    visit.session = replace(visit.session, language="yue-Hant", world=there)
    return visit


def label(visit: Writer) -> str:
    """What stands over the square."""
    model = drawn(visit.session, visit.session.language)
    return next(piece for piece in model.body if isinstance(piece, WritingPad)).label


def test_a_traditional_character_is_read_that_the_simplified_model_cannot_know(reader: TraditionalHandwriting) -> None:
    assert reader.candidates(MEN)[0] == "門"
    assert "門" not in shared().candidates(MEN)


@pytest.mark.parametrize(("strokes", "character"), [(WANG, "王"), (YOU, "幼"), (WANG[:1], "一"), (WANG[:2], "二")])
def test_what_both_scripts_share_is_among_the_first_seven(
    reader: TraditionalHandwriting, strokes: tuple[Stroke, ...], character: str
) -> None:
    assert character in reader.candidates(strokes)[: writing.BESIDE_SQUARE]


def test_only_chinese_characters_come_each_once_and_in_the_form_of_hong_kong(reader: TraditionalHandwriting) -> None:
    for strokes in (WANG, YOU, MEN, WANG[:3]):
        found = reader.candidates(strokes)
        assert len(found) == len(set(found)) <= MOST_CANDIDATES
        assert all("\u4e00" <= one <= "\u9fff" for one in found)
    short = RecordedHandwriting({WANG: ("门", "国", "王")})
    assert {"門", "國"} <= set(TraditionalHandwriting(short).candidates(WANG))
    assert traditional.made(("ア", "撃", "区", "7"), traditional.FROM_JAPANESE) == ["擊", "區"]


def test_without_a_stroke_or_when_it_is_closed_there_are_no_characters() -> None:
    reader = TraditionalHandwriting(shared())
    assert reader.candidates(()) == reader.candidates(((),)) == ()
    reader.candidates(WANG)
    reader.close()
    reader.close()
    assert reader.candidates(WANG) == ()
    assert shared().candidates(WANG), "the other model is not its to close"
    TraditionalHandwriting(shared()).close()


def test_the_language_of_the_visit_says_which_of_them_is_asked() -> None:
    visit = in_traditional(reads=True).write(WANG[0])
    assert visit.last(writing.FindCharacters) == writing.FindCharacters(WANG[:1], "yue-Hant")
    both = Writers(TWIN, READ, RecordedHandwriting({WANG: ("壬",)}))
    for language, found in (("yue-Hant", "壬"), ("zh-Hans", "王"), ("en", "王")):
        event = both.answer(writing.FindCharacters(WANG, language), 7)
        assert isinstance(event, CharactersFound)
        assert event.candidates[0] == found
    alone = Writers(TWIN, READ).answer(writing.FindCharacters(WANG, "yue-Hant"), 7)
    assert isinstance(alone, CharactersFound)
    assert alone.candidates[0] == "王"


def test_a_terminal_that_reads_simplified_characters_only_says_so() -> None:
    assert label(in_traditional(reads=False)) == "用手指寫，一次一個字。只認得簡體字"
    assert label(in_traditional(reads=True)) == "用手指寫，一次一個字"
    assert Writer().asked().square.label == "用手指写，一次一个字"


def test_without_the_model_it_is_told_what_to_install_and_simplified_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HandwritingMissing, match="install tegaki-zinnia-japanese"):
        TraditionalHandwriting(READ, tmp_path / "none.model")
    told: list[str] = []
    assert Writers().known_to(world()).hant is False
    assert open_writers(told.append).known_to(world()).hant
    assert told == []

    def missing(hand: object) -> TraditionalHandwriting:
        raise HandwritingMissing("no model")

    monkeypatch.setattr("kiosk.workers.writing.TraditionalHandwriting", missing)
    assert open_writers(told.append).known_to(world()).hant is False
    assert told == ["no handwriting in Traditional characters: no model [handwriting-missing]"]
