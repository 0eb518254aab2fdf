"""Lays a `ScreenModel` out as a `Sheet`: frame, question, answers, after the grammar of the look. Knows no Kivy.

The attract screen is the first that a terminal shows; what only the others need is imported with the first of them.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.pieces.drawn import Legend
from kiosk.pieces.proving import ColourTest, TouchTest
from kiosk.screen_model import ScreenModel
from kiosk.ui.drawing import Label, Sheet
from kiosk.ui.linebreak import Measure
from kiosk.ui.screens.aside import curtain, focus
from kiosk.ui.screens.attract import attract, lowered_backdrop
from kiosk.ui.screens.frame import frame
from kiosk.ui.theme import theme_for


def lay_out(model: ScreenModel, size: tuple[int, int], measure: Measure) -> Sheet:
    """The whole screen on a display of `size`. `overflows` of the result is empty unless a text did not fit."""
    modes = model.modes if model.curtain is None else replace(model.modes, contrast="dark")
    theme = theme_for(size, modes, model.language)
    sheet = Sheet(theme, measure)
    if model.curtain is not None:
        curtain(sheet, model.curtain)
    elif model.name == "attract":
        attract(sheet, model)
    elif _tests_glass(model):
        _testing(sheet, model)
    else:
        if theme.posture == "reach":
            sheet.backdrop = lowered_backdrop(theme)
        frame(sheet, model)
        sheet.lay(_body(sheet, model), 0, 0)
    focus(sheet, model)
    if model.focus and model.legend is not None and model.curtain is None:
        _legend(sheet, model.legend)
    _name_labels(sheet)
    return sheet


def _name_labels(sheet: Sheet) -> None:
    count = 0
    for i, label in enumerate(sheet.labels):
        if not label.id:
            sheet.labels[i] = Label(f"text.{count}", label.text, label.rect)
            count += 1


def _tests_glass(model: ScreenModel) -> bool:
    """A screen without a frame, while the terminal is brought into service."""
    return bool(model.body) and isinstance(model.body[0], TouchTest | ColourTest) and not model.where


def _testing(sheet: Sheet, model: ScreenModel) -> None:
    from kiosk.ui.screens.testing import testing

    testing(sheet, model)


def _legend(sheet: Sheet, shown: Legend) -> None:
    from kiosk.ui.screens.legend import legend

    legend(sheet, shown)


def _body(sheet: Sheet, model: ScreenModel) -> Sheet:
    from kiosk.ui.screens.body import body

    return body(sheet, model)
