"""Every text of every service, in every language and mode, with the real letters: all of it fits, no line breaks badly.

By day a sample, by night all of them. A screen is a session and not a picture: the same session is drawn again in the
other languages and modes, and turned page by page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kiosk.screen_model import Modes
from kiosk.ui.letters import Letters, face_of
from kiosk.ui.linebreak import Fitted, fit
from kiosk.ui.screen import lay_out
from kiosk.ui.theme import LANDSCAPE
from kiosk.ui.widgets import words
from tests.review.modes import LANGUAGES, MODES, Mode
from tests.review.services import Seen, of_service, turned
from tests.review.ways import WAYS, failed, failure_pictures
from tests.scenario.service_walk import CATALOGUE, SUITED
from tests.ui.measure import problems
from tests.unit.test_linebreak import starts_badly
from tests.unit.visit_kit import drawn

SERVICES, SAMPLE, SEED = 5, 200, 20260518
WORD = re.compile(r"[A-Za-z0-9]+")
CORNERS = {
    "left reach": Mode(Modes(left_handed=True, reach=True)),
    "left landscape": Mode(Modes(left_handed=True), LANDSCAPE),
    "dark 2.0": Mode(Modes(2.0, "dark")),
    "white 1.6": Mode(Modes(1.6, "hlight")),
    "reach 1.6": Mode(Modes(1.6, reach=True)),
    "reach 2.0": Mode(Modes(2.0, reach=True)),
    "dark reach": Mode(Modes(contrast="dark", reach=True)),
    "white landscape 2.0": Mode(Modes(2.0, "hlight"), LANDSCAPE),
}
"""Modes together: what one of them leaves no room for is found here."""


@pytest.fixture(scope="module")
def letters(window: object, fonts: Path) -> dict[str, Letters]:
    return {face: Letters(fonts, face) for face in {face_of(code) for code in LANGUAGES}}


def states() -> list[Seen]:
    """Every state of a visit and every failure."""
    found = [Seen(name, way.of().session) for name, way in WAYS.items()]
    return [*found, *(Seen(f"failure {code}", failed(code)) for code in failure_pictures())]


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> list[Seen]:
    """Those, and every screen of every service."""
    folder = tmp_path_factory.mktemp("services")
    return [*states(), *(seen for service in SUITED for seen in of_service(folder / service, service))]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lines that begin with a closing mark or end with an opening one, and words that were split, as they are set."""
    found: list[str] = []

    def watched(text: str, *args: Any, **more: Any) -> Fitted:
        fitted = fit(text, *args, **more)
        if starts_badly(fitted.lines):
            found.append(f"a line begins or ends badly, of {len(text)} characters")
        if Counter(WORD.findall(text)) != Counter(WORD.findall("\n".join(fitted.lines))):
            found.append(f"a word is split, of {len(text)} characters")
        return fitted

    monkeypatch.setattr(words, "fit", watched)
    return found


def wrong(seen: Seen, language: str, mode: Mode, letters: dict[str, Letters], broken: list[str]) -> Iterator[str]:
    """What is wrong with a screen in this language and mode, on each of its pages."""
    for session in turned(seen.session, language, mode):
        sheet = lay_out(drawn(session), mode.size, letters[face_of(language)].measure)
        yield from (f"{seen.name} · {language}: {problem}" for problem in (*problems(sheet), *broken))
        broken.clear()


def test_a_sample_of_all_screens_fits_in_every_language_and_mode(
    tmp_path: Path, letters: dict[str, Letters], broken: list[str]
) -> None:
    lot = Random(SEED)
    some = lot.sample(sorted(SUITED), SERVICES)
    screens = [*states(), *(seen for service in some for seen in of_service(tmp_path / service, service))]
    every = [(language, mode) for language in LANGUAGES for mode in {**MODES, **CORNERS}]
    found: list[str] = []
    for seen in lot.sample(screens, SAMPLE):
        language, mode = lot.choice(every)
        found += [f"{mode}: {text}" for text in wrong(seen, language, {**MODES, **CORNERS}[mode], letters, broken)]
    print(*sorted(set(found)), sep="\n")
    assert found == [], f"seed {SEED}"


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", {**MODES, **CORNERS})
def test_every_text_of_every_service_fits(
    mode: str, language: str, screens: list[Seen], letters: dict[str, Letters], broken: list[str]
) -> None:
    chosen = {**MODES, **CORNERS}[mode]
    found = {text for seen in screens for text in wrong(seen, language, chosen, letters, broken)}
    print(*sorted(found), sep="\n")
    assert found == set()


@pytest.mark.nightly
def test_every_service_and_every_field_is_among_the_screens(screens: list[Seen]) -> None:
    names = {seen.name for seen in screens}
    for service in CATALOGUE.services.values():
        asked = [item for item in service.fields if not item.quiet and item.type != "new-pin"]
        assert {f"{service.id} {item.id}" for item in asked} <= names
        assert any(name.startswith(f"{service.id} 01 ") for name in names)
