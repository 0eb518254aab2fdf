"""A fourth language is one folder: this test puts one there and finds it on the screen and in the ear."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.api import JobState
from kiosk.screen_model import ScreenModel
from kiosk.services.definition import words
from kiosk.session.state import SignDocument, State
from kiosk.speech import guide
from kiosk.speech.ear import heard
from kiosk.speech.guide import spoken_words
from kiosk.speech.transcript import transcript
from kiosk.view_model import frame
from kiosk.view_model.frame import Scene
from kiosk.view_model.screen import render
from kiosk.words import i18n, languages
from tests.repository import ROOT
from tests.scenario.kit import words_of
from tests.unit.visit_kit import CATALOGUE, FAILURES, SAY, SITE, Visit

CODE = "fr"
LANGUAGE = """
order = 4
name = "Français"
button = "language.fr"
locale = "fr"
[voice]
name = "fr-fr"
[patterns]
day = "d MMMM y"
month = "MMMM y"
clock = "EEE d MMM"
moment = "d MMM HH:mm"
money = "{n} ¥"
list = ", "
comma = ", "
"""


def catalogue(texts: dict[str, str]) -> str:
    """A gettext catalogue in which every text stands between angle quotes, its Chinese told by its English."""
    entries = (f'msgid "{text}"\nmsgstr "‹{word}›"\n' for text, word in texts.items())
    return 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n' + "\n".join(entries)


@pytest.fixture
def french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    shutil.copytree(ROOT / "assets" / "i18n", tmp_path / "i18n")
    folder = tmp_path / "i18n" / CODE
    folder.mkdir()
    (folder / "language.toml").write_text(LANGUAGE)
    escaped = {text: word.replace('"', "'") for text, word in i18n.load("en").items()}
    (folder / "words.po").write_text(catalogue(escaped))
    (folder / "spoken.po").write_text(catalogue(i18n.load("en", i18n.SPOKEN)))
    name = CATALOGUE.services["household-proof"].name
    (folder / "tables.po").write_text(catalogue({name["zh-Hans"]: name["en"]}))
    kept = (
        *(languages.languages, languages._tables, languages.plural_form),  # pyright: ignore[reportPrivateUsage]
        *(guide.spoken_words, guide.phrasebook, frame._aids),  # pyright: ignore[reportPrivateUsage]
    )
    monkeypatch.setattr(languages, "root", lambda: tmp_path / "i18n")
    for one in kept:
        one.cache_clear()
    yield CODE
    monkeypatch.undo()
    for one in kept:
        one.cache_clear()


def test_it_has_a_button_on_the_first_screens_and_its_words_after_it_was_pressed(french: str) -> None:
    visit = Visit()
    assert "language.fr" in visit.controls
    visit = Visit().touch("language.zh")
    assert [visit.controls[name].text for name in ("language.zh", "language.fr")] == ["普通话", "Français"]
    visit.session = replace(visit.session, language=french)
    model = render(Scene(visit.session, i18n.sayer(french), FAILURES, SITE))
    assert model.title == "‹How would you like to start?›"
    assert model.date == "lun. 18 mai"
    told = [heard(one.text, spoken_words(french)) for one in transcript(model, spoken_words(french))]
    assert any("How would you like to start?" in text for text in told)


def test_its_tables_give_the_words_of_services_and_the_rest_stays_readable(french: str) -> None:
    service = CATALOGUE.services["household-proof"]
    assert words(service.name, french) == f"‹{service.name['en']}›"
    assert words(service.help, french) == service.help["zh-Hans"]
    assert languages.day("2026-05-18", french) == "18 mai 2026"
    assert languages.money("3.50", french) == "3,50 ¥", "with the marks of its locale"
    assert [languages.plural_form(french)(n) for n in (0, 1, 2)] == [0, 0, 1]


class FrenchVisit(Visit):
    """A visit whose every screen is made, and told, in the language of the folder."""

    def check(self) -> None:
        super().check()
        if self.session.language != CODE:
            return
        model = self.screen
        self.seen.setdefault(model.name, model)
        self.told += [one.text for one in transcript(model, spoken_words(CODE))]

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, ScreenModel] = {}
        self.told: list[str] = []


def test_a_whole_visit_is_made_in_it_from_the_first_touch_to_the_card(
    french: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SAY, french, i18n.sayer(french))
    visit = FrenchVisit()
    visit.touch("language.fr", "start.card").insert().recognised().pin().accepted().to_intro().touch("primary")
    visit.touch("primary").answered().until().submit().signed().saved().acked().touch("primary")
    visit.touch("receipt.paper", "primary").printed(JobState.DONE).touch("rating.5", "primary")
    assert (visit.state, visit.session.language) == (State.TAKE_CARD, french)
    assert visit.last(SignDocument).draft["language"] == french
    assert set(visit.seen) >= {"start", "card", "pin", "home", "services", "intro", "consent", "form", "check", "saved",
                               "receipt", "rating", "take-card"}  # fmt: skip
    titles = {name: model.title for name, model in visit.seen.items() if model.title and name != "intro"}
    assert [name for name, title in titles.items() if "‹" not in title] == [], "an intro's title is the service's own"
    assert visit.seen["home"].date == "lun. 18 mai"
    assert any("17 mai 2026" in text for text in words_of(visit.seen["form"])), "since when the office holds it"
    assert visit.told
    visit.pull()
    assert (visit.state, visit.session.language) == (State.ATTRACT, "zh-Hans")
