"""`make screens`: the page that somebody opens to judge the screens. It is made for a few and opened in Chromium."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By

from kiosk.session.state import State
from kiosk.ui.gallery.examples import EXAMPLES, VARIANTS
from tests.browser import INSTALLED, open_browser
from tests.repository import ROOT
from tests.review.__main__ import main
from tests.review.look import NO_SCREEN, NUMBERS, OF_SERVICES, OF_SERVICES_IN_MODES
from tests.review.modes import LANGUAGES, MODES
from tests.review.rows import DEFAULT, Row, cells, pictures_by_mode
from tests.review.services import of_service
from tests.review.staff import STAFF
from tests.review.ways import WAYS, failure_pictures
from tests.unit.visit_kit import drawn


def make(out: Path, *arguments: str) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("KIVY", "KCFG"))}
    done = subprocess.run(
        [sys.executable, "-m", "tests.review", str(out), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.web
@INSTALLED
def test_the_page_shows_ours_beside_the_look_with_no_broken_picture_and_sifts(tmp_path: Path) -> None:
    look, out = tmp_path / "drawn", tmp_path / "screens"
    look.mkdir()
    Image.new("RGB", (108, 192), "blue").save(look / "74-drawn.png")
    told = make(out, "--look", str(look), "screen off")
    assert f"{len(DEFAULT)} screens, 0 to mend" in told
    browser = open_browser(tmp_path / "profile")
    try:
        browser.get((out / "index.html").as_uri())
        browser.execute_script("for (const one of document.images) one.loading = 'eager'")
        loaded = "return Promise.all([...document.images].map(one => one.decode().then(() => one.naturalWidth)))"
        widths = browser.execute_script(loaded)
        assert len(widths) == len(DEFAULT) + 1
        assert set(widths) == {540, 960, 108}
        assert browser.execute_script("return document.querySelectorAll('figure.look').length") == 1
        assert _shown(browser) == len(DEFAULT) + 1
        browser.find_element(By.ID, "words").send_keys("home")
        assert _shown(browser) == 0
        browser.find_element(By.ID, "words").clear()
        for box in browser.find_elements(By.CSS_SELECTOR, "input[name=language]"):
            if box.get_attribute("value") != "en":
                box.click()
        assert _shown(browser) == sum(language == "en" for language, _ in DEFAULT)
    finally:
        browser.quit()


def _shown(browser: webdriver.Chrome) -> int:
    return len([one for one in browser.find_elements(By.CSS_SELECTOR, "figure") if one.is_displayed()])


def test_a_name_that_no_screen_has_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "no such screen"]) == 1
    assert capsys.readouterr().err == "no screen is called no such screen\n"


def test_every_picture_of_the_look_that_an_example_shows_stands_beside_its_mode() -> None:
    shown = {name.partition("-")[0] for name in VARIANTS} | set(OF_SERVICES_IN_MODES.values())
    assert set(pictures_by_mode().values()) == shown
    model = drawn(WAYS["attract"].of().session)
    row = Row("home", "visit", "15", lambda language, mode: model)
    beside = {(cell.language, cell.mode): cell.picture for cell in cells([row], everything=True) if cell.picture}
    assert beside[("zh-Hans", "1.0")] == "15"
    assert beside[("en", "1.0")] == "45"
    assert beside[("zh-Hans", "landscape 1.6")] == "84"
    assert len(list(cells([row], everything=True))) == len(LANGUAGES) * len(MODES)


def test_every_picture_of_the_look_has_its_screen_on_the_page_or_a_line_that_says_why_not() -> None:
    shown = {way.picture for way in (*WAYS.values(), *STAFF.values())} | set(failure_pictures().values())
    shown |= (
        {name.partition("-")[0] for name in EXAMPLES} | set(pictures_by_mode().values()) | set(OF_SERVICES.values())
    )
    assert not shown & NO_SCREEN.keys()
    assert (shown | NO_SCREEN.keys()) - {""} == NUMBERS


def test_every_screen_of_a_service_that_has_a_picture_is_come_to(tmp_path: Path) -> None:
    services = {name.split()[0] for name in OF_SERVICES}
    seen = {one.name for service in services for one in of_service(tmp_path / service, service)}
    assert seen >= OF_SERVICES.keys()


def test_every_state_of_a_visit_is_on_the_page() -> None:
    """But for those that only services come to, which are walked for it."""
    states = {way.of().session.state for way in WAYS.values()}
    assert {State.VIEW, State.PLACES, State.WAITING, State.ADDRESS} >= set(State) - states


@pytest.mark.parametrize("name", STAFF)
def test_what_only_staff_see_is_drawn_in_every_language_and_posture(name: str) -> None:
    for language in LANGUAGES:
        for mode in ("1.0", "landscape"):
            model = STAFF[name].model(language, MODES[mode])
            assert model.language == language
            assert model.modes == MODES[mode].modes


def test_the_look_s_failures_are_failures_of_the_table() -> None:
    assert sum(bool(picture) for picture in failure_pictures().values()) >= 6
