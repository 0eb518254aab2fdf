"""Every word of every screen is there in every language, and no word is there for nothing."""

from __future__ import annotations

import ast
import functools
import re
from itertools import chain

import pytest

from kiosk import failures
from kiosk.services import display
from kiosk.services.definition import words
from kiosk.speech import transcript
from kiosk.view_model.asking import new_pin, places
from kiosk.view_model.finish import RATINGS
from kiosk.view_model.form import HOW_WRITTEN, PROBLEMS
from kiosk.view_model.start import EVENT_WORDS, WAYS
from kiosk.words import i18n, languages
from kiosk.words.i18n import SPOKEN, WordsMissing
from tests import repository
from tests.repository import ROOT, name
from tests.scenario.kit import words_of
from tests.unit.test_view_model import WAYS as STATIONS
from tests.unit.visit_kit import ASSETS, CATALOGUE, drawn

OTHERS = tuple(code for code in languages.languages() if code != languages.SOURCE)
WRITTEN = tuple(code for code in OTHERS if not languages.language(code).convert)
"""Languages whose words somebody wrote: their catalogues have to be complete."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")
BLANK = re.compile(r"\{[a-z]+\}")
BY_NAME = {*PROBLEMS.values(), *HOW_WRITTEN.values(), *(text for _, text, _ in RATINGS),
           *(text for text, _ in EVENT_WORDS.values()),
           *new_pin.TITLES.values(), *places.DAYS.values(), *chain.from_iterable(new_pin.PROBLEMS.values()),
           *chain.from_iterable((text, detail) for text, _, detail in WAYS.values())}  # fmt: skip
"""Words that a table holds and `say` gets from there."""
SPOKEN_BY_NAME = {*transcript.MARKS.values(), *transcript.DATE_PARTS}
BOTH_AT_ONCE = {("kiosk/view_model/start.py", "语言 · Language")}
"""Said in its own language on every screen: whoever looks for it cannot read the other."""


@functools.cache
def said(folder: str = "view_model", by: str = "say") -> dict[str, str]:
    """Every text that a folder's modules give to `say` (or `tell`) as it stands, with where."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "kiosk" / folder).rglob("*.py")):
        for node in ast.walk(repository.tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == by:
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        found[part.value] = name(path)
    return found


def told() -> set[str]:
    """Every text that the voice says beyond the words of a screen."""
    return set(said("speech", "tell")) | SPOKEN_BY_NAME


@pytest.mark.parametrize("language", WRITTEN)
def test_every_word_is_there_and_none_for_nothing(language: str) -> None:
    wanted = set(said()) | BY_NAME
    known = set(i18n.load(language))
    assert len(wanted) > 150, "the search has lost its object"
    assert wanted - known == set()
    assert known - wanted == set()


STAFF_ROOMS = ("staff", "upkeep")
ON_PAPER_AS_IT_IS = frozenset({"吉 龚 龘"})
"""On a test page in every language: whether such characters come out is what it is for."""
TEST_PAGES = frozenset({"kiosk/upkeep/paper.py", "kiosk/upkeep/setup/sheet.py", "kiosk/upkeep/setup/tasks.py"})
"""Print or speak both languages at once."""


def chinese_of(*folders: str) -> dict[str, str]:
    """Every Chinese text that stands in a folder's modules, but for docstrings, with where."""
    found: dict[str, str] = {}
    for path in chain.from_iterable(sorted((ROOT / "kiosk" / folder).rglob("*.py")) for folder in folders):
        tree = repository.tree(path)
        docs = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node in docs:
                continue
            if CHINESE.search(node.value):
                found[node.value] = name(path)
    return found


@pytest.mark.parametrize("language", WRITTEN)
def test_every_text_of_staff_mode_is_there_and_none_for_nothing(language: str) -> None:
    """Whatever Chinese stands in the rooms of staff mode is a key of its catalogue, or of the citizens'."""
    texts, staff = chinese_of(*STAFF_ROOMS), set(i18n.load(language, i18n.STAFF))
    known = staff | set(i18n.load(language)) | ON_PAPER_AS_IT_IS
    assert len(texts) > 200, "the search has lost its object"
    assert {text for text, where in texts.items() if text not in known and where not in TEST_PAGES} == set()
    said_otherwise = {part.value for folder in STAFF_ROOMS for path in (ROOT / "kiosk" / folder).rglob("*.py")
                      for part in ast.walk(repository.tree(path))
                      if isinstance(part, ast.Constant) and isinstance(part.value, str)}  # fmt: skip
    assert staff - said_otherwise == set()
    assert staff & set(i18n.load(language)) == set(), "a text has one place"


@pytest.mark.parametrize("language", WRITTEN)
def test_every_spoken_word_is_there_and_none_for_nothing(language: str) -> None:
    assert len(told()) > 30, "the search has lost its object"
    assert told() == set(i18n.load(language, SPOKEN))


def test_every_sentence_said_otherwise_than_written_is_one_that_can_be_met() -> None:
    """The Cantonese book holds sentences of the voice, of screens and of failures, and nothing that is never said."""
    table = failures.parse(ASSETS.joinpath("failure_codes.toml").read_text("utf-8"))
    shown = chain(
        told(),
        said(),
        BY_NAME,
        *((one.title["zh-Hans"], one.safe["zh-Hans"], one.next["zh-Hans"]) for one in table.values()),
    )
    bare = {part.strip("。！？；") for text in shown for part in (text, *re.split(r"(?<=[。！？；])", text))}
    book = i18n.load("yue-Hant", SPOKEN)
    assert len(book) > 100
    assert {text for text in book if text.strip("。！？；") not in bare} == set()


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("catalogue", [i18n.WORDS, SPOKEN, i18n.STAFF])
def test_every_blank_of_a_text_is_in_its_words_too(language: str, catalogue: str) -> None:
    for text, forms in i18n.forms_of(language, catalogue).items():
        for found in forms:
            assert set(BLANK.findall(found)) == set(BLANK.findall(text)), text
            assert language not in WRITTEN or not CHINESE.search(found), text


def test_no_chinese_reaches_a_screen_past_say() -> None:
    """A Chinese text in the view model is given to `say`, is in a table whose words are, or is on the list above."""
    past: list[tuple[str, str]] = []
    for path in sorted((ROOT / "kiosk" / "view_model").rglob("*.py")):
        tree = repository.tree(path)
        docs = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node in docs:
                continue
            if CHINESE.search(node.value) and node.value not in said() and node.value not in BY_NAME:
                past.append((name(path), node.value))
    assert set(past) == BOTH_AT_ONCE


def test_a_word_that_is_missing_is_an_error_of_the_build() -> None:
    say = i18n.sayer("en", {"甲 {n}": "A {n}"})
    assert say("甲 {n}", n=1) == "A 1"
    with pytest.raises(WordsMissing, match="en: no words for '乙'"):
        say("乙")


def test_the_source_language_needs_no_catalogue() -> None:
    assert i18n.load("zh-Hans") == {}
    assert i18n.sayer("zh-Hans")("第 {n} 页，共 {m} 页", n=1, m=2) == "第 1 页，共 2 页"


def test_a_name_with_braces_is_shown_as_it_is() -> None:
    assert i18n.sayer("en")("{name}，您好", name="{x}").endswith("{x}")


# -------------------------------------------------------------------------------------------------- plurals


@pytest.mark.parametrize(("n", "wanted"), [(1, "within 1 working day"), (0, "within 0 working days"),
                                           ("1", "within 1 working day"), (3, "within 3 working days")])  # fmt: skip
def test_one_day_is_not_days(n: object, wanted: str) -> None:
    assert i18n.sayer("en")("{n} 个工作日内", n=n) == wanted


def test_a_text_that_counts_has_its_plural_forms() -> None:
    """A blank before a word that ends in s counts that word: with one form only it would say "1 minutes"."""
    counted = re.compile(r"\{[nk]\} (?:working |more )?[a-z]+s\b")
    flat = {text: forms[0] for text, forms in i18n.forms_of("en").items() if len(forms) == 1}
    assert {text for text, found in flat.items() if counted.search(found)} == set()


def test_the_number_that_decides_is_n_or_the_only_one() -> None:
    say = i18n.sayer("en")
    assert say("大约 {n} 分钟", n="some") == "About some minutes"
    assert [languages.plural_form("en")(n) for n in (0, 1, 2)] == [1, 0, 1]
    assert [languages.plural_form("yue-Hant")(n) for n in (0, 1, 2)] == [0, 0, 0]


# ---------------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("language", "day", "month", "moment", "clock"),
    [
        ("zh-Hans", "2026 年 9 月 1 日", "2026 年 9 月", "9月1日 08:05", "9月1日 周二"),
        ("yue-Hant", "2026 年 9 月 1 日", "2026 年 9 月", "9月1日 08:05", "9月1日 週二"),
        ("en", "1 Sep 2026", "Sep 2026", "1 Sep, 08:05", "Tue 1 Sep"),
    ],
)
def test_a_date_is_written_as_its_readers_write_it(
    language: str, day: str, month: str, moment: str, clock: str
) -> None:
    assert display.shown_date("2026-09-01", language) == day
    assert display.shown_month("2026-09", language) == month
    assert languages.moment("2026-09-01T08:05", language) == moment
    assert languages.clock("2026-09-01T08:05", language) == ("08:05", clock)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-02-30"])
