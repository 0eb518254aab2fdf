"""Examples: inside a service, from what it is to checking the answers (17 to 23)."""

from __future__ import annotations

from kiosk.events import AnswerChosen, ChangeAsked, ConsentRefused, FieldDisputed, KeysErased, KeyTyped, PageTurned
from kiosk.screen_model import (
    Ask,
    Asks,
    ButtonRow,
    CheckRow,
    CheckRows,
    Choices,
    Control,
    DateField,
    Fact,
    Facts,
    Field,
    Gap,
    Heading,
    Keyboard,
    Notice,
    Pager,
    Prefilled,
    PrefilledRows,
    ScreenModel,
    Tick,
    Ticks,
    Words,
)
from kiosk.ui.gallery.common import SESSION, Scene


def intro(s: Scene) -> ScreenModel:
    def have(chinese: str, english: str, why: str, reason: str) -> Tick:
        return Tick("have", s.t(chinese, english), s.t(why, reason))

    return s.school(
        "intro",
        1,
        ("看说明", "Read this"),
        title=s.t("给孩子报名上公办小学", "Enrol your child in a public school"),
        body=(
            Facts(
                (
                    Fact(s.t("大约 2 分钟", "About 2 minutes"), s.t("现在要花", "It takes"), "clock"),
                    Fact(
                        s.t("15 个工作日内，短信通知您", "Within 15 working days, by text"),
                        s.t("多久有结果", "Result"),
                        "calendar",
                    ),
                    Fact(s.t("不收费", "Nothing"), s.t("费用", "Fee"), "coins"),
                )
            ),
            Heading(s.t("这些都不用带、不用填", "No need to bring or fill in")),
            Ticks(
                (
                    have("房产证", "Property deed", "规划和自然资源局已有登记", "Planning Bureau has it"),
                    have("户口本", "Household book", "公安局已有户籍资料", "Police has it"),
                    have("社保缴费证明", "Insurance proof", "人社局已有缴费记录", "Labour Bureau has it"),
                )
            ),
            Gap(),
            Words(
                s.t(
                    "由市教育局办理 · 依据《义务教育法》第十二条",
                    "By the Education Bureau · Compulsory Education Law, article 12",
                ),
                small=True,
            ),
        ),
        back=s.back(),
        primary=s.primary("开始办理", "Start"),
    )


def consent(s: Scene) -> ScreenModel:
    refuse = s.control(
        "refuse",
        "secondary",
        ("不同意，改为窗口人工核对（约 5 天）", "No, check at a counter (about 5 days)"),
        ConsentRefused(session_id=SESSION),
        icon="cross",
        onward=True,
    )
    return s.school(
        "consent",
        2,
        ("同意查资料", "Consent"),
        title=s.t("可以替您查这 3 样资料吗？", "May we look up these 3?"),
        subtitle=s.t("只为这次报名用，用完不保存在本机。", "Only for this enrolment; not kept on this machine."),
        body=(
            Asks(
                (
                    Ask(
                        s.t("公安局", "Police"),
                        s.t("户籍、家庭成员、住址", "Household, family, address"),
                        s.t("为什么：确认孩子是您的家人", "Why: the child is of your family"),
                    ),
                    Ask(
                        s.t("规划和自然资源局", "Planning Bureau"),
                        s.t("您名下在本市的房产", "Property in your name"),
                        s.t("为什么：排学位要用，您不用带房产证", "Why: for the place; no deed needed"),
                    ),
                    Ask(
                        s.t("人社局", "Labour Bureau"),
                        s.t("您近 5 年社保缴费月数", "Insurance months, last 5 years"),
                        s.t("为什么：算积分要用，您不用带缴费证明", "Why: for the points; no proof needed"),
                    ),
                )
            ),
            Gap(),
            Notice(
                "info",
                s.t("谁查过、查了什么，您随时能看到", "You can always see who looked up what"),
                s.t("首页“我的资料”里有完整记录。", "All of it is under My records."),
            ),
            Choices((refuse,)),
        ),
        back=s.back(),
        primary=s.primary("我同意，去查", "I agree"),
    )


FORM = (
    ("孩子", "Child", "陈*朗，6 岁，男", "陈*朗, 6, boy", "公安局", "Police", "5月17日", "17 May"),
    (
        "住址",
        "Address",
        "榕树街 **路 12 号 *** 房",
        "榕树街 **路 12 号 *** 房",
        "公安局",
        "Police",
        "5月17日",
        "17 May",
    ),
    ("房产", "Property", "本市有 1 处登记", "1 registered here", "规划和自然资源局", "Planning", "今天", "today"),
    ("社保", "Insurance", "缴费 62 个月", "62 months paid", "人社局", "Labour", "4月30日", "30 April"),
    ("联系手机", "Mobile", "138****5678", "138****5678", "您上次填写", "your last visit", "3月2日", "2 March"),
)


