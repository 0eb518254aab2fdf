"""Values as a screen shows them: masked, dates and moments in words. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

from kiosk.words import languages


def masked(kind: str, text: str) -> str:
    """Hide what nobody behind the citizen should read. Source of the forms: the city's receipts (`陈*华`)."""
    match kind:
        case "name":
            return mask_name(text)
        case "id":
            return f"{text[:6]}********{text[-4:]}" if len(text) == 18 else "*" * len(text)
        case "phone":
            return f"{text[:3]}****{text[-4:]}" if len(text) >= 11 else "*" * len(text)
        case "email":
            local, _, domain = text.partition("@")
            return f"{local[:1]}***@{domain}"
        case "number":
            return f"{'*' * max(0, len(text) - 4)}{text[-4:]}"
        case "address":
            return re.sub(r"\d+", "**", text)
        case _:
            return text


def mask_name(name: str) -> str:
    """`陈晓娴` becomes `陈*娴`, `王明` becomes `王*`."""
    if len(name) <= 1:
        return name
    return name[0] + "*" if len(name) == 2 else f"{name[0]}*{name[-1]}"


def shown_date(iso: str, language: str) -> str:
    """`2026-09-01` as 2026 年 9 月 1 日, or 1 Sep 2026."""
    return languages.day(iso, language)


def shown_month(iso: str, language: str) -> str:
    """`2026-09` as 2026 年 9 月, or Sep 2026."""
    return languages.month(iso, language)


def told(kind: str, text: str, language: str) -> str:
    """A value of a field of this type in words: a day, a month, a moment, an amount; any other as it stands."""
    in_words: dict[str, Callable[[str, str], str]] = {
        "moment": shown_moment,
        "date": shown_date,
        "month": shown_month,
        "money": languages.money,
    }
    return in_words[kind](text, language) if kind in in_words else text


def shown_moment(iso: str, language: str, part: str = "") -> str:
    """`2026-05-20T10:00` as 5月20日 周三 10:00, or Wed 20 May 10:00; `part`: only its `day` or `time`."""
    try:
        datetime.datetime.fromisoformat(iso)
    except ValueError:
        return iso
    time, day = languages.clock(iso, language)
    return {"day": day, "time": time}.get(part, f"{day} {time}")
