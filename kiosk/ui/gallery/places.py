"""Example: an address begins with its district (62)."""

from __future__ import annotations

from kiosk.events import AnswerChosen, PageTurned
from kiosk.pieces.timeline import Path, Place
from kiosk.screen_model import Choices, Control, Gap, Heading, ScreenModel, Tiles
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
    following = (s.t("街、镇", "Street, town"), s.t("社区、村", "Community"))
    way = Path((Place("current", s.t("区", "District")), *(Place("todo", name) for name in following)))
    known = s.control(
        "area.known",
        "choice",
        ("荔湾区华林街**社区", "荔湾区华林街**社区"),
        AnswerChosen("known", session_id=SESSION),
        icon="house",
        detail=("刚才给的地址，一按就好", "The address you gave before, one touch"),
        meaning="info",
        onward=True,
    )
    near = Heading(s.t("或者选一个，近的在前", "Or choose, the nearest first"))
    if low:
        body = (Choices((*tiles[:2],)),)
    else:
        body = (way, Choices((known,)), near, Tiles((*tiles, others)), Gap(), Choices((away,)))
    return s.school(
        "form",
        4,
        ("现住址", "Where you live"),
        title=s.t("在哪个区？", "Which district?"),
        body=body,
        back=s.back(),
    )