def rows_on_a_page(s: Scene) -> int:
    """How many prefilled rows a page should hold in a mode; what the view model does too."""
    if s.modes.reach:
        return 3
    return {1.0: 5, 1.25: 5, 1.6: 3, 2.0: 3}[s.modes.text_scale]


def form(s: Scene) -> ScreenModel:
    def wrong(i: int) -> Control:
        event = FieldDisputed(f"field{i}", session_id=SESSION)
        return s.control(f"wrong.{i}", "secondary", ("不对", "Wrong"), event, icon="flag")

    rows = tuple(
        Prefilled(
            s.t(zh, en),
            s.t(value_zh, value_en),
            s.t(f"来自{who_zh} · {when_zh}更新", f"From {who_en}, {when_en}"),
            "person" if i == 4 else "agency",
            wrong(i),
        )
        for i, (zh, en, value_zh, value_en, who_zh, who_en, when_zh, when_en) in enumerate(FORM)
    )
    page = rows_on_a_page(s)
    paged = page < len(rows)
    note: tuple[Gap | Words, ...] = (
        Gap(),
        Words(s.t("第 1 页，共 2 页", "Page 1 of 2"), small=True)
        if paged
        else Words(
            s.t(
                "说“不对”不会停下来：先照您说的办，再请部门更正。",
                "We go on with what you say and the office corrects it.",
            ),
            icon="help",
        ),
    )
    return s.school(
        "prefilled",
        3,
        ("看资料对不对", "Check your data"),
        title=s.t("请看看，这些对吗？", "Is this right?"),
        subtitle="" if paged else s.t("都是替您查来的，不用填。", "All looked up for you; nothing to fill in."),
        body=(PrefilledRows(rows[:page]), *note),
        back=s.back(),
        primary=s.primary("看下一页", "Next page") if paged else s.primary("都对，继续", "All right, continue"),
    )


def text_question(s: Scene) -> ScreenModel:
    def key(letter: str) -> Control:
        return Control(f"key.{letter.lower()}", "key", letter, KeyTyped(letter.lower(), session_id=SESSION))

    clear = s.control("key.clear", "key", ("清空", "Clear"), KeysErased(True, session_id=SESSION))
    delete = s.control("key.delete", "key", ("删除", "Delete"), KeysErased(session_id=SESSION), icon="backspace")
    letters = tuple(tuple(key(one) for one in line) for line in ("QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"))
    candidates = tuple(
        Control(f"candidate.{i}", "choice", word, AnswerChosen(word, session_id=SESSION))
        for i, word in enumerate(("幼儿园", "幼儿", "右耳", "有二", "又而", "友尔", "由", "有"))
    )
    quick = (
        s.control("none", "choice", ("没上过", "None"), AnswerChosen("none", session_id=SESSION)),
        s.control(
            "nearby",
            "choice",
            ("从附近的园里选", "Choose nearby"),
            AnswerChosen("near", session_id=SESSION),
            icon="pin",
        ),
    )
    return s.school(
        "question",
        4,
        ("还差 2 个问题", "2 questions left"),
        title=s.t("孩子现在上哪所幼儿园？", "Which nursery now?"),
        subtitle=s.t("没上过，就按“没上过”。", "If none, press None."),
        body=(
            Field("nursery", "榕树街第二"),
            ButtonRow(quick),
            Keyboard((letters[0], letters[1], (clear, *letters[2], delete)), candidates),
        ),
        back=s.back(),
        primary=s.primary("继续", "Continue"),
    )


def date(s: Scene) -> ScreenModel:
    quick = (
        s.control("born-here", "choice", ("出生就住这里", "Since birth"), AnswerChosen("birth", session_id=SESSION)),
        s.control("month-only", "choice", ("只记得月份", "Only the month"), AnswerChosen("month", session_id=SESSION)),
    )
    return s.school(
        "question",
        4,
        ("还差 1 个问题", "1 question left"),
        title=s.t("孩子哪一天搬来住的？", "When did the child move in?"),
        subtitle=s.t("记不清，写大概的月份也可以。", "Not sure? About which month is fine."),
        body=(DateField("moved-in", "2026", "09", "", ""), ButtonRow(quick), s.keypad()),
        back=s.back(),
        primary=s.primary("继续", "Continue", enabled=False),
    )


