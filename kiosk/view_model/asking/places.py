"""The nearest places on a drawn map (64): which, how far, open until when, what to bring and what not. Pure."""

from __future__ import annotations

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.screen_model import ButtonRow, Control, Fact, Facts, Gap, ScreenModel
from kiosk.screen_model import Words as Line
from kiosk.services import places
from kiosk.services.definition import words
from kiosk.services.display import shown_date, shown_moment
from kiosk.session.asking import places as asked
from kiosk.session.common import application_of
from kiosk.view_model.frame import Scene, back, blank, button, home, primary

DAYS = {"MO": "周一", "TU": "周二", "WE": "周三", "TH": "周四", "FR": "周五", "SA": "周六", "SU": "周日"}


def page(scene: Scene) -> ScreenModel:
    """The map is a picture; the buttons under it choose."""
    session, say = scene.session, scene.say
    application = application_of(session)
    found = asked.of(session)
    chosen = found[min(application.page, len(found) - 1)]
    pins = tuple(places.Pin(str(number), item.x, item.y, item is chosen) for number, item in enumerate(found, 1))
    town = places.TownMap(asked.here(session), say("您在这里"), say("北"), pins, scene.language)
    buttons = tuple(_button(scene, number, item, selected=item is chosen) for number, item in enumerate(found, 1))
    shown = application.service.places
    by = "" if shown is None else application.answers.get(shown.by, asked.ANY)
    field = None if shown is None else application.service.field(shown.by)
    named = next((choice for choice in field.choices if choice.value == by), None) if field is not None else None
    return replace(
        blank(scene),
        where=words(application.service.name, scene.language),
        where_detail=words(named.names, scene.language) if named is not None else "",
        home=home(scene) if session.holder is not None or session.browsing else None,
        title=say("最近的 {n} 个地方", n=len(found)),
        body=(
            town,
            ButtonRow(buttons),
            Facts(_facts(scene, chosen, by), compact=True),
            Gap(),
            Line(say("地图只给您看方向，选地方请按上面的号码。"), small=True),
        ),
        back=back(scene),
        primary=primary(scene, say("看好了"), onward=False),
    )


def _button(scene: Scene, number: int, item: places.Place, *, selected: bool) -> Control:
    text = f"{number} {words(item.name, scene.language)}"
    return button(scene, Control(f"place.{number}", "choice", text, e.AnswerChosen(item.id), selected=selected))


def _facts(scene: Scene, item: places.Place, by: str) -> tuple[Fact, ...]:
    say, local = scene.say, scene.session.world.local
    until = places.open_until(item, local)
    following = places.opens_next(item, local)
    now = (
        say("现在开着，到 {t}", t=until)
        if until
        else say("现在关着，{t} 开", t=shown_moment(following, scene.language))
    )
    week = places.hours(item, scene.language, {code: say(text) for code, text in DAYS.items()})
    far = say("走路 {n} 分钟", n=item.minutes) if item.minutes <= places.WALK_UP_TO_MIN else say("远，请坐车")
    where = Fact(words(item.place, scene.language), icon="pin", detail=far if item.metres else say("就在这里"))
    rows = [where, Fact(now, icon="clock", detail=" · ".join(week))]
    shown = application_of(scene.session).service.places
    guide = None if shown is None else shown.guide.get(by)
    if guide is not None:
        rows.append(Fact(words(guide.bring, scene.language), icon="doc", detail=words(guide.leave, scene.language)))
    if item.assured:
        rows.append(Fact(say("{d}核对过", d=shown_date(item.assured, scene.language)), icon="check"))
    return tuple(rows[:4])
