"""A screen as it is told to somebody who does not see it: where one is, what matters, what is asked, how to answer.

It is written for listening: the labels are not read in their order, choices are counted and then named, what goes on
by itself is not repeated every second, and no digit of a PIN is ever said. Any piece that this module does not know is
told from its words and its controls, so a new piece is never silent. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from kiosk import screen_model as m
from kiosk.events import ChangeAsked, Event, FieldDisputed
from kiosk.frozen import frozen
from kiosk.speech.focus import Spot, controls_of, is_pin_digit
from kiosk.words.i18n import Say
from kiosk.words.languages import listed

SECONDS_BETWEEN = 15
"""A countdown is told this often."""
FEW = 4
"""So many choices are told with their second lines; of more only the names."""
MARKS_OF_A_QUESTION = "？?"
SILENT_FIELDS = frozenset(
    {"id", "icon", "name", "source_icon", "qr", "mark", "meaning", "role", "placeholder", "language"}
)
"""Fields of a piece that hold no words for a citizen."""


@frozen
class Sentence:
    """Something that is said. A `quiet` one is said with its whole screen, not when it alone has changed."""

    text: str
    quiet: bool = False


def transcript(model: m.ScreenModel, tell: Say) -> tuple[Sentence, ...]:
    """Return what is said of a screen, in order. `tell` gives the spoken words of its language."""
    told = [*_head(model, tell)]
    for piece in model.body:
        told += _piece(piece, model.language, tell)
    told += _ways(model, tell)
    return tuple(Sentence(_ended(one.text, tell), one.quiet) for one in told if one.text.strip())


def _head(model: m.ScreenModel, tell: Say) -> Iterable[Sentence]:
    if model.name == "attract":
        yield Sentence(model.terminal)
    yield Sentence(model.where, quiet=True)
    yield Sentence(model.where_detail, quiet=True)
    for chip in model.chips:
        if chip.icon != "speaker":
            yield Sentence(chip.text, quiet=True)
    yield Sentence(model.greeting, quiet=True)
    if model.title:
        yield Sentence(_marked(model.title_meaning, model.title, tell))
    yield Sentence(model.subtitle)


def _marked(meaning: m.Meaning | None, text: str, tell: Say) -> str:
    """A mark's meaning in words, where the words beside it do not say it themselves."""
    if meaning == "att":
        return tell("请注意：{x}", x=text)
    return tell("停一下：{x}", x=text) if meaning == "stop" else text


def _ended(text: str, tell: Say) -> str:
    text = text.strip()
    return text if text[-1] in "。！？.!?：:" else text + tell("。")


def _sentences(parts: Iterable[str], tell: Say) -> str:
    """Several statements of one row, each with its own end."""
    return " ".join(_ended(part, tell) for part in parts if part.strip())


# ------------------------------------------------------------------------------------------------- pieces


def _piece(piece: object, language: str, tell: Say) -> list[Sentence]:
    telling = PIECES.get(type(piece))
    if telling is None:
        return _unknown(piece, language, tell)
    found = telling(piece, language, tell)
    return [one if isinstance(one, Sentence) else Sentence(one) for one in found]


def _words(piece: m.Words, _language: str, tell: Say) -> list[str]:
    return [_sentences((piece.text, piece.end), tell)]


def _notice(piece: m.Notice | m.Trouble | m.Result, _language: str, tell: Say) -> list[str]:
    return [_marked(piece.meaning, piece.title, tell), piece.text]


def _facts(piece: m.Facts, _language: str, tell: Say) -> list[str]:
    return [_sentences((_labelled(row.label, row.value, tell), row.detail, row.chip), tell) for row in piece.rows]


def _labelled(label: str, value: str, tell: Say) -> str:
    return tell("{a}：{b}", a=label, b=value) if label else value


MARKS: Mapping[str, str] = {
    "done": "做完了：{x}",
    "current": "正在做：{x}",
    "todo": "还没到：{x}",
    "no": "没有做：{x}",
}


