"""Every word of every screen is there in every language, and no word is there for nothing."""

from __future__ import annotations

import ast
import re

import pytest

from kiosk import i18n
from kiosk.i18n import WordsMissing
from kiosk.view_model.finish import RATINGS
from kiosk.view_model.form import PROBLEMS
from kiosk.view_model.start import EVENT_WORDS
from tests import repository
from tests.repository import ROOT, name

LANGUAGES = ("en",)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
BY_NAME = {*PROBLEMS.values(), *(text for _, text, _ in RATINGS), *(text for text, _ in EVENT_WORDS.values())}
"""Words that a table holds and `say` gets from there."""
BOTH_AT_ONCE = {
    ("kiosk/view_model/start.py", "普通话"), ("kiosk/view_model/frame.py", "普通话"),
    ("kiosk/view_model/frame.py", "中文"), ("kiosk/view_model/start.py", "语言 · Language"),
}  # fmt: skip
"""Said in its own language on every screen: whoever looks for it cannot read the other."""
DATES = ("kiosk/view_model/frame.py", {"月", "日 周", "一二三四五六日"})


def said() -> dict[str, str]:
    """Every text that the view model gives to `say` as it stands, with where."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "kiosk" / "view_model").glob("*.py")):
        for node in ast.walk(repository.tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "say":
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        found[part.value] = name(path)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_there_and_none_for_nothing(language: str) -> None:
    wanted = set(said()) | BY_NAME
    known = set(i18n.load(language))
    assert len(wanted) > 150, "the search has lost its object"
    assert wanted - known == set()
    assert known - wanted == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_blank_of_a_text_is_in_its_words_too(language: str) -> None:
    blank = re.compile(r"\{[a-z]+\}")
    for text, words in i18n.load(language).items():
        assert set(blank.findall(words)) == set(blank.findall(text)), text
        assert not CHINESE.search(words), text


def test_no_chinese_reaches_a_screen_past_say() -> None:
    """A Chinese text in the view model is given to `say`, is in a table whose words are, or is on the list above."""
    past: list[tuple[str, str]] = []
    for path in sorted((ROOT / "kiosk" / "view_model").glob("*.py")):
        tree = repository.tree(path)
        docs = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node in docs:
                continue
            if CHINESE.search(node.value) and node.value not in said() and node.value not in BY_NAME:
                past.append((name(path), node.value))
    joined = [(path, text) for path, text in past if not (path == DATES[0] and text in DATES[1])]
    assert set(joined) == BOTH_AT_ONCE


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