def test_what_is_no_date_is_shown_as_it_came(text: str) -> None:
    assert display.shown_date(text, "en") == text
    assert display.shown_month(text, "en") == text


# --------------------------------------------------------------------------------------------- traditional


def test_traditional_chinese_is_complete_by_itself_for_screens_services_and_failures() -> None:
    say = i18n.sayer("yue-Hant")
    assert say("请把卡插入读卡口") == "請把卡插入讀卡口"
    assert say("没纸，可发短信") == "沒紙，可發短訊", "a text that no catalogue has heard of"
    service = CATALOGUE.services["household-proof"]
    assert words(service.name, "yue-Hant") == languages.converted(service.name["zh-Hans"], "yue-Hant")
    table = failures.parse(ASSETS.joinpath("failure_codes.toml").read_text("utf-8"))
    assert table["card-unknown"].words("title", "yue-Hant") == "這張不是市民卡"


@pytest.mark.parametrize("way", STATIONS)
def test_no_simplified_character_is_left_on_a_screen_but_in_what_the_city_wrote(way: str) -> None:
    own = {languages.language(languages.SOURCE).name}
    for text in words_of(drawn(STATIONS[way]().session, "yue-Hant")):
        assert text in own or "*" in text or languages.convert(text, "yue-Hant") == text  # masked: the city's


