"""Service intro, consent, and the wait for the city's data. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.screen_model import (
    Ask,
    Asks,
    Choices,
    Control,
    Fact,
    Facts,
    Gap,
    Heading,
    Notice,
    Piece,
    ScreenModel,
    Tick,
    Ticks,
    Words,
)
from kiosk.services.definition import Catalogue, Limit, ServiceDefinition, words
from kiosk.session.arrival.company import asking
from kiosk.session.common import application_of
from kiosk.session.service import consent_pages, needs_card, sources_per_page
from kiosk.view_model.frame import Scene, back, blank, button, home, primary
from kiosk.words.languages import SOURCE, listed

STEPS = 5


def stepped(scene: Scene, number: int, what: str) -> ScreenModel:
    """Return the frame of a service's screen: its name, step n of m, home, finish."""
    application = application_of(scene.session)
    say = scene.say
    detail = say("第 {n} 步，共 {m} 步", n=number, m=STEPS) + " · " + what
    return replace(
        blank(scene),
        where=words(application.service.name, scene.language),
        where_detail=detail,
        steps=(number, STEPS),
        home=home(scene),
    )


def promised(scene: Scene, limit: Limit | None) -> str:
    """Return how long the office takes, or that it is not known: never a date the definition lacks."""
    if limit is None:
        return scene.say("由部门答复")
    if limit.n == 0:
        return scene.say("当天")
    if limit.unit == "wd":
        return scene.say("{n} 个工作日内", n=limit.n)
    return scene.say("{n} 天内", n=limit.n)


def catalogue_of(scene: Scene) -> Catalogue:
    """Return the catalogue that the visit began with. Only called where a service is at hand."""
    catalogue = scene.session.world.catalogue
    assert catalogue is not None
    return catalogue


def agency_name(scene: Scene, agency: str) -> str:
    return words(catalogue_of(scene).agencies[agency], scene.language)


def holder_of_evidence(scene: Scene, service: ServiceDefinition) -> tuple[Tick, ...]:
    """Return what need not be brought, and who has it already."""
    rows: list[Tick] = []
    for item in service.evidence:
        agency = catalogue_of(scene).subjects[item.subjects[0]].agency
        detail = scene.say("{a}已有登记", a=agency_name(scene, agency))
        rows.append(Tick("have", words(item.replaces, scene.language), detail))
    return tuple(rows)


def intro(scene: Scene) -> ScreenModel:
    """What it does, how long, what need not be brought."""
    say = scene.say
    service = application_of(scene.session).service
    facts = Facts(
        (
            Fact(say("大约 {n} 分钟", n=service.minutes), say("现在要花"), "clock"),
            Fact(_capital(promised(scene, service.promised)), say("多久有结果"), "calendar"),
            Fact(say("不收费") if service.fee == 0 else say("{n} 元", n=service.fee), say("费用"), "coins"),
        )
    )
    ticks = holder_of_evidence(scene, service)
    instead = needs_card(scene.session)
    by_card = instead or (scene.session.holder is None and service.card == "needed")
    return replace(
        stepped(scene, 1, say("看说明")),
        title=words(service.help, scene.language),
        body=(
            facts,
            *((Heading(say("这些都不用带、不用填")), Ticks(ticks)) if ticks else ()),
            Gap(),
            *((card_instead(scene),) if instead else ()),
            *(Words(line, small=True) for line in _by_right(scene, service)),
        ),
        back=back(scene),
        primary=primary(scene, say("插卡办理") if by_card else say("开始办理")),
    )


def _by_right(scene: Scene, service: ServiceDefinition) -> list[str]:
    """Who decides, and under which law. A translated title has a line of its own, with the one it is found under."""
    by = scene.say("由{a}办理", a=agency_name(scene, service.agency))
    if not service.legal:
        return [by]
    law = service.legal[0]
    title = words(law, scene.language)
    if scene.language != SOURCE and scene.language in law:
        return [by, scene.say("依据《{law}》（{chinese}）", law=title, chinese=law[SOURCE])]
    return [by + " · " + scene.say("依据《{law}》", law=title)]


def _capital(text: str) -> str:
    """A part of a sentence as a line of its own; Chinese has no capitals."""
    return text[:1].upper() + text[1:]