def _ticks(piece: m.Ticks, _language: str, tell: Say) -> list[str]:
    return [
        _sentences((tell(MARKS[row.mark], x=row.text) if row.mark in MARKS else row.text, row.detail), tell)
        for row in piece.rows
    ]


def _path(piece: m.Path, _language: str, tell: Say) -> list[str]:
    """Only what was chosen: what is asked now, the question says."""
    return [tell(MARKS[part.mark], x=part.text) for part in piece.parts if part.mark == "done"]


def _timeline(piece: m.Timeline, language: str, tell: Say) -> list[str]:
    """Who has done which steps, agency by agency."""
    rows: list[str] = []
    for lane in piece.lanes:
        steps = [tell(BARS[bar.state], x=tell("第 {n} 步", n=bar.label)) for bar in lane.bars]
        rows.append(_labelled(lane.name, listed(steps, language), tell))
    return rows


BARS: Mapping[str, str] = {**MARKS, "asked": "请注意：{x}"}


def _asks(piece: m.Asks, _language: str, tell: Say) -> list[str]:
    return [tell("向{a}查{w}，{y}", a=row.agency, w=row.what, y=row.why) for row in piece.rows]


def _prefilled(piece: m.PrefilledRows, _language: str, tell: Say) -> list[str]:
    rows = [
        _sentences(
            (_labelled(row.label, row.value, tell), row.source, tell("您说这一项不对") if row.disputed else ""), tell
        )
        for row in piece.rows
    ]
    events = [row.wrong.event for row in piece.rows if row.wrong is not None and row.wrong.enabled]
    wrong = tell("哪一项不对，选那一项的“不对”") if any(isinstance(one, FieldDisputed) for one in events) else ""
    change = tell("要改哪一项，选那一项的“改”") if any(isinstance(one, ChangeAsked) for one in events) else ""
    return [*rows, wrong, change]


def _check(piece: m.CheckRows, _language: str, tell: Say) -> list[str]:
    rows = [_sentences((_labelled(row.label, row.value, tell), row.source), tell) for row in piece.rows]
    return [*rows, tell("要改哪一项，选那一项的“改”") if any(row.change for row in piece.rows) else ""]


def _choices(piece: m.Choices | m.Tiles | m.ButtonRow, language: str, tell: Say) -> list[str]:
    label = piece.label if isinstance(piece, m.ButtonRow) else ""
    return [label, _offered(piece.items, language, tell)]


def _offered(items: Sequence[m.Control], language: str, tell: Say) -> str:
    few = len(items) <= FEW
    names = [_named(item, tell, detail=few) for item in items]
    if len(names) <= 1:
        return "".join(tell("可以选“{x}”", x=name) for name in names)
    if few and any(item.detail for item in items):
        rows = _sentences((tell("{n}，{x}", n=n, x=name) for n, name in enumerate(names, 1)), tell)
        return tell("有 {n} 个选择：{list}", n=len(names), list=rows)
    return tell("有 {n} 个选择：{list}", n=len(names), list=listed(names, language))


def _named(control: m.Control, tell: Say, *, detail: bool = True) -> str:
    """A control's words and its state."""
    text = tell("{a}，{b}", a=control.text, b=control.detail) if detail and control.detail else control.text
    if not control.enabled:
        return tell("{x}，现在不能用", x=text)
    return tell("{x}，已选", x=text) if control.selected else text


def _pin(piece: m.PinEntry, _language: str, tell: Say) -> list[Sentence]:
    full = Sentence(tell("{n} 位都输好了", n=piece.length) if piece.filled == piece.length else "")
    ways = (
        tell("按一位响一声，不会读出来"),
        tell("带数字的按键可以直接按"),
        tell("没有数字的按键：光标从 1 开始，按一下右键往后一位，按圆点键输入，然后又回到 1"),
        piece.note,
    )
    return [full, *(Sentence(text, quiet=True) for text in ways)]


