"""Attract, how to start, card prompt, PIN, home, services of a life event. Pure."""

from __future__ import annotations

from drivers.api import SlotState
from kiosk import events as e
from kiosk.frozen import replace
from kiosk.screen_model import (
    ButtonRow,
    Choices,
    Control,
    Gap,
    Keypad,
    Notice,
    Picture,
    PinEntry,
    ScreenModel,
    Tiles,
    Where,
    Words,
)
from kiosk.services.definition import LIFE_EVENTS, words
from kiosk.services.display import mask_name
from kiosk.session.asking import search
from kiosk.session.start import PIN_LENGTH
from kiosk.session.state import State
from kiosk.view_model.asking import app, greeting
from kiosk.view_model.asking.search import by_agency, list_pager, on_home
from kiosk.view_model.frame import Scene, back, blank, button, home, languages, primary
from kiosk.view_model.modes import way_in
from kiosk.words import languages as tongues

EVENT_WORDS = {
    "moved": ("我搬家了", "moved"),
    "work": ("我要工作", "work"),
    "school": ("孩子上学", "school"),
    "home": ("我的房子", "house"),
    "business": ("我做生意", "shop"),
    "ill": ("我看病", "ill"),
    "retire": ("我退休", "retire"),
    "travel": ("我要出行", "travel"),
    "records": ("我的资料", "folder"),
}
"""Life event to its words and icon."""


def attract(scene: Scene) -> ScreenModel:
    say = scene.say
    begin = Control("language.zh", "primary", say("点这里开始"), e.LanguageChosen("zh-Hans"), onward=True)
    others = tuple(
        button(scene, Control(one.button, "secondary", one.name, e.LanguageChosen(code)))
        for code, one in tongues.languages().items()
        if code != tongues.SOURCE
    )
    return replace(
        blank(scene),
        title=say("办事，从这里开始"),
        subtitle=say("不用填政府已经知道的资料。没有卡也能先看看。"),
        finish=None,
        second_name="Guangzhou Citizen Terminal" if scene.language != "en" else "广州市民自助终端",
        primary=button(scene, begin),
        primary_detail=tongues.language(tongues.SOURCE).name,
        body=(ButtonRow(others),),
    )


def start(scene: Scene) -> ScreenModel:
    say = scene.say
    reader_ok = scene.session.world.slot is not SlotState.READER_ABSENT
    card_words = say("社保卡就是市民卡。查资料、申请、打印") if reader_ok else say("读卡口坏了，技术员已知道")
    card = Control("start.card", "choice", say("用市民卡办事"), e.StartChosen("card"), "card", card_words,
                   enabled=reader_ok)  # fmt: skip
    browse = Control("start.browse", "choice", say("不用卡，先看看"), e.StartChosen("browse"), "search",
                     say("看看能办什么、要多久、不用带什么"))  # fmt: skip
    ways = (button(scene, card), *app.way(scene), button(scene, browse), *straight(scene))
    modes = scene.session.modes
    if modes.reach and (modes.text_scale > 1 or len(ways) > MOST_LOW):  # low down there is room for the names only
        ways = tuple(replace(way, detail="") if way.enabled else way for way in ways)
    return replace(
        blank(scene),
        where=say("开始"),
        title=say("您想怎样开始？"),
        body=(
            Choices(ways, big_first=True),
            Gap(),
            ButtonRow(languages(scene), label=tongues.made("语言 · Language", scene.language)),
        ),
        back=back(scene),
        primary=way_in(scene),
    )


MOST_LOW = 3
WAYS = {
    "ticket": ("预约取号", "calendar", "没有卡也能取排队号。已经约好的，插卡报到"),
    "call": ("请 12345 打电话给我", "phone", "留下电话，工作人员给您回电，不用排队"),
}
"""The ways of the start screen that lead straight to a service which names them."""


def straight(scene: Scene) -> tuple[Control, ...]:
    """Return a button for each way that a service of the catalogue stands behind, and that this place offers."""
    catalogue, site = scene.session.world.catalogue, scene.session.world.site
    offered = {item.start: item for item in catalogue.services.values() if item.start} if catalogue is not None else {}
    made: list[Control] = []
    for way, (text, icon, detail) in WAYS.items():
        service = offered.get(way)
        if service is None or (service.needs_place and not site.get("office")):
            continue
        event = e.StartChosen("ticket" if way == "ticket" else "call")
        made.append(button(scene, Control(f"start.{way}", "choice", scene.say(text), event, icon, scene.say(detail))))
    return tuple(made)


