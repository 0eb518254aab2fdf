"""Traditional Chinese typed by pinyin: what librime makes of the letters, and the language changed in mid-word."""

from __future__ import annotations

import pytest

from kiosk import events as e
from kiosk.pieces.visit import Writing
from kiosk.session.asking import writing
from kiosk.session.asking.events import CandidatesFound, CandidateTaken, CharactersFound
from kiosk.session.state import State
from kiosk.words import languages
from kiosk.workers.writing import Writers
from kiosk.writing.pinyin import MOST_CANDIDATES, Taken
from kiosk.writing.rime import RimePinyin, shared
from tests.unit.test_handwriting import WANG, Writer
from tests.unit.test_pinyin import TWIN, Typist
from tests.unit.visit_kit import drawn

HANT, HANS, ENGLISH = (e.LanguageChosen(code) for code in ("yue-Hant", "zh-Hans", "en"))
SPELT = ("ni", "fa", "shuo", "zhangwei", "guangzhoushi", "youeryuan", "s", "vvv")


@pytest.fixture(scope="module")
def engine() -> RimePinyin:
    return shared()


# ------------------------------------------------------------------------------------------------- librime itself


@pytest.mark.parametrize(
    ("letters", "character"),
    [("zhang", "張"), ("chen", "陳"), ("liu", "劉"), ("ye", "葉"), ("deng", "鄧"), ("dong", "東"), ("qu", "區"),
     ("hao", "號"), ("lou", "樓"), ("guang", "廣"), ("fan", "范"), ("jiang", "姜"), ("zhong", "鍾")],
)  # fmt: skip
def test_a_name_and_an_address_stand_on_the_first_panel(engine: RimePinyin, letters: str, character: str) -> None:
    assert character in engine.candidates(letters, hant=True)[: writing.ON_PANEL]


@pytest.mark.parametrize(
    ("letters", "word"),
    [("guangzhoushi", "廣州市"), ("gzs", "廣州市"), ("tianhequ", "天河區"), ("zhongshanlu", "中山路"),
     ("sanlou", "三樓"), ("zhangwei", "張偉"), ("youeryuan", "幼兒園"), ("toufa", "頭髮"),
     ("fazhan", "發展"), ("ganzao", "乾燥"), ("ganbu", "幹部"), ("huanghou", "皇后"), ("houmian", "後面")],
)  # fmt: skip
def test_a_word_is_written_with_its_own_characters(engine: RimePinyin, letters: str, word: str) -> None:
    assert engine.candidates(letters, hant=True)[0] == word


@pytest.mark.parametrize(
    ("letters", "word"),
    [("yinwei", "因為"), ("weisheng", "衞生"), ("hukou", "户口"), ("shuoming", "説明"), ("limian", "裏面")],
)
def test_a_word_is_written_as_the_screen_writes_it(engine: RimePinyin, letters: str, word: str) -> None:
    assert engine.candidates(letters, hant=True)[0] == word
    assert languages.convert(engine.candidates(letters)[0], "yue-Hant") == word, "two OpenCC in one process"


@pytest.mark.parametrize(
    ("letters", "every"),
    [("fa", "發髮"), ("gan", "幹乾干"), ("hou", "後后"), ("yu", "餘余於于"), ("fan", "範范"), ("feng", "峯峰"),
     ("shuo", "説說"), ("yue", "悦悅"), ("chuang", "牀床"), ("tai", "台臺颱")],
)  # fmt: skip
def test_every_form_that_is_in_use_can_be_chosen(engine: RimePinyin, letters: str, every: str) -> None:
    assert set(every) <= set(engine.candidates(letters, hant=True)[:21])


@pytest.mark.parametrize(
    ("letters", "character"), [("fa", "发"), ("zhang", "张"), ("dong", "东"), ("feng", "风"), ("wei", "卫")]
)
def test_a_simplified_character_is_not_among_them(engine: RimePinyin, letters: str, character: str) -> None:
    assert character in engine.candidates(letters)
    assert character not in engine.candidates(letters, hant=True)


def test_no_candidate_comes_twice(engine: RimePinyin) -> None:
    for letters in SPELT:
        for hant in (False, True):
            found = engine.candidates(letters, hant=hant)
            assert len(found) == len(set(found)) <= MOST_CANDIDATES


def test_every_traditional_candidate_writes_itself_and_leaves_the_rest_of_the_letters(engine: RimePinyin) -> None:
    for letters in ("fa", "fengche", "youeryuan"):
        for index, word in enumerate(engine.candidates(letters, hant=True)):
            taken = engine.take(letters, index, hant=True)
            assert taken is not None
            assert taken.text == word
            assert letters.endswith(taken.rest)
    whole = engine.candidates("fengche", hant=True)
    for character in "峯峰":
        assert engine.take("fengche", whole.index(character), hant=True) == Taken(character, "che")
    assert engine.take("fa", len(engine.candidates("fa", hant=True)), hant=True) is None