def _field(piece: m.Field, _language: str, tell: Say) -> list[str]:
    value = " ".join(part for part in (piece.before, piece.value, piece.after) if part) if piece.value else ""
    told = tell("现在填的是：{x}", x=value) if value else tell("还没有填")
    return [tell("请注意：{x}", x=piece.error) if piece.error else "", told]


def _beside(piece: m.Beside, language: str, tell: Say) -> list[str]:
    held = _sentences((_labelled(piece.label, piece.value, tell), piece.source), tell)
    said = _field(piece.said, language, tell) if isinstance(piece.said, m.Field) else _date(piece.said, language, tell)
    return [held, *said]


DATE_PARTS = ("{n} 年", "{n} 月", "{n} 日")


def _date(piece: m.DateField, _language: str, tell: Say) -> list[str]:
    boxes = (piece.year, piece.month, piece.day)
    parts = [tell(text, n=value) for text, value in zip(DATE_PARTS, boxes, strict=True) if value]
    told = tell("现在填的是：{x}", x=" ".join(parts)) if parts else tell("还没有填")
    return [tell("请注意：{x}", x=piece.error) if piece.error else "", told]


def _keypad(piece: m.Keypad, _language: str, tell: Say) -> list[Sentence]:
    pin = any(is_pin_digit(key) for key in piece.keys)
    return [Sentence("" if pin else tell("用数字键填，或者用方向键选数字"), quiet=True)]


def _keyboard(piece: m.Keyboard, language: str, tell: Say) -> list[Sentence]:
    names = [control.text for control in piece.candidates]
    told = Sentence(tell("可以选的字：{list}", list=listed(names, language)) if names else "")
    return [Sentence(tell("用方向键选字母，圆点键输入"), quiet=True), told]


def _writing_pad(piece: m.WritingPad, language: str, tell: Say) -> list[Sentence]:
    names = [control.text for control in piece.candidates]
    told = Sentence(tell("可以选的字：{list}", list=listed(names, language)) if names else "")
    return [Sentence(piece.label, quiet=True), told]


def _ring(piece: m.Ring, _language: str, tell: Say) -> list[Sentence]:
    quiet = piece.left_s % SECONDS_BETWEEN != 0
    return [Sentence(piece.title), Sentence(piece.text or piece.big + piece.small, quiet=quiet)]


def _number(piece: m.CaseNumber, _language: str, tell: Say) -> list[str]:
    return [_labelled(piece.label, piece.number, tell)]


def _receipt(piece: m.ReceiptChoice, language: str, tell: Say) -> list[str]:
    return [_offered(piece.items, language, tell)]


def _unknown(piece: object, language: str, tell: Say) -> list[Sentence]:
    """A piece of a kind that came later: its words row by row, then what can be chosen on it."""
    told = [Sentence(_sentences(row, tell)) for row in _rows_of_words(piece)]
    controls = tuple(controls_of(piece))
    return [*told, Sentence(_offered(controls, language, tell))]


def _rows_of_words(value: object) -> list[list[str]]:
    """The words of a value's own fields as one row, each part that has words of its own as a row after it."""
    own: list[str] = []
    rows: list[list[str]] = []
    for item in fields(value):  # pyright: ignore[reportArgumentType]
        part = getattr(value, item.name)
        if item.name in SILENT_FIELDS or isinstance(part, m.Control | Event):
            continue
        if isinstance(part, str):
            own.append(part)
        for inner in part if isinstance(part, tuple) else (part,):  # pyright: ignore[reportUnknownVariableType]
            if isinstance(inner, str) and inner is not part:
                rows.append([inner])
            elif is_dataclass(inner) and not isinstance(inner, type | Event | m.Control):
                rows += _rows_of_words(inner)
    return [row for row in [own, *rows] if any(row)]


