"""An address by district (62), street and community (63), and the search of a long list of choices. Pure."""

from __future__ import annotations

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.pieces.timeline import Path, Place
from kiosk.screen_model import (
    ButtonRow,
    Choices,
    Control,
    Field,
    Gap,
    Heading,
    Keyboard,
    Pager,
    Piece,
    ScreenModel,
    Tiles,
)
from kiosk.screen_model import Words as Line
from kiosk.services import search
from kiosk.services.definition import Choice, words
from kiosk.services.display import masked
from kiosk.session.asking.events import ListSearched
from kiosk.session.asking.picking import level, moves
from kiosk.session.common import application_of
from kiosk.view_model.asking.writing import LETTERS, letter_rows
from kiosk.view_model.frame import Scene, back, button, primary
from kiosk.view_model.service import stepped
from kiosk.words.languages import listed

TILES = 8
"""Districts on the first page; a ninth tile leads to the others (62)."""


def page(scene: Scene) -> ScreenModel:
    """The districts of the city, the streets of one, or the communities of a street."""
    say, now = scene.say, moves.picking(scene.session)
    wrong = application_of(scene.session).changing == "wrong"
    model = replace(
        stepped(scene, 3 if wrong else 4, words(moves.asked(scene.session).label, scene.language)),
        title=_title(scene),
        body=(*(() if _tight(scene) else (path(scene),)), *(_seeking(scene) if now.seeking else _whole(scene))),
        back=back(scene),
    )
    if now.level == level.LEVELS[2]:
        return replace(model, primary=primary(scene, say("不选社区，往下写")))
    if wrong:
        return replace(model, primary=primary(scene, say("说不准，请部门去查")))
    if not moves.asked(scene.session).required:
        return replace(model, primary=primary(scene, say("不填，继续")))
    return model


def _tight(scene: Scene) -> bool:
    """Whether there is no room for more than the question, the field and the keys."""
    session = scene.session
    large = session.modes.text_scale > 1.25
    return session.modes.reach or (moves.picking(session).seeking and large)


def _title(scene: Scene) -> str:
    say, now = scene.say, moves.picking(scene.session)
    if now.level == level.LEVELS[0]:
        return say("在哪个区？")
    inside = words(scene.session.world.areas.by_code[level.outer(now)].names, scene.language)
    if now.seeking and scene.session.modes.reach:
        return inside
    return say("{x}的哪条街、哪个镇？", x=inside) if now.level == level.LEVELS[1] else say("{x}的哪个社区？", x=inside)


def path(scene: Scene) -> Path:
    """Return the way to the address: what was chosen, what is asked, what is still to be chosen (62)."""
    say, now = scene.say, moves.picking(scene.session)
    outer = level.outer(now)
    named = [
        words(scene.session.world.areas.by_code[outer[:digits]].names, scene.language)
        for digits in (6, 9)
        if len(outer) >= digits
    ]
    asked, *following = (say("区"), say("街、镇"), say("社区、村"))[len(named) :]
    done = tuple(Place("done", name) for name in named)
    return Path((*done, Place("current", asked), *(Place("todo", name) for name in following)))


def written(scene: Scene, model: ScreenModel) -> ScreenModel:
    """Say above the pad where the address lies that is written on."""
    now = moves.picking(scene.session)
    if now.level != "rest":
        return model
    if not now.area:
        return replace(model, subtitle=scene.say("请从省、市写起。"))
    areas = scene.session.world.areas
    codes = [now.area[:digits] for digits in (6, 9, 12) if len(now.area) >= digits]
    named = [words(areas.by_code[code].names, scene.language) for code in codes]
    where = ", ".join(reversed(named)) if scene.language == "en" else "".join(named)
    return replace(model, title=where, subtitle=scene.say("再写路名、门牌号和房号。"))


# ------------------------------------------------------------------------------------------- the whole list


def _whole(scene: Scene) -> tuple[Piece, ...]:
    session = scene.session
    if moves.picking(session).level == level.LEVELS[0] and not _flat(scene):
        first = moves.found(session)[0]
        last = Choices((_row(scene, moves.found(session)[-1]),))
        if first.value != moves.KNOWN:
            return (*_ordered(scene, scene.say("近的在前")), _tiles(scene), Gap(), last)
        or_one = _ordered(scene, scene.say("或者选一个，近的在前")) or (Heading(scene.say("或者选一个")),)
        return (Choices((_row(scene, first),)), *or_one, _tiles(scene), Gap(), last)
    return (Choices(_shown(scene)), *turning(scene), Gap())


def _ordered(scene: Scene, text: str) -> tuple[Heading, ...]:
    """Say that the nearest come first, where the terminal knows in which district it stands."""
    world = scene.session.world
    return (Heading(text),) if world.site.get("district", "") in world.areas.by_code else ()


def _flat(scene: Scene) -> bool:
    """Whether the letters are large, or the screen low: rows under each other then, and quiet ones over the keys."""
    return scene.session.modes.reach or scene.session.modes.text_scale > 1.25 or _wide(scene)


def _wide(scene: Scene) -> bool:
    settings = scene.session.world.settings
    return settings.width > settings.height


