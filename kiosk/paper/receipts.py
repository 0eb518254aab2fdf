"""The facts of a receipt, out of a visit. What it says with them stands in `assets/receipts`.

The person is masked; the QR code holds the case number and, on an enrolled terminal, its signature: nothing of the
person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from urllib.parse import quote

from drivers.api import Receipt
from drivers.printers.paper.layout import COPY, ORIGINAL
from kiosk.frozen import frozen
from kiosk.paper.templates import Facts, template_of
from kiosk.services.definition import Limit
from kiosk.services.display import mask_name
from kiosk.session.state import Saved, Session
from kiosk.words.city_time import city_moment
from offline_cache.wire.receipt_token import ReceiptToken

ZH, EN = "zh-Hans", "en"
HOTLINE = "12345"
TICKET = "queue-ticket"
"""The template of every answer that is a ticket."""
LARGE_PRINT_FROM = 1.3
"""A citizen who set the letters on the screen so large gets large print."""
_PLAIN = "$*-./:"
"""Signs of base45 that stand for themselves in a query."""


@frozen
class Site:
    """Where the terminal stands: names by language."""

    place: Mapping[str, str]
    terminal: str
    sign: Callable[[ReceiptToken], str] | None = field(default=None, repr=False, compare=False)
    """Signs a receipt's token with the key of the enrolment; None on a terminal that is not enrolled."""
    verify_url: str = ""
    """The page where anyone checks a receipt, as telephones reach it; empty: the code is the bare token."""


def stamp(at_ms: int, *, seconds: bool) -> str:
    """Return local time for paper: `2027-05-18 10:29` or with seconds."""
    moment = city_moment(at_ms)
    return moment.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def build(session: Session, site: Site, *, copy: bool, kept: Saved | None = None) -> Receipt:
    """Return the receipt of the entry that is saved, or of `kept`. Raises `ValueError` where there is none."""
    kept, catalogue = kept or session.saved, session.world.catalogue
    if kept is None or catalogue is None:
        raise ValueError("there is no saved entry to make a receipt of")
    service = catalogue.services[kept.service]
    agency = catalogue.agencies[service.agency]
    limit_zh, limit_en = _limit(service.promised)
    values = {
        "place.zh": site.place[ZH],
        "place.en": site.place[EN],
        "terminal": site.terminal,
        "mark": COPY if copy else ORIGINAL,
        "service.zh": service.name[ZH],
        "service.en": service.name[EN],
        "number": kept.number,
        "time": stamp(kept.at_ms, seconds=False),
        "agency.zh": agency[ZH],
        "agency.en": agency[EN],
        "received_at": "" if kept.acked_at_ms is None else stamp(kept.acked_at_ms, seconds=True),
        "recorded_at": stamp(kept.at_ms, seconds=True),
        "limit.zh": limit_zh,
        "limit.en": limit_en,
        "code": code_text(session, kept, site, copy=copy),
        "hotline": HOTLINE,
        "company": kept.company,
        **_person(session),
        **_result(kept),
    }
    evidence = tuple(
        {
            "replaces.zh": item.replaces[ZH],
            "replaces.en": item.replaces[EN],
            "holder.zh": catalogue.agencies[catalogue.subjects[item.subjects[0]].agency][ZH],
        }
        for item in service.evidence
    )
    conditions = {
        "received" if kept.acked else "recorded",
        "signed" if site.sign is not None else "unsigned",
        "large" if session.modes.text_scale >= LARGE_PRINT_FROM else "standard",
        *(("wait",) if values["ahead"] else ()),
        *(("booked",) if values["start"] else ()),
        *((("bring",) if kept.refused else ("evidence",)) if evidence else ()),
        *(("person",) if session.holder is not None else ()),
        *(("company",) if kept.company else ()),
    }
    return template_of(TICKET if values["ticket"] else kept.service).fill(
        Facts(values, frozenset(conditions), evidence), copy=copy
    )


def token_text(session: Session, kept: Saved, site: Site, *, copy: bool) -> str:
    """Return what the QR code proves: the signed token, or the bare case number of a terminal without a key."""
    if site.sign is None:
        return kept.number
    copies = max(1, session.copies - 1) if copy else 0
    return site.sign(ReceiptToken(kept.number, site.terminal, kept.service, kept.at_ms // 1000, kept.acked, copies))


def code_text(session: Session, kept: Saved, site: Site, *, copy: bool) -> str:
    """Return the text of the QR code: the token as the address of the page that checks it, or the bare token."""
    text = token_text(session, kept, site, copy=copy)
    if site.sign is None or not site.verify_url:
        return text
    return f"{site.verify_url}?token={quote(text, safe=_PLAIN)}"


def _result(kept: Saved) -> dict[str, str]:
    """What came of the entry, where the citizen waited for it; empty where there is nothing."""
    held = kept.result
    return {
        "ticket": held.get("ticket", "") or kept.ticket,
        "where.zh": held.get("where.zh-Hans", ""),
        "where.en": held.get("where.en", ""),
        "ahead": held.get("ahead", ""),
        "wait": held.get("wait", ""),
        "start": held.get("start", "").replace("T", " "),
    }


def _person(session: Session) -> dict[str, str]:
    if session.holder is None:
        return {"person": "", "id": ""}
    number = session.holder.id_number
    return {"person": mask_name(session.holder.name), "id": "*" * max(0, len(number) - 4) + number[-4:]}


def _limit(limit: Limit | None) -> tuple[str, str]:
    if limit is None:
        return "由部门答复", "as the office tells you"
    if limit.n == 0:
        return "当天", "the same day"
    days = "day" if limit.n == 1 else "days"
    if limit.unit == "wd":
        return f"{limit.n} 个工作日内", f"within {limit.n} working {days}"
    return f"{limit.n} 天内", f"within {limit.n} {days}"
