"""Typing in the form: the field, the switch between the pads, and the pinyin panel with its candidates (20). Pure."""

from __future__ import annotations

from dataclasses import replace

from kiosk import events as e
from kiosk.screen_model import ButtonRow, Control, Field, Keyboard, Piece
from kiosk.services.definition import FieldDefinition
from kiosk.session.asking import events as asked
from kiosk.session.asking import writing
from kiosk.session.common import application_of
from kiosk.view_model.frame import Scene, button

LETTERS = ("QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM")


def letter_rows(scene: Scene, rows: tuple[str, ...]) -> tuple[tuple[Control, ...], ...]:
    """Return rows of letter keys; the last one stands between clear and delete."""
    say = scene.say
    made = [tuple(button(scene, Control(f"key.{key}", "key", key, e.KeyTyped(key))) for key in row) for row in rows]
    clear = button(scene, Control("key.clear", "key", say("清空"), e.KeysErased(all=True)))
    delete = button(scene, Control("key.delete", "key", say("删一位"), e.KeysErased(), "backspace"))
    return (*made[:-1], (clear, *made[-1], delete))


def text_body(scene: Scene, item: FieldDefinition, field: Field, letters: Keyboard) -> tuple[Piece, ...]:
    """Return the pieces of a question that is answered in letters, or in Chinese where that can be typed here."""
    if not scene.session.world.pinyin or not writing.chinese(item):
        return (field, letters)
    pad = writing.pad(scene.session, item)
    spelling = application_of(scene.session).writing.letters
    if pad == "pinyin":
        letters = Keyboard(letter_rows(scene, LETTERS), _candidates(scene))
    return (replace(field, spelling=spelling), _pads(scene, pad), letters)


def _pads(scene: Scene, pad: str) -> ButtonRow:
    say = scene.say
    made = (
        Control("pad.pinyin", "aid", say("拼音"), asked.PadChosen("pinyin"), selected=pad == "pinyin"),
        Control("pad.letters", "aid", say("字母和数字"), asked.PadChosen("letters"), selected=pad == "letters"),
    )
    return ButtonRow(tuple(button(scene, control) for control in made))


def _candidates(scene: Scene) -> tuple[Control, ...]:
    state = application_of(scene.session).writing
    shown = state.candidates[state.first : state.first + writing.ON_PANEL]
    made = [
        Control(f"candidate.{n}", "secondary", word, asked.CandidateChosen(state.letters, state.first + n))
        for n, word in enumerate(shown)
    ]
    if len(state.candidates) > writing.ON_PANEL:
        made.append(Control("candidate.more", "secondary", scene.say("更多"), asked.CandidatesTurned()))
    return tuple(button(scene, control) for control in made)
