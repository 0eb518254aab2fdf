"""Examples: from the attract screen to home (10 to 15, 39)."""

from __future__ import annotations

from kiosk.events import (
    AnswerChosen,
    HelpPressed,
    KeysShuffled,
    LanguageChosen,
    LifeEventChosen,
    ServiceChosen,
    StartChosen,
)
from kiosk.screen_model import (
    ButtonRow,
    Chip,
    Choices,
    Gap,
    Notice,
    Picture,
    PinEntry,
    ScreenModel,
    Tiles,
    Where,
)
from kiosk.ui.gallery.common import SESSION, Scene


def attract(s: Scene) -> ScreenModel:
    languages = (
        s.control("language.yue", "secondary", ("廣州話", "廣州話"), LanguageChosen("yue-Hant")),
        s.control("language.en", "secondary", ("English", "普通话"), LanguageChosen("en")),
    )
    return s.screen(
        "attract",
        session_id=0,
        second_name=s.t("Guangzhou Citizen Terminal", "广州市民自助终端"),
        title=s.t("办事，从这里开始", "Start your business here"),
        subtitle=s.t(
            "不用填政府已经知道的资料。没有卡也能查询和预约。",
            "No forms for what the city knows. No card? Look things up, book a visit.",
        ),
        body=(ButtonRow(languages),),
        primary=s.primary("点这里开始", "Touch to start"),
        primary_detail=s.t("普通话", "English"),
    )


def start(s: Scene) -> ScreenModel:
    def way(id_: str, words: tuple[str, str], detail: tuple[str, str], icon: str):
        return s.control(f"start.{id_}", "choice", words, StartChosen("card"), icon=icon, detail=detail, onward=True)

    ways = (
        way(
            "card",
            ("用市民卡办事", "With your citizen card"),
            ("社保卡就是市民卡。查资料、申请、预约、打印", "The social card is one. Look up, apply, book, print"),
            "card",
        ),
        way(
            "browse",
            ("不用卡，先看看", "Without a card"),
            ("办事指南、附近网点、开放时间", "Guides, offices nearby, hours"),
            "search",
        ),
        way(
            "ticket",
            ("预约取号", "I have a booking"),
            ("已约好的，在这里报到、取排队号", "Check in and take a number"),
            "calendar",
        ),
        way(
            "call",
            ("请 12345 打电话给我", "Have 12345 call me"),
            ("留下电话，工作人员给您回电，不用排队", "Leave your number, no queue"),
            "phone",
        ),
    )
    languages = tuple(
        s.control(f"language.{code}", "choice", (name, name), LanguageChosen(code), selected=code == s.language)
        for code, name in (("zh-Hans", "普通话"), ("yue-Hant", "廣州話"), ("en", "English"))
    )
    return s.screen(
        "start",
        where=s.t("开始", "Start"),
        finish=s.leave(),
        title=s.t("您想怎样开始？", "How would you like to start?"),
        body=(Choices(ways, big_first=True), Gap(), ButtonRow(languages, label="语言 · Language")),
        back=s.back(),
    )


def insert_card(s: Scene) -> ScreenModel:
    nocard = s.control(
        "no-card",
        "secondary",
        ("没带卡，或者插不进去", "No card, or it does not go in"),
        HelpPressed(),
        icon="help",
        onward=True,
    )
    return s.screen(
        "insert-card",
        where=s.t("用市民卡办事", "With your citizen card"),
        where_detail=s.t("先证明是您本人", "First show that it is you"),
        home=s.home(),
        finish=s.leave(),
        title=s.t("请把卡插入读卡口", "Put your card in the slot"),
        subtitle=s.t("芯片朝上，芯片那头先进，推到底。", "Chip up, chip end first, push it in."),
        body=(
            Picture("insert-card", s.t("读卡口", "Card slot")),
            Where(
                "where-slot",
                s.t("读卡口在屏幕右下方", "The slot is below the screen, right"),
                s.t(
                    "亮蓝灯的就是。办的时候卡留在里面，办完提醒您取。",
                    "It glows blue. Leave the card in; we remind you to take it.",
                ),
            ),
            Gap(),
            Choices((nocard,)),
        ),
        back=s.back(),
    )


def _pin_frame(s: Scene, name: str, **more: object) -> ScreenModel:
    return s.screen(
        name,
        where=s.t("用市民卡办事", "With your citizen card"),
        where_detail=s.t("先证明是您本人", "First show that it is you"),
        home=s.home(),
        finish=s.finish(),
        back=s.back(),
        primary=s.primary("确定", "OK", enabled=False),
        **more,
    )


