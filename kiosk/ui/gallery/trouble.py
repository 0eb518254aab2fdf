"""Examples: card trouble, and what a company still has to do (32, 54 to 57, 68, 73)."""

from __future__ import annotations

from typing import Literal

from kiosk.events import AnswerChosen
from kiosk.screen_model import (
    CheckRow,
    CheckRows,
    Choices,
    Control,
    Fact,
    Facts,
    Gap,
    Heading,
    Notice,
    Picture,
    Result,
    ScreenModel,
    Tick,
    Ticks,
    Trouble,
    Words,
)
from kiosk.ui.gallery.common import SESSION, Scene


def way(s: Scene, id_: str, words: tuple[str, str], detail: tuple[str, str], icon: str) -> Control:
    event = AnswerChosen(id_, session_id=SESSION)
    return s.control(f"way.{id_}", "choice", words, event, icon=icon, detail=detail, onward=True)


def _id_card(s: Scene) -> Control:
    return way(
        s,
        "id",
        ("改用身份证", "Use your identity card"),
        ("放在屏幕右边的感应区上", "Lay it on the pad at the right"),
        "person",
    )


def call(s: Scene) -> Control:
    return way(s, "call", ("请 12345 打电话给我", "Have 12345 call me"), ("24 小时都有人接", "Day and night"), "phone")


def card_pulled(s: Scene) -> ScreenModel:
    return s.screen(
        "card-pulled",
        where=s.t("已退出", "Ended"),
        body=(
            Result(
                "att",
                s.t("卡拔出来了，已退出", "Card removed, session ended"),
                s.t("这样别人就看不到您的资料。", "So nobody else sees your data."),
            ),
            Heading(s.t("您的事办到哪里了", "How far you got")),
            Ticks(
                (
                    Tick(
                        "done",
                        s.t("已填好的 3 步，留着", "The 3 steps you filled in are kept"),
                        s.t("下次插卡可以接着办", "Continue with your card"),
                    ),
                    Tick(
                        "todo",
                        s.t("报名还没有提交", "Not submitted yet"),
                        s.t("需要插卡继续，才算办完", "Insert the card to finish"),
                    ),
                )
            ),
            Heading(s.t("现在可以", "Now you can")),
            Words(s.t("把卡再插进去，输入密码，从第 4 步继续。", "Put the card back, enter the PIN, go on at step 4.")),
            Words(s.t("不想办了，拿好卡就可以走。", "Or keep your card and leave.")),
            Gap(),
            Words(s.t("30 秒后自动回到首页", "Back to the start in 30 seconds"), small=True),
        ),
        back=s.back("回首页", "Home", "home"),
        primary=s.primary("重新插卡", "Insert again", icon="card"),
    )


def pin_blocked(s: Scene) -> ScreenModel:
    book = way(s, "book", ("约个解锁的时间", "Book a time to unlock"), ("到点直接办，不用排队", "No queue"), "calendar")
    return s.screen(
        "failure.pin-blocked",
        where=s.t("密码锁了", "PIN locked"),
        where_detail=s.t("卡还在读卡口里", "Card is in the slot"),
        finish=s.finish(),
        body=(
            Trouble(
                "stop",
                s.t("密码锁了，\n请到窗口解锁", "PIN locked; unlock it at a counter"),
                s.t("错了 6 次，为了保护您，先不让再试。", "Wrong 6 times. This protects you."),
            ),
            Notice(
                "info",
                s.t("什么都没有丢", "Nothing is lost"),
                s.t("社保、医保照常。银行密码是另一个，没有锁。", "Insurance goes on. The bank PIN is another one."),
            ),
            Heading(s.t("最近能解锁的窗口", "Nearest counter that can")),
            Facts(
                (
                    Fact(
                        s.t("二楼 5 号窗 · 社保卡", "Floor 2, counter 5"),
                        icon="pin",
                        detail=s.t("就在这座楼，电梯出门右转 · 今天开到 17:30", "In this building, open till 17:30"),
                        chip=s.t("现在 3 人在等", "3 waiting"),
                    ),
                    Fact(s.t("这张卡、您的身份证", "This card, your identity card"), s.t("要带", "Bring"), "card"),
                )
            ),
            Heading(s.t("不用密码，现在还能", "Without the PIN you can")),
            Choices((book, call(s))),
        ),
        back=s.back("回首页", "Home", "home"),
        primary=s.primary("打印解锁地址", "Print the address", icon="printer"),
    )