def number(s: Scene) -> ScreenModel:
    return s.school(
        "question",
        4,
        ("还差 1 个问题", "1 question left"),
        title=s.t("家里住几个人？", "How many live at home?"),
        body=(
            Field(
                "people",
                "3",
                after=s.t("人", "people"),
                error=s.t("最多 20 人，请看看是不是多按了一位", "At most 20; one digit too many?"),
            ),
            s.keypad(),
        ),
        back=s.back(),
        primary=s.primary("继续", "Continue"),
    )


SCHOOLS = (
    ("榕树街小学", "Rongshu Street School", "走路 8 分钟 · 今年招 4 个班", "8 minutes on foot · 4 classes"),
    ("滨江路第二小学", "Binjiang Road School 2", "走路 15 分钟 · 今年招 6 个班", "15 minutes on foot · 6 classes"),
    ("南塘实验小学", "Nantang School", "公交 2 站 · 今年招 5 个班", "2 stops by bus · 5 classes"),
    ("东堤小学", "Dongdi School", "公交 3 站 · 今年招 4 个班", "3 stops by bus · 4 classes"),
)


def choice(s: Scene) -> ScreenModel:
    items = tuple(
        s.control(
            f"answer.{i}",
            "choice",
            (zh, en),
            AnswerChosen(f"school{i}", session_id=SESSION),
            detail=(d_zh, d_en),
            selected=i == 0,
        )
        for i, (zh, en, d_zh, d_en) in enumerate(SCHOOLS)
    )
    pager = Pager(
        s.t("第 1 页，共 2 页", "Page 1 of 2"),
        s.control(
            "page.up", "secondary", ("上一页", "Before"), PageTurned(-1, session_id=SESSION), icon="up", enabled=False
        ),
        s.control("page.down", "secondary", ("下一页", "Next"), PageTurned(1, session_id=SESSION), icon="down"),
    )
    return s.school(
        "question",
        4,
        ("最后 1 个问题", "Last question"),
        title=s.t("第一志愿选哪所小学？", "Which school first?"),
        subtitle=s.t("按住址排出来的，最近的在最上面。", "Sorted by your address, nearest first."),
        body=(Choices(items[:2] if s.modes.reach else items, radio=True), Gap(), pager),
        back=s.back(),
        primary=s.primary("继续", "Continue"),
    )


def check(s: Scene) -> ScreenModel:
    found = s.t("查来的", "looked up")

    def change(i: int) -> Control:
        return s.control(
            f"change.{i}", "secondary", ("改", "Edit"), ChangeAsked(f"field{i}", session_id=SESSION), icon="edit"
        )

    rows = (
        CheckRow(s.t("孩子", "Child"), s.t("陈*朗，6 岁，男", "陈*朗, 6, boy"), found),
        CheckRow(s.t("住址", "Address"), "榕树街 **路 12 号 *** 房", found),
        CheckRow(s.t("房产和社保", "Property"), s.t("已查到，不用交证明", "Found, no proof needed"), found),
        CheckRow(s.t("幼儿园", "Nursery"), s.t("榕树街第二幼儿园", "榕树街第二幼儿园"), change=change(3)),
        CheckRow(s.t("搬来日期", "Moved in"), s.t("2026 年 9 月 1 日", "1 September 2026"), change=change(4)),
        CheckRow(s.t("第一志愿", "First choice"), s.t("榕树街小学", "Rongshu Street School"), change=change(5)),
        CheckRow(s.t("结果通知", "Result to"), s.t("短信到 138****5678", "Text to 138****5678"), change=change(6)),
    )
    rows = rows[: {1.0: 7, 1.25: 5, 1.6: 4, 2.0: 4}[s.modes.text_scale]] if not s.modes.reach else rows[2:5]
    return s.school(
        "check",
        5,
        ("最后看一遍", "Check"),
        title=s.t("最后看一遍，再提交", "Check, then submit"),
        subtitle=s.t("提交以后，15 个工作日内还可以改一次。", "You may change it once within 15 working days."),
        body=(
            CheckRows(rows),
            Gap(),
            Notice(
                "info",
                s.t("按“提交报名”，就是说：以上都是真的", "Submit means: all this is true"),
                s.t("您的卡会替您签名。", "Your card signs for you."),
            ),
        ),
        back=s.back(),
        primary=s.primary("提交报名", "Submit"),
    )
