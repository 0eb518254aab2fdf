"""Examples: an address by district and by street (62, 63)."""

from __future__ import annotations

from kiosk.events import AnswerChosen, KeysErased, KeyTyped, PageTurned
from kiosk.screen_model import ButtonRow, Choices, Control, Field, Gap, Keyboard, ScreenModel, Tiles, Words
from kiosk.session.asking.events import ListSearched
from kiosk.ui.gallery.common import SESSION, Scene

DISTRICTS = (
    ("440103", "荔湾区", "Liwan", "LW"),
    ("440104", "越秀区", "Yuexiu", "YX"),
    ("440105", "海珠区", "Haizhu", "HZ"),
    ("440106", "天河区", "Tianhe", "TH"),
    ("440111", "白云区", "Baiyun", "BY"),
    ("440112", "黄埔区", "Huangpu", "HP"),
    ("440113", "番禺区", "Panyu", "PY"),
    ("440114", "花都区", "Huadu", "HD"),
)
STREETS = (
    ("440103003", "华林街", "Hualin Street", "HL"),
    ("440103016", "花地街", "Huadi Street", "HD"),
    ("440103020", "海龙街", "Hailong Street", "HL"),
)
LIVE = "DL"
"""The keys that lead on from H; the others are off."""


def _area(s: Scene, code: str, names: tuple[str, str], letters: str) -> Control:
    return s.control(f"area.{code}", "choice", names, AnswerChosen(code, session_id=SESSION), detail=letters)


def district(s: Scene) -> ScreenModel:
    low = s.modes.reach or s.modes.text_scale > 1
    tiles = [_area(s, code, (name, english), letters) for code, name, english, letters in DISTRICTS]
    others = s.control("areas.others", "choice", ("另外 3 个", "Others: 3"), PageTurned(1, session_id=SESSION))
    away = s.control(
        "area.elsewhere",
        "secondary",
        ("不在广州", "Not in Guangzhou"),
        AnswerChosen("elsewhere", session_id=SESSION),
        icon="pin",
        onward=True,
    )
    body = (Choices((*tiles[:2],)),) if low else (Tiles((*tiles, others)), Gap(), Choices((away,)))
    return s.school(
        "form",
        4,
        ("现住址", "Where you live"),
        title=s.t("在哪个区？", "Which district?"),
        subtitle="" if low else s.t("区 › 街、镇 › 社区、村", "District › Street, town › Community"),
        body=body,
        back=s.back(),
    )


def street(s: Scene) -> ScreenModel:
    low = s.modes.reach or s.modes.text_scale > 1
    rows = tuple(_area(s, code, (name, english), letters) for code, name, english, letters in STREETS)
    every = s.control(
        "list.search", "secondary", ("看全部 24 个", "See all 24"), ListSearched(open=False, session_id=SESSION)
    )
    keys = tuple(tuple(_key(letter) for letter in row) for row in ("QWERTYUIOP", "ASDFGHJKL"))
    clear = s.control("key.clear", "key", ("清空", "Clear"), KeysErased(True, session_id=SESSION))
    delete = s.control("key.delete", "key", ("删一位", "Delete"), KeysErased(session_id=SESSION), icon="backspace")
    last = (clear, *(_key(letter) for letter in "ZXCVBNM"), delete)
    found = Words(s.t("24 个里，H 找到 3 个", "H: 3 of 24"), small=True)
    return s.school(
        "form",
        4,
        ("现住址", "Where you live"),
        title=s.t("荔湾区", "Liwan") if low else s.t("荔湾区的哪条街、哪个镇？", "Which street or town of Liwan?"),
        body=(
            Field("search", "H", icon="search"),
            *(() if low else (found,)),
            Choices(rows[:1] if low else rows),
            ButtonRow((every,)),
            Gap(),
            Keyboard((*keys, last), low=True),
        ),
        back=s.back(),
    )


def _key(letter: str) -> Control:
    live = letter in LIVE
    return Control(f"key.{letter}", "key", letter, KeyTyped(letter, session_id=SESSION) if live else None, enabled=live)