def _tiles(scene: Scene) -> Tiles:
    """Eight districts and a tile that leads to the others; or those, and a tile that leads back."""
    areas = tuple(one for one in moves.found(scene.session)[:-1] if one.value != moves.KNOWN)
    first = application_of(scene.session).page == 0
    shown, others = (areas[:TILES], areas[TILES:]) if first else (areas[TILES:], areas[:TILES])
    items = [_row(scene, choice) for choice in shown]
    if others:
        text = scene.say("另外 {n} 个", n=len(others))
        known = scene.session.world.areas.by_code
        names = listed((known[one.value].initials for one in others), scene.language) if first else ""
        turn = e.PageTurned(1 if first else -1)
        items.append(button(scene, Control("areas.others", "choice", text, turn, detail=names)))
    return Tiles(tuple(items))


def _row(scene: Scene, choice: Choice) -> Control:
    """A choice of the list as a button: an area with its letters, an answer with what is left of it."""
    session, now = scene.session, moves.picking(scene.session)
    if choice.value == moves.KNOWN and now.level:
        return _known(scene)
    if choice.value == moves.ELSEWHERE and now.level:
        text, event = scene.say("不在广州"), e.AnswerChosen(choice.value)
        return button(scene, Control("area.elsewhere", "secondary", text, event, "pin", onward=True))
    text, event = words(choice.names, scene.language), e.AnswerChosen(choice.value)
    quiet = now.seeking and _flat(scene)
    role = "secondary" if quiet else "choice"
    if now.level:
        letters = "" if quiet else session.world.areas.by_code[choice.value].initials
        before = now.area.startswith(choice.value)
        made = Control(f"area.{choice.value}", role, text, event, "", letters, selected=before, onward=not quiet)
        return button(scene, made)
    name = f"choice.{moves.asked(session).id}.{choice.value}"
    return button(scene, Control(name, role, text, event, enabled=choice.left != 0))


def _known(scene: Scene) -> Control:
    """The address of before, as one choice; its digits are hidden. Where it is close, only what it is."""
    session, say = scene.session, scene.say
    address = moves.known(session)
    short, long = say("用刚才的地址"), say("刚才给的地址，一按就好")
    if address != session.last_address:
        short, long = say("用卡上的地址"), say("卡上的地址，一按就好")
    event = e.AnswerChosen(moves.KNOWN)
    if _flat(scene):
        return button(scene, Control("area.known", "choice", short, event, onward=True))
    shown = masked("address", address)
    return button(scene, Control("area.known", "choice", shown, event, "house", long, meaning="info", onward=True))


def _shown(scene: Scene) -> tuple[Control, ...]:
    """The page of what is listed that is on the screen."""
    session = scene.session
    size = moves.size(session)
    at = min(application_of(session).page, moves.pages(session) - 1) * size
    return tuple(_row(scene, choice) for choice in moves.found(session)[at : at + size])


def turning(scene: Scene) -> tuple[Piece, ...]:
    """The buttons that turn the pages of a list, and the way to its search."""
    session, say = scene.session, scene.say
    count, now = moves.pages(session), moves.picking(session)
    at = min(application_of(session).page, count - 1)
    up = button(scene, Control("page.up", "secondary", say("上一页"), e.PageTurned(-1), "up", enabled=at > 0))
    down = Control("page.down", "secondary", say("下一页"), e.PageTurned(1), "down", enabled=at < count - 1)
    down = button(scene, down)
    text = say("看全部 {n} 个", n=len(moves.listed(session))) if now.seeking else say("按拼音找")
    look = button(scene, Control("list.search", "secondary", text, ListSearched(not now.seeking), "search"))
    if not moves.searched(session):
        return (Pager(say("第 {n} 页，共 {m} 页", n=at + 1, m=count), up, down),) if count > 1 else ()
    if not now.seeking and not session.modes.reach:
        return (Pager(say("第 {n} 页，共 {m} 页", n=at + 1, m=count), up, down), ButtonRow((look,)))
    turns = () if count == 1 else (up if at == count - 1 else down,) if _flat(scene) else (up, down)
    return (ButtonRow(tuple(replace(one, icon="") for one in (*turns, look))),)


# ----------------------------------------------------------------------------------------------- the search


def _seeking(scene: Scene) -> tuple[Piece, ...]:
    """The letters that were typed, what they find, and the keys; a key that leads nowhere is off (63)."""
    session, say = scene.session, scene.say
    now, every, found = moves.picking(session), moves.listed(session), moves.found(session)
    total = say("{n} 个里，{x} 找到 {m} 个", n=len(every), x=now.typed, m=len(found)) if now.typed else ""
    total = total if found else say("没有找到。换个字母，或者看全部。")
    count = (Line(total, small=True),) if total and not (found and _tight(scene)) else ()
    live = search.following([choice.names for choice in every], now.typed)
    rows = tuple(
        tuple(replace(one, enabled=False, event=None) if _dead(one, live) else one for one in row)
        for row in letter_rows(scene, LETTERS)
    )
    field = Field("search", now.typed, icon="search", placeholder=say("拼音的第一个字母"))
    listed_ = (Choices(_shown(scene)),) if found else ()
    return (field, *count, *listed_, *turning(scene), Gap(), Keyboard(rows, low=True))


def _dead(one: Control, live: frozenset[str]) -> bool:
    return isinstance(one.event, e.KeyTyped) and one.event.key.lower() not in live


def of_choices(scene: Scene) -> tuple[Piece, ...]:
    """The search of a question's own list, in the place of the list (`view_model.form`)."""
    return _seeking(scene)
