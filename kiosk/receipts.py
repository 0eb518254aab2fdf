"""What a receipt says, as blocks: one Chinese line, then one English. Pure.

The person is masked; the QR holds the case number and nothing of the person.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from drivers.api import QR, Banner, Block, Feed, ListBlock, Para, Receipt, Row, Rule, Title
from kiosk.forms import mask_name
from kiosk.services import Limit, ServiceDefinition
from kiosk.session.state import Saved, Session

ZH, EN = "zh-Hans", "en"
HOTLINE = "12345"
_ZONE = datetime.timezone(datetime.timedelta(hours=8))
"""Guangzhou: UTC+8, no summer time."""


@dataclass(frozen=True)
class Site:
    """Where the terminal stands: names by language."""

    place: Mapping[str, str]
    terminal: str


def stamp(at_ms: int, *, seconds: bool) -> str:
    """Return local time for paper: `2027-05-18 10:29` or with seconds."""
    moment = datetime.datetime.fromtimestamp(at_ms / 1000, _ZONE)
    return moment.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def build(session: Session, site: Site, *, copy: bool) -> Receipt:
    """Return the receipt of the entry that is saved. Raises `ValueError` where there is none."""
    kept, catalogue = session.saved, session.world.catalogue
    if kept is None or catalogue is None:
        raise ValueError("there is no saved entry to make a receipt of")
    service = catalogue.services[kept.service]
    agency = catalogue.agencies[service.agency]
    blocks: list[Block] = [
        Title(site.place[ZH]),
        Para(site.place[EN], centred=True),
        Row(f"终端 {site.terminal}", "补打 COPY" if copy else "正本 ORIGINAL", bold=True),
        Rule("double"),
        Title(service.name[ZH], centred=False),
        Para(service.name[EN]),
        Row("编号 Number", kept.number, bold=True),
        Row("时间 Time", stamp(kept.at_ms, seconds=False)),
        *_person(session),
        _banner(kept, agency),
        *_state_words(kept),
        *_not_needed(session, service, kept),
        Rule(),
        *_next(service, kept),
        QR(kept.number),
        Para("办件编号，打 12345 时报给接线员", centred=True),
        Para("Your case number, for calls to 12345", centred=True),
        Rule("double"),
        Row("市民热线 Hotline", HOTLINE, bold=True),
        Feed(1),
    ]
    return Receipt(number=kept.number, blocks=tuple(blocks), copy=copy)


def _person(session: Session) -> list[Block]:
    if session.holder is None:
        return []
    number = session.holder.id_number
    return [
        Row("办理人 Name", mask_name(session.holder.name)),
        Row("证件 ID", "*" * max(0, len(number) - 4) + number[-4:]),
    ]


def _banner(kept: Saved, agency: Mapping[str, str]) -> Banner:
    if kept.acked_at_ms is not None:
        return Banner(
            "received",
            f"{agency[ZH]}已收到",
            (f"RECEIVED by the {agency[EN]}", stamp(kept.acked_at_ms, seconds=True)),
        )
    return Banner("recorded", "已记在本机，还没发出", ("RECORDED HERE, NOT YET SENT", stamp(kept.at_ms, seconds=True)))


def _state_words(kept: Saved) -> list[Block]:
    if kept.acked:
        return [Para("收到的：申请表", bold=True), Para("Received: application form")]
    return [
        Para("网络一恢复，本机自动发出，不会丢，也不会重复。", bold=True),
        Para("Sent by itself when the network returns."),
    ]


def _not_needed(session: Session, service: ServiceDefinition, kept: Saved) -> list[Block]:
    if not service.evidence:
        return []
    catalogue = session.world.catalogue
    assert catalogue is not None
    zh = "这些不用交，政府已经查到" if kept.acked else "这些不用交，部门自己去查"
    en = "NOT needed, the city has them:" if kept.acked else "NOT needed, agencies look them up:"
    blocks: list[Block] = [Rule(), Para(zh, bold=True), Para(en)]
    for item in service.evidence:
        agency = catalogue.agencies[catalogue.subjects[item.subjects[0]].agency]
        blocks.append(Row(f"× {item.replaces[ZH]}", agency[ZH]))
        blocks.append(Para(item.replaces[EN], indent=2))
    return blocks


def _next(service: ServiceDefinition, kept: Saved) -> list[Block]:
    zh, en = _limit(service.promised)
    if kept.acked:
        return [Para(f"下一步：等结果，{zh}。", bold=True), Para(f"Next: wait for the result, {en}.")]
    return [
        Para(f"下一步：部门收到后，{zh}有结果。", bold=True),
        Para(f"Next: the result comes {en} of receipt."),
        Para(f"想知道办到哪里，打 {HOTLINE}，报编号。", bold=True),
        Para(f"To ask about it, call {HOTLINE} with the number."),
    ]


def _limit(limit: Limit | None) -> tuple[str, str]:
    if limit is None:
        return "由部门答复", "as the office tells you"
    if limit.n == 0:
        return "当天", "the same day"
    if limit.unit == "wd":
        return f"{limit.n} 个工作日内", f"within {limit.n} working days"
    return f"{limit.n} 天内", f"within {limit.n} days"


def summary_lines(receipt: Receipt) -> tuple[str, ...]:
    """Return the receipt's words as short lines, for the small picture of it on the screen."""
    lines: list[str] = []
    for block in receipt.blocks:
        match block:
            case Title(text=text):
                lines.append(text)
            case Row(left=left, right=right):
                lines.append(f"{left} {right}")
            case Banner(title=title):
                lines.append(title)
            case Rule():
                lines.append("-")
            case Para(text=text, bold=True):
                lines.append(text)
            case ListBlock(items=items):
                lines.extend(items)
            case _:
                continue
    return tuple(lines)
