"""What maintenance prints: the test page and the report of the doctor's findings. No citizen's words on either."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.api import QR, BigNumber, Block, Feed, Para, Receipt, Row, Rule, Title
from kiosk.staff.part import TaskRow
from kiosk.words import i18n

MARKS = {"ok": "OK", "info": "-", "warn": "!", "fail": "X"}


def test_page(terminal: str, local: str, digits: str) -> Receipt:
    """A page with everything that a receipt has: large letters, Chinese, a rule, a code, and the digits to type."""
    blocks: tuple[Block, ...] = (
        Title("测试页 Test"),
        Row(terminal or "-", local.replace("T", " ")),
        Rule("double"),
        Para("把下面的数字输到屏幕上。Type these digits on the screen."),
        BigNumber(digits),
        Para("永国国 0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ", centred=True),
        Para("加粗 Bold", bold=True, centred=True),
        QR("kiosk-test-print"),
        Rule(),
        Feed(2),
    )
    return Receipt("TEST", blocks)


def report(terminal: str, local: str, rows: Sequence[TaskRow], language: str) -> Receipt:
    """The findings as they stand on the screen, the problems with their next step first."""
    say = i18n.staff_sayer(language)
    bad = [row for row in rows if row.mark in {"warn", "fail"}]
    good = [row for row in rows if row.mark not in {"warn", "fail"}]
    blocks: list[Block] = [
        Title(say("检查报告")),
        Row(terminal or "-", local.replace("T", " ")),
        Para(say("{n} 项正常，{k} 项要处理", n=len(good), k=len(bad)), bold=True),
        Rule("double"),
    ]
    for row in bad:
        blocks += [
            Row(f"{MARKS[row.mark]} {row.name}", ""),
            Para(say(row.title, **row.values), bold=True, indent=2),
            Para(say("下一步：{t}", t=say(row.next, **row.values)), indent=2),
            Rule(),
        ]
    blocks += [Row(f"{MARKS[row.mark]} {say(row.title)}", say(row.text, **row.values)) for row in good]
    return Receipt("REPORT", (*blocks, Feed(2)))
