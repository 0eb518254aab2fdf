"""Examples: from submitting to taking the card (24 to 31, 70 to 72)."""

from __future__ import annotations

from kiosk.events import AnswerChosen, RatingChosen, StillHere
from kiosk.screen_model import (
    CaseNumber,
    Chip,
    Choices,
    Fact,
    Facts,
    Gap,
    Heading,
    Notice,
    Picture,
    Result,
    Ring,
    ScreenModel,
    Tick,
    Ticks,
    Words,
)
from kiosk.ui.gallery.common import SESSION, Scene

NUMBER = "T0001-000042"
QR = "https://verify.invalid/T0001-000042"


def working(s: Scene) -> ScreenModel:
    return s.school(
        "working",
        5,
        ("正在提交", "Submitting"),
        home=None,
        clock="10:28",
        body=(
            Ring(
                11,
                4,
                s.t("4 秒", "4 s"),
                title=s.t("正在交给市教育局", "Sending to the Education Bureau"),
                text=s.t(
                    "已等 4 秒，一般 10 秒左右。请让卡留在里面。", "4 s so far, usually about 10. Leave the card in."
                ),
            ),
            Gap(),
            Ticks(
                (
                    Tick("done", s.t("卡已替您签名", "Your card has signed")),
                    Tick("done", s.t("已存在本机，不会丢", "Saved here, it cannot get lost")),
                    Tick("current", s.t("正在等市教育局回话", "Waiting for the bureau's answer")),
                    Tick("todo", s.t("给您编号", "Your number")),
                )
            ),
            Words(
                s.t(
                    "不想等，可以按“结束取卡”。办件照样会交，不受影响。",
                    "You may end and take your card; it is sent all the same.",
                ),
                centred=True,
            ),
            Gap(),
        ),
    )


def _next_steps(s: Scene, *, offline: bool) -> Facts:
    if offline:
        rows = (
            Fact(
                s.t("网络一恢复，本机自动发出", "Sent by itself when the network returns"),
                icon="refresh",
                detail=s.t("不会丢，也不会重复", "Not lost, not twice"),
            ),
            Fact(
                s.t("市教育局收到后，短信告诉您", "A text when the bureau has it"),
                icon="message",
                detail=s.t("发到 138****5678", "To 138****5678"),
            ),
            Fact(
                s.t("您不用守着，也不用再来", "No need to wait or come back"),
                icon="help",
                detail=s.t("两天没有短信，打 12345，报编号", "No text in two days? Call 12345 with the number"),
            ),
        )
    else:
        rows = (
            Fact(
                s.t("6月8日前，短信告诉您结果", "We text you the result by 8 June"),
                icon="message",
                detail=s.t("发到 138****5678", "To 138****5678"),
            ),
            Fact(
                s.t("房产证、户口本、社保证明都不用交", "No property or household papers needed"),
                icon="doc",
                detail=s.t("政府已经查到了", "The city already has them"),
            ),
            Fact(
                s.t("想看进度，插卡点“我的资料”", "Progress: insert card, My records"),
                icon="folder",
                detail=s.t("或打 12345，报编号", "Or call 12345"),
            ),
        )
    return Facts(rows, compact=True)


def saved(s: Scene) -> ScreenModel:
    return s.school(
        "saved",
        None,
        ("已交到", "Handed in"),
        clock="10:29",
        body=(
            Result(
                "saved",
                s.t("市教育局已收到", "Received by the Education Bureau"),
                s.t("5月18日 10:29 收到。结果等学校审核。", "18 May, 10:29. The school decides."),
            ),
            CaseNumber(s.t("您的编号", "Your number"), NUMBER, QR),
            Heading(s.t("接下来", "What happens next")),
            _next_steps(s, offline=False),
        ),
        back=s.back("回首页", "Home", "home"),
        primary=s.primary("拿凭条", "Get receipt"),
    )


