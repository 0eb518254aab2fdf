"""The clock on the city's wall: Guangzhou is eight hours ahead of UTC, and knows no summer time."""

from __future__ import annotations

import datetime

CITY_TIME = datetime.timezone(datetime.timedelta(hours=8), "CST")


def city_moment(at_ms: int) -> datetime.datetime:
    """Return a moment, in milliseconds since 1970, in the city's time."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, CITY_TIME)
