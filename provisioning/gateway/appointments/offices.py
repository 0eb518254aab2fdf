"""The offices as data (`assets/city/offices.toml`): what is done where and when, and which appointments that makes."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

HORIZON_DAYS = 30
"""How far ahead the city takes appointments (read in public text)."""
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class OfficesInvalid(Exception):
    """The file of offices cannot be used; names office and field."""

    code = "offices-invalid"


@dataclass(frozen=True)
class Hours:
    """Open on these days (0 is Monday) from one local time to another; `time.max` is the midnight that ends a day."""

    days: frozenset[int]
    opens: datetime.time
    closes: datetime.time


@dataclass(frozen=True)
class Matter:
    """What has a queue and appointments at an office."""

    id: str
    letter: str
    where: Mapping[str, str]
    counters: int
    mean_s: int
    every_min: int
    capacity: int


@dataclass(frozen=True)
class Office:
    """One place where the city can be met."""

    id: str
    name: Mapping[str, str]
    public: Mapping[str, object]
    """What anybody may know: the file's own table without its queues."""
    hours: tuple[Hours, ...]
    matters: Mapping[str, Matter]

    def starts(self, matter: Matter, day: datetime.date) -> Iterator[datetime.datetime]:
        """Yield the beginnings of a day's appointments; each ends before the office closes."""
        step = datetime.timedelta(minutes=matter.every_min)
        for hours in self.hours:
            if day.weekday() not in hours.days:
                continue
            at, end = datetime.datetime.combine(day, hours.opens), datetime.datetime.combine(day, hours.closes)
            while at + step - datetime.timedelta.resolution <= end:
                yield at
                at += step

    def open_at(self, moment: datetime.datetime) -> bool:
        """Return whether somebody is there at this local moment."""
        return any(
            moment.weekday() in hours.days and hours.opens <= moment.time() < hours.closes for hours in self.hours
        )


Offices = Mapping[str, Office]


def load_offices(path: Path) -> Offices:
    """Read the file. Raises `OfficesInvalid`."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise OfficesInvalid(f"{path.name}: {error}") from error
    found: dict[str, Office] = {}
    listed = raw.get("office", [])
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in cast("list[object]", listed)):
        raise OfficesInvalid(f"{path.name}: office: a list of tables is wanted")
    for table in cast("list[dict[str, Any]]", listed):
        name = str(table.get("id", "?"))
        try:
            made = _office(table)
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
            raise OfficesInvalid(f"{path.name}: {name}: {type(error).__name__}: {error}") from error
        if made.id in found:
            raise OfficesInvalid(f"{path.name}: {name}: there are two offices with this id")
        found[made.id] = made
    return found


def _office(table: dict[str, Any]) -> Office:
    if not isinstance(table["id"], str):
        raise TypeError("id is a text")
    hours = tuple(
        Hours(
            frozenset(_DAYS.index(day) for day in item["days"]),
            datetime.time.fromisoformat(item["opens"]),
            datetime.time.max if item["closes"] == "24:00" else datetime.time.fromisoformat(item["closes"]),
        )
        for item in table["schedule"]
    )
    matters = {item["id"]: _matter(item) for item in table.get("matter", [])}
    public = {key: value for key, value in table.items() if key != "matter"}
    for key in ("name", "place"):
        if set(public[key]) != {"zh-Hans", "en"}:
            raise ValueError(f"{key} has words in both languages")
    return Office(table["id"], dict(table["name"]), {**public, "services": sorted(matters)}, hours, matters)


def _matter(item: dict[str, Any]) -> Matter:
    numbers = {key: int(item[key]) for key in ("counters", "mean_s", "every_min", "capacity")}
    if min(numbers.values()) < 1:
        raise ValueError(f"{item['id']}: counters, mean_s, every_min and capacity are 1 or more")
    if len(item["letter"]) != 1 or not "A" <= item["letter"] <= "I":
        raise ValueError(f"{item['id']}: letter is one of A to I; J to Z belong to terminals")
    return Matter(id=str(item["id"]), letter=item["letter"], where=dict(item["where"]), **numbers)