PIECES: Mapping[type[Any], Callable[[Any, str, Say], Sequence[str | Sentence]]] = {
    m.Heading: lambda piece, _language, _tell: [piece.text],
    m.Words: _words,
    m.Notice: _notice,
    m.Result: _notice,
    m.Trouble: _notice,
    m.Facts: _facts,
    m.Ticks: _ticks,
    m.Timeline: _timeline,
    m.Path: _path,
    m.TownMap: lambda _piece, _language, _tell: [],
    m.Asks: _asks,
    m.PrefilledRows: _prefilled,
    m.CheckRows: _check,
    m.Choices: _choices,
    m.Tiles: _choices,
    m.ButtonRow: _choices,
    m.PinEntry: _pin,
    m.Field: _field,
    m.DateField: _date,
    m.Beside: _beside,
    m.Keypad: _keypad,
    m.Keyboard: _keyboard,
    m.WritingPad: _writing_pad,
    m.Pager: lambda piece, _language, _tell: [piece.text],
    m.Picture: lambda _piece, _language, _tell: [],
    m.Where: lambda piece, _language, _tell: [piece.title, piece.text],
    m.Ring: _ring,
    m.CaseNumber: _number,
    m.ReceiptChoice: _receipt,
    m.Gap: lambda _piece, _language, _tell: [],
}
"""How each piece is told. A picture shows what the words beside it say; of a map, the numbered buttons are told."""


# ------------------------------------------------------------------------------------------- ways and focus


def _ways(model: m.ScreenModel, tell: Say) -> Iterable[Sentence]:
    """How to go on and how to go back, at the end, where they are still in the ear."""
    if model.primary is not None and model.primary.role != "primary":
        yield Sentence(tell("可以选“{x}”", x=model.primary.text), quiet=True)
    elif model.primary is not None:
        name = tell("{a}，{b}", a=model.primary.text, b=model.primary_detail) if model.primary_detail else ""
        text = name or model.primary.text
        able = model.primary.enabled
        yield Sentence(tell("往下走，选“{x}”", x=text) if able else tell("“{x}”要先回答才能用", x=text), quiet=not able)
    if model.back is not None and model.back.role != "back":
        yield Sentence(tell("可以选“{x}”", x=model.back.text), quiet=True)
    elif model.back is not None:
        yield Sentence(tell("往回走，选“{x}”", x=model.back.text), quiet=True)
    if model.name in {"attract", "start"}:
        yield Sentence(tell("上下键换一个，圆点键就要这个，再读键再听一遍，帮助键有说明"), quiet=True)
    if model.name == "help":
        for text in keys_told(tell):
            yield Sentence(text, quiet=True)


def keys_told(tell: Say) -> tuple[str, ...]:
    """Return what the keys of the keypad do: on the help screen, and where the help key leads to none."""
    return (
        tell("方向键换一个，圆点键就要这个，返回键退一步，再读键再听一遍，加号键大声，减号键小声"),
        tell("还没选的时候，按圆点键停一停，再按一下接着读"),
    )


def told(spot: Spot, tell: Say) -> str:
    """Return what is said when the focus comes to a control: nothing for a digit of the PIN, which only sounds."""
    control = spot.control
    if is_pin_digit(control):
        return ""
    text = _named(control, tell)
    text = tell("{a}，{b}", a=text, b=spot.about.rstrip(MARKS_OF_A_QUESTION)) if spot.about else text
    if control.role == "key" or spot.count == 1:
        return _ended(text, tell)
    return _ended(tell("{x}。第 {n} 个，共 {m} 个", x=text, n=spot.number, m=spot.count), tell)


def changed(
    before: Sequence[Sentence], after: Sequence[Sentence], unheard: Collection[str] = ()
) -> tuple[Sentence, ...]:
    """Return what is new on a screen that is still the same one, each in its place among what is still unheard.

    `unheard`: texts of this screen that nobody had heard to their end when it changed.
    """
    known = {one.text for one in before}
    return tuple(one for one in after if one.text in unheard or (not one.quiet and one.text not in known))
