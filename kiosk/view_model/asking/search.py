"""Search (16): letters below, what they find above; by agency; home's ways on: these, and what was left. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.screen_model import ButtonRow, Choices, Control, Field, Gap, Keyboard, Pager, Piece, ScreenModel, Words
from kiosk.services.definition import LIFE_EVENTS, words
from kiosk.session.asking import events as asked
from kiosk.session.asking import keeping, search
from kiosk.view_model.asking.writing import LETTERS, letter_rows
from kiosk.view_model.frame import Scene, back, blank, button, home, primary

ICONS: Mapping[str, str] = dict(
    zip(LIFE_EVENTS, ("moved", "work", "school", "house", "shop", "ill", "retire", "travel", "folder"), strict=True)
)


def page(scene: Scene) -> ScreenModel:
    """The field, the services found for it, the keys."""
    say, session = scene.say, scene.session
    typed = session.search.typed
    found = search.found(session)
    size = search.rows(session)
    first = session.search.page * size
    flat = session.modes.reach or session.world.settings.width > session.world.settings.height
    items = tuple(
        button(
            scene,
            Control(
                f"service.{service.id}",
                "secondary" if flat else "choice",
                words(service.name, scene.language),
                e.ServiceChosen(service.id),
                "" if session.modes.reach else ICONS[service.event],
                "" if flat or session.modes.text_scale > 1 else words(service.help, scene.language),
                onward=not session.modes.reach,
            ),
        )
        for service in found[first : first + size]
    )
    count = say("找到 {n} 项", n=len(found)) if found else say("没有找到。换个字母，或者回首页选。") if typed else ""
    body: list[Piece] = [Field("search", typed, icon="search")]
    body += [Words(count, small=True)] if count and not (items and session.modes.reach) else []
    body += [Choices(items)] if items else []
    return replace(
        blank(scene),
        where=say("找服务"),
        where_detail=say("按拼音首字母"),
        home=home(scene),
        title=say("找服务") if session.modes.reach else say("打拼音的第一个字母"),
        subtitle="" if found or session.modes.reach else say("例：公积金 = GJJ，社保 = SB"),
        body=(
            *body,
            *_pager(scene, len(found)),
            *(() if typed else (Choices((_agencies(scene),)),)),
            Gap(),
            Keyboard(letter_rows(scene, LETTERS), low=True),
        ),
        back=back(scene),
    )


def _pager(scene: Scene, found: int) -> tuple[Piece, ...]:
    pages, at = search.pages(scene.session), scene.session.search.page
    if pages == 1 or not found:
        return ()
    say = scene.say
    up = Control("page.up", "secondary", say("上一页"), e.PageTurned(-1), "up", enabled=at > 0)
    down = Control("page.down", "secondary", say("下一页"), e.PageTurned(1), "down", enabled=at < pages - 1)
    if scene.session.modes.reach:
        return (ButtonRow((replace(button(scene, up if at == pages - 1 else down), icon=""),)),)
    return (Pager(say("第 {n} 页，共 {m} 页", n=at + 1, m=pages), button(scene, up), button(scene, down)),)


def on_home(scene: Scene, model: ScreenModel) -> ScreenModel:
    """Add search to the home screen and, where the same card left a form half filled in, the way on with it (15)."""
    session, say = scene.session, scene.say
    look = button(scene, Control("search", "secondary", say("找服务"), asked.SearchAsked(), "search"))
    if session.holder is None:
        return replace(model, primary=look)
    kept, catalogue = keeping.offered(session), session.world.catalogue
    model = replace(model, back=look)
    if kept is None or catalogue is None:
        return model
    name = words(catalogue.services[kept.service].name, scene.language)
    forward = primary(scene, say("接着办{x}", x=name), event=asked.ContinueChosen(), name="home.continue")
    return replace(model, primary=forward, primary_detail=say("上次填的都还在"))


# ------------------------------------------------------------------------------------------------------- by agency


def _agencies(scene: Scene) -> Control:
    event = asked.AgenciesAsked()
    return button(scene, Control("agencies", "secondary", scene.say("按办事部门找"), event, "agency", onward=True))


def by_agency(scene: Scene) -> tuple[Piece, ...]:
    """Home's way to the agencies (15). Where there is no room for it, the search has it (40, 44)."""
    session = scene.session
    upright = session.world.settings.height > session.world.settings.width
    if session.modes.reach or session.modes.text_scale > MOST_HOME or not upright:
        return ()
    return (Gap(), Choices((_agencies(scene),)))


MOST_HOME = 1.25
"""Larger letters than these leave home no room for more than life events, search and what was left."""


def agencies(scene: Scene) -> ScreenModel:
    """The agencies that have a service here, with how many."""
    session, say = scene.session, scene.say
    names = {} if session.world.catalogue is None else session.world.catalogue.agencies
    size, at = search.list_rows(session), search.list_page(session)
    found = list(search.agencies(session).items())[at * size : at * size + size]
    items = tuple(
        button(
            scene,
            Control(
                f"agency.{agency}",
                "choice",
                words(names[agency], scene.language),
                asked.AgencyChosen(agency),
                "agency",
                "" if session.modes.reach else say("这里能办 {n} 件", n=count),
            ),
        )
        for agency, count in found
    )
    nothing = (Words(say("这里还没有可以办的。")),) if not items else ()
    return replace(
        blank(scene),
        where=say("按办事部门找"),
        home=home(scene),
        title=say("找哪个部门？"),
        body=(Choices(items), *nothing, *list_pager(scene)),
        back=back(scene),
    )


def list_pager(scene: Scene) -> tuple[Piece, ...]:
    """The buttons that turn the pages of a list of agencies or services, where it has more than one."""
    pages, at, say = search.list_pages(scene.session), search.list_page(scene.session), scene.say
    if pages == 1:
        return ()
    up = Control("page.up", "secondary", say("上一页"), e.PageTurned(-1), "up", enabled=at > 0)
    down = Control("page.down", "secondary", say("下一页"), e.PageTurned(1), "down", enabled=at < pages - 1)
    return (Gap(), Pager(say("第 {n} 页，共 {m} 页", n=at + 1, m=pages), button(scene, up), button(scene, down)))