def test_usual_words_of_its_readers_stand_for_the_others() -> None:
    assert languages.converted("短信、芯片、终端、终端机", "yue-Hant") == "短訊、晶片、終端機、終端機"
    assert languages.converted("卡里有的先填上", "yue-Hant") == "卡裏有的先填上"


def test_a_name_from_the_city_is_not_rewritten() -> None:
    assert i18n.sayer("yue-Hant")("{name}，您好", name="陈*娴") == "陈*娴，您好"


# ----------------------------------------------------------------------------------- a language is a folder


def test_a_language_that_is_not_there_is_the_source_language() -> None:
    assert languages.language("tlh").code == "zh-Hans"
    assert languages.made("没有", "zh-Hans") == "没有"
    assert languages.made("没有这句话", "en") == "没有这句话", "neither table nor converter: Chinese beats nothing"


def test_a_folder_with_half_a_language_is_refused_by_name() -> None:
    table = {"order": 9, "name": "X", "button": "language.x", "locale": "en", "voice": {"name": "en"}}
    with pytest.raises(languages.LanguageInvalid, match="x: patterns is missing"):
        languages._language("x", table)
    with pytest.raises(languages.LanguageInvalid, match="x: patterns lack month"):
        languages._language("x", {**table, "patterns": {"day": "d"}})
