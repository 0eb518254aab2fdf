"""Ages in full years, today or on the next day of a kind. Pure."""

from __future__ import annotations

import datetime

from kiosk.services.definition import AgeFilter


def age(birth_date: str, today: str) -> int:
    """Full years between two ISO dates. Raises `ValueError` where one of them is none."""
    born, now = datetime.date.fromisoformat(birth_date), datetime.date.fromisoformat(today)
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))


def of_age(birth_date: str, ages: AgeFilter, today: str) -> bool:
    """Whether the age on the filter's day, today or the next such day, lies within its bounds; no date has no age."""
    day = today
    if ages.on:
        day = f"{today[:5]}{ages.on}" if today[5:] <= ages.on else f"{int(today[:4]) + 1:04d}-{ages.on}"
    try:
        return ages.low <= age(birth_date, day) <= ages.high
    except ValueError:
        return False
