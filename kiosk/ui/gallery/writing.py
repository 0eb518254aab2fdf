"""Examples: writing by hand, correcting what an office holds, the keypad in use (58, 61, 75)."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import KeysErased, StrokeDrawn
from kiosk.pieces.drawn import Legend
from kiosk.screen_model import Beside, ButtonRow, Choices, Field, ScreenModel, WritingPad
from kiosk.session.asking.events import CandidatesTurned, CharacterChosen, PadChosen
from kiosk.ui.gallery import service
from kiosk.ui.gallery.common import SESSION, Scene

STROKES = (
    ((390, 150), (350, 230), (290, 320), (200, 400), (410, 350)),
    ((480, 300), (400, 440), (290, 570), (170, 690), (500, 630)),
    ((430, 560), (490, 640), (530, 720)),
    ((575, 370), (720, 350), (860, 345), (855, 500), (840, 700), (800, 810), (760, 830), (670, 780)),
    ((725, 190), (720, 300), (690, 480), (620, 700), (540, 820)),
)
"""幼, as picture 61 has it."""


def handwriting(s: Scene) -> ScreenModel:
    pads = (
        s.control("pad.pinyin", "aid", ("拼音", "Pinyin"), PadChosen("pinyin", session_id=SESSION)),
        s.control("pad.hand", "aid", ("手写", "By hand"), PadChosen("hand", session_id=SESSION), selected=True),
        s.control("pad.letters", "aid", ("字母和数字", "ABC 123"), PadChosen("letters", session_id=SESSION)),
    )
    candidates = tuple(
        s.control(
            f"hand.{n}", "secondary", (one, one), CharacterChosen(STROKES, n, session_id=SESSION), selected=n == 0
        )
        for n, one in enumerate("幼幻幺功务劝动")
    )
    return s.school(
        "question",
        4,
        ("还差 2 个问题", "2 questions left"),
        title=s.t("孩子现在上哪所幼儿园？", "Which nursery now?"),
        body=(
            Field("nursery", "榕树街第二", blank=True),
            ButtonRow(pads),
            WritingPad(
                s.t("用手指写，一次一个字", "Write with a finger, one character at a time"),
                STROKES,
                StrokeDrawn(session_id=SESSION),
                s.control("key.delete", "key", ("撤一笔", "Undo"), KeysErased(session_id=SESSION), icon="back"),
                s.control("key.clear", "key", ("重写", "Again"), KeysErased(True, session_id=SESSION), icon="cross"),
                candidates,
                s.control(
                    "hand.more", "secondary", ("都不是", "Others"), CandidatesTurned(session_id=SESSION), onward=True
                ),
            ),
        ),
        back=s.back(),
        primary=s.primary("继续", "Continue", enabled=False),
    )


def wrong(s: Scene) -> ScreenModel:
    return s.school(
        "question",
        3,
        ("更正一项", "Correct one"),
        title=s.t("社保应该是多少个月？", "How many months should it be?"),
        body=(
            Beside(
                s.t("人社局记的", "Labour has"),
                s.t("62 个月", "62 months"),
                s.t("4月30日更新", "30 April"),
                s.t("您说的", "You say"),
                Field("months", "68", after=s.t("个月", "months")),
            ),
            s.keypad(),
        ),
        back=s.back("不改了", "Leave it", "cross"),
        primary=s.primary("继续", "Continue"),
    )


def keypad_focus(s: Scene) -> ScreenModel:
    shown = service.choice(s)
    rows = (
        (s.t("上下键", "Up, down"), s.t("换一个", "move on")),
        (s.t("圆点键", "Round key"), s.t("就要这个", "choose this")),
        (s.t("再读", "Repeat"), s.t("这一项再读一遍", "hear it again")),
    )
    legend = Legend(rows, s.t("帮助", "Help"), s.t("再读", "Repeat"), "down")
    first = shown.body[0]
    assert isinstance(first, Choices)
    items = tuple(replace(item, selected=False) for item in first.items[:3])
    shown = replace(shown, body=(Choices(items[:2] if s.modes.reach else items, radio=True),), focus="answer.1")
    return replace(shown, legend=legend, primary=s.primary("继续", "Continue", enabled=False))
