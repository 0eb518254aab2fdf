"""Writing in the form: the field, the switch between the pads, the pinyin panel (20), the writing square (61). Pure."""

from __future__ import annotations

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.pieces.visit import Pad
from kiosk.screen_model import ButtonRow, Control, Field, Keyboard, Piece, WritingPad
from kiosk.services.definition import FieldDefinition
from kiosk.session.asking import events as asked
from kiosk.session.asking import writing
from kiosk.session.common import application_of
from kiosk.view_model.frame import Scene, button
from kiosk.words import languages

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
    pads = writing.pads(scene.session, item)
    if len(pads) == 1:
        return (field, letters)
    pad = writing.pad(scene.session, item)
    state = application_of(scene.session).writing
    if pad == "hand":
        return (replace(field, blank=bool(state.strokes)), _pads(scene, pads, pad), _square(scene))
    if pad == "pinyin":
        letters = Keyboard(letter_rows(scene, LETTERS), _candidates(scene))
    return (replace(field, spelling=state.letters), _pads(scene, pads, pad), letters)


def _pads(scene: Scene, pads: tuple[Pad, ...], chosen: Pad) -> ButtonRow:
    say = scene.say
    names: dict[Pad, str] = {"pinyin": say("拼音"), "hand": say("手写"), "letters": say("字母和数字")}
    made = [Control(f"pad.{pad}", "aid", names[pad], asked.PadChosen(pad), selected=pad == chosen) for pad in pads]
    return ButtonRow(tuple(button(scene, control) for control in made))


def _square(scene: Scene) -> WritingPad:
    """The writing square. While nothing is written in it, its two buttons take back what is in the field."""
    say, state = scene.say, application_of(scene.session).writing
    if state.strokes:
        undo = Control("key.delete", "key", say("撤一笔"), e.KeysErased(), "back")
        clear = Control("key.clear", "key", say("重写"), e.KeysErased(all=True), "cross")
    else:
        undo = Control("key.delete", "key", say("删一字"), e.KeysErased(), "backspace")
        clear = Control("key.clear", "key", say("清空"), e.KeysErased(all=True), "cross")
    shown = state.candidates[state.first : state.first + writing.BESIDE_SQUARE]
    made = [
        Control(f"hand.{n}", "secondary", one, asked.CharacterChosen(state.strokes, state.first + n), selected=n == 0)
        for n, one in enumerate(shown)
    ]
    more = Control("hand.more", "secondary", say("都不是"), asked.CandidatesTurned(), onward=True)
    return WritingPad(
        _how(scene),
        state.strokes,
        e.StrokeDrawn(session_id=scene.session.id),
        button(scene, undo),
        button(scene, clear),
        tuple(button(scene, control) for control in made),
        button(scene, more) if len(state.candidates) > writing.BESIDE_SQUARE else None,
    )


def _how(scene: Scene) -> str:
    """What to write: where the square cannot read the script of the language, that as well."""
    if languages.language(scene.language).convert and not scene.session.world.hant:
        return scene.say("用手指写，一次一个字。只认得简体字")
    return scene.say("用手指写，一次一个字")


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
