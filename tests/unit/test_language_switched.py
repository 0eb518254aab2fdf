"""The language is changed on any screen: what was typed, chosen and begun stays, and the visit ends the same."""

from __future__ import annotations

from kiosk import events as e
from kiosk.session.state import FetchChoices, FetchData, SaveEntry, SignDocument, State
from kiosk.words.languages import languages
from tests.review.ways import WAYS
from tests.unit.visit_kit import Visit

MORE = {
    "agencies": lambda: Visit().to_home().touch("agencies"),
    "view": lambda: Visit("owner").to_home().to_intro("my-cases").touch("primary", "primary").answered(),
    "places": lambda: Visit().to_places(),
}
ASKED_AGAIN = (FetchData, FetchChoices, SignDocument, SaveEntry)


def test_all_languages_in_turn_lead_back_to_the_same_screen_with_everything_on_it() -> None:
    """On the attract screen a language is a way to begin; everywhere else it changes the words, and nothing else."""
    reached = {State.ATTRACT}
    for name, make in {**{name: way.of for name, way in WAYS.items() if name != "attract"}, **MORE}.items():
        visit = make()
        before, done = visit.session, len(visit.effects)
        met: set[str] = set()
        for _ in languages():
            met.add(visit.touch("mode.language").session.language)
            assert visit.state is before.state, name
        assert met == set(languages()), name
        assert visit.session == before, name
        assert not any(isinstance(one, ASKED_AGAIN) for one in visit.effects[done:]), f"{name}: asked or sent again"
        reached.add(visit.state)
    assert reached == set(State), "every state is tried"


class Undecided(Visit):
    """Changes the language before every touch."""

    def touch(self, *names: str) -> Undecided:
        for name in names:
            if self.state is not State.ATTRACT:
                super().touch("mode.language")
            super().touch(name)
        return self


def signed(visit: Visit) -> dict[str, object]:
    """What the card signs of it, but for the language."""
    visit.to_check().submit()
    made: SignDocument = visit.last(SignDocument)
    return {name: value for name, value in made.draft.items() if name != "language"}


def test_who_changes_the_language_before_every_touch_hands_in_the_same() -> None:
    assert signed(Undecided()) == signed(Visit())


def test_what_is_half_typed_goes_on_in_the_next_language() -> None:
    visit = Visit().to_question("sum", "every-type").type("12").touch("mode.language").type(".5")
    assert visit.application.typed == "12.5"
    visit.touch("mode.language", "primary")
    assert visit.application.answers["sum"] == "12.5"
    assert visit.send(e.BackPressed()).application.typed == "12.5"
