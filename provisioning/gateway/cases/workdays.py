"""Working days of the city: which days count, how many lie between two moments. Data: `assets/city/calendar.toml`."""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass, field

from kiosk.words.city_time import city_moment

_DAY = datetime.timedelta(days=1)


class CalendarInvalid(Exception):
    """The table of working days cannot be used; says why."""

    code = "calendar-invalid"


@dataclass(frozen=True)
class Calendar:
    """Working days as they were announced; outside of that span Monday to Friday, which is provisional."""

    first: datetime.date
    through: datetime.date
    off: frozenset[datetime.date] = field(repr=False)
    work: frozenset[datetime.date] = field(repr=False)

    def is_workday(self, day: datetime.date) -> bool:
        """Whether offices work on this day."""
        return day in self.work or (day.weekday() < 5 and day not in self.off)

    def provisional(self, day: datetime.date) -> bool:
        """Whether the days up to this one were not all announced yet."""
        return not self.first <= day <= self.through

    def between(self, start: datetime.date, end: datetime.date) -> int:
        """Working days after `start` up to and including `end`: a day of arrival does not count."""
        return sum(self.is_workday(start + _DAY * at) for at in range(1, (end - start).days + 1))

    def later(self, start: datetime.date, days: int) -> datetime.date:
        """The day on which `days` working days after `start` are used; `start` itself for 0."""
        day = start
        while days > 0:
            day += _DAY
            days -= self.is_workday(day)
        return day


def load_calendar(text: str) -> Calendar:
    """Read `calendar.toml`. Raises `CalendarInvalid`."""
    try:
        raw = tomllib.loads(text)
        first, through = (datetime.date.fromisoformat(raw[name]) for name in ("from", "through"))
        off, work = (frozenset(datetime.date.fromisoformat(day) for day in raw[name]) for name in ("off", "work"))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise CalendarInvalid(f"calendar: {error}") from error
    wrong = [day for day in off if day.weekday() >= 5] + [day for day in work if day.weekday() < 5]
    if wrong or first > through or not all(first <= day <= through for day in off | work):
        raise CalendarInvalid("calendar: off holds weekdays, work weekend days, all from `from` to `through`")
    return Calendar(first, through, off, work)


def city_day(at_ms: int) -> datetime.date:
    """The day in the city."""
    return city_moment(at_ms).date()


def city_time(at_ms: int) -> str:
    """A moment in the city, ISO 8601 to the minute; empty for 0."""
    if not at_ms:
        return ""
    return city_moment(at_ms).isoformat(timespec="minutes")[:16]