def card_instead(scene: Scene) -> Notice:
    """The service on the screen wants to be surer than the city's app, or an identity card, is."""
    say = scene.say
    less = say("它要查的资料，或者要办的事，手机登录还不够。请插卡接着办。")
    if scene.session.by_identity:
        less = say("它要查的资料，或者要办的事，身份证还不够。请插卡接着办。")
    return Notice("att", say("这一件要用市民卡"), less)


def flowing(names: Iterable[str], language: str, *, begun: bool = False) -> list[str]:
    """Names as parts of one sentence: in English only the first begins with a capital, but for words like ID.

    `begun`: the sentence has begun before them, so the first has no capital either.
    """
    found = list(names)
    if language != "en":
        return found
    plain = [one[:1].lower() + one[1:] if one[1:2].islower() else one for one in found]
    return plain if begun else found[:1] + plain[1:]


def asks(scene: Scene, catalogue: Catalogue, service: ServiceDefinition) -> tuple[Ask, ...]:
    """Return the data sources, grouped by the agency that holds them."""
    reasons: dict[str, str] = {}
    for item in service.evidence:
        for subject in item.subjects:
            reasons.setdefault(subject, words(item.why, scene.language))
    by_agency: dict[str, list[str]] = {}
    for subject in service.subjects:
        by_agency.setdefault(catalogue.subjects[subject].agency, []).append(subject)
    made: list[Ask] = []
    for agency, subjects in by_agency.items():
        names = [words(catalogue.subjects[subject].plain, scene.language) for subject in subjects]
        why = next(
            (reasons[subject] for subject in subjects if subject in reasons),
            scene.say("替您填表，不用您写"),
        )
        joined = listed(flowing(names, scene.language), scene.language)
        made.append(Ask(agency_name(scene, agency), joined, why))
    return tuple(made)


def consent(scene: Scene) -> ScreenModel:
    """Which data, from whom, why; saying no has its own row."""
    say = scene.say
    session = scene.session
    service = application_of(session).service
    size, count = sources_per_page(session), consent_pages(session)
    page = min(application_of(session).page, count - 1)
    found = asks(scene, catalogue_of(scene), service)[page * size : page * size + size]
    no = button(
        scene,
        Control("consent.refuse", "secondary", say("不同意，去窗口核对"), e.ConsentRefused(), "cross"),
    )
    title = say("可以替您查这 {n} 样资料吗？", n=len(service.subjects))
    note = Notice("info", say("谁查过、查了什么，都有记录"), say("只给这次办事用，用完不保存在本机。"))
    if not session.world.network_up:
        known = say("现在没有网络，先用登录时的资料") if session.by_app else say("现在没有网络，先用卡里的资料")
        note = Notice("held", known, say("您同意以后，网络恢复时由部门自己去查。"))
    body: tuple[Piece, ...] = (Asks(found), Gap(), note, Choices((no,)))
    if session.modes.reach:
        rows = tuple(Fact(one.what, icon="agency", detail=one.agency) for one in found)
        body = (Facts(rows, compact=True), Gap(), Choices((no,)))
    told = [say("第 {n} 页，共 {m} 页", n=page + 1, m=count)] if count > 1 else []
    agree = say("我同意，去查") if session.world.network_up else say("我同意，继续")
    return replace(
        stepped(scene, 2, say("同意查资料")),
        title=title,
        subtitle=" · ".join([*told, *(dict.fromkeys(one.why for one in found) if session.modes.reach else ())]),
        body=body,
        back=back(scene),
        primary=primary(scene, agree if page == count - 1 else say("看下一页")),
    )


def fetching(scene: Scene) -> ScreenModel:
    """The city's data are on their way."""
    say, by_app = scene.say, scene.session.by_app
    before_consent = asking(application_of(scene.session))
    return replace(
        stepped(scene, 2, say("正在查资料")),
        home=None,
        title=say("正在查您代表的公司") if before_consent else say("正在替您查资料"),
        subtitle=say("一般 2 秒左右。请让卡留在里面。") if scene.session.card_in else say("一般 2 秒左右。"),
        body=(
            Ticks(
                (
                    *(() if before_consent else (Tick("done", say("您已同意")),)),
                    Tick("done", say("手机已证明是您本人") if by_app else say("卡已证明是您本人")),
                    Tick("current", say("正在等部门回话")),
                )
            ),
            Gap(),
            Words(
                say("不想等，可以按“结束取卡”。") if scene.session.card_in else say("不想等，可以按“退出”。"),
                small=True,
            ),
        ),
    )