def card(scene: Scene) -> ScreenModel:
    """Ask for the card; while it is being named, say so."""
    say = scene.say
    reading = scene.session.state is State.READING
    title = say("正在认卡，请不要拔") if reading else say("请把卡插入读卡口")
    return replace(
        blank(scene),
        where=say("用市民卡办事"),
        where_detail=say("先证明是您本人"),
        home=None if reading else home(scene),
        title=title,
        subtitle=say("芯片朝上，芯片那头先进，推到底。"),
        body=(
            Picture("insert-card", say("读卡口")),
            Where("where-slot", say("读卡口在屏幕右下方"), say("亮蓝灯的就是。办的时候卡留在里面，办完提醒您取。")),
            Gap(),
            *(() if reading else app.way_without_card(scene)),
        ),
        back=None if reading else back(scene),
    )


def pin(scene: Scene) -> ScreenModel:
    """The PIN pad: dots only, tries left as a number after a wrong one."""
    session, say = scene.session, scene.say
    checking = session.state is State.CHECKING_PIN
    shuffle = button(scene, Control("pin.shuffle", "secondary", say("打乱数字"), e.KeysShuffled(), "refresh"))
    entry = PinEntry(PIN_LENGTH, session.pin_length, say("请用手挡一挡，别让人看见"), shuffle)
    wrong = session.pin_rejected and session.tries_left is not None
    notice = Notice(
        "att",
        say("密码不对，还可以试 {n} 次", n=session.tries_left),
        say("卡没有锁。想一想，请再输入一次。"),
    )
    model = replace(
        blank(scene),
        where=say("用市民卡办事"),
        where_detail=say("先证明是您本人"),
        home=None if checking else home(scene),
        title="" if wrong else say("正在核对密码") if checking else say("请输入市民卡密码"),
        subtitle="" if wrong else say("{n} 位数字。屏幕不显示，也不会读出来。", n=PIN_LENGTH),
        body=(*((notice,) if wrong else ()), entry, pin_pad(scene, enabled=not checking)),
        back=None if checking else back(scene),
    )
    ready = session.pin_length == PIN_LENGTH and not checking
    return replace(model, primary=primary(scene, say("确定"), enabled=ready, onward=False, name="pin.ok"))


def pin_pad(scene: Scene, *, enabled: bool) -> Keypad:
    """Digits in the scene's order, then clear, the last digit, and delete."""
    say = scene.say
    keys = [Control(f"pin.{digit}", "key", digit, e.PinKey(digit), enabled=enabled) for digit in scene.key_order]
    clear = Control("pin.clear", "key", say("全部清除"), e.PinErased(all=True), "cross", enabled=enabled)
    delete = Control("pin.delete", "key", say("删一位"), e.PinErased(), "backspace", enabled=enabled)
    ordered = (*keys[:9], clear, keys[9], delete)
    return Keypad(tuple(button(scene, control) for control in ordered))


def home_screen(scene: Scene) -> ScreenModel:
    """Life events first; those with nothing to do here yet are off and say so by being off."""
    session, say = scene.session, scene.say
    catalogue = session.world.catalogue
    open_events = {service.event for service in catalogue.services.values()} if catalogue is not None else set[str]()
    tiles = [
        button(
            scene,
            Control(
                f"event.{name}",
                "choice",
                say(EVENT_WORDS[name][0]),
                e.LifeEventChosen(name),
                EVENT_WORDS[name][1],
                "" if name in open_events else say("还没开通"),
                enabled=name in open_events,
            ),
        )
        for name in LIFE_EVENTS
    ]
    welcome = say("{name}，您好", name=mask_name(session.holder.name)) if session.holder is not None else ""
    model = replace(
        blank(scene),
        where=say("首页"),
        greeting=welcome,
        title=say("想办什么事？"),
        title_display=True,
        body=(*greeting.alert(scene), Tiles(tuple(tiles)), *_offline(scene), *by_agency(scene)),
    )
    return on_home(scene, model if session.holder is not None else replace(model, back=back(scene)))


def _offline(scene: Scene) -> tuple[Gap | Notice, ...]:
    if scene.session.world.network_up:
        return ()
    say = scene.say
    return (Gap(), Notice("held", say("没有网络，照常受理"), say("先记在本机，网络一恢复，自动发出。")))


def services(scene: Scene) -> ScreenModel:
    """The services of one life event, or of one agency."""
    session, say = scene.session, scene.say
    size, at = search.list_rows(session), search.list_page(session)
    found = search.services(session)[at * size : at * size + size]
    items = tuple(
        button(
            scene,
            Control(
                f"service.{service.id}",
                "choice",
                words(service.name, scene.language),
                e.ServiceChosen(service.id),
                "doc",
                words(service.help, scene.language),
            ),
        )
        for service in found
    )
    catalogue, agency = session.world.catalogue, session.finding.agency
    where = words(catalogue.agencies[agency], scene.language) if catalogue is not None and agency else ""
    nothing = (Words(say("这里还没有可以办的。")),) if not items else ()
    return replace(
        blank(scene),
        where=where or say(EVENT_WORDS[session.life_event][0]),
        home=home(scene),
        title=say("要办哪一件？"),
        body=(Choices(items), *nothing, *list_pager(scene)),
        back=back(scene),
    )
