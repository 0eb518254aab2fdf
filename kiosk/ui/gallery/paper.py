"""Examples: the receipt and its printing (27, 28, 70, 71)."""

from __future__ import annotations

from kiosk.events import AnswerChosen, PaperSeen, ReceiptChosen
from kiosk.screen_model import Choices, Gap, Heading, Notice, Picture, ReceiptChoice, ScreenModel, Tick, Ticks
from kiosk.ui.gallery.common import SESSION, Scene
from kiosk.ui.gallery.ending import NUMBER, QR

RECEIPT = (
    "榕树街便民服务中心",
    "公办小学入学报名",
    f"编号 {NUMBER}",
    "5月18日 10:29 陈*娴",
    "-",
    "已收到：报名表",
    "不用交：房产证、户口本、社保证明",
    "下一步：6月8日前短信通知",
    "",
    "12345 · 正本",
)


def receipt(s: Scene) -> ScreenModel:
    ways = (
        s.control(
            "receipt.paper",
            "choice",
            ("打印", "Print"),
            ReceiptChosen("paper", session_id=SESSION),
            icon="printer",
            detail=("取纸口在屏幕左下方", "Below the screen, left"),
            selected=True,
        ),
        s.control(
            "receipt.sms",
            "choice",
            ("发短信", "Text"),
            ReceiptChosen("sms", session_id=SESSION),
            icon="message",
            detail="138****5678",
        ),
        s.control(
            "receipt.both", "choice", ("两样都要", "Both"), ReceiptChosen("both", session_id=SESSION), icon="plus"
        ),
    )
    return s.school(
        "receipt",
        None,
        ("已交到", "Handed in"),
        clock="10:29",
        title=s.t("凭条要怎样拿？", "How do you want the receipt?"),
        subtitle=s.t(
            "不拿也没关系，办件已经收到，编号留在您的资料里。",
            "None is fine too: it is received, the number is in your records.",
        ),
        body=(
            ReceiptChoice(RECEIPT, QR, ways),
            Gap(),
            Notice(
                "info",
                s.t("凭条上没有完整的姓名和证件号", "No full name or number on the receipt"),
                s.t("二维码里也没有。丢了不要紧。", "Nor in the QR code. Losing it does no harm."),
            ),
        ),
        back=s.back("不要凭条", "No receipt", ""),
        primary=s.primary("打印凭条", "Print", icon="printer"),
    )


def _not_affected(s: Scene) -> Notice:
    return Notice(
        "saved",
        s.t("您的报名不受影响", "Your enrolment is safe"),
        s.t(f"市教育局已收到，编号 {NUMBER}。", f"The Education Bureau has it, number {NUMBER}."),
    )


def printing(s: Scene) -> ScreenModel:
    return s.school(
        "printing",
        None,
        ("打印凭条", "Printing"),
        clock="10:29",
        title=s.t("正在打印，先别拉纸", "Printing, do not pull yet"),
        subtitle=s.t("取纸口在屏幕左下方。已等 2 秒，一般 4 秒打完。", "Below the screen, left. Usually 4 seconds."),
        body=(
            Picture("printing", s.t("取纸口", "Paper")),
            Ticks(
                (
                    Tick("done", s.t("打印机收到了", "The printer has it")),
                    Tick("current", s.t("正在打字", "Printing")),
                    Tick("todo", s.t("切纸，打印机说“打完了”", "Cut, and the printer says done")),
                )
            ),
            Gap(),
            _not_affected(s),
        ),
    )


def print_unknown(s: Scene) -> ScreenModel:
    answers = (
        ("whole", "打出来了，是完整的", "It came out whole", "check"),
        ("half", "只打了一半，看不清", "Only half, cannot read it", "receipt"),
        ("nothing", "没有打出来", "Nothing came out", "cross"),
    )
    return s.school(
        "print-unknown",
        None,
        ("打印凭条", "Printing"),
        clock="10:29",
        title=s.t("凭条打出来了吗？", "Did the receipt come out?"),
        title_meaning="att",
        subtitle=s.t(
            "打印机没有回话，我们不能确定。\n请看看屏幕左下方的取纸口。",
            "The printer did not answer. Look below the screen, left.",
        ),
        body=(
            Picture("where-printer"),
            Choices(
                tuple(
                    s.control(
                        f"paper.{id_}",
                        "choice",
                        (zh, en),
                        PaperSeen("whole", session_id=SESSION),
                        icon=icon,
                        onward=True,
                    )
                    for id_, zh, en, icon in answers
                )
            ),
            Gap(),
            _not_affected(s),
        ),
    )


def half_printed(s: Scene) -> ScreenModel:
    ways = (
        ("sms", "发短信", "By text", "message", "138****5678", "138****5678"),
        (
            "scan",
            "用手机扫屏幕上的码",
            "Scan a code on the screen",
            "phone",
            "整张凭条都在里面",
            "All of the receipt is in it",
        ),
        (
            "other",
            "到 2 号机再打一张",
            "Print at terminal 2",
            "printer",
            "左转 20 米，插卡按“我的资料”",
            "20 m to the left",
        ),
    )
    return s.school(
        "half-printed",
        None,
        ("打印凭条", "Printing"),
        clock="10:29",
        title=s.t("只打了一半，纸用完了", "Half printed, paper is out"),
        title_meaning="att",
        subtitle=s.t("这半张没有二维码，不能当凭条。留着或丢掉都行。", "This half has no code and is no receipt."),
        body=(
            Picture("half-printed", s.t("取纸口\n这半没有", "Paper\nmissing")),
            Heading(s.t("换个方式拿整张的", "Get the whole receipt")),
            Choices(
                tuple(
                    s.control(
                        f"way.{id_}",
                        "choice",
                        (zh, en),
                        AnswerChosen(id_, session_id=SESSION),
                        icon=icon,
                        detail=(d_zh, d_en),
                        onward=True,
                    )
                    for id_, zh, en, icon, d_zh, d_en in ways
                )
            ),
            Gap(),
            _not_affected(s),
        ),
        back=s.back("不要凭条", "No receipt", ""),
    )