def saved_offline(s: Scene) -> ScreenModel:
    return s.school(
        "saved",
        None,
        ("已记在本机", "Recorded here"),
        clock="10:29",
        chips=(Chip("cloudoff", s.t("没有网络，照常受理", "No network, still open")),),
        body=(
            Result(
                "held",
                s.t("已记在本机，还没发出", "Recorded here, not yet sent"),
                s.t("5月18日 10:29 记下 · 现在没有网络", "18 May, 10:29 · no network now"),
            ),
            CaseNumber(s.t("您的编号", "Your number"), NUMBER, QR),
            Heading(s.t("接下来", "What happens next")),
            _next_steps(s, offline=True),
        ),
        back=s.back("回首页", "Home", "home"),
        primary=s.primary("拿凭条", "Get receipt"),
    )


FACES = (
    (5, "非常满意", "Very good"),
    (4, "满意", "Good"),
    (3, "基本满意", "Fair"),
    (2, "不满意", "Poor"),
    (1, "非常不满意", "Very poor"),
)


def rating(s: Scene) -> ScreenModel:
    items = tuple(
        s.control(
            f"rating.{score}",
            "choice",
            (zh, en),
            RatingChosen(score, session_id=SESSION),
            icon=f"face{score}",
            selected=score == 4,
        )
        for score, zh, en in FACES
    )
    more = s.control(
        "comment",
        "secondary",
        ("还想说几句", "Say more"),
        AnswerChosen("comment", session_id=SESSION),
        icon="edit",
        onward=True,
    )
    return s.school(
        "rating",
        None,
        ("已交到", "Handed in"),
        clock="10:31",
        title=s.t("这次办得怎么样？", "How was it?"),
        subtitle=s.t("不记名。不评价也不影响办件。", "Anonymous. It changes nothing for you."),
        body=(Choices(items, radio=True), Gap(), Choices((more,))),
        back=s.back("不评价", "Skip", ""),
        primary=s.primary("交评价并取卡", "Send, take card"),
    )


def take_card(s: Scene) -> ScreenModel:
    return s.screen(
        "take-card",
        clock="10:31",
        where=s.t("办完了", "Done"),
        where_detail=s.t("谢谢您，陈*娴", "Thank you, 陈*娴"),
        title=s.t("请取回您的卡", "Take your card"),
        title_display=True,
        subtitle=s.t("往外抽出来。读卡口在屏幕右下方。", "Pull it out. The slot is below the screen, right."),
        body=(
            Gap(),
            Picture("take-card", s.t("读卡口", "Card slot")),
            Gap(),
            Notice(
                "saved",
                s.t("办件已收到，凭条已打完", "Received, and the receipt is printed"),
                s.t(f"编号 {NUMBER}。别忘了左下方的凭条。", f"Number {NUMBER}. Take the receipt too."),
            ),
            Words(
                s.t("卡一拔出，您的资料就从这台机器上清除。", "Card out: your data are wiped from this machine."),
                icon="shield",
            ),
        ),
    )


def timeout(s: Scene) -> ScreenModel:
    return s.school(
        "timeout",
        4,
        ("还差 2 个问题", "2 questions left"),
        home=None,
        body=(
            Ring(
                45,
                32,
                "32",
                s.t("秒", "s"),
                s.t("您还在吗？", "Are you still there?"),
                s.t(
                    "有一会儿没动了。不按的话，\n32 秒后退出，请您取卡。",
                    "Nothing pressed for a while. In 32 seconds we end and return the card.",
                ),
            ),
            Gap(),
            Notice(
                "saved",
                s.t("填好的都会留着", "What you filled in is kept"),
                s.t("下次插卡，在首页按“接着办”，从这一步继续。", "Insert the card again and continue here."),
            ),
            Notice(
                "info",
                s.t("需要多一点时间？", "Need more time?"),
                s.t(
                    "按“我还在”，再给您 2 分钟。可以按很多次。",
                    "Press I am here for 2 more minutes, as often as you like.",
                ),
            ),
        ),
        primary=s.control(
            "primary", "primary", ("我还在，继续", "I am here, continue"), StillHere(session_id=SESSION), onward=True
        ),
    )
