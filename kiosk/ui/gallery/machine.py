"""Examples: the machine's own trouble, and help (33, 59, 69)."""

from __future__ import annotations

from kiosk.events import HelpPressed, LifeEventChosen
from kiosk.screen_model import Chip, Choices, Fact, Facts, Gap, Heading, Notice, ScreenModel, Tiles, Trouble, Words
from kiosk.ui.gallery.common import SESSION, Scene
from kiosk.ui.gallery.trouble import call, way


def out_of_service(s: Scene) -> ScreenModel:
    free = s.t("现在可用", "free now")
    tiles = (
        ("guide", "查办事指南", "Guides", "search"),
        ("call", "12345 回电", "12345 calls", "phone"),
        ("progress", "查办到哪一步", "Progress", "receipt"),
    )
    return s.screen(
        "out-of-service",
        session_id=0,
        body=(
            Trouble(
                "stop",
                s.t("这台机器暂停服务", "Out of service"),
                s.t("读卡口坏了，正在修。\n预计今天 14:00 修好。", "The slot is broken.\nBack at about 14:00."),
            ),
            Notice(
                "saved",
                s.t("之前办的事都不受影响", "What you did before is safe"),
                s.t("已提交的都在，不用重办。", "All of it is there."),
            ),
            Heading(s.t("最近能办的地方", "Nearest places")),
            Facts(
                (
                    Fact(
                        s.t("同一大厅 · 2 号机", "Same hall · terminal 2"),
                        icon="pin",
                        detail=s.t("左转 20 米", "20 m left"),
                        chip=free,
                    ),
                    Fact(
                        s.t("榕树街便民服务中心窗口", "Counter, Rongshu Street"),
                        icon="pin",
                        detail=s.t("二楼，9:00 到 17:30", "Floor 2, 9:00 to 17:30"),
                        chip=s.t("现在 3 人在等", "3 waiting"),
                    ),
                    Fact(
                        s.t("滨江社区服务站", "Binjiang station"),
                        icon="pin",
                        detail=s.t("走路 9 分钟，24 小时", "9 min on foot"),
                        chip=free,
                    ),
                )
            ),
            Heading(s.t("不用卡的，这里还能办", "Still here, without a card")),
            Tiles(
                tuple(
                    s.control(f"tile.{i}", "secondary", (zh, en), LifeEventChosen(i), icon=icon)
                    for i, zh, en, icon in tiles
                )
            ),
            Gap(),
            Words(
                s.t("热线 12345，24 小时", "Hotline 12345"),
                small=True,
                end=s.t("代码 reader-silent · 3 号机", "Code reader-silent"),
            ),
        ),
    )


def no_paper(s: Scene) -> ScreenModel:
    ways = (
        way(
            s,
            "sms",
            ("发到手机", "To your phone"),
            ("138****5678，短信里有下载的链接", "138****5678, with a link"),
            "message",
        ),
        way(
            s,
            "scan",
            ("用手机扫屏幕上的码", "Scan a code"),
            ("办完显示二维码，手机拍走，一样有效", "Shown at the end, just as valid"),
            "phone",
        ),
        way(
            s,
            "other",
            ("办完到别的机器打", "Print elsewhere"),
            ("全市 1,000 多台都行，插卡就能打", "At over 1,000 terminals"),
            "printer",
        ),
    )
    return s.screen(
        "no-paper",
        chips=(Chip("paperout", s.t("没纸，可发短信", "No paper, text instead")),),
        where=s.t("户籍与居住证明", "Household proof"),
        where_detail=s.t("第 1 步，共 4 步 · 先说一声", "Step 1 of 4"),
        steps=(1, 4),
        home=s.home(),
        finish=s.finish(),
        body=(
            Trouble(
                "att",
                s.t("这台机器的纸用完了", "This terminal has no paper"),
                s.t("事照样能办，只是打不出来。技术员已知道。", "You can go on. A technician knows."),
            ),
            Heading(s.t("证明和凭条，换个方式拿", "Get your papers another way")),
            Choices(ways),
            Heading(s.t("现在就要纸的", "Paper right now")),
            Facts(
                (
                    Fact(
                        s.t("同一大厅，2 号机有纸", "Terminal 2, same hall"),
                        icon="pin",
                        detail=s.t("左转 20 米，现在没人用", "20 m to the left"),
                        chip=s.t("1 分钟前查过", "1 min ago"),
                    ),
                )
            ),
        ),
        back=s.back(),
    )


def help_(s: Scene) -> ScreenModel:
    ways = (
        way(s, "read", ("读给我听", "Read it to me"), ("把那一页从头读一遍", "That page, from the top"), "speaker"),
        way(
            s,
            "staff",
            ("请工作人员过来", "Call a person"),
            ("大厅现在有人，一般 3 分钟到", "Usually in 3 minutes"),
            "person",
        ),
        call(s),
        way(
            s,
            "leave",
            ("我不办了，怎么退出", "How do I leave?"),
            ("按右上角“结束取卡”。填好的会留着", "Press End, take card"),
            "eject",
        ),
    )
    return s.screen(
        "help",
        where=s.t("帮助", "Help"),
        where_detail=s.t("您在：小学报名，第 3 步", "You are at step 3"),
        finish=s.finish(),
        title=s.t("要帮什么忙？", "How can we help?"),
        body=(
            Facts(
                (
                    Fact(
                        s.t(
                            "看看查来的 5 样资料对不对。\n都对：按“都对，继续”。\n哪样错了：按它旁边的“不对”。",
                            "Check the 5 things we found. Press Wrong beside what is wrong.",
                        ),
                        s.t("刚才那一页要您做什么", "What that page wants"),
                        "doc",
                    ),
                )
            ),
            Choices(ways),
            Gap(),
            Notice(
                "info",
                s.t("字太小、太高、看不清？", "Too small, too high?"),
                s.t("按最下面一排，现在就变。", "Use the lowest row."),
            ),
            Words(s.t("看帮助的时候不计时，资料先盖起来了。", "Time stands still; your data are covered.")),
        ),
        primary=s.control(
            "primary", "primary", ("回去，接着办", "Back to it"), HelpPressed(session_id=SESSION), onward=True
        ),
    )