def pin(s: Scene) -> ScreenModel:
    shuffle = s.control("shuffle", "secondary", ("打乱数字", "Shuffle digits"), KeysShuffled(), icon="refresh")
    return _pin_frame(
        s,
        "pin",
        title=s.t("请输入市民卡密码", "Enter your card PIN"),
        subtitle=s.t("6 位数字。屏幕不显示，也不会读出来。", "6 digits. Not shown, not spoken."),
        body=(
            PinEntry(
                6, 3, "" if s.modes.reach else s.t("请用手挡一挡，别让人看见", "Cover the keys with your hand"), shuffle
            ),
            s.keypad(pin=True),
        ),
    )


def pin_wrong(s: Scene) -> ScreenModel:
    buttons = (
        s.control("forgot", "secondary", ("忘了密码", "Forgot PIN"), HelpPressed(), icon="help"),
        s.control("shuffle", "secondary", ("打乱数字", "Shuffle digits"), KeysShuffled(), icon="refresh"),
    )
    return _pin_frame(
        s,
        "pin-wrong",
        body=(
            Notice(
                "att",
                s.t("密码不对，还可以试 2 次", "Wrong PIN, 2 tries left"),
                s.t("卡没有锁。想一想，请再输入一次。", "The card is not locked. Think, then try again."),
            ),
            PinEntry(6, 0),
            ButtonRow(buttons),
            s.keypad(pin=True),
        ),
    )


LIFE = (
    ("moved", "我搬家了", "I moved", "moved"),
    ("work", "我要工作", "I work", "work"),
    ("school", "孩子上学", "My child at school", "school"),
    ("home", "我的房子", "My home", "house"),
    ("business", "我做生意", "My business", "shop"),
    ("ill", "我看病", "I am ill", "ill"),
    ("retire", "我退休", "I retire", "retire"),
    ("travel", "我要出行", "I travel", "travel"),
    ("records", "我的资料", "My records", "folder"),
)


def _tiles(s: Scene, *, offline: bool = False) -> Tiles:
    return Tiles(
        tuple(
            s.control(
                f"life.{id_}",
                "choice",
                (chinese, english),
                LifeEventChosen(id_),
                icon=icon,
                enabled=not (offline and id_ == "records"),
                detail=("要等网络", "needs network") if offline and id_ == "records" else "",
            )
            for id_, chinese, english, icon in LIFE
        )
    )


def _offices(s: Scene) -> Choices:
    by_office = s.control(
        "offices",
        "secondary",
        ("按办事部门找", "Find by office"),
        AnswerChosen("offices", session_id=SESSION),
        icon="agency",
        onward=True,
    )
    return Choices((by_office,))


def home(s: Scene) -> ScreenModel:
    large = s.modes.text_scale >= 1.6
    short = large or s.modes.reach
    detail = ("广州榕*贸易有限公司 · 在这里办，约 2 分钟", "广州榕*贸易 · do it here, about 2 minutes")
    alert = s.control(
        "alert",
        "choice",
        ("您的企业还差税务登记", "Your business is not yet registered for tax"),
        ServiceChosen("tax-registration"),
        meaning="att",
        detail="" if s.modes.text_scale == 2.0 else detail,
        onward=True,
    )
    return s.screen(
        "home",
        where=s.t("首页", "Home"),
        finish=s.finish(),
        greeting=s.t("陈*娴，您好", "Good morning, 陈*娴"),
        title=s.t("想办什么事？", "What do you need?"),
        title_display=True,
        body=(Choices((alert,)), _tiles(s)) if short else (Choices((alert,)), _tiles(s), Gap(), _offices(s)),
        back=s.back("找服务", "Search", "search"),
        primary=s.primary("接着办报名", "Continue") if large else s.primary("接着办小学报名", "School enrolment"),
        primary_detail=s.t("已填 3 步，共 5 步", "Step 3 of 5")
        if large
        else s.t("上次填到第 3 步，都还在", "Continue at step 3 of 5"),
    )


def home_offline(s: Scene) -> ScreenModel:
    note = Notice(
        "held",
        s.t("现在没有网络，申请照样收下", "No network: still open"),
        s.t("先记在本机，恢复后自动发出。", "Recorded here, sent later."),
    )
    return s.screen(
        "home",
        chips=(
            Chip("cloudoff", s.t("没有网络，照常受理", "No network, still open")),
            Chip("paperout", s.t("没纸，可发短信", "No paper, text instead")),
        ),
        where=s.t("首页", "Home"),
        finish=s.finish(),
        greeting=s.t("陈*娴，您好", "Good morning, 陈*娴"),
        title=s.t("想办什么事？", "What do you need?"),
        title_display=True,
        body=(note, _tiles(s, offline=True), Gap(), _offices(s)),
        back=s.back("找服务", "Search", "search"),
    )