def test_who_reads_simplified_characters_finds_nothing_of_a_visit_in_traditional_ones(engine: RimePinyin) -> None:
    before = [engine.candidates(letters) for letters in SPELT]
    rare = {letters: len(engine.candidates(letters, hant=True)) - 1 for letters in SPELT}
    files = {path: path.read_bytes() for path in engine.folder.rglob("*") if path.is_file()}
    for _ in range(20):
        for letters, index in rare.items():
            engine.take(letters, index, hant=True)
    assert [engine.candidates(letters) for letters in SPELT] == before
    assert {path: path.read_bytes() for path in engine.folder.rglob("*") if path.is_file()} == files


# ------------------------------------------------------------------------------------------------- in a visit


def test_the_language_of_the_visit_says_in_which_characters() -> None:
    writers = Writers(TWIN)
    for language, word in (("yue-Hant", "幼兒"), ("zh-Hans", "幼儿"), ("en", "幼儿")):
        found = writers.answer(writing.FindCandidates("youer", language), 7)
        assert isinstance(found, CandidatesFound)
        assert (found.candidates[0], found.language, found.session_id) == (word, language, 7)
        taken = writers.answer(writing.TakeCandidate("youer", 0, language), 7)
        assert isinstance(taken, CandidateTaken)
        assert taken.text == word


def test_the_twin_answers_as_the_engine_was_recorded(engine: RimePinyin) -> None:
    assert TWIN.candidates("youer", hant=True) == engine.candidates("youer", hant=True)[:10]
    for index in (0, 2):
        assert TWIN.take("youer", index, hant=True) == engine.take("youer", index, hant=True)


def test_a_word_is_typed_in_traditional_characters() -> None:
    visit = Typist().asked().send(HANT).type("youer")
    assert visit.controls["candidate.0"].text == "幼兒"
    visit.touch("candidate.2")
    assert (visit.application.typed, visit.application.writing.letters) == ("有", "er")
    visit.touch("candidate.2", "primary")
    assert visit.application.answers["text"] == "有兒"


def test_the_language_changes_in_mid_word_and_what_was_typed_stays() -> None:
    visit = Typist().asked().type("a").touch("candidate.0").type("youer").touch("candidate.more").send(HANT)
    assert (visit.application.typed, visit.application.writing.letters) == ("啊", "youer")
    assert visit.controls["candidate.0"].text == "幼兒"
    assert visit.touch("candidate.0").application.typed == "啊幼兒"
    assert visit.type("youer").send(HANS).controls["candidate.0"].text == "幼儿"
    assert visit.touch("candidate.0").application.typed == "啊幼兒幼儿"


def test_in_english_a_word_that_was_begun_is_finished_on_its_pad() -> None:
    visit = Typist().asked().type("you").send(ENGLISH).type("er")
    assert visit.controls["pad.pinyin"].selected
    assert visit.touch("candidate.0").application.typed == "幼儿"
    assert visit.controls["pad.letters"].selected


def test_candidates_in_the_language_that_was_left_do_not_count() -> None:
    visit = Typist().asked().type("youer")
    late = visit.last(writing.FindCandidates)
    visit.send(HANT, CandidatesFound(late.letters, ("幼儿",), late.language))
    assert visit.application.writing.candidates[0] == "幼兒"
    drawing = Writer().asked().write(*WANG).send(HANT)
    before = drawing.session
    assert drawing.send(CharactersFound(WANG, ("壬",))).session == before


@pytest.mark.parametrize("way", ["help", "idle"])
def test_a_language_chosen_away_from_the_form_holds_when_one_is_back(way: str) -> None:
    visit = Typist().asked().type("youer")
    if way == "help":
        visit.touch("help").send(HANT)
        assert visit.state is State.HELP
        visit.send(e.BackPressed())
    else:
        visit.fire("idle").send(HANT)
        assert visit.state is State.TIMEOUT
        visit.send(e.StillHere())
    assert visit.state is State.FORM
    assert visit.application.writing == Writing(letters="youer", candidates=TWIN.candidates("youer", hant=True))


def test_help_alone_asks_nothing_anew_and_leaves_the_panel_where_it_was() -> None:
    visit = Typist().asked().type("youer").touch("candidate.more")
    before, asked = visit.application.writing, len(visit.effects)
    visit.touch("help").send(e.BackPressed())
    assert visit.application.writing == before
    assert not any(isinstance(effect, writing.FindCandidates) for effect in visit.effects[asked:])


def test_strokes_stay_when_the_language_changes_and_are_read_anew() -> None:
    visit = Writer().asked().write(*WANG).send(HANT)
    assert visit.application.writing.strokes == WANG
    assert visit.last(writing.FindCharacters) == writing.FindCharacters(WANG, "yue-Hant")
    assert visit.application.writing.candidates


def test_the_panel_says_its_candidates_in_the_script_of_the_screen() -> None:
    visit = Typist().asked().send(HANT).type("youer")
    assert "幼兒" in str(drawn(visit.session, "yue-Hant").body)
    assert "幼儿" not in str(drawn(visit.session, "yue-Hant").body)