def _card_problem(s: Scene, name: str, **more: object) -> ScreenModel:
    fields: dict[str, object] = {
        "where": s.t("用市民卡办事", "With your citizen card"),
        "where_detail": s.t("卡有问题", "Card trouble"),
        "finish": s.leave(),
        "back": s.back(),
    }
    return s.screen(name, **(fields | more))


def card_unreadable(s: Scene) -> ScreenModel:
    steps = s.t(
        "① 拔出来，擦芯片\n② 芯片朝上，朝里\n③ 一直推到底", "① Wipe the chip\n② Chip up, in first\n③ Push it in"
    )
    return _card_problem(
        s,
        "failure.card-unreadable",
        body=(
            Trouble(
                "att",
                s.t("认不出这张卡", "Cannot read this card"),
                s.t("芯片没有回话。擦一擦，再插一次。\n卡里的东西都还在。", "The chip is silent. Wipe it, try again."),
            ),
            Picture("wipe-card", steps),
            Gap(),
            Notice(
                "info",
                s.t("插好就自动继续，不用按屏幕", "It goes on by itself"),
                s.t("试了 1 次。再不行，多半是芯片旧了。", "Tried once. If not, the chip is worn."),
            ),
            Heading(s.t("还是不行，也能", "If not, you can")),
            Choices((_id_card(s), call(s))),
        ),
    )


def card_unknown(s: Scene) -> ScreenModel:
    names = s.t(
        "这里能用\n这里不能用\n市民卡\n身份证\n银行卡\n公交卡", "Works here\nDoes not\nCitizen\nIdentity\nBank\nBus"
    )
    return _card_problem(
        s,
        "failure.card-unknown",
        body=(
            Trouble(
                "att",
                s.t("这张不是市民卡", "Not a citizen card"),
                s.t("它不能证明是您本人。\n请取出来，换成市民卡再插。", "It cannot show who you are."),
            ),
            Picture("good-and-bad-cards", names),
            Gap(),
            Notice(
                "info",
                s.t("这张卡里的东西，我们没有看", "We did not look into it"),
                s.t("只问了它是什么卡。什么都没有留下。", "We only asked what it is."),
            ),
            Heading(s.t("不用这张卡，也能", "Without this card")),
            Choices((_id_card(s), call(s))),
        ),
    )


def card_expired(s: Scene) -> ScreenModel:
    book = way(s, "book", ("约个换卡的时间", "Book a time to renew"), ("到点直接办，不用排队", "No queue"), "calendar")
    return _card_problem(
        s,
        "failure.card-expired",
        where_detail=s.t("卡还在读卡口里", "Card is in the slot"),
        finish=s.finish(),
        body=(
            Trouble(
                "stop",
                s.t("这张卡过期了", "This card has expired"),
                s.t("只用到 2027年3月31日。\n过期了，就不能证明是您本人。", "It ended on 31 March 2027."),
            ),
            Facts(
                (
                    Fact(
                        s.t("社保、医保、公积金都照常", "Insurance goes on"),
                        icon="coins",
                        detail=s.t("只是卡要换，钱和记录不会少", "Only the card changes"),
                    ),
                    Fact(
                        s.t("换一张新卡", "Get a new card"),
                        icon="card",
                        detail=s.t("带身份证。12 个工作日拿到新卡", "12 working days"),
                    ),
                    Fact(
                        s.t("最近的换卡窗口：二楼 5 号窗", "Nearest: floor 2, counter 5"),
                        icon="pin",
                        detail=s.t("今天开到 17:30 · 现在 3 人在等", "Open till 17:30 · 3 waiting"),
                    ),
                )
            ),
            Gap(),
            Heading(s.t("今天就想办，可以", "Today you can")),
            Choices((_id_card(s), book)),
        ),
    )


