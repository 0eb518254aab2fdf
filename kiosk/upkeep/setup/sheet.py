"""The readiness report on paper: an A4 page as PDF, and a strip from the receipt printer."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from drivers.api import QR, Block, Feed, Para, Receipt, Row, Rule, Title
from drivers.printers.a4.certificate import blank_page
from drivers.printers.paper.raster import qr_modules
from kiosk.staff.views.setup.words import proof_name, proof_text
from kiosk.upkeep.setup.readiness import Report
from kiosk.words import i18n
from kiosk.words.city_time import CITY_TIME

LEFT_MM, RIGHT_MM, ROW_MM = 18.0, 192.0, 14.0
if TYPE_CHECKING:
    from fpdf import FPDF


def pdf(report: Report) -> bytes:
    """The report as a PDF/A page, in Chinese and English. Raises `FontMissing`."""
    zh, en = i18n.staff_sayer("zh-Hans"), i18n.staff_sayer("en")
    made = _made(report)
    page = blank_page(f"{zh('开通报告')} {report.terminal}", made.date())
    place = _place(report)
    plain = report.plain
    what = f"{plain['model']} · {plain['serial']} · {plain['version']} · {plain['began']} – {made:%Y-%m-%dT%H:%M}"
    lines = (
        (zh("开通报告"), 26, True),
        (en("开通报告"), 13, False),
        (f"{report.terminal} · {place.get('place.zh-Hans', '-')}", 14, True),
        (place.get("place.en", "-"), 10, False),
        (what, 10, False),
    )
    y = 22.0
    for text, size, bold in lines:
        _put(page, LEFT_MM, y, text, size, bold=bold)
        y += size * 0.5 + 2
    y += 4
    for one in report.proofs:
        page.line(LEFT_MM, y, RIGHT_MM, y)
        _put(page, LEFT_MM, y + 6, "OK" if one.mark == "ok" else "!", 12, bold=True)
        _put(page, LEFT_MM + 12, y + 6, proof_name(one.name, zh), 12, bold=True)
        _put(page, LEFT_MM + 12, y + 11, one.name, 8.5)
        _put(page, LEFT_MM + 50, y + 6, proof_text(one, zh), 12)
        _put(page, LEFT_MM + 50, y + 11, proof_text(one, en), 8.5)
        y += ROW_MM
    page.line(LEFT_MM, y, RIGHT_MM, y)
    _code(page, code(report), LEFT_MM, y + 8, 34)
    _put(page, LEFT_MM + 42, y + 14, "SHA-256", 9)
    _put(page, LEFT_MM + 42, y + 20, report.digest[:32], 10, bold=True)
    _put(page, LEFT_MM + 42, y + 26, report.digest[32:], 10, bold=True)
    _put(page, LEFT_MM + 42, y + 34, "kiosk readiness --verify readiness.json", 9)
    return bytes(page.output())


def _put(page: FPDF, x: float, y: float, text: str, size: float, *, bold: bool = False) -> None:
    page.set_font("noto", "B" if bold else "", size)
    page.text(x, y, text)


def _code(page: FPDF, text: str, x: float, y: float, side: float) -> None:
    """A QR code, as rectangles."""
    modules = qr_modules(text)
    unit = side / len(modules)
    page.set_fill_color(0)
    for row, cells in enumerate(modules):
        for column, dark in enumerate(cells):
            if dark:
                page.rect(x + column * unit, y + row * unit, unit + 0.02, unit + 0.02, style="F")


def code(report: Report) -> str:
    """What the QR code on either paper says: whose report, and the digest of what was signed."""
    return f"{report.plain['format']} {report.terminal} {report.made_at} {report.digest}"


def strip(report: Report, language: str) -> Receipt:
    """The report for the receipt printer."""
    say = i18n.staff_sayer(language)
    marks = {"ok": "OK", "warn": "! "}
    blocks: list[Block] = [
        Title(say("开通报告")),
        Row(report.terminal, _made(report).strftime("%Y-%m-%d %H:%M")),
        Para(_place(report).get("place.en" if language == "en" else "place.zh-Hans", "-")),
        Rule("double"),
    ]
    for one in report.proofs:
        blocks.append(Row(f"{marks[one.mark]} {proof_name(one.name, say)}", one.name))
        blocks.append(Para(proof_text(one, say), indent=3))
    blocks += [Rule(), Para(report.digest[:32]), QR(code(report)), Feed(2)]
    return Receipt("READY", tuple(blocks))


def _place(report: Report) -> Mapping[str, str]:
    found = report.plain.get("place")
    return cast("Mapping[str, str]", found) if isinstance(found, dict) else {}


def _made(report: Report) -> datetime.datetime:
    return datetime.datetime.fromisoformat(report.made_at).astimezone(CITY_TIME)
