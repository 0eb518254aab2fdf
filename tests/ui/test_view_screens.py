"""Pages of what the city holds, in every mode and language: every word fits, a timeline is drawn where it can be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drivers.api import JobState, PrintResult
from kiosk.events import LanguageChosen
from kiosk.pieces.timeline import Timeline
from kiosk.screen_model import ScreenModel
from kiosk.session.asking.events import SheetFinished, SheetProgress
from kiosk.session.asking.sheet import MISSING
from kiosk.session.asking.sheet_state import Sheet
from kiosk.ui.letters import Letters
from kiosk.ui.screen import lay_out
from tests.scenario.kit import Kiosk
from tests.scenario.test_certificates import CASE
from tests.ui.measure import problems

BY_DAY = {(False, 0), (False, 1), (True, 0), (True, 3)}
"""Landscape, and how many sizes up: the other modes are looked at by night."""
MODES = [
    pytest.param(landscape, ("mode.large",) * sizes, marks=() if (landscape, sizes) in BY_DAY else pytest.mark.nightly)
    for landscape in (False, True)
    for sizes in range(4)
]


@pytest.fixture(scope="module")
def letters(window: object, fonts: Path) -> Letters:
    return Letters(fonts, "SC")


def visit(folder: Path, language: str, presses: tuple[str, ...], *, landscape: bool) -> list[ScreenModel]:
    """A builder looks at his cases, their steps and the timeline; a parent at who looked, and at her insurance."""
    kiosk = Kiosk(folder, landscape=landscape)
    kiosk.touch(*presses, language, "start.card").insert("owner")
    kiosk.pin(str(kiosk.city.persona.card["pin"]) if kiosk.city.persona is not None else "")
    kiosk.to_intro("my-cases", "records").agree().touch("row.0", "do.steps", "back", "back")
    kiosk.touch("row.1", "do.evaluate", "home")
    kiosk.to_intro("construction", "business").agree().touch("row.0", "view.print", "do.steps")
    kiosk.touch("back", "do.papers").pull()
    kiosk.touch("back", *presses, language, "start.card").insert("parent")
    kiosk.pin("123456")
    kiosk.to_intro("access-log", "records").agree().touch("row.1", "do.object", "home")
    kiosk.to_intro("my-licences", "records").agree().touch("row.0", "home")
    kiosk.to_intro("social-insurance", "work").agree().touch("do.payments", "primary", "home").pull()
    kiosk.close()
    return [screen for screen in dict.fromkeys(kiosk.screens) if screen.name == "view"]


@pytest.mark.parametrize("language", ["language.zh", "language.en"])
@pytest.mark.parametrize(("landscape", "presses"), MODES)
def test_every_page_fits(
    tmp_path: Path, letters: Letters, language: str, presses: tuple[str, ...], landscape: bool
) -> None:
    size = (1920, 1080) if landscape else (1080, 1920)
    found: list[str] = []
    pages = visit(tmp_path, language, presses, landscape=landscape)
    for model in pages:
        sheet = lay_out(model, size, letters.measure)
        found += [f"{model.title}: {problem}" for problem in (*sheet.overflows, *problems(sheet))]
    assert sorted(set(found)) == []
    drawn = any(isinstance(piece, Timeline) for model in pages for piece in model.body)
    assert drawn == (len(presses) < (1 if landscape else 2))


@pytest.mark.parametrize("language", ["language.zh", "language.en"])
def test_every_page_fits_in_reach_mode(tmp_path: Path, letters: Letters, language: str) -> None:
    found: list[str] = []
    for model in visit(tmp_path, language, ("mode.reach",), landscape=False):
        sheet = lay_out(model, (1080, 1920), letters.measure)
        found += [f"{model.title}: {overflow}" for overflow in sheet.overflows]
        found += [f"{control.id} is at {rect.y:.0f}" for control, rect in sheet.targets if rect.y < 920]
    print(*sorted(set(found)), sep="\n")
    assert sorted(set(found)) == []


@pytest.mark.parametrize("language", ["language.zh", "language.en"])
@pytest.mark.parametrize(
    ("landscape", "presses"),
    [(False, ()), (False, ("mode.large",) * 3), (False, ("mode.reach",)), (True, ()), (True, ("mode.large",) * 3)],
)
def test_a_case_with_its_certificate_fits_whatever_the_printer_says(
    tmp_path: Path, letters: Letters, language: str, presses: tuple[str, ...], landscape: bool
) -> None:
    size = (1920, 1080) if landscape else (1080, 1920)
    kiosk = Kiosk(tmp_path, a4_queue="ipp://127.0.0.1:9/a4", landscape=landscape)
    kiosk.city.live["case.case"] = {"cases": [CASE]}
    kiosk.touch(*presses, language, "start.card").insert("parent")
    kiosk.pin("123456").to_intro("my-cases", "records").agree().touch("row.0")
    runtime, number, found = kiosk.terminal.runtime, str(CASE["number"]), list[str]()
    seen = len(kiosk.screens)
    for state in (
        JobState.SENT,
        JobState.BLOCKED,
        JobState.DONE,
        JobState.UNKNOWN,
        JobState.NOT_PRINTED,
        JobState.PARTIAL,
    ):
        runtime.session = replace(runtime.session, sheet=Sheet(number, JobState.SENDING))
        result = PrintResult(state, "cover-open", 0)
        going = state in {JobState.SENT, JobState.BLOCKED}
        kiosk.terminal.send(SheetProgress(state) if going else SheetFinished(runtime.session.id, number, "", result))
        kiosk.pump()
        found += [f"{state}: {overflow}" for overflow in lay_out(kiosk.screen, size, letters.measure).overflows]
    assert len(kiosk.screens) == seen + 6
    assert found == []
    kiosk.close()


@pytest.mark.parametrize("language", ["language.zh", "language.en"])
@pytest.mark.parametrize(
    ("landscape", "presses"),
    [(False, ()), (False, ("mode.large",) * 3), (False, ("mode.reach",)), (True, ()), (True, ("mode.large",) * 3)],
)
def test_the_last_page_with_a_certificate_fits_whatever_the_printer_says(
    tmp_path: Path, letters: Letters, language: str, presses: tuple[str, ...], landscape: bool
) -> None:
    size = (1920, 1080) if landscape else (1080, 1920)
    kiosk = Kiosk(tmp_path, a4_queue="ipp://127.0.0.1:9/a4", landscape=landscape)
    kiosk.city.answers = False
    kiosk.touch(*presses)
    kiosk.to_home(language=language).to_saved()
    found = [f"asked: {one}" for one in lay_out(kiosk.screen, size, letters.measure).overflows]
    kiosk.city.answers = True
    kiosk.wait(3)
    runtime = kiosk.terminal.runtime
    number = str(kiosk.store.documents[0]["number"])
    states = (JobState.SENT, JobState.BLOCKED, JobState.DONE, JobState.UNKNOWN, JobState.NOT_PRINTED, JobState.PARTIAL)
    sheets = [
        None,
        Sheet(number, JobState.QUEUED, wanted=True),
        Sheet(number, JobState.NOT_PRINTED, MISSING),
        *(Sheet(number, state, "cover-open", frozenset({number})) for state in states),
    ]
    for sheet in sheets:
        runtime.session = replace(runtime.session, sheet=sheet)
        kiosk.terminal.send(LanguageChosen(runtime.session.language))
        kiosk.pump()
        assert "certificate.print" in kiosk.controls
        found += [f"{sheet}: {overflow}" for overflow in lay_out(kiosk.screen, size, letters.measure).overflows]
    assert found == []
    kiosk.close()