def card_swapped(s: Scene) -> ScreenModel:
    return s.screen(
        "card-swapped",
        where=s.t("已停下来", "Stopped"),
        where_detail=s.t("读卡口里是另一张卡", "Another card is in the slot"),
        finish=s.finish("取出这张卡", "Take this card"),
        body=(
            Result(
                "stop",
                s.t("换了一张卡，已停下来", "Another card; stopped"),
                s.t("后来插的不是刚才那张。两个人的资料都没有混。", "Not the card from before. Nothing was mixed."),
            ),
            Picture("swapped-cards", s.t("刚才\n现在", "before\nnow")),
            Heading(s.t("刚才那件事", "What you were doing")),
            Ticks(
                (
                    Tick("no", s.t("报名没有提交", "Not submitted"), s.t("一个字也没有交出去", "Nothing was sent")),
                    Tick(
                        "todo",
                        s.t("没有留下填到一半的内容", "Nothing half done is kept"),
                        s.t("用刚才那张卡再插，重新填，约 2 分钟", "Start again with that card, 2 min"),
                    ),
                )
            ),
            Heading(s.t("现在可以", "Now you can")),
            Words(s.t("这张卡是您的：按“重新开始”，再输一次密码。", "Your card: start again and enter the PIN.")),
            Words(s.t("插错了：取出来，换回刚才那张。", "Wrong one: take it out, put the other back.")),
            Words(s.t("45 秒后自动退出，请您取卡", "Ends in 45 seconds"), small=True),
        ),
        primary=s.primary("用这张卡，重新开始", "Start with this card", icon="card"),
    )


def tax_check(s: Scene) -> ScreenModel:
    steps: tuple[tuple[Literal["done", "current", "todo"], tuple[str, str], tuple[str, str]], ...] = (
        ("done", ("营业执照", "Business licence"), ("市监局 · 4月28日领到", "Market · had on 28 April")),
        ("done", ("刻公章", "Company seal"), ("公安局 · 4月29日备案", "Police · filed on 29 April")),
        ("current", ("税务登记", "Tax registration"), ("税务局还没有您的登记 · 在这里办", "Not yet · do it here")),
        ("done", ("员工社保开户", "Staff insurance"), ("人社局 · 5月6日", "Labour · 6 May")),
        ("todo", ("公积金开户", "Housing fund"), ("有员工满 30 天再办 · 6月5日前", "After 30 days · by 5 June")),
    )
    known = (
        CheckRow(s.t("信用代码", "Credit code"), "91440199MA****001P", s.t("市监局", "Market")),
        CheckRow(s.t("法定代表人", "Representative"), s.t("陈*娴，就是您", "陈*娴, you"), ""),
    )
    return s.screen(
        "tax-check",
        where=s.t("我做生意", "I do business"),
        where_detail="广州榕*贸易有限公司",
        home=s.home(),
        finish=s.finish(),
        body=(
            Trouble(
                "att",
                s.t("开业要办 5 样，还差税务登记", "5 steps to open; tax is missing"),
                s.t("领执照 30 天内要办，还有 10 天。", "Within 30 days of the licence: 10 are left."),
            ),
            Ticks(tuple(Tick(mark, s.t(*name), s.t(*told)) for mark, name, told in steps)),
            Heading(s.t("这些都有了，不用填", "Known already")),
            CheckRows(known),
        ),
        back=s.back("以后再说", "Later", ""),
        primary=s.primary("现在办税务登记", "Register for tax"),
        primary_detail=s.t("2 个问题，约 2 分钟", "2 questions, about 2 minutes"),
    )
